"""The benchmark's work derived by hand in bare numpy: the floor that engines are held to.

Arrays lie as in Julia: a sample is a column, memory is Fortran's.  Buffers are used again.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

F32 = np.float32
Step = Callable[[], Any]


def polynomial(x: float) -> Step:
    """The gradient of 3x² + 2x + 1."""

    def step() -> float:
        a = 3 * x
        dx = a
        dx += 3 * x
        dx += 2
        return dx

    return step


def regression(w: Any, b: Any, x: Any, y: Any) -> Step:
    """The gradient of sum((y - (w x + b))²)."""

    def step() -> Any:
        r = y - (w.dot(x) + b)
        loss = r.dot(r)
        gb = r * -2.0
        return loss, gb[:, None] * x, gb

    return step


def affine(w: Any, b: Any, x: Any) -> Step:
    """The gradient of sum(w x + b)."""
    ones = np.ones_like(b)

    def step() -> Any:
        return np.add.reduce(w.dot(x) + b), ones[:, None] * x, ones

    return step


def chain(w1: Any, b1: Any, w2: Any, b2: Any, x: Any, y: Any) -> Step:
    """Chain(Dense(10 => 5, σ), Dense(5 => 2), softmax) under crossentropy, one sample."""
    eps, one = F32(np.finfo(F32).eps), F32(1)

    def step() -> Any:
        h = one / (one + np.exp(-(w1.dot(x) + b1)))
        z = w2.dot(h) + b2
        e = np.exp(z - np.maximum.reduce(z))
        p = e / np.add.reduce(e)
        q = p + eps
        loss = -y.dot(np.log(q))
        gp = -(y / q)
        gz = p * (gp - gp.dot(p))
        ga = gz.dot(w2)
        ga *= h * (one - h)
        return loss, ga[:, None] * x, ga, gz[:, None] * h, gz

    return step


class Adam:
    """Adam over flat vectors, in blocks that stay in the cache."""

    BLOCK = 16384

    def __init__(self, params: list[Any], eta: float) -> None:
        n = sum(p.size for p in params)
        self.theta, self.grad = np.empty(n, F32), np.empty(n, F32)
        self.m, self.v = np.zeros(n, F32), np.zeros(n, F32)
        self.scratch = np.empty(min(n, self.BLOCK), F32)
        self.params, self.grads, at = [], [], 0
        for p in params:
            part = slice(at, at + p.size)
            self.theta[part] = p.ravel(order="F")
            self.params.append(self.theta[part].reshape(p.shape, order="F"))
            self.grads.append(self.grad[part].reshape(p.shape, order="F"))
            at += p.size
        self.eta, self.t, self.n = eta, 0, n

    def step(self) -> None:
        self.t += 1
        b1, b2 = 0.9, 0.999
        root = ((1 - b2) / (1 - b2**self.t)) ** 0.5
        scale, eps = F32(self.eta * (1 - b1) / (1 - b1**self.t) / root), F32(1e-8 / root)
        b1, b2 = F32(b1), F32(b2)
        for i in range(0, self.n, self.BLOCK):
            part = slice(i, i + self.BLOCK)
            g, m, v, theta = self.grad[part], self.m[part], self.v[part], self.theta[part]
            t = self.scratch[: g.size]
            np.multiply(m, b1, m)
            m += g
            np.multiply(g, g, t)
            np.multiply(v, b2, v)
            v += t
            np.sqrt(v, t)
            t += eps
            np.divide(m, t, t)
            np.multiply(t, scale, t)
            theta -= t


class Stack:
    """Dense layers with relu between them and logit crossentropy, buffers kept."""

    def __init__(self, sizes: list[int], batch: int, params: list[Any], grads: list[Any]) -> None:
        self.w, self.b = params[0::2], params[1::2]
        self.gw, self.gb = grads[0::2], grads[1::2]
        # row-major (batch, features) is the memory of Julia's (features, batch)
        self.h = [np.empty((batch, n), F32) for n in sizes[1:]]
        self.d = [np.empty_like(h) for h in self.h]
        self.mask = [np.empty(h.shape, bool) for h in self.h]
        self.e, self.ones, self.scale = (
            np.empty_like(self.h[-1]),
            np.ones(batch, F32),
            F32(1 / batch),
        )

    def run(self, x: Any, y: Any, dx: Any = None) -> Any:
        a, last = x, len(self.w) - 1
        for i, w in enumerate(self.w):
            h = self.h[i]
            np.matmul(a, w.T, out=h)
            h += self.b[i]
            if i < last:
                np.maximum(h, 0, out=h)
            a = h
        z, dz = self.h[-1], self.d[-1]
        z -= z.max(1, keepdims=True)
        np.exp(z, out=self.e)
        s = self.e.sum(1, keepdims=True)
        loss = (np.log(s).sum() - np.vdot(z, y)) * self.scale
        np.divide(self.e, s, out=dz)
        dz -= y
        dz *= self.scale
        for i in range(last, -1, -1):
            dz, below = self.d[i], self.h[i - 1] if i else x
            np.matmul(below.T, dz, out=self.gw[i].T)
            np.dot(self.ones, dz, out=self.gb[i])
            if i:
                np.matmul(dz, self.w[i], out=self.d[i - 1])
                np.greater(below, 0, out=self.mask[i - 1])
                self.d[i - 1] *= self.mask[i - 1]
            elif dx is not None:
                np.matmul(dz, self.w[0], out=dx)
        return loss


def mlp(sizes: list[int], params: list[Any], x: Any, y: Any, eta: float) -> Step:
    """One training step of an MLP with Adam."""
    adam = Adam(params, eta)
    rows, targets = np.ascontiguousarray(x.T), np.ascontiguousarray(y.T)
    stack = Stack(sizes, x.shape[1], adam.params, adam.grads)

    def step() -> Any:
        loss = stack.run(rows, targets)
        adam.step()
        return loss

    return step


class Conv:
    """Convolution without padding, bias and relu, batch innermost."""

    def __init__(
        self, shape: tuple[int, ...], k: Any, c: Any, gk: Any, gc: Any, below: bool
    ) -> None:
        channels, h, w, n = shape
        kw, kh, _, out = k.shape
        self.size = (h - kh + 1, w - kw + 1)
        self.k, self.c, self.gk, self.gc = k, c, gk, gc
        self.cols = np.empty((channels, kh, kw, *self.size, n), F32)
        self.flat = self.cols.reshape(channels * kh * kw, -1)
        self.out = np.empty((out, self.flat.shape[1]), F32)
        self.value = self.out.reshape(out, *self.size, n)
        self.mask, self.ones = np.empty(self.out.shape, bool), np.ones(self.out.shape[1], F32)
        self.dx = np.empty(shape, F32) if below else None

    def forward(self, x: Any) -> Any:
        windows = np.lib.stride_tricks.sliding_window_view(x, self.size, axis=(1, 2))
        np.copyto(self.cols, windows.transpose(0, 1, 2, 4, 5, 3))
        # the kernel turned round, as a convolution has it
        self.matrix = np.ascontiguousarray(self.k.T[:, :, ::-1, ::-1]).reshape(len(self.out), -1)
        np.matmul(self.matrix, self.flat, out=self.out)
        self.out += self.c[:, None]
        np.maximum(self.out, 0, out=self.out)
        return self.value

    def backward(self, g: Any) -> Any:
        d = g.reshape(self.out.shape)
        np.greater(self.out, 0, out=self.mask)
        d *= self.mask
        gk = d @ self.flat.T
        kw, kh, channels, out = self.k.shape
        self.gk.T[...] = gk.reshape(out, channels, kh, kw)[:, :, ::-1, ::-1]
        np.dot(d, self.ones, out=self.gc)
        if self.dx is None:
            return None
        cols = (self.matrix.T @ d).reshape(self.cols.shape)
        self.dx.fill(0)
        h, w = self.size
        for i in range(kh):
            for j in range(kw):
                self.dx[:, i : i + h, j : j + w] += cols[:, i, j]
        return self.dx


class Pool:
    """The largest of 2×2, from four strided views."""

    def __init__(self, shape: tuple[int, ...]) -> None:
        c, h, w, n = shape
        self.y, self.t = (
            np.empty((c, h // 2, w // 2, n), F32),
            np.empty((c, h // 2, w // 2, n), F32),
        )
        self.dx, self.hit = np.empty(shape, F32), np.empty(self.y.shape, bool)

    @staticmethod
    def quads(x: Any) -> Any:
        return x[:, 0::2, 0::2], x[:, 0::2, 1::2], x[:, 1::2, 0::2], x[:, 1::2, 1::2]

    def forward(self, x: Any) -> Any:
        self.x = x
        a, b, c, d = self.quads(x)
        np.maximum(a, b, out=self.y)
        np.maximum(c, d, out=self.t)
        return np.maximum(self.y, self.t, out=self.y)

    def backward(self, g: Any) -> Any:
        for x, d in zip(self.quads(self.x), self.quads(self.dx), strict=True):
            np.equal(x, self.y, out=self.hit)
            np.multiply(g, self.hit, out=d)
        return self.dx


def lenet(params: list[Any], x: Any, y: Any, eta: float) -> Step:
    """One training step of LeNet-5 with Adam."""
    adam = Adam(params, eta)
    p, g, n = adam.params, adam.grads, x.shape[3]
    image = np.empty((1, 28, 28, n), F32)
    conv1, pool1 = Conv(image.shape, p[0], p[1], g[0], g[1], False), Pool((6, 24, 24, n))
    conv2, pool2 = Conv((6, 12, 12, n), p[2], p[3], g[2], g[3], True), Pool((16, 8, 8, n))
    head = Stack([256, 120, 84, 10], n, p[4:], g[4:])
    flat, dflat, targets = (
        np.empty((n, 256), F32),
        np.empty((n, 256), F32),
        np.ascontiguousarray(y.T),
    )

    def step() -> Any:
        np.copyto(image, x.transpose(2, 1, 0, 3))
        top = pool2.forward(conv2.forward(pool1.forward(conv1.forward(image))))
        np.copyto(flat, top.reshape(256, n).T)
        loss = head.run(flat, targets, dflat)
        d = np.ascontiguousarray(dflat.T).reshape(16, 4, 4, n)
        conv1.backward(pool1.backward(conv2.backward(pool2.backward(d))))
        adam.step()
        return loss

    return step


def rnn(wi: Any, wh: Any, b: Any, x: Any) -> Step:
    """The gradient of the mean of squared states; x is features × time × batch."""
    into, steps, batch = x.shape
    out = wh.shape[0]
    rows = np.ascontiguousarray(x.transpose(1, 2, 0)).reshape(steps * batch, into)
    states = np.zeros((steps + 1, batch, out), F32)
    inputs, dz = np.empty((steps * batch, out), F32), np.empty((steps, batch, out), F32)
    carry, ones, scale = (
        np.empty((batch, out), F32),
        np.ones(steps * batch, F32),
        F32(1 / (steps * batch)),
    )

    def step() -> Any:
        np.matmul(rows, wi.T, out=inputs)
        np.add(inputs, b, out=inputs)
        z = inputs.reshape(steps, batch, out)
        for t in range(steps):
            h = states[t + 1]
            np.matmul(states[t], wh.T, out=h)
            h += z[t]
            np.tanh(h, out=h)
        y = states[1:]
        loss = np.vdot(y, y) * scale
        np.multiply(y, 2 * scale, out=dz)
        slope = 1 - y * y
        for t in range(steps - 1, -1, -1):
            g = dz[t]
            if t < steps - 1:
                np.matmul(dz[t + 1], wh, out=carry)
                g += carry
            g *= slope[t]
        flat = dz.reshape(steps * batch, out)
        return (
            loss,
            flat.T @ rows,
            flat.T @ states[:steps].reshape(steps * batch, out),
            ones.dot(flat),
        )

    return step


def elementwise(x: Any) -> Step:
    """The gradient of sum(tanh(2σ(x) + 1)²)."""
    s, t, u = np.empty_like(x), np.empty_like(x), np.empty_like(x)
    one, two = F32(1), F32(2)

    def step() -> Any:
        np.negative(x, out=s)
        np.exp(s, out=s)
        np.add(s, one, out=s)
        np.divide(one, s, out=s)
        np.multiply(s, two, out=t)
        np.add(t, one, out=t)
        np.tanh(t, out=t)
        loss = np.dot(t, t)
        np.multiply(t, t, out=u)
        np.subtract(one, u, out=u)
        np.multiply(u, t, out=u)
        np.subtract(one, s, out=t)
        np.multiply(t, s, out=t)
        np.multiply(u, t, out=u)
        np.multiply(u, F32(4), out=u)
        return loss, u

    return step


def sequence(n: int, v0: Any, a: Any, b: Any) -> Step:
    """n small operations in a row: times a, plus b, and so on."""

    def step() -> Any:
        v, kept = v0, []
        for i in range(n):
            if i & 1:
                v = v + b
            else:
                kept.append(v)
                v = v * a
        g = np.ones_like(v)
        ga, gb = np.zeros_like(a), np.zeros_like(b)
        for i in range(n - 1, -1, -1):
            if i & 1:
                gb += g
            else:
                ga += g * kept.pop()
                g = g * a
        return v.sum(), g, ga, gb

    return step
