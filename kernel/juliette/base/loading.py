"""Code from text and files: `include_string`, `evalfile`, `Base.include`."""

from __future__ import annotations

from typing import Any

from juliette.compiler.imports import include_file, include_text
from juliette.compiler.session import current
from juliette.compiler.support import HELPERS
from juliette.runtime import types as T
from juliette.runtime.errors import ErrorException
from juliette.runtime.modules import SESSION, Base, Core, Module


@Base.method('include_string(m::Module, code::AbstractString, filename::AbstractString="string")')
def include_string(m: Module, code: Any, filename: str = "string") -> Any:
    """Run code in a module, as if it stood in a file.

    ```jldoctest
    julia> include_string(Main, "1 + 1")
    2
    ```
    """
    return include_text(current(), m, str(code), str(filename))


@Base.method(
    'include_string(mapexpr::Function, m::Module, code::AbstractString, filename::AbstractString="string")'
)
def include_string_mapped(mapexpr: Any, m: Module, code: Any, filename: str = "string") -> Any:
    return include_text(current(), m, str(code), str(filename), mapexpr)


@Base.method("include(m::Module, path::AbstractString)", export=False)
def include(m: Module, path: Any) -> Any:
    """Run a file in a module; gives the value of its last expression."""
    return include_file(current(), m, str(path))


@Base.method("include(mapexpr::Function, m::Module, path::AbstractString)", export=False)
def include_mapped(mapexpr: Any, m: Module, path: Any) -> Any:
    return include_file(current(), m, str(path), mapexpr)


@Base.method("Module(name::Symbol=:anonymous, imports::Bool=true, names::Bool=true)")
def new_module(_: Any, name: Any = None, imports: bool = True, names: bool = True) -> Module:
    """A module of its own, with nothing in it.

    ```jldoctest
    julia> m = Module(:Scratch);

    julia> Core.eval(m, :(x = 1 + 1)); m.x
    2
    ```
    """
    from juliette.compiler.imports import add_functions, bring_all
    from juliette.compiler.support import install

    module = Module("anonymous" if name is None else name.name, SESSION.main)
    if imports:
        bring_all(module, Base)
    install(module)
    if names:
        module.bindings[module.name] = module
        module.exports.add(module.name)
        if imports:
            add_functions(current(), module, "none")
    return module


@Base.method("evalfile(path::AbstractString)")
def evalfile(path: Any) -> Any:
    """Run a file in a module of its own; gives the value of its last expression."""
    from juliette.compiler.imports import add_functions, bring_all
    from juliette.compiler.support import install

    module = Module("__anon__")
    bring_all(module, Base)
    install(module)
    add_functions(current(), module, "none")
    return include_file(current(), module, str(path))


for _name in (
    "eval",
    "println",
    "print",
    "show",
    "typeof",
    "isa",
    "===",
    "getfield",
    "setfield!",
    "isdefined",
    "nfields",
    "tuple",
    "throw",
    "ifelse",
    "applicable",
    "invoke",
    "fieldtype",
    "sizeof",
    "<:",
    "kwcall",
    "svec",
    "SimpleVector",
    "Typeof",
    "getglobal",
    "setglobal!",
    "swapfield!",
    "modifyfield!",
    "replacefield!",
    "finalizer",
    "CodeInfo",
    "@doc",
    "@__doc__",
    "@int128_str",
    "@uint128_str",
    "@big_str",
    "@cmd",
    "Main",
    "Base",
    "Core",
):
    if Base.has(_name):
        Core.bindings[_name] = Base.get(_name)
Core.bindings["TypeofBottom"] = T.TypeofBottom
Core.bindings["TypeofVararg"] = T.TypeofVararg
Base.demand("_return_type")  # Core.Compiler comes with it


@Core.method("typeassert(x, t)", export=False)
def typeassert(x: Any, t: Any) -> Any:
    """The value, which must be of the type: the function that `x::T` calls.

    ```jldoctest
    julia> Core.typeassert(1, Int)
    1
    ```
    """
    return HELPERS["%typeassert"](x, t)


Base.const("typeassert", Core.bindings["typeassert"])


@Core.method("get_binding_type(m::Module, name::Symbol)", export=False)
def get_binding_type(m: Module, name: Any) -> Any:
    """The type that a global variable was declared with.

    ```jldoctest
    julia> total::Float64 = 0; Core.get_binding_type(Main, :total)
    Float64
    ```
    """
    return m.declared.get(name.name, T.Any_)


@Base.method("donotdelete(args...)", export=False)
def donotdelete(*args: Any) -> None:
    """Has no effect: what computes the arguments is run in any case."""


@Base.method("compilerbarrier(setting::Symbol, x)", export=False)
def compilerbarrier(setting: Any, x: Any) -> Any:
    """The value, of which a compiler is not to know more than `setting` lets it.

    ```jldoctest
    julia> Base.compilerbarrier(:type, 4)
    4
    ```
    """
    if setting.name not in ("type", "const", "conditional"):
        raise ErrorException(
            "The first argument of `compilerbarrier` must be either of `:type`, `:const` or `:conditional`."
        )
    return x


@Base.method("inferencebarrier(x)", export=False)
def inferencebarrier(x: Any) -> Any:
    """The value, of whose type a compiler is not to know more than `Any`."""
    return x


@Core.method("apply_type(t, parameters...)", export=False)
def apply_type(t: Any, *parameters: Any) -> Any:
    """`t{parameters...}`"""
    return HELPERS["%apply_type"](t, *parameters)
