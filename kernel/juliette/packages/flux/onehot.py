"""One-hot arrays: a Boolean array that stores which row of each column is true."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np

from juliette.base.concatenation import STACKS
from juliette.compiler import support
from juliette.display.show import string_of
from juliette.packages import zygote
from juliette.packages.flux.boundary import from_host, to_host
from juliette.packages.flux.optimise import method_for
from juliette.runtime import broadcast as B
from juliette.runtime import types as T
from juliette.runtime import wrappers as W
from juliette.runtime.array import Array, wrap
from juliette.runtime.errors import DimensionMismatch, ErrorException
from juliette.runtime.modules import Base, Module
from juliette_engine import rules, trees

ONEHOT = T.sub_family(
    "OneHotArray", "T N var I", lambda t, n, m, i: T.apply_type(T.AbstractArray, T.Bool, m)
)
INDICES = T.unwrap(ONEHOT).typename
INDICES.fields, INDICES.field_types = ("indices", "nlabels"), (T.Any_, T.Any_)


class OneHot(W.Wrapper):
    """`indices` count from one; zero stands for no true row."""

    __slots__ = ("nlabels", "table")
    value_fields = ("parent", "nlabels")
    eltype: ClassVar[Any] = T.Bool

    def __init__(self, indices: Any, nlabels: int) -> None:
        self.parent = indices
        self.nlabels = nlabels
        self.table: Any = None  # the Boolean array, once it has been asked for

    @property
    def indices(self) -> Any:
        """The row of each column: a number or an array."""
        return self.parent

    @property
    def raw(self) -> Any:
        """The rows as numpy data."""
        return np.asarray(self.parent.data if isinstance(self.parent, Array) else self.parent)

    @property
    def shape(self) -> tuple[int, ...]:
        return (self.nlabels, *self.raw.shape)

    @property
    def data(self) -> Any:
        if self.table is None:
            rows = np.arange(1, self.nlabels + 1, dtype=np.int64)
            raw = self.raw
            self.table = np.asfortranarray(rows.reshape(-1, *(1,) * raw.ndim) == raw[None])
            self.table.flags.writeable = False
        return self.table

    @property
    def aliased(self) -> bool:
        return False

    def is_stored(self, i: int, j: int) -> bool:
        """Zeros print as dots."""
        return bool(np.atleast_1d(self.raw).ravel(order="F")[j] == i + 1)

    def to_host(self) -> Any:
        """The engine sees a Boolean array."""
        return self.data


trees.register_array(OneHot, None)


def make(indices: Any, n: int) -> OneHot:
    """A one-hot array over numpy indices that count from one."""
    raw = np.asarray(indices, dtype=np.uint32)
    return over(raw[()] if raw.ndim == 0 else wrap(np.asfortranarray(raw)), n)


def over(parent: Any, n: int) -> OneHot:
    """A one-hot array over Julia's indices."""
    raw = np.asarray(parent.data if isinstance(parent, Array) else parent)
    kind = T.typeof(parent)
    parameters = (Base.bindings["eltype"](parent), raw.ndim, raw.ndim + 1, kind)
    cls = W.wrapper_class(ONEHOT, OneHot, parameters, T.Bool, raw.ndim + 1)
    return cls(parent, n)


def position(x: Any, labels: list[Any], default: tuple[Any, ...]) -> int:
    """Where a label stands, counted from one, or zero."""
    equal = Base.bindings["isequal"]
    for i, label in enumerate(labels, 1):
        if label is x or equal(label, x):
            return i
    if default:
        return position(default[0], labels, ())
    return 0


def reshaped(x: Any) -> Any:
    """A one-hot array in another shape as one again, if its columns are still the same."""
    if not isinstance(x, W.ReshapedArray) or not isinstance(x.parent, OneHot):
        return x
    shape = np.shape(x.data)
    return (
        make(x.parent.raw.reshape(shape[1:], order="F"), shape[0])
        if shape[0] == x.parent.nlabels
        else x
    )


def showarg(io: Any, x: OneHot, toplevel: bool) -> None:
    """What the summary says about the type."""
    name = {1: "OneHotVector", 2: "OneHotMatrix"}.get(len(x.shape), "OneHotArray")
    io.write(f"{name}(::{T.type_string(T.typeof(x.parent))})")
    if toplevel:
        io.write(" with eltype Bool")


def load(module: Module) -> None:
    """Fill the module OneHotArrays."""
    module.const("OneHotArray", ONEHOT)
    family = INDICES
    index, indices = T.TypeVar("T"), T.TypeVar("I")
    vector = T.instantiate(family, (index, 0, 1, index))
    matrix = T.instantiate(family, (index, 1, 2, indices))
    module.const("OneHotVector", T.UnionAll(index, vector))
    module.const("OneHotMatrix", T.UnionAll(index, T.UnionAll(indices, matrix)))
    family.module = module

    for name, argument in (
        ("OneHotVector", "i::Integer"), ("OneHotMatrix", "i::AbstractVector{<:Integer}"),
        ("OneHotArray", "i::Union{Integer, AbstractArray{<:Integer}}"),
    ):  # fmt: skip

        @module.method(f"{name}({argument}, n::Integer)")
        def construct(_: Any, i: Any, n: int) -> Any:
            """A one-hot array from the numbers of its true rows and the number of rows."""
            return over(
                i
                if isinstance(i, Array) or not hasattr(i, "data")
                else Base.bindings["collect"](i),
                n,
            )

    @module.method("onehot(x, labels, default...)")
    def onehot(x: Any, labels: Any, *default: Any) -> Any:
        """A vector that is true where `labels` has `x`."""
        known = list(support.iterate(labels))
        i = position(x, known, default)
        if not i:
            raise ErrorException(f"Value {string_of(x)} is not in labels")
        return make(i, len(known))

    @module.method("onehotbatch(xs, labels, default...)")
    def onehotbatch(xs: Any, labels: Any, *default: Any) -> Any:
        """A one-hot column for each element of `xs`."""
        known = list(support.iterate(labels))
        values = list(support.iterate(xs))
        shape = xs.data.shape if hasattr(xs, "data") and isinstance(xs, Array) else (len(values),)
        where: dict[Any, int] = {}
        indices = []
        for x in values:
            key = (type(x), x) if type(x) in (int, str, float, bool) else None
            i = where.get(key) if key is not None else None
            if i is None:
                i = position(x, known, default)
                if key is not None:
                    where[key] = i
            if not i:
                raise ErrorException(f"Value {string_of(x)} not found in labels")
            indices.append(i)
        return make(np.array(indices, dtype=np.uint32).reshape(shape, order="F"), len(known))

    @module.method("onecold(y::AbstractArray, labels=nothing)")
    def onecold(y: Any, labels: Any = None) -> Any:
        """The label of the largest element of each column."""
        y = zygote.plain(y)
        data = np.asarray(y.data)
        names = None if labels is None else list(support.iterate(labels))
        if names is not None and len(names) != data.shape[0]:
            raise DimensionMismatch(
                f"onecold got {len(names)} labels for an array with size(y, 1) == {data.shape[0]}, "
                "these must agree"
            )
        if not data.shape[0] or (data.ndim == 1 and data.dtype == object):
            i = Base.bindings["argmax"](y)
            return i if names is None else names[i - 1]
        where = y.raw.astype(np.int64) - 1 if isinstance(y, OneHot) else np.argmax(data, axis=0)
        if where.ndim == 0:
            return int(where) + 1 if names is None else names[int(where)]
        if names is None:
            return wrap(np.asfortranarray(where + 1))
        return B.from_values([names[i] for i in where.ravel(order="F").tolist()], where.shape)

    n = T.TypeVar("N")
    parent = T.TypeVar("P", None, ONEHOT)
    like = T.UnionAll(n, T.UnionAll(parent, T.apply_type(W.ReshapedArray_, T.Bool, n, parent)))
    module.const("OneHotLike", T.union(ONEHOT, like))
    methods({"OneHotArray": ONEHOT, "OneHotLike": module.bindings["OneHotLike"]})


def methods(types: dict[str, Any]) -> None:
    """Functions of Base that keep one-hot arrays one-hot."""
    method_for(types, "showarg(io::IO, x::OneHotArray, toplevel)", showarg)

    getindex = Base.bindings["getindex"]

    def columns(x: OneHot, _: Any, *index: Any) -> Any:
        if len(index) != x.raw.ndim:
            return getindex(wrap(x.data), _, *index)
        rows = getindex(x.indices, *index)
        return make(rows.data if isinstance(rows, Array) else rows, x.nlabels)

    method_for(types, "getindex(x::OneHotArray, c::Colon, i, is...)", columns)
    method_for(types, "copy(x::OneHotArray)", lambda x: make(x.raw.copy(), x.nlabels))

    def hcat(*xs: Any) -> Any:
        xs = tuple(map(reshaped, xs))
        if not all(isinstance(x, OneHot) for x in xs):
            return Base.bindings["hcat"](*[wrap(np.asfortranarray(x.data)) for x in xs])
        if len({x.nlabels for x in xs}) != 1:
            raise DimensionMismatch("Cannot concatenate OneHotArrays with different label counts")
        return make(np.concatenate([np.atleast_1d(x.raw) for x in xs], axis=0), xs[0].nlabels)

    def cat(*xs: Any, dims: Any) -> Any:
        if type(dims) is not int or dims < 2 or len({x.nlabels for x in xs}) != 1:
            return Base.bindings["cat"].call_kw(
                {"dims": dims}, *[wrap(np.asfortranarray(x.data)) for x in xs]
            )
        n = max(dims - 1, *[x.raw.ndim for x in xs])
        parts = [x.raw.reshape(x.raw.shape + (1,) * (n - x.raw.ndim)) for x in xs]
        return make(np.concatenate(parts, axis=dims - 2), xs[0].nlabels)

    def stack(xs: list[Any], size: Any) -> Any:
        if len({x.nlabels for x in xs}) != 1:
            raise DimensionMismatch("The number of labels are not the same for all one-hot arrays.")
        raw = np.stack([np.asarray(x.raw) for x in xs], axis=-1)
        return make(raw if size is None or len(size) == 1 else raw.reshape(raw.shape[:-1] + tuple(size), order="F"),
                    xs[0].nlabels)  # fmt: skip

    STACKS[OneHot] = stack
    method_for(types, "hcat(x::OneHotLike, xs::OneHotLike...)", hcat)
    method_for(types, "cat(x::OneHotArray, xs::OneHotArray...; dims)", cat)

    def times(a: Any, x: OneHot) -> Any:
        host = to_host(a)
        n = rules.shape(host)[1]
        if n != x.nlabels:
            raise DimensionMismatch(
                f"Matrix column must correspond with OneHot size: {n} != {x.nlabels}"
            )
        raw = x.raw.astype(np.int64) - 1
        if raw.ndim == 0 and isinstance(a, W.Transposed) and a.parent_is_vector:
            return from_host(rules.getitem(host, (0, int(raw))))
        y = rules.getitem(host, (slice(None), raw.ravel(order="F") if raw.ndim else int(raw)))
        return from_host(
            y if raw.ndim < 2 else rules.reshape(y, (rules.shape(host)[0], *raw.shape))
        )

    scope = Module("scope")
    scope.bindings.update(types)
    scope.visible = scope.bindings["__builtins__"] = Base.bindings
    scope.method("*(a::AbstractMatrix, x::OneHotArray)", export=False, transparent=True)(times)
