"""Convolution, pooling, sampling and attention against loops in plain numpy, with gradients."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import juliette_engine as je
from juliette_engine.functions import (
    attention,
    convolution,
    gathering,
    padding,
    pooling,
    upsampling,
)

RANDOM = np.random.default_rng(5)


def normal(*shape: int) -> Any:
    return np.asfortranarray(RANDOM.normal(size=shape))


def reference(x: Any, w: Any, stride: int, pad: Any, dilation: int, groups: int) -> Any:
    """A convolution by its definition, for two spatial dimensions."""
    x = np.pad(x, (*pad, (0, 0), (0, 0)))
    w = w[::-1, ::-1]
    k1, k2, cin, cout = w.shape
    n1 = (x.shape[0] - dilation * (k1 - 1) - 1) // stride + 1
    n2 = (x.shape[1] - dilation * (k2 - 1) - 1) // stride + 1
    y = np.zeros((n1, n2, cout, x.shape[3]))
    for a, b, c in np.ndindex(n1, n2, cout):
        first = c // (cout // groups) * cin
        window = x[
            a * stride : a * stride + dilation * (k1 - 1) + 1 : dilation,
            b * stride : b * stride + dilation * (k2 - 1) + 1 : dilation,
            first : first + cin,
        ]
        y[a, b, c] = np.einsum("ijc,ijcn->n", w[..., c], window)
    return y


CASES: dict[str, dict[str, Any]] = {
    "plain": {},
    "stride": {"stride": 2},
    "padding": {"pad": (1, 2, 0, 1)},
    "dilation": {"dilation": 2},
    "groups": {"groups": 2},
    "all": {"stride": 2, "pad": (1, 1, 2, 0), "dilation": 2, "groups": 2},
}


@pytest.mark.parametrize("name", CASES)
def test_convolution(name: str) -> None:
    options = CASES[name]
    groups = options.get("groups", 1)
    x, w = normal(7, 6, 4, 3), normal(3, 2, 4 // groups, 6)
    given = options.get("pad", (0, 0, 0, 0))
    expected = reference(
        x, w, options.get("stride", 1), (given[:2], given[2:]), options.get("dilation", 1), groups
    )
    np.testing.assert_allclose(convolution.conv(x, w, **options), expected)
    flipped = convolution.conv(x, w[::-1, ::-1], flipped=True, **options)
    np.testing.assert_allclose(flipped, expected)


def test_a_transposed_convolution_padded_to_the_stride() -> None:
    """A window smaller than the stride: the output is still `stride` times as large, zeros between."""
    x, w = normal(4, 1, 2), normal(1, 1, 1)
    layer = je.ConvTranspose(w, False, stride=3, pad=je.SamePad())
    y = layer(x)
    assert y.shape == (12, 1, 2)
    np.testing.assert_allclose(y[1::3], x * w[0, 0, 0])
    assert not y[0::3].any()
    assert not y[2::3].any()
    check(lambda a, b: convolution.conv_transpose(a, b, stride=3, pad=(-1, -1)), x, w)


@pytest.mark.parametrize("name", CASES)
def test_adjoints_of_convolution(name: str) -> None:
    """`⟨conv(x, w), g⟩` is linear in each argument: the adjoints give the same number."""
    options = CASES[name]
    x, w = normal(7, 6, 4, 2), normal(3, 2, 4 // options.get("groups", 1), 6)
    y = convolution.conv(x, w, **options)
    g = normal(*y.shape)
    dx, dw = je.gradient(
        lambda a, b: je.rules.total(je.rules.mul(convolution.conv(a, b, **options), g)), x, w
    )
    np.testing.assert_allclose(np.sum(dx * x), np.sum(y * g))
    np.testing.assert_allclose(np.sum(dw * w), np.sum(y * g))


def numeric(f: Callable[[Any], float], x: Any, h: float = 1e-5) -> Any:
    out = np.zeros_like(x)
    for i in np.ndindex(*x.shape):
        up, down = x.copy(), x.copy()
        up[i] += h
        down[i] -= h
        out[i] = (f(up) - f(down)) / (2 * h)
    return out


def check(f: Callable[..., Any], *xs: Any) -> None:
    """Gradients of first and second order against finite differences."""
    weights = RANDOM.uniform(0.5, 1.5, np.shape(je.primal(f(*xs))))

    def scalar(*args: Any) -> Any:
        y = f(*args)
        return je.rules.total(je.rules.mul(je.rules.mul(y, y), weights))

    for k, x in enumerate(xs):

        def one(a: Any, k: int = k) -> Any:
            return scalar(*xs[:k], a, *xs[k + 1 :])

        np.testing.assert_allclose(je.gradient(one, x)[0], numeric(one, x), rtol=1e-5, atol=1e-6)

        def slope(a: Any, one: Any = one) -> Any:
            g = je.gradient(one, a)[0]
            return je.rules.total(je.rules.mul(g, g))

        second = je.gradient(slope, x)[0]
        np.testing.assert_allclose(second, numeric(slope, x), rtol=1e-3, atol=1e-4)


DIFFERENTIABLE: dict[str, tuple[Callable[..., Any], tuple[Any, ...]]] = {
    "conv": (
        lambda x, w: convolution.conv(x, w, stride=2, pad=1),
        (normal(4, 3, 2, 2), normal(3, 2, 2, 2)),
    ),
    "conv of one dimension": (convolution.conv, (normal(5, 2, 2), normal(3, 2, 3))),
    "transposed": (
        lambda x, w: convolution.conv_transpose(x, w, stride=2, outpad=1),
        (normal(2, 3, 2, 2), normal(2, 2, 3, 2)),
    ),
    "maxpool": (lambda x: pooling.maxpool(x, (2, 2), pad=1, stride=1), (normal(3, 4, 1, 2),)),
    "meanpool": (lambda x: pooling.meanpool(x, (2, 2), stride=1), (normal(3, 4, 1, 2),)),
    "lpnormpool": (
        lambda x: pooling.lpnormpool(x, 3, (2, 2)),
        (np.abs(normal(4, 4, 1, 1)) + 0.5,),
    ),
    "nearest": (lambda x: upsampling.upsample_nearest(x, (2, 3)), (normal(2, 2, 1, 2),)),
    "bilinear": (lambda x: upsampling.upsample_linear(x, 2), (normal(3, 2, 1, 2),)),
    "pixel shuffle": (lambda x: upsampling.pixel_shuffle(x, 2), (normal(2, 3, 4, 1),)),
    "constant": (lambda x: padding.pad_constant(x, (1, 2), 3.0), (normal(2, 3),)),
    "reflect": (lambda x: padding.pad_reflect(x, 2), (normal(4, 3, 1, 1),)),
    "batched product": (gathering.batched_mul, (normal(2, 3, 4), normal(3, 2, 4))),
    "shared product": (gathering.batched_mul, (normal(2, 3), normal(3, 2, 4))),
    "attention": (
        lambda q, k, v: attention.dot_product_attention(q, k, v, nheads=2)[0],
        (normal(4, 2, 2), normal(4, 3, 2), normal(2, 3, 2)),
    ),
}


@pytest.mark.parametrize("name", DIFFERENTIABLE)
def test_derivatives(name: str) -> None:
    f, xs = DIFFERENTIABLE[name]
    check(f, *xs)


def test_pools() -> None:
    x = normal(6, 4, 2, 3)
    blocks = x.reshape(2, 3, 2, 2, 2, 3, order="F")
    np.testing.assert_allclose(pooling.maxpool(x, (2, 2)), blocks.max((0, 2)))
    np.testing.assert_allclose(pooling.meanpool(x, (2, 2)), blocks.mean((0, 2)))
    np.testing.assert_allclose(
        pooling.lpnormpool(np.abs(x), 2, (2, 2)), np.sqrt((blocks**2).sum((0, 2)))
    )
    padded = pooling.meanpool(x, (2, 2), pad=1)
    np.testing.assert_allclose(padded[0, 0], x[0, 0] / 4)
    np.testing.assert_allclose(pooling.maxpool(x, (2, 2), pad=1)[0, 0], x[0, 0])
    ties = je.gradient(lambda a: je.rules.total(pooling.maxpool(a, (2, 2))), np.ones((2, 2, 1, 1)))
    np.testing.assert_allclose(ties[0][:, :, 0, 0], [[1, 0], [0, 0]])


def test_layers_of_convolution() -> None:
    x = normal(8, 6, 2, 3)
    layer = je.Conv((3, 3), (2, 4), je.relu, pad=1)
    layer.bias[:] = RANDOM.normal(size=4)
    y = reference(x, layer.weight, 1, ((1, 1), (1, 1)), 1, 1) + layer.bias.reshape(1, 1, 4, 1)
    np.testing.assert_allclose(layer(x), np.maximum(y, 0), atol=1e-6)
    cross = je.CrossCor(layer.weight[::-1, ::-1], layer.bias, je.relu, pad=1)
    np.testing.assert_allclose(cross(x), layer(x), atol=1e-6)
    same = je.SamePad()
    assert je.Conv((4, 3), (2, 1), pad=same)(x).shape[:2] == (8, 6)
    assert je.Conv((3, 3), (2, 1), pad=same, stride=2)(x).shape[:2] == (4, 3)
    assert je.ConvTranspose((3, 3), (2, 1), pad=same, stride=2)(x).shape[:2] == (16, 12)
    assert je.ConvTranspose((3, 3), (2, 1), stride=2, outpad=1)(x).shape[:2] == (18, 14)
    assert je.AdaptiveMaxPool((3, 2))(x).shape == (3, 2, 2, 3)
    np.testing.assert_allclose(je.GlobalMeanPool()(x)[0, 0], x.mean((0, 1)))
    np.testing.assert_allclose(je.GlobalMaxPool()(x)[0, 0], x.max((0, 1)))


def test_what_does_not_fit() -> None:
    x = np.ones((10, 10, 7, 64), np.float32)
    with pytest.raises(
        je.DimensionMismatch,
        match=r"layer Conv\(\(3, 3\), 3 => 16\) expects size\(input, 3\) == 3, but got 10×10×7×64 Array\{Float32, 4\}",
    ):
        je.Conv((3, 3), (3, 16))(x)
    with pytest.raises(je.DimensionMismatch, match=r"expects ndims\(input\) == 4, but got"):
        je.Conv((3, 3), (3, 16))(x[0])
    with pytest.raises(ValueError, match="Output channel dimension must be divisible by groups"):
        je.Conv((3, 3), (2, 3), groups=2)
    with pytest.raises(
        je.DimensionMismatch,
        match=r"Kernel \* dilation \(\(3 - 1\) \* 1 \+ 1\) cannot be larger than input \+ padding \(2 \+ 0 \+ 0\)!",
    ):
        je.Conv((3, 3), (1, 1))(np.ones((2, 2, 1, 1), np.float32))
    with pytest.raises(je.DimensionMismatch, match="batch size mismatch: A != B"):
        gathering.batched_mul(np.ones((2, 2, 3)), np.ones((2, 2, 4)))
    with pytest.raises(je.ArgumentError, match="qk_dim = 10 should be divisible by nheads = 8"):
        je.MultiHeadAttention(10)


def test_enlarging() -> None:
    x = normal(2, 3, 1, 2)
    np.testing.assert_allclose(
        upsampling.upsample_nearest(x, (2, 3)), x.repeat(2, axis=0).repeat(3, axis=1)
    )
    line = np.arange(4.0).reshape(4, 1, 1)
    np.testing.assert_allclose(
        upsampling.upsample_linear(line, size=7)[:, 0, 0], np.linspace(0, 3, 7)
    )
    y = upsampling.pixel_shuffle(normal(2, 3, 8, 1), 2)
    assert y.shape == (4, 6, 2, 1)
    z = np.arange(1.0, 17).reshape(2, 2, 4, 1, order="F")
    np.testing.assert_allclose(
        upsampling.pixel_shuffle(z, 2)[:, :, 0, 0],
        [[1, 9, 3, 11], [5, 13, 7, 15], [2, 10, 4, 12], [6, 14, 8, 16]],
    )
    a = np.arange(1.0, 5).reshape(4, 1, 1)
    kinds = {
        padding.pad_reflect: [3, 2, 1, 2, 3, 4, 3, 2],
        padding.pad_symmetric: [2, 1, 1, 2, 3, 4, 4, 3],
        padding.pad_circular: [3, 4, 1, 2, 3, 4, 1, 2],
        padding.pad_repeat: [1, 1, 1, 2, 3, 4, 4, 4],
    }
    for f, expected in kinds.items():
        np.testing.assert_allclose(f(a, 2)[:, 0, 0], expected)
    with pytest.raises(je.ArgumentError, match=r"Could not parse padding \(2, 1, 3\)"):
        padding.pad_constant(np.ones((2, 2)), (2, 1, 3))


def test_attention_of_several_heads() -> None:
    q, k, v = normal(4, 2, 3), normal(4, 5, 3), normal(6, 5, 3)
    y, α = attention.dot_product_attention(q, k, v, nheads=2)
    for b in range(3):
        for h in range(2):
            scores = k[2 * h : 2 * h + 2, :, b].T @ q[2 * h : 2 * h + 2, :, b] / np.sqrt(2)
            e = np.exp(scores)
            weights = e / e.sum(0)
            np.testing.assert_allclose(α[:, :, h, b], weights)
            np.testing.assert_allclose(
                y[3 * h : 3 * h + 3, :, b], v[3 * h : 3 * h + 3, :, b] @ weights
            )
    mask = attention.make_causal_mask(np.ones((4, 5)))
    _, causal = attention.dot_product_attention(k, k, v, mask=mask)
    assert np.all(causal[~mask] == 0)
    layer = je.MultiHeadAttention((4, (8, 6)), nheads=2, dropout_prob=0.1)
    assert repr(layer).startswith("MultiHeadAttention(4 => 8 => 6; nheads=2, dropout_prob=0.1)")
