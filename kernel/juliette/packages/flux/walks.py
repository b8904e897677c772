"""Functors' walks: how `fmap` goes through a tree, and what a walk of one's own is made of.

A walk is called with the function that goes on, and a node with its counterparts in other trees.
"""

from __future__ import annotations

from typing import Any

from juliette.packages.flux.utilities import counterpart, is_leaf
from juliette.runtime import types as T
from juliette.runtime.modules import Base, Module
from juliette_engine import trees

WALK = T.define("Functors.AbstractWalk", T.Any_, abstract=True)


def parts_of(x: Any) -> tuple[tuple[Any, ...], tuple[Any, ...]]:
    """The keys and the values of the parts of a node; a leaf has none."""
    return (None if trees.is_array(x) else trees.children(x)) or ((), ())


def walked(recurse: Any, x: Any, others: tuple[Any, ...]) -> tuple[Any, ...]:
    """What becomes of the parts of a node."""
    keys, values = parts_of(x)
    return tuple(
        [
            recurse(v, *[counterpart(y, k) for y in others])
            for k, v in zip(keys, values, strict=True)
        ]
    )


class DefaultWalk:
    """Through all parts of a node, which is built up again."""

    __slots__ = ()

    def __call__(self, recurse: Any, x: Any, *others: Any) -> Any:
        return x if is_leaf(x) else trees.rebuild(x, walked(recurse, x, others))


class StructuralWalk:
    """Through all parts of a node, in whose place a plain tree comes."""

    __slots__ = ()

    def __call__(self, recurse: Any, x: Any, *others: Any) -> Any:
        keys, _ = parts_of(x)
        return trees.mirror(x, keys, walked(recurse, x, others)) if keys else ()


class IterateWalk:
    """Through all parts of a node, which give iterators that are chained."""

    __slots__ = ()

    def __call__(self, recurse: Any, x: Any, *others: Any) -> Any:
        return Base.bindings["Iterators"].bindings["flatten"](walked(recurse, x, others))


class ExcludeWalk:
    """Another walk, but for the nodes that `exclude` is true for: there is `fn` instead."""

    __slots__ = ("exclude", "fn", "walk")
    fields = ("walk", "fn", "exclude")

    def __init__(self, walk: Any, fn: Any, exclude: Any) -> None:
        self.walk, self.fn, self.exclude = walk, fn, exclude

    def __call__(self, recurse: Any, x: Any, *others: Any) -> Any:
        return self.fn(x, *others) if self.exclude(x) else self.walk(recurse, x, *others)


class CachedWalk:
    """Another walk that visits shared mutable nodes once; `prune` holds what stands for them later, if not the same."""

    __slots__ = ("prune", "seen", "walk")

    def __init__(self, walk: Any, prune: tuple[Any, ...]) -> None:
        self.walk, self.prune = walk, prune
        self.seen: dict[int, tuple[Any, Any]] = {}

    def __call__(self, recurse: Any, x: Any, *others: Any) -> Any:
        if not Base.bindings["ismutable"](x):
            return self.walk(recurse, x, *others)
        if id(x) in self.seen:
            return self.prune[0] if self.prune else self.seen[id(x)][1]
        out = self.walk(recurse, x, *others)
        self.seen[id(x)] = (x, out)
        return out


class Onward:
    """The function that goes on with a walk."""

    __slots__ = ("walk",)

    def __init__(self, walk: Any) -> None:
        self.walk = walk

    def __call__(self, x: Any, *others: Any) -> Any:
        return self.walk(self, x, *others)


for _cls in (DefaultWalk, StructuralWalk, IterateWalk, ExcludeWalk, CachedWalk):
    T.register_class(_cls, T.define(f"Functors.{_cls.__name__}", WALK))
T.register_class(Onward, T.define("Functors.Onward", T.Function_))


def fmap(
    walk: Any, f: Any, x: Any, others: tuple[Any, ...], exclude: Any, keywords: dict[str, Any]
) -> Any:
    """`fmap` by a walk of the user's choice."""
    walk = ExcludeWalk(walk, f, exclude)
    if keywords.get("cache", ()) is not None:
        walk = CachedWalk(walk, (keywords["prune"],) if "prune" in keywords else ())
    return Onward(walk)(x, *others)


def load(module: Module) -> None:
    """The names of the walks."""
    module.const("AbstractWalk", WALK, export=False)
    for cls in (DefaultWalk, StructuralWalk, IterateWalk, ExcludeWalk, CachedWalk):
        module.const(cls.__name__, T._TYPE_OF_CLASS[cls], export=False)

    for plain in (DefaultWalk, StructuralWalk, IterateWalk):
        made = plain()
        constructor = module.method(f"{plain.__name__}()", export=False)
        constructor(lambda _, made=made: made)

    @module.method("ExcludeWalk(walk, fn, exclude)", export=False)
    def exclude_walk(_: Any, walk: Any, fn: Any, exclude: Any) -> ExcludeWalk:
        return ExcludeWalk(walk, fn, exclude)

    @module.method("CachedWalk(walk; keywords...)", export=False)
    def cached_walk(_: Any, walk: Any, **keywords: Any) -> CachedWalk:
        return CachedWalk(walk, (keywords["prune"],) if "prune" in keywords else ())

    @module.method("execute(walk::AbstractWalk, x, ys...)", transparent=True)
    def execute(walk: Any, x: Any, *ys: Any) -> Any:
        """Go through `x`, and trees like it, by a walk."""
        return Onward(walk)(x, *ys)

    @module.method("fmap(walk::AbstractWalk, f, x, ys...)", transparent=True)
    def fmap_by(walk: Any, f: Any, x: Any, *ys: Any) -> Any:
        """Go through `x`, and trees like it, by a walk that knows what to do."""
        return Onward(walk)(x, *ys)

    @module.method("_default_walk(f, x, ys...)", export=False, transparent=True)
    def default_walk(f: Any, x: Any, *ys: Any) -> Any:
        """The walk of a tree as it is."""
        return DefaultWalk()(f, x, *ys)
