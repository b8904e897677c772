"""Trees of states beside a model, and updates in place."""

from __future__ import annotations

from typing import Any

from juliette_engine import trees
from juliette_engine.errors import Inapplicable, UsageError
from juliette_engine.optimise.leaf import Item, Leaf, step_all
from juliette_engine.optimise.rule import Rule
from juliette_engine.parameters import Grads, Params, key_of

# The walks here are functions of their own: one that refers to itself from inside is a cycle, and what
# it has seen stays until the garbage collector comes.


def setup(rule: Any, model: Any) -> Any:
    """A tree like the `model`, with a `Leaf` of the `rule` for each array; an array met twice has one `Leaf`.

    Source: Optimisers, `setup`.
    """
    return _setup(rule, model, True, {})


def _setup(rule: Any, x: Any, train: bool, seen: dict[Any, tuple[Any, Leaf]]) -> Any:
    if trees.is_array(x):
        if not trees.trains(x) or not train:
            return ()
        key = key_of(x)
        if key not in seen:
            seen[key] = (x, Leaf(rule, rule.init(trees.data(x))))
        return seen[key][1]
    parts = trees.children(x)
    if parts is None:
        return ()
    wanted = trees.trainable(x)
    values = [
        _setup(rule, v, train and (wanted is None or k in wanted), seen)
        for k, v in zip(*parts, strict=True)
    ]
    return trees.mirror(x, parts[0], tuple(values))


def leaves(state: Any) -> list[Leaf]:
    """The leaves of a state tree, each once."""
    found: dict[int, Leaf] = {}
    _leaves(state, found)
    return list(found.values())


def _leaves(s: Any, found: dict[int, Leaf]) -> None:
    if isinstance(s, Leaf):
        found.setdefault(id(s), s)
        return
    parts = trees.children(s)
    for v in () if parts is None else parts[1]:
        _leaves(v, found)


def by_keys(tree: Any, keys: tuple[Any, ...]) -> tuple[Any, ...]:
    """The parts of a tree in the order of some keys, None where it has none."""
    parts = trees.children(tree)
    if parts is None:
        return (None,) * len(keys)
    if parts[0] == keys:
        return parts[1]
    found = dict(zip(*parts, strict=True))
    return tuple([found.get(k) for k in keys])


def matched(state: Any, model: Any, grad: Any, copies: list[Any] | None = None) -> list[Item]:
    """The arrays that are to step; tied ones get the sum of their gradients.

    `copies` gathers those that step in a copy of their data, each with the copy.
    """
    key = (type(state), type(model), type(grad))
    for walk in _WALKS.get(key, ()):
        items: list[Item] | None = walk(state, model, grad)
        if items is not None:
            return items
    found: dict[int, Item] = {}
    plain = trees.plain_gradient(grad)
    if type(state) is Leaf:
        _add(state, model, plain, found, copies)
    else:
        _match(state, model, plain, found, copies)
    if copies or plain is not grad:
        return list(found.values())
    known = _WALKS.setdefault(key, [])
    if len(known) < 4:
        walk = _Walk().written(state, model, grad)
        if walk(state, model, grad) is not None:
            known.append(walk)
    return list(found.values())


# Walks over trees of these classes, as Python written for the trees that were met.
_WALKS: dict[tuple[type, type, type], list[Any]] = {}


class _Walk:
    """Writes the function that lists the items of trees like some, and gives None for others."""

    def __init__(self) -> None:
        self.space: dict[str, Any] = {"Leaf": Leaf}
        self.lines: list[str] = []
        self.leaves: list[str] = []
        self.count = 0

    def written(self, s: Any, x: Any, g: Any) -> Any:
        """The function for trees like these."""
        self.visit((s, x, g), ("s", "x", "g"))
        if len(self.leaves) > 1:
            # tied arrays share a leaf
            self.lines.append(
                f"if len({{{', '.join([f'id({n})' for n in self.leaves])}}}) < {len(self.leaves)}: return None"
            )
        text = (
            "def walk(s, x, g):\n    items = []\n"
            + "".join(f"    {line}\n" for line in self.lines)
            + "    return items\n"
        )
        exec(compile(text, "<walk>", "exec"), self.space)
        return self.space["walk"]

    def constant(self, value: Any) -> str:
        name = f"c{len(self.space)}"
        self.space[name] = value
        return name

    def visit(self, values: tuple[Any, ...], names: tuple[str, ...]) -> None:
        s, _, g = values
        ns, _nx, ng = names
        if g is None:
            self.lines.append(f"if {ng} is not None: return None")
            return
        if type(s) is tuple and not s:
            self.lines.append(f"if {ns} != (): return None")
            return
        for v, n in zip(values, names, strict=True):
            self.lines.append(f"if type({n}) is not {self.constant(type(v))}: return None")
        if type(s) is Leaf:
            if trees.putter(values[1]) is not None:
                self.lines.append("return None")
                return
            data = [
                f"{self.constant(trees.data_of(type(v)))}({n})"
                for v, n in zip(values[1:], names[1:], strict=True)
            ]
            self.lines.append(
                f"if not {ns}.frozen: items.append(({ns}, {ns}.rule, {', '.join(data)}))"
            )
            self.leaves.append(ns)
            return
        opened = [trees.children(v) for v in values]
        if None in opened:
            self.lines.append("return None")
            return
        keys, below = opened[0]  # type: ignore[misc]
        new: list[list[str]] = []
        for v, n, parts in zip(values, names, opened, strict=True):
            assert parts is not None
            own = [f"v{self.count + i}" for i in range(len(parts[0]))]
            self.count += len(own)
            found = dict(zip(parts[0], own, strict=True))
            new.append([found.get(k, "None") for k in keys])
            self.lines.append(f"p = {self.constant(trees.children_of(type(v)))}({n})")
            self.lines.append(f"if p is None or p[0] != {self.constant(parts[0])}: return None")
            if own:
                self.lines.append(f"{', '.join(own)}, = p[1]")
        others = [by_keys(v, keys) for v in values[1:]]
        for i, part in enumerate(below):
            self.visit((part, others[0][i], others[1][i]), (new[0][i], new[1][i], new[2][i]))


def _match(s: Any, x: Any, g: Any, found: dict[int, Item], copies: list[Any] | None = None) -> None:
    parts = trees.children(s)
    if parts is None or g is None:
        return
    keys, below = parts
    g = trees.received(x, g)
    for part, a, b in zip(below, by_keys(x, keys), by_keys(g, keys), strict=True):
        if b is None:
            continue
        kind = type(part)
        if kind is Leaf:
            _add(part, a, b, found, copies)
        elif part or kind is not tuple:
            _match(part, a, b, found, copies)


def _add(
    leaf: Leaf, x: Any, g: Any, found: dict[int, Item], copies: list[Any] | None = None
) -> None:
    if leaf.frozen or g is None:
        return
    g = trees.data(g)
    before = found.get(id(leaf))
    array = _array(x, copies) if before is None else before[2]
    if not hasattr(array, "dtype") or isinstance(g, (str, tuple, dict)):
        raise Inapplicable("sub", (x, g))
    found[id(leaf)] = (leaf, leaf.rule, array, g if before is None else before[3] + g)


def update_tree(state: Any, model: Any, grad: Any) -> Any:
    """One step on all arrays of a model, in place; gives `(state, model)`."""
    copies: list[Any] = []
    step_all(matched(state, model, grad, copies))
    put_back(copies)
    return state, model


def update(opt: Any, model: Any, grad: Any) -> Any:
    """One step in place, for `(opt, params, grads)`, `(opt, x, x̄)` or `(state, model, grad)`.

    `opt` is a rule or a tree of states, `model` what changes, `grad` its gradient.

    Raises: UsageError if the two styles are mixed.
    Source: Flux and Optimisers, `update!`.
    """
    if not isinstance(opt, Rule):
        if isinstance(model, Params) or isinstance(grad, Grads):
            raise UsageError("can't mix implicit Params with explicit state!")
        return update_tree(opt, model, grad)
    if isinstance(model, Params):
        if not isinstance(grad, Grads):
            raise UsageError("can't mix implicit Params with explicit gradients!")
        step_params(opt, model, grad)
        return None
    if not trees.is_array(model):
        raise UsageError("Invalid input to `update!`: expected a state tree from `setup`.")
    if grad is not None:
        step(opt, model, grad)
    return model


def step(opt: Rule, x: Any, g: Any) -> None:
    """Change one array in place by a rule that keeps its state."""
    copies: list[Any] = []
    _step([(x, g)], opt, copies)
    put_back(copies)


def _step(pairs: list[tuple[Any, Any]], opt: Rule, copies: list[Any]) -> None:
    items = []
    for x, g in pairs:
        array = _array(x, copies)
        owner = x if trees.putter(x) is not None else None
        items.append((opt.leaf_of(array, owner), opt, array, trees.data(g)))
    step_all(items)


def step_params(opt: Rule, params: Any, grads: Any) -> None:
    """Change several arrays in place by a rule that keeps their states; those without a gradient stay."""
    if params.by_value:
        copies: list[Any] = []
        _step([(x, g) for x in params if (g := grads[x]) is not None], opt, copies)
        put_back(copies)
        return
    items = []
    own = grads.grads if grads.params is params else None
    for key, x in params.items.items():
        g = grads[x] if own is None else own.get(key)
        if g is not None:
            array = _array(x)
            items.append((opt.leaf_of(array), opt, array, trees.data(g)))
    step_all(items)


def _array(x: Any, copies: list[Any] | None = None) -> Any:
    """The data of an array; where it may be a copy, it is noted in `copies`."""
    array = trees.data(getattr(x, "array", x))
    if copies is not None and (put := trees.putter(x)) is not None:
        copies.append((put, x, array))
    return array


def put_back(copies: list[Any]) -> None:
    """What has become of copies goes where they were made of."""
    for put, x, array in copies:
        put(x, array)


def adjust(state: Any, eta: float | None = None, **changes: Any) -> None:
    """New hyper-parameters for a whole `state` tree, in place: `eta`, or others by name in `changes`.

    Raises: DomainError for a negative learning rate.
    Source: Optimisers, `adjust!`.
    """
    changed: dict[int, tuple[Any, Any]] = {}  # leaves of one rule go on sharing it
    for leaf in leaves(state):
        rule = leaf.rule
        if id(rule) not in changed:
            changed[id(rule)] = (rule, rule.adjusted(eta, **changes))
        leaf.rule = changed[id(rule)][1]


def freeze(state: Any, frozen: bool = True) -> None:
    """Leave the parts of a model that a `state` belongs to as they are, if `frozen`.

    Source: Optimisers, `freeze!`.
    """
    for leaf in leaves(state):
        leaf.frozen = frozen


def thaw(state: Any) -> None:
    """Undo `freeze` for a `state`.

    Source: Optimisers, `thaw!`.
    """
    freeze(state, False)
