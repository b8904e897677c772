"""The state of a rule for one array, and steps of many arrays at once.

A small array costs as many calls of numpy as a large one.  So the states of small arrays under one
rule are laid end to end (`Joint`), and one step is made for all of them, wherever the rule works
on each element by itself; a large array is a joint of its own, if its rule has a packed form of the
state.  A leaf whose state is looked at takes it out again.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from juliette_engine.text import compact_text, state_text

State = Any
ndarray = np.ndarray
# Arrays with more elements than this make their steps alone.
SMALL = 1 << 15


class Leaf:
    """A `rule` and its `state` for one array of a model; a `frozen` one leaves the array as it is.

    Source: Optimisers, `Leaf`.
    """

    __slots__ = ("_kept", "frozen", "joint", "place", "rule")

    def __init__(self, rule: Any, state: State, frozen: bool = False) -> None:
        self.rule = rule
        self._kept = state
        self.frozen = frozen
        self.joint: Joint | None = None  # where the state lies with others'
        self.place = 0  # which of them it is

    @property
    def kept(self) -> State:
        """The state as the rule has it."""
        if self.joint is not None:
            self._kept = self.joint.part(self.place)
            self.joint = None
        return self._kept

    @kept.setter
    def kept(self, state: State) -> None:
        self._kept = state
        self.joint = None

    @property
    def state(self) -> State:
        """The state, as the front end holds arrays."""
        return SHOWN(self.kept)

    def __repr__(self) -> str:
        return f"Leaf({self.rule.line(compact_text)}, {state_text(self.state)}{', frozen = true' if self.frozen else ''})"


def _as_it_is(state: State) -> State:
    return state


SHOWN: Any = _as_it_is


def set_shown(f: Any) -> None:
    """Install how a front end sees the state of a leaf."""
    global SHOWN
    SHOWN = f


class Joint:
    """The states of several small arrays under one rule, end to end."""

    __slots__ = ("dtype", "parts", "room", "rule", "shapes", "state", "steps")

    def __init__(self, rule: Any, states: list[State], arrays: list[Any]) -> None:
        n, dtype = sum([x.size for x in arrays]), arrays[0].dtype
        self.rule, self.dtype = rule, dtype
        self.shapes = [x.shape for x in arrays]
        self.state = rule.packed(_joined(states))
        self.parts: list[slice] = []
        at = 0
        for x in arrays:
            self.parts.append(slice(at, at + x.size))
            at += x.size
        if len(arrays) == 1:
            return
        self.room = np.empty(n, dtype)  # for the gradients, then for the steps
        self.steps = [
            _parted(self.room, p, s) for p, s in zip(self.parts, self.shapes, strict=True)
        ]

    def part(self, i: int) -> State:
        """The state of one of the arrays."""
        return _parted(self.rule.unpacked(self.state, self.parts[i]), slice(None), self.shapes[i])

    def make_step(self, arrays: list[Any], grads: list[Any]) -> None:
        """One step of all the arrays."""
        rule = self.rule
        if len(arrays) == 1:
            x, g = [a.reshape(-1, order="F") for a in (arrays[0], grads[0])]
            self.state = rule.change_packed(self.state, x, g)
            return
        g = _flat(grads, self.room)
        self.state, dx = rule.apply_into(self.state, _flat(arrays) if rule.reads else g, g)
        if dx is not None:
            if dx is not g:
                g[...] = dx
            for x, d in zip(arrays, self.steps, strict=True):
                x -= d


def _flat(arrays: list[Any], out: Any = None) -> Any:
    """The elements of several arrays end to end."""
    return np.concatenate([a if a.ndim == 1 else a.reshape(-1, order="F") for a in arrays], out=out)


def _joined(states: list[State]) -> State:
    """Several states as one whose arrays lie end to end."""
    first = states[0]
    if type(first) is tuple:
        return tuple([_joined([s[i] for s in states]) for i in range(len(first))])
    return _flat(states) if type(first) is ndarray else first


def _parted(state: State, part: slice, shape: tuple[int, ...]) -> State:
    """The part of a joint state that belongs to one array."""
    if type(state) is tuple:
        return tuple([_parted(s, part, shape) for s in state])
    return state[part].reshape(shape, order="F") if type(state) is ndarray else state


def _alike(states: list[State], arrays: list[Any]) -> bool:
    """Do several states differ in nothing but their arrays, which have the sizes of the arrays that they belong to?"""
    first = states[0]
    if type(first) is tuple:
        return all([_alike([s[i] for s in states], arrays) for i in reversed(range(len(first)))])
    if type(first) is ndarray:
        return all([s.shape == x.shape for s, x in zip(states, arrays, strict=True)])
    return all([s == first for s in states])


Item = tuple[Leaf, Any, Any, Any]  # a leaf, its rule, the array and the gradient


def step_all(items: list[Item]) -> None:
    """One step of several arrays in place."""
    joint = items[0][0].joint if items else None
    if joint is not None and len(joint.shapes) == len(items) and _filled_by(joint, items):
        # the same arrays as in the step before
        joint.make_step([item[2] for item in items], [item[3] for item in items])
        return
    groups: dict[Any, list[Item]] = {}
    for item in items:
        leaf, rule, x, g = item
        if not _joinable(x, g) or not rule.elementwise:
            if type(g) is ndarray and g.dtype == object:
                g = _floats(g).astype(x.dtype)
            leaf.kept = rule.change(leaf.kept, x, g)
        elif x.size <= SMALL:
            key = (id(rule), x.dtype)
            group = groups.get(key)
            if group is None:
                groups[key] = [item]
            else:
                group.append(item)
        else:
            _step_group([item])
    for group in groups.values():
        _step_group(group)


def _floats(g: Any) -> Any:
    """An array of any kind of numbers as one of floats."""
    values = [float(v) for v in g.ravel(order="F")]
    return np.array(values).reshape(g.shape, order="F")


def _joinable(x: Any, g: Any) -> bool:
    """Can the steps of an array be made where it lies end to end with others?"""
    return (
        type(g) is ndarray
        and g.dtype is x.dtype
        and g.shape == x.shape
        and x.dtype.char in "fd"
        and x.flags.f_contiguous
    )


def _step_group(group: list[Item]) -> None:
    """One step of arrays under one rule."""
    arrays = [item[2] for item in group]
    joint = group[0][0].joint
    if joint is None or len(joint.shapes) != len(group) or not _filled_by(joint, group):
        rule = group[0][1]
        states = [item[0].kept for item in group]
        if (len(group) == 1 and not rule.packs) or not _alike(states, arrays):
            for (leaf, _, x, g), state in zip(group, states, strict=True):
                leaf.kept = rule.change(state, x, g)
            return
        joint = Joint(rule, states, arrays)
        for i, item in enumerate(group):
            item[0].joint, item[0].place = joint, i
    joint.make_step(arrays, [item[3] for item in group])


def _filled_by(joint: Joint, items: list[Item]) -> bool:
    """Are these the arrays whose states lie here, in this order?"""
    rule, dtype = joint.rule, joint.dtype
    for i, ((leaf, r, x, g), shape) in enumerate(zip(items, joint.shapes, strict=True)):
        if (
            leaf.joint is not joint
            or leaf.place != i
            or r is not rule
            or type(g) is not ndarray
            or g.shape != shape
            or x.shape != shape
            or x.dtype is not dtype
            or g.dtype is not dtype
            or not x.flags.f_contiguous
        ):
            return False
    return True
