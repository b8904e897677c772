"""From gradients to steps.

- `leaf`: the state for one array, and steps of many arrays at once
- `rule`: what an optimisation rule is
- `rules`: Descent, Adam and the others
- `wrappers`: clipping, decay, and rules made of rules
- `stateful`: the rules of Flux before 0.15, which keep the state of each array themselves
- `state`: trees of states beside a model, and updates in place
- `train`: the loop over the data
"""

from juliette_engine.optimise.leaf import Leaf
from juliette_engine.optimise.rule import Rule
from juliette_engine.optimise.rules import (
    AdaBelief,
    AdaDelta,
    AdaGrad,
    Adam,
    AdaMax,
    AdamW,
    AMSGrad,
    Descent,
    Lion,
    Momentum,
    NAdam,
    Nesterov,
    OAdam,
    RAdam,
    RMSProp,
    Rprop,
)
from juliette_engine.optimise.state import (
    adjust,
    freeze,
    setup,
    thaw,
    update,
    update_tree,
)
from juliette_engine.optimise.train import train
from juliette_engine.optimise.wrappers import (
    AccumGrad,
    ClipGrad,
    ClipNorm,
    MixedPrecision,
    OptimiserChain,
    SignDecay,
    WeightDecay,
)

__all__ = [
    "AMSGrad", "AccumGrad", "AdaBelief", "AdaDelta", "AdaGrad", "AdaMax", "Adam", "AdamW",
    "ClipGrad", "ClipNorm", "Descent", "Leaf", "Lion", "MixedPrecision", "Momentum", "NAdam",
    "Nesterov", "OAdam", "OptimiserChain", "RAdam", "RMSProp", "Rprop", "Rule", "SignDecay",
    "WeightDecay", "adjust", "freeze", "setup", "thaw", "train", "update", "update_tree",
]  # fmt: skip
