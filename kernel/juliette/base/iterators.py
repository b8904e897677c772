"""The module `Iterators`: lazy iterators that choose, repeat and combine.

Each is a small class with its rules for size and element type; they are together because they build
on one another.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from typing import Any

import numpy as np

from juliette.base.collecting import Generator, collect_values, fitted, gather, product_shape
from juliette.base.iteration import iterate_value, resume
from juliette.base.iterator_sizes import (
    HasLength,
    IsInfinite,
    Lazy,
    SizeUnknown,
    eltype_of_iterator,
    has_shape,
    known_length,
    size_of,
)
from juliette.base.lazy import Iterators, Wrapping, lazily, length_of
from juliette.base.zipping import Enumerate, Zip
from juliette.compiler import support
from juliette.runtime import types as T
from juliette.runtime import values as V
from juliette.runtime.array import Array
from juliette.runtime.errors import ArgumentError
from juliette.runtime.modules import Base

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
        return self.n if size_of(self.xs) is IsInfinite else min(self.n, length_of(self.xs))


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
        return max(length_of(self.xs) - self.n, 0)


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
        return each * length_of(self.it)

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
        return -(-length_of(self.c) // self.n)

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
            n = length_of(x.itr)
            return zip(range(n, 0, -1), Reverse(x.itr).julia_iterator(), strict=False)
        return reversed(collect_values(x))
