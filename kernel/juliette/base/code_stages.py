"""`@code_lowered`, `@code_typed`, `@code_warntype`, `@code_native`: the stages of our own compiler.

Julia shows its own lowered and typed code, LLVM's and the machine's; here these are the core
language, the same with the types that inference found, and Python.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from juliette.base.code_macros import call, looked_at
from juliette.base.method_reflection import _signature, table_of
from juliette.compiler import lattice as L
from juliette.compiler.instances import instance_of
from juliette.compiler.printing import instance_text
from juliette.compiler.python_backend import method_source
from juliette.compiler.result_types import result_type
from juliette.display.io import STDOUT
from juliette.runtime import types as T
from juliette.runtime import values as V
from juliette.runtime.array import vector
from juliette.runtime.dispatch import Method
from juliette.runtime.errors import ErrorException
from juliette.runtime.modules import Base, Core, Module
from juliette.syntax.expr import Expr


class CodeInfo:
    """A method's code at a stage."""

    __slots__ = ("text",)

    def __init__(self, text: str) -> None:
        self.text = text


CodeInfo_ = T.define("CodeInfo", module=Core)
T.register_class(CodeInfo, CodeInfo_)
Core.const("CodeInfo", CodeInfo_)
Base.const("CodeInfo", CodeInfo_, export=False)


@Base.method("show(io::IO, c::CodeInfo)")
def show_code(io: Any, c: CodeInfo) -> None:
    io.write(f"CodeInfo(\n{c.text}\n)")


def selected(f: Any, types: Any) -> tuple[Method, tuple[Any, ...]]:
    """The method written in Julia that argument types reach, and all the types that it is made for."""
    table, before = table_of(f)
    full = (*before, *_signature(types))
    method = table.selected(full)
    if method is None:
        raise ErrorException("no unique matching method found for the specified argument types")
    return method, full


def stage_text(method: Method, types: tuple[Any, ...], **how: bool) -> str:
    """A method's code at a stage; what is written in Python has none."""
    if method.code is None:
        given = ", ".join(f"::{T.type_string(t)}" for t in types)
        return f"{method.name}({given})\n    built in"
    return instance_text(method, types, **how)


def result_of(method: Method, types: tuple[Any, ...]) -> Any:
    if method.code is None:
        return result_type(Base.bindings.get(method.name), types)
    return L.widen(instance_of(method, types, False).infer())


def return_type(f: Any, types: Any) -> Any:
    """What inference knows of the value of a call; `Any` where it knows nothing."""
    table, before = table_of(f)
    full = (*before, *_signature(types))
    method = table.selected(full)
    if method is None or method.code is None:
        return result_type(f, _signature(types))
    return result_of(method, full)


@Base.method("return_types(f, types)", export=False)
def return_types(f: Any, types: Any) -> Any:
    """The type of the value of each method that argument types reach, as inference finds it.

    ```jldoctest
    julia> halve(x) = x / 2;

    julia> Base.return_types(halve, (Int,))
    1-element Vector{Any}:
     Float64
    ```
    """
    return vector([return_type(f, types)], T.Any_)


@Base.method("return_types(f)", export=False)
def return_types_of_all(f: Any) -> Any:
    table, before = table_of(f)
    table.settle()
    found = []
    for m in table.methods:
        if m.parameters[: len(before)] == tuple(before):
            params = tuple(_any_of(p) for p in m.parameters)
            found.append(T.Any_ if m.code is None or m.vararg else result_of(m, params))
    return vector(found, T.Any_)


def _any_of(p: Any) -> Any:
    return p.upper if isinstance(p, T.TypeVar) else p


@Base.method("promote_op(f, types::Type...)", export=False)
def promote_op(f: Any, *types: Any) -> Any:
    """The element type for what `f` makes of elements of these types.

    ```jldoctest
    julia> Base.promote_op((x, y) -> x * y + 1, Int, Float64)
    Float64
    ```
    """
    return return_type(f, types)


@Base.method("code_lowered(f, types)")
def code_lowered(f: Any, types: Any) -> Any:
    """The code of a method in the core language, as a vector of one.

    ```jldoctest
    julia> twice(x) = 2x;

    julia> code_lowered(twice, (Int,))
    1-element Vector{CodeInfo}:
     CodeInfo(
    twice(x::Int64)
        return *(2, x)
    )
    ```
    """
    method, full = selected(f, types)
    return vector([CodeInfo(stage_text(method, full, typed=False))], CodeInfo_)


@Base.method("code_typed(f, types)")
def code_typed(f: Any, types: Any) -> Any:
    """The code of a method with the types that inference finds, and the type of the result."""
    method, full = selected(f, types)
    pair = V.Pair(CodeInfo(stage_text(method, full, typed=True)), result_of(method, full))
    return vector([pair], T.Any_)


@Base.method("code_warntype(f, types)")
def code_warntype(f: Any, types: Any) -> None:
    """Print the variables and the code of a method with their types."""
    code_warntype_to(STDOUT, f, types)


@Base.method("code_warntype(io::IO, f, types)")
def code_warntype_to(io: Any, f: Any, types: Any) -> None:
    method, full = selected(f, types)
    io.write(stage_text(method, full, typed=True, variables=True) + "\n")


@Base.method("code_native(f, types)")
def code_native(f: Any, types: Any) -> None:
    """Print the Python that a method becomes for argument types."""
    code_native_to(STDOUT, f, types)


@Base.method("code_native(io::IO, f, types)")
def code_native_to(io: Any, f: Any, types: Any) -> None:
    method, full = selected(f, types)
    if method.code is None:
        io.write(stage_text(method, full) + "\n")
        return
    instance = instance_of(method, full, False)
    instance.infer()
    io.write(
        method_source(method.code, method.source.module, instance.statics(), instance.inference)
        + "\n"
    )


Base.const("code_llvm", Base.bindings["code_native"])


def _stage(name: str, first: bool) -> None:
    """`@name f(x)`: the same of the method that a call reaches."""
    function: Callable[..., Any] = Base.bindings[name]

    def run(f: Any, *args: Any) -> Any:
        out = function(f, tuple(map(T.dispatch_type, args)))
        return out.data[0] if first else out

    @Base.macro(name)
    def stage(context: Any, *args: Any) -> Any:
        e = args[-1]
        if not isinstance(e, Expr):
            return call("error", "expression is not a function call or symbol")
        return looked_at(run, e)


for _name, _first in (
    ("code_lowered", True),
    ("code_typed", True),
    ("code_warntype", False),
    ("code_native", False),
    ("code_llvm", False),
):
    _stage(_name, _first)


# ---------------------------------------------------------------- Core.Compiler

Compiler = Module("Compiler", Core)
Core.const("Compiler", Compiler, export=False)
Base.const("Compiler", Compiler, export=False)


@Compiler.method("return_type(f, types)", export=False)
def compiler_return_type(f: Any, types: Any) -> Any:
    """The type that inference finds for the value of a call."""
    return return_type(f, types)


Base.const("_return_type", Compiler.bindings["return_type"], export=False)
