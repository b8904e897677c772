"""Julia's small value types that Python has no equal of: characters, pairs, dictionaries.

Ranges (`runtime.ranges`) and lazy arrays (`runtime.wrappers`) are to be had from here too.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from functools import partial
from typing import Any

from juliette.runtime import types as T
from juliette.runtime.dispatch import GenericFunction
from juliette.runtime.ranges import (
    AbstractUnitRange,
    FloatRange,
    LinRange,
    LinRange_,
    OneTo,
    OneTo_,
    OrdinalRange,
    Range,
    Slice,
    StepRange,
    StepRange_,
    StepRangeLen,
    StepRangeLen_,
    UnitRange,
    UnitRange_,
)
from juliette.runtime.text import (
    bits_bytes,
    bytes_code,
    char_bits,
    code_bytes,
    codes,
    from_utf8,
)
from juliette.runtime.wrappers import (
    Adjoint,
    Adjoint_,
    BitArray,
    BitArray_,
    Transpose,
    Transpose_,
    Transposed,
    Wrapper,
)
from juliette.syntax.expr import Expr, LineNumberNode, QuoteNode, Symbol


class Char:
    """A character: a code point, or `-1 - bits` for bytes that are no valid UTF-8."""

    __slots__ = ("code",)

    def __init__(self, code: int) -> None:
        self.code = code

    @staticmethod
    def from_bits(bits: int) -> Char:
        """The Char that Julia keeps in these 32 bits."""
        return Char(bytes_code(bits_bytes(bits)))

    @property
    def bits(self) -> int:
        return char_bits(code_bytes(self.code)) if self.code >= 0 else -1 - self.code

    @property
    def text(self) -> str:
        """The character as a string."""
        code = self.code
        if 0 <= code < 0xD800 or 0xDFFF < code < 0x110000:
            return chr(code)
        return from_utf8(code_bytes(code) if code >= 0 else bits_bytes(-1 - code))

    @property
    def valid(self) -> bool:
        return 0 <= self.code < 0xD800 or 0xDFFF < self.code < 0x110000

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Char) and self.code == other.code

    def __lt__(self, other: object) -> bool:
        return self.bits < other.bits if isinstance(other, Char) else NotImplemented

    def __hash__(self) -> int:
        return self.code

    def __repr__(self) -> str:
        return f"Char({self.code})"


class Chars(dict[int, Char]):
    """Characters by their codes; those of most alphabets are made once."""

    def __missing__(self, code: int) -> Char:
        c = Char(code)
        if 0 <= code < 0x3000:
            self[code] = c
        return c


CHARS = Chars()


T.register_class(Char, T.Char_)

SubString_ = T.define("SubString", T.AbstractString, [T.TypeVar("T", None, T.AbstractString)])
T.CORE_TYPES["SubString"] = SubString_
_family_of_substrings = T.unwrap(SubString_).typename
_family_of_substrings.fields = ("string", "offset", "ncodeunits")
_family_of_substrings.field_types = (T.AbstractString, T.Int64, T.Int64)


class SubString(str):
    """A part of a String, sharing its text in Julia; here it holds its own as well."""

    __slots__ = ("offset", "string")
    offset: int
    string: str

    @staticmethod
    def of(string: str, offset: int, text: str) -> SubString:
        """The part of `string` after `offset` bytes that reads `text`."""
        out = SubString(text)
        if type(string) is SubString:
            offset += string.offset
            string = string.string
        out.string = string
        out.offset = offset
        return out

    @property
    def ncodeunits(self) -> int:
        from juliette.runtime.text import utf8

        return len(utf8(str(self)))

    def egal(self, other: SubString) -> bool:
        return (
            str.__eq__(self, other)
            and self.offset == other.offset
            and str.__eq__(self.string, other.string)
        )


T.register_class(SubString, T.apply_type(SubString_, T.String))


def chars(s: str) -> list[Char]:
    """The characters of a string."""
    return [Char(c) for c in codes(s)]


def _family(name: str, params: str, parent: Any, fields: str, mutable: bool = False) -> Any:
    t = T.sub_family(name, params, parent, mutable=mutable) if params else T.core_type(name, parent)
    family = T.unwrap(t).typename
    family.fields = tuple(fields.split())
    family.field_types = (T.Any_,) * len(family.fields)
    family.ninitialized = len(family.fields)
    return t


Pair_ = _family("Pair", "A B", lambda a, b: T.Any_, "first second")
T.unwrap(Pair_).typename.field_types = T.unwrap(Pair_).typename.params


class Pair:
    """`first => second`."""

    __slots__ = ("first", "second")
    fields = ("first", "second")

    def __init__(self, first: Any, second: Any) -> None:
        self.first = first
        self.second = second

    def __iter__(self) -> Iterator[Any]:
        yield self.first
        yield self.second

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Pair) and (self.first, self.second) == (other.first, other.second)

    def __hash__(self) -> int:
        return hash((Pair, hashable(self.first), hashable(self.second)))


_PAIR = T.unwrap(Pair_).typename
T.register_instances(
    Pair, lambda p: T.instantiate(_PAIR, (T.typeof(p.first), T.typeof(p.second))), Pair_
)


class DeclaredPair(Pair):
    """A pair of a type that its values do not tell, `Pair{Any, Int64}(1, 2)`."""

    __slots__ = ("declared",)
    declared: Any


T.register_instances(DeclaredPair, lambda p: p.declared, Pair_)


def pair_of(t: Any, first: Any, second: Any) -> Pair:
    """A pair of the type `t`, whose fields' types the values have."""
    if t.parameters == (T.typeof(first), T.typeof(second)):
        return Pair(first, second)
    out = DeclaredPair(first, second)
    out.declared = t
    return out


def pair_maker(key: Any, value: Any) -> Callable[[Any, Any], Pair]:
    """What makes the pairs of a collection with these types of keys and values."""
    if getattr(key, "concrete", False) and getattr(value, "concrete", False):
        return Pair
    return partial(pair_of, T.apply_type(Pair_, key, value))


NamedTuple_ = T.sub_family("NamedTuple", "names T", lambda n, t: T.Any_)


def check_named_tuple(params: tuple[Any, ...]) -> None:
    """The names are different symbols, as many as there are types."""
    from juliette.runtime.errors import ErrorException

    names, types = params[0], params[1] if len(params) > 1 else None
    if isinstance(names, T.TypeVar):
        return
    if type(names) is not tuple:
        raise T.ElementError("NamedTuple", "names", names)
    for n in names:
        if not isinstance(n, Symbol):
            raise T.ElementError("NamedTuple", "names", n)
        if names.count(n) > 1:
            raise ErrorException(f'duplicate field name in NamedTuple: "{n.name}" is not unique')
    if types is not None and not isinstance(types, (T.TypeVar, T.JuliaType)):
        raise T.ElementError("NamedTuple", "T", types)
    if not isinstance(types, T.DataType) or types.typename is not T.TUPLE_NAME:
        return
    kinds = types.parameters
    if len(kinds) != len(names) or any(isinstance(p, T.Vararg) for p in kinds):
        raise ErrorException("NamedTuple names and field types must have matching lengths")


_NAMED_TUPLE = T.unwrap(NamedTuple_).typename
_NAMED_TUPLE.params[1].upper = T.Tuple_
T.CHECKS[_NAMED_TUPLE] = check_named_tuple


class NamedTuple:
    """`(a = 1, b = 2)`."""

    __slots__ = ("names", "values")

    def __init__(self, names: tuple[str, ...], values: tuple[Any, ...]) -> None:
        self.names = names
        self.values = values

    def get(self, name: str) -> Any:
        return self.values[self.names.index(name)]

    def __eq__(self, other: object) -> bool:
        return isinstance(other, NamedTuple) and (self.names, self.values) == (
            other.names,
            other.values,
        )

    def __hash__(self) -> int:
        return hash((self.names, tuple(map(hashable, self.values))))

    def __iter__(self) -> Iterator[Any]:
        return iter(self.values)


T.register_instances(
    NamedTuple,
    lambda t: T.instantiate(
        _NAMED_TUPLE, (tuple(map(Symbol, t.names)), T.tuple_type(map(T.typeof, t.values)))
    ),
    NamedTuple_,
)


class DeclaredNamedTuple(NamedTuple):
    """A named tuple of a type that its values do not tell, `@NamedTuple{a::Any}((1,))`."""

    __slots__ = ("declared",)
    declared: Any


T.register_instances(DeclaredNamedTuple, lambda t: t.declared, NamedTuple_)


def named_tuple_of(
    names: tuple[str, ...], kinds: Iterable[Any], values: tuple[Any, ...]
) -> NamedTuple:
    """A named tuple with fields of these types, which the values have."""
    kinds = tuple(kinds)
    if kinds == tuple(map(T.typeof, values)):
        return NamedTuple(names, values)
    out = DeclaredNamedTuple(names, values)
    out.declared = T.instantiate(_NAMED_TUPLE, (tuple(map(Symbol, names)), T.tuple_type(kinds)))
    return out


def kinds_of(t: NamedTuple) -> tuple[Any, ...]:
    """The types of the fields, which may be wider than those of the values."""
    if type(t) is DeclaredNamedTuple:
        return t.declared.parameters[1].parameters  # type: ignore[no-any-return]
    return tuple(map(T.typeof, t.values))


# ---------------------------------------------------------------- the rest

Ref_ = T.sub_family("Ref", "T", lambda t: T.Any_, abstract=True)
RefValue_ = T.sub_family("RefValue", "T", lambda t: T.apply_type(Ref_, t), mutable=True)
T.unwrap(RefValue_).typename.fields = ("x",)
T.unwrap(RefValue_).typename.field_types = (T.Any_,)


class Ref:
    """`Ref(x)`: a mutable cell; in a broadcast it counts as a scalar."""

    __slots__ = ("eltype", "x")

    def __init__(self, x: Any, eltype: Any = None) -> None:
        self.x = x
        self.eltype = eltype if eltype is not None else T.typeof(x)


T.register_instances(Ref, lambda r: T.apply_type(RefValue_, r.eltype), RefValue_)

RefArray_ = T.sub_family("RefArray", "T A R", lambda t, a, r: T.apply_type(Ref_, t))


class RefArray:
    """`Ref(a, i)`: the element `i` of an array, to be read and written."""

    __slots__ = ("i", "roots", "x")
    value_fields = ("x", "i", "roots")

    def __init__(self, x: Any, i: int) -> None:
        self.x, self.i, self.roots = x, i, None


T.unwrap(RefArray_).typename.fields = ("x", "i", "roots")
T.unwrap(RefArray_).typename.field_types = (T.Any_, T.Int64, T.Any_)
T.register_instances(
    RefArray, lambda r: T.apply_type(RefArray_, r.x.eltype, T.typeof(r.x), T.Nothing), RefArray_
)

MIME_ = T.sub_family("MIME", "mime", lambda m: T.Any_)


class MIME:
    """`MIME("text/plain")`."""

    __slots__ = ("name",)
    value_fields = ("name",)

    def __init__(self, name: Any) -> None:
        self.name = name if isinstance(name, str) else T.CONSTRUCT(T.Symbol_, (name,), {}).name

    def __eq__(self, other: object) -> bool:
        return isinstance(other, MIME) and self.name == other.name

    def __hash__(self) -> int:
        return hash((MIME, self.name))


T.register_instances(MIME, lambda m: T.apply_type(MIME_, Symbol(m.name)), MIME_)

Val_ = T.sub_family("Val", "x", lambda x: T.Any_)
T.unwrap(Val_).typename.fields = ()

Colon_ = T.core_type("Colon", T.Function_)


class ColonType(GenericFunction):
    """`:`, as an index and as the function that makes ranges."""

    __slots__ = ()


COLON = ColonType(":")
T.register_class(ColonType, Colon_)

Missing_ = T.core_type("Missing")
Missing_.typename.is_struct = True


class MissingType:
    """`missing`"""

    __slots__ = ()


MISSING = MissingType()
T.register_class(MissingType, Missing_)

for _cls, _name in ((Expr, "Expr"), (QuoteNode, "QuoteNode"), (LineNumberNode, "LineNumberNode")):
    T.register_class(_cls, T.core_type(_name))

# Dictionaries and sets know the types above; to everybody else they are values like these.
from juliette.runtime.tables import (  # noqa: E402
    ABSENT,
    Dict_,
    Hashed,
    IdDict_,
    IdSet_,
    JuliaDict,
    JuliaIdDict,
    JuliaIdSet,
    JuliaSet,
    JuliaWeakKeyDict,
    Set_,
    WeakKeyDict_,
    hashable,
    identity_key,
)

__all__ = [
    "ABSENT",
    "COLON",
    "MIME",
    "MIME_",
    "MISSING",
    "AbstractUnitRange",
    "Adjoint",
    "Adjoint_",
    "BitArray",
    "BitArray_",
    "Char",
    "ColonType",
    "Colon_",
    "DeclaredPair",
    "Dict_",
    "Expr",
    "FloatRange",
    "Hashed",
    "IdDict_",
    "IdSet_",
    "JuliaDict",
    "JuliaIdDict",
    "JuliaIdSet",
    "JuliaSet",
    "JuliaWeakKeyDict",
    "LinRange",
    "LinRange_",
    "LineNumberNode",
    "MissingType",
    "Missing_",
    "NamedTuple",
    "NamedTuple_",
    "OneTo",
    "OneTo_",
    "OrdinalRange",
    "Pair",
    "Pair_",
    "QuoteNode",
    "Range",
    "Ref",
    "RefArray",
    "RefArray_",
    "RefValue_",
    "Ref_",
    "Set_",
    "Slice",
    "StepRange",
    "StepRangeLen",
    "StepRangeLen_",
    "StepRange_",
    "SubString",
    "SubString_",
    "Symbol",
    "Transpose",
    "Transpose_",
    "Transposed",
    "UnitRange",
    "UnitRange_",
    "Val_",
    "WeakKeyDict_",
    "Wrapper",
    "chars",
    "check_named_tuple",
    "hashable",
    "identity_key",
    "pair_maker",
    "pair_of",
]
