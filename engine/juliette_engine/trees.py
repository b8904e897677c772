"""Models as trees: how values open into parts, which parts train, and walks over them.

A class enters with `register`; arrays of another library with `register_array`.  Tuples, lists,
dictionaries and numpy arrays are known from the start.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import numpy as np

from juliette_engine.tape import Node

Parts = tuple[tuple[Any, ...], tuple[Any, ...]]


class Opener(NamedTuple):
    """How the values of a class open and close.

    `children(x)` gives keys and values, or None where this one is a leaf; `rebuild(x, values)` the
    same with other values; `trainable(x)` the keys of the parts that train; `mirror(x, keys,
    values)` the plain tree that stands for `x` in gradients and states; `received(x, g)` the tree
    of gradients of the parts, for the gradient of the whole.
    """

    children: Callable[[Any], Parts | None]
    rebuild: Callable[[Any, tuple[Any, ...]], Any]
    trainable: Callable[[Any], tuple[Any, ...] | None] = lambda x: None
    mirror: Callable[[Any, tuple[Any, ...], tuple[Any, ...]], Any] = lambda x, keys, values: dict(
        zip(keys, values, strict=True)
    )
    received: Callable[[Any, Any], Any] = lambda x, g: g


class ArrayKind(NamedTuple):
    """Arrays of another library: their numpy data, and the same kind over other data.

    Where the data may be a copy, `put(x, data)` writes what has become of it into `x`; `like(x, data)` keeps more of `x`
    than its kind, such as the structure of a matrix.
    """

    data: Callable[[Any], Any]
    wrap: Callable[[Any], Any]
    put: Callable[[Any, Any], None] | None = None
    like: Callable[[Any, Any], Any] | None = None


_OPENERS: dict[type, Opener] = {}
_ARRAYS: dict[type, ArrayKind | None] = {}
_FOUND: dict[type, tuple[Opener | None, ArrayKind | None]] = {}


def register(cls: type, opener: Opener) -> None:
    """Let values of a class and its subclasses open."""
    _OPENERS[cls] = opener
    _FOUND.clear()


def register_array(cls: type, kind: ArrayKind | None) -> None:
    """Make a class known as a class of arrays; None: it is none, although a class above it is."""
    _ARRAYS[cls] = kind
    _FOUND.clear()


def _find(cls: type) -> tuple[Opener | None, ArrayKind | None]:
    found = _FOUND.get(cls)
    if found is None:
        opener = next((_OPENERS[c] for c in cls.__mro__ if c in _OPENERS), None)
        array = next((_ARRAYS[c] for c in cls.__mro__ if c in _ARRAYS), None)
        found = _FOUND[cls] = (opener, array)
    return found


register_array(np.ndarray, ArrayKind(lambda x: x, lambda data: data))
register(
    tuple, Opener(lambda x: (tuple(range(len(x))), x), lambda x, v: v, mirror=lambda x, k, v: v)
)
register(
    list,
    Opener(
        lambda x: (tuple(range(len(x))), tuple(x)),
        lambda x, v: list(v),
        mirror=lambda x, k, v: list(v),
    ),
)
register(
    dict,
    Opener(
        lambda x: (tuple(x), tuple(x.values())),
        lambda x, v: dict(zip(x, v, strict=True)),
    ),
)


def is_array(x: Any) -> bool:
    """Is this an array of numbers?"""
    kind = _find(type(x))[1]
    return kind is not None and kind.data(x).dtype.kind in "fiubc"


def data(x: Any) -> Any:
    """The numpy array in an array of any kind."""
    kind = _find(type(x))[1]
    return x if kind is None else kind.data(x)


def putter(x: Any) -> Callable[[Any, Any], None] | None:
    """How changed data goes back into an array whose data may be a copy."""
    kind = _find(type(x))[1]
    return None if kind is None else kind.put


def data_of(cls: type) -> Callable[[Any], Any]:
    """`data` for the values of one class."""
    kind = _find(cls)[1]
    return _itself if kind is None else kind.data


def _itself(x: Any) -> Any:
    return x


def wrap_like(x: Any, new: Any) -> Any:
    """New data as an array of the kind of `x`."""
    kind = _find(type(x))[1]
    return new if kind is None else kind.wrap(new)


def refilled(x: Any, new: Any) -> Any:
    """The array `x` with other numbers, of its structure."""
    kind = _find(type(x))[1]
    if kind is None:
        return new
    return kind.wrap(new) if kind.like is None else kind.like(x, new)


def size(x: Any) -> tuple[int, ...]:
    """The size of an array of any kind; `()` for numbers."""
    return tuple(getattr(data(x), "shape", ()))


def children(x: Any) -> Parts | None:
    """Keys and values of the parts, or None for a leaf."""
    opener, _ = _find(type(x))
    return None if opener is None else opener.children(x)


def children_of(cls: type) -> Callable[[Any], Parts | None]:
    """`children` for the values of one class."""
    opener, _ = _find(cls)
    return _closed if opener is None else opener.children


def _closed(x: Any) -> None:
    return None


def rebuild(x: Any, values: tuple[Any, ...]) -> Any:
    """The same node around other parts."""
    opener = _find(type(x))[0]
    assert opener is not None
    return opener.rebuild(x, values)


def mirror(x: Any, keys: tuple[Any, ...], values: tuple[Any, ...]) -> Any:
    """The plain tree that stands for a node."""
    opener = _find(type(x))[0]
    assert opener is not None
    return opener.mirror(x, keys, values)


def received(x: Any, gradient: Any) -> Any:
    """The gradients of the parts of `x`, by their keys, where the gradient of the whole may be an array."""
    opener = _find(type(x))[0]
    return gradient if opener is None else opener.received(x, gradient)


def plain_gradient(g: Any) -> Any:
    """A gradient as a tree of arrays, as another library may have it otherwise; the same if there is nothing to do."""
    return _plain_gradient[0](g)


_plain_gradient: list[Callable[[Any], Any]] = [lambda g: g]


def set_plain_gradient(f: Callable[[Any], Any]) -> None:
    """Let `f` make plain trees of gradients."""
    _plain_gradient[0] = f


def trainable(x: Any) -> tuple[Any, ...] | None:
    """The keys of the parts of `x` that train; None means all.

    A layer of one's own says so with `trainable_fields`.

    Source: Optimisers, `trainable`.
    """
    opener = _find(type(x))[0]
    return None if opener is None else opener.trainable(x)


def part(tree: Any, key: Any) -> Any:
    """The part of a tree with this key, or None; keys of sequences are positions."""
    parts = children(tree)
    if parts is None:
        return None
    keys, values = parts
    if key in keys:
        return values[keys.index(key)]
    return None


def trained_parts(x: Any) -> Parts | None:
    """Like `children`, without the parts that do not train."""
    parts = children(x)
    if parts is None:
        return None
    wanted = trainable(x)
    if wanted is None:
        return parts
    keys, values = parts
    return wanted, tuple(values[keys.index(k)] for k in wanted)


# Classes whose values are parameters themselves, without being arrays.
PARAMETER_TYPES: set[type] = set()


# The walks below are functions of their own: one that refers to itself from inside is a cycle, and what
# it has seen stays until the garbage collector comes.


def parameters(x: Any) -> Iterator[Any]:
    """The arrays that train, each once by identity, in the order of the fields."""
    return _parameters(x, {})


def _parameters(x: Any, seen: dict[int, Any]) -> Iterator[Any]:
    if id(x) in seen:
        return
    if is_array(x) or type(x) in PARAMETER_TYPES:
        seen[id(x)] = x
        yield x
        return
    parts = trained_parts(x)
    if parts is not None and parts[0]:
        seen[id(x)] = x  # it may hold itself
        for value in parts[1]:
            yield from _parameters(value, seen)


def trains(x: Any) -> bool:
    """Can this array be trained: does it hold floating-point or complex numbers?"""
    return is_array(x) and data(x).dtype.kind in "fc"


def trainables(x: Any, *, path: bool = False) -> list[Any]:
    """The floating-point arrays of `x` that train, with their key paths if `path`.

    Source: Optimisers, `trainables`.
    """
    found: dict[int, tuple[tuple[Any, ...], Any]] = {}
    _trainables(x, (), found)
    return list(found.values()) if path else [x for _, x in found.values()]


def same(x: Any) -> int:
    """What an array is known by: within a gradient each place has a tracer of its own, and they share their data."""
    return id(x.data) if isinstance(x, Node) else id(x)


def _trainables(
    x: Any, where: tuple[Any, ...], found: dict[int, tuple[tuple[Any, ...], Any]]
) -> None:
    if is_array(x):
        if trains(x):
            found.setdefault(same(x), (where, x))
        return
    parts = trained_parts(x)
    if parts is not None:
        for key, value in zip(*parts, strict=True):
            _trainables(value, (*where, key), found)


def arrays(x: Any) -> Iterator[Any]:
    """All arrays of numbers, as often as they occur."""
    if is_array(x):
        yield x
        return
    parts = children(x)
    if parts is not None:
        for value in parts[1]:
            yield from arrays(value)


def nodes(x: Any) -> list[Any]:
    """Everything that opens into parts, from the root down, each once."""
    found: dict[int, Any] = {}
    _nodes(x, found)
    return list(found.values())


def _nodes(x: Any, found: dict[int, Any]) -> None:
    parts = None if is_array(x) else children(x)
    if parts is None or id(x) in found:
        return
    found[id(x)] = x
    for value in parts[1]:
        _nodes(value, found)


def is_leaf(x: Any) -> bool:
    """Does this value not open?"""
    parts = None if is_array(x) else children(x)
    return parts is None or not parts[0]


# Values without an identity of their own, which are not looked for twice.
_VALUES = {int, float, bool, str, np.float32, np.float64}


def fmap(
    f: Callable[..., Any],
    x: Any,
    *others: Any,
    exclude: Callable[[Any], bool] = is_leaf,
    path: bool = False,
    structure: bool = False,
    pruned: Callable[[Any], tuple[Any, ...]] | None = lambda x: (),
    counterpart: Callable[[Any, Any], Any] = part,
) -> Any:
    """`f` on every leaf of `x`, and the tree built up again; a shared node is visited once.

    `others` are trees with the same parts.  What `exclude` is true for is a leaf.  With `path`, `f` first gets the path to
    the leaf; with `structure`, plain trees take the place of the nodes.  `pruned(x)` holds what stands for a node
    that was met before, if not what was made of it; without `pruned`, such nodes are met again.
    `counterpart(tree, key)` is the part of another tree that belongs to the part `key`.

    Source: Functors, `fmap`.
    """
    return _Map(f, exclude, path, structure, pruned, counterpart).visit((), x, *others)


class _Map:
    """One `fmap`: what to do, and the nodes that were met."""

    def __init__(
        self,
        f: Callable[..., Any],
        exclude: Callable[[Any], bool],
        path: bool,
        structure: bool,
        pruned: Any,
        counterpart: Any,
    ) -> None:
        self.f, self.exclude, self.path, self.structure, self.pruned = (
            f,
            exclude,
            path,
            structure,
            pruned,
        )
        self.counterpart = counterpart
        self.seen: dict[int, tuple[Any, Any]] = {}

    def visit(self, where: tuple[Any, ...], x: Any, *others: Any) -> Any:
        shared = x is not None and type(x) not in _VALUES and not (type(x) is tuple and not x)
        if self.pruned is not None and shared and id(x) in self.seen:
            instead = self.pruned(x)
            return instead[0] if instead else self.seen[id(x)][1]
        if self.exclude(x):
            out = self.f(where, x, *others) if self.path else self.f(x, *others)
        else:
            parts = children(x)
            if parts is None:
                return x
            keys, values = parts
            new = tuple(
                [
                    self.visit((*where, k), v, *[self.counterpart(o, k) for o in others])
                    for k, v in zip(keys, values, strict=True)
                ]
            )
            out = mirror(x, keys, new) if self.structure else rebuild(x, new)
        if shared:
            self.seen[id(x)] = (x, out)
        return out


def with_fields(x: Any, names: tuple[str, ...], values: tuple[Any, ...]) -> Any:
    """A copy of an object with some attributes replaced."""
    out = copy.copy(x)
    for name, value in zip(names, values, strict=True):
        object.__setattr__(out, name, value)
    return out
