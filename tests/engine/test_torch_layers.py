"""Layers against PyTorch: values, and gradients of every parameter and input."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import numpy as np
import pytest
from tests.engine.against_torch import (
    PRECISIONS,
    array,
    compare_layer,
    kind,
    normal,
    randomised,
    same,
    tensor,
    torch,
)

import juliette_engine as je
from juliette_engine import activations as A
from juliette_engine import rules
from juliette_engine.layers import recurrent
from juliette_engine.layers.normalise import set_denominator
from juliette_engine.layers.weightnorm import WeightNorm

T: Any = torch.nn.functional


class Case(NamedTuple):
    """Our layer; PyTorch's formula of its parameters (in their order) and inputs; the inputs."""

    layer: Callable[[], Any]
    theirs: Callable[..., Any]
    inputs: Callable[[], list[Any]]


def matrix() -> list[Any]:
    return [normal(4, 5)]


def sequence() -> list[Any]:
    return [normal(4, 6, 3)]


def image() -> list[Any]:
    return [normal(6, 5, 4, 3)]


def linear(w: Any, b: Any, x: Any) -> Any:
    """`Dense`: PyTorch's weight is ours transposed, as all tensors are."""
    return T.linear(x, w.T, b)


def flip(w: Any) -> Any:
    """A kernel for PyTorch, which correlates."""
    return torch.flip(w, tuple(range(2, w.ndim)))


def normalised(x: Any, dims: tuple[int, ...], eps: float = 1e-5) -> Any:
    variance, mean = torch.var_mean(x, dims, correction=0, keepdim=True)
    return (x - mean) / torch.sqrt(variance + eps)


ROWS = np.array([[0, 3, 1], [5, 5, 2]])

FEEDFORWARD: dict[str, Case] = {
    "Dense": Case(lambda: je.Dense((4, 3), A.tanh), lambda w, b, x: torch.tanh(linear(w, b, x)), matrix),
    "Dense, vector": Case(lambda: je.Dense((4, 3), A.σ), lambda w, b, x: torch.sigmoid(linear(w, b, x)), lambda: [normal(4)]),
    "Dense, three dimensions": Case(lambda: je.Dense((4, 3), A.relu), lambda w, b, x: T.relu(linear(w, b, x)), sequence),
    "Dense, no bias": Case(lambda: je.Dense((4, 3), A.gelu, bias=False), lambda w, x: T.gelu(x @ w, approximate="tanh"), matrix),
    "Scale": Case(lambda: je.Scale(4, A.tanh), lambda s, b, x: torch.tanh(s * x + b), matrix),
    "Bilinear": Case(
        lambda: je.Bilinear(((4, 2), 3), A.tanh),
        lambda w, b, x, y: torch.tanh(T.bilinear(x, y, w.permute(2, 1, 0), b)), lambda: [normal(4, 5), normal(2, 5)],
    ),
    "Embedding": Case(
        lambda: je.Chain(lambda x: ROWS, je.Embedding((6, 4))),
        lambda w, x: T.embedding(torch.tensor(ROWS.T.copy()), w), lambda: [normal(1)],
    ),
    "EmbeddingBag": Case(
        lambda: je.Chain(lambda x: ROWS, je.EmbeddingBag((6, 4))),
        lambda w, x: T.embedding_bag(torch.tensor(ROWS.T.copy()), w, mode="mean"), lambda: [normal(1)],
    ),
    "Chain": Case(
        lambda: je.Chain(je.Dense((4, 3), A.relu), je.Dense((3, 2)), je.softmax),
        lambda w, b, u, c, x: T.softmax(linear(u, c, T.relu(linear(w, b, x))), 1), matrix,
    ),
    "SkipConnection": Case(
        lambda: je.SkipConnection(je.Dense((4, 4), A.tanh), rules.mul),
        lambda w, b, x: torch.tanh(linear(w, b, x)) * x, matrix,
    ),
    "Parallel": Case(
        lambda: je.Parallel(rules.sub, je.Dense((4, 2)), je.Dense((4, 2), A.σ)),
        lambda w, b, u, c, x: linear(w, b, x) - torch.sigmoid(linear(u, c, x)), matrix,
    ),
    "Parallel, two inputs": Case(
        lambda: je.Parallel(rules.sub, je.Dense((4, 2)), je.Dense((3, 2), A.σ)),
        lambda w, b, u, c, x, y: linear(w, b, x) - torch.sigmoid(linear(u, c, y)), lambda: [normal(4, 5), normal(3, 5)],
    ),
    "PairwiseFusion": Case(
        lambda: je.PairwiseFusion(rules.add, je.Dense((4, 3)), je.Dense((3, 2))),
        lambda w, b, u, c, x, y: (linear(w, b, x), linear(u, c, linear(w, b, x) + y)), lambda: [normal(4, 5), normal(3, 5)],
    ),
    "Maxout": Case(
        lambda: je.Maxout(je.Dense((4, 3)), je.Dense((4, 3)), je.Dense((4, 3))),
        lambda a, b, c, d, e, f, x: torch.stack([linear(a, b, x), linear(c, d, x), linear(e, f, x)]).amax(0), matrix,
    ),
    "WeightNorm": Case(
        lambda: WeightNorm(je.Dense((4, 3))), lambda v, b, g, x: linear(torch._weight_norm(v, g, 1), b, x), matrix,
    ),
    "Conv": Case(
        lambda: je.Conv((3, 2), (4, 6), A.relu, stride=2, pad=1, groups=2),
        lambda w, b, x: T.relu(T.conv2d(x, flip(w), b, stride=2, padding=1, groups=2)), image,
    ),
    "Conv, same padding": Case(
        lambda: je.Conv((3, 3), (4, 2), A.tanh, pad=je.SamePad(), dilation=2),
        lambda w, b, x: torch.tanh(T.conv2d(x, flip(w), b, padding="same", dilation=2)), image,
    ),
    "Conv, no bias": Case(lambda: je.Conv((3,), (4, 6), bias=False), lambda w, x: T.conv1d(x, flip(w)), lambda: [normal(7, 4, 3)]),
    "CrossCor": Case(lambda: je.CrossCor((3, 2), (4, 6), A.σ), lambda w, b, x: torch.sigmoid(T.conv2d(x, w, b)), image),
    "ConvTranspose": Case(
        lambda: je.ConvTranspose((3, 2), (4, 6), A.relu, stride=2, pad=1, groups=2, outpad=1),
        lambda w, b, x: T.relu(T.conv_transpose2d(x, flip(w), b, stride=2, padding=1, groups=2, output_padding=1)), image,
    ),
    "LayerNorm": Case(
        lambda: je.LayerNorm(6, 5), lambda w, b, x: T.layer_norm(x, (5, 6), w, b), lambda: [normal(6, 5, 4)],
    ),
    "LayerNorm, activation": Case(
        lambda: je.LayerNorm(4, A.relu), lambda w, b, x: T.relu(T.layer_norm(x, (4,), w, b)), sequence,
    ),
    "LayerNorm, not affine": Case(lambda: je.LayerNorm(4, affine=False), lambda x: T.layer_norm(x, (4,)), matrix),
    "BatchNorm": Case(
        lambda: je.BatchNorm(4, A.relu, active=True, track_stats=False),
        lambda b, w, x: T.relu(T.batch_norm(x, None, None, w, b, training=True)), image,
    ),
    "BatchNorm, matrix": Case(
        lambda: je.BatchNorm(4, active=True, track_stats=False),
        lambda b, w, x: T.batch_norm(x, None, None, w, b, training=True), matrix,
    ),
    "BatchNorm, not affine": Case(
        lambda: je.BatchNorm(4, affine=False, active=True), lambda x: T.batch_norm(x, None, None, training=True), image
    ),
    "GroupNorm": Case(
        lambda: je.GroupNorm(4, 2, A.tanh, active=True), lambda b, w, x: torch.tanh(T.group_norm(x, 2, w, b)), image
    ),
    "InstanceNorm": Case(
        lambda: je.InstanceNorm(4, affine=True, active=True), lambda b, w, x: T.instance_norm(x, weight=w, bias=b), image
    ),
    "MaxPool": Case(lambda: je.MaxPool((2, 3), pad=1), lambda x: T.max_pool2d(x, (3, 2), padding=1), image),
    "MeanPool": Case(lambda: je.MeanPool((2, 3), stride=1), lambda x: T.avg_pool2d(x, (3, 2), stride=1), image),
    "GlobalMaxPool": Case(lambda: je.GlobalMaxPool(), lambda x: T.adaptive_max_pool2d(x, 1), image),
    "GlobalMeanPool": Case(lambda: je.GlobalMeanPool(), lambda x: T.adaptive_avg_pool2d(x, 1), image),
    "Upsample": Case(lambda: je.Upsample(2), lambda x: T.interpolate(x, scale_factor=2.0, mode="nearest"), image),
    "Upsample, bilinear": Case(
        lambda: je.Upsample("bilinear", size=(9, 11)), lambda x: T.interpolate(x, (11, 9), mode="bilinear", align_corners=True), image
    ),
    "PixelShuffle": Case(lambda: je.PixelShuffle(2), lambda x: T.pixel_shuffle(x, 2), image),
}  # fmt: skip


# ---------------------------------------------------------------- recurrences


def over_time(x: Any) -> Iterator[Any]:
    """The steps of a sequence `batch × time × features`."""
    return iter(x.unbind(1))


def rnn(wi: Any, wh: Any, b: Any, x: Any) -> Any:
    h, out = torch.zeros(x.shape[0], wh.shape[0], dtype=x.dtype), []
    for step in over_time(x):
        h = torch.ops.aten.rnn_tanh_cell(step, h, wi.T, wh.T, b, torch.zeros_like(b))
        out.append(h)
    return torch.stack(out, 1)


def lstm(wi: Any, wh: Any, b: Any, x: Any) -> Any:
    h = c = torch.zeros(x.shape[0], wh.shape[0], dtype=x.dtype)
    out = []
    for step in over_time(x):
        h, c = torch.ops.aten.lstm_cell(step, (h, c), wi.T, wh.T, b, torch.zeros_like(b))
        out.append(h)
    return torch.stack(out, 1)


def gru(wi: Any, wh: Any, b: Any, x: Any) -> Any:
    h, out = torch.zeros(x.shape[0], wh.shape[0], dtype=x.dtype), []
    for step in over_time(x):
        h = torch.ops.aten.gru_cell(step, h, wi.T, wh.T, b, torch.zeros_like(b))
        out.append(h)
    return torch.stack(out, 1)


def attention(q: Any, k: Any, v: Any, out: Any, *xs: Any, heads: int = 2) -> Any:
    """PyTorch's own attention over several heads."""
    inputs = [x.transpose(0, 1) for x in xs]
    projections = [w.T for w in (q, k, v)]
    y, α = T.multi_head_attention_forward(
        *inputs, xs[0].shape[-1], heads, None, torch.zeros(3 * q.shape[1], dtype=q.dtype), None, None, False, 0.0,
        out.T, None, training=False, use_separate_proj_weight=True, q_proj_weight=projections[0],
        k_proj_weight=projections[1], v_proj_weight=projections[2], average_attn_weights=False,
    )  # fmt: skip
    return y.transpose(0, 1), α


SEQUENCES: dict[str, Case] = {
    "RNN": Case(lambda: je.RNN((4, 3)), rnn, sequence),
    "LSTM": Case(lambda: je.LSTM((4, 3)), lstm, sequence),
    "GRU": Case(lambda: je.GRU((4, 3)), gru, sequence),
    "MultiHeadAttention": Case(lambda: je.MultiHeadAttention(4, nheads=2), attention, lambda: [normal(4, 5, 3), normal(4, 6, 3), normal(4, 6, 3)]),
}  # fmt: skip
CASES = {**FEEDFORWARD, **SEQUENCES}


@pytest.fixture(autouse=True)
def newest() -> Iterator[None]:
    """PyTorch normalises as Flux 0.16 does."""
    set_denominator("0.16")
    yield
    set_denominator("0.14")


@pytest.mark.parametrize("dtype", PRECISIONS)
@pytest.mark.parametrize("name", CASES)
def test_layer(name: str, dtype: str) -> None:
    case = CASES[name]
    layer = randomised(case.layer(), dtype)
    compare_layer(layer, layer, case.theirs, case.inputs(), dtype)


STATEFUL = {
    "RNN": (recurrent.RNNCellStateful, rnn),
    "LSTM": (recurrent.LSTMCellStateful, lstm),
    "GRU": (recurrent.GRUCellStateful, gru),
}


@pytest.mark.parametrize("name", STATEFUL)
def test_layers_that_keep_their_state(name: str) -> None:
    """Before Flux 0.15: `features × batch × time`, from a state of zeros."""
    cell, theirs = STATEFUL[name]
    cell = randomised(cell((4, 3)), "float32")
    for state in cell.state0 if isinstance(cell.state0, tuple) else (cell.state0,):
        state[...] = 0
    layer = je.Recur(cell)
    x = kind(normal(4, 3, 6), "float32")
    whole = theirs(*map(tensor, (cell.Wi, cell.Wh, cell.b)), tensor(x.transpose(0, 2, 1)))
    same(layer(x), array(whole).transpose(0, 2, 1), "float32")
    je.reset(layer)
    steps = np.stack([layer(x[:, :, t]) for t in range(6)], 2)
    same(steps, array(whole).transpose(0, 2, 1), "float32")


@pytest.mark.parametrize("momentum", [0.1, 0.4])
def test_batch_statistics_are_tracked(momentum: float) -> None:
    """After three batches in training the running statistics are PyTorch's, and so is the use of them."""
    ours = je.BatchNorm(4, A.relu, momentum=momentum)
    theirs = torch.nn.BatchNorm2d(4, momentum=momentum)
    for _ in range(3):
        x = kind(normal(6, 5, 4, 3) * 2 + 1, "float32")
        je.gradient(lambda a: rules.total(ours(a)), x)
        theirs(tensor(x))
    same(ours.μ, array(theirs.running_mean), "float32")
    same(ours.variance, array(theirs.running_var), "float32")
    theirs.eval()
    same(ours(x), array(T.relu(theirs(tensor(x)))), "float32")


def test_instance_statistics_are_tracked() -> None:
    ours = je.InstanceNorm(4, affine=True, track_stats=True)
    theirs = torch.nn.InstanceNorm2d(4, affine=True, track_running_stats=True)
    for _ in range(3):
        x = kind(normal(6, 5, 4, 3) * 2 + 1, "float32")
        je.gradient(lambda a: rules.total(ours(a)), x)
        theirs(tensor(x))
    same(ours.μ, array(theirs.running_mean), "float32")
    same(ours.variance, array(theirs.running_var), "float32")
    theirs.eval()
    same(ours(x), array(theirs(tensor(x))), "float32")


def test_first_weights_have_the_spread_of_pytorchs() -> None:
    """The same bounds or deviations as the initialisers of PyTorch."""
    init = torch.nn.init
    for ours, theirs in (
        (je.glorot_uniform, init.xavier_uniform_),
        (je.glorot_normal, init.xavier_normal_),
        (je.kaiming_uniform, init.kaiming_uniform_),
        (je.kaiming_normal, init.kaiming_normal_),
    ):
        for shape in ((300, 200), (5, 4, 30, 40)):
            x, t = (
                ours(*shape),
                theirs(torch.empty(shape[::-1] if len(shape) > 2 else shape)).numpy(),
            )
            assert x.std() == pytest.approx(t.std(), rel=0.02)
            assert np.abs(x).max() == pytest.approx(np.abs(t).max(), rel=0.25)
    q = je.orthogonal(5, 3)
    np.testing.assert_allclose(q.T @ q, np.eye(3), atol=1e-6)
