"""Drawn geometries against PyTorch, the layers and rules that the other files leave, and a list of all."""

from __future__ import annotations

import inspect
import itertools
import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from tests.engine import test_torch_layers as layers
from tests.engine import test_torch_losses as losses
from tests.engine import test_torch_optimisers as optimisers
from tests.engine.against_torch import (
    PRECISIONS,
    array,
    compare,
    compare_layer,
    kind,
    normal,
    randomised,
    same,
    tensor,
    torch,
)  # fmt: skip

import juliette_engine as je
from juliette_engine import activations as A
from juliette_engine import functions as F
from juliette_engine import rules
from juliette_engine.layers.layer import Layer
from juliette_engine.optimise.rule import Rule

T: Any = torch.nn.functional
# Every machine draws the same.
DRAWS = np.random.default_rng(7)


def draw(low: int, high: int, n: int) -> tuple[int, ...]:
    """`n` numbers from `low` to `high`."""
    return tuple(int(k) for k in DRAWS.integers(low, high + 1, n))


def geometry(n: int) -> dict[str, Any]:
    """A convolution in `n` dimensions that has an output, with odd and even sizes."""
    kernel, dilation, stride = draw(1, 3, n), draw(1, 2, n), draw(1, 3, n)
    pad = tuple(
        min(p, d * (k - 1)) for p, d, k in zip(draw(0, 2, n), dilation, kernel, strict=True)
    )
    least = [d * (k - 1) + 1 for d, k in zip(dilation, kernel, strict=True)]
    size = tuple(m + extra for m, extra in zip(least, draw(0, 5, n), strict=True))
    groups = int(DRAWS.choice([1, 2, 3]))
    channels = tuple(groups * k for k in draw(1, 2, 2))
    return {
        "size": size, "kernel": kernel, "groups": groups, "channels": channels, "batch": draw(1, 3, 1)[0],
        "options": {"stride": stride, "pad": pad, "dilation": dilation},
    }  # fmt: skip


GEOMETRIES = [geometry(n) for n in (1, 2, 3) for _ in range(14)]


def torch_options(options: dict[str, Any]) -> dict[str, Any]:
    return {"padding" if k == "pad" else k: v[::-1] for k, v in options.items()}


def flip(w: Any) -> Any:
    return torch.flip(w, tuple(range(2, w.ndim)))


@pytest.mark.parametrize("k", range(len(GEOMETRIES)))
def test_convolution(k: int) -> None:
    g = GEOMETRIES[k]
    n, groups, (into, out), options = len(g["size"]), g["groups"], g["channels"], g["options"]
    given, dtype = torch_options(options), ("float64", "float32")[k % 2]
    x, w = normal(*g["size"], into, g["batch"]), normal(*g["kernel"], into // groups, out)
    compare(
        lambda a, b: F.conv(a, b, groups=groups, **options),
        lambda a, b: getattr(T, f"conv{n}d")(a, flip(b), groups=groups, **given), [x, w], dtype,
    )  # fmt: skip
    back = normal(*g["kernel"], out // groups, into)
    compare(
        lambda a, b: F.conv_transpose(a, b, groups=groups, **options),
        lambda a, b: getattr(T, f"conv_transpose{n}d")(a, flip(b), groups=groups, **given), [x, back], dtype,
    )  # fmt: skip


@pytest.mark.parametrize("k", range(len(GEOMETRIES)))
def test_pooling(k: int) -> None:
    g = GEOMETRIES[k]
    n, kernel, stride = len(g["size"]), g["kernel"], g["options"]["stride"]
    pad = tuple(min(p, size // 2) for p, size in zip(g["options"]["pad"], kernel, strict=True))
    x, dtype = normal(*g["size"], 2, g["batch"]), ("float64", "float32")[k % 2]
    size, given = kernel[::-1], {"stride": stride[::-1], "padding": pad[::-1]}
    compare(
        lambda a: F.maxpool(a, kernel, stride=stride, pad=pad),
        lambda a: getattr(T, f"max_pool{n}d")(a, size, **given),
        [x],
        dtype,
    )
    compare(
        lambda a: F.meanpool(a, kernel, stride=stride, pad=pad),
        lambda a: getattr(T, f"avg_pool{n}d")(a, size, **given),
        [x],
        dtype,
    )


@pytest.mark.parametrize("dtype", PRECISIONS)
@pytest.mark.parametrize("size", [(1,), (1, 1), (5, 1), (1, 7), (3, 0), (3, 2, 1), (2, 1, 3, 1)])
def test_dense_and_normalisations_of_odd_sizes(size: tuple[int, ...], dtype: str) -> None:
    x = normal(*size)
    dense = randomised(je.Dense((size[0], 3), A.tanh), dtype)
    compare_layer(dense, dense, lambda w, b, a: torch.tanh(T.linear(a, w.T, b)), [x], dtype)
    compare(rules.softmax, lambda a: T.softmax(a, -1), [x], dtype)
    if math.prod(size) and len(size) > 1 and size[0] > 1:  # of one number theirs is rounding noise
        layer = randomised(je.LayerNorm(size[0]), dtype)
        layers.set_denominator("0.16")
        try:
            compare_layer(layer, layer, lambda s, b, a: T.layer_norm(a, size[:1], s, b), [x], dtype)
        finally:
            layers.set_denominator("0.14")


# ---------------------------------------------------------------- the layers that are left


def bag(reduction: str) -> Callable[..., Any]:
    return lambda w, x: T.embedding_bag(torch.tensor(layers.ROWS.T.copy()), w, mode=reduction)


def mixed_attention(q: Any, k: Any, v: Any, out: Any, x: Any, y: Any) -> Any:
    """Attention whose keys and values have other sizes than the queries."""
    heads = 3
    parts = [
        (a @ w).unflatten(-1, (heads, -1)).transpose(1, 2) for a, w in ((x, q), (y, k), (y, v))
    ]
    scores = T.softmax(parts[0] @ parts[1].transpose(2, 3) / math.sqrt(parts[0].shape[-1]), -1)
    return (scores @ parts[2]).transpose(1, 2).flatten(2) @ out, scores


MORE: dict[str, layers.Case] = {
    "EmbeddingBag, sum": layers.Case(
        lambda: je.Chain(lambda x: layers.ROWS, je.EmbeddingBag((6, 4), lambda y, dims: rules.sum_along(y, (dims - 1,)))), bag("sum"), lambda: [normal(1)]
    ),
    "AdaptiveMaxPool": layers.Case(lambda: je.AdaptiveMaxPool((3, 2)), lambda x: T.adaptive_max_pool2d(x, (2, 3)), lambda: [normal(6, 4, 2, 3)]),
    "AdaptiveMeanPool": layers.Case(lambda: je.AdaptiveMeanPool((3, 2)), lambda x: T.adaptive_avg_pool2d(x, (2, 3)), lambda: [normal(6, 4, 2, 3)]),
    "Upsample, trilinear": layers.Case(
        lambda: je.Upsample("trilinear", size=(5, 4, 3)),
        lambda x: T.interpolate(x, (3, 4, 5), mode="trilinear", align_corners=True), lambda: [normal(3, 2, 3, 2, 1)],
    ),
    "RNNCell": layers.Case(
        lambda: je.RNNCell((4, 3)), lambda wi, wh, b, x, h: (lambda y: (y, y))(torch.ops.aten.rnn_tanh_cell(x, h, wi.T, wh.T, b, torch.zeros_like(b))),
        lambda: [normal(4, 5), normal(3, 5)],
    ),
    "GRUCell": layers.Case(
        lambda: je.GRUCell((4, 3)), lambda wi, wh, b, x, h: (lambda y: (y, y))(torch.ops.aten.gru_cell(x, h, wi.T, wh.T, b, torch.zeros_like(b))),
        lambda: [normal(4, 5), normal(3, 5)],
    ),
    "Recurrence": layers.Case(lambda: je.Recurrence(je.RNNCell((4, 3))), layers.rnn, layers.sequence),
    "MultiHeadAttention, other sizes": layers.Case(
        lambda: je.MultiHeadAttention(((4, 5, 5), ((6, 9), 2)), nheads=3), mixed_attention, lambda: [normal(4, 3, 2), normal(5, 7, 2)],
    ),
    "BatchNorm, three dimensions": layers.Case(
        lambda: je.BatchNorm(2, active=True, track_stats=False), lambda b, w, x: T.batch_norm(x, None, None, w, b, training=True),
        lambda: [normal(3, 1, 2, 2, 3)],
    ),
}  # fmt: skip


@pytest.mark.parametrize("dtype", PRECISIONS)
@pytest.mark.parametrize("name", MORE)
def test_layer(name: str, dtype: str) -> None:
    case = MORE[name]
    layer = randomised(case.layer(), dtype)
    compare_layer(layer, layer, case.theirs, case.inputs(), dtype)


def test_lstm_cell() -> None:
    """One step: the output and the pair of states."""
    cell = randomised(je.LSTMCell((4, 3)), "float32")
    x, h, c = (kind(normal(k, 5), "float32") for k in (4, 3, 3))
    y, (new_h, new_c) = cell(x, (h, c))
    expected = torch.ops.aten.lstm_cell(
        tensor(x),
        (tensor(h), tensor(c)),
        *(tensor(w).T for w in (cell.Wi, cell.Wh)),
        tensor(cell.bias),
        torch.zeros(12),
    )
    for ours, theirs in zip((y, new_h, new_c), (expected[0], *expected), strict=True):
        same(ours, array(theirs), "float32")


def test_dropout_layers_have_the_statistics_of_pytorchs() -> None:
    x = kind(normal(400, 300), "float32")
    for ours, theirs in (
        (je.Dropout(0.3, active=True), torch.nn.Dropout(0.3)),
        (je.AlphaDropout(0.3, active=True), torch.nn.AlphaDropout(0.3)),
    ):
        y, t = ours(x), array(theirs(tensor(x)))
        assert y.mean() == pytest.approx(t.mean(), abs=0.02)
        assert y.std() == pytest.approx(t.std(), rel=0.02)
        assert np.median(np.abs(y)) == pytest.approx(np.median(np.abs(t)), rel=0.05)
    rows = je.Dropout(0.4, dims=(1,), active=True)(np.ones((500, 7)))
    assert not np.ptp(rows, 1).any()
    assert (rows[:, 0] == 0).mean() == pytest.approx(0.4, abs=0.08)


# ---------------------------------------------------------------- rules with formulas of their own, in PyTorch's numbers


def lion(eta: float, b1: float, b2: float) -> Callable[..., Any]:
    def step(state: Any, x: Any, g: Any, t: int) -> tuple[Any, Any]:
        m = torch.zeros_like(x) if state is None else state
        return b2 * g + (1 - b2) * m, eta * torch.sign((b2 - b1) * g + b1 * m)

    return step


def moments(state: Any, g: Any, b1: float, b2: float) -> tuple[Any, Any]:
    m, v = (torch.zeros_like(g), torch.zeros_like(g)) if state is None else state
    return m.lerp(g, 1 - b1), v.lerp(g * g, 1 - b2)


def optimistic(eta: float, b1: float, b2: float) -> Callable[..., Any]:
    def step(state: Any, x: Any, g: Any, t: int) -> tuple[Any, Any]:
        both, last = (None, torch.zeros_like(x)) if state is None else state
        m, v = moments(both, g, b1, b2)
        plain = eta * (m / (1 - b1**t)) / (torch.sqrt(v / (1 - b2**t)) + 1e-8)
        return ((m, v), plain), 2 * plain - last

    return step


def belief(eta: float, b1: float, b2: float) -> Callable[..., Any]:
    def step(state: Any, x: Any, g: Any, t: int) -> tuple[Any, Any]:
        m, s = (torch.zeros_like(x), torch.zeros_like(x)) if state is None else state
        m = m.lerp(g, 1 - b1)
        s = s.lerp((g - m) ** 2, 1 - b2) + 1e-16
        return (m, s), eta * (m / (1 - b1**t)) / (torch.sqrt(s / (1 - b2**t)) + 1e-16)

    return step


FORMULAS: dict[str, tuple[Any, Callable[..., Any]]] = {
    "Lion": (je.Lion(0.01, (0.9, 0.99)), lion(0.01, 0.9, 0.99)),
    "OAdam": (je.OAdam(0.01, (0.5, 0.9)), optimistic(0.01, 0.5, 0.9)),
    "AdaBelief": (je.AdaBelief(0.01), belief(0.01, 0.9, 0.999)),
    "SignDecay": (je.OptimiserChain(je.SignDecay(0.1), je.Descent(0.05)), lambda s, x, g, t: (None, 0.05 * (g + 0.1 * torch.sign(x)))),
    "AccumGrad": (
        je.OptimiserChain(je.AccumGrad(2), je.Descent(0.1)),
        lambda s, x, g, t: (g, torch.zeros_like(x)) if t % 2 else (None, 0.1 * (s + g) / 2),
    ),
}  # fmt: skip


@pytest.mark.parametrize("dtype", PRECISIONS)
@pytest.mark.parametrize("name", FORMULAS)
def test_rule(name: str, dtype: str) -> None:
    rule, step = FORMULAS[name]
    x = kind(normal(4, 3), dtype)
    theirs, state, kept = tensor(x).detach(), je.setup(rule, {"x": x}), None
    for t in range(1, 9):
        g = kind(normal(4, 3), dtype)
        state, ours = je.update(state, {"x": x}, {"x": g})
        kept, change = step(kept, theirs, tensor(g).detach(), t)
        theirs = theirs - change
        x = ours["x"]
        same(x, array(theirs), dtype)


def test_steps_in_another_precision() -> None:
    """`MixedPrecision` keeps what Float16 would round away, as an optimiser of Float32 copies does."""
    start = np.asfortranarray(np.ones((3, 2)), dtype=np.float16)
    state, model = (
        je.setup(je.MixedPrecision(np.float32, je.Descent(1e-4)), {"x": start.copy()}),
        {"x": start.copy()},
    )
    wide = torch.ones(2, 3)
    for _ in range(20):
        state, model = je.update(state, model, {"x": np.ones((3, 2), np.float16)})
        wide -= 1e-4
    np.testing.assert_array_equal(model["x"], wide.half().numpy().T)


# ---------------------------------------------------------------- first weights


@pytest.mark.parametrize("gain", [1.0, 0.3])
def test_gains(gain: float) -> None:
    init = torch.nn.init
    for ours, theirs in (
        (je.glorot_uniform, init.xavier_uniform_),
        (je.glorot_normal, init.xavier_normal_),
    ):
        x, t = ours(120, 250, gain=gain), theirs(torch.empty(120, 250), gain=gain).numpy()
        assert x.std() == pytest.approx(t.std(), rel=0.03)
        assert abs(float(x.mean())) < 4 * t.std() / math.sqrt(x.size)


def quantiles(x: Any) -> Any:
    return np.quantile(np.asarray(x, dtype=float), [0.01, 0.1, 0.25, 0.5, 0.75, 0.9, 0.99])


@pytest.mark.parametrize(
    ("mean", "std", "lo", "hi"), [(0, 1, -2, 2), (0.5, 2, -1, 1.5), (3, 1, 1, 2)]
)
def test_truncated_normal(mean: float, std: float, lo: float, hi: float) -> None:
    x = je.truncated_normal(300, 200, mean=mean, std=std, lo=lo, hi=hi)
    t = torch.nn.init.trunc_normal_(torch.empty(300, 200), mean, std, lo, hi).numpy()
    assert lo <= x.min()
    assert x.max() <= hi
    np.testing.assert_allclose(quantiles(x), quantiles(t), atol=0.03 * (hi - lo))


def test_the_other_initialisers() -> None:
    lecun = je.lecun_normal(300, 200)
    t = torch.nn.init.trunc_normal_(torch.empty(300, 200), 0, math.sqrt(1 / 200), -2, 2).numpy()
    np.testing.assert_allclose(quantiles(lecun), quantiles(t), atol=0.01)
    sparse, t = (
        je.sparse_init(50, 40, sparsity=0.3),
        torch.nn.init.sparse_(torch.empty(50, 40), 0.3).numpy(),
    )
    assert (sparse == 0).sum(0).tolist() == (t == 0).sum(0).tolist()
    assert sparse[sparse != 0].std() == pytest.approx(t[t != 0].std(), rel=0.1)
    for shape in ((6, 6), (7, 3), (3, 7), (2, 3, 4)):
        q = je.orthogonal(*shape, gain=2.0).reshape(-1, shape[-1], order="F")
        gram = q.T @ q if q.shape[0] >= q.shape[1] else q @ q.T
        np.testing.assert_allclose(gram, 4 * np.eye(min(q.shape)), atol=1e-5)
    identity = torch.nn.init.dirac_(torch.empty(3, 3, 5, 3)).numpy().transpose(3, 2, 1, 0)
    np.testing.assert_array_equal(je.identity_init(3, 5, 3, 3), identity)
    for ours, theirs in ((je.rand32, torch.rand), (je.randn32, torch.randn)):
        np.testing.assert_allclose(
            quantiles(ours(300, 200)), quantiles(theirs(200, 300).numpy()), atol=0.05
        )
    assert (je.ones32(2, 3) == 1).all()
    assert not je.zeros32(4).any()


# ---------------------------------------------------------------- nothing is left out

# Not compared as such: a padding, an option of others; a third version that PyTorch lacks is in `test_layers.py`.
LEFT = {"SamePad", "GRUv3", "GRUv3Cell"}


def mentioned(*groups: Any) -> set[str]:
    """The first words of the names of cases."""
    return {name.split(",")[0].split(" ")[0] for name in itertools.chain(*groups)}


def test_every_layer_is_compared() -> None:
    own = {
        n
        for n in je.__all__
        if inspect.isclass(getattr(je, n)) and issubclass(getattr(je, n), Layer)
    }
    here = {"LSTMCell", "Dropout", "AlphaDropout", "Recur"}
    assert own - mentioned(layers.CASES, MORE) - here - LEFT == set()


def test_every_rule_is_compared() -> None:
    """`RAdam`, `NAdam` and `AMSGrad` have other formulas in PyTorch; `test_optimise.py` has ours."""
    own = {
        n
        for n in je.__all__
        if inspect.isclass(getattr(je, n)) and issubclass(getattr(je, n), Rule)
    }
    here = {"MixedPrecision", "OptimiserChain", "ClipGrad", "ClipNorm", "RAdam", "NAdam", "AMSGrad"}
    assert own - mentioned(optimisers.RULES, FORMULAS) - here == set()


def test_every_loss_is_compared() -> None:
    own = {
        n
        for n in je.__all__
        if n.endswith(("loss", "entropy", "divergence")) or n in ("mse", "mae", "msle")
    }
    assert own - mentioned(losses.CASES) - {"ctc_loss"} == set()
