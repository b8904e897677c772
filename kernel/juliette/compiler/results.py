"""The types of results of functions of Base, by example.

Where a result's type depends on nothing but the types of the arguments, one call with samples of
those types tells it: no table of types has to be written, or kept in step.  `STABLE` names the
functions for which that is so; they change nothing and run no code of the user's.  What a sample
call gives becomes the sample of its own type (a `KeySet`, an iterator, a factorization), so answers
build on one another.  Functions that take functions are followed by rules (`intrinsics_iteration`).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from juliette.compiler import lattice as L
from juliette.compiler.lattice import ANY, Known, widen
from juliette.runtime import types as T
from juliette.runtime import values as V
from juliette.runtime.array import Array, undef
from juliette.runtime.dispatch import GenericFunction, call_kw
from juliette.runtime.modules import Base, Module
from juliette.runtime.world import TRACE

STABLE: dict[str, frozenset[str]] = {
    module: frozenset(names.split())
    for module, names in {
        "Base": """
            + - * / \\ ÷ // % & | ⊻ ~ ! << >> >>> < <= > >= ≤ ≥ == != ≠ === !== ≡ ≢ => ∘
            xor nand nor not div rem mod mod1 fld cld fld1 fldmod fldmod1 divrem gcd lcm gcdx invmod powermod
            isqrt factorial binomial abs abs2 sign signbit copysign flipsign
            sqrt cbrt exp exp2 exp10 expm1 log log2 log10 log1p sin cos tan asin acos atan sinh cosh tanh asinh acosh
            atanh sec csc cot sinpi cospi sincos sincosd sind cosd tand deg2rad rad2deg hypot ldexp muladd fma
            floor ceil round trunc min max minmax clamp float big complex real imag conj angle cis reim inv widen
            signed unsigned numerator denominator zero one oneunit typemax typemin eps floatmin floatmax nextfloat prevfloat
            bswap bitrotate leading_zeros leading_ones trailing_zeros trailing_ones count_ones count_zeros ndigits bitstring digits
            isodd iseven iszero isone isnan isinf isfinite isinteger isreal ispow2 isapprox ≈ ≉ isequal isless cmp issubnormal
            nextpow prevpow promote
            string repr uppercase lowercase titlecase uppercasefirst lowercasefirst strip lstrip rstrip chomp chop chopprefix chopsuffix
            split rsplit join replace lpad rpad repeat reverse startswith endswith contains occursin ncodeunits
            codeunit codeunits isascii isvalid thisind nextind prevind textwidth bytes2hex ascii escape_string
            unescape_string isdigit isletter isuppercase islowercase isspace ispunct isalnum iscntrl isprint isxdigit eachsplit
            eachmatch collect copy deepcopy sort unique similar empty length ndims size axes eachindex firstindex lastindex
            isempty first last keys values pairs haskey in ∈ ∉ ∋ issubset ⊆ ⊇ ⊊ isdisjoint issetequal issorted allunique allequal
            union intersect setdiff symdiff ∪ ∩ merge sum prod maximum minimum extrema argmax argmin findmax findmin count
            any all cumsum cumprod diff vec permutedims circshift rotl90 rotr90 rot180 transpose adjoint hcat vcat
            sortperm invperm searchsortedfirst searchsortedlast searchsorted insorted partialsort range view maybeview
            selectdim eachrow eachcol eachslice stack hash enumerate zip tuple isassigned stride strides
            evalpoly nonmissingtype step only dirname basename splitext splitdir splitpath joinpath abspath normpath
            """,
        "Iterators": "enumerate zip rest take drop cycle repeated product flatten partition reverse",
        "LinearAlgebra": """
            dot ⋅ cross × norm normalize det tr logdet inv transpose adjoint diag diagm kron rank issymmetric ishermitian isposdef
            istriu istril triu tril isdiag opnorm cond pinv nullspace
            """,
        "Statistics": "mean median std var cor cov middle quantile",
    }.items()
}
# What may be asked of tuples, named tuples and pairs whose parts differ: which part comes out may depend on values.
WHOLE = frozenset(
    [
        "length",
        "first",
        "last",
        "reverse",
        "isempty",
        "tuple",
        "=>",
        "==",
        "!=",
        "≠",
        "===",
        "!==",
        "<",
        "<=",
        ">",
        ">=",
        "isequal",
        "isless",
        "cmp",
        "hash",
        "string",
        "repr",
        "zip",
        "enumerate",
        "in",
        "∈",
        "∉",
        "eltype",
        "keys",
        "vcat",
    ]
)
# What never looks at elements, so that collections of anything do.
OUTER = frozenset(
    [
        "collect",
        "copy",
        "reverse",
        "enumerate",
        "zip",
        "keys",
        "values",
        "pairs",
        "eachindex",
        "axes",
        "length",
        "size",
        "ndims",
        "isempty",
        "empty",
        "similar",
        "circshift",
        "vec",
        "permutedims",
        "view",
        "eachrow",
        "eachcol",
    ]
)
# What depends on types alone: the value itself is known.
FOLDED = frozenset(["eltype", "keytype", "valtype", "ndims", "typemax", "typemin"])
# Keywords that hold functions and have no part in the type of a result.
ORDERS = frozenset(("by", "lt", "order", "alg"))
# Types whose constructors give the type of their arguments' types.
MAKERS = frozenset(
    [
        "Char",
        "String",
        "Symbol",
        "Set",
        "Dict",
        "Complex",
        "Rational",
        "BigInt",
        "BigFloat",
        "Pair",
        "Float16",
        "Float32",
        "Float64",
        "Int8",
        "Int16",
        "Int32",
        "Int64",
        "Int128",
        "UInt8",
        "UInt16",
        "UInt32",
        "UInt64",
        "UInt128",
        "Bool",
        "IdDict",
        "SubString",
        "BitArray",
        "BitSet",
        "VersionNumber",
        "CartesianIndex",
        "CartesianIndices",
    ]
)

# Helpers of the runtime for which the same holds.
RUNTIME_STABLE = frozenset(
    ["product", "hcat", "vcat", "hvcat", "cat_along", "typed_vcat", "typed_hcat", "adjoint", "pair"]
)

_SAMPLES: dict[Any, Any] = {T.Nothing: None, T.String: "a", T.Bool: True, T.Symbol_: V.Symbol("a")}
_KNOWN: dict[Any, Any] = {}
_COMPLEX = T.typeof(1j)
NONE = object()


def stable(f: GenericFunction) -> bool:
    """Is the type of a function's result a matter of its arguments' types?"""
    module = f.module
    return module is not None and f.name in STABLE.get(module.name, ()) and _ours(module)


def _ours(module: Module) -> bool:
    """Is it one of the modules that come with the language?"""
    return module.name != "Main" and (module.parent is module or module.parent is Base)


def makes(t: Any) -> bool:
    """Does the type of what a type of Base constructs depend on the types of the arguments alone?"""
    body = T.unwrap(t)
    return (
        isinstance(body, T.DataType)
        and body.typename.name in MAKERS
        and getattr(body.typename.module, "name", "Base") in ("Base", "Core")
    )


def sample(t: Any) -> Any:
    """A value of a concrete type of Base's; `NONE` if there is none at hand."""
    found = _SAMPLES.get(t, NONE)
    if found is NONE:
        found = _SAMPLES[t] = _sample(t)
    return found


def _sample(t: Any) -> Any:
    # with `missing`, what comes out may depend on how many elements there are
    if not isinstance(t, T.DataType) or not t.concrete or t is V.Missing_:
        return NONE
    family = t.typename
    if t in T.DTYPE_OF:
        value = T.DTYPE_OF[t].type(1)
        return value.item() if t in (T.Int64, T.Float64, _COMPLEX) else value
    if t is T.Char_:
        return V.Char(97)
    if t is L.UNIT_RANGE:
        return V.UnitRange(1, 2)
    if t is L.ONE_TO:
        return V.OneTo(2)
    if t is L.STEP_RANGE:
        return V.StepRange(1, 1, 2)
    if family is L.ARRAY:
        eltype, n = t.parameters
        if not L.concrete(eltype):
            return NONE
        out = undef(eltype, (2,) * n)
        if eltype in T.DTYPE_OF:
            out.data.fill(1)
            if n == 2 and eltype is not T.Bool:
                np.fill_diagonal(out.data, 2)  # which has an inverse
            return out
        item = sample(eltype)
        if item is NONE:
            return NONE
        flat = out.data.reshape(-1)
        for i in range(flat.size):
            flat[i] = item
        return out
    if family is L.BITARRAY:
        return V.BitArray(np.ones((2,) * t.parameters[0], bool, order="F"))
    if family is T.TUPLE_NAME:
        items = [sample(p) for p in t.parameters]
        return NONE if any(i is NONE for i in items) else tuple(items)
    if family.name == "Irrational":
        value = Base.bindings[t.parameters[0].name]
        return value if T.typeof(value) is t else NONE
    if family.name == "Complex" and t.parameters[0] is T.Int64:
        return Base.bindings["Complex"](1, 1)
    if family.name in ("CartesianIndex", "CartesianIndices") and type(t.parameters[0]) is int:
        value = Base.bindings[family.name](*((1,) * t.parameters[0],))
        return value if T.typeof(value) is t else NONE
    if family.name in _SEEDS:
        value = _SEEDS[family.name]()
        return value if T.typeof(value) is t else NONE
    if family is _PAIR or family is _NAMED or family is L.DICT or family is L.SET:
        return _container(t, family)
    if t is T._TYPE_OF_CLASS[V.SubString]:
        return V.SubString.of("ab", 0, "a")
    return NONE


def _outline(t: Any) -> Any:
    """A collection of Base's for what never looks at its elements."""
    family = getattr(t, "typename", None)
    if family is L.ARRAY and t.concrete:
        out = undef(t.parameters[0], (2,) * t.parameters[1])
        out.data.fill(None)
        return out
    return t() if family in (L.DICT, L.SET) and t.concrete else NONE


# Values of types that nothing above makes.
_SEEDS: dict[str, Any] = {
    "BigInt": lambda: Base.bindings["big"](1),
    "BigFloat": lambda: Base.bindings["big"](1.0),
    "Rational": lambda: Base.bindings["//"](1, 1),
    "Regex": lambda: Base.bindings["Regex"]("a"),
    "Complex": lambda: Base.bindings["im"],
    "VersionNumber": lambda: Base.bindings["VersionNumber"](1, 0, 0),
}

_PAIR = T.unwrap(V.Pair_).typename
_NAMED = T.unwrap(V.NamedTuple_).typename


def _container(t: Any, family: Any) -> Any:
    if family is _NAMED:
        names, types = t.parameters
        values = sample(types)
        return NONE if values is NONE else V.NamedTuple(tuple([n.name for n in names]), values)
    items = [sample(p) for p in t.parameters]
    if any(i is NONE for i in items):
        return NONE
    if family is _PAIR:
        return V.Pair(*items)
    content = V.Pair(*items) if family is L.DICT else undef(t.parameters[0], (0,))
    return t(content)


def _argument(x: Any, literal: bool, outer: bool) -> Any:
    """A value for an argument: of what is known, only functions and types count, unless numbers are literals."""
    if type(x) is Known:
        v = x.value
        if literal and type(v) in (int, tuple):
            return v
        if isinstance(v, T.JuliaType):
            return v
        if isinstance(v, GenericFunction):
            return v if untouched(v) else NONE
    out = sample(widen(x))
    return _outline(widen(x)) if out is NONE and outer else out


_NAMES = (T.JuliaType, GenericFunction)
_VALUES = (T.JuliaType, GenericFunction, int, tuple)


def untouched(f: GenericFunction) -> bool:
    """Has every method that was added to a function an argument of a type of those who added it?"""
    return all(any([_foreign(t, m.module) for t in m.parameters]) for m in f.user_methods)


def _foreign(t: Any, adder: Any) -> bool:
    body = T.unwrap(t)
    if not isinstance(body, T.DataType):
        return False
    module = body.typename.module
    return isinstance(module, Module) and (module is adder or not _ours(module))


def mixed(t: Any) -> bool:
    """Has a tuple, named tuple or pair parts of several types?"""
    if not isinstance(t, T.DataType):
        return False
    if t.typename is _NAMED:
        t = t.parameters[1]
    return t.typename in (T.TUPLE_NAME, _PAIR) and len(set(t.parameters)) > 1


def by_example(f: Any, args: list[Any], keywords: tuple[tuple[str, Any], ...] = ()) -> Any:
    """The element of `f(args...; keywords...)`; Any if it is not known."""
    literal = not isinstance(f, (GenericFunction, T.JuliaType))
    outer = isinstance(f, GenericFunction) and f.name in OUTER
    samples = tuple([_argument(a, literal, outer) for a in args])
    if any(s is NONE for s in samples):
        return ANY
    if isinstance(f, GenericFunction) and f.name not in WHOLE and any(map(mixed, map(widen, args))):
        return ANY
    key = (
        f,
        tuple(
            [
                a.value
                if type(a) is Known and isinstance(a.value, _VALUES if literal else _NAMES)
                else widen(a)
                for a in args
            ]
        ),
        tuple([(name, str(x.value) if type(x) is Known else widen(x)) for name, x in keywords]),
    )
    found = _KNOWN.get(key)
    if found is None:
        found = _KNOWN[key] = _called(f, samples, keywords)
    return found


def _called(f: Any, samples: tuple[Any, ...], keywords: tuple[tuple[str, Any], ...]) -> Any:
    named = {}
    for name, x in keywords:
        if name in ORDERS:
            continue
        named[name] = x.value if type(x) is Known else sample(widen(x))
        if named[name] is NONE:
            return ANY
    # under a gradient, a view would be a copy: what holds outside is asked for
    depth, TRACE.depth = TRACE.depth, 0
    try:
        value = call_kw(f, named, *map(_fresh, samples)) if named else f(*map(_fresh, samples))
    except Exception:
        return ANY  # the samples do not suit it; the call itself decides
    finally:
        TRACE.depth = depth
    if isinstance(f, GenericFunction) and f.name in FOLDED:
        return Known(value)
    t = T.typeof(value)
    if (
        isinstance(value, (T.JuliaType, GenericFunction))
        or not isinstance(t, T.DataType)
        or not t.concrete
    ):
        return ANY
    if t.typename.singleton is not None:
        return Known(value)
    if sample(t) is NONE:
        _SAMPLES[t] = value
    return t


def _fresh(x: Any) -> Any:
    """A sample that nothing else holds."""
    return type(x)(x.data.copy(order="F")) if isinstance(x, Array) else x


def element_by_example(t: Any) -> Any:
    """The type of the elements of an iterable of Base's."""
    return _of_iteration(t)[0]


def dimensions(t: Any) -> int:
    """The number of dimensions of a comprehension over an iterable of Base's; 0 if it is not known."""
    return 0 if T.subtype(t, T.Number) else _of_iteration(t)[1]


def _of_iteration(t: Any) -> tuple[Any, int]:
    found = _ITERATED.get(t)
    if found is None:
        value = sample(t)
        if value is NONE:
            return ANY, 0
        depth, TRACE.depth = TRACE.depth, 0
        try:
            eltype, shape = ITERATION(value)
        except Exception:
            eltype, shape = ANY, ()
        finally:
            TRACE.depth = depth
        found = _ITERATED[t] = (
            eltype if L.concrete(eltype) else ANY,
            1 if shape is None else len(shape),
        )
    return found


_ITERATED: dict[Any, tuple[Any, int]] = {}


def _unknown(value: Any) -> tuple[Any, Any]:
    return ANY, ()


# The type of the elements of an iterable and its shape (None: it has a length at most), set by `base.iteration`.
ITERATION: Callable[[Any], tuple[Any, Any]] = _unknown


def set_iteration(f: Callable[[Any], tuple[Any, Any]]) -> None:
    """Install how an iterable is looked at."""
    global ITERATION
    ITERATION = f
