"""What `help` says of the engine: what a thing does, its shapes, its errors and where it comes from."""

from __future__ import annotations

import inspect
import re
from typing import Any

import numpy as np
import pytest

import juliette_engine as je
from juliette_engine import activations, functions
from juliette_engine.elementwise import Elementwise
from juliette_engine.layers.layer import Layer
from juliette_engine.optimise import stateful
from juliette_engine.optimise.rule import Rule

LOSSES = [
    "mse",
    "mae",
    "msle",
    "huber_loss",
    "crossentropy",
    "logitcrossentropy",
    "binarycrossentropy",
    "logitbinarycrossentropy",
    "kldivergence",
    "poisson_loss",
    "hinge_loss",
    "squared_hinge_loss",
    "dice_coeff_loss",
    "tversky_loss",
    "binary_focal_loss",
    "focal_loss",
    "siamese_contrastive_loss",
    "ctc_loss",
    "label_smoothing",
]
INITIALISERS = [
    "glorot_uniform",
    "glorot_normal",
    "kaiming_uniform",
    "kaiming_normal",
    "truncated_normal",
    "lecun_normal",
    "orthogonal",
    "sparse_init",
    "identity_init",
    "rand32",
    "randn32",
    "ones32",
    "zeros32",
]
PUBLIC = [n for n in je.__all__ if not inspect.ismodule(getattr(je, n))]
# What a sentence says of the arguments that stand for several.
MANY = {
    "args",
    "rest",
    "options",
    "keywords",
    "layers",
    "named",
    "values",
    "rules",
    "models",
    "others",
    "shape",
    "size",
}


def is_a(x: Any, kind: type) -> bool:
    return inspect.isclass(x) and issubclass(x, kind)


LAYERS = [n for n in PUBLIC if is_a(getattr(je, n), Layer)]
RULES = [n for n in PUBLIC if is_a(getattr(je, n), Rule)]
ACTIVATIONS = [
    n for n in PUBLIC if isinstance(getattr(je, n), Elementwise) or n in ("rrelu", "identity")
]


def text(name: str) -> str:
    return inspect.getdoc(getattr(je, name)) or ""


def sections(name: str) -> dict[str, str]:
    """The paragraphs that begin with a word and a colon, by that word."""
    return dict(
        re.findall(
            r"^(Shapes|Raises|Source): (.+?)(?=\n[A-Z][a-z]+: |\n\n|\Z)", text(name), re.M | re.S
        )
    )


def parameters(x: Any) -> list[str]:
    """The names of the arguments that have to be explained."""
    if is_a(x, Rule) and x.fields:
        return [x.names.get(f, f) for f in x.fields]
    if isinstance(x, Elementwise):
        return list(getattr(x, "constants", {}))
    try:
        found = inspect.signature(x).parameters.values()
    except ValueError:
        return []
    return [p.name for p in found if p.name not in MANY and p.name != "tape_class"]


@pytest.mark.parametrize("name", PUBLIC)
def test_it_says_what_it_does(name: str) -> None:
    first = text(name).split("\n")[0]
    assert len(first) > 10, "no docstring"
    assert first.endswith((".", ":", "`"))


@pytest.mark.parametrize("name", PUBLIC)
def test_it_names_its_arguments(name: str) -> None:
    said = set(re.findall(r"\w+", text(name)))
    assert [p for p in parameters(getattr(je, name)) if p not in said] == []


@pytest.mark.parametrize("name", [*LAYERS, *RULES, *LOSSES, *INITIALISERS])
def test_it_says_shapes_errors_and_source(name: str) -> None:
    found = sections(name)
    assert set(found) >= {"Shapes", "Raises", "Source"}
    assert re.search(r"Flux|Optimisers|\(\d{4}\)", found["Source"]), found["Source"]


@pytest.mark.parametrize("name", [*ACTIVATIONS])
def test_activations_say_where_they_come_from(name: str) -> None:
    assert "NNlib, `" in sections(name)["Source"]


@pytest.mark.parametrize(
    "name", [n for n in PUBLIC if n not in {*LAYERS, *RULES, *LOSSES, *INITIALISERS, *ACTIVATIONS}]
)
def test_the_rest_says_where_it_comes_from(name: str) -> None:
    assert "Source" in sections(name)


def test_activations_are_all_public() -> None:
    made = {n for n in activations.__all__ if isinstance(getattr(activations, n), Elementwise)}
    assert made - set(je.__all__) == {"erf", "where"} & made


# The functions of NNlib that layers are made of, and the rules of Flux before 0.15.
FUNCTIONS = [n for n in functions.__all__ if n not in ("conv_data", "conv_filter")]
OLD_RULES = stateful.__all__


@pytest.mark.parametrize("name", FUNCTIONS)
def test_functions_say_what_they_take(name: str) -> None:
    f = getattr(functions, name)
    doc = inspect.getdoc(f) or ""
    said = set(re.findall(r"\w+", doc))
    unsaid = {"stride", "pad", "dilation", "groups", "flipped", "outpad"}  # those of `Conv`
    assert [p for p in inspect.signature(f).parameters if p not in said | unsaid] == []
    assert re.search(r"^Source: .*(NNlib|Flux)", doc, re.M | re.S)


@pytest.mark.parametrize("name", OLD_RULES)
def test_old_rules_say_what_they_are(name: str) -> None:
    rule = getattr(stateful, name)
    doc = inspect.getdoc(rule) or ""
    assert {"Shapes", "Raises", "Source"} <= set(re.findall(r"^(\w+): ", doc, re.M))
    made = rule()
    assert repr(made).startswith(f"{type(made).__name__}(")
    w = je.Parameter(np.array([1.0, -2.0]))
    before = w.array.copy()
    for _ in range(3):  # in the style of `params`
        grads = je.gradient(lambda: np.sum((3 * w.value) ** 2), je.params(w))
        assert je.update(made, je.params(w), grads) is None
    assert np.isfinite(w.array).all()
    idle = name in ("WeightDecay", "Optimiser")  # by default nothing decays, no rules do nothing
    assert idle or not np.array_equal(w.array, before)


def test_sizes_of_what_comes_out() -> None:
    model = je.Chain(je.Conv((3, 3), (1, 4)), je.MaxPool((2, 2)), je.flatten)
    assert je.outputsize(model, (8, 8, 1), padbatch=True) == (36, 1)
    assert je.outputsize([je.Dense((2, 3)), je.Dense((3, 1))], (2, 5)) == (1, 5)
    assert je.outputsize(je.Parallel(lambda a, b: (a, b), je.Dense((2, 3)), je.Dense((4, 1))), (2, 5), (4, 5)) == ((3, 5), (1, 5))  # fmt: skip
    rnn = je.Recur(je.RNNCellStateful((2, 3)))
    state = rnn.state
    assert je.outputsize(rnn, (2, 5)) == (3, 5)
    assert rnn.state is state
    with pytest.raises(je.DimensionMismatch, match=r"expects size\(input, 1\) == 2"):
        je.outputsize(je.Dense((2, 3)), (4, 1))


def test_what_trains() -> None:
    assert je.trainable(je.BatchNorm(2)) == ("β", "γ")
    assert je.trainable(3.0) is None
    assert je.onehot("c", "abc").tolist() == [False, False, True]
    with pytest.raises(je.ArgumentError, match="not found in labels"):
        je.onehot("d", "abc")


def test_values_print_as_julia_writes_them(monkeypatch: pytest.MonkeyPatch) -> None:
    from juliette_engine.text import array_text

    monkeypatch.setattr(Rule, "named", True)

    weights = je.Parameter(np.array([[1.0], [2.0]]))
    assert repr(weights) == "Parameter([1.0; 2.0;;])"
    assert repr(je.Params([weights, np.float32([0.5])])) == "Params([[1.0; 2.0;;], Float32[0.5]])"
    assert (
        array_text(np.arange(30))
        == "[0, 1, 2, 3, 4, 5, 6, 7, 8, 9  …  20, 21, 22, 23, 24, 25, 26, 27, 28, 29]"
    )
    assert (
        array_text(np.arange(30.0).reshape(6, 5))
        == "[0.0 1.0 … 3.0 4.0; 5.0 6.0 … 8.0 9.0; … ; 20.0 21.0 … 23.0 24.0; 25.0 26.0 … 28.0 29.0]"
    )
    assert array_text(np.array([True, False])) == "Bool[1, 0]"
    state = je.setup(je.Adam(0.5), {"w": np.array([1.0, 2.0])})["w"]
    assert (
        repr(state)
        == "Leaf(Adam(eta=0.5, beta=(0.9, 0.999), epsilon=1.0e-8), ([0.0, 0.0], [0.0, 0.0], (0.9, 0.999)))"
    )


@pytest.mark.parametrize("name", [*LAYERS, *RULES])
def test_nothing_prints_as_an_address(name: str) -> None:
    made = {
        "Chain": lambda: je.Chain(je.Dense((1, 1))), "Maxout": lambda: je.Maxout(je.Dense((1, 1)), je.Dense((1, 1))),
        "SkipConnection": lambda: je.SkipConnection(je.Dense((1, 1)), np.add), "Recur": lambda: je.Recur(lambda h, x: (h, x), 0),
        "Parallel": lambda: je.Parallel(np.add, je.Dense((1, 1))), "PairwiseFusion": lambda: je.PairwiseFusion(np.add, je.Dense((1, 1))),
        "Recurrence": lambda: je.Recurrence(je.RNNCell((1, 1))), "Bilinear": lambda: je.Bilinear(((1, 1), 1)),
        "GroupNorm": lambda: je.GroupNorm(4, 2), "MultiHeadAttention": lambda: je.MultiHeadAttention(4, nheads=2),
        "OptimiserChain": lambda: je.OptimiserChain(je.Adam()), "AccumGrad": lambda: je.AccumGrad(2),
        "MixedPrecision": lambda: je.MixedPrecision(je.Adam()), "PixelShuffle": lambda: je.PixelShuffle(2),
        "Upsample": lambda: je.Upsample(2), "WeightNorm": lambda: je.WeightNorm(je.Dense((1, 2))),
    }  # fmt: skip
    x: Any = getattr(je, name)
    if name in made:
        x = made[name]()
    elif name in RULES or name.startswith("Global"):
        x = x()
    elif "Pool" in name:
        x = x((2, 2))
    elif "Conv" in name or "CrossCor" in name:
        x = x((2, 2), (1, 1))
    elif "Dropout" in name:
        x = x(0.5)
    elif "Norm" in name or name == "Scale":
        x = x(3)
    else:
        x = x((1, 2))
    assert repr(x).startswith(f"{name.removesuffix('Stateful')}(") or name == "MixedPrecision"
    assert " at 0x" not in repr(x)
