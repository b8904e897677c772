"""Lazy iterators: `zip`, `enumerate` and the module `Iterators`.

Each is a small class with its rules for size and element type; they are together because they build
on one another.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from juliette.base.iteration import (
    ITERATE,
    Generator,
    HasLength,
    IsInfinite,
    Lazy,
    SizeUnknown,
    collect_values,
    eltype_of_iterator,
    fitted,
    gather,
    has_shape,
    iterate_value,
    known_length,
    lazy_type,
    native_steps,
    product_shape,
    resume,
    shape_of_iterator,
    size_of,
)
from juliette.compiler import support
from juliette.runtime import types as T
from juliette.runtime import values as V
from juliette.runtime.array import Array
from juliette.runtime.dispatch import GenericFunction
from juliette.runtime.errors import ArgumentError, DimensionMismatch
from juliette.runtime.modules import Base, Module, constructors

Iterators = Module("Iterators", Base)
Iterators.visible = Iterators.bindings["__builtins__"] = Base.bindings
Base.const("Iterators", Iterators)
for _name in ("filter", "map", "accumulate", "reverse"):
    # These differ from Base's functions of the same name: they are lazy.
    Iterators.set(_name, GenericFunction(_name, Iterators), const=True)


def _length(x: Any) -> int:
    return int(Base.bindings["length"](x))


def lazily(
    name: str, params: str, parameters: Callable[[Any], tuple[Any, ...]]
) -> Callable[[type], type]:
    """Make a class the class of `Base.Iterators.Name{params}`, with its `iterate` methods."""

    def register(cls: type) -> type:
        family = lazy_type(cls, f"Base.Iterators.{name}", params, parameters)
        many = name in ("Zip", "ProductIterator")  # the one field holds all iterators
        support._builtin(
            constructors(family),
            T.tuple_type([T.Type_, T.Vararg(T.Any_)]),
            lambda t, *args: cls(*args[0]) if many else cls(*args),
            ("args",),
        )
        Iterators.set(name, family, const=True)
        native_steps(name, module=Iterators)
        return cls

    return register


class Wrapping(Lazy):
    """A lazy iterator over one other, element by element."""

    __slots__ = ()

    @property
    def source(self) -> Any:
        return self.itr  # type: ignore[attr-defined]

    def size(self) -> Any:
        return size_of(self.source)

    def iteration_shape(self) -> tuple[int, ...] | None:
        return shape_of_iterator(self.source)

    def iteration_length(self) -> int:
        return _length(self.source)

    def element_type(self) -> Any:
        return eltype_of_iterator(self.source)


# ---------------------------------------------------------------- zip and enumerate


def zipped_shape(shapes: list[tuple[int, ...]]) -> tuple[int, ...]:
    """The shape of what is gone over together: vectors end with the shortest, other shapes must agree."""
    if len(shapes[0]) == 1:
        return (min(shapes)[0],)
    for other in shapes[1:]:
        if other != shapes[0]:
            axes = [tuple(V.OneTo(n) for n in shape) for shape in (shapes[0], other)]
            Base.bindings["promote_shape"](*axes)
    return shapes[0]


@lazily("Zip", "Is", lambda z: (T.tuple_type(map(T.typeof, z.sources)),))
class Zip(Lazy):
    """`zip(xs...)`"""

    # Julia's name of the field is a keyword of Python.
    __slots__ = ("is",)
    fields = ("is",)

    def __init__(self, *sources: Any) -> None:
        setattr(self, "is", sources)

    @property
    def sources(self) -> tuple[Any, ...]:
        return getattr(self, "is")  # type: ignore[no-any-return]

    def julia_iterator(self) -> Iterator[Any]:
        return zip(*map(iterate_value, self.sources), strict=False)

    def size(self) -> Any:
        sizes = [size_of(x) for x in self.sources]
        if any(s is SizeUnknown for s in sizes):
            return SizeUnknown
        finite = [s for s in sizes if s is not IsInfinite]
        if not finite:
            return IsInfinite
        return (
            finite[0]
            if len(finite) == len(sizes) and all(s is finite[0] or s == finite[0] for s in finite)
            else HasLength
        )

    def iteration_shape(self) -> tuple[int, ...] | None:
        shapes = [shape_of_iterator(x) for x in self.sources]
        if not shapes or any(s is None or len(s) != len(shapes[0] or ()) for s in shapes):
            return None
        return zipped_shape(shapes)  # type: ignore[arg-type]

    def without_shape(self, function: str) -> Exception:
        shapes = [shape_of_iterator(x) for x in self.sources]
        if None not in shapes and len(set(shapes)) > 1:
            return DimensionMismatch("dimensions must match in zip")
        return super().without_shape(function)

    def iteration_length(self) -> int:
        finite = [x for x in self.sources if size_of(x) is not IsInfinite]
        if not finite:
            raise ArgumentError("iterator is of undefined length")
        return min(map(_length, finite))

    def element_type(self) -> Any:
        types = [eltype_of_iterator(x) for x in self.sources]
        return None if None in types else T.tuple_type(types)


@Base.method("zip(xs...)", transparent=True)
def zip_(*xs: Any) -> Any:
    """Iterate over several collections at the same time, until one of them ends.

    ```jldoctest
    julia> collect(zip(1:3, ["a", "b"]))
    2-element Vector{Tuple{Int64, String}}:
     (1, "a")
     (2, "b")
    ```
    """
    return Zip(*xs)


@lazily("Enumerate", "I", lambda e: (T.typeof(e.itr),))
class Enumerate(Wrapping):
    """`enumerate(xs)`"""

    __slots__ = ("itr",)
    fields = ("itr",)

    def __init__(self, itr: Any) -> None:
        self.itr = itr

    def julia_iterator(self) -> Iterator[Any]:
        return enumerate(iterate_value(self.itr), 1)

    def element_type(self) -> Any:
        t = eltype_of_iterator(self.itr)
        return None if t is None else T.tuple_type([T.Int64, t])


@Base.method("enumerate(x)", transparent=True)
def enumerate_(x: Any) -> Any:
    """Pairs of a counter and the element: `(1, x₁), (2, x₂), …`.

    ```jldoctest
    julia> for (i, c) in enumerate("ab")
               println(i, c)
           end
    1a
    2b
    ```
    """
    return Enumerate(x)


Iterators.set("zip", Base.bindings["zip"], const=True)
Iterators.set("enumerate", Base.bindings["enumerate"], const=True)

# ---------------------------------------------------------------- choosing elements


@lazily("Filter", "F I", lambda f: (T.typeof(f.flt), T.typeof(f.itr)))
class Filter(Wrapping):
    """`Iterators.filter(f, xs)`"""

    __slots__ = ("flt", "itr")
    fields = ("flt", "itr")

    def __init__(self, flt: Any, itr: Any) -> None:
        self.flt = flt
        self.itr = itr

    def julia_iterator(self) -> Iterator[Any]:
        test = self.flt
        for x in iterate_value(self.itr):
            keep = test(x)
            if keep is True or (keep is not False and support.truth(keep)):
                yield x

    def size(self) -> Any:
        return SizeUnknown if size_of(self.itr) is not IsInfinite else IsInfinite

    def iteration_shape(self) -> None:
        return None

    def iteration_length(self) -> int:
        return Lazy.iteration_length(self)


@Iterators.method("filter(flt, itr)", transparent=True)
def lazy_filter(flt: Any, itr: Any) -> Any:
    """The elements for which `flt` is true, found as they are wanted."""
    return Filter(flt, itr)


support.HELPERS["%filtered"] = Filter


@Iterators.method("map(f, xs...)", transparent=True)
def lazy_map(f: Any, *xs: Any) -> Any:
    """`f` of each element, computed as it is wanted."""
    return Generator(f, xs[0]) if len(xs) == 1 else Generator(lambda args: f(*args), Zip(*xs))


class Limited(Wrapping):
    """A lazy iterator over a part of another."""

    __slots__ = ()

    def iteration_shape(self) -> tuple[int, ...] | None:
        return None

    def size(self) -> Any:
        inner = size_of(self.source)
        return inner if inner is SizeUnknown or inner is IsInfinite else HasLength


@lazily("Take", "I", lambda t: (T.typeof(t.xs),))
class Take(Limited):
    """`Iterators.take(xs, n)`"""

    __slots__ = ("n", "xs")
    fields = ("xs", "n")

    def __init__(self, xs: Any, n: int) -> None:
        if n < 0:
            raise ArgumentError("Take length must be non-negative")
        self.xs, self.n = xs, n

    @property
    def source(self) -> Any:
        return self.xs

    def julia_iterator(self) -> Iterator[Any]:
        return itertools.islice(iterate_value(self.xs), self.n)

    def size(self) -> Any:
        return SizeUnknown if size_of(self.xs) is SizeUnknown else HasLength

    def iteration_length(self) -> int:
        return self.n if size_of(self.xs) is IsInfinite else min(self.n, _length(self.xs))


@lazily("Drop", "I", lambda t: (T.typeof(t.xs),))
class Drop(Limited):
    """`Iterators.drop(xs, n)`"""

    __slots__ = ("n", "xs")
    fields = ("xs", "n")

    def __init__(self, xs: Any, n: int) -> None:
        if n < 0:
            raise ArgumentError("Drop length must be non-negative")
        self.xs, self.n = xs, n

    @property
    def source(self) -> Any:
        return self.xs

    def julia_iterator(self) -> Iterator[Any]:
        return itertools.islice(iterate_value(self.xs), self.n, None)

    def iteration_length(self) -> int:
        return max(_length(self.xs) - self.n, 0)


class Conditional(Limited):
    """A part that a condition ends or begins."""

    __slots__ = ("pred", "xs")

    def __init__(self, pred: Any, xs: Any) -> None:
        self.pred, self.xs = pred, xs

    @property
    def source(self) -> Any:
        return self.xs

    def size(self) -> Any:
        return SizeUnknown

    def iteration_length(self) -> int:
        return Lazy.iteration_length(self)


@lazily("TakeWhile", "I P", lambda t: (T.typeof(t.xs), T.typeof(t.pred)))
class TakeWhile(Conditional):
    """`Iterators.takewhile(pred, xs)`"""

    __slots__ = ()
    fields = ("pred", "xs")

    def julia_iterator(self) -> Iterator[Any]:
        return itertools.takewhile(self.pred, iterate_value(self.xs))


@lazily("DropWhile", "I P", lambda t: (T.typeof(t.xs), T.typeof(t.pred)))
class DropWhile(Conditional):
    """`Iterators.dropwhile(pred, xs)`"""

    __slots__ = ()
    fields = ("pred", "xs")

    def julia_iterator(self) -> Iterator[Any]:
        return itertools.dropwhile(self.pred, iterate_value(self.xs))


@lazily("Rest", "I S", lambda r: (T.typeof(r.itr), T.typeof(r.st)))
class Rest(Limited):
    """`Iterators.rest(itr, state)`"""

    __slots__ = ("itr", "st")
    fields = ("itr", "st")

    def __init__(self, itr: Any, st: Any) -> None:
        self.itr, self.st = itr, st

    def julia_iterator(self) -> Iterator[Any]:
        return resume(self.itr, self.st)

    def size(self) -> Any:
        return IsInfinite if size_of(self.itr) is IsInfinite else SizeUnknown

    def iteration_length(self) -> int:
        return Lazy.iteration_length(self)


# ---------------------------------------------------------------- without end


@lazily("Count", "T S", lambda c: (T.typeof(c.start), T.typeof(c.step)))
class Count(Lazy):
    """`Iterators.countfrom(start, step)`"""

    __slots__ = ("start", "step")
    fields = ("start", "step")

    def __init__(self, start: Any = 1, step: Any = 1) -> None:
        # what comes later may be of a wider type, which the first is of too
        if type(start) is not type(step) or isinstance(start, Array):
            start = Base.bindings["convert"](
                Base.bindings["promote_type"](
                    T.typeof(start), T.typeof(Base.bindings["+"](start, step))
                ),
                start,
            )
        self.start, self.step = start, step

    def julia_iterator(self) -> Iterator[Any]:
        add, x = Base.bindings["+"], self.start
        while True:
            yield x
            x = add(x, self.step)

    def size(self) -> Any:
        return IsInfinite

    def element_type(self) -> Any:
        return T.typeof(self.start)


@lazily("Cycle", "I", lambda c: (T.typeof(c.xs),))
class Cycle(Limited):
    """`Iterators.cycle(xs)`"""

    __slots__ = ("xs",)
    fields = ("xs",)

    def __init__(self, xs: Any) -> None:
        self.xs = xs

    @property
    def source(self) -> Any:
        return self.xs

    def julia_iterator(self) -> Iterator[Any]:
        while True:
            empty = True
            for x in iterate_value(self.xs):
                empty = False
                yield x
            if empty:
                return

    def size(self) -> Any:
        return IsInfinite

    def iteration_length(self) -> int:
        return Lazy.iteration_length(self)


@lazily("Repeated", "O", lambda r: (T.typeof(r.x),))
class Repeated(Lazy):
    """`Iterators.repeated(x)`"""

    __slots__ = ("x",)
    fields = ("x",)

    def __init__(self, x: Any) -> None:
        self.x = x

    def julia_iterator(self) -> Iterator[Any]:
        return itertools.repeat(self.x)

    def size(self) -> Any:
        return IsInfinite

    def element_type(self) -> Any:
        return T.typeof(self.x)


# ---------------------------------------------------------------- combining


@lazily("ProductIterator", "T", lambda p: (T.tuple_type(map(T.typeof, p.iterators)),))
class Product(Lazy):
    """`Iterators.product(xs...)`: the first runs fastest."""

    __slots__ = ("iterators",)
    fields = ("iterators",)

    def __init__(self, *iterators: Any) -> None:
        self.iterators = iterators

    def julia_iterator(self) -> Iterator[Any]:
        if any(size_of(x) is IsInfinite for x in self.iterators):
            return _nested(self.iterators)
        return (t[::-1] for t in itertools.product(*map(iterate_value, self.iterators[::-1])))

    def size(self) -> Any:
        shape = self.iteration_shape()
        if shape is not None:
            return has_shape(len(shape))
        sizes = [size_of(x) for x in self.iterators]
        return IsInfinite if any(s is IsInfinite for s in sizes) else SizeUnknown

    def iteration_shape(self) -> tuple[int, ...] | None:
        return product_shape(self.iterators)

    def iteration_length(self) -> int:
        shape = self.iteration_shape()
        if shape is None:
            raise self.without_shape("length")
        return int(np.prod(shape, dtype=int))

    def without_shape(self, function: str) -> Exception:
        for x in self.iterators:
            if size_of(x) in (IsInfinite, SizeUnknown):
                return ArgumentError(
                    f"Cannot compute {'size' if function != 'length' else 'length'} for object of type {T.type_string(T.typeof(x))}"
                )
        return super().without_shape(function)

    def element_type(self) -> Any:
        types = [eltype_of_iterator(x) for x in self.iterators]
        return None if None in types else T.tuple_type(types)


def _nested(iterators: tuple[Any, ...]) -> Iterator[tuple[Any, ...]]:
    """The tuples of a product step by step, as they must be where an iterator has no end."""
    if not iterators:
        yield ()
        return
    for rest in _nested(iterators[1:]):
        for x in iterate_value(iterators[0]):
            yield (x, *rest)


@Base.method("intersect(a::Base.Iterators.ProductIterator, b::Base.Iterators.ProductIterator)")
def intersect_products(a: Product, b: Product) -> Product:
    """The product of what the iterators have in common, one by one."""
    return Product(*map(Base.bindings["intersect"], a.iterators, b.iterators))


support.HELPERS["%product"] = Product


@lazily("Flatten", "I", lambda f: (T.typeof(f.it),))
class Flatten(Lazy):
    """`Iterators.flatten(xss)`"""

    __slots__ = ("it",)
    fields = ("it",)

    def __init__(self, it: Any) -> None:
        self.it = it

    def julia_iterator(self) -> Iterator[Any]:
        for inner in iterate_value(self.it):
            yield from iterate_value(inner)

    def size(self) -> Any:
        return SizeUnknown if self.each() is None or known_length(self.it) is None else HasLength

    def each(self) -> int | None:
        """How many elements each of the iterators has, if their type says it."""
        t = T.Bottom if self.it == () else eltype_of_iterator(self.it)
        if t is None:
            return None
        if t is T.Bottom or T.subtype(t, T.Number):
            return 1
        kinds = (
            t.parameters
            if isinstance(t, T.DataType) and t.typename is T.TUPLE_NAME
            else (T.Vararg(T.Any_),)
        )
        return None if kinds and isinstance(kinds[-1], T.Vararg) else len(kinds)

    def iteration_length(self) -> int:
        each = self.each()
        if each is None:
            raise ArgumentError(
                "Iterates of the argument to Flatten are not known to have constant length"
            )
        return each * _length(self.it)

    def element_type(self) -> Any:
        if type(self.it) is tuple and not self.it:
            return T.Bottom
        t = eltype_of_iterator(self.it)
        if t is None or t is T.Any_:
            return None
        inner = Base.bindings["eltype"](t)
        return None if inner is T.Any_ and not T.subtype(t, T.AbstractArray) else inner


support.HELPERS["%flatten"] = Flatten


@lazily("PartitionIterator", "T", lambda p: (T.typeof(p.c),))
class Partition(Lazy):
    """`Iterators.partition(xs, n)`"""

    __slots__ = ("c", "n")
    fields = ("c", "n")

    def __init__(self, c: Any, n: int) -> None:
        if n < 1:
            raise ArgumentError(f"cannot create partitions of length {n}")
        self.c, self.n = c, n

    def julia_iterator(self) -> Iterator[Any]:
        c, n = self.c, self.n
        if isinstance(c, (Array, V.BitArray)):
            view = Base.bindings["view"]
            total = int(c.data.size)
            flat = c if c.data.ndim == 1 else Base.bindings["vec"](c)
            for i in range(1, total + 1, n):
                yield view(flat, V.UnitRange(i, min(i + n - 1, total)))
            return
        if isinstance(c, V.Range):
            for i in range(1, len(c) + 1, n):
                yield Base.bindings["getindex"](c, V.UnitRange(i, min(i + n - 1, len(c))))
            return
        it = iterate_value(c)
        while chunk := list(itertools.islice(it, n)):
            t = eltype_of_iterator(c)
            yield gather(chunk, None) if t is None else fitted(chunk, None, t)

    def size(self) -> Any:
        n = known_length(self.c)
        return HasLength if n is not None else size_of(self.c)

    def iteration_length(self) -> int:
        return -(-_length(self.c) // self.n)

    def element_type(self) -> Any:
        from juliette.base.iterator_traits import partition_traits

        return partition_traits(T.typeof(self.c))[1]


@lazily("Accumulate", "F I T", lambda a: (T.typeof(a.f), T.typeof(a.itr), T.typeof(a.init)))
class Accumulate(Wrapping):
    """`Iterators.accumulate(f, xs; init)`"""

    __slots__ = ("f", "init", "itr")
    fields = ("f", "itr", "init")

    def __init__(self, f: Any, itr: Any, init: Any) -> None:
        self.f, self.itr, self.init = f, itr, init

    def julia_iterator(self) -> Iterator[Any]:
        f, it = self.f, iter(iterate_value(self.itr))
        if isinstance(self.init, NoInit):
            try:
                acc = next(it)
            except StopIteration:
                return
            yield acc
        else:
            acc = self.init
        for x in it:
            acc = f(acc, x)
            yield acc

    def element_type(self) -> Any:
        return None


class NoInit:
    """Stands for an initial value that was not given."""


NO_INIT = NoInit()
T.register_class(NoInit, T.define("Base._InitialValue"))


@lazily("Reverse", "T", lambda r: (T.typeof(r.itr),))
class Reverse(Wrapping):
    """`Iterators.reverse(xs)`"""

    __slots__ = ("itr",)
    fields = ("itr",)

    def __init__(self, itr: Any) -> None:
        self.itr = itr

    def julia_iterator(self) -> Iterator[Any]:
        x = self.itr
        if isinstance(x, Cycle):
            return Cycle(Reverse(x.xs)).julia_iterator()
        if isinstance(x, Generator):
            return map(x.f, Reverse(x.iter).julia_iterator())
        if isinstance(x, Zip):
            return zip(*(Reverse(s).julia_iterator() for s in x.sources), strict=False)
        if isinstance(x, Enumerate):
            n = _length(x.itr)
            return zip(range(n, 0, -1), Reverse(x.itr).julia_iterator(), strict=False)
        return reversed(collect_values(x))


# ---------------------------------------------------------------- the functions of the module


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
    return Base.bindings["rest"](itr, None)


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
        return itr if state is None else itr[state - 1 :]
    following = itr if state is None else Rest(itr, state)
    if isinstance(itr, (str, V.SubString)):
        return Base.bindings["join"](following)
    if isinstance(itr, (V.NamedTuple, Array)):
        return Base.bindings["vec"](Base.bindings["collect"](following))
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
