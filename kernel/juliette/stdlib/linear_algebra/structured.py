"""Matrices that keep just part of their elements, or know a rule for the rest.

`Diagonal`, `Bidiagonal`, `Tridiagonal`, `SymTridiagonal`, the triangular types, `UpperHessenberg`,
`Symmetric` and `Hermitian`; and `UniformScaling`, of which `I` is one. Each type is a few lines of
how it lays out its elements; they stand together because they answer one another's questions.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar

import numpy as np

from juliette.base.array_construction import FROM_VALUE
from juliette.base.array_protocol import (
    convert_data,
    convert_element,
    dense,
    eltype_of,
    is_array,
    shape_of,
    shaped,
)
from juliette.base.concatenation import SCALING
from juliette.compiler import support
from juliette.display.show import string_of
from juliette.runtime import array as runtime_array
from juliette.runtime import types as T
from juliette.runtime import values as V
from juliette.runtime import wrappers as W
from juliette.runtime.array import Array, elements, make, wrap
from juliette.runtime.errors import ArgumentError, DimensionMismatch, MethodError, NoMethod
from juliette.runtime.modules import PACKAGES, Base, constructors
from juliette.syntax.expr import Symbol

LinearAlgebra = PACKAGES["LinearAlgebra"]


def define(
    key: str,
    parent: Callable[..., Any] | Any,
    params: str,
    *,
    export: bool = True,
    abstract: bool = False,
) -> Any:
    """A type of LinearAlgebra."""
    variables = [T.TypeVar(p) for p in params.split()]
    sup = parent(*variables) if callable(parent) and not isinstance(parent, T.JuliaType) else parent
    t = T.define(key, sup, variables, module=LinearAlgebra, abstract=abstract)
    LinearAlgebra.const(key, t, export=export)
    return t


def fields_of(t: Any, names: str) -> None:
    """Say which fields a type has."""
    family = T.unwrap(t).typename
    family.fields = tuple(names.split())
    family.field_types = (T.Any_,) * len(family.fields)


def zero_of(t: Any) -> Any:
    """What stands where a matrix of element type `t` holds nothing."""
    return Base.bindings["zero"](t)


class Structured(W.Wrapper):
    """Base of the structured matrices, with `low` diagonals below the main one, `high` above."""

    __slots__ = ()
    family: ClassVar[Any] = None
    low: ClassVar[int] = 0
    high: ClassVar[int] = 0
    fields: ClassVar[tuple[str, ...]] = ()
    structured = True

    def broadcast(self, f: Any, args: tuple[Any, ...]) -> Any:
        return BROADCAST(f, args)

    @property
    def aliased(self) -> bool:
        return False

    @property
    def n(self) -> int:
        return self.shape[0]

    def is_stored(self, i: int, j: int) -> bool:
        """Is there a place for the element (from 0)?"""
        return -self.high <= i - j <= self.low

    def blank(self) -> Any:
        """A matrix of zeros of this size and element type."""
        dtype = T.DTYPE_OF.get(self.eltype)
        n = self.n
        if dtype is not None:
            return np.zeros((n, n), dtype=dtype, order="F")
        out = np.empty((n, n), dtype=object)
        out.fill(zero_of(self.eltype))
        return out

    def put(self, i: int, j: int, value: Any) -> bool:
        """Assign a stored element; false where there is none."""
        raise NotImplementedError

    def refuse(self, i: int, j: int, value: Any) -> Exception:
        """The error for an assignment outside the structure."""
        place = f"cannot set entry ({i + 1}, {j + 1}) off the {self.region}"
        return ArgumentError(f"{place} to a nonzero value ({string_of(value)})")

    region = "diagonal"

    def write(self, where: Any, values: Any) -> None:
        spots = W.linear_positions(self.shape)[where]
        flat = np.asarray(spots).ravel(order="F").tolist()
        items = (
            elements(np.asarray(values))
            if isinstance(values, np.ndarray) and np.ndim(spots)
            else [values] * len(flat)
        )
        n = self.shape[0]
        for p, v in zip(flat, items, strict=True):
            i, j = p % n, p // n
            if not self.put(i, j, v) and not Base.bindings["iszero"](v):
                raise self.refuse(i, j, v)


def instance(cls: type, parameters: tuple[Any, ...], eltype: Any) -> Any:
    """An object of the concrete class of a structured type."""
    base = cls if "julia_type" not in cls.__dict__ else cls.__mro__[1]
    return object.__new__(W.wrapper_class(base.family, base, parameters, eltype, 2))  # type: ignore[attr-defined]


def as_vector(x: Any, eltype: Any = None) -> Any:
    """A vector argument, of an element type if one is given."""
    if not is_array(x) or len(shape_of(x)) != 1:
        raise MethodError(Base.bindings["convert"], (T.Vector, x), None)
    if eltype is None or eltype_of(x) is eltype:
        return x
    return make(convert_data(eltype, dense(x), eltype_of(x)), eltype)


class Diagonal(Structured):
    """`Diagonal(v)`"""

    __slots__ = value_fields = ("diag",)
    family = define("Diagonal", lambda t, v: W.abstract_array(t, 2), "T V")
    fields = ("diag",)

    def __new__(cls, diag: Any) -> Any:
        return instance(cls, (eltype_of(diag), T.typeof(diag)), eltype_of(diag))

    def __init__(self, diag: Any) -> None:
        self.diag = diag

    @property
    def shape(self) -> tuple[int, ...]:
        n = shape_of(self.diag)[0]
        return (n, n)

    @property
    def data(self) -> Any:
        out = self.blank()
        np.fill_diagonal(out, dense(self.diag)) if out.dtype != object else self._fill(out)
        return out

    def _fill(self, out: Any) -> None:
        for i, v in enumerate(dense(self.diag)):
            out[i, i] = v

    def put(self, i: int, j: int, value: Any) -> bool:
        if i == j:
            self.diag.data[i] = value
        return i == j

    def refuse(self, i: int, j: int, value: Any) -> Exception:
        place = f"cannot set off-diagonal entry ({i + 1}, {j + 1})"
        return ArgumentError(f"{place} to a nonzero value ({string_of(value)})")


fields_of(Diagonal.family, "diag")


def band(out: Any, vector: Any, k: int) -> None:
    """Put a vector on the k-th diagonal."""
    for i, v in enumerate(elements(dense(vector))):
        out[(i, i + k) if k >= 0 else (i - k, i)] = v


class Bidiagonal(Structured):
    """`Bidiagonal(dv, ev, uplo)`"""

    __slots__ = value_fields = ("dv", "ev", "uplo_text")
    family = define("Bidiagonal", lambda t, v: W.abstract_array(t, 2), "T V")
    fields = ("dv", "ev", "uplo")

    @property
    def region(self) -> str:  # type: ignore[override]
        return ("upper" if self.uplo_text == "U" else "lower") + " bidiagonal band"

    def __new__(cls, dv: Any, ev: Any, uplo: str) -> Any:
        return instance(cls, (eltype_of(dv), T.typeof(dv)), eltype_of(dv))

    def __init__(self, dv: Any, ev: Any, uplo: str) -> None:
        if shape_of(ev)[0] != max(shape_of(dv)[0] - 1, 0):
            raise DimensionMismatch(
                "length of diagonal vector is "
                f"{shape_of(dv)[0]}, length of off-diagonal vector is {shape_of(ev)[0]}"
            )
        self.dv, self.ev, self.uplo_text = dv, ev, uplo

    @property
    def uplo(self) -> V.Char:
        return V.Char(ord(self.uplo_text))

    @property
    def low(self) -> int:  # type: ignore[override]
        return int(self.uplo_text == "L")

    @property
    def high(self) -> int:  # type: ignore[override]
        return int(self.uplo_text == "U")

    @property
    def shape(self) -> tuple[int, ...]:
        n = shape_of(self.dv)[0]
        return (n, n)

    @property
    def data(self) -> Any:
        out = self.blank()
        band(out, self.dv, 0)
        band(out, self.ev, 1 if self.uplo_text == "U" else -1)
        return out

    def put(self, i: int, j: int, value: Any) -> bool:
        if i == j:
            self.dv.data[i] = value
        elif j - i == (1 if self.uplo_text == "U" else -1):
            self.ev.data[min(i, j)] = value
        else:
            return False
        return True


fields_of(Bidiagonal.family, "dv ev uplo")


class Tridiagonal(Structured):
    """`Tridiagonal(dl, d, du)`"""

    __slots__ = value_fields = ("d", "dl", "du")
    family = define("Tridiagonal", lambda t, v: W.abstract_array(t, 2), "T V")
    fields = ("dl", "d", "du")
    low = high = 1
    region = "tridiagonal band"

    def __new__(cls, dl: Any, d: Any, du: Any) -> Any:
        return instance(cls, (eltype_of(d), T.typeof(d)), eltype_of(d))

    def __init__(self, dl: Any, d: Any, du: Any) -> None:
        n = shape_of(d)[0]
        if not shape_of(dl)[0] == shape_of(du)[0] == max(n - 1, 0):
            raise ArgumentError(
                "cannot construct Tridiagonal from incompatible lengths of subdiagonal, diagonal "
                f"and superdiagonal: ({shape_of(dl)[0]}, {n}, {shape_of(du)[0]})"
            )
        self.dl, self.d, self.du = dl, d, du

    @property
    def shape(self) -> tuple[int, ...]:
        n = shape_of(self.d)[0]
        return (n, n)

    @property
    def data(self) -> Any:
        out = self.blank()
        for vector, k in ((self.d, 0), (self.dl, -1), (self.du, 1)):
            band(out, vector, k)
        return out

    def put(self, i: int, j: int, value: Any) -> bool:
        vector = {0: self.d, 1: self.du, -1: self.dl}.get(j - i)
        if vector is None:
            return False
        vector.data[min(i, j)] = value
        return True


fields_of(Tridiagonal.family, "dl d du du2")


class SymTridiagonal(Structured):
    """`SymTridiagonal(dv, ev)`"""

    __slots__ = value_fields = ("dv", "ev")
    family = define("SymTridiagonal", lambda t, v: W.abstract_array(t, 2), "T V")
    fields = ("dv", "ev")
    low = high = 1

    def __new__(cls, dv: Any, ev: Any) -> Any:
        return instance(cls, (eltype_of(dv), T.typeof(dv)), eltype_of(dv))

    def __init__(self, dv: Any, ev: Any) -> None:
        n, m = shape_of(dv)[0], shape_of(ev)[0]
        if m not in (n, max(n - 1, 0)):
            raise DimensionMismatch(
                f"subdiagonal has wrong length. Has length {m}, "
                f"but should be either {n - 1} or {n}."
            )
        self.dv, self.ev = dv, ev

    @property
    def shape(self) -> tuple[int, ...]:
        n = shape_of(self.dv)[0]
        return (n, n)

    @property
    def data(self) -> Any:
        if T.subtype(self.eltype, T.AbstractArray):
            return self.of_blocks()
        out = self.blank()
        band(out, self.dv, 0)
        ev = self.ev if shape_of(self.ev)[0] < self.n else wrap(dense(self.ev)[:-1])
        band(out, ev, 1)
        band(out, ev, -1)
        return out

    def of_blocks(self) -> Any:
        """The elements, if they are matrices: symmetric ones on the diagonal."""
        out = np.empty((self.n, self.n), dtype=object)
        out.fill(runtime_array.UNDEF)
        copied, turned = Base.bindings["copy"], Base.bindings["transpose"]
        for i, x in enumerate(dense(self.dv)):
            out[i, i] = Symmetric(x)
        for i, x in enumerate(dense(self.ev)[: self.n - 1]):
            out[i, i + 1], out[i + 1, i] = x, copied(turned(x))
        return out

    def put(self, i: int, j: int, value: Any) -> bool:
        if i != j:
            # one number stands for two elements
            raise ArgumentError(f"cannot set off-diagonal entry ({i + 1}, {j + 1})")
        self.dv.data[i] = value
        return True


fields_of(SymTridiagonal.family, "dv ev")

# Set by the arithmetic of structured matrices: dotted calls that keep structure.
BROADCAST: Any = None

# ---------------------------------------------------------------- parts of a matrix

AbstractTriangular = define(
    "AbstractTriangular", lambda t, s: W.abstract_array(t, 2), "T S", export=False, abstract=True
)
_FAR = 10**9


class Part(Structured):
    """Base of the types that show part of a parent matrix."""

    __slots__ = ()
    unit: ClassVar[bool] = False
    lower: ClassVar[bool] = False

    def __new__(cls, parent: Any) -> Any:
        return instance(cls, (eltype_of(parent), T.typeof(parent)), eltype_of(parent))

    def __init__(self, parent: Any) -> None:
        m, n = matrix_shape(parent)
        if m != n:
            raise DimensionMismatch(f"matrix is not square: dimensions are ({m}, {n})")
        self.parent = parent

    @property
    def shape(self) -> tuple[int, ...]:
        return shape_of(self.parent)

    @property
    def data(self) -> Any:
        out = np.array(dense(self.parent), order="F")
        zero = zero_of(self.eltype)
        keep = np.tril(np.ones(out.shape, dtype=bool), self.high) & np.triu(
            np.ones(out.shape, dtype=bool), -self.low
        )
        out[~keep] = zero
        if self.unit:
            one = Base.bindings["one"](self.eltype)
            for i in range(out.shape[0]):
                out[i, i] = one
        return out

    def refuse(self, i: int, j: int, value: Any) -> Exception:
        name = T.unwrap(self.family).typename.name
        part, wanted = ("upper" if i < j else "lower") + " triangular part", "nonzero"
        place = f"in the {part} ({i + 1}, {j + 1})"
        if i == j:
            place, wanted = f"on the diagonal ({i + 1}, {j + 1})", "non-unit"
        matrix = f"{'an' if name.startswith('Upper') else 'a'} {name} matrix"
        text = string_of(value)
        return ArgumentError(f"cannot set index {place} of {matrix} to a {wanted} value ({text})")

    def put(self, i: int, j: int, value: Any) -> bool:
        if self.unit and i == j:
            return Base.bindings["isone"](value) is True
        if not self.is_stored(i, j):
            return False
        if isinstance(self.parent, Array):
            self.parent.data[i, j] = value
        else:
            self.parent.write((i, j), value)
        return True


def matrix_shape(a: Any) -> tuple[int, int]:
    """The size of a matrix."""
    s = shape_of(a)
    if len(s) != 2:
        raise MethodError(Base.bindings["convert"], (T.Matrix, a), None)
    return s[0], s[1]


def triangular(key: str, *, lower: bool, unit: bool) -> type:
    """Define one of the triangular types."""
    family = define(key, lambda t, s: T.apply_type(AbstractTriangular, t, s), "T S")
    fields_of(family, "data")
    return type(
        key,
        (Part,),
        {
            "__slots__": (),
            "family": family,
            "lower": lower,
            "unit": unit,
            "fields": ("data",),
            "low": _FAR if lower else 0,
            "high": 0 if lower else _FAR,
            "__doc__": f"`{key}(A)`",
        },
    )


UpperTriangular = triangular("UpperTriangular", lower=False, unit=False)
LowerTriangular = triangular("LowerTriangular", lower=True, unit=False)
UnitUpperTriangular = triangular("UnitUpperTriangular", lower=False, unit=True)
UnitLowerTriangular = triangular("UnitLowerTriangular", lower=True, unit=True)


class UpperHessenberg(Part):
    """`UpperHessenberg(A)`"""

    __slots__ = ()
    family = define("UpperHessenberg", lambda t, s: W.abstract_array(t, 2), "T S")
    fields = ("data",)
    low, high = 1, _FAR


fields_of(UpperHessenberg.family, "data")


class Mirrored(Structured):
    """Base of `Symmetric` and `Hermitian`: one triangle of the parent, mirrored."""

    __slots__ = ("uplo_text",)
    value_fields = ("parent", "uplo_text")
    fields = ("data", "uplo")
    low = high = _FAR
    conjugate: ClassVar[bool] = False

    def __new__(cls, parent: Any, uplo: str = "U") -> Any:
        return instance(cls, (eltype_of(parent), T.typeof(parent)), eltype_of(parent))

    def __init__(self, parent: Any, uplo: str = "U") -> None:
        m, n = matrix_shape(parent)
        if m != n:
            raise DimensionMismatch(f"matrix is not square: dimensions are ({m}, {n})")
        self.parent, self.uplo_text = parent, uplo

    @property
    def uplo(self) -> V.Char:
        return V.Char(ord(self.uplo_text))

    @property
    def shape(self) -> tuple[int, ...]:
        return shape_of(self.parent)

    @property
    def data(self) -> Any:
        out = np.array(dense(self.parent), order="F")
        other = out.T
        if self.conjugate and out.dtype.kind == "c":
            other = other.conj()
            np.fill_diagonal(out, out.diagonal().real)
        elif out.dtype == object and out.size:
            each = Base.bindings["adjoint" if self.conjugate else "transpose"]
            other = np.frompyfunc(
                lambda x: each(x) if T.subtype(T.typeof(x), T.Number) or is_array(x) else x, 1, 1
            )(other)
            if self.conjugate:
                for i, x in enumerate(out.diagonal().tolist()):
                    if T.subtype(T.typeof(x), T.Number):
                        out[i, i] = convert_element(T.typeof(x), Base.bindings["real"](x))
        low = np.tril(np.ones(out.shape, dtype=bool), -1)
        target = low if self.uplo_text == "U" else low.T
        out[target] = other[target]
        return out

    def put(self, i: int, j: int, value: Any) -> bool:
        if i != j:
            raise ArgumentError(
                "Cannot set a non-diagonal index in a "
                + ("Hermitian" if self.conjugate else "symmetric")
                + " matrix"
            )
        if isinstance(self.parent, Array):
            self.parent.data[i, j] = value
        else:
            self.parent.write((i, j), value)
        return True


class Symmetric(Mirrored):
    """`Symmetric(A, uplo)`"""

    __slots__ = ()
    family = define("Symmetric", lambda t, s: W.abstract_array(t, 2), "T S")


class Hermitian(Mirrored):
    """`Hermitian(A, uplo)`"""

    __slots__ = ()
    family = define("Hermitian", lambda t, s: W.abstract_array(t, 2), "T S")
    conjugate = True


for _mirrored in (Symmetric, Hermitian):
    fields_of(_mirrored.family, "data uplo")

for _cls in (
    Diagonal,
    Bidiagonal,
    Tridiagonal,
    SymTridiagonal,
    UpperTriangular,
    LowerTriangular,
    UnitUpperTriangular,
    UnitLowerTriangular,
    UpperHessenberg,
    Symmetric,
    Hermitian,
):
    T.GENERAL_TYPE[_cls] = _cls.family  # type: ignore[attr-defined]

# ---------------------------------------------------------------- constructors


def constructor(cls: Any, *counts: int) -> Callable[[Any], Any]:
    """Register how calls of a type make its values; `f` gets the wanted element type or None.

    They take as many arguments as one of the counts says.
    """

    def register(f: Any) -> Any:
        def construct(t: Any, *args: Any) -> Any:
            if len(args) not in counts:
                raise MethodError(t, args, None)
            body = T.unwrap(t)
            eltype = body.parameters[0] if not isinstance(body.parameters[0], T.TypeVar) else None
            return f(t, eltype, *args)

        support._builtin(
            constructors(cls.family),
            T.tuple_type([T.Type_, T.Vararg(T.Any_)]),
            construct,
            ("args",),
        )
        return f

    return register


def diagonal_of(a: Any, k: int = 0) -> Array:
    """The k-th diagonal of a matrix as a new vector."""
    return make(np.array(dense(a).diagonal(k)), eltype_of(a))


def converted(a: Any, eltype: Any) -> Any:
    """A matrix with another element type, or itself."""
    if eltype is None or eltype_of(a) is eltype:
        return a
    return make(convert_data(eltype, np.array(dense(a), order="F"), eltype_of(a)), eltype)


def _lazy(cls: type) -> Callable[..., Any]:
    """`Adjoint(A)` and `Transpose(A)`, which are what `A'` and `transpose(A)` give."""

    def construct(t: Any, eltype: Any, x: Any) -> Any:
        if not is_array(x) or len(shape_of(x)) not in (1, 2):
            raise MethodError(t, (x,), None)
        return cls(x)

    return construct


for _lazily in (W.Adjoint, W.Transpose):
    constructor(_lazily, 1)(_lazy(_lazily))


@constructor(Diagonal, 1, 2)
def make_diagonal(t: Any, eltype: Any, *args: Any) -> Any:
    if len(args) == 2 and isinstance(args[1], int):
        if isinstance(args[0], UniformScaling):
            value = args[0].value
            return Diagonal(
                Base.bindings["fill"](
                    value if eltype is None else convert_element(eltype, value), args[1]
                )
            )
        return Diagonal(
            Base.bindings["similar"](T.apply_type(T.Vector, eltype or T.Float64), args[1])
        )
    if len(args) != 1:
        raise MethodError(t, args, None)
    (x,) = args
    if isinstance(x, Diagonal):
        return Diagonal(as_vector(x.diag, eltype))
    if not is_array(x):
        raise MethodError(t, args, None)
    if len(shape_of(x)) == 2:
        x = LinearAlgebra.bindings["diag"](x)
    return Diagonal(as_vector(x, eltype))


def letter(x: Any) -> str:
    """`U` or `L`, given as a Symbol or a Char."""
    if not isinstance(x, (Symbol, V.Char)):
        raise NoMethod("a letter that tells the triangle is missing")
    name = x.name if isinstance(x, Symbol) else chr(x.code)
    if name not in ("U", "L"):
        raise ArgumentError(
            f"uplo argument must be either :U (upper) or :L (lower), got {Base.bindings['repr'](x)}"
        )
    return name


@constructor(Bidiagonal, 2, 3)
def make_bidiagonal(t: Any, eltype: Any, *args: Any) -> Any:
    if len(args) == 2:
        a, uplo = args[0], letter(args[1])
        a = converted(a, eltype)
        return Bidiagonal(diagonal_of(a), diagonal_of(a, 1 if uplo == "U" else -1), uplo)
    if len(args) != 3:
        raise NoMethod("a letter that tells the triangle is missing")
    dv, ev, uplo = args
    kind = eltype or promoted(dv, ev)
    return Bidiagonal(as_vector(dv, kind), as_vector(ev, kind), letter(uplo))


def promoted(*xs: Any) -> Any:
    """The common element type of arrays."""
    out: Any = T.Bottom
    for x in xs:
        out = Base.bindings["promote_type"](out, eltype_of(x))
    return out


def matrix(t: Any, args: tuple[Any, ...]) -> Any:
    """The one argument of a constructor that takes a matrix."""
    if not is_array(args[0]) or len(shape_of(args[0])) != 2:
        raise MethodError(t, args, None)
    return args[0]


@constructor(Tridiagonal, 1, 3)
def make_tridiagonal(t: Any, eltype: Any, *args: Any) -> Any:
    if len(args) == 1:
        a = converted(matrix(t, args), eltype)
        return Tridiagonal(diagonal_of(a, -1), diagonal_of(a), diagonal_of(a, 1))
    dl, d, du = args
    kind = eltype or promoted(dl, d, du)
    return Tridiagonal(*(as_vector(v, kind) for v in (dl, d, du)))


@constructor(SymTridiagonal, 1, 2)
def make_sym_tridiagonal(t: Any, eltype: Any, *args: Any) -> Any:
    if len(args) == 1:
        a = converted(matrix(t, args), eltype)
        above, below = (dense(a).diagonal(k) for k in (1, -1))
        turned, same = Base.bindings["transpose"], Base.bindings["=="]
        if above.dtype != object:
            symmetric = np.array_equal(above, below)
        else:
            pairs = zip(above, below, strict=True)
            symmetric = all(support.truth(same(x, turned(y))) for x, y in pairs)
        if not symmetric:
            raise ArgumentError("matrix is not symmetric; cannot convert to SymTridiagonal")
        return SymTridiagonal(diagonal_of(a), diagonal_of(a, 1))
    dv, ev = args
    kind = eltype or promoted(dv, ev)
    return SymTridiagonal(as_vector(dv, kind), as_vector(ev, kind))


def _make_part(cls: Any) -> None:
    @constructor(cls, 1)
    def make_part(t: Any, eltype: Any, *args: Any) -> Any:
        (x,) = args
        if isinstance(x, cls):
            return cls(converted(x.parent, eltype))
        if not is_array(x):
            raise MethodError(t, args, None)
        return cls(converted(x, eltype))


for _cls in (
    UpperTriangular,
    LowerTriangular,
    UnitUpperTriangular,
    UnitLowerTriangular,
    UpperHessenberg,
):
    _make_part(_cls)


def _make_mirrored(cls: Any) -> None:
    @constructor(cls, 1, 2)
    def make_mirrored(t: Any, eltype: Any, *args: Any) -> Any:
        x = args[0]
        uplo = letter(args[1]) if len(args) > 1 else "U"
        if isinstance(x, cls) and len(args) == 1:
            return cls(converted(x.parent, eltype), x.uplo_text)
        if not is_array(x):
            raise MethodError(t, args, None)
        return cls(converted(x, eltype), uplo)


for _mirrored in (Symmetric, Hermitian):
    _make_mirrored(_mirrored)

# ---------------------------------------------------------------- I

UniformScaling_ = define("UniformScaling", T.Any_, "T")
fields_of(UniformScaling_, "λ")


class UniformScaling:
    """`λ*I`: a multiple of the identity of any size."""

    __slots__ = ("value",)
    fields = ("λ",)
    value_fields = ("value",)

    def __new__(cls, value: Any) -> Any:
        if "julia_type" in cls.__dict__:
            return object.__new__(cls)
        t = T.apply_type(UniformScaling_, T.typeof(value))
        made = t._pyclass
        if made is None:
            made = type(T.type_string(t), (UniformScaling,), {"__slots__": (), "julia_type": t})
            T.register_class(made, t)
            SCALING[made] = lambda x, n: matrix_of(x, n, n)
            FROM_VALUE[made] = lambda x, shape, eltype: matrix_of(x, shape[0], shape[1], eltype)
        return object.__new__(made)

    def __init__(self, value: Any) -> None:
        self.value = value

    def __call__(self, n: int) -> Any:
        return Diagonal(Base.bindings["fill"](self.value, n))


UniformScaling.λ = property(lambda self: self.value)  # type: ignore[attr-defined]
T.GENERAL_TYPE[UniformScaling] = UniformScaling_


def matrix_of(scaling: Any, m: int, n: int, eltype: Any = None) -> Array:
    """`λ*I` as an m×n matrix."""
    t = eltype or T.typeof(scaling.value)
    zero = zero_of(t)
    value = convert_element(t, scaling.value)
    values = [value if i == j else zero for j in range(n) for i in range(m)]
    traced = runtime_array.GATHER(values, (m, n)) if runtime_array.GATHER is not None else None
    return make(shaped(values, t, (m, n)), t) if traced is None else traced


def _make_scaling(t: Any, x: Any) -> Any:
    if isinstance(t, T.DataType):
        x = convert_element(t.parameters[0], x.value if isinstance(x, UniformScaling) else x)
    return UniformScaling(x)


support._builtin(
    constructors(UniformScaling_), T.tuple_type([T.Type_, T.Any_]), _make_scaling, ("λ",)
)
I = UniformScaling(True)  # noqa: E741 (Julia's name)
LinearAlgebra.const("I", I)
