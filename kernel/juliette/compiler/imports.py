"""`module`, `using`, `import`, `export` and `include`: what a module sees."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from juliette.compiler import code_loading, instances, support
from juliette.compiler.method_support import python_method
from juliette.runtime import types as T
from juliette.runtime.dispatch import GenericFunction
from juliette.runtime.errors import (
    ArgumentError,
    ErrorException,
    JuliaException,
    LoadError,
    MethodError,
    ParseErrorException,
    SystemError_,
    TypeError_,
    UndefVarError,
    julia_value,
)
from juliette.runtime.modules import PACKAGES, REFUSED, SESSION, Base, Core, Module
from juliette.syntax import ParseError, parse_all
from juliette.syntax.expr import Expr, LineNumberNode, Symbol


def full_name(module: Module) -> str:
    """`Main.A.B`"""
    return ".".join(module.path)


# ---------------------------------------------------------------- using and import


@support.helper("use")
def use(module: Module, e: Expr) -> None:
    """Run a `using` or `import` statement."""
    whole = e.head == "using"
    for spec in e.args:
        if spec.head == ":":
            source = find_module(module, spec.args[0])
            for item in spec.args[1:]:
                path, alias = (
                    (item.args[0], item.args[1].name) if item.head == "as" else (item, None)
                )
                bring(module, source, path.args[-1].name, alias, extends=not whole)
            continue
        alias = None
        if spec.head == "as":
            spec, alias = spec.args[0], spec.args[1].name
        whole_module(module, spec, alias, whole)


def whole_module(module: Module, spec: Expr, alias: str | None, whole: bool) -> None:
    """`using A.B` and `import A.B`; the last name may be any name, after `import`."""
    if len(spec.args) > 1 and not all(a.name == "." for a in spec.args[:-1]):
        owner = find_module(module, Expr(".", *spec.args[:-1]))
        last = spec.args[-1].name
        found = owner.get(last) if owner.has(last) else None
        if not isinstance(found, Module):
            if whole:
                if not owner.has(last):
                    raise UndefVarError(Symbol(last))
                raise ArgumentError(f'invalid using path: "{last}" does not name a module')
            bring(module, owner, last, alias, extends=True)
            return
        source = found
        source.load()
    elif spec.args[0].name == "." and spec.args[-1].name != "." and not whole:
        owner = find_module(module, Expr(".", *spec.args[:-1]))
        last = spec.args[-1].name
        found = owner.get(last) if owner.has(last) else None
        if not isinstance(found, Module):
            bring(module, owner, last, alias, extends=True)
            return
        source = found
    else:
        source = find_module(module, spec)
        source.load()
    name = alias or source.name
    if module.bindings.get(name) is not source:
        if name in module.bindings and name not in module.imported and source.parent is not module:
            support.WARN(
                f"WARNING: import of {full_name(source)} into {module.name} conflicts with an "
                "existing identifier; ignored.\n"
            )
        else:
            module.set(name, source, const=True)
            module.imported.add(name)
    if whole:
        bring_all(module, source)


def bring(module: Module, source: Module, name: str, alias: str | None, *, extends: bool) -> None:
    """`import A: name as alias`; with `using A: name` it cannot be extended."""
    here = alias or name
    if not source.has(name):
        support.WARN(f"WARNING: could not import {source.name}.{name} into {module.name}\n")
        return
    value = source.get(name)
    if here in module.bindings and module.bindings[here] is not value:
        support.WARN(
            f"WARNING: ignoring conflicting import of {source.name}.{name} into {module.name}\n"
        )
        return
    if (
        here not in module.bindings
        and here in module.resolved
        and module.visible.get(here) is not value
    ):
        support.WARN(
            f"WARNING: ignoring conflicting import of {source.name}.{name} into {module.name}\n"
        )
        return
    own = here in module.bindings and here not in module.imported
    module.bindings[here] = value
    if own:
        return
    module.consts.add(here)
    module.imported.add(here)
    if extends:
        module.listed.discard(here)
    elif isinstance(value, (GenericFunction, T.JuliaType)):
        module.listed.add(here)


def bring_all(module: Module, source: Module) -> None:
    """`using A`: what it exports becomes visible, where it does not clash."""
    source.load()
    if source not in module.used:
        module.used.append(source)
    if module not in source.users:
        source.users.append(module)
    for name in source.exports:
        offer(module, source, name)


def offer(module: Module, source: Module, name: str) -> None:
    """Make one exported name visible in a module that uses the one that exports it."""
    where = source.bindings if name in source.bindings else source.visible
    if name in module.bindings or name not in where:
        return
    value = where[name]
    before = module.implicit.get(name)
    if before is not None and before is not source and name in module.visible:
        old = module.visible[name]
        if old is value:
            return
        if name in module.resolved:
            support.WARN(
                f"WARNING: using {source.name}.{name} in module {module.name} conflicts with an "
                "existing identifier.\n"
            )
            return
        if source is Base or source.loader is not None or source.name in PACKAGES:
            # The bundled packages export what is meant to stand beside Base.
            pass
        else:
            del module.visible[name]
            module.conflicts[name] = (source, before)
            return
    if name in module.conflicts:
        return
    module.visible[name] = value
    module.implicit[name] = source


def resolve(module: Module, names: Iterable[str]) -> None:
    """Code that runs has used these names: from now on they mean what they mean now."""
    for name in names:
        if name in module.bindings:
            continue
        if name in module.visible:
            module.resolved.add(name)
        elif name in module.conflicts:
            first, second = module.conflicts.pop(name)
            support.WARN(
                f'WARNING: both {first.name} and {second.name} export "{name}"; uses of it in '
                f"module {module.name} must be qualified\n"
            )


def find_module(module: Module, path: Expr) -> Module:
    """The module that `A.B` or `..A` names after `using`."""
    names = [a.name for a in path.args]
    dots = 0
    while names and names[0] == ".":
        names.pop(0)
        dots += 1
    if dots:
        found: Any = module
        for _ in range(dots - 1):
            found = found.parent
    else:
        found = top_module(module, names.pop(0))
    for name in names:
        if not found.has(name):
            raise UndefVarError(Symbol(name))
        found = found.get(name)
        if not isinstance(found, Module):
            raise ArgumentError(
                f'invalid path: "{name}" does not name a module'
                if names[-1] != name
                else f'invalid using path: "{name}" does not name a module'
            )
        found.load()
    return found  # type: ignore[no-any-return]


def top_module(module: Module, name: str) -> Module:
    """A module that is named without dots: a package, or one of the three that are always there."""
    from juliette.compiler.session import current

    always = {"Base": Base, "Core": Core, "Main": SESSION.main}
    found = PACKAGES.get(name) or always.get(name)
    if found is None:
        root = module
        while root.parent is not root:
            if root.name == name and root.parent.name == "Main":
                return root
            root = root.parent
        found = code_loading.loaded(current(), name)
    if found is None:
        raise ArgumentError(missing_package(module, name))
    found.load()
    return found


def missing_package(module: Module, name: str) -> str:
    """Why a package is not there."""
    around, dots = module, "."
    while not isinstance(around.get(name) if around.has(name) else None, Module):
        if around.parent is around or around.parent is None:
            break
        around, dots = around.parent, dots + "."
    else:
        return (
            f"Package {name} not found in current path, "
            f"maybe you meant `import/using {dots}{name}`.\n"
            f"- Otherwise, run `import Pkg; Pkg.add({quoted(name)})` to install the {name} package."
        )
    return (
        f"Package {name} not found in current path.\n"
        f"- Juliette bundles {', '.join(sorted(set(PACKAGES) - REFUSED))}; other packages are found in "
        "the folders of `LOAD_PATH`, and cannot be installed."
    )


def quoted(name: str) -> str:
    return f'"{name}"'


# ---------------------------------------------------------------- export


@support.helper("export")
def export(module: Module, names: tuple[str, ...]) -> None:
    """`export a, b`; modules that use this one see them at once."""
    module.exports.update(names)
    for name in names:
        propagate(module, name)


def propagate(module: Module, name: str) -> None:
    """An exported name has got a (new) value: those that use the module see it."""
    where = module.bindings if name in module.bindings else module.visible
    for user in module.users:
        if user.implicit.get(name) is module and name in user.visible and name in where:
            user.visible[name] = where[name]
        else:
            offer(user, module, name)


support.set_propagate(propagate)
instances.set_resolve(resolve)


# ---------------------------------------------------------------- module


def define_module(compiler: Any, e: Expr, parent: Module, file: str, line: int) -> Module:
    """Run a `module` expression."""
    standard, name, body = e.args
    if not isinstance(name, Symbol):
        raise TypeError_(Symbol("module"), "", T.Symbol_, name)
    old = parent.bindings.get(name.name)
    if isinstance(old, Module) and name.name not in parent.imported:
        support.WARN(f"WARNING: replacing module {name.name}.\n")
    elif name.name in parent.consts and not isinstance(old, Module):
        raise ErrorException(f"invalid redefinition of constant {parent.name}.{name.name}")
    package = parent.name == code_loading.TOP
    module = Module(name.name, None if package else parent)
    if package:
        compiler.packages[name.name] = module, file
    if standard:
        bring_all(module, Base)
    else:
        bring_all(module, Core)
    module.visible["Main"] = SESSION.main
    support.install(module)
    module.bindings[name.name] = module
    module.consts.add(name.name)
    module.exports.add(name.name)
    if standard:
        add_functions(compiler, module, file)
    parent.set(name.name, module, const=True)
    outermost = not compiler.uninitialized
    compiler.uninitialized.append([])
    try:
        for item in body.args:
            if isinstance(item, LineNumberNode):
                line = item.line
                continue
            compiler.run(item, module, file, line)
    finally:
        waiting = compiler.uninitialized.pop()
    waiting.append(module)
    if outermost:
        for each in waiting:
            initialize(each)
    else:
        compiler.uninitialized[-1].extend(waiting)
    return module


def initialize(module: Module) -> None:
    """Call `__init__`, if a module has one: once, when the outermost module that it is in is complete."""
    start = module.bindings.get("__init__")
    if not isinstance(start, GenericFunction):
        return
    try:
        start()
    except (JuliaException, Exception) as error:
        Base.demand("InitError")
        init_error = T.CORE_TYPES["InitError"].pyclass
        raise init_error(Symbol(module.name), julia_value(error)).with_traceback(
            error.__traceback__
        ) from None


def add_functions(compiler: Any, module: Module, file: str) -> None:
    """`eval` and `include` of a module."""

    def eval_(*args: Any) -> Any:
        target, e = (module, args[0]) if len(args) == 1 else args
        if not isinstance(target, Module):
            raise MethodError(module.bindings["eval"], args, None)
        return compiler.run(e, target, file)

    def include(*args: Any) -> Any:
        mapped, path = args if len(args) == 2 else (None, args[0])
        if not T.isa(path, T.AbstractString):
            raise MethodError(module.bindings["include"], args, None)
        return include_file(compiler, module, path, mapped)

    for name, f in (("eval", eval_), ("include", include)):
        if name not in module.bindings:
            generic = GenericFunction(name, module)
            module.bindings[name] = generic
            for n in (1, 2):
                python_method(generic, f, n)


# ---------------------------------------------------------------- include


def include_file(compiler: Any, module: Module, path: str, mapped: Any = None) -> Any:
    """Run a file in a module; its errors are LoadErrors."""
    place = Path(path)
    if not place.is_absolute() and compiler.files:
        place = Path(compiler.files[-1]).parent / place
    try:
        text = place.read_text(encoding="utf-8")
    except OSError as error:
        raise SystemError_(
            f"opening file {quoted(str(place.absolute()))}", error.errno, None
        ) from None
    return include_text(compiler, module, text, str(place.absolute()), mapped)


def include_text(compiler: Any, module: Module, text: str, file: str, mapped: Any = None) -> Any:
    """Run code in a module, as if it stood in a file."""
    from juliette.compiler.session import literal

    try:
        tree, _ = parse_all(text, file, 1, literal)
    except ParseError as error:
        message = str(error).removeprefix("ParseError:\n")
        raise LoadError(file, error.line, ParseErrorException(message, None)) from None
    value = None
    line = 1
    soft, compiler.soft_scope = compiler.soft_scope, False
    compiler.files.append(file)
    try:
        for item in tree.args:
            if isinstance(item, LineNumberNode):
                line = item.line
                continue
            if mapped is not None:
                item = mapped(item)
            try:
                value = compiler.run(item, module, file, line)
            except SystemExit:
                raise
            except (JuliaException, Exception) as error:
                found = LoadError(file, line, julia_value(error))
                raise found.with_traceback(error.__traceback__) from None
    finally:
        compiler.soft_scope = soft
        compiler.files.pop()
    return value
