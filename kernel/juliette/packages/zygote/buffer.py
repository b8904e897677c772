"""`Buffer`: an array that may be assigned to inside a gradient."""

from __future__ import annotations

from typing import Any

import numpy as np

from juliette.base import iteration
from juliette.base.array_protocol import ArrayLike, dims_of
from juliette.base.iterator_sizes import Lazy
from juliette.packages.zygote.nodes import plain, stacked, to_julia
from juliette.packages.zygote.structured import densify
from juliette.runtime import broadcast as B
from juliette.runtime import types as T
from juliette.runtime import values as V
from juliette.runtime.array import Array, elements, wrap
from juliette.runtime.errors import ErrorException, MethodError
from juliette.runtime.modules import Base, Module
from juliette_engine import rules
from juliette_engine.tape import Node, ScalarTracer, primal


class Buffer:
    """Elements by linear index, some of them perhaps traced, and a shape."""

    __slots__ = ("eltype", "frozen", "shape", "values")

    def __init__(self, shape: tuple[int, ...], eltype: Any) -> None:
        self.shape = shape
        self.eltype = eltype
        zero: Any = T.DTYPE_OF[eltype].type(0).item() if eltype in T.DTYPE_OF else None
        self.values: list[Any] = [zero] * int(np.prod(shape))
        self.frozen = False

    def places(self, index: tuple[Any, ...]) -> Any:
        """Linear positions (from 0) of what an index selects: one, or an ndarray of them."""
        numbers = wrap(np.arange(len(self.values)).reshape(self.shape, order="F"))
        found = Base.bindings["getindex"](numbers, *index)
        return found if isinstance(found, int) else np.asarray(found.data)

    def check(self) -> None:
        if self.frozen:
            raise ErrorException("Buffer is frozen")

    def array(self) -> Any:
        """What it holds as an array; then it is frozen."""
        self.frozen = True
        return self.gather(self.values, self.shape)

    def gather(self, values: list[Any], shape: tuple[int, ...]) -> Any:
        if any(isinstance(v, ScalarTracer) for v in values):
            return to_julia(stacked(values, shape))
        if self.eltype in T.DTYPE_OF and all(
            isinstance(v, (int, float, np.generic)) for v in values
        ):
            return wrap(np.array(values, dtype=T.DTYPE_OF[self.eltype]).reshape(shape, order="F"))
        return B.from_values(values, shape)


BUFFER = T.define("Zygote.Buffer")
T.register_class(Buffer, BUFFER)
iteration.ITERATORS[Buffer] = lambda b: iter(list(b.values))


def parts_of(value: Any, count: int) -> list[Any]:
    """The elements of an assigned value."""
    value = densify(value)
    if isinstance(value, Node) and isinstance(primal(value), np.ndarray):
        shape = primal(value).shape
        return [
            rules.getitem(value, np.unravel_index(i, shape, order="F"))
            for i in range(int(np.prod(shape)))
        ]
    if isinstance(value, ArrayLike):
        return elements(np.asarray(value.data))
    if isinstance(value, Buffer):
        return list(value.values)
    if type(value) is tuple:
        return list(value)
    if isinstance(value, Lazy) or (
        type(value) in iteration.ITERATORS
        and not isinstance(value, (int, float, complex, np.generic, str))
    ):
        return list(iteration.iterate_value(value))
    return [value] * count


def load_buffer(module: Module) -> None:
    """Enter it into Zygote."""
    module.const("Buffer", BUFFER)
    module.exports.discard("Buffer")

    @module.method("Buffer(x, dims...)", transparent=True, export=False)
    def buffer(_: Any, x: Any, *dims: Any) -> Any:
        """An array like `similar(x, dims...)` that may be assigned to inside a gradient.

        ```jldoctest
        julia> using Zygote

        julia> function twice(x)
                   b = Zygote.Buffer(x)
                   for i in eachindex(x)
                       b[i] = 2x[i]
                   end
                   sum(copy(b))
               end;

        julia> gradient(twice, [1.0, 2.0])
        ([2.0, 2.0],)
        ```
        """
        t = x.eltype if isinstance(x, ArrayLike) else T.typeof(x)
        if dims and isinstance(dims[0], T.JuliaType):
            t, dims = dims[0], dims[1:]
        if not T.isa(plain(x), T.AbstractArray):
            raise MethodError(Base.bindings["similar"], (x, *dims), None)
        return Buffer(dims_of(dims) if dims else Base.bindings["size"](plain(x)), t)

    def method(header: str) -> Any:
        return module.method(header, transparent=True, export=False)

    @method("getindex(b::Buffer, index...)")
    def get(b: Buffer, *index: Any) -> Any:
        at = b.places(index)
        if isinstance(at, int):
            return b.values[at]
        return b.gather([b.values[i] for i in at.ravel(order="F").tolist()], at.shape)

    @method("setindex!(b::Buffer, value, index...)")
    def put(b: Buffer, value: Any, *index: Any) -> Any:
        b.check()
        at = b.places(index)
        if isinstance(at, int):
            b.values[at] = value
        else:
            flat = at.ravel(order="F").tolist()
            for i, v in zip(flat, parts_of(value, len(flat)), strict=True):
                b.values[i] = v
        return b

    @method("push!(b::Buffer, values...)")
    def push(b: Buffer, *values: Any) -> Any:
        b.check()
        b.values += values
        b.shape = (len(b.values),)
        return b

    @method("deleteat!(b::Buffer, i)")
    def delete_at(b: Buffer, i: Any) -> Any:
        b.check()
        gone = {i - 1} if isinstance(i, int) else {int(k) - 1 for k in iteration.iterate_value(i)}
        b.values = [v for k, v in enumerate(b.values) if k not in gone]
        b.shape = (len(b.values),)
        return b

    @method("copyto!(b::Buffer, x)")
    def copy_into(b: Buffer, x: Any) -> Any:
        b.check()
        new = parts_of(x, len(b.values))
        b.values[: len(new)] = new
        return b

    @method("copy(b::Buffer)")
    def copied(b: Buffer) -> Any:
        return b.array()

    @method("size(b::Buffer)")
    def size(b: Buffer) -> Any:
        return b.shape

    @method("size(b::Buffer, d::Integer)")
    def size_along(b: Buffer, d: int) -> Any:
        return b.shape[d - 1] if d <= len(b.shape) else 1

    @method("length(b::Buffer)")
    def length(b: Buffer) -> int:
        return len(b.values)

    @method("eachindex(b::Buffer)")
    def eachindex(b: Buffer) -> Any:
        return V.OneTo(len(b.values))

    @method("axes(b::Buffer)")
    def axes(b: Buffer) -> Any:
        return tuple(V.OneTo(n) for n in b.shape)

    @method("axes(b::Buffer, d::Integer)")
    def axes_along(b: Buffer, d: int) -> Any:
        return V.OneTo(size_along(b, d))

    @method("eltype(b::Buffer)")
    def eltype(b: Buffer) -> Any:
        return b.eltype

    @method("ndims(b::Buffer)")
    def ndims(b: Buffer) -> int:
        return len(b.shape)

    @method("firstindex(b::Buffer)")
    def first(b: Buffer) -> int:
        return 1

    @method("lastindex(b::Buffer)")
    def last(b: Buffer) -> int:
        return len(b.values)

    @method("lastindex(b::Buffer, d::Integer)")
    def last_along(b: Buffer, d: int) -> int:
        return size_along(b, d)

    @method("strides(b::Buffer)")
    def strides(b: Buffer) -> Any:
        return tuple([int(np.prod(b.shape[:k])) for k in range(len(b.shape))])

    @method("stride(b::Buffer, d::Integer)")
    def stride(b: Buffer, d: int) -> int:
        return int(np.prod(b.shape[: d - 1]))

    @method("IndexStyle(b::Buffer)")
    def index_style(b: Buffer) -> Any:
        return Base.bindings["IndexLinear"]()

    @module.method("bufferfrom(x)", transparent=True, export=False)
    def from_array(x: Any) -> Any:
        """A buffer that holds the elements of an array."""
        out = Buffer(np.shape(plain(x).data), x.eltype)
        out.values = parts_of(x, len(out.values))
        return out

    def assign(dest: Buffer, value: Any) -> Any:
        dest.check()
        new = parts_of(value, len(dest.values))
        dest.values = new if len(new) == len(dest.values) else new * (len(dest.values) // len(new))
        return dest

    def dotted(tree: Any) -> Any:
        def as_array(t: Any) -> Any:
            if isinstance(t, B.Broadcasted):
                return B.Broadcasted(t.function, tuple(map(as_array, t.args)))
            return t.gather(t.values, t.shape) if isinstance(t, Buffer) else t

        return B.materialize(as_array(tree))

    B.STYLES[Buffer] = (dotted, assign)


_ = Array
