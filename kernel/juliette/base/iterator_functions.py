"""The functions of the module `Iterators`, and `only`."""

from __future__ import annotations

import itertools
from typing import Any

from juliette.base.collecting import Generator
from juliette.base.iteration import ITERATE, iterate_value
from juliette.base.iterators import (
    NO_INIT,
    Accumulate,
    Count,
    Cycle,
    Drop,
    DropWhile,
    Flatten,
    Partition,
    Product,
    Repeated,
    Rest,
    Reverse,
    Take,
    TakeWhile,
    lazy_map,
)
from juliette.base.lazy import Iterators
from juliette.base.zipping import Enumerate, Zip
from juliette.runtime import types as T
from juliette.runtime import values as V
from juliette.runtime.errors import ArgumentError
from juliette.runtime.modules import Base


def function(header: str, f: Any, doc: str) -> None:
    """A function of `Iterators` with its documentation."""

    def method(*args: Any) -> Any:
        return f(*args)

    method.__doc__ = doc
    Iterators.method(header, transparent=True)(method)


def example(text: str, code: str, result: str) -> str:
    return f"{text}\n\n```jldoctest\njulia> {code}\n{result}\n```"


def turned(xs: Any) -> Any:
    """What runs through `xs` from its end."""
    if isinstance(xs, V.Range):
        return Base.bindings["reverse"](xs)
    return xs.itr if isinstance(xs, Reverse) else xs if isinstance(xs, Repeated) else Reverse(xs)


@Base.method("last(r::Base.Iterators.Reverse)")
def last_of_reverse(r: Reverse) -> Any:
    return Base.bindings["first"](r.itr)


@Base.method("last(e::Base.Iterators.Enumerate)")
def last_of_enumerate(e: Enumerate) -> Any:
    return Base.bindings["length"](e.itr), Base.bindings["last"](e.itr)


@Base.method("last(z::Base.Iterators.Zip)")
def last_of_zip(z: Zip) -> Any:
    end = min(map(Base.bindings["lastindex"], z.sources))
    return tuple([Base.bindings["getindex"](x, end) for x in z.sources])


@Base.method("last(g::Base.Generator)")
def last_of_generator(g: Generator) -> Any:
    return g.f(Base.bindings["last"](g.iter))


@Base.method("last(r::Base.Iterators.Repeated)")
def last_of_repeated(r: Repeated) -> Any:
    return r.x


def take(xs: Any, n: int) -> Any:
    """`take` of `take` is one `take`."""
    return Take(xs.xs, min(n, xs.n)) if isinstance(xs, Take) and n >= 0 else Take(xs, n)


def drop(xs: Any, n: int) -> Any:
    """`drop` of `drop` is one `drop`; of `take`, it goes inside."""
    if isinstance(xs, Drop) and n >= 0:
        return Drop(xs.xs, n + xs.n)
    if isinstance(xs, Take) and n >= 0:
        return Take(drop(xs.xs, n), max(0, xs.n - n))
    return Drop(xs, n)


function(
    "take(xs, n::Integer)",
    take,
    example(
        "At most the first `n` elements.",
        "collect(Iterators.take(1:2:9, 2))",
        "2-element Vector{Int64}:\n 1\n 3",
    ),
)
function(
    "drop(xs, n::Integer)",
    drop,
    example(
        "All but the first `n` elements.",
        "collect(Iterators.drop(1:4, 2))",
        "2-element Vector{Int64}:\n 3\n 4",
    ),
)
function(
    "takewhile(pred, xs)",
    TakeWhile,
    example(
        "Elements as long as `pred` is true.",
        "collect(Iterators.takewhile(<(3), 1:5))",
        "2-element Vector{Int64}:\n 1\n 2",
    ),
)
function(
    "dropwhile(pred, xs)",
    DropWhile,
    example(
        "Elements from the first on for which `pred` is false.",
        "collect(Iterators.dropwhile(<(3), 1:4))",
        "2-element Vector{Int64}:\n 3\n 4",
    ),
)
function("countfrom()", Count, "1, 2, 3, …")
function("countfrom(start)", Count, "`start`, `start + 1`, …")
function(
    "countfrom(start, step)",
    Count,
    example(
        "`start`, `start + step`, … without end.",
        "first(Iterators.countfrom(5, 2), 2)",
        "2-element Vector{Int64}:\n 5\n 7",
    ),
)
function(
    "cycle(xs)",
    Cycle,
    example(
        "The elements again and again.",
        "first(Iterators.cycle(1:2), 3)",
        "3-element Vector{Int64}:\n 1\n 2\n 1",
    ),
)
function(
    "cycle(xs, n::Integer)", lambda xs, n: Flatten(Take(Repeated(xs), n)), "The elements `n` times."
)
function("repeated(x)", Repeated, "`x` without end.")
function(
    "repeated(x, n::Integer)",
    lambda x, n: Take(Repeated(x), n),
    example(
        "`x`, `n` times.", "collect(Iterators.repeated(7, 2))", "2-element Vector{Int64}:\n 7\n 7"
    ),
)
function(
    "product(xs...)",
    Product,
    example(
        "All tuples with one element of each; the first changes fastest.",
        "collect(Iterators.product(1:2, 3:4))",
        "2×2 Matrix{Tuple{Int64, Int64}}:\n (1, 3)  (1, 4)\n (2, 3)  (2, 4)",
    ),
)
function(
    "flatten(xss)",
    Flatten,
    example(
        "The elements of the elements.",
        "collect(Iterators.flatten((1:2, 8:9)))",
        "4-element Vector{Int64}:\n 1\n 2\n 8\n 9",
    ),
)
function(
    "flatmap(f, xs...)",
    lambda f, *xs: Flatten(lazy_map(f, *xs)),
    example(
        "The elements of all `f(x)`.",
        "collect(Iterators.flatmap(n -> 1:n, 1:2))",
        "3-element Vector{Int64}:\n 1\n 1\n 2",
    ),
)
function(
    "partition(xs, n::Integer)",
    Partition,
    example(
        "Pieces of `n` elements; the last may be shorter.",
        "collect(Iterators.partition(1:5, 2))",
        "3-element Vector{UnitRange{Int64}}:\n 1:2\n 3:4\n 5:5",
    ),
)
function("reverse(xs)", lambda xs: turned(xs), "The elements from the last to the first.")
function("rest(itr)", lambda itr: itr, "All elements.")
function(
    "rest(itr, state)",
    lambda itr, st: itr.itr and Rest(itr.itr, st) if isinstance(itr, Rest) else Rest(itr, st),
    "The elements that follow a state of `iterate`.",
)


@Base.method("rest(itr)", export=False)
def whole(itr: Any) -> Any:
    """All elements: the rest of a destructuring before anything is taken."""
    if type(itr) is tuple or isinstance(itr, V.NamedTuple):
        return itr
    return what_is_left(itr, itr)


@Base.method("rest(itr, state)", export=False)
def rest_of(itr: Any, state: Any) -> Any:
    """What `a, b... = itr` gives to `b`: the elements that follow a state of `iterate`.

    ```jldoctest
    julia> letters = ["a", "b", "c"];

    julia> head, state = iterate(letters);

    julia> Base.rest(letters, state)
    2-element Vector{String}:
     "b"
     "c"

    julia> Base.rest((1, 2, 3), 3)
    (3,)
    ```
    """
    if type(itr) is tuple:
        return itr[state - 1 :]
    if isinstance(itr, V.NamedTuple):
        return V.NamedTuple(itr.names[state - 1 :], itr.values[state - 1 :])
    return what_is_left(itr, Rest(itr, state))


def what_is_left(itr: Any, following: Any) -> Any:
    """The elements that follow in a collection: of a string as a string, of an array as a vector."""
    if isinstance(itr, (str, V.SubString)):
        return Base.bindings["join"](following)
    if T.isa(itr, T.AbstractArray):
        return Base.bindings["collect"](Base.bindings["eltype"](itr), following)
    return following


@Iterators.method("peel(itr)", transparent=True)
def peel(itr: Any) -> Any:
    """The first element and an iterator over the rest; `nothing` if there is no element.

    ```jldoctest
    julia> a, rest = Iterators.peel("abc");

    julia> a, collect(rest)
    ('a', ['b', 'c'])
    ```
    """
    step = ITERATE(itr)
    return None if step is None else (step[0], Rest(itr, step[1]))


@Iterators.method("accumulate(f, xs; init)", transparent=True)
def lazy_accumulate(f: Any, xs: Any, *, init: Any = NO_INIT) -> Any:
    """All partial folds, as they are wanted."""
    return Accumulate(f, xs, init)


@Base.method("only(x)", transparent=True)
def only(x: Any) -> Any:
    """The one element of a collection that has exactly one.

    ```jldoctest
    julia> only(["a"])
    "a"
    ```
    """
    if type(x) is tuple:
        if len(x) != 1:
            raise ArgumentError(f"Tuple contains {len(x)} elements, must contain exactly 1 element")
        return x[0]
    if isinstance(x, V.NamedTuple):
        if len(x.values) != 1:
            raise ArgumentError(
                f"NamedTuple contains {len(x.values)} elements, must contain exactly 1 element"
            )
        return x.values[0]
    items = list(itertools.islice(iterate_value(x), 2))
    if len(items) == 1:
        return items[0]
    what = "multiple elements" if items else "empty"
    raise ArgumentError(
        "Collection has multiple elements, must contain exactly 1 element"
        if items
        else f"Collection is {what}, must contain exactly 1 element"
    )


for _name in ("Flatten", "Filter", "product"):
    Base.const(_name, Iterators.bindings[_name], export=False)
Iterators.set("only", Base.bindings["only"], const=True)
# The others have names that Base gives to what is not lazy, and must be qualified.
Iterators.exports = {
    "enumerate",
    "zip",
    "rest",
    "countfrom",
    "take",
    "drop",
    "takewhile",
    "dropwhile",
    "cycle",
    "repeated",
    "product",
    "flatten",
    "flatmap",
    "partition",
}
