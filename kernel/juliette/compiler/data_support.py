"""What compiled code calls for data of known types: elements, fields, sums, and what its failures mean."""

from __future__ import annotations

from functools import reduce
from itertools import islice
from operator import add, attrgetter
from typing import Any

import numpy as np

from juliette.compiler import support
from juliette.compiler.arithmetic import wrap
from juliette.compiler.emit_data import Sites
from juliette.compiler.support import HELPERS, helper
from juliette.runtime import structs
from juliette.runtime import types as T
from juliette.runtime import values as V
from juliette.runtime.array import OBJECT, UNDEF, Array, array_class, make, pack
from juliette.runtime.dispatch import SPECIALISED, GenericFunction
from juliette.runtime.errors import (
    TRANSLATORS,
    BoundsError,
    ErrorException,
    KeyError_,
    UndefRefError,
)
from juliette.runtime.memory import reserve
from juliette.runtime.modules import Base
from juliette.runtime.tables import PLAIN
from juliette.runtime.values import (
    ABSENT,
    JuliaDict,
    JuliaSet,
    OneTo,
    Range,
    StepRange,
    UnitRange,
)
from juliette.syntax.expr import Symbol

HELPERS["%view"] = lambda a: a.renew_view()
HELPERS["%UNDEF"] = UNDEF
HELPERS["%ABSENT"] = ABSENT
HELPERS["%UnitRange"] = UnitRange
HELPERS["%OneTo"] = OneTo
HELPERS["%StepRange"] = StepRange


# The classes of arrays whose elements are read through a memoryview.
_VIEWED: tuple[type, ...] = (Array, V.BitArray)


@helper("holding")
def holding(x: Any) -> Any:
    """What holds the elements of an array or a dictionary; of anything else nothing is taken."""
    if isinstance(x, _VIEWED):
        array: Any = x
        return array.view if array.of is array.data else array.renew_view()
    return x.data if isinstance(x, JuliaDict) else None


@helper("elements")
def elements(v: Array) -> memoryview:
    """The elements of a vector of numbers that keeps its size meanwhile."""
    return memoryview(v.data)  # type: ignore[arg-type]


@helper("in_step")
def in_step(z: Any) -> Any:
    """A `zip` or an `enumerate` of collections that keep their sizes meanwhile."""
    sources = getattr(z, "is", None)
    if sources is None:
        return enumerate(_steady(z.itr), 1)
    return zip(*map(_steady, sources), strict=False)


def _steady(x: Any) -> Any:
    return memoryview(x.data) if type(x) in _VECTORS else support.ITERATE(x)


_VECTORS = frozenset(array_class(t, 1) for t in (T.Float64, T.Int64, T.Bool))


@helper("range_item")
def range_item(r: UnitRange, i: int) -> int:
    """`r[i]`"""
    item = r.start + i - 1
    return item if i > 0 and item <= r.stop else Base.bindings["getindex"](r, i)  # type: ignore[no-any-return]


_NO_ELEMENT = id(UNDEF)


# In so many elements those that are missing are sought at once.
FEW = 256


@helper("references")
def references(v: Array) -> Any:
    """The elements of any vector that keeps its size meanwhile."""
    data = v.data
    if data.dtype == object and (len(data) > FEW or _NO_ELEMENT in map(id, data.tolist())):
        return support.ITERATE(v)
    return data


@helper("vector_of")
def vector_of(cls: Any, dtype: Any, items: list[Any]) -> Array:
    """A vector of values of its element type."""
    if dtype is OBJECT:
        return cls(np.fromiter(items, object, len(items)))  # type: ignore[no-any-return]
    return cls(np.array(items, dtype))  # type: ignore[no-any-return]


@helper("dict_of")
def dict_of(cls: Any, entries: tuple[tuple[Any, Any], ...]) -> JuliaDict:
    """`Dict(k => v, …)` whose keys are looked up as they are."""
    d = cls(cls.key_type, cls.value_type)
    d.reserve(len(entries))
    d.data.update(entries)
    return d  # type: ignore[no-any-return]


@helper("entries")
def entries(d: JuliaDict) -> Any:
    """Keys and values in the order of iteration."""
    return d.pairs()


@helper("steps")
def steps(first: Any, again: Any, x: Any) -> Any:
    """What the user's methods of `iterate` give, whose types are known."""
    step = first(x)
    while step is not None:
        value, state = step
        yield value
        step = again(x, state)


def applied(f: Any, closure_: Any, source: Any, test: Any = None, tested: Any = None) -> list[Any]:
    """A compiled function's results for each element of something, as far as a test allows."""
    items = support.ITERATE(source)
    if test is not None:
        return [f(closure_, x) for x in items if test(tested, x)]
    if isinstance(source, Range):
        reserve(len(source))
    return [f(closure_, x) for x in items]


@helper("collected")
def collected(
    eltype: Any, f: Any, closure_: Any, source: Any, test: Any = None, tested: Any = None
) -> Array:
    """A comprehension or `map` whose results are all of one type."""
    data = pack(applied(f, closure_, source, test, tested), eltype)
    shape = None
    if isinstance(source, (Array, V.BitArray, V.Wrapper)):
        shape = source.data.shape
    elif hasattr(source, "iteration_shape"):
        shape = source.iteration_shape()
    if test is None and shape is not None and len(shape) != 1:
        data = data.reshape(shape, order="F")
    return make(data, eltype)


@helper("summed")
def summed(
    dynamic: Any, t: Any, f: Any, closure_: Any, source: Any, test: Any = None, tested: Any = None
) -> Any:
    """The sum of a generator whose values are all Int64 or all Float64."""
    values = applied(f, closure_, source, test, tested)
    if not values:
        empty = HELPERS["%generator"](
            closure_, source if test is None else HELPERS["%filtered"](tested, source)
        )
        return dynamic(empty)
    return wrap(sum(values)) if t is T.Int64 else reduce(add, values)


@helper("mapped_string")
def mapped_string(f: Any, closure_: Any, source: str) -> str:
    """`map` of a string to characters."""
    return "".join([f(closure_, c).text for c in support.ITERATE(source)])


@helper("kept")
def kept(eltype: Any, f: Any, closure_: Any, source: Any) -> Array:
    """`filter` of a vector."""
    return make(pack([x for x in support.ITERATE(source) if f(closure_, x)], eltype), eltype)


@helper("any_of")
def any_of(f: Any, closure_: Any, source: Any, test: Any = None, tested: Any = None) -> bool:
    """Is a question answered with `true` once?"""
    for x in support.ITERATE(source):
        if (test is None or test(tested, x)) and f(closure_, x):
            return True
    return False


@helper("all_of")
def all_of(f: Any, closure_: Any, source: Any, test: Any = None, tested: Any = None) -> bool:
    """Is it never answered with `false`?"""
    for x in support.ITERATE(source):
        if (test is None or test(tested, x)) and not f(closure_, x):
            return False
    return True


@helper("count_of")
def count_of(f: Any, closure_: Any, source: Any, test: Any = None, tested: Any = None) -> int:
    """How often is it answered with `true`?"""
    return sum(applied(f, closure_, source, test, tested))


class FieldTable(dict[type, Any]):
    """How `x.name` is read, by the class of `x`: at once where it is a field of a struct."""

    def __init__(self, name: str) -> None:
        self.symbol = Symbol(name)
        self.watch()

    def watch(self) -> None:
        Base.bindings["getproperty"].watch(None, self.forget)

    def forget(self) -> None:
        self.clear()
        self.watch()

    def __missing__(self, cls: type) -> Any:
        symbol, getproperty = self.symbol, Base.bindings["getproperty"]
        t = T.class_type(cls)[0]
        family = getattr(t, "typename", None)
        plain = (
            family is not None
            and family.make_class is structs.make_class
            and symbol.name in family.fields
        )
        if (
            plain
            and getproperty.traced_rule is None
            and not (getproperty.user_methods and getproperty.user_matches((t, T.Symbol_)))
        ):
            get = attrgetter(symbol.name)
        else:
            dynamic = HELPERS["%getproperty"]

            def get(x: Any) -> Any:  # type: ignore[misc]
                return dynamic(x, symbol)

        self[cls] = get
        return get


_FIELDS: dict[str, FieldTable] = {}


def field_table(name: str) -> FieldTable:
    """The table of all reads of one field name."""
    found = _FIELDS.get(name)
    if found is None:
        found = _FIELDS[name] = FieldTable(name)
    return found


class IsaTable(dict[type, Any]):
    """Whether the instances of a class are of a type; None where the class does not tell."""

    def __init__(self, t: Any) -> None:
        self.type = t

    def __missing__(self, cls: type) -> bool | None:
        known, fixed = T.class_type(cls)
        if not isinstance(self.type, T.JuliaType):  # the parameter of a type may be any value
            return False
        answer = T.subtype(known, self.type) if fixed else None
        self[cls] = answer
        return answer


HELPERS["%isa"] = T.isa
_MAKERS: dict[tuple[Any, int], Any] = {}


def checked_maker(t: T.DataType, n: int) -> Any:
    """A function that makes an instance of a struct from its first `n` fields, which it converts."""
    found = _MAKERS.get((t, n))
    if found is None:
        scope: dict[str, Any] = {"make": structs.maker(t, n)}
        names = [f"x{i}" for i in range(n)]
        lines = []
        for x, declared in zip(names, t.field_types, strict=False):
            if declared is not T.Any_:
                scope[f"is_{x}"], scope[f"to_{x}"] = IsaTable(declared), _conversion(declared)
                lines.append(f"    if not is_{x}[type({x})]: {x} = to_{x}({x})\n")
        arguments = ", ".join(names)
        text = f"def checked({arguments}):\n{''.join(lines)}    return make({arguments})\n"
        exec(compile(text, __file__, "exec"), scope)
        found = _MAKERS[t, n] = scope["checked"]
    return found


def _conversion(t: Any) -> Any:
    def converted(x: Any) -> Any:
        return x if T.isa(x, t) else structs.checked(Base.bindings["convert"](t, x), t, "new")

    return converted


@helper("undefined")
def undefined() -> None:
    raise UndefRefError()


@helper("no_key")
def no_key(d: JuliaDict, key: Any) -> None:
    raise KeyError_(key)


@helper("dict_get_or_set")
def dict_get_or_set(d: JuliaDict, key: Any, default: Any) -> Any:
    return d.data.setdefault(key, default)


@helper("any_key_load")
def any_key_load(d: JuliaDict, key: Any) -> Any:
    """`d[k]` where keys are of any type."""
    found = d.data.get(key if type(key) in PLAIN else d.key(key), ABSENT)
    if found is ABSENT:
        raise KeyError_(key)
    return found


@helper("any_key_store")
def any_key_store(d: JuliaDict, value: Any, key: Any) -> JuliaDict:
    """`d[k] = v` where keys are of any type."""
    handle = key if type(key) in PLAIN else d.key(key)
    d.data[handle] = value
    d.names[handle] = key  # type: ignore[index]
    return d


@helper("any_key_in")
def any_key_in(d: JuliaDict, key: Any) -> bool:
    """`haskey(d, k)` where keys are of any type."""
    return (key if type(key) in PLAIN else d.key(key)) in d.data


@helper("few_digits")
def few_digits(s: str) -> bool:
    """Does a string consist of digits that make an Int64?"""
    return s.isdecimal() and len(s) < 19 and s.isascii()


@helper("dict_added")
def dict_added(d: JuliaDict, key: Any, value: Any) -> Any:
    d.data[key] = value
    return value


def _place(x: Any, v: Array) -> int | None:
    """How many elements come before the first that is `x`; None if one of them was never assigned."""
    data = v.data
    items = data.tolist() if data.ndim == 1 else data.ravel(order="F").tolist()
    try:
        place = items.index(x)
    except ValueError:
        place = len(items)
    if data.dtype == object and _NO_ELEMENT in map(id, items[:place]):
        return None
    return place


@helper("position_of")
def position_of(x: Any, v: Array) -> int | None:
    """`findfirst(==(x), v)` of elements that are looked up as they are."""
    place = _place(x, v)
    if place is None:
        return Base.bindings["findfirst"](Base.bindings["=="](x), v)  # type: ignore[no-any-return]
    return place + 1 if place < v.data.size else None


@helper("element_of")
def element_of(x: Any, v: Array) -> bool:
    """`x in v` of elements that are looked up as they are."""
    place = _place(x, v)
    return place < v.data.size if place is not None else Base.bindings["in"](x, v)


@helper("findfirst_of")
def findfirst_of(f: Any, closure_: Any, v: Array) -> int | None:
    i = 1
    for x in support.ITERATE(v):
        if f(closure_, x):
            return i
        i += 1
    return None


@helper("findlast_of")
def findlast_of(f: Any, closure_: Any, v: Array) -> int | None:
    i = len(v.data)
    while i > 0:
        if f(closure_, Base.bindings["getindex"](v, i)):
            return i
        i -= 1
    return None


@helper("findall_of")
def findall_of(f: Any, closure_: Any, v: Array) -> Array:
    found = [i for i, x in enumerate(support.ITERATE(v), 1) if f(closure_, x)]
    return make(np.array(found, np.int64), T.Int64)


@helper("char_in")
def char_in(c: V.Char, s: str) -> bool:
    return c.text in s if c.valid else c in V.chars(s)


@helper("char_not_in")
def char_not_in(c: V.Char, s: str) -> bool:
    return not char_in(c, s)


@helper("index_within")
def index_within(a: Array, at: Any) -> bool:
    return indices_within(a, *at.index)


@helper("indices_within")
def indices_within(a: Array, *at: int) -> bool:
    return all([0 < i <= n for i, n in zip(at, a.data.shape, strict=True)])


@helper("within")
def within(x: int, r: Any) -> bool:
    return r.start <= x <= r.stop  # type: ignore[no-any-return]


@helper("outside")
def outside(x: int, r: Any) -> bool:
    return not r.start <= x <= r.stop


@helper("set_push")
def set_push(s: JuliaSet, x: Any) -> JuliaSet:
    s.data.setdefault(x, x)
    return s


@helper("push")
def push(v: Array, x: Any) -> Array:
    v.push(x)
    return v


SPECIALISED.update((GenericFunction, JuliaDict, JuliaSet))


def bounds_error(error: IndexError) -> Any:
    """The BoundsError of an access in compiled code, found by its place in the code."""
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    if trace is not None:
        code = trace.tb_frame.f_code
        sites = code.co_consts[-1] if code.co_consts else None
        position = next(islice(code.co_positions(), trace.tb_lasti // 2, None), None)
        if isinstance(sites, Sites) and position is not None and position[2]:
            array, indices = sites.places[position[2] - 1]
            values = trace.tb_frame.f_locals
            return BoundsError(
                values[array],
                tuple(
                    offset if name is None else values[name] + offset for name, offset in indices
                ),
            )
    return None


def undefined_field(error: AttributeError) -> Any:
    """A field of a struct that was never assigned, or that it has not."""
    fields = getattr(error.obj, "fields", None)
    if isinstance(fields, tuple) and error.name in fields:
        return UndefRefError()
    if isinstance(error.obj, structs.Struct) and type(error.obj).__mro__[1] is structs.Struct:
        # one that a method of Base's reads where a user's type has none
        shown = T.type_string(T.typeof(error.obj))
        return ErrorException(f"type {shown.split('{')[0]} has no field {error.name}")
    return None


TRANSLATORS[IndexError] = bounds_error
TRANSLATORS[AttributeError] = undefined_field
