"""Puts Base together and makes sessions' Main modules."""

from __future__ import annotations

from typing import Any

from juliette.base import arrays, broadcasting, collections, essentials, macros, numbers, randomness
from juliette.base.essentials import getproperty, propertynames
from juliette.compiler import python_backend, support
from juliette.compiler.arithmetic import fast_operators
from juliette.compiler.session import Compiler, literal
from juliette.display import show as display
from juliette.display.errors import showerror_text, stack_trace
from juliette.display.io import STDERR, STDIN, STDOUT
from juliette.display.show import long_text
from juliette.runtime import types as T
from juliette.runtime.array import vector
from juliette.runtime.dispatch import TRACE, GenericFunction
from juliette.runtime.errors import julia_value
from juliette.runtime.modules import PACKAGES, Base, Main, Module, constructors
from juliette.runtime.types import type_string, typeof
from juliette.runtime.values import MIME
from juliette.syntax.expr import LineNumberNode, Symbol

__all__ = [
    "PACKAGES", "STDERR", "STDIN", "STDOUT", "Compiler", "LineNumberNode", "Module", "Symbol", "documentation",
    "fresh_main", "getproperty", "julia_value", "literal", "long_text", "prepare", "propertynames",
    "reset_tracing", "rich_forms", "set_display", "showerror_text", "stack_trace", "type_string", "typeof",
]

for _name in support.FROM_BASE:
    assert _name in Base.bindings, _name
support.HELPERS["%getproperty"] = getproperty
assert all((arrays, broadcasting, collections, essentials, macros, numbers, randomness))
support.WARN = STDERR.write
for _name, _fast in fast_operators(Base.bindings).items():
    support.HELPERS[f"%{_name}"] = _fast
    python_backend.FAST[f"%{_name}"] = Base.bindings[_name]
Base.bindings["__builtins__"] = Base.visible
support.install(Base)
support.HELPERS["%getproperty"] = getproperty
Base.visible["%getproperty"] = getproperty
Base.visible["%getindex"] = arrays.getindex
support.HELPERS["%getindex"] = arrays.getindex


def fresh_main() -> Module:
    """An empty Main that sees Base."""
    module = Module("Main")
    support.install(module)
    module.visible["%getproperty"] = getproperty
    module.visible["%getindex"] = arrays.getindex
    module.using(Base)
    module.bindings["Main"] = module
    module.consts.add("Main")
    return module


def prepare(interpreter: Any, module: Module, args: tuple[str, ...]) -> None:
    """What every session's Main has of its own."""
    interpreter.compiler.add_module_functions(module, "none")
    module.bindings["ARGS"] = vector(list(args), T.String)
    load_packages()


_LOADED = False


def load_packages() -> None:
    global _LOADED
    if not _LOADED:
        _LOADED = True
        from juliette import packages

        packages.announce()


def set_display(f: Any) -> None:
    display.DISPLAY = f


def reset_tracing() -> None:
    """No run leaves gradient tracing on."""
    TRACE.depth = 0


def rich_forms(value: Any) -> dict[str, str]:
    """The forms besides plain text for which the user wrote a `show` method."""
    out: dict[str, str] = {}
    for name in ("text/html", "image/svg+xml", "text/markdown", "text/latex"):
        mime = MIME(name)
        found = display.SHOW.matching((typeof(STDOUT), typeof(mime), T.dispatch_type(value)))
        if len(found) > 1:
            text = display.Text()
            display.SHOW(display.IO(text), mime, value)
            out[name] = text.value()
    return out


def documentation(module: Module, name: str, required: bool = False) -> str:
    """The help text of a name."""
    owner: Module = module
    *path, last = name.split(".") if name.strip(".") else [name]
    for part in path:
        found = owner.get(part) if owner.has(part) else None
        if not isinstance(found, Module):
            break
        owner = found
    if last in owner.docs:
        return owner.docs[last]
    if not owner.has(last):
        if required:
            raise KeyError(name)
        return f"Couldn't find {name}\nNo documentation found.\n\nBinding {name} does not exist."
    value = owner.get(last)
    generic = value
    if isinstance(value, T.JuliaType):
        generic = constructors(value) if hasattr(T.unwrap(value), "typename") else None
    if isinstance(generic, GenericFunction):
        generic.settle()
        docs = [m.doc for m in generic.methods if m.doc]
        home = generic.module.docs.get(last) if generic.module is not None else None
        if home:
            docs.insert(0, home)
        if docs:
            heads = "\n".join(f"    {m.name}({', '.join(m.arg_names)})" for m in generic.methods[:3])
            return f"{heads}\n\n" + "\n\n".join(dict.fromkeys(docs))
        n = len(generic.methods)
        return f"No documentation found.\n\n{last} is a {'type' if isinstance(value, T.JuliaType) else 'Function'}.\n\n# {n} method{'s' * (n != 1)} for generic function \"{last}\""
    doc = getattr(value, "__doc__", None)
    if doc and hasattr(type(value), "julia_doc"):
        return doc
    return f"No documentation found.\n\n{last} is of type {type_string(typeof(value))}."


assert Main is not None
