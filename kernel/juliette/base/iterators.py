"""Lazy iterators: `zip`, `enumerate` and the module `Iterators`.

Each is a small class with its rules for size and element type; they are together because they build
on one another.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from juliette.base.collecting import (
    Generator,
    collect_values,
    fitted,
    gather,
    lazy_type,
    product_shape,
)
from juliette.base.iteration import iterate_value, native_steps, resume
from juliette.base.iterator_sizes import (
    HasLength,
    IsInfinite,
    Lazy,
    SizeUnknown,
    eltype_of_iterator,
    has_shape,
    known_length,
    shape_of_iterator,
    size_of,
)
from juliette.compiler import support
from juliette.compiler.lattice import IN_STEP
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


# Collections that cannot be used up.
_NEVER_DONE = (tuple, str, Array, V.Range)


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
        return getattr(self, "is")

    def julia_iterator(self) -> Iterator[Any]:
        sources: tuple[Any, ...] = self.sources
        for x in sources:
            if not isinstance(x, _NEVER_DONE):
                isdone = Base.bindings["isdone"]
                told = [
                    not isinstance(x, _NEVER_DONE) and isdone(x) is not V.MISSING for x in sources
                ]
                if any(told):
                    return self._careful(told)
                break
        return zip(*map(iterate_value, sources), strict=False)

    def _careful(self, told: list[bool]) -> Iterator[Any]:
        """Who can tell that it is at its end is asked, and gives its element after the others: none is lost."""
        isdone, sources = Base.bindings["isdone"], self.sources
        steps = list(map(iterate_value, sources))
        order = sorted(range(len(sources)), key=told.__getitem__)
        values = [None] * len(sources)
        while not any(told[i] and isdone(sources[i]) is True for i in order):
            for i in order:
                try:
                    values[i] = next(steps[i])
                except StopIteration:
                    return
            yield tuple(values)

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


IN_STEP.update(T.unwrap(Iterators.bindings[name]).typename for name in ("Zip", "Enumerate"))


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
