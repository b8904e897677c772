"""How functions print: `sin`, `Base.Iterators.flatten`, `#1`, `sin (generic function with 13 methods)`."""

from __future__ import annotations

from types import FunctionType
from typing import Any

from juliette.base.fixing import Fix1, Fix2
from juliette.base.functions import Returns, Splat
from juliette.base.tuples import Composed
from juliette.display.io import IO
from juliette.display.show import SHOW_HOOKS, show, show_default
from juliette.runtime import types as T
from juliette.runtime import values as V
from juliette.runtime.dispatch import GenericFunction
from juliette.runtime.modules import SESSION, Base, MacroFunction, Module


def macro_type(f: MacroFunction) -> Any:
    """`typeof(@m)`"""
    known = _MACRO_TYPES.get(f)
    if known is None:
        known = _MACRO_TYPES[f] = T.define(
            f"typeof(@{f.name.removeprefix('@')})", T.Function_, module=f.module
        )
        known.typename.singleton = f
    return known


_MACRO_TYPES: dict[MacroFunction, Any] = {}
T.register_instances(MacroFunction, macro_type, T.Function_)

# What the core of the language is made of has no methods to count.
_BUILT_IN = frozenset(
    [
        "===",
        "<:",
        "isa",
        "typeof",
        "throw",
        "tuple",
        "getfield",
        "setfield!",
        "swapfield!",
        "modifyfield!",
        "replacefield!",
        "isdefined",
        "fieldtype",
        "nfields",
        "applicable",
        "invoke",
        "typeassert",
    ]
)


def name_of(f: Any) -> str:
    """A function's own name, `#1` if it has none."""
    if isinstance(f, V.ColonType):
        return "Colon"
    if isinstance(f, MacroFunction):
        return f"@{f.name.removeprefix('@')}"
    if type(f) is FunctionType:
        return T.typeof(f).typename.name.removeprefix('var"').rpartition("#")[0]  # type: ignore[no-any-return]
    generic = getattr(f, "generic", f)
    if isinstance(generic, GenericFunction):
        return generic.name
    return T.typeof(f).typename.name  # type: ignore[no-any-return]


def written(name: str) -> str:
    """A name as code has it."""
    if name.isidentifier():
        return name
    from juliette.display.expressions import name_text

    return name_text(name)


def is_known(f: Any, name: str, module: Any) -> bool:
    """Is it what the name stands for in its module?"""
    return isinstance(module, Module) and module.bindings.get(name) is f


def module_of(f: Any) -> Any:
    """The module whose name for a function is the function."""
    generic = getattr(f, "generic", f)
    return getattr(generic, "module", None)


@Base.method("show(io::IO, f::Function)")
def show_function(io: IO, f: Any) -> None:
    """The name, with the module that it has to be asked of; the type and the fields of a closure."""
    if isinstance(f, Splat):
        io.write("splat(")
        print_function(io, f.f)
        io.write(")")
        return
    if isinstance(f, (Fix1, Fix2, Returns)):
        show_default(io, f)
        return
    if isinstance(f, Composed):
        show_composed(io, f)
        return
    if type(f) in SHOW_HOOKS:
        SHOW_HOOKS[type(f)](io, f, False)
        return
    name, module = name_of(f), module_of(f)
    if io.get("compact"):
        io.write(name)
    elif is_known(f, name, module):
        here = io.get("module") or SESSION.main
        plain = module is here or (name in Base.exports and is_known(f, name, Base))
        io.write(("" if plain else ".".join(module.path) + ".") + written(name))
    elif isinstance(f, GenericFunction) and module is Base and not isinstance(f, V.ColonType):
        io.write(written(name))
    else:
        show_closure(io, f)


def show_composed(io: IO, f: Composed) -> None:
    """`f ∘ g`; a negation is `!f`."""
    if f.outer is Base.bindings["!"]:
        io.write("!")
    else:
        show_factor(io, f.outer, isinstance(f.outer, Composed))
        io.write(" ∘ ")
    show_factor(io, f.inner, isinstance(f.inner, Composed) and f.inner.outer is Base.bindings["!"])


def show_factor(io: IO, f: Any, plain: bool) -> None:
    """One of two composed functions, in parentheses where it would not stand alone."""
    name = name_of(f) if isinstance(f, GenericFunction) else "f"
    wrap = not plain and (
        isinstance(f, Composed) or (not name[:1].isidentifier() and name[:1] != "#")
    )
    io.write("(" if wrap else "")
    show(io, f)
    io.write(")" if wrap else "")


def show_closure(io: IO, f: Any) -> None:
    """`var"#1#2"{Int64}(3)`: a function that no module has a name for."""
    generic = getattr(f, "generic", None)
    if generic is None or not getattr(f, "fields", ()):
        show_default(io, f)
        return
    values = [getattr(f, n) for n in f.fields]
    io.write(T.type_string(T.typeof(f)) + "(")
    for i, value in enumerate(values):
        io.write(", " if i else "")
        show(io, value)
    io.write(")")


def print_function(io: IO, f: Any) -> None:
    """`print(io, f)`: the name alone."""
    if isinstance(f, (Fix1, Fix2, Returns, Splat, Composed, V.ColonType)) or type(f) in SHOW_HOOKS:
        show(io, f)
    else:
        io.write(name_of(f))


@Base.method('show(io::IO, m::MIME"text/plain", f::Function)')
def show_function_long(io: IO, mime: Any, f: Any) -> None:
    """`f (generic function with 1 method)`"""
    if type(f) in SHOW_HOOKS:
        SHOW_HOOKS[type(f)](io, f, not io.get("compact"))
        return
    if io.get("compact") or isinstance(f, (Composed, Splat)):
        show(io, f)
        return
    name = name_of(f)
    generic = getattr(f, "generic", f)
    if name in _BUILT_IN and generic.module is Base:
        io.write(f"{name} (built-in function)")
        return
    n = (
        1
        if isinstance(f, (Fix1, Fix2, Returns, MacroFunction, FunctionType))
        else len(Base.bindings["methods"](f).methods)
    )
    own = not isinstance(f, V.ColonType) and (
        "#" in name
        or is_known(f, name, module_of(f))
        or isinstance(f, MacroFunction)
        or (isinstance(f, GenericFunction) and generic.module is Base)
    )
    text = name if own else f"(::{T.type_string(T.typeof(f))})"
    kind = "macro" if text.startswith("@") else "generic function"
    io.write(f"{text} ({kind} with {n} method{'s' * (n != 1)})")
