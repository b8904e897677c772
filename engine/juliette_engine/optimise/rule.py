"""An optimisation rule: hyper-parameters, and how a gradient becomes a step."""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from juliette_engine.errors import DomainError
from juliette_engine.optimise.leaf import Leaf, step_all
from juliette_engine.parameters import key_of
from juliette_engine.text import value_text

State = Any


class Rule:
    """`init(x)` gives the state before the first step, `apply` the next state and the step.

    A subclass names its hyper-parameters in `fields` with their defaults in `defaults`; they can be
    given by position or by keyword.  A rule used without a state tree keeps the state of each array
    itself, by identity.
    """

    fields: ClassVar[tuple[str, ...]] = ()
    defaults: ClassVar[tuple[Any, ...]] = ()
    # Is each element's step made from its own gradient and state alone, so that arrays may step together?
    elementwise: ClassVar[bool] = False
    # Does a step depend on the values of the array?
    reads: ClassVar[bool] = True
    # Is there a packed form of the state in which steps are quicker?
    packs: ClassVar[bool] = False
    # Do hyper-parameters print with their names?
    named: ClassVar[bool] = True
    # Julia's names of fields that Python cannot write.
    names: ClassVar[dict[str, str]] = {"lambda_": "lambda"}

    if TYPE_CHECKING:

        def __getattr__(self, name: str) -> Any:
            """The hyper-parameters that `fields` names."""

    def __init__(self, *values: Any, **keywords: Any) -> None:
        if len(values) > len(self.fields):
            raise TypeError(f"{type(self).__name__} takes {len(self.fields)} numbers at most")
        given = dict(zip(self.fields, values, strict=False))
        given.update({"lambda_" if k == "lambda" else k: v for k, v in keywords.items()})
        for name, default in zip(self.fields, self.defaults, strict=True):
            setattr(self, name, self.checked(name, given.pop(name, default)))
        if given:
            raise TypeError(f"{type(self).__name__} has no {', '.join(given)}")
        self.states: dict[int, tuple[Any, Leaf]] = {}

    def checked(self, name: str, value: Any) -> Any:
        """A hyper-parameter as it is kept; raises DomainError for a negative learning rate."""
        if name == "eta" and isinstance(value, (int, float, np.floating)):
            if value < 0:
                raise DomainError(value, "the learning rate cannot be negative")
            return value if isinstance(value, np.floating) else float(value)
        if isinstance(value, tuple):
            return tuple(map(float, value))
        return float(value) if type(value) is int else value

    def init(self, x: Any) -> State:
        """The state before the first step."""
        return None

    def apply(self, state: State, x: Any, g: Any) -> tuple[State, Any]:
        """The next state, and what to subtract from `x` (None: nothing yet)."""
        raise NotImplementedError

    def change(self, state: State, x: Any, g: Any) -> State:
        """One step of `x` in place; the next state."""
        state, dx = self.apply(state, x, g)
        if dx is not None:
            np.subtract(x, dx, out=x, casting="unsafe")
        return state

    def apply_into(self, state: State, x: Any, g: Any) -> tuple[State, Any]:
        """`apply` on a packed state; the step may take the gradient's memory."""
        return self.apply(state, x, g)

    def change_packed(self, state: State, x: Any, g: Any) -> State:
        """`change` on a packed state of a vector."""
        return self.change(state, x, g)

    def packed(self, state: State) -> State:
        """A state of vectors in the form in which `apply_into` works on it."""
        return state

    def unpacked(self, state: State, part: slice) -> State:
        """A part of it as `apply` has it."""
        return _sliced(state, part)

    def leaf_of(self, x: Any, owner: Any = None) -> Leaf:
        """The state that this rule keeps for an array, or for the `owner` whose data it is."""
        key = id(x) if owner is None else key_of(owner)
        kept = self.states.get(key)
        if kept is None:
            # with the array itself, so that its id is not used again
            kept = self.states[key] = (x if owner is None else owner, Leaf(None, self.init(x)))
        return kept[1]

    def kept_step(self, x: Any, g: Any, owner: Any = None) -> Any:
        """What to subtract from an array whose state this rule keeps, if need be under an `owner` of the data."""
        leaf = self.leaf_of(x, owner)
        leaf.kept, dx = self.apply(leaf.kept, x, g)
        return dx

    def step(self, x: Any, g: Any) -> None:
        """One step of an array whose state this rule keeps."""
        step_all([(self.leaf_of(x), self, x, g)])

    def adjusted(self, eta: float | None = None, **changes: Any) -> Rule:
        """The same rule with other hyper-parameters; those that it does not have are ignored."""
        out = copy.copy(self)
        out.states = {}
        if eta is not None:
            changes["eta"] = eta
        for name, value in changes.items():
            name = "lambda_" if name == "lambda" else name
            if name in self.fields:
                setattr(out, name, self.checked(name, value))
        return out

    def arguments(self) -> list[tuple[str, Any]]:
        """The hyper-parameters by the names under which they print."""
        return [(self.names.get(f, f), getattr(self, f)) for f in self.fields]

    def line(self, text: Any = value_text) -> str:
        """The rule on one line; `text` writes its numbers."""
        items = self.arguments()
        if not Rule.named or (len(items) == 1 and items[0][0] == "eta"):
            return f"{type(self).__name__}({', '.join(text(v) for _, v in items)})"
        return f"{type(self).__name__}({', '.join(f'{n}={text(v)}' for n, v in items)})"

    def __repr__(self) -> str:
        return self.line()


def _sliced(state: State, part: slice) -> State:
    if type(state) is tuple:
        return tuple([_sliced(s, part) for s in state])
    return state[part] if type(state) is np.ndarray else state


def cast(x: Any, *values: float) -> tuple[Any, ...]:
    """Hyper-parameters as numbers of an array's kind, so that Float32 stays Float32.

    What is too small for Float16, like the usual `ε`, becomes nearly the smallest there is.
    """
    dtype = x.dtype
    if dtype == np.float64:
        return values
    kind: Any = {"c8": np.dtype("f4"), "c16": np.dtype("f8")}.get(dtype.str[1:], dtype)
    if kind == np.float16:
        return tuple([kind.type(max(v, 1e-7) if v > 0 else v) for v in values])
    return tuple(kind.type(v) for v in values)


def abs2(g: Any) -> Any:
    """The squared absolute value."""
    return (g * g.conj()).real if g.dtype.kind == "c" else g * g
