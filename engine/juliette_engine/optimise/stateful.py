"""The rules of Flux before 0.15: they can be changed in place and keep the state of each array."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np

from juliette_engine.errors import UsageError
from juliette_engine.optimise import rules as new
from juliette_engine.optimise import wrappers
from juliette_engine.optimise.rule import Rule, State
from juliette_engine.text import value_text

BETAS, EPSILON = new.BETAS, new.EPSILON
ALL: dict[str, type[Rule]] = {}


_DOUBLES = frozenset(("eta", "rho", "epsilon", "gamma", "decay", "clip"))


class Stateful(Rule):
    """A rule with its states; `state_name` is the field under which they are found."""

    state_name: ClassVar[str | None] = None
    dictionary: ClassVar[str] = "IdDict{Any, Any}"  # the type of that field

    def checked(self, name: str, value: Any) -> Any:
        """These rules do not check; most of their fields are of double precision, whatever is given."""
        if name in _DOUBLES and isinstance(value, (int, float, np.number)):
            return float(value)
        return tuple(map(float, value)) if isinstance(value, tuple) else value

    def modern(self) -> Rule:
        """The rule of Optimisers.jl with the same hyper-parameters."""
        cls = next(c for c in type(self).__mro__ if not issubclass(c, Stateful))
        if cls is Rule:
            raise UsageError(
                "Flux.setup does not know how to translate this old-style implicit rule to a "
                "new-style Optimisers.jl explicit rule"
            )
        return cls(**{f: getattr(self, f) for f in cls.fields if hasattr(self, f)})  # type: ignore[attr-defined, return-value]

    def line(self, text: Any = value_text) -> str:
        values = [text(getattr(self, f)) for f in self.fields]
        if self.state_name is not None:
            values.append(f"{self.dictionary}({'…' if self.states else ''})")
        return f"{type(self).__name__}({', '.join(values)})"


def _old(
    name: str,
    base: type[Rule],
    fields: tuple[str, ...],
    defaults: tuple[Any, ...],
    state: str | None,
    **hidden: Any,
) -> type[Rule]:
    """A rule under its old name; `hidden` holds what used to be fixed."""
    namespace = {
        "fields": fields, "defaults": defaults, "state_name": state, "__doc__": base.__doc__, **hidden,
    }  # fmt: skip
    cls = ALL[name] = type(name, (Stateful, base), namespace)
    return cls


_ADAM = ("eta", "beta", "epsilon")
_old("Descent", new.Descent, ("eta",), (0.1,), None)
_old("Momentum", new.Momentum, ("eta", "rho"), (0.01, 0.9), "velocity")
_old("Nesterov", new.Nesterov, ("eta", "rho"), (0.001, 0.9), "velocity")
_old(
    "RMSProp",
    new.RMSProp,
    ("eta", "rho", "epsilon", "centred"),
    (0.001, 0.9, EPSILON, False),
    "acc",
)
_old("Adam", new.Adam, _ADAM, (0.001, BETAS, EPSILON), "state")
_old("RAdam", new.RAdam, _ADAM, (0.001, BETAS, EPSILON), "state")
_old("AdaMax", new.AdaMax, _ADAM, (0.001, BETAS, EPSILON), "state")
_old("OAdam", new.OAdam, _ADAM, (0.001, (0.5, 0.9), EPSILON), "state")
_old("AdaGrad", new.AdaGrad, ("eta", "epsilon"), (0.1, EPSILON), "acc")
_old("AdaDelta", new.AdaDelta, ("rho", "epsilon"), (0.9, EPSILON), "state")
_old("AMSGrad", new.AMSGrad, _ADAM, (0.001, BETAS, EPSILON), "state")
_old("NAdam", new.NAdam, _ADAM, (0.001, BETAS, EPSILON), "state")
_old("AdaBelief", new.AdaBelief, _ADAM, (0.001, BETAS, EPSILON), "state")
_old(
    "WeightDecay", wrappers.WeightDecay, ("wd",), (0,), None, lambda_=property(lambda self: self.wd)
)
_old(
    "SignDecay", wrappers.SignDecay, ("wd",), (1e-3,), None, lambda_=property(lambda self: self.wd)
)
_old(
    "ClipValue",
    wrappers.ClipGrad,
    ("thresh",),
    (10.0,),
    None,
    delta=property(lambda self: self.thresh),
)
_old(
    "ClipNorm", wrappers.ClipNorm, ("thresh",), (10.0,), None,
    omega=property(lambda self: self.thresh), p=2.0, throw=False,
)  # fmt: skip


class InvDecay(Stateful):
    """Divides the `n`-th gradient of an array by `1 + gamma * n`.

    Shapes: any; a number for each array.
    Raises: nothing.
    Source: Flux, `InvDecay`.
    """

    fields = ("gamma",)
    defaults: ClassVar[tuple[Any, ...]] = (0.001,)
    state_name = "state"
    dictionary = "IdDict{Any, Int64}"

    def init(self, x: Any) -> State:
        return 1

    def apply(self, state: State, x: Any, g: Any) -> tuple[State, Any]:
        return state + 1, g * x.dtype.type(1 / (1 + self.gamma * state))


class ExpDecay(Stateful):
    """Multiplies gradients by `eta`, which shrinks by `decay` every `step` gradients after `start`, down to `clip`.

    `eta` is the rule's own, so it shrinks when any array has seen enough gradients.

    Shapes: any; a number for each array.
    Raises: nothing.
    Source: Flux, `ExpDecay`.
    """

    fields = ("eta", "decay", "every", "clip", "start")
    # `step` is what a rule does here, so the field of that name is called `every`.
    names: ClassVar[dict[str, str]] = {"every": "step"}
    defaults: ClassVar[tuple[Any, ...]] = (0.001, 0.1, 1000, 1e-4, 0)
    state_name = "current"

    def init(self, x: Any) -> State:
        return 0

    def apply(self, state: State, x: Any, g: Any) -> tuple[State, Any]:
        n = state + 1
        if n > self.start and n % self.every == 0:
            self.eta = max(self.eta * self.decay, self.clip)  # type: ignore[has-type]
        return n, g * x.dtype.type(self.eta)


class Optimiser(Stateful, wrappers.OptimiserChain):
    """Rules one after the other; more can be added with `push`.

    Shapes: those of the rules.
    Raises: what the rules raise.
    Source: Flux, `Optimiser`.
    """

    def __init__(self, *rules: Any) -> None:
        wrappers.OptimiserChain.__init__(self, *rules)

    def push(self, *rules: Any) -> None:
        """Add rules at the end."""
        self.opts = (*self.opts, *rules)

    def modern(self) -> Rule:
        return wrappers.OptimiserChain(
            *(r.modern() if isinstance(r, Stateful) else r for r in self.opts)
        )

    def line(self, text: Any = value_text) -> str:
        return f"Optimiser(Any[{', '.join(rule.line(text) for rule in self.opts)}])"


ALL["InvDecay"], ALL["ExpDecay"], ALL["Optimiser"] = InvDecay, ExpDecay, Optimiser


def adamw(eta: float = 0.001, beta: Any = BETAS, decay: float = 0) -> Optimiser:
    """`Optimiser(Adam(eta, beta), WeightDecay(decay))`: decay apart from the steps.

    Shapes: any; those of Adam.
    Raises: nothing.
    Source: Loshchilov and Hutter (2017); Flux, `ADAMW`.
    """
    return Optimiser(ALL["Adam"](eta, beta), ALL["WeightDecay"](decay))


# The names of Flux 0.12.
CAPITALS = {
    "ADAM": "Adam", "RADAM": "RAdam", "OADAM": "OAdam", "ADAGrad": "AdaGrad",
    "ADADelta": "AdaDelta", "NADAM": "NAdam", "ADAMW": "AdamW",
}  # fmt: skip
globals().update({capitals: ALL.get(name, adamw) for capitals, name in CAPITALS.items()})
globals().update(ALL)

__all__ = sorted({*ALL, *CAPITALS})
