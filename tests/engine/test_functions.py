"""Layers' functions against plain loops, and their derivatives against finite differences."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from tests.engine.test_rules import check, in_kinds, sample

import juliette_engine as je
from juliette_engine import functions as F
from juliette_engine import rules
from juliette_engine.functions import spectral
from juliette_engine.functions.standardising import standardise
from juliette_engine.layers.recurrent import _gru_step, _lstm_step, gru_step, lstm_step
from juliette_engine.numeric import product

RANDOM = np.random.default_rng(3)


def loops(x: Any, w: Any, stride: int, pad: int, dilation: int, groups: int, flipped: bool) -> Any:
    """Two-dimensional convolution by its definition."""
    x = np.pad(x, ((pad, pad), (pad, pad), (0, 0), (0, 0)))
    kw, kh, cin, cout = w.shape
    k = w if flipped else w[::-1, ::-1]
    ow = (x.shape[0] - (dilation * (kw - 1) + 1)) // stride + 1
    oh = (x.shape[1] - (dilation * (kh - 1) + 1)) // stride + 1
    y = np.zeros((ow, oh, cout, x.shape[3]))
    for i in range(ow):
        for j in range(oh):
            for c in range(cout):
                first = c // (cout // groups) * cin
                for a in range(kw):
                    for b in range(kh):
                        piece = x[
                            i * stride + a * dilation,
                            j * stride + b * dilation,
                            first : first + cin,
                        ]
                        y[i, j, c] += k[a, b, :, c] @ piece
    return y


CONVS = [
    {"stride": 1, "pad": 0, "dilation": 1, "groups": 1, "flipped": False},
    {"stride": 2, "pad": 1, "dilation": 1, "groups": 1, "flipped": True},
    {"stride": 1, "pad": 2, "dilation": 2, "groups": 1, "flipped": False},
    {"stride": 2, "pad": 1, "dilation": 1, "groups": 2, "flipped": False},
]


@pytest.mark.parametrize("options", CONVS, ids=str)
def test_conv(options: dict[str, Any]) -> None:
    x, w = sample("reals", 6, 5, 4, 2), sample("reals", 3, 2, 4 // options["groups"], 4)
    np.testing.assert_allclose(F.conv(x, w, **options), loops(x, w, **options), rtol=1e-12)


@pytest.mark.parametrize("options", CONVS, ids=str)
def test_conv_gradients(options: dict[str, Any]) -> None:
    x, w = sample("reals", 5, 4, 2, 2), sample("reals", 2, 3, 2 // options["groups"], 2)
    if options["dilation"] == 2:
        options = {**options, "pad": 3}
    check(lambda a, b: F.conv(a, b, **options), x, w)


def test_conv_in_one_and_three_dimensions() -> None:
    check(lambda a, b: F.conv(a, b, pad=1), sample("reals", 5, 2, 2), sample("reals", 3, 2, 3))
    check(
        lambda a, b: F.conv(a, b, stride=2),
        sample("reals", 3, 4, 3, 1, 1),
        sample("reals", 2, 2, 2, 1, 2),
        second=False,
    )


def test_conv_transpose_is_the_adjoint() -> None:
    w = sample("reals", 3, 2, 2, 4)
    x, y = sample("reals", 7, 6, 2, 3), sample("reals", 3, 3, 4, 3)
    there = F.conv(x, w, stride=2)
    assert there.shape == y.shape
    back = F.conv_transpose(y, w, stride=2)
    assert back.shape == x.shape
    assert np.vdot(there, y) == pytest.approx(np.vdot(x, back))
    check(
        lambda a, b: F.conv_transpose(a, b, stride=2, pad=1),
        sample("reals", 2, 2, 4, 1),
        w,
        second=False,
    )


def test_conv_sizes() -> None:
    with pytest.raises(je.errors.DimensionMismatch, match="Input channels must match"):
        F.conv(np.ones((5, 5, 3, 1)), np.ones((2, 2, 2, 1)))
    assert (
        F.conv(np.ones((5, 5, 3, 1), np.float32), np.ones((2, 2, 3, 1), np.float32)).dtype
        == np.float32
    )


def test_unfold() -> None:
    x = sample("reals", 4, 3, 2, 2)
    check(lambda a: F.unfold(a, (2, 2), pad=1), x)
    c = F.unfold(x, (2, 2))
    np.testing.assert_allclose(c[0, :4, 0], x[:2, :2, 0, 0].ravel(order="F"))
    assert F.fold(c, x.shape, (2, 2)).shape == x.shape


POOLS = {
    "max": lambda x: F.maxpool(x, (2, 2)),
    "max, padded": lambda x: F.maxpool(x, (3, 3), stride=2, pad=1),
    "max, overlapping": lambda x: F.maxpool(x, (2, 2), stride=1),
    "mean": lambda x: F.meanpool(x, (2, 2)),
    "mean, padded": lambda x: F.meanpool(x, (3, 2), stride=1, pad=1),
    "norm": lambda x: F.lpnormpool(rules.abs2(x), 2, (2, 2)),
}


@pytest.mark.parametrize("name", POOLS)
def test_pool(name: str) -> None:
    check(POOLS[name], sample("reals", 4, 5, 2, 2))


def test_pool_values() -> None:
    x = np.asfortranarray(np.arange(16.0).reshape(4, 4, 1, 1, order="F"))
    assert F.maxpool(x, (2, 2))[:, :, 0, 0].tolist() == [[5, 13], [7, 15]]
    assert F.meanpool(x, (2, 2))[:, :, 0, 0].tolist() == [[2.5, 10.5], [4.5, 12.5]]
    tie = np.ones((2, 2, 1, 1))
    assert je.gradient(lambda a: rules.total(F.maxpool(a, (2, 2))), tie)[0].ravel(
        order="F"
    ).tolist() == [1, 0, 0, 0]


OTHERS = {
    "batched_mul": (F.batched_mul, (2, 3, 4), (3, 2, 4)),
    "batched_mul, one": (F.batched_mul, (2, 3, 1), (3, 2, 4)),
    "batched_mul, matrix": (F.batched_mul, (2, 3, 4), (3, 2)),
    "batched_vec": (F.batched_vec, (2, 3, 4), (3, 4)),
    "gather": (lambda x: F.gather(x, [2, 0, 2]), (2, 3)),
    "gather, matrix of numbers": (lambda x: F.gather(x, [[2, 0], [1, 1]]), (2, 3)),
    "scatter +": (lambda x: F.scatter("+", x, [1, 0, 1]), (2, 3)),
    "scatter mean": (lambda x: F.scatter("mean", x, [1, 0, 1]), (2, 3)),
    "scatter max": (lambda x: F.scatter("max", x, [1, 0, 1]), (2, 3)),
    "scatter *": (lambda x: F.scatter("*", x, [1, 0, 1]), (2, 3)),
    "pad_zeros": (lambda x: F.pad_zeros(x, (1, 2), dims=(0,)), (2, 3)),
    "pad_reflect": (lambda x: F.pad_reflect(x, 1), (3, 3, 1, 1)),
    "pad_circular": (lambda x: F.pad_circular(x, 1), (3, 3, 1, 1)),
    "upsample_nearest": (lambda x: F.upsample_nearest(x, 2), (2, 3, 1, 1)),
    "upsample_linear": (lambda x: F.upsample_linear(x, 2), (2, 3, 1, 2)),
    "stft": (
        lambda x, w: rules.abs2(spectral.stft(x, n_fft=8, window=w, normalized=True)),
        (15,),
        (6,),
    ),
    "istft": (
        lambda a, b: spectral.istft(rules.add(a, rules.mul(b, 1j)), n_fft=6, hop_length=2),
        (4, 3),
        (4, 3),
    ),
    "spectrogram": (
        lambda x, w: spectral.spectrogram(x, n_fft=7, hop_length=3, window=w, pad=1, power=1.5),
        (13, 2),
        (7,),
    ),
    "standardise, channels": (
        lambda x, a, b: standardise(x, a, b, (0, 1, 3), (1, 1, 3, 1), 0.1)[0],
        (2, 2, 3, 2),
        (3,),
        (3,),
    ),
    "standardise, channels of a matrix": (
        lambda x, a, b: standardise(x, a, b, (1,), (3, 1), 0.1)[0],
        (3, 4),
        (3,),
        (3,),
    ),
    "standardise, groups": (
        lambda x, a, b: standardise(x, a, b, (0, 1), (1, 2, 2, 1), 0.1)[0],
        (2, 2, 2, 2),
        (4,),
        (4,),
    ),
    "standardise, without a scale": (
        lambda x: standardise(x, 1.0, 0.0, (0,), (1, 3, 1), 0.1)[0],
        (3, 3, 2),
    ),
    "pixel_shuffle": (lambda x: F.pixel_shuffle(x, 2), (2, 3, 4, 1)),
    "dense": (lambda w, x, b: F.dense(je.tanh, w, x, b), (2, 3), (3, 4), (2,)),
    "dense, vector": (lambda w, x, b: F.dense(je.sigmoid, w, x, b), (2, 3), (3,), (2,)),
    "dense, no bias": (lambda w, x: F.dense(je.relu, w, x), (2, 3), (3, 4)),
    "dense, another activation": (
        lambda w, x, b: F.dense(je.softplus, w, x, b),
        (2, 3),
        (3, 4),
        (2,),
    ),
    "rnn": (
        lambda wi, wh, b, x, h: F.rnn(je.tanh, wi, wh, b, x, h),
        (2, 3),
        (2, 2),
        (2,),
        (3, 4, 2),
        (2, 2),
    ),
    "rnn from one state": (
        lambda wi, wh, b, x, h: F.rnn(je.σ, wi, wh, b, x, h),
        (2, 3),
        (2, 2),
        (2,),
        (3, 4, 2),
        (2,),
    ),
    "lstm": (
        lambda wi, wh, b, x, h, c: rules.concatenate(list(lstm_step(wi, wh, b, x, h, c)), 0),
        (8, 3),
        (8, 2),
        (8,),
        (3, 4),
        (2, 4),
        (2, 4),
    ),
    "lstm from one state": (
        lambda wi, wh, b, x, h, c: lstm_step(wi, wh, b, x, h, c)[1],
        (8, 3),
        (8, 2),
        (8,),
        (3, 4),
        (2, 1),
        (2, 1),
    ),
    "lstm of a vector": (
        lambda wi, wh, x, h, c: lstm_step(wi, wh, False, x, h, c)[0],
        (8, 3),
        (8, 2),
        (3,),
        (2,),
        (2,),
    ),
    "gru": (gru_step, (6, 3), (6, 2), (6,), (3, 4), (2, 4)),
    "gru from one state": (gru_step, (6, 3), (6, 2), (6,), (3, 4), (2, 1)),
    "gru of a vector": (
        lambda wi, wh, x, h: gru_step(wi, wh, False, x, h),
        (6, 3),
        (6, 2),
        (3,),
        (2,),
    ),
    "rnn, time last": (
        lambda wi, wh, b, x, h: F.rnn(je.tanh, wi, wh, b, x, h, 2),
        (2, 3),
        (2, 2),
        (2,),
        (3, 2, 4),
        (2, 1),
    ),
}


@pytest.mark.parametrize("name", OTHERS)
def test_function(name: str) -> None:
    f, *shapes = OTHERS[name]
    check(f, *(sample("reals", *s) for s in shapes))


# Every function with its arguments: convolutions and pools as well.
ALL: dict[str, tuple[Any, ...]] = {
    **OTHERS,
    **{f"pool, {name}": (f, (4, 5, 2, 2)) for name, f in POOLS.items()},
    **{
        f"conv {i}": (
            lambda a, b, o=o: F.conv(a, b, **{**o, "pad": 3}),
            (5, 4, 2, 2),
            (2, 3, 2 // o["groups"], 2),
        )
        for i, o in enumerate(CONVS)
    },
    "conv_transpose": (
        lambda a, b: F.conv_transpose(a, b, stride=2, pad=1),
        (2, 2, 4, 1),
        (3, 2, 2, 4),
    ),
    "unfold": (lambda a: F.unfold(a, (2, 2), pad=1), (4, 3, 2, 2)),
    "fold": (lambda a: F.fold(a, (4, 3, 2, 2), (2, 2)), (6, 8, 2)),
}


@pytest.mark.parametrize("name", ALL)
def test_kinds_of_arrays(name: str) -> None:
    f, *shapes = ALL[name]
    in_kinds(f, [sample("reals", *s) for s in shapes])


# The same with one of everything, and with no samples in the batch.
SMALL = {
    "batched_mul": [((1, 1, 1), (1, 1, 1)), ((2, 3, 0), (3, 2, 0)), ((0, 3, 2), (3, 2, 2))],
    "batched_mul, one": [((2, 3, 1), (3, 2, 0))],
    "batched_vec": [((1, 1, 1), (1, 1)), ((2, 3, 0), (3, 0))],
    "gather": [((2, 3),), ((0, 3),)],
    "scatter +": [((1, 3),), ((0, 3),)],
    "pad_zeros": [((1, 1),), ((2, 0),), ((0, 2),)],
    "pad_circular": [((1, 1, 1, 1),), ((3, 3, 1, 0),)],
    "pad_reflect": [((2, 2, 1, 1),), ((3, 3, 1, 0),)],
    "upsample_nearest": [((1, 1, 1, 1),), ((2, 3, 1, 0),)],
    "upsample_linear": [((1, 1, 1, 1),), ((2, 3, 1, 0),)],
    "pixel_shuffle": [((1, 1, 4, 1),), ((2, 3, 4, 0),)],
    "dense": [((1, 1), (1, 1), (1,)), ((2, 3), (3, 0), (2,)), ((2, 0), (0, 4), (2,))],
    "dense, vector": [((1, 1), (1,), (1,)), ((2, 0), (0,), (2,))],
    "dense, no bias": [((1, 1), (1, 1)), ((2, 3), (3, 0))],
    "rnn": [((1, 1), (1, 1), (1,), (1, 1, 1), (1, 1)), ((2, 3), (2, 2), (2,), (3, 4, 0), (2, 0))],
    "lstm": [((4, 1), (4, 1), (4,), (1, 1), (1, 1), (1, 1)), ((8, 3), (8, 2), (8,), (3, 0), (2, 0), (2, 0))],
    "gru": [((3, 1), (3, 1), (3,), (1, 1), (1, 1)), ((6, 3), (6, 2), (6,), (3, 0), (2, 0))],
    "pool, max": [((2, 2, 1, 1),), ((4, 5, 2, 0),)],
    "pool, mean": [((2, 2, 1, 1),), ((4, 5, 2, 0),)],
    "pool, norm": [((2, 2, 1, 1),), ((4, 5, 2, 0),)],
    "conv 0": [((1, 1, 1, 1), (1, 1, 1, 1)), ((5, 4, 2, 0), (2, 3, 2, 2))],
    "conv 3": [((5, 4, 2, 0), (2, 3, 1, 2))],
    "conv_transpose": [((1, 1, 1, 1), (2, 2, 1, 1)), ((2, 2, 4, 0), (3, 2, 2, 4))],
    "unfold": [((2, 2, 1, 1),), ((4, 3, 2, 0),)],
}  # fmt: skip


@pytest.mark.parametrize(("name", "shapes"), [(n, s) for n, found in SMALL.items() for s in found], ids=str)  # fmt: skip
def test_small_arrays(name: str, shapes: Any) -> None:
    check(ALL[name][0], *(sample("reals", *s) for s in shapes))


def total_of(f: Any) -> Any:
    """The sum of squares of all that a function gives."""

    def total(*args: Any) -> Any:
        y = f(*args)
        parts = [rules.total(rules.abs2(v)) for v in (y if type(y) is tuple else (y,))]
        return parts[0] if len(parts) == 1 else rules.add(*parts)

    return total


@pytest.mark.parametrize(("fast", "slow", "gates", "states"), [(lstm_step, _lstm_step, 4, 2), (gru_step, _gru_step, 3, 1)])  # fmt: skip
@pytest.mark.parametrize(("x", "h"), [((3, 5), (2, 5)), ((3, 5), (2, 1)), ((3,), (2, 1)), ((3,), (2,)), ((3,), (2, 4))])  # fmt: skip
def test_gated_steps_are_what_their_operations_are(fast: Any, slow: Any, gates: int, states: int, x: Any, h: Any) -> None:  # fmt: skip
    k = 2 * gates
    xs = [sample("reals", *s) for s in [(k, 3), (k, 2), (k,), x, *[h] * states]]
    for a, b in zip(fast(*xs), slow(*xs), strict=True):
        assert a.shape == b.shape
        np.testing.assert_allclose(a, b, rtol=1e-12)
    found, expected = je.gradient(total_of(fast), *xs), je.gradient(total_of(slow), *xs)
    for a, b in zip(found, expected, strict=True):
        assert a.shape == b.shape
        np.testing.assert_allclose(a, b, rtol=1e-10, atol=1e-14)
    with pytest.raises(je.DimensionMismatch):
        fast(*xs[:3], sample("reals", 4, *x[1:]), *xs[4:])


def test_interpolation() -> None:
    x = np.asfortranarray(np.array([1.0, 2.0, 4.0]).reshape(3, 1, 1))
    assert F.upsample_linear(x, 2).ravel().tolist() == pytest.approx([1, 1.4, 1.8, 2.4, 3.2, 4])


@pytest.mark.parametrize(
    "size",
    [
        (64, 784, 32),
        (784, 64, 32),
        (6, 25, 18432),
        (6, 18432, 25),
        (30, 4096, 9),
        (17, 997, 1009),
        (5, 7, 3),
    ],
)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_products_in_pieces(size: tuple[int, int, int], dtype: Any) -> None:
    m, k, n = size
    random = np.random.default_rng(3)
    for left, right in (("C", "C"), ("F", "C"), ("C", "F"), ("F", "F")):
        a = np.array(random.standard_normal((m, k)), dtype, order=left)
        b = np.array(random.standard_normal((k, n)), dtype, order=right)
        for x, y in ((a, b), (a[::2], b[:, ::-1])):
            out = product(x, y)
            assert out.dtype == dtype
            np.testing.assert_allclose(
                out, x.dot(y), rtol=1e-4, atol=200 * np.finfo(dtype).eps * k**0.5
            )
