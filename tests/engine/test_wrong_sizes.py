"""Wrong sizes of every layer and loss are explained in Flux's words, from Python too."""

from __future__ import annotations

import numpy as np
import pytest

import juliette_engine as je
from juliette_engine import functions, rules
from juliette_engine.layers.layer import Layer

NAMES = {name: getattr(je, name) for name in je.__all__} | {
    "functions": functions,
    "rules": rules,
    "np": np,
}

# What is called, what it raises, and what that says.
WRONG = [
    (
        "Dense(2, 3)(r(4))", "DimensionMismatch",
        "layer Dense(2 => 3) expects size(input, 1) == 2, but got 4-element Vector{Float32}",
    ),
    (
        "Dense(2, 3)(r(4, 5))", "DimensionMismatch",
        "layer Dense(2 => 3) expects size(input, 1) == 2, but got 4×5 Matrix{Float32}",
    ),
    ("Dense(r(3, 2), r(4))", "DimensionMismatch", "expected bias of size (3,), got size (4,)"),
    (
        "Scale(3)(r(4))", "DimensionMismatch",
        "arrays could not be broadcast to a common size; got a dimension with lengths 3 and 4",
    ),
    ("Bilinear(((2, 3), 4))(r(3), r(3))", "DimensionMismatch", "number of rows in data must match W"),
    (
        "Bilinear(((2, 3), 4))(r(2, 5), r(3, 6))", "DimensionMismatch",
        "Data inputs must agree on number of columns, got 5 and 6",
    ),
    ("Bilinear(r(2, 3))", "ArgumentError", "expected a 3-array of weights"),
    ("Embedding(4, 2)(7)", "OutOfBounds", "attempt to access 2×4 Matrix{Float32} at index [:, 7]"),
    (
        "Embedding((4, 2))(np.zeros((3, 2), bool))", "DimensionMismatch",
        "A has dimensions (2,4) but B has dimensions (3,2)",
    ),
    ("EmbeddingBag((4, 2))(1)", "UsageError", "EmbeddingBag expects an array of indices, not just one"),
    (
        "EmbeddingBag((4, 2))(np.array([1, 2, 3]), np.array([2, 3]))", "ArgumentError",
        "The first element in `at` must be 0.",
    ),
    (
        "EmbeddingBag((4, 2))(np.array([1, 2, 3]), np.array([0, 9]))", "ArgumentError",
        "The last element in `at` must be at most the length of `data`.",
    ),
    (
        "Chain(Dense(2, 3), Dense(4, 1))(r(2))", "DimensionMismatch",
        "layer Dense(4 => 1) expects size(input, 1) == 4, but got 3-element Vector{Float32}",
    ),
    (
        "Parallel(rules.add, Dense(2, 3), Dense(2, 3))(r(2), r(2), r(2))", "ArgumentError",
        "Parallel with 2 > 1 sub-layers can take one input or 2 inputs, but got 3 inputs",
    ),
    (
        "Parallel(rules.add, Dense(2, 3), Dense(2, 4))(r(2))", "DimensionMismatch",
        "arrays could not be broadcast to a common size; got a dimension with lengths 3 and 4",
    ),
    (
        "PairwiseFusion(rules.add, Dense(2, 3), Dense(3, 3))((r(2), r(2), r(2)))", "ArgumentError",
        "PairwiseFusion with 2 sub-layers can take one input or 2 inputs, but got 3 inputs",
    ),
    (
        "SkipConnection(Dense(2, 3), rules.add)(r(2))", "DimensionMismatch",
        "arrays could not be broadcast to a common size; got a dimension with lengths 3 and 2",
    ),
    (
        "Maxout(Dense(2, 3), Dense(2, 4))(r(2))", "DimensionMismatch",
        "arrays could not be broadcast to a common size; got a dimension with lengths 3 and 4",
    ),
    (
        "Conv((3, 3), (3, 4))(r(5, 5, 2, 1))", "DimensionMismatch",
        "layer Conv((3, 3), 3 => 4) expects size(input, 3) == 3, but got 5×5×2×1 Array{Float32, 4}",
    ),
    (
        "Conv((3, 3), (3, 4))(r(5, 5, 3))", "DimensionMismatch",
        "layer Conv((3, 3), 3 => 4) expects ndims(input) == 4, but got 5×5×3 Array{Float32, 3}",
    ),
    (
        "Conv((3, 3), (3, 4))(r(2, 2, 3, 1))", "DimensionMismatch",
        "Kernel * dilation ((3 - 1) * 1 + 1) cannot be larger than input + padding (2 + 0 + 0)!",
    ),
    (
        "Conv((3, 3), (3, 4), groups=2)", "AssertionFailed",
        "Input channel dimension must be divisible by groups.",
    ),
    ("Conv(r(3, 3, 1, 2), r(3))", "DimensionMismatch", "expected bias of size (2,), got size (3,)"),
    (
        "CrossCor((3,), (3, 4))(r(5, 2, 1))", "DimensionMismatch",
        "layer CrossCor((3,), 3 => 4) expects size(input, 2) == 3, but got 5×2×1 Array{Float32, 3}",
    ),
    (
        "ConvTranspose((3, 3), (3, 4))(r(5, 5, 2, 1))", "DimensionMismatch",
        "layer ConvTranspose((3, 3), 3 => 4) expects size(input, 3) == 3, but got 5×5×2×1 Array{Float32, 4}",
    ),
    (
        "ConvTranspose((3, 3), (3, 4))(r(5, 5))", "DimensionMismatch",
        "layer ConvTranspose((3, 3), 3 => 4) expects ndims(input) == 4, but got 5×5 Matrix{Float32}",
    ),
    (
        "Conv((2, 2), (3, 10), groups=3)", "AssertionFailed",
        "Output channel dimension must be divisible by groups.",
    ),
    (
        "Conv((2, 2), (3, 6), groups=3)(r(5, 5, 2, 1))", "DimensionMismatch",
        "layer Conv((2, 2), 3 => 6, groups=3) expects size(input, 3) == 3, but got 5×5×2×1 Array{Float32, 4}",
    ),
    (
        "MaxPool((2, 2))(r(5, 5))", "DimensionMismatch",
        "layer MaxPool((2, 2)) expects ndims(input) == 4, but got 5×5 Matrix{Float32}",
    ),
    (
        "MeanPool((2,))(r(5, 5, 3, 1))", "DimensionMismatch",
        "layer MeanPool((2,)) expects ndims(input) == 3, but got 5×5×3×1 Array{Float32, 4}",
    ),
    (
        "AdaptiveMaxPool((2, 2))(r(5, 5, 2))", "DimensionMismatch",
        "layer AdaptiveMaxPool((2, 2)) expects ndims(input) == 4, but got 5×5×2 Array{Float32, 3}",
    ),
    (
        "AdaptiveMeanPool((2,))(r(5, 5, 2, 1))", "DimensionMismatch",
        "layer AdaptiveMeanPool((2,)) expects ndims(input) == 3, but got 5×5×2×1 Array{Float32, 4}",
    ),
    ("Upsample(\"cubic\", scale=2)", "ArgumentError", "mode=:cubic is not supported."),
    ("Upsample(\"nearest\")", "ArgumentError", "Either scale or size should be specified (but not both)."),
    (
        "PixelShuffle(2)(r(3, 3, 5, 1))", "ArgumentError",
        "expected channel dimension to be divisible by r^2 = 4, got size(x,3) = 5",
    ),
    (
        "MultiHeadAttention(8, nheads=2)(r(7, 3, 1))", "DimensionMismatch",
        "layer Dense(8 => 8; bias=false) expects size(input, 1) == 8, but got 7×3×1 Array{Float32, 3}",
    ),
    ("MultiHeadAttention(8, nheads=3)", "ArgumentError", "qk_dim = 8 should be divisible by nheads = 3"),
    (
        "MultiHeadAttention(8, nheads=2)(r(8, 3, 1), r(8, 4, 1), r(8, 5, 1))", "ArgumentError",
        "Second dimension in key and value has to be the same. Instead:\n- size(k): (8, 4, 1)\n- size(v): (8, "
        "5, 1)\n",
    ),
    (
        "MultiHeadAttention(8, nheads=2)(r(8, 3, 1), mask=np.ones((4, 4), bool))", "DimensionMismatch",
        "arrays could not be broadcast to a common size; got a dimension with lengths 3 and 4",
    ),
    ("Dropout(1.5)", "ArgumentError", "Dropout expects 0 ≤ p ≤ 1, got p = 1.5"),
    ("AlphaDropout(-1)", "ArgumentError", "AlphaDropout expects 0 ≤ p ≤ 1, got p = -1"),
    (
        "BatchNorm(3)(r(4, 5))", "DimensionMismatch",
        "layer BatchNorm(3) expects size(input, 1) == 3, but got 4×5 Matrix{Float32}",
    ),
    (
        "BatchNorm(3)(r(5, 5, 4, 1))", "DimensionMismatch",
        "layer BatchNorm(3) expects size(input, 3) == 3, but got 5×5×4×1 Array{Float32, 4}",
    ),
    (
        "InstanceNorm(3)(r(5, 5, 4, 1))", "DimensionMismatch",
        "layer InstanceNorm(3, affine=false) expects size(input, 3) == 3, but got 5×5×4×1 Array{Float32, 4}",
    ),
    (
        "GroupNorm(4, 2)(r(5, 5, 6, 1))", "DimensionMismatch",
        "layer GroupNorm(4, 2) expects size(input, 3) == 4, but got 5×5×6×1 Array{Float32, 4}",
    ),
    ("GroupNorm(4, 3)", "AssertionFailed", "The number of groups (3) must divide the number of channels (4)"),
    (
        "LayerNorm(3)(r(4, 5))", "DimensionMismatch",
        "layer LayerNorm(3) expects size(input, 1) == 3, but got 4×5 Matrix{Float32}",
    ),
    (
        "LayerNorm(3, 4)(r(3, 5))", "DimensionMismatch",
        "layer LayerNorm(3, 4) expects size(input, 2) == 4, but got 3×5 Matrix{Float32}",
    ),
    (
        "RNN(2, 3)(r(4, 5))", "DimensionMismatch",
        "layer RNNCell(2 => 3, tanh) expects size(input, 1) == 2, but got 4-element view(::Matrix{Float32}, "
        ":, 1) with eltype Float32",
    ),
    (
        "LSTM(2, 3)(r(4, 5))", "DimensionMismatch",
        "layer LSTMCell(2 => 3) expects size(input, 1) == 2, but got 4-element view(::Matrix{Float32}, :, 1) "
        "with eltype Float32",
    ),
    (
        "GRU(2, 3)(r(4, 5))", "DimensionMismatch",
        "layer GRUCell(2 => 3) expects size(input, 1) == 2, but got 4-element view(::Matrix{Float32}, :, 1) "
        "with eltype Float32",
    ),
    (
        "GRUv3(2, 3)(r(4, 5))", "DimensionMismatch",
        "layer GRUv3Cell(2 => 3) expects size(input, 1) == 2, but got 4-element view(::Matrix{Float32}, :, "
        "1) with eltype Float32",
    ),
    (
        "Recur(RNNCellStateful(2, 3))(r(4))", "DimensionMismatch",
        "layer RNNCell(2 => 3, tanh) expects size(input, 1) == 2, but got 4-element Vector{Float32}",
    ),
    (
        "Recur(LSTMCellStateful(2, 3))(r(4))", "DimensionMismatch",
        "layer LSTMCell(2 => 3) expects size(input, 1) == 2, but got 4-element Vector{Float32}",
    ),
    (
        "Recur(GRUCellStateful(2, 3))(r(4))", "DimensionMismatch",
        "layer GRUCell(2 => 3) expects size(input, 1) == 2, but got 4-element Vector{Float32}",
    ),
    (
        "Recur(GRUv3CellStateful(2, 3))(r(4))", "DimensionMismatch",
        "layer GRUv3Cell(2 => 3) expects size(input, 1) == 2, but got 4-element Vector{Float32}",
    ),
    (
        "WeightNorm(Dense(2, 3))(r(4, 5))", "DimensionMismatch",
        "layer Dense(2 => 3) expects size(input, 1) == 2, but got 4×5 Matrix{Float32}",
    ),
    (
        "RNNCell(2, 3)(r(4))", "DimensionMismatch",
        "layer RNNCell(2 => 3, tanh) expects size(input, 1) == 2, but got 4-element Vector{Float32}",
    ),
    (
        "LSTMCell(2, 3)(r(4))", "DimensionMismatch",
        "layer LSTMCell(2 => 3) expects size(input, 1) == 2, but got 4-element Vector{Float32}",
    ),
    (
        "GRUCell(2, 3)(r(4))", "DimensionMismatch",
        "layer GRUCell(2 => 3) expects size(input, 1) == 2, but got 4-element Vector{Float32}",
    ),
    (
        "GRUv3Cell(2, 3)(r(4))", "DimensionMismatch",
        "layer GRUv3Cell(2 => 3) expects size(input, 1) == 2, but got 4-element Vector{Float32}",
    ),
    (
        "Recurrence(RNNCell(2, 3))(r(4, 5))", "DimensionMismatch",
        "layer RNNCell(2 => 3, tanh) expects size(input, 1) == 2, but got 4-element view(::Matrix{Float32}, "
        ":, 1) with eltype Float32",
    ),
    ("ctc_loss(r(3, 4), [9])", "OutOfBounds", "attempt to access 3×4 Matrix{Float32} at index [8, 0]"),
    (
        "label_smoothing(np.array([1.0, 0]), 2)", "ArgumentError",
        "label_smoothing expects α ∈ (0, 1), but α = 2",
    ),
    ("label_smoothing(np.array([1.0, 0]), 0.1, dims=3)", "ArgumentError", "`dims` should be either 0 or 1"),
    ("siamese_contrastive_loss(r(2), r(2), margin=-1)", "DomainError", "Margin must be non-negative"),
    ("destructure(Dense(2, 3))[1](r(3))", "DimensionMismatch", "Rebuild expected a vector of length 9, got 3"),
    (
        "softmax(1.0)", "UsageError",
        "`softmax(x)` called with a number, but it expects an array. Usually this is because a layer like "
        "`Dense(3,4,softmax)` is broadcasting it like an activation function; `softmax` needs to be outside "
        "the layer.",
    ),
    (
        "onecold(r(3, 2), [1, 2])", "DimensionMismatch",
        "onecold got 2 labels for an array with size(y, 1) == 3, these must agree",
    ),
    (
        "DataLoader((r(2, 3), r(2, 4)))", "DimensionMismatch",
        "All data containers must have the same number of observations.",
    ),
    (
        "functions.batched_mul(r(2, 3, 4), r(2, 3, 4))", "DimensionMismatch",
        "A has dimensions (2, 3, 4) but B has dimensions (2, 3, 4)",
    ),
    ("functions.batched_mul(r(2, 3, 4), r(3, 2, 5))", "DimensionMismatch", "batch size mismatch: A != B"),
]  # fmt: skip
LOSSES = (
    "mse", "mae", "msle", "huber_loss", "crossentropy", "logitcrossentropy", "binarycrossentropy",
    "logitbinarycrossentropy", "kldivergence", "poisson_loss", "hinge_loss", "squared_hinge_loss", "dice_coeff_loss",
    "tversky_loss", "binary_focal_loss", "focal_loss", "siamese_contrastive_loss",
)  # fmt: skip


def r(*shape: int) -> np.ndarray:
    """An array of a size."""
    return np.zeros(shape, np.float32)


@pytest.mark.parametrize(("call", "kind", "message"), WRONG, ids=[c for c, _, _ in WRONG])
def test_wrong_size(call: str, kind: str, message: str) -> None:
    with pytest.raises(getattr(je.errors, kind)) as raised:
        eval(call, NAMES | {"r": r})
    assert str(raised.value) == message


@pytest.mark.parametrize("name", LOSSES)
@pytest.mark.parametrize("other", [(3,), (3, 3), (2, 3, 2)])
def test_losses_want_equal_sizes(name: str, other: tuple[int, ...]) -> None:
    with pytest.raises(je.DimensionMismatch) as raised:
        getattr(je, name)(r(2, 3), r(*other))
    assert str(raised.value) == f"loss function expects size(ŷ) = (2, 3) to match size(y) = {other}"


@pytest.mark.parametrize("name", LOSSES)
def test_losses_take_further_dimensions_of_one(name: str) -> None:
    loss, x, y = getattr(je, name), np.full((2, 3), 0.25), np.full((2, 3), 0.5)
    flat = loss(x, y)
    assert loss(x, y.reshape(2, 3, 1)) == loss(x.reshape(2, 3, 1), y) == flat


def test_every_layer_and_loss_is_here() -> None:
    text = " ".join(call for call, _, _ in WRONG)
    sizeless = {"Recur", "Flatten", "GlobalMaxPool", "GlobalMeanPool", "GlobalLPNormPool"}
    layers = {
        n
        for n, v in NAMES.items()
        if isinstance(v, type) and issubclass(v, Layer) and v is not Layer
    }
    assert {n for n in layers - sizeless if f"{n}(" not in text} == set()
    losses = {
        n
        for n in je.losses.__dict__
        if n in je.__all__ and n.endswith(("loss", "entropy", "divergence"))
    }
    assert {n for n in losses if n not in LOSSES and f"{n}(" not in text} == set()
