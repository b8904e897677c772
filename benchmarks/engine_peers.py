"""The benchmark's work in PyTorch, JAX, HIPS autograd and MyGrad, each if it is installed.

Each work is one loss, written once over the few operations in which the libraries differ; a
library is how to make its arrays, those operations, a gradient and a training step.  A sample is a
row here, as the libraries have it.  Before anything is timed, the gradients are compared with ours.
"""

from __future__ import annotations

import importlib.util
import os
from collections.abc import Callable
from typing import Any

import numpy as np

# one thread, as the others have
os.environ.setdefault(
    "XLA_FLAGS", "--xla_cpu_multi_thread_eigen=false intra_op_parallelism_threads=1"
)

F32 = np.float32
EPS = F32(np.finfo(F32).eps)
Step = Callable[[], Any]


# ---------------------------------------------------------------- the work, for a library `o`


def polynomial(o: Any, x: Any) -> Any:
    return 3 * x**2 + 2 * x + 1


def regression(o: Any, w: Any, b: Any, x: Any, y: Any) -> Any:
    r = y - (o.matmul(w, x) + b)
    return o.sum(r * r)


def affine(o: Any, w: Any, b: Any, x: Any) -> Any:
    return o.sum(o.matmul(w, x) + b)


def chain(o: Any, w1: Any, b1: Any, w2: Any, b2: Any, x: Any, y: Any) -> Any:
    p = o.softmax(o.linear(o.sigmoid(o.linear(x, w1, b1)), w2, b2))
    return -o.sum(y * o.log(p + EPS))


def mlp(o: Any, *args: Any) -> Any:
    *params, h, y = args
    for i in range(0, len(params), 2):
        h = o.linear(h, params[i], params[i + 1])
        if i < len(params) - 2:
            h = o.relu(h)
    return o.crossentropy(h, y)


def lenet(o: Any, k1: Any, c1: Any, k2: Any, c2: Any, *rest: Any) -> Any:
    *params, x, y = rest
    h = o.pool(o.relu(o.conv(x, k1, c1)))
    h = o.pool(o.relu(o.conv(h, k2, c2)))
    return mlp(o, *params, h.reshape(h.shape[0], -1), y)


def rnn(o: Any, wi: Any, wh: Any, b: Any, x: Any) -> Any:
    ys = o.scan(
        lambda h, x: o.tanh(o.linear(x, wi, b) + o.matmul(h, wh.T)), (x.shape[1], wh.shape[0]), x
    )
    return o.sum(ys * ys) * F32(1 / (x.shape[0] * x.shape[1]))


def elementwise(o: Any, x: Any) -> Any:
    return o.sum(o.tanh(o.sigmoid(x) * F32(2) + F32(1)) ** 2)


def sequence(n: int) -> Callable[..., Any]:
    return lambda o, v, a, b: o.sum(o.repeat(n // 2, lambda v: v * a + b, v))


# ---------------------------------------------------------------- the libraries


class Library:
    """What the libraries have in common: operations that are loops."""

    def scan(self, f: Any, size: Any, xs: Any) -> Any:
        """All states of a recurrence."""
        h, out = self.array(np.zeros(size, F32)), []
        for t in range(xs.shape[0]):
            h = f(h, xs[t])
            out.append(h)
        return self.stack(out)

    def repeat(self, n: int, f: Any, v: Any) -> Any:
        for _ in range(n):
            v = f(v)
        return v

    def linear(self, x: Any, w: Any, b: Any) -> Any:
        return self.matmul(x, w.T) + b

    def array(self, a: Any) -> Any:
        return a

    def twice(self, f: Any, x: float) -> Step | None:
        """The second derivative, if the library has it."""
        return None

    def __getattr__(self, name: str) -> Any:
        return getattr(self.numpy, name)


class Torch(Library):
    """PyTorch, eager."""

    def __init__(self) -> None:
        import torch

        torch.set_num_threads(1)
        self.torch, self.numpy, self.nn = torch, torch, torch.nn.functional
        self.linear, self.relu, self.array = self.nn.linear, torch.relu, torch.tensor

    def softmax(self, x: Any) -> Any:
        return self.torch.softmax(x, -1)

    def crossentropy(self, z: Any, y: Any) -> Any:
        return self.nn.cross_entropy(z, y)

    def conv(self, x: Any, k: Any, c: Any) -> Any:
        return self.nn.conv2d(x, k, c)

    def pool(self, x: Any) -> Any:
        return self.nn.max_pool2d(x, 2)

    def leaves(self, params: list[Any]) -> list[Any]:
        return [self.torch.tensor(p, requires_grad=True) for p in params]

    def gradient(self, loss: Any, params: list[Any], data: list[Any]) -> Step:
        leaves, given = self.leaves(params), list(map(self.array, data))
        return lambda: self.torch.autograd.grad(loss(self, *leaves, *given), leaves)

    def twice(self, f: Any, x: float) -> Step:
        leaf = self.torch.tensor(x, dtype=self.torch.float64, requires_grad=True)

        def step() -> Any:
            (g,) = self.torch.autograd.grad(f(self, leaf), leaf, create_graph=True)
            return self.torch.autograd.grad(g, leaf)

        return step

    def training(self, loss: Any, params: list[Any], data: list[Any], eta: float) -> Step:
        leaves, given = self.leaves(params), list(map(self.array, data))
        optimiser = self.torch.optim.Adam(leaves, lr=eta)

        def step() -> None:
            optimiser.zero_grad()
            loss(self, *leaves, *given).backward()
            optimiser.step()

        return step


class Jax(Library):
    """JAX, the whole step compiled."""

    def __init__(self) -> None:
        import jax

        jax.config.update("jax_enable_x64", True)
        self.jax, self.numpy, self.nn = jax, jax.numpy, jax.nn
        self.sigmoid, self.relu, self.softmax, self.array = (
            jax.nn.sigmoid,
            jax.nn.relu,
            jax.nn.softmax,
            jax.numpy.asarray,
        )

    def crossentropy(self, z: Any, y: Any) -> Any:
        return -self.numpy.mean(self.numpy.sum(y * self.nn.log_softmax(z, axis=1), axis=1))

    def conv(self, x: Any, k: Any, c: Any) -> Any:
        return self.jax.lax.conv(x, k, (1, 1), "VALID") + c[:, None, None]

    def pool(self, x: Any) -> Any:
        return self.jax.lax.reduce_window(
            x, -np.inf, self.jax.lax.max, (1, 1, 2, 2), (1, 1, 2, 2), "VALID"
        )

    def scan(self, f: Any, size: Any, xs: Any) -> Any:
        def both(h: Any, x: Any) -> Any:
            h = f(h, x)
            return h, h

        return self.jax.lax.scan(both, self.numpy.zeros(size, F32), xs)[1]

    def repeat(self, n: int, f: Any, v: Any) -> Any:
        return self.jax.lax.scan(lambda v, _: (f(v), None), v, None, length=n)[0]

    def compiled(self, loss: Any, count: int) -> Any:
        return self.jax.value_and_grad(lambda params, given: loss(self, *params, *given))

    def gradient(self, loss: Any, params: list[Any], data: list[Any]) -> Step:
        f = self.jax.jit(self.compiled(loss, len(params)))
        leaves, given = [list(map(self.array, a)) for a in (params, data)]
        return lambda: self.jax.block_until_ready(f(leaves, given))[1]

    def twice(self, f: Any, x: float) -> Step:
        g = self.jax.jit(self.jax.grad(self.jax.grad(lambda x: f(self, x))))
        return lambda: [self.jax.block_until_ready(g(x))]

    def training(self, loss: Any, params: list[Any], data: list[Any], eta: float) -> Step:
        f, given, np = self.compiled(loss, len(params)), list(map(self.array, data)), self.numpy
        p = list(map(self.array, params))
        state: list[Any] = [F32(0), p, [np.zeros_like(x) for x in p], [np.zeros_like(x) for x in p]]

        def whole(t: Any, p: Any, m: Any, v: Any, given: Any) -> Any:
            _, g = f(p, given)
            t += 1
            m = [0.9 * a + 0.1 * b for a, b in zip(m, g, strict=True)]
            v = [0.999 * a + 0.001 * b * b for a, b in zip(v, g, strict=True)]
            scale = eta / (1 - 0.9**t)
            p = [
                x - scale * a / (np.sqrt(b / (1 - 0.999**t)) + 1e-8)
                for x, a, b in zip(p, m, v, strict=True)
            ]
            return [t, p, m, v]

        update = self.jax.jit(whole, donate_argnums=(1, 2, 3))

        def step() -> None:
            state[:] = self.jax.block_until_ready(update(*state, given))

        return step


class ByHand(Library):
    """Libraries without optimisers: Adam by hand."""

    def training(self, loss: Any, params: list[Any], data: list[Any], eta: float) -> Step:
        from engine_by_hand import Adam

        adam = Adam(params, eta)
        gradient = self.gradient(loss, adam.params, data)

        def step() -> None:
            for into, g in zip(adam.grads, gradient(), strict=True):
                into[...] = g
            adam.step()

        return step


class Autograd(ByHand):
    """HIPS autograd."""

    def __init__(self) -> None:
        import autograd
        import autograd.numpy

        self.autograd, self.numpy = autograd, autograd.numpy

    def sigmoid(self, x: Any) -> Any:
        return 1 / (1 + self.numpy.exp(-x))

    def relu(self, x: Any) -> Any:
        return self.numpy.maximum(x, F32(0))

    def softmax(self, x: Any) -> Any:
        e = self.numpy.exp(x - self.numpy.max(x))
        return e / self.numpy.sum(e)

    def crossentropy(self, z: Any, y: Any) -> Any:
        np = self.numpy
        z = z - np.max(z, axis=1, keepdims=True)
        return -np.sum(y * (z - np.log(np.sum(np.exp(z), axis=1, keepdims=True)))) / F32(y.shape[0])

    def conv(self, x: Any, k: Any, c: Any) -> Any:
        from autograd.scipy.signal import convolve  # which needs SciPy

        turned = self.numpy.swapaxes(k, 0, 1)[:, :, ::-1, ::-1]
        y = convolve(x, turned, axes=([2, 3], [2, 3]), dot_axes=([1], [0]), mode="valid")
        return y + self.numpy.reshape(c, (-1, 1, 1))

    def pool(self, x: Any) -> Any:
        n, c, h, w = x.shape
        return self.numpy.max(self.numpy.reshape(x, (n, c, h // 2, 2, w // 2, 2)), axis=(3, 5))

    def gradient(self, loss: Any, params: list[Any], data: list[Any]) -> Step:
        f = self.autograd.value_and_grad(
            lambda *p: loss(self, *p, *data), argnum=tuple(range(len(params)))
        )
        return lambda: f(*params)[1]

    def twice(self, f: Any, x: float) -> Step:
        g = self.autograd.grad(self.autograd.grad(lambda x: f(self, x)))
        return lambda: [g(x)]


class MyGrad(ByHand):
    """MyGrad, with the guards of its memory off, as it advises for speed."""

    def __init__(self) -> None:
        import mygrad
        from mygrad.nnet.activations import relu, sigmoid, softmax
        from mygrad.nnet.layers import conv_nd, max_pool
        from mygrad.nnet.losses import softmax_crossentropy

        mygrad.turn_memory_guarding_off()
        self.numpy, self.sigmoid, self.relu = mygrad, sigmoid, relu
        self.conv_nd, self.max_pool, self.softmax_crossentropy, self.soft = (
            conv_nd,
            max_pool,
            softmax_crossentropy,
            softmax,
        )

    def softmax(self, x: Any) -> Any:
        return self.soft(x, axis=0)

    def crossentropy(self, z: Any, y: Any) -> Any:
        return self.softmax_crossentropy(z, y.argmax(1))

    def conv(self, x: Any, k: Any, c: Any) -> Any:
        return self.conv_nd(x, k, stride=1) + c.reshape(1, -1, 1, 1)

    def pool(self, x: Any) -> Any:
        return self.max_pool(x, (2, 2), 2)

    def gradient(self, loss: Any, params: list[Any], data: list[Any]) -> Step:
        leaves = [self.numpy.tensor(p, copy=False) for p in params]

        def step() -> Any:
            loss(self, *leaves, *data).backward()
            return [leaf.grad for leaf in leaves]

        return step


def kernel(k: Any) -> Any:
    """A kernel as the libraries have it, outputs first and not turned round; and back."""
    return k.T[:, :, ::-1, ::-1]


def laid(arrays: list[Any]) -> list[Any]:
    """Copies, laid out row by row."""
    return [a.copy(order="C") if isinstance(a, np.ndarray) else a for a in arrays]


LIBRARIES: dict[str, type[Library]] = {
    "torch": Torch,
    "jax": Jax,
    "autograd": Autograd,
    "mygrad": MyGrad,
}
# Work that takes a library too long to be worth the wait.
TOO_LONG = {("autograd", "sequence-100k")}


class Peers:
    """The libraries that are installed, and ours to compare with."""

    def __init__(self, names: list[str]) -> None:
        self.names = [n for n in names if importlib.util.find_spec(n) is not None]
        self.made: dict[str, Library] = {}

    def library(self, name: str) -> Library:
        """A library, imported when it is needed first."""
        if name not in self.made:
            self.made[name] = LIBRARIES[name]()
        return self.made[name]

    def contenders(
        self,
        work: str,
        loss: Any,
        params: list[Any],
        data: list[Any],
        ours: list[Any],
        eta: float | None = None,
    ) -> dict[str, Step]:
        """A step of each library, whose gradients agree with ours; with `eta` one of training."""
        out = {}
        for name in self.names:
            if (name, work) in TOO_LONG:
                continue
            library = self.library(name)
            step = library.gradient(loss, laid(params), laid(data))
            self.compare(name, work, step(), ours)
            if eta is not None:
                step = library.training(loss, laid(params), laid(data), eta)
            out[name] = step
        return out

    def twice(self, work: str, f: Any, x: float, ours: float) -> dict[str, Step]:
        """The second derivative."""
        out = {}
        for name in self.names:
            step = self.library(name).twice(f, x)
            if step is not None:
                self.compare(name, work, step(), [ours])
                out[name] = step
        return out

    def compare(self, name: str, work: str, theirs: Any, ours: list[Any]) -> None:
        """Raise an error if gradients differ by more than rounding."""
        for a, b in zip(theirs, ours, strict=True):
            a, b = np.asarray(a), np.asarray(b)
            if a.shape != b.shape or not np.allclose(
                a, b, rtol=2e-3, atol=2e-5 * max(1e-3, float(np.abs(b).max()))
            ):
                raise AssertionError(f"{name} and we differ on {work}: {a} and {b}")
