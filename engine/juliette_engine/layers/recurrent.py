"""Recurrent layers in both styles of Flux.

From 0.15 on a cell maps `(x, state)` to `(output, state)` and a layer goes over a whole sequence,
`features × time × batch`.  Before, a cell maps `(state, x)` to `(state, output)` and a `Recur`
keeps the state between calls, until `reset`; those are the classes named `…Stateful`.
"""

from __future__ import annotations

from collections.abc import Iterator
from numbers import Number
from typing import Any, ClassVar

import numpy as np

from juliette_engine import rules, trees
from juliette_engine.activations import sigmoid, tanh
from juliette_engine.errors import DimensionMismatch, OutOfBounds
from juliette_engine.functions import gated
from juliette_engine.functions.recurrent import rnn
from juliette_engine.initialisers import glorot_uniform, zeros32
from juliette_engine.layers.basic import affine
from juliette_engine.layers.containers import one_line
from juliette_engine.layers.layer import (
    Activation,
    Child,
    Function,
    InOut,
    Layer,
    create_bias,
    expect_size,
    no_bias,
    option,
    settled,
)
from juliette_engine.tape import primal
from juliette_engine.text import eltype_name, type_name, value_text
from juliette_engine.trees import size


def rows(x: Any, n: int, k: int) -> Any:
    """The `k`-th block of `n` rows."""
    return rules.getitem(x, slice(k * n, (k + 1) * n))


def affine_pair(wi: Any, wh: Any, b: Any, x: Any, h: Any) -> Any:
    """The input's and the state's share, and the bias."""
    y = rules.add(rules.matmul(wi, x), rules.matmul(wh, h))
    return y if b is False or b is None else rules.add(y, b)


def lstm_step(wi: Any, wh: Any, b: Any, x: Any, h: Any, c: Any) -> tuple[Any, Any]:
    """New output and memory; the gates are input, forget, cell, output."""
    return gated.lstm(_lstm_step, wi, wh, b, x, h, c)


def _lstm_step(wi: Any, wh: Any, b: Any, x: Any, h: Any, c: Any) -> tuple[Any, Any]:
    g = affine_pair(wi, wh, b, x, h)
    n = rules.shape(wh)[1]
    memory = rules.add(
        rules.mul(sigmoid(rows(g, n, 1)), c),
        rules.mul(sigmoid(rows(g, n, 0)), tanh(rows(g, n, 2))),
    )
    return rules.mul(sigmoid(rows(g, n, 3)), tanh(memory)), memory


def blend(z: Any, new: Any, old: Any) -> Any:
    """`(1 - z) * new + z * old`"""
    return rules.add(rules.mul(rules.sub(1.0, z), new), rules.mul(z, old))


def gru_step(wi: Any, wh: Any, b: Any, x: Any, h: Any) -> Any:
    """New state; the gates are reset, update, new, and the reset acts on `Wh * h`."""
    return gated.gru(_gru_step, wi, wh, b, x, h)


def _gru_step(wi: Any, wh: Any, b: Any, x: Any, h: Any) -> Any:
    n = rules.shape(wh)[1]
    i, s = affine(wi, x, b), rules.matmul(wh, h)
    r = sigmoid(rules.add(rows(i, n, 0), rows(s, n, 0)))
    z = sigmoid(rules.add(rows(i, n, 1), rows(s, n, 1)))
    return blend(z, tanh(rules.add(rows(i, n, 2), rules.mul(r, rows(s, n, 2)))), h)


def gru3_step(wi: Any, wh: Any, b: Any, wn: Any, x: Any, h: Any) -> Any:
    """As `gru_step`, with the reset acting on the state itself (Cho and others, 2014)."""
    n = rules.shape(wn)[1]
    i, s = affine(wi, x, b), rules.matmul(wh, h)
    r = sigmoid(rules.add(rows(i, n, 0), rows(s, n, 0)))
    z = sigmoid(rules.add(rows(i, n, 1), rows(s, n, 1)))
    return blend(z, tanh(rules.add(rows(i, n, 2), rules.matmul(wn, rules.mul(r, h)))), h)


def plain_sequence(cell: Any, wi: Any, wh: Any, b: Any, x: Any, h: Any, time: int = 1) -> Any:
    """All states of a plain cell over a sequence, as one record where that is possible."""
    expect_size(cell, x, 0, size(wi)[1])
    n, steps = rules.shape(wi)[0], rules.shape(x)[1:]
    if len(steps) == 1:
        x = rules.reshape(x, (rules.shape(x)[0], *steps, 1))
    y = rnn(cell.σ, wi, wh, b, x, h, time)
    return rules.reshape(y, (n, *steps)) if len(steps) == 1 else y


def last(y: Any, dimension: int) -> Any:
    """The last state of a sequence, in memory of its own."""
    return rules.copied(rules.getitem(y, (*[slice(None)] * dimension, -1)))


def expect_steps(cell: Any, x: Any, time: int) -> None:
    """The check that a cell makes of the first step of a sequence, which Flux looks at as a view."""
    shape, weight = rules.shape(x), getattr(cell, "Wi", None)
    if weight is None or not 1 < len(shape) < 4 or shape[0] == size(weight)[1]:
        return
    data = np.asarray(primal(x))
    rest = [n for i, n in enumerate(shape) if i != time]
    text = f"{rest[0]}-element" if len(rest) == 1 else "×".join(map(str, rest))
    places = ", ".join("1" if i == time else ":" for i in range(len(shape)))
    raise DimensionMismatch(
        f"layer {cell.line()} expects size(input, 1) == {size(weight)[1]}, but got "
        f"{text} view(::{type_name(data)}, {places}) with eltype {eltype_name(data.dtype)}"
    )


def in_out(args: tuple[Any, ...]) -> tuple[int, int, list[Any]]:
    """Sizes given as a pair or as two numbers, and the rest."""
    given = list(args)
    if isinstance(given[0], int):
        return given[0], given[1], given[2:]
    into, out = given[0]
    return into, out, given[1:]


# ---------------------------------------------------------------- cells, from 0.15 on


class Cell(Layer):
    """A cell of a recurrent layer: `cell(x, state)` gives `(output, state)`."""

    type_fields: ClassVar[tuple[str, ...]] = ("Wi", "Wh")
    gate_count: ClassVar[int] = 1

    def matrices(
        self, into: int, out: int, bias: Any, init_kernel: Function, init_recurrent: Function
    ) -> tuple[Any, Any, Any]:
        """Weights of input and state and the bias, with the gates stacked."""
        n = self.gate_count * out
        wi, wh = init_kernel(n, into), init_recurrent(n, out)
        return wi, wh, create_bias(wi, bias, n)

    def initial_state(self) -> Any:
        """The state before the first step: zeros."""
        wh = trees.data(self.Wh)  # type: ignore[attr-defined]
        return np.zeros(wh.shape[1], dtype=wh.dtype)

    def sizes(self) -> InOut:
        """Size of the input and of the state."""
        return InOut(size(self.Wi)[1], size(self.Wh)[1])  # type: ignore[attr-defined]

    def constructor_args(self) -> Iterator[Any]:
        """Sizes, and whether there is a bias."""
        yield self.sizes()
        yield from no_bias(getattr(self, "bias", True))


class RNNCell(Cell):
    """`h' = σ(Wi x + Wh h + bias)`, one step: `cell(x, state)` gives the output and the next state.

    The weights `Wi` and `Wh` are drawn by `init_kernel` and `init_recurrent_kernel`; `bias=False` leaves the bias out.
    The state is an array, by default zeros. `σ` is the activation, `tanh` by default.

    Shapes: input `in` or `in × batch`; output and states `out` or `out × batch`.
    Raises: DimensionMismatch if the first dimension of the input is not `in`.
    Source: Elman (1990); Flux 0.16, `RNNCell`.
    """

    σ: Activation
    Wi: Any
    Wh: Any
    bias: Any

    trainable_fields: ClassVar[tuple[str, ...]] = ("Wi", "Wh", "bias")
    type_fields: ClassVar[tuple[str, ...]] = ("σ", "Wi", "Wh", "bias")

    def __init__(
        self,
        *args: Any,
        init_kernel: Function = glorot_uniform,
        init_recurrent_kernel: Function = glorot_uniform,
        bias: Any = True,
    ) -> None:
        into, out, rest = in_out(args)
        self.σ = rest[0] if rest else tanh
        self.Wi, self.Wh, self.bias = self.matrices(
            into, out, bias, init_kernel, init_recurrent_kernel
        )

    def __call__(self, x: Any, h: Any = None) -> Any:
        expect_size(self, x, 0, size(self.Wi)[1])
        h = self.σ(
            affine_pair(self.Wi, self.Wh, self.bias, x, self.initial_state() if h is None else h)
        )
        return h, h

    def sequence(self, x: Any, h: Any) -> Any:
        """All states over a sequence, at once."""
        return plain_sequence(self, self.Wi, self.Wh, self.bias, x, h)

    def constructor_args(self) -> Iterator[Any]:
        """Sizes, activation, and whether there is a bias."""
        yield self.sizes()
        yield from option(self.σ)
        yield from no_bias(self.bias)


class LSTMCell(Cell):
    """Long short-term memory, one step: `cell(x, state)` gives the output and the next state.

    The weights `Wi` and `Wh` are drawn by `init_kernel` and `init_recurrent_kernel`; `bias=False` leaves the bias out.
    The state is a pair of arrays `(h, c)`, by default zeros.

    Shapes: input `in` or `in × batch`; output and states `out` or `out × batch`.
    Raises: DimensionMismatch if the first dimension of the input is not `in`.
    Source: Hochreiter and Schmidhuber (1997); Flux 0.16, `LSTMCell`.
    """

    Wi: Any
    Wh: Any
    bias: Any

    type_fields: ClassVar[tuple[str, ...]] = ("Wi", "Wh", "bias")
    gate_count: ClassVar[int] = 4

    def __init__(
        self,
        *args: Any,
        init_kernel: Function = glorot_uniform,
        init_recurrent_kernel: Function = glorot_uniform,
        bias: Any = True,
    ) -> None:
        into, out, _ = in_out(args)
        self.Wi, self.Wh, self.bias = self.matrices(
            into, out, bias, init_kernel, init_recurrent_kernel
        )

    def initial_state(self) -> Any:
        """Two vectors of zeros."""
        zero = super().initial_state()
        return zero, zero.copy()

    def __call__(self, x: Any, state: Any = None) -> Any:
        expect_size(self, x, 0, size(self.Wi)[1])
        h, c = self.initial_state() if state is None else state
        h, c = lstm_step(self.Wi, self.Wh, self.bias, x, h, c)
        return h, (h, c)


class GRUCell(Cell):
    """Gated recurrent units; the reset gate acts on `Wh * h`, one step: `cell(x, state)` gives the output and the next state.

    The weights `Wi` and `Wh` are drawn by `init_kernel` and `init_recurrent_kernel`; `bias=False` leaves the bias out.
    The state is an array, by default zeros.

    Shapes: input `in` or `in × batch`; output and states `out` or `out × batch`.
    Raises: DimensionMismatch if the first dimension of the input is not `in`.
    Source: Cho and others (2014), first version; Flux 0.16, `GRUCell`.
    """

    Wi: Any
    Wh: Any
    b: Any

    type_fields: ClassVar[tuple[str, ...]] = ("Wi", "Wh", "b")
    gate_count: ClassVar[int] = 3

    def __init__(
        self,
        *args: Any,
        init_kernel: Function = glorot_uniform,
        init_recurrent_kernel: Function = glorot_uniform,
        bias: Any = True,
    ) -> None:
        into, out, _ = in_out(args)
        self.Wi, self.Wh, self.b = self.matrices(
            into, out, bias, init_kernel, init_recurrent_kernel
        )

    def __call__(self, x: Any, h: Any = None) -> Any:
        expect_size(self, x, 0, size(self.Wi)[1])
        h = gru_step(self.Wi, self.Wh, self.b, x, self.initial_state() if h is None else h)
        return h, h

    def constructor_args(self) -> Iterator[Any]:
        """Sizes, and whether there is a bias."""
        yield self.sizes()
        yield from no_bias(self.b)


class GRUv3Cell(Cell):
    """Gated recurrent units; the reset gate acts on the state, one step: `cell(x, state)` gives the output and the next state.

    The weights `Wi` and `Wh` are drawn by `init_kernel` and `init_recurrent_kernel`; `bias=False` leaves the bias out.
    The state is an array, by default zeros.

    Shapes: input `in` or `in × batch`; output and states `out` or `out × batch`.
    Raises: DimensionMismatch if the first dimension of the input is not `in`.
    Source: Cho and others (2014), third version; Flux 0.16, `GRUv3Cell`.
    """

    Wi: Any
    Wh: Any
    b: Any
    Wh_h: Any

    mathematical: ClassVar[dict[str, str]] = {"Wh_h": "Wh_h̃"}
    type_fields: ClassVar[tuple[str, ...]] = ("Wi", "Wh", "b", "Wh_h")

    def __init__(
        self,
        *args: Any,
        init_kernel: Function = glorot_uniform,
        init_recurrent_kernel: Function = glorot_uniform,
        bias: Any = True,
    ) -> None:
        into, out, _ = in_out(args)
        self.Wi = init_kernel(3 * out, into)
        self.Wh = init_recurrent_kernel(2 * out, out)
        self.b = create_bias(self.Wi, bias, 3 * out)
        self.Wh_h = init_recurrent_kernel(out, out)

    def __call__(self, x: Any, h: Any = None) -> Any:
        expect_size(self, x, 0, size(self.Wi)[1])
        h = self.initial_state() if h is None else h
        h = gru3_step(self.Wi, self.Wh, self.b, self.Wh_h, x, h)
        return h, h

    def constructor_args(self) -> Iterator[Any]:
        """Sizes, and whether there is a bias."""
        yield self.sizes()
        yield from no_bias(self.b)


# ---------------------------------------------------------------- layers, from 0.15 on


class Recurrence(Layer):
    """A cell over a sequence.

    `layer(x, state)` gives all outputs, with `return_state=True` also the last state.

    Shapes: input `features × time` or `features × time × batch`, output `out × time …`.
    Raises: what the cell raises.
    Source: Flux 0.15, `Recurrence`.
    """

    cell: Child
    return_state: bool

    type_fields: ClassVar[tuple[str, ...]] = ("return_state", "cell")
    trainable_fields: ClassVar[tuple[str, ...]] = ("cell",)
    cell_class: ClassVar[Any] = None
    expands: ClassVar[bool] = True

    def __init_subclass__(cls, **options: Any) -> None:
        super().__init_subclass__(**options)
        cls.expands = cls.cell_class is None

    def shown_children(self) -> list[tuple[str, Any]]:
        """The cell."""
        return [("", self.cell)]

    def __init__(self, *args: Any, return_state: bool = False, **options: Any) -> None:
        if self.cell_class is None or isinstance(args[0], Layer):
            self.cell = args[0]
        else:
            self.cell = self.cell_class(*args, **options)
        self.return_state = return_state

    def initial_state(self) -> Any:
        """The state before the first step."""
        return self.cell.initial_state()

    def __call__(self, x: Any, state: Any = None) -> Any:
        state = self.initial_state() if state is None else state
        shape = rules.shape(x)
        expect_steps(self.cell, x, 1)
        sequence = getattr(self.cell, "sequence", None)
        if sequence is not None and 1 < len(shape) < 4 and shape[1]:
            y = sequence(x, state)
            return (y, last(y, 1)) if self.return_state else y
        outputs = []
        for t in range(shape[1]):
            y, state = self.cell(rules.getitem(x, (slice(None), t)), state)
            outputs.append(rules.reshape(y, (rules.shape(y)[0], 1, *shape[2:])))
        y = rules.concatenate(outputs, 1)
        return (y, state) if self.return_state else y

    def constructor_args(self) -> Iterator[Any]:
        """The cell's own, or the cell."""
        if self.cell_class is None:
            yield self.cell
        else:
            yield from self.cell.constructor_args()


class RNN(Recurrence):
    """`h' = σ(Wi x + Wh h + bias)` over a sequence: `RNN(in => out)`.

    `layer(x, state)` starts from a state, an array, by default zeros; `return_state=True` gives the last one too.

    Shapes: input `in × time` or `in × time × batch`, output `out × time …`; states `out` or `out × batch`.
    Raises: DimensionMismatch if the first dimension of the input is not `in`.
    Source: Elman (1990); Flux 0.15, `RNN`.
    """

    cell_class = RNNCell


class LSTM(Recurrence):
    """Long short-term memory over a sequence: `LSTM(in => out)`.

    `layer(x, state)` starts from a state, a pair of arrays `(h, c)`, by default zeros; `return_state=True` gives the last one too.

    Shapes: input `in × time` or `in × time × batch`, output `out × time …`; states `out` or `out × batch`.
    Raises: DimensionMismatch if the first dimension of the input is not `in`.
    Source: Hochreiter and Schmidhuber (1997); Flux 0.15, `LSTM`.
    """

    cell_class = LSTMCell


class GRU(Recurrence):
    """Gated recurrent units; the reset gate acts on `Wh * h` over a sequence: `GRU(in => out)`.

    `layer(x, state)` starts from a state, an array, by default zeros; `return_state=True` gives the last one too.

    Shapes: input `in × time` or `in × time × batch`, output `out × time …`; states `out` or `out × batch`.
    Raises: DimensionMismatch if the first dimension of the input is not `in`.
    Source: Cho and others (2014), first version; Flux 0.15, `GRU`.
    """

    cell_class = GRUCell


class GRUv3(Recurrence):
    """Gated recurrent units; the reset gate acts on the state over a sequence: `GRUv3(in => out)`.

    `layer(x, state)` starts from a state, an array, by default zeros; `return_state=True` gives the last one too.

    Shapes: input `in × time` or `in × time × batch`, output `out × time …`; states `out` or `out × batch`.
    Raises: DimensionMismatch if the first dimension of the input is not `in`.
    Source: Cho and others (2014), third version; Flux 0.15, `GRUv3`.
    """

    cell_class = GRUv3Cell


# ---------------------------------------------------------------- before 0.15


class CellStateful(Layer):
    """A cell with an initial state that trains: `cell(state, x)` gives `(state, output)`."""

    gate_count: ClassVar[int] = 1

    def title(self) -> str:
        """The name without the suffix, as Flux has it."""
        return super().title().removesuffix("Stateful")

    def constructor_args(self) -> Iterator[Any]:
        """Sizes, and the activation if there is one."""
        out = size(self.Wh)[1]  # type: ignore[attr-defined]
        yield InOut(size(self.Wi)[1], out)  # type: ignore[attr-defined]
        if hasattr(self, "σ"):
            yield from option(self.σ)


class RNNCellStateful(CellStateful):
    """`h' = σ(Wi x + Wh h + b)`.

    For `Recur`, which keeps the state: `cell(state, x)` gives the new state and the output, and `state0` trains.
    First weights come from `init`, `initb` and `init_state`.

    Shapes: input `in` or `in × batch`, states `out` or `out × batch`.
    Raises: DimensionMismatch if the first dimension of the input is not `in`.
    Source: Elman (1990); Flux 0.14, `RNNCell`.
    """

    σ: Activation
    Wi: Any
    Wh: Any
    b: Any
    state0: Any

    trainable_fields: ClassVar[tuple[str, ...]] = ("Wi", "Wh", "b", "state0")
    type_fields: ClassVar[tuple[str, ...]] = ("σ", "Wi", "Wh", "b", "state0")

    def __init__(
        self,
        *args: Any,
        init: Function = glorot_uniform,
        initb: Function = zeros32,
        init_state: Function = zeros32,
    ) -> None:
        into, out, rest = in_out(args)
        self.σ = rest[0] if rest else tanh
        self.Wi, self.Wh = init(out, into), init(out, out)
        self.b, self.state0 = initb(out), init_state(out, 1)

    def __call__(self, h: Any, x: Any) -> Any:
        expect_size(self, x, 0, size(self.Wi)[1])
        h = self.σ(affine_pair(self.Wi, self.Wh, self.b, x, h))
        return h, like_input(h, x)

    def sequence(self, h: Any, x: Any) -> Any:
        """All outputs over a sequence, at once; time is the last dimension."""
        return plain_sequence(self, self.Wi, self.Wh, self.b, x, h, 2)


def like_input(h: Any, x: Any) -> Any:
    """The output with the dimensions of the input: a vector gives a vector."""
    return rules.reshape(h, (rules.shape(h)[0], *rules.shape(x)[1:]))


class LSTMCellStateful(CellStateful):
    """Long short-term memory; the forget gate starts open.

    For `Recur`, which keeps the state: `cell(state, x)` gives the new state and the output, and `state0` trains.
    First weights come from `init`, `initb` and `init_state`.

    Shapes: input `in` or `in × batch`, states two of `out` or `out × batch`.
    Raises: DimensionMismatch if the first dimension of the input is not `in`.
    Source: Hochreiter and Schmidhuber (1997); Flux 0.14, `LSTMCell`.
    """

    Wi: Any
    Wh: Any
    b: Any
    state0: Any

    type_fields: ClassVar[tuple[str, ...]] = ("Wi", "Wh", "b", "state0")

    def __init__(
        self,
        *args: Any,
        init: Function = glorot_uniform,
        initb: Function = zeros32,
        init_state: Function = zeros32,
    ) -> None:
        into, out, _ = in_out(args)
        self.Wi, self.Wh = init(4 * out, into), init(4 * out, out)
        self.b = initb(4 * out)
        self.b[out : 2 * out] = 1
        self.state0 = (init_state(out, 1), init_state(out, 1))

    def __call__(self, state: Any, x: Any) -> Any:
        expect_size(self, x, 0, size(self.Wi)[1])
        h, c = lstm_step(self.Wi, self.Wh, self.b, x, *state)
        return (h, c), like_input(h, x)


class GRUCellStateful(CellStateful):
    """Gated recurrent unit.

    For `Recur`, which keeps the state: `cell(state, x)` gives the new state and the output, and `state0` trains.
    First weights come from `init`, `initb` and `init_state`.

    Shapes: input `in` or `in × batch`, states `out` or `out × batch`.
    Raises: DimensionMismatch if the first dimension of the input is not `in`.
    Source: Cho and others (2014); Flux 0.14, `GRUCell`.
    """

    Wi: Any
    Wh: Any
    b: Any
    state0: Any

    type_fields: ClassVar[tuple[str, ...]] = ("Wi", "Wh", "b", "state0")

    def __init__(
        self,
        *args: Any,
        init: Function = glorot_uniform,
        initb: Function = zeros32,
        init_state: Function = zeros32,
    ) -> None:
        into, out, _ = in_out(args)
        self.Wi, self.Wh = init(3 * out, into), init(3 * out, out)
        self.b, self.state0 = initb(3 * out), init_state(out, 1)

    def __call__(self, h: Any, x: Any) -> Any:
        expect_size(self, x, 0, size(self.Wi)[1])
        h = gru_step(self.Wi, self.Wh, self.b, x, h)
        return h, like_input(h, x)


class GRUv3CellStateful(CellStateful):
    """Gated recurrent unit, third version.

    For `Recur`, which keeps the state: `cell(state, x)` gives the new state and the output, and `state0` trains.
    First weights come from `init`, `initb` and `init_state`.

    Shapes: input `in` or `in × batch`, states `out` or `out × batch`.
    Raises: DimensionMismatch if the first dimension of the input is not `in`.
    Source: Cho and others (2014); Flux 0.14, `GRUv3Cell`.
    """

    Wi: Any
    Wh: Any
    b: Any
    Wh_h: Any
    state0: Any

    mathematical: ClassVar[dict[str, str]] = {"Wh_h": "Wh_h̃"}
    type_fields: ClassVar[tuple[str, ...]] = ("Wi", "Wh", "b", "Wh_h", "state0")

    def __init__(
        self,
        *args: Any,
        init: Function = glorot_uniform,
        initb: Function = zeros32,
        init_state: Function = zeros32,
    ) -> None:
        into, out, _ = in_out(args)
        self.Wi, self.Wh = init(3 * out, into), init(2 * out, out)
        self.b, self.Wh_h, self.state0 = initb(3 * out), init(out, out), init_state(out, 1)

    def __call__(self, h: Any, x: Any) -> Any:
        expect_size(self, x, 0, size(self.Wi)[1])
        h = gru3_step(self.Wi, self.Wh, self.b, self.Wh_h, x, h)
        return h, like_input(h, x)


class Recur(Layer):
    """Keeps the state of a cell between calls.

    `layer(x)` steps once for `features` or `features × batch`, and along the last dimension of
    `features × batch × time`.  `state` is the first state, by default that of the `cell`; `reset` puts it back.

    Shapes: those of the cell.
    Raises: what the cell raises.
    Source: Flux 0.14, `Recur`.
    """

    cell: Child
    state: Any

    trainable_fields: ClassVar[tuple[str, ...]] = ("cell",)
    type_fields: ClassVar[tuple[str, ...]] = ("cell", "state")
    mutable: ClassVar[bool] = True
    expands: ClassVar[bool] = True

    def __init__(self, cell: Any, state: Any = None) -> None:
        self.cell = cell
        self.state = cell.state0 if state is None else state

    def __call__(self, x: Any) -> Any:
        shape = rules.shape(x)
        if len(shape) == 3:
            expect_steps(self.cell, x, 2)
            sequence = getattr(self.cell, "sequence", None)
            if sequence is not None and shape[2]:
                y = sequence(settled(self.state), x)
                self.state = last(y, 2)
                return y
            steps = [self.step(rules.getitem(x, (..., t))) for t in range(shape[2])]
            joined = [rules.reshape(y, (*rules.shape(y), 1)) for y in steps]
            return rules.concatenate(joined, 2)
        return self.step(x)

    def step(self, x: Any) -> Any:
        """One step of the cell."""
        returned = self.cell(settled(self.state), x)
        try:
            self.state, y, *_ = returned
        except (TypeError, ValueError):
            # Of one value, and a number is one, there is no second.
            if isinstance(returned, Number) or getattr(returned, "__len__", lambda: 0)() == 1:
                raise OutOfBounds(returned, (1,)) from None
            raise
        return y

    def reset(self) -> None:
        """The initial state again."""
        if hasattr(self.cell, "state0"):
            self.state = self.cell.state0

    def shown_children(self) -> list[tuple[str, Any]]:
        """The cell."""
        return [("", self.cell)]

    def line(self) -> str:
        """The cell in parentheses."""
        return f"Recur({one_line(self.cell)})"


def stateful(cell: Any) -> Any:
    """The constructor of a layer that keeps the state of such a cell."""

    def make(*args: Any, **options: Any) -> Recur:
        return Recur(cell(*args, **options))

    make.__name__ = cell.__name__.removesuffix("CellStateful")
    make.__doc__ = f"`Recur({cell.__name__.removesuffix('Stateful')}(…))`"
    return make


def reset(model: Any) -> None:
    """Put every stateful layer in a model back to its initial state.

    Source: Flux 0.14, `reset!`.
    """
    for node in trees.nodes(model):
        if isinstance(node, Recur):
            node.reset()


__all__ = [
    "GRU",
    "LSTM",
    "RNN",
    "GRUCell",
    "GRUCellStateful",
    "GRUv3",
    "GRUv3Cell",
    "GRUv3CellStateful",
    "LSTMCell",
    "LSTMCellStateful",
    "RNNCell",
    "RNNCellStateful",
    "Recur",
    "Recurrence",
    "reset",
    "stateful",
    "value_text",
]  # fmt: skip
