"""How arrays show: in one line, and for the prompt with a summary and aligned columns."""

from __future__ import annotations

import re
from typing import Any

import numpy as np

from juliette.display import arrays as layout
from juliette.display import show as S
from juliette.display.io import IO, Text, screen, within
from juliette.display.numbers import float_text
from juliette.runtime import types as T
from juliette.runtime import values as V
from juliette.runtime import wrappers as W
from juliette.runtime.array import UNDEF, Array
from juliette.runtime.modules import Base
from juliette.runtime.numeric import Complex, Irrational, Rational
from juliette.runtime.ranges import AbstractUnitRange, IdentityUnitRange
from juliette.runtime.structs import Struct

shape_of, eltype_of, data_of = W.shape_of, W.eltype_of, W.data_of

# ---------------------------------------------------------------- summaries


@Base.method("showarg(io::IO, x, toplevel)", export=False)
def showarg(io: IO, x: Any, toplevel: bool) -> None:
    """What the summary of an array says about its type; extend it for wrappers of your own."""
    if isinstance(x, (W.Transposed, W.SubArray, W.ReshapedArray, W.PermutedDimsArray)):
        io.write(wrapper_name(x))
        SHOWARG(io, x.parent, False)
        if isinstance(x, W.SubArray):
            SHOWINDICES(io, *x.indices)
        elif isinstance(x, W.ReshapedArray):
            io.write("".join(f", {n}" for n in x.dims))
        elif isinstance(x, W.PermutedDimsArray):
            io.write(", " + S.one_line(tuple(i + 1 for i in x.perm)))
        io.write(")")
        if toplevel:
            io.write(f" with eltype {T.type_string(x.eltype)}")
    elif isinstance(x, W.ReinterpretArray):
        reshaped = x.julia_type.parameters[4]  # type: ignore[attr-defined]
        io.write(f"reinterpret({'reshape, ' if reshaped else ''}{T.type_string(x.eltype)}, ")
        SHOWARG(io, x.parent, False)
        io.write(")")
        if toplevel and reshaped:
            io.write(f" with eltype {T.type_string(x.eltype)}")
    else:
        io.write(("" if toplevel else "::") + T.type_string(T.typeof(x)))


def wrapper_name(x: Any) -> str:
    if isinstance(x, W.Transposed):
        return f"{x.function}("
    return {
        W.SubArray: "view(",
        W.ReshapedArray: "reshape(",
        W.PermutedDimsArray: "PermutedDimsArray(",
    }[next(c for c in (W.SubArray, W.ReshapedArray, W.PermutedDimsArray) if isinstance(x, c))]


SHOWARG = Base.bindings["showarg"]


def size_text(shape: tuple[int, ...]) -> str:
    """`2×3`, `3-element` or `0-dimensional`."""
    if len(shape) == 1:
        return f"{shape[0]}-element"
    return "×".join(map(str, shape)) if shape else "0-dimensional"


@Base.method("summary(io::IO, x::AbstractArray)")
def summary_to(io: IO, x: Any) -> None:
    io.write(size_text(tuple(Base.bindings["size"](x))) + " ")
    SHOWARG(io, x, True)
    if isinstance(x, Struct) or (isinstance(x, W.Wrapper) and x.shifts):
        axes = Base.bindings["axes"](x)
        if not all(isinstance(axis, V.OneTo) for axis in axes):
            io.write(" with indices " + INDS2STRING(axes))


@Base.method("summary(io::IO, x)")
def summary_any(io: IO, x: Any) -> None:
    if T.isa(x, T.AbstractString):
        if Base.bindings["isempty"](x):
            io.write(f"empty {T.type_string(T.typeof(x))}")
            return
        io.write(f"{Base.bindings['ncodeunits'](x)}-codeunit {T.type_string(T.typeof(x))}")
    elif isinstance(x, (V.JuliaDict, V.JuliaSet)):
        io.write(SUMMARY(x))
    elif type(x) is tuple:
        S.show(io, x)
    else:
        io.write(T.type_string(T.typeof(x)))


SUMMARY = Base.bindings["summary"]


@Base.method("summary(x)")
def summary(x: Any) -> str:
    """`2×3 Matrix{Float64}`

    ```jldoctest
    julia> summary([1 2; 3 4]')
    "2×2 adjoint(::Matrix{Int64}) with eltype Int64"
    ```
    """
    text = Text()
    SUMMARY(IO(text), x)
    return text.value()


# ---------------------------------------------------------------- one line


def prefix_of(io: IO, a: Any) -> tuple[str, bool]:
    """What stands before `[`, and whether the elements say their type themselves."""
    known = io.get("typeinfo")
    eltype = eltype_of(a)
    if (
        known is not None
        and known is not T.Any_
        and T.isa(a, known)
        and known_eltype(known) is eltype
    ):
        return "", False
    if len_of(a) and S._implied(eltype):
        return "", True
    return T.type_string(eltype), False


def known_eltype(known: Any) -> Any:
    """The type of the elements that a type of arrays names, if it names one."""
    body = T.unwrap(known)
    if not isinstance(body, T.DataType) or not T.subtype(known, T.AbstractArray):
        return None
    family = T.unwrap(T.AbstractArray).typename
    eltype = next(
        (t.parameters[0] for t in (body, *T.supertypes(body)) if t.typename is family), None
    )
    return None if eltype is None or T.has_free(eltype) else eltype


def len_of(a: Any) -> int:
    n = 1
    for k in shape_of(a):
        n *= k
    return n


class Cells:
    """The elements of a user's array as an ndarray has them, each asked for when it is shown: few are of a large one."""

    dtype = np.dtype(object)

    def __init__(self, a: Any, column: bool = False) -> None:
        self.a = a
        self.column = column
        self.shape = tuple(shape_of(a))
        first = Base.bindings["first"]
        self.first = [int(first(axis)) for axis in Base.bindings["axes"](a)]

    def reshape(self, m: int, n: int, order: str) -> Cells:
        """As a matrix: a vector is a column of one."""
        out = Cells(self.a, len(self.shape) == 1)
        out.shape = (m, n)
        return out

    def __getitem__(self, index: tuple[int, ...]) -> Any:
        place = index[:1] if self.column else index
        return Base.bindings["getindex"](
            self.a, *[i + k for i, k in zip(place, self.first, strict=True)]
        )


def cells_of(io: IO, a: Any) -> Any:
    """The elements of an array; those of a user's own only as they are shown, if not all of them are."""
    lazy = isinstance(a, Struct) and 0 < len(shape_of(a)) < 3 and io.get("limit")
    return Cells(a) if lazy and len_of(a) > MOST_GATHERED else data_of(a)


# Arrays of users with more elements are shown without those that are left out.
MOST_GATHERED = 400


@Base.method("show(io::IO, a::AbstractArray)")
def show_array(io: IO, a: Any) -> None:
    shape = tuple(shape_of(a))
    if isinstance(a, W.Transposed) and a.parent_is_vector:
        io.write(a.function + "(")
        S.show(io, a.parent)
        io.write(")")
        return
    if not shape:
        show_zero_dimensional(io, a)
        return
    prefix, implicit = prefix_of(io, a)
    if len(shape) > 1 and not len_of(a):
        if isinstance(a, (Array, V.BitArray)):
            io.write(f"{T.type_string(T.typeof(a))}(undef, {', '.join(map(str, shape))})")
        else:
            SUMMARY(io, a)
        return
    inner = io if implicit else io.with_(typeinfo=eltype_of(a))
    if implicit and inner.get("typeinfo") is not None:
        inner = io.with_(typeinfo=eltype_of(a))
    data = cells_of(io, a)
    plain = data.dtype.char in "dlq?"
    if data.dtype == object:
        note = Text()
        parts = within(IO(note, inner.context), a)
        if parts is None:
            io.write(f"{prefix}[{note.value()}]")
            return
        inner = parts

    literals = S.literals()

    def text(index: tuple[int, ...]) -> str:
        v = data[index].item() if plain else data[index]
        if v is UNDEF:
            return "#undef"
        literal = literals.get(type(v))
        if literal is not None:
            return literal(v)
        t = Text()
        S.show(IO(t, inner.context), v)
        return t.value()

    io.write(prefix + layout.one_line(text, shape, bool(io.get("limit"))))


def show_zero_dimensional(io: IO, a: Any) -> None:
    """`fill(1)`"""
    value: Any = data_of(a)[()]
    if value is UNDEF:
        io.write(f"{T.type_string(T.typeof(a))}(UndefInitializer())")
    elif isinstance(a, V.BitArray):
        io.write(f"BitArray({int(value)})")
    else:
        io.write(f"fill({S.one_line(scalar(value), **io.context)})")


# ---------------------------------------------------------------- several lines


@Base.method('show(io::IO, m::MIME"text/plain", a::AbstractArray)')
def show_array_long(io: IO, mime: Any, a: Any) -> None:
    shape = tuple(shape_of(a))
    n = len_of(a)
    if n == 0 and (io.get("compact") or (len(shape) == 1 and isinstance(a, Array))):
        S.show(io, a)
        return
    SUMMARY(io, a)
    if n == 0:
        return
    io.write(":")
    if io.get("compact") is None and len(shape) > 1 and shape[1] > 1:
        io = io.with_(compact=True)
    rows, cols = screen(io)
    limit = bool(io.get("limit"))
    if limit and rows - 4 <= 0:
        io.write(" …")
        return
    parts = within(io, a, typeinfo=eltype_of(a))
    if parts is not None:
        print_array(parts, a, rows, cols)


def print_array(io: IO, a: Any, rows: int, cols: int) -> None:
    """The elements of an array below its summary, each line after a line break."""
    shape = tuple(shape_of(a))
    limit = bool(io.get("limit"))
    data = cells_of(io, a)
    if len(shape) == 0:
        v: Any = data[()]
        io.write("\n" + ("#undef" if v is UNDEF else S.one_line(scalar(v), **io.context)))
        return
    mark = marks(a)
    if len(shape) <= 2:
        m, n = (shape[0], 1) if len(shape) == 1 else shape
        io.write("\n" + matrix_text(data.reshape(m, n, order="F"), io, rows - 4, cols, limit, mark))
        return
    first = True
    for index in np.ndindex(*shape[2:][::-1]):
        index = index[::-1]
        if limit and any(k > 10 and 3 <= i < k - 3 for i, k in zip(index, shape[2:], strict=True)):
            dim = elision(index, shape[2:])
            if dim is not None:
                io.write("\n\n" + ";" * (dim + 3) + " … ")
            continue
        io.write("\n" if first else "\n\n")
        first = False
        io.write("[:, :, " + ", ".join(str(i + 1) for i in index) + "] =\n")
        io.write(
            matrix_text(data[(slice(None), slice(None), *index)], io, max(rows - 4, 1), cols, limit)
        )


def marks(a: Any) -> Any:
    """What changes the text of an element in the columns, by its place and the text; None if nothing does."""
    if isinstance(a, Struct) and REPLACED.user_matches((T.typeof(a), T.Int64, T.Int64, T.String)):
        first = [Base.bindings["first"](axis) for axis in Base.bindings["axes"](a)] + [1]
        return lambda i, j, text: REPLACED(a, first[0] + i, first[1] + j, text)
    stored = stored_places(a)
    return (
        None if stored is None else lambda i, j, text: text if stored(i, j) else centred_mark(text)
    )


def stored_places(a: Any) -> Any:
    """For arrays that store just some elements: is there one at (i, j)?"""
    if isinstance(a, W.Transposed):
        inner = stored_places(a.parent)
        return None if inner is None else lambda i, j: inner(j, i)
    return getattr(a, "is_stored", None) if isinstance(a, W.Wrapper) else None


def scalar(v: Any) -> Any:
    return v.item() if isinstance(v, np.generic) and v.dtype.char in "dlq?D" else v


def elision(index: tuple[int, ...], lengths: tuple[int, ...]) -> int | None:
    """The dimension whose middle slices are left out from this one on, said once for each."""
    for d, (i, n) in enumerate(zip(index, lengths, strict=True)):
        if n <= 10:
            continue
        if i == 3 and not any(index[:d]):
            later = zip(index[d + 1 :], lengths[d + 1 :], strict=True)
            return None if any(k > 10 and 3 <= j < k - 3 for j, k in later) else d
        if 3 <= i < n - 3:
            return None
    return None


def matrix_text(data: Any, io: IO, height: int, width: int, limit: bool, mark: Any = None) -> str:
    """The aligned rows of a matrix; `mark(i, j, text)` is what stands where a structured matrix has no element."""
    m, n = data.shape
    plain = data.dtype.char in "dlq?D"
    cache: dict[tuple[int, int], tuple[str, int, int]] = {}

    def cell(i: int, j: int) -> tuple[str, int, int]:
        found = cache.get((i, j))
        if found is None:
            v = data[i, j].item() if plain else data[i, j]
            text = cell_text(v, io)
            left, right = alignment(v, text, io)
            if mark is not None:
                text = mark(i, j, text)
            found = cache[i, j] = (text, left, right)
        return found

    return layout.print_matrix(cell, m, n, height, width, limit)


def centred_mark(text: str) -> str:
    """The dot that stands for an element that is zero by structure."""
    before = (len(text) + 1) // 2 - 1
    return " " * before + "⋅" + " " * (len(text) - before - 1)


_REAL = re.compile(r"^(.*?)((?:[.eEfF].*)?)$", re.S)
_COMPLEX = re.compile(r"^(.*[^ef][+\-])(.*)$", re.S)


def alignment(v: Any, text: str, io: IO) -> tuple[int, int]:
    """Columns left and right of the point at which a cell is aligned."""
    cls = type(v)
    if cls is float or isinstance(v, np.floating):
        if (cls is float and (v != v or v in (np.inf, -np.inf))) or (
            isinstance(v, np.floating) and not np.isfinite(v)
        ):
            return layout.alignment(text, "float")
        found = _REAL.match(text)
        assert found is not None
        return len(found[1]), len(found[2])
    if cls is int or cls is bool or isinstance(v, np.integer):
        return len(text), 0
    if isinstance(v, (complex, np.complexfloating, Complex)):
        found = _COMPLEX.match(text)
        return (len(found[1]), len(found[2])) if found else (len(text), 0)
    if isinstance(v, Rational):
        at = text.find("//") + 1 or len(text)
        return at, len(text) - at
    if isinstance(v, V.Pair):
        if S.is_delimited(io, v):
            return 0, len(text)
        inner = S.pair_contexts(io, v)[0]
        left = len(S.one_line(v.first, **inner.context)) + 2 * (not S.is_delimited(inner, v.first))
        left += 1 if io.get("compact") else 2
        return left, len(text) - left
    if v is None or v is UNDEF or v is V.MISSING:
        return (3, 3) if v is UNDEF else (0, len(text))
    t = T.typeof(v)
    if T.subtype(t, T.Number):
        if T.subtype(t, T.Integer) or not T.subtype(t, T.Real):
            return len(text), 0
        if isinstance(v, Irrational):
            # Aligned by its name, whatever follows it.
            return len(S.one_line(v)), 0
        found = _REAL.match(text)
        assert found is not None
        return len(found[1]), len(found[2])
    return 0, len(S.one_line(v, **io.context) if isinstance(v, Struct) else text)


def cell_text(v: Any, io: IO) -> str:
    """An element in a matrix: its form for the prompt if that is one line, else the short one."""
    if v is UNDEF:
        return "#undef"
    known = io.get("typeinfo")
    if isinstance(v, (float, np.floating)):
        return float_text(
            v,
            compact=bool(io.get("compact")),
            typed=known is not T.typeof(v) and not io.get("compact"),
        )
    if type(v) is bool and known is T.Bool:
        return "1" if v else "0"
    if type(v) is int:
        return str(v)
    if not isinstance(v, (Array, V.BitArray)) or not len_of(v):
        text = Text()
        S.SHOW(IO(text, io.context), S.PLAIN, v)
        out = text.value()
        if "\n" not in out:
            return out
    return S.one_line(v, **io.context)


@Base.method("print_array(io::IO, a::AbstractArray)", export=False)
@Base.method("print_matrix(io::IO, a::AbstractVecOrMat)", export=False)
def print_elements(io: IO, a: Any) -> None:
    """The elements alone, in columns."""
    text = Text()
    rows, cols = screen(io)
    if len_of(a):
        print_array(IO(text, io.context), a, rows, cols)
    io.write(text.value().removeprefix("\n"))


@Base.method("alignment(io::IO, x)", export=False)
def alignment_of(io: IO, x: Any) -> tuple[int, int]:
    """Columns left and right of the point at which a value is aligned in a matrix."""
    return alignment(x, S.one_line(x, **io.context), io)


@Base.method("dims2string(dims)", export=False)
def dims2string(dims: Any) -> str:
    return size_text(tuple(dims))


@Base.method("inds2string(indices)", export=False)
def inds2string(indices: Any) -> str:
    return "×".join(S.string_of(getattr(i, "indices", i)) for i in indices)


INDS2STRING = Base.bindings["inds2string"]


@Base.method("showindices(io::IO, indices...)", export=False)
def showindices(io: IO, *indices: Any) -> None:
    """Write indices or axes after what stands before them in the parentheses of a summary."""
    for i in indices:
        io.write(", " + (":" if isinstance(i, V.Slice) else S.one_line(i)))


@Base.method(
    "replace_in_print_matrix(a::AbstractVecOrMat, i::Integer, j::Integer, text::AbstractString)",
    export=False,
)
def replace_in_print_matrix(a: Any, i: int, j: int, text: Any) -> Any:
    """What stands for an element in a printed matrix: its text, or a dot where there is none by structure."""
    stored = stored_places(a)
    return text if stored is None or stored(i - 1, j - 1) else centred_mark(str(text))


SHOWINDICES = Base.bindings["showindices"]
REPLACED = Base.bindings["replace_in_print_matrix"]


@Base.method("replace_with_centered_mark(text::AbstractString; c='⋅')", export=False)
def replace_with_centered_mark(text: Any, *, c: Any = "⋅") -> str:
    """A mark in the middle of as many spaces as a text is wide.

    ```jldoctest
    julia> Base.replace_with_centered_mark("100")
    " ⋅ "
    ```
    """
    return centred_mark(str(text)).replace("⋅", str(c))


# ---------------------------------------------------------------- ranges


@Base.method("show(io::IO, r::AbstractRange)")
def show_range(io: IO, r: Any) -> None:
    if not isinstance(r, V.Range):
        call = Base.bindings
        ends = [S.one_line(call[name](r)) for name in ("first", "step", "last")]
        io.write(":".join(ends if not T.isa(r, AbstractUnitRange) else ends[::2]))
    elif isinstance(r, V.OneTo):
        io.write(f"Base.OneTo({r.stop})")
    elif isinstance(r, V.Slice):
        io.write(f"Base.Slice(Base.OneTo({r.stop}))")
    elif isinstance(r, IdentityUnitRange):
        io.write(f"Base.IdentityUnitRange({r.start}:{r.stop})")
    elif isinstance(r, V.LinRange):
        inner = io.with_(typeinfo=r.eltype)
        io.write(f"LinRange{{{T.type_string(r.eltype)}}}(")
        S.show(inner, r.start)
        io.write(", ")
        S.show(inner, r.stop)
        io.write(f", {len(r)})")
    elif isinstance(r, V.UnitRange):
        io.write(f"{S.one_line(r.first)}:{S.one_line(r.last if len(r) else r.stop)}")
    elif isinstance(r, V.StepRangeLen) and Base.bindings["iszero"](r.step):
        io.write(f"StepRangeLen({S.one_line(r.start)}, {S.one_line(r.step)}, {len(r)})")
    else:
        io.write(f"{S.one_line(r.start)}:{S.one_line(r.step)}:{S.one_line(r.stop)}")


@Base.method('show(io::IO, m::MIME"text/plain", r::AbstractRange)')
def show_range_long(io: IO, mime: Any, r: Any) -> None:
    if not isinstance(r, V.LinRange) or not len(r):
        S.show(io, r)
        return
    SUMMARY(io, r)
    io.write(":\n " + ", ".join(S.one_line(x, typeinfo=r.eltype, compact=True) for x in r))
