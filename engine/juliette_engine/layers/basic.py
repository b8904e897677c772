"""Dense and its kin: layers whose parameters multiply the input."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from typing import Any, ClassVar

import numpy as np

from juliette_engine import rules
from juliette_engine.activations import identity
from juliette_engine.errors import (
    ArgumentError,
    DimensionMismatch,
    Inapplicable,
    OutOfBounds,
    UsageError,
)
from juliette_engine.functions.affine import dense
from juliette_engine.initialisers import glorot_uniform, ones32, randn32
from juliette_engine.layers.layer import (
    Activation,
    Callback,
    Function,
    InOut,
    Layer,
    create_bias,
    expect_size,
    given_array,
    no_bias,
    option,
)
from juliette_engine.tape import primal
from juliette_engine.trees import size


def affine(weight: Any, x: Any, bias: Any) -> Any:
    """`weight * x .+ bias`, without the sum where there is no bias."""
    y = rules.matmul(weight, x)
    return y if bias is False or bias is None else rules.add(y, bias)


def flattened(f: Function, x: Any) -> Any:
    """`f` of a matrix whose columns are all the samples in `x`, and the sizes put back."""
    shape = rules.shape(x)
    if len(shape) < 3:
        return f(x)
    y = f(rules.reshape(x, (shape[0], int(np.prod(shape[1:])))))
    return rules.reshape(y, (rules.shape(y)[0], *shape[1:]))


class Dense(Layer):
    """Fully connected: `σ.(weight * x .+ bias)`.

    `Dense((in, out), σ)` or `Dense(in, out, σ)` draws a weight by `init`, `Dense(weight, bias, σ)` takes arrays;
    `bias=False` leaves the bias out.  `sizes` and `rest` hold these.

    Shapes: input `in`, `in × batch` or `in × …`, output `out`, `out × batch` or `out × …`; weight `out × in`, bias `out`.
    Raises: DimensionMismatch if the first dimension of the input is not `in`, or a bias has another size than `out`.
    Source: Flux, `Dense`.

    >>> Dense((5, 2))
    Dense(5 => 2)       # 12 parameters
    """

    weight: Any
    bias: Any
    σ: Activation

    trainable_fields: ClassVar[tuple[str, ...]] = ("weight", "bias")
    type_fields: ClassVar[tuple[str, ...]] = ("σ", "weight", "bias")
    arrays_only: ClassVar[bool] = True

    def __init__(
        self, sizes: Any, *rest: Any, bias: Any = True, init: Function = glorot_uniform
    ) -> None:
        given = list(rest)
        if isinstance(sizes, int) and given and isinstance(given[0], int):
            sizes = (sizes, given.pop(0))
        if given_array(sizes):
            if np.ndim(primal(sizes)) != 2:
                raise TypeError("Dense takes a matrix of weights")
            weight = sizes
            if given and (given_array(given[0]) or isinstance(given[0], bool)):
                bias = given.pop(0)
        else:
            into, out = sizes
            weight = init(out, into)
        self.weight = weight
        self.bias = create_bias(weight, bias, np.shape(primal(weight))[0])
        self.σ = given.pop(0) if given else identity
        if given:
            raise TypeError("Dense takes sizes or arrays, and an activation")

    def __call__(self, x: Any) -> Any:
        shape = rules.shape(x)
        if not shape or shape[0] != rules.shape(self.weight)[1]:
            expect_size(self, x, 0, rules.shape(self.weight)[1])
        if len(shape) < 3:
            return dense(self.σ, self.weight, x, self.bias)
        return flattened(lambda flat: dense(self.σ, self.weight, flat, self.bias), x)

    def constructor_args(self) -> Iterator[Any]:
        """Sizes, activation, and whether there is a bias."""
        out, into = size(self.weight)
        yield InOut(into, out)
        yield from option(self.σ)
        yield from no_bias(self.bias)


class Scale(Layer):
    """Elementwise: `σ.(scale .* x .+ bias)`.

    `Scale(size…, σ)` starts with what `init` gives, ones; `Scale(scale, bias, σ)` takes arrays; `bias=False` leaves
    the bias out.  `args` holds these.

    Shapes: `scale` and `bias` of `size`, input of any size that broadcasts with it.
    Raises: DimensionMismatch if the sizes do not broadcast.
    Source: Flux, `Scale`.
    """

    scale: Any
    bias: Any
    σ: Activation

    trainable_fields: ClassVar[tuple[str, ...]] = ("scale", "bias")
    type_fields: ClassVar[tuple[str, ...]] = ("σ", "scale", "bias")

    def __init__(self, *args: Any, bias: Any = True, init: Function = ones32) -> None:
        given = list(args)
        if not given or (len(given) == 1 and callable(given[0]) and not given_array(given[0])):
            raise Inapplicable("Scale", ())
        activated = len(given) > 1 and (callable(given[-1]) or not given_array(given[0]))
        self.σ = given.pop() if activated and not isinstance(given[-1], int) else identity
        if given_array(given[0]):
            self.scale = given[0]
            bias = given[1] if len(given) > 1 else bias
        else:
            self.scale = init(*given)
        self.bias = create_bias(self.scale, bias, *np.shape(primal(self.scale)))

    def __call__(self, x: Any) -> Any:
        y = rules.mul(self.scale, x)
        return self.σ(y if self.bias is False else rules.add(y, self.bias))

    def constructor_args(self) -> Iterator[Any]:
        """Size, activation, and whether there is a bias."""
        yield from size(self.scale)
        yield from option(self.σ)
        yield from no_bias(self.bias)


class Bilinear(Layer):
    """Two inputs: `σ(xᵀ W[o] y + bias[o])` for each output `o`.

    Sizes are given as `((in1, in2), out)` or `(in, out)`, for a weight that `init` draws, or the arrays as
    `Bilinear(weight, bias, σ)`; `bias=False` leaves the bias out.  `layer(x)` is `layer(x, x)`.  `sizes` and `rest` hold these.

    Shapes: inputs `in1` and `in2`, or `in1 × batch` and `in2 × batch`, output `out` or `out × batch`; weight
    `out × in1 × in2`, bias `out`.
    Raises: DimensionMismatch if the rows of the inputs do not fit the weight, or their batches not each other.
    Source: Flux, `Bilinear`.
    """

    weight: Any
    bias: Any
    σ: Activation

    trainable_fields: ClassVar[tuple[str, ...]] = ("weight", "bias")
    type_fields: ClassVar[tuple[str, ...]] = ("σ", "weight", "bias")

    def __init__(
        self, sizes: Any, *rest: Any, bias: Any = True, init: Function = glorot_uniform
    ) -> None:
        given = list(rest)
        if given_array(sizes):
            if np.ndim(primal(sizes)) != 3:
                raise ArgumentError("expected a 3-array of weights")
            self.weight = sizes
            if given and (given_array(given[0]) or isinstance(given[0], bool)):
                bias = given.pop(0)
        else:
            if isinstance(sizes, int):
                sizes = ((sizes, given.pop(0)), given.pop(0))
            into, out = sizes
            first, second = into if isinstance(into, tuple) else (into, into)
            self.weight = init(out, first, second)
        self.bias = create_bias(self.weight, bias, np.shape(primal(self.weight))[0])
        self.σ = given.pop(0) if given else identity

    def __call__(self, x: Any, y: Any = None) -> Any:
        if isinstance(x, tuple):
            x, y = x
        y = x if y is None else y
        out, first, second = rules.shape(self.weight)
        alone = len(rules.shape(x)) == 1
        shape = rules.shape(x)
        x = rules.reshape(x, (shape[0], int(np.prod(shape[1:]))))
        y = rules.reshape(y, (rules.shape(y)[0], int(np.prod(rules.shape(y)[1:]))))
        if (first, second) != (rules.shape(x)[0], rules.shape(y)[0]):
            raise DimensionMismatch("number of rows in data must match W")
        if rules.shape(x)[1] != rules.shape(y)[1]:
            raise DimensionMismatch(
                "Data inputs must agree on number of columns, got "
                f"{rules.shape(x)[1]} and {rules.shape(y)[1]}"
            )
        n = rules.shape(x)[1]
        wy = rules.matmul(rules.reshape(self.weight, (out * first, second)), y)
        z = rules.sum_along(
            rules.mul(rules.reshape(wy, (out, first, n)), rules.reshape(x, (1, first, n))), (1,)
        )
        z = rules.reshape(z, (out, n))
        z = z if self.bias is False else rules.add(z, self.bias)
        return self.σ(rules.reshape(z, (out,) if alone else (out, *shape[1:])))

    def constructor_args(self) -> Iterator[Any]:
        """Sizes, activation, and whether there is a bias."""
        out, first, second = size(self.weight)
        yield InOut(first if first == second else (first, second), out)
        yield from option(self.σ)
        yield from no_bias(self.bias)


class Embedding(Layer):
    """A column of `weight` for each index.

    `Embedding((in, out))` draws a weight by `init`, `Embedding(weight)` takes one; `sizes` and `rest` hold these.
    `layer(i)` takes an integer, `layer(is)` an array of them, or a one-hot or Boolean matrix, which is multiplied.
    Indices count from `first_index`, which is 0 from Python.

    Shapes: output `out × size(is)`; weight `out × in`.
    Raises: DimensionMismatch for one-hot input whose size is not `in`, OutOfBounds for an index that is not there.
    Source: Flux, `Embedding`.
    """

    weight: Any

    type_fields: ClassVar[tuple[str, ...]] = ("weight",)
    first_index: ClassVar[int] = 0

    def __init__(self, sizes: Any, *rest: Any, init: Function = randn32) -> None:
        if isinstance(sizes, int):
            sizes = (sizes, *rest)
        if given_array(sizes):
            check_matrix(sizes)
            self.weight = sizes
        else:
            into, out = sizes
            self.weight = init(out, into)

    def __call__(self, index: Any) -> Any:
        return look_up(self.weight, index, self.first_index)

    def constructor_args(self) -> Iterator[Any]:
        """Sizes."""
        out, into = size(self.weight)
        yield InOut(into, out)


def check_matrix(weight: Any) -> None:
    """Raise TypeError unless an array of parameters is a matrix."""
    if np.ndim(primal(weight)) != 2:
        raise TypeError("columns of parameters are those of a matrix")


def look_up(weight: Any, index: Any, first: int) -> Any:
    """Columns of `weight` by index, or a product with a Boolean array."""
    where = np.asarray(primal(index))
    if where.dtype.kind in "Oc" or (where.dtype.kind == "f" and where.ndim == 0):
        raise TypeError("indices are whole numbers")
    if where.dtype.kind in "bf":
        return flattened(lambda x: rules.matmul(weight, x), index)
    wrong = where[(where < first) | (where >= rules.shape(weight)[1] + first)]
    if wrong.size:
        raise OutOfBounds(primal(weight), int(wrong.flat[0]) - first)
    if where.ndim == 0:
        return rules.getitem(weight, (slice(None), int(where) - first))
    y = rules.getitem(weight, (slice(None), where.ravel(order="F") - first))
    return rules.reshape(y, (rules.shape(weight)[0], *where.shape))


class EmbeddingBag(Layer):
    """The reduced columns of each bag of indices: one vector for a bag, a matrix for several.

    `EmbeddingBag((in, out), reduction)` draws a weight by `init`; `reduction(columns, dims=2)` is by default the mean.
    `sizes` holds the sizes, or a weight.  A matrix of indices holds bags in its columns; `layer(indices, at)` splits a
    vector at the given starts.

    Shapes: output `out` for one bag, `out × bags` for several; weight `out × in`.
    Raises: UsageError for a single index, ArgumentError for starts that do not grow from the first index on.
    Source: Flux, `EmbeddingBag`.
    """

    weight: Any
    reduction: Callback

    trainable_fields: ClassVar[tuple[str, ...]] = ("weight",)
    type_fields: ClassVar[tuple[str, ...]] = ("reduction", "weight")
    first_index: ClassVar[int] = 0

    def __init__(self, sizes: Any, reduction: Function | None = None, *, init: Function = randn32):
        if given_array(sizes):
            check_matrix(sizes)
            self.weight = sizes
        else:
            into, out = sizes
            self.weight = init(out, into)
        self.reduction = column_mean if reduction is None else reduction

    def __call__(self, bags: Any, at: Any = None) -> Any:
        first = self.first_index
        if isinstance(bags, int):
            raise UsageError("EmbeddingBag expects an array of indices, not just one")
        if at is not None:
            bags = split_at(
                np.asarray(primal(bags)), [int(i) - first for i in np.ravel(primal(at))], first
            )
        if isinstance(bags, (list, tuple)):
            return self.side_by_side(list(bags))
        where = np.asarray(primal(bags))
        # the columns of a one-hot matrix are one bag, a vector of truth values is an index
        inside = 2 if where.dtype.kind == "b" else 1
        if where.ndim < inside:
            raise UsageError("EmbeddingBag not defined for OneHotVector")
        if where.ndim == inside:
            return self.bag(where)
        flat = where.reshape(*where.shape[:inside], -1, order="F")
        y = self.side_by_side([flat[..., k] for k in range(flat.shape[-1])])
        return rules.reshape(y, (rules.shape(y)[0], *where.shape[inside:]))

    def side_by_side(self, bags: list[Any]) -> Any:
        """The reductions of several bags as columns."""
        if not bags:
            raise ArgumentError("`stack` on an empty collection is not allowed")
        columns = [self.bag(b) for b in bags]
        return rules.concatenate([rules.reshape(c, (*rules.shape(c), 1)) for c in columns], 1)

    def bag(self, indices: Any) -> Any:
        """The reduction over one bag, as a vector."""
        y = look_up(self.weight, np.asarray(primal(indices)), self.first_index)
        y = self.reduction(y, dims=2)
        return rules.reshape(y, (rules.shape(y)[0],))

    def constructor_args(self) -> Iterator[Any]:
        """Sizes."""
        out, into = size(self.weight)
        yield InOut(into, out)


def split_at(data: Any, starts: list[int], first: int) -> list[Any]:
    """A vector cut where each part starts; the numbers count from zero, in sentences from `first`."""
    if not starts or starts[0] != 0:
        raise ArgumentError(f"The first element in `at` must be {first}.")
    if starts[-1] >= len(data):
        raise ArgumentError("The last element in `at` must be at most the length of `data`.")
    if any(j <= i for i, j in pairwise(starts)):
        raise ArgumentError("`at` must be monotonically increasing with no duplicates.")
    return [data[i:j] for i, j in zip(starts, [*starts[1:], len(data)], strict=True)]


def column_mean(x: Any, *, dims: int = 2) -> Any:
    """The mean along a dimension, counted from one."""
    return rules.div(rules.sum_along(x, (dims - 1,)), float(rules.shape(x)[dims - 1]))
