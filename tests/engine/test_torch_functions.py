"""The functions that layers are made of against PyTorch: one entry for each case."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
import pytest
from tests.engine.against_torch import (
    PRECISIONS,
    RANDOM,
    compare,
    normal,
    positive,
    torch,
)

import juliette_engine as je
from juliette_engine import activations as A
from juliette_engine import functions as F
from juliette_engine import rules
from juliette_engine.functions import padding, spectral, warping

T: Any = torch.nn.functional


class Case(NamedTuple):
    """Our function, PyTorch's, and what they are called with."""

    ours: Callable[..., Any]
    theirs: Callable[..., Any]
    inputs: Callable[[], list[Any]]


def numbers() -> list[Any]:
    """Numbers on both sides of every kink of an activation."""
    return [normal(7, 5) * 3]


def elementwise(ours: Any, theirs: Any) -> Case:
    return Case(ours, theirs, numbers)


ACTIVATIONS: dict[str, Case] = {
    "σ": elementwise(A.σ, torch.sigmoid),
    "hardσ": elementwise(A.hardσ, T.hardsigmoid),
    "logσ": elementwise(A.logσ, T.logsigmoid),
    "tanh": elementwise(A.tanh, torch.tanh),
    "hardtanh": elementwise(A.hardtanh, T.hardtanh),
    "relu": elementwise(A.relu, T.relu),
    "relu6": elementwise(lambda x: A.relu6(rules.mul(x, 2)), lambda x: T.relu6(2 * x)),
    "leakyrelu": elementwise(A.leakyrelu, T.leaky_relu),
    "leakyrelu, slope": elementwise(lambda x: A.leakyrelu(x, 0.2), lambda x: T.leaky_relu(x, 0.2)),
    "elu": elementwise(A.elu, T.elu),
    "elu, α": elementwise(lambda x: A.elu(x, 0.7), lambda x: T.elu(x, 0.7)),
    "celu": elementwise(A.celu, T.celu),
    "celu, α": elementwise(lambda x: A.celu(x, 1.6), lambda x: T.celu(x, 1.6)),
    "selu": elementwise(A.selu, T.selu),
    "gelu_tanh": elementwise(A.gelu_tanh, lambda x: T.gelu(x, approximate="tanh")),
    "gelu_sigmoid": elementwise(
        A.gelu_sigmoid, lambda x: x * torch.sigmoid(math.sqrt(8 / math.pi) * (x + 0.044715 * x**3))
    ),
    "gelu_erf": elementwise(A.gelu_erf, T.gelu),
    "swish": elementwise(A.swish, T.silu),
    "hardswish": elementwise(A.hardswish, T.hardswish),
    "lisht": elementwise(A.lisht, lambda x: x * torch.tanh(x)),
    "mish": elementwise(A.mish, T.mish),
    "softplus": elementwise(A.softplus, lambda x: torch.logaddexp(x, torch.zeros_like(x))),
    "logcosh": elementwise(A.logcosh, lambda x: torch.log(torch.cosh(x))),
    "softsign": elementwise(A.softsign, T.softsign),
    "tanhshrink": elementwise(A.tanhshrink, T.tanhshrink),
    "softshrink": elementwise(A.softshrink, T.softshrink),
    "softshrink, λ": elementwise(lambda x: A.softshrink(x, 1.2), lambda x: T.softshrink(x, 1.2)),
    "trelu": elementwise(A.trelu, lambda x: T.threshold(x, 1.0, 0.0)),
    "trelu, θ": elementwise(lambda x: A.trelu(x, 0.4), lambda x: T.threshold(x, 0.4, 0.0)),
    "glu": Case(
        lambda x: rules.mul(rules.getitem(x, slice(0, 3)), A.σ(rules.getitem(x, slice(3, 6)))),
        lambda x: T.glu(x, 1), lambda: [normal(6, 4)],
    ),
}  # fmt: skip


def softmaxes() -> dict[str, Case]:
    """Along one dimension, along several, over all."""
    cases = {}
    for d in range(3):
        back = 2 - d
        cases[f"softmax, {d + 1}"] = Case(
            lambda x, d=d: rules.softmax(x, (d,)),
            lambda x, k=back: T.softmax(x, k),
            lambda: [normal(4, 3, 2)],
        )
        cases[f"logsoftmax, {d + 1}"] = Case(
            lambda x, d=d: rules.logsoftmax(x, (d,)),
            lambda x, k=back: T.log_softmax(x, k),
            lambda: [normal(4, 3, 2)],
        )
        cases[f"logsumexp, {d + 1}"] = Case(
            lambda x, d=d: rules.logsumexp(x, (d,)), lambda x, k=back: torch.logsumexp(x, k, keepdim=True),
            lambda: [normal(4, 3, 2)],
        )  # fmt: skip
    cases["softmax of all"] = Case(
        lambda x: rules.softmax(x, (0, 1)),
        lambda x: T.softmax(x.reshape(-1), 0).reshape(x.shape),
        lambda: [normal(4, 3)],
    )
    cases["logsumexp of all"] = Case(
        rules.logsumexp, lambda x: torch.logsumexp(x, (0, 1)), lambda: [normal(4, 3) * 20]
    )
    return cases


# Sizes of input and kernel in Flux's order, and the options.
SPATIAL = {1: ((11,), (3,)), 2: ((9, 7), (3, 2)), 3: ((6, 5, 7), (2, 3, 2))}
CONVOLUTIONS: dict[str, dict[str, Any]] = {
    "plain": {},
    "stride": {"stride": 2},
    "pad": {"pad": 1},
    "dilation": {"dilation": 2},
    "groups": {"groups": 2},
    "flipped": {"flipped": True},
    "all": {"stride": 2, "pad": 2, "dilation": 2, "groups": 2},
    "one for each dimension": {"stride": (2, 1, 3), "pad": (0, 1, 2), "dilation": (1, 2, 1)},
}


def reversed_options(options: dict[str, Any], n: int) -> tuple[dict[str, Any], dict[str, Any]]:
    """The options for `n` dimensions, ours and PyTorch's."""
    ours = {k: v[:n] if isinstance(v, tuple) else v for k, v in options.items()}
    theirs = {k: v[::-1] if isinstance(v, tuple) else v for k, v in ours.items()}
    return ours, {"padding" if k == "pad" else k: v for k, v in theirs.items() if k != "flipped"}


def turned(w: Any, flipped: bool, n: int) -> Any:
    """A kernel for PyTorch, which correlates."""
    return w if flipped else torch.flip(w, tuple(range(2, n + 2)))


def convolutions() -> dict[str, Case]:
    cases = {}
    for n, (size, kernel) in SPATIAL.items():
        for name, options in CONVOLUTIONS.items():
            ours, theirs = reversed_options(options, n)
            groups, flipped = options.get("groups", 1), options.get("flipped", False)
            cases[f"conv {n}d, {name}"] = Case(
                lambda x, w, o=ours: F.conv(x, w, **o),
                lambda x, w, o=theirs, n=n, f=flipped: getattr(T, f"conv{n}d")(
                    x, turned(w, f, n), **o
                ),
                lambda s=size, k=kernel, g=groups: [normal(*s, 4, 2), normal(*k, 4 // g, 6)],
            )
            cases[f"conv_transpose {n}d, {name}"] = Case(
                lambda x, w, o=ours: F.conv_transpose(x, w, **o),
                lambda x, w, o=theirs, n=n, f=flipped: getattr(T, f"conv_transpose{n}d")(
                    x, turned(w, f, n), **o
                ),
                lambda s=size, k=kernel, g=groups: [normal(*s, 4, 2), normal(*k, 6 // g, 4)],
            )
    cases["conv_transpose, outpad"] = Case(
        lambda x, w: F.conv_transpose(x, w, stride=3, pad=1, outpad=(2, 1)),
        lambda x, w: T.conv_transpose2d(
            x, turned(w, False, 2), stride=3, padding=1, output_padding=(1, 2)
        ),
        lambda: [normal(4, 5, 3, 2), normal(3, 3, 2, 3)],
    )
    cases["conv, sides padded differently"] = Case(
        lambda x, w: F.conv(x, w, pad=(2, 0, 1, 3)),
        lambda x, w: T.conv2d(T.pad(x, (2, 0, 1, 3)), turned(w, False, 2)),
        lambda: [normal(5, 4, 2, 2), normal(3, 2, 2, 3)],
    )
    cases["unfold"] = Case(
        lambda x: F.unfold(x, (3, 2), stride=2, pad=1),
        lambda x: T.unfold(x.transpose(2, 3), (3, 2), stride=2, padding=1).transpose(1, 2).transpose(1, 2)
        .reshape(2, 3, 3, 2, 4, 3).permute(0, 1, 3, 2, 5, 4).reshape(2, 18, 12),
        lambda: [normal(7, 4, 3, 2)],
    )  # fmt: skip
    return cases


POOLS: dict[str, dict[str, Any]] = {
    "side by side": {},
    "overlapping": {"stride": 1},
    "apart": {"stride": 3},
    "pad": {"pad": 1, "stride": 2},
}


def poolings() -> dict[str, Case]:
    cases = {}
    for n, (size, _) in SPATIAL.items():
        kernel = (2, 3, 2)[:n]
        for name, options in POOLS.items():
            ours, theirs = reversed_options(options, n)
            inputs = lambda s=size: [normal(*s, 2, 2)]  # noqa: E731
            for ours_name, theirs_name in (("maxpool", "max_pool"), ("meanpool", "avg_pool")):
                cases[f"{ours_name} {n}d, {name}"] = Case(
                    lambda x, f=getattr(F, ours_name), k=kernel, o=ours: f(x, k, **o),
                    lambda x, f=getattr(T, f"{theirs_name}{n}d"), k=kernel, o=theirs: f(
                        x, k[::-1], **o
                    ),
                    inputs,
                )
        for ours_name, theirs_name in (
            ("maxpool", "adaptive_max_pool"),
            ("meanpool", "adaptive_avg_pool"),
        ):
            cases[f"global {ours_name} {n}d"] = Case(
                lambda x, f=getattr(F, ours_name): f(x, x.shape[:-2]),
                lambda x, f=getattr(T, f"{theirs_name}{n}d"): f(x, 1),
                inputs,
            )
    for layer, theirs in (
        (je.AdaptiveMaxPool((4, 2)), T.adaptive_max_pool2d),
        (je.AdaptiveMeanPool((4, 2)), T.adaptive_avg_pool2d),
    ):
        # PyTorch's windows are the same where the sizes divide
        cases[layer.line()] = Case(
            layer, lambda x, f=theirs: f(x, (2, 4)), lambda: [normal(8, 6, 2, 2)]
        )
    cases["lpnormpool"] = Case(
        lambda x: F.lpnormpool(x, 3, (2, 2)),
        lambda x: T.lp_pool2d(x, 3, 2),
        lambda: [positive(6, 4, 2, 2)],
    )
    return cases


def index(*shape: int, below: int) -> Any:
    return np.asfortranarray(RANDOM.integers(0, below, shape))


def reduced(x: Any, i: Any, n: int, how: str) -> Any:
    """PyTorch's scatter of columns, without what was there before."""
    out = torch.zeros(n, x.shape[1], dtype=x.dtype)
    return out.scatter_reduce(0, i[:, None].expand_as(x), x, how, include_self=False)


NUMBERS = np.array([3, 0, 3, 1, 2, 0])


def scatter(op: str, how: str) -> Case:
    return Case(
        lambda x: F.scatter(op, x, NUMBERS),
        lambda x: reduced(x, torch.tensor(NUMBERS), 4, how),
        lambda: [positive(3, 6)],
    )


OTHERS: dict[str, Case] = {
    "batched_mul": Case(F.batched_mul, lambda a, b: torch.bmm(b, a), lambda: [normal(2, 3, 4), normal(3, 5, 4)]),
    "batched_mul, one for all": Case(F.batched_mul, lambda a, b: torch.matmul(b, a), lambda: [normal(2, 3, 1), normal(3, 5, 4)]),
    "batched_mul, matrix": Case(F.batched_mul, lambda a, b: torch.matmul(b, a), lambda: [normal(2, 3, 4), normal(3, 5)]),
    "batched_vec": Case(F.batched_vec, lambda a, b: torch.bmm(b[:, None, :], a)[:, 0], lambda: [normal(2, 3, 4), normal(3, 4)]),
    "batched_transpose": Case(F.batched_transpose, lambda a: a.transpose(1, 2), lambda: [normal(2, 3, 4)]),
    "gather": Case(lambda x: F.gather(x, NUMBERS), lambda x: x[torch.tensor(NUMBERS)], lambda: [normal(3, 5)]),
    "gather, matrix of numbers": Case(
        lambda x: F.gather(x, NUMBERS.reshape(2, 3)), lambda x: x[torch.tensor(NUMBERS.reshape(2, 3).T.copy())], lambda: [normal(3, 5)]
    ),
    "scatter +": scatter("+", "sum"),
    "scatter mean": scatter("mean", "mean"),
    "scatter *": scatter("*", "prod"),
    "scatter max": scatter("max", "amax"),
    "scatter min": scatter("min", "amin"),
    "pad_zeros": Case(lambda x: padding.pad_zeros(x, (1, 2, 0, 3), dims=(0, 1)), lambda x: T.pad(x, (1, 2, 0, 3)), lambda: [normal(4, 5, 2, 2)]),
    "pad_constant": Case(
        lambda x: padding.pad_constant(x, 1, 2.5, dims=(0, 1)), lambda x: T.pad(x, (1, 1, 1, 1), value=2.5), lambda: [normal(4, 5, 2, 2)]
    ),
    "pad_reflect": Case(lambda x: F.pad_reflect(x, (1, 2, 2, 1)), lambda x: T.pad(x, (1, 2, 2, 1), "reflect"), lambda: [normal(4, 5, 2, 2)]),
    "pad_repeat": Case(lambda x: F.pad_repeat(x, (1, 2, 2, 1)), lambda x: T.pad(x, (1, 2, 2, 1), "replicate"), lambda: [normal(4, 5, 2, 2)]),
    "pad_circular": Case(lambda x: F.pad_circular(x, (1, 2, 2, 1)), lambda x: T.pad(x, (1, 2, 2, 1), "circular"), lambda: [normal(4, 5, 2, 2)]),
    "upsample_nearest": Case(
        lambda x: F.upsample_nearest(x, (2, 3)), lambda x: T.interpolate(x, scale_factor=(3, 2), mode="nearest"), lambda: [normal(3, 4, 2, 2)]
    ),
    **{
        f"upsample_{mode}, corners {'' if corners else 'not '}aligned": Case(
            lambda x, s=size, c=corners: F.upsample_linear(x, size=s, align_corners=c),
            lambda x, s=size, m=mode, c=corners: T.interpolate(x, s[::-1], mode=m, align_corners=c),
            lambda s=size: [normal(*(3, 4, 2)[: len(s)], 2, 2)],
        )
        for mode, size in (("linear", (7,)), ("bilinear", (7, 6)), ("trilinear", (7, 6, 5)))
        for corners in (True, False)
    },
    "pixel_shuffle": Case(lambda x: F.pixel_shuffle(x, 3), lambda x: T.pixel_shuffle(x, 3), lambda: [normal(2, 4, 18, 2)]),
    **{
        f"grid_sample, {mode}, {len(size)} dimensions": Case(
            lambda x, g, m=mode: warping.grid_sample(x, g, padding_mode=m),
            lambda x, g, m=mode: T.grid_sample(x, g, padding_mode=m, align_corners=True),
            lambda s=size: [
                normal(*s, 2, 2),
                np.asfortranarray(RANDOM.uniform(-1.3, 1.3, (len(s), 3, 4, *s[2:], 2))),
            ],
        )
        for mode in ("zeros", "border")
        for size in ((5, 4), (5, 4, 3))
    },
    **{
        f"spectrogram, {name}": Case(
            lambda x, w, o=options: spectral.spectrogram(x, n_fft=8, hop_length=3, window=w, **o),
            lambda x, w, o=options: torch.stft(x, 8, 3, 8, T.pad(w, (1, 1)), return_complex=True, **o).abs().transpose(1, 2) ** 2,
            lambda: [normal(21, 2), positive(6)],
        )
        for name, options in {"centred": {}, "not centred": {"center": False}, "normalised": {"normalized": True}}.items()
    },
    "dot_product_attention": Case(
        lambda q, k, v: F.dot_product_attention(q, k, v)[0],
        T.scaled_dot_product_attention, lambda: [normal(4, 3, 2), normal(4, 5, 2), normal(6, 5, 2)],
    ),
    "dot_product_attention, causal": Case(
        lambda q, k, v: F.dot_product_attention(q, k, v, mask=F.make_causal_mask(q))[0],
        lambda q, k, v: T.scaled_dot_product_attention(q, k, v, is_causal=True), lambda: [normal(4, 5, 2) for _ in range(3)],
    ),
    "dot_product_attention, bias": Case(
        lambda q, k, v, b: F.dot_product_attention(q, k, v, b)[0],
        lambda q, k, v, b: T.scaled_dot_product_attention(q, k, v, attn_mask=b), lambda: [normal(4, 3, 2), normal(4, 5, 2), normal(6, 5, 2), normal(5, 3)],
    ),
}  # fmt: skip

CASES = {**ACTIVATIONS, **softmaxes(), **convolutions(), **poolings(), **OTHERS}


@pytest.mark.parametrize("dtype", PRECISIONS)
@pytest.mark.parametrize("name", CASES)
def test_function(name: str, dtype: str) -> None:
    case = CASES[name]
    compare(case.ours, case.theirs, case.inputs(), dtype)


def test_every_activation_is_compared() -> None:
    """All but aliases, those that are random, and the argument itself."""
    own = {
        f.__name__
        for f in vars(A).values()
        if callable(f) and getattr(f, "__name__", "") in A.__all__
    }
    assert own - {name.split(",")[0] for name in ACTIVATIONS} <= {
        "identity",
        "rrelu",
        "erf",
        "where",
    }


def test_dropout_statistics() -> None:
    """As many zeros as PyTorch's dropout leaves on average, and the same mean."""
    x = np.ones((500, 400), np.float32)
    for p in (0.1, 0.5, 0.9):
        ours, theirs = je.Dropout(p, active=True)(x), T.dropout(torch.ones(500, 400), p).numpy()
        assert np.mean(ours == 0) == pytest.approx(np.mean(theirs == 0), abs=0.01)
        assert set(np.unique(ours)) == set(np.unique(theirs))
        assert ours.mean() == pytest.approx(1, abs=0.03)
    ours = je.AlphaDropout(0.3, active=True)(normal(500, 400))
    theirs = T.alpha_dropout(torch.tensor(normal(500, 400)), 0.3, training=True).numpy()
    assert (ours.mean(), ours.std()) == pytest.approx((theirs.mean(), theirs.std()), abs=0.02)
