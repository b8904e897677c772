"""State trees: a `Leaf` beside each array of a model, and updates in place."""

from __future__ import annotations

from typing import Any

import numpy as np

from juliette_engine import trees
from juliette_engine.gradients import Grads, Params
from juliette_engine.optimise.rule import Rule, State
from juliette_engine.optimise.rules import Together
from juliette_engine.errors import UsageError
from juliette_engine.text import compact_text


class Leaf:
    """A rule and its state for one array of a model."""

    __slots__ = ("frozen", "kept", "rule", "together")

    def __init__(self, rule: Any, state: State, frozen: bool = False) -> None:
        self.rule = rule
        self.kept = state
        self.frozen = frozen
        self.together: Any = None  # where its state lies beside others', on the first of them

    @property
    def state(self) -> State:
        """The state, as the front end holds arrays."""
        return SHOWN(self.kept)

    def __repr__(self) -> str:
        return f"Leaf({self.rule.line(compact_text)}, {self.state!r}{', frozen = true' if self.frozen else ''})"


def _as_it_is(state: State) -> State:
    return state


SHOWN: Any = _as_it_is


def set_shown(f: Any) -> None:
    """Install how a front end sees the state of a leaf."""
    global SHOWN
    SHOWN = f


def setup(rule: Any, model: Any) -> Any:
    """A tree like the model, with a `Leaf` for each array; an array met twice has one `Leaf`."""
    seen: dict[int, tuple[Any, Leaf]] = {}

    def visit(x: Any, train: bool) -> Any:
        if trees.is_array(x):
            if not trees.trains(x) or not train:
                return ()
            if id(x) not in seen:
                seen[id(x)] = (x, Leaf(rule, rule.init(trees.data(x))))
            return seen[id(x)][1]
        parts = trees.children(x)
        if parts is None:
            return ()
        wanted = trees.trainable(x)
        values = tuple(
            visit(v, train and (wanted is None or k in wanted))
            for k, v in zip(*parts, strict=True)
        )
        return trees.mirror(x, parts[0], values)

    return visit(model, True)


def leaves(state: Any) -> list[Leaf]:
    """The leaves of a state tree, each once."""
    out: dict[int, Leaf] = {}

    def visit(s: Any) -> None:
        if isinstance(s, Leaf):
            out.setdefault(id(s), s)
        else:
            parts = trees.children(s)
            for v in () if parts is None else parts[1]:
                visit(v)

    visit(state)
    return list(out.values())


def by_keys(tree: Any, keys: tuple[Any, ...]) -> tuple[Any, ...]:
    """The parts of a tree in the order of some keys, None where it has none."""
    parts = trees.children(tree)
    if parts is None:
        return (None,) * len(keys)
    if parts[0] == keys:
        return parts[1]
    found = dict(zip(*parts, strict=True))
    return tuple(found.get(k) for k in keys)


def matched(state: Any, model: Any, grad: Any) -> list[tuple[Leaf, Any, Any]]:
    """Leaf, array and gradient of each parameter; tied arrays get the sum of their gradients."""
    found: dict[int, tuple[Leaf, Any, Any]] = {}
    _match(state, model, grad, found)
    return [item for item in found.values() if not item[0].frozen]


def _match(s: Any, x: Any, g: Any, found: dict[int, tuple[Leaf, Any, Any]]) -> None:
    # A function of its own: one that refers to itself from inside would be a cycle, and keep
    # the gradients until the garbage collector comes.
    if g is None:
        return
    if type(s) is Leaf:
        g = trees.data(g)
        before = found.get(id(s))
        found[id(s)] = (s, x, g if before is None else before[2] + g)
        return
    parts = trees.children(s)
    if parts is None:
        return
    keys, below = parts
    g = trees.received(x, g)
    for part, a, b in zip(below, by_keys(x, keys), by_keys(g, keys), strict=True):
        if b is not None and not (type(part) is tuple and not part):
            _match(part, a, b, found)


def update_tree(state: Any, model: Any, grad: Any) -> Any:
    """One step on all arrays of a model, in place; gives `(state, model)`."""
    groups: dict[Any, list[tuple[Leaf, Any, Any]]] = {}
    for leaf, x, g in matched(state, model, grad):
        array, rule = trees.data(x), leaf.rule
        if rule.joins(leaf.kept, array, g):
            groups.setdefault((rule, array.dtype.char), []).append((leaf, array, g))
        else:
            leaf.kept = rule.change(leaf.kept, array, g)
    for (rule, _), group in groups.items():
        if len(group) == 1:
            leaf, array, g = group[0]
            leaf.kept = rule.change(leaf.kept, array, g)
        else:
            _change_together(rule, group)
    return state, model


def _change_together(rule: Any, group: list[tuple[Leaf, Any, Any]]) -> None:
    """One step of the small arrays under one rule, all at once."""
    first = group[0][0]
    arrays = [array for _, array, _ in group]
    states = [leaf.kept for leaf, _, _ in group]
    together = first.together
    if together is None or not together.holds(states):
        if any([s[2] != states[0][2] for s in states]):  # of different ages
            for leaf, array, g in group:
                leaf.kept = rule.change(leaf.kept, array, g)
            return
        together = first.together = Together(states, arrays)
        states = together.states
    together.states = states = rule.change_together(together, states, arrays, [g for _, _, g in group])
    for (leaf, _, _), kept in zip(group, states, strict=True):
        leaf.kept = kept


def update(opt: Any, model: Any, grad: Any) -> Any:
    """One step in place, for `(opt, params, grads)`, `(opt, x, x̄)` or `(state, model, grad)`."""
    if not isinstance(opt, Rule):
        if isinstance(model, Params) or isinstance(grad, Grads):
            raise UsageError("can't mix implicit Params with explicit state!")
        return update_tree(opt, model, grad)
    if isinstance(model, Params):
        if not isinstance(grad, Grads):
            raise UsageError("can't mix implicit Params with explicit gradients!")
        for x in model:
            if grad[x] is not None:
                step(opt, x, grad[x])
        return None
    if not trees.is_array(model):
        raise UsageError("Invalid input to `update!`: expected a state tree from `setup`.")
    if grad is not None:
        step(opt, model, grad)
    return model


def step(opt: Rule, x: Any, g: Any) -> None:
    """Change one array in place by a rule that keeps its state."""
    array = trees.data(getattr(x, "array", x))
    opt.step(array, trees.data(g))


def adjust(state: Any, eta: float | None = None, **changes: Any) -> None:
    """New hyper-parameters for a whole state tree, in place: `adjust(state, 0.01)`."""
    changed: dict[int, tuple[Any, Any]] = {}  # leaves of one rule go on sharing it
    for leaf in leaves(state):
        rule = leaf.rule
        if id(rule) not in changed:
            changed[id(rule)] = (rule, rule.adjusted(eta, **changes))
        leaf.rule = changed[id(rule)][1]


def freeze(state: Any, frozen: bool = True) -> None:
    """Leave these parts of a model as they are."""
    for leaf in leaves(state):
        leaf.frozen = frozen


def thaw(state: Any) -> None:
    """Undo `freeze`."""
    freeze(state, False)
