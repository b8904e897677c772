"""Every operation of the table against finite differences: first and second order, shapes, kinds."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import juliette_engine as je
from juliette_engine import activations, linalg, rules, spectra
from juliette_engine.functions.criteria import mean_squares
from juliette_engine.functions.crossentropies import crossentropy, logit_crossentropy
from juliette_engine.functions.spectral import fft, ifft
from juliette_engine.tape import primal

RANDOM = np.random.default_rng(7)
DOMAINS: dict[str, tuple[float, float]] = {
    "reals": (-2.0, 2.0),
    "positives": (0.4, 2.0),
    "unit": (-0.8, 0.8),
    "above one": (1.2, 3.0),
}
assert activations.relu is rules.relu  # loading them enters them in the table
OPS = rules.ELEMENTWISE
CONSTANT = {"imag", "angle", "real", "complex"}  # tried on complex numbers below


def sample(on: str, *shape: int) -> Any:
    """Numbers of a domain, at some distance from zero, where kinks are."""
    low, high = DOMAINS[on]
    x = RANDOM.uniform(low, high, shape)
    return np.asfortranarray(np.where(np.abs(x) < 0.05, 0.1, x))


def numeric(f: Callable[..., Any], xs: list[Any], k: int, h: float = 1e-6) -> Any:
    """Central differences of a scalar function in its k-th array."""
    out = np.zeros_like(xs[k])
    for i in np.ndindex(*xs[k].shape):
        up, down = [x.copy() for x in xs], [x.copy() for x in xs]
        up[k][i] += h
        down[k][i] -= h
        out[i] = (f(*up) - f(*down)) / (2 * h)
    return out


def check(f: Callable[..., Any], *xs: Any, second: bool = True) -> None:
    """First order against differences of values, second against differences of gradients."""
    weights = RANDOM.uniform(0.5, 1.5, np.shape(f(*xs)))

    def scalar(*args: Any) -> Any:
        return rules.total(rules.mul(f(*args), weights))

    def slope(*args: Any) -> Any:
        out = 0.0
        for g in je.gradient(scalar, *args):
            if g is not None:
                out = rules.add(out, rules.total(rules.mul(g, g)))
        return out

    found = je.gradient(scalar, *xs)
    again = je.pullback(scalar, *xs)[1]
    for k, (x, g) in enumerate(zip(xs, found, strict=True)):
        assert g.shape == x.shape
        np.testing.assert_allclose(g, numeric(scalar, list(xs), k), rtol=1e-5, atol=1e-6)
        for _ in range(2):
            np.testing.assert_array_equal(again(1.0)[k], g)
    if not second:
        return
    for k, g in enumerate(je.gradient(slope, *xs)):
        expected = numeric(slope, list(xs), k, 1e-5)
        np.testing.assert_allclose(
            np.zeros_like(xs[k]) if g is None else g, expected, rtol=1e-4, atol=1e-5
        )


def arguments(op: Any, *shapes: tuple[int, ...]) -> list[Any]:
    if op.name == "where":
        return [sample(op.on, *s) for s in shapes[:2]]
    count = 1 if isinstance(op, activations.Activation) else len(op.partials)
    return [sample(op.on, *s) for s in shapes[:count]]


def caller(op: Any, *shapes: tuple[int, ...]) -> Callable[..., Any]:
    if op.name != "where":
        return op
    mask = RANDOM.uniform(size=shapes[0]) > 0.5
    return lambda a, b: op(mask, a, b)


@pytest.mark.parametrize(
    "shapes",
    [
        ((3,), (3,)),
        ((2, 3), (2, 3)),
        ((2, 3), (2,)),
        ((2, 1), (1, 3)),
        ((1,), (1,)),
        ((2, 1, 2), (2, 3)),
    ],
    ids=str,
)
@pytest.mark.parametrize("name", sorted(set(OPS) - CONSTANT))
def test_elementwise(name: str, shapes: Any) -> None:
    op = OPS[name]
    xs = arguments(op, *shapes)
    check(caller(op, *shapes), *xs)


@pytest.mark.parametrize("name", sorted(set(OPS) - CONSTANT))
def test_numbers_agree_with_arrays(name: str) -> None:
    op = OPS[name]
    xs = arguments(op, (2,), (2,))
    f = caller(op, (2,), (2,)) if name != "where" else lambda a, b: op(True, a, b)
    numbers = [x[0].item() for x in xs]
    value, grads = je.withgradient(f, *numbers)
    assert type(value) is float
    whole = je.gradient(lambda *a: rules.getitem(f(*a), 0), *xs)
    for g, w in zip(grads, whole, strict=True):
        assert type(g) is float
        assert g == pytest.approx(w[0], rel=1e-12)
    second = je.gradient(lambda *a: je.gradient(f, *a)[0], *numbers)
    for k, g in enumerate(second):
        up, down = list(numbers), list(numbers)
        up[k] += 1e-5
        down[k] -= 1e-5
        expected = (je.gradient(f, *up)[0] - je.gradient(f, *down)[0]) / 2e-5
        assert (g or 0.0) == pytest.approx(expected, rel=1e-4, abs=1e-5)


@pytest.mark.parametrize("name", sorted(set(OPS) - CONSTANT))
def test_kinds_of_arrays(name: str) -> None:
    op = OPS[name]
    for shape in ((0,), (3, 0)):
        xs = arguments(op, shape, shape)
        for x, g in zip(
            xs, je.gradient(lambda *a: rules.total(caller(op, shape)(*a)), *xs), strict=True
        ):
            assert g.shape == x.shape
    xs = [x.astype(np.float32) for x in arguments(op, (4, 3), (4, 3))]
    f = caller(op, (4, 3))
    assert f(*xs).dtype == np.float32
    for g in je.gradient(lambda *a: rules.total(f(*a)), *xs):
        assert g.dtype == np.float32
    strided = [np.repeat(np.repeat(x, 2, 0), 3, 1)[::2, ::3] for x in arguments(op, (2, 3), (2, 3))]
    plain = [np.asfortranarray(x) for x in strided]
    f = caller(op, (2, 3))
    for g, h in zip(
        je.gradient(lambda *a: rules.total(f(*a)), *strided),
        je.gradient(lambda *a: rules.total(f(*a)), *plain),
        strict=True,
    ):
        np.testing.assert_allclose(g, h, rtol=1e-12)


# Of complex numbers: the slope along the real axis and along the imaginary one.
COMPLEX = [
    "add",
    "sub",
    "mul",
    "div",
    "neg",
    "power",
    "exp",
    "exp2",
    "expm1",
    "log",
    "log1p",
    "log2",
    "log10",
    "sqrt",
    "sin",
    "cos",
    "tan",
    "sinh",
    "cosh",
    "tanh",
    "asin",
    "acos",
    "atan",
    "asinh",
    "acosh",
    "atanh",
    "abs",
    "abs2",
    "sign",
    "inv",
    "float",
    "conjugate",
    "real",
    "imag",
    "angle",
    "complex",
]


def on_plane(f: Callable[..., Any], zs: list[Any], k: int) -> Any:
    """`∂/∂re + i ∂/∂im` of a real function, by central differences."""
    out = np.zeros_like(zs[k])
    for i in np.ndindex(*out.shape):
        for step, unit in ((1e-6, 1), (1e-6j, 1j)):
            up, down = [z.copy() for z in zs], [z.copy() for z in zs]
            up[k][i] += step
            down[k][i] -= step
            out[i] += unit * (f(*up) - f(*down)) / 2e-6
    return out


@pytest.mark.parametrize("name", COMPLEX)
def test_complex_numbers(name: str) -> None:
    op = OPS[name]
    count = len(op.partials)
    real = name == "complex"
    zs = [
        sample("unit", 2, 2)
        if real
        else np.asfortranarray(sample("unit", 2, 2) + 1j * sample("unit", 2, 2))
        for _ in range(count)
    ]
    weight = 0.7 - 0.4j

    def loss(*xs: Any) -> Any:
        y = rules.mul(op(*xs), weight)
        return rules.total(rules.add(rules.real(y), rules.abs2(y)))

    def slope(*xs: Any) -> Any:
        out = 0.0
        for g in je.gradient(loss, *xs):
            out = rules.add(out, rules.total(rules.abs2(g)))
        return out

    for f, tolerance in ((loss, 1e-5), (slope, 1e-4)):
        for k, g in enumerate(je.gradient(f, *zs)):
            want = numeric(f, zs, k) if real else on_plane(f, zs, k)
            np.testing.assert_allclose(
                0 * want if g is None else g, want, rtol=tolerance, atol=tolerance
            )
    one = [z[0, 0].item() for z in zs]
    whole = je.gradient(lambda *xs: loss(*xs), *[np.array([v]) for v in one])
    for g, w in zip(je.gradient(loss, *one), whole, strict=True):
        assert type(g) is (float if real else complex)
        assert g == pytest.approx(w[0], rel=1e-12)


TARGET = np.asfortranarray([[0.2, 0.5], [0.8, 0.1], [0.0, 0.4]])


def target(x: Any) -> Any:
    """Shares of classes for as many columns and rows as `x` has."""
    rows, columns = rules.shape(x)
    return np.asfortranarray(TARGET[:rows, :columns])


WHOLE: dict[str, tuple[Callable[..., Any], tuple[tuple[int, ...], ...]]] = {
    "matmul": (rules.matmul, ((2, 3), (3, 4))),
    "matmul vector": (rules.matmul, ((2, 3), (3,))),
    "vector matmul": (rules.matmul, ((3,), (3, 2))),
    "dot": (rules.matmul, ((3,), (3,))),
    "dot of matrices": (rules.dot, ((2, 3), (2, 3))),
    "transpose": (rules.transpose, ((2, 3),)),
    "permute": (lambda x: rules.permute(x, axes=(2, 0, 1)), ((2, 3, 4),)),
    "reshape": (lambda x: rules.reshape(x, (3, 2)), ((2, 3),)),
    "sum": (rules.total, ((2, 3),)),
    "sum along": (lambda x: rules.sum_along(x, (1,)), ((2, 3),)),
    "mean along": (lambda x: rules.mean_along(x, (0, 1)), ((2, 3, 2),)),
    "getitem": (lambda x: rules.getitem(x, (slice(None), [0, 2, 2])), ((2, 3),)),
    "getitem number": (lambda x: rules.getitem(x, (1, 2)), ((2, 3),)),
    "concatenate": (lambda x, y: rules.concatenate([x, y], 0), ((2, 3), (1, 3))),
    "stack": (
        lambda x: rules.stack_scalars([rules.getitem(x, 1), 2.0, rules.getitem(x, 0)], (3,)),
        ((3,),),
    ),
    "maximum": (lambda x: rules.extreme(x, np.argmax), ((2, 3),)),
    "maximum along": (lambda x: rules.extreme_along(x, np.argmax, 1), ((2, 3),)),
    "product": (rules.product, ((2, 3),)),
    "product along": (lambda x: rules.product_along(x, 1), ((2, 3),)),
    "cumsum": (lambda x: rules.cumsum(x, axis=1), ((2, 3),)),
    "softmax": (rules.softmax, ((3, 2),)),
    "softmax of a vector": (rules.softmax, ((4,),)),
    "softmax along": (lambda x: rules.softmax(x, (1,)), ((3, 2),)),
    "logsoftmax": (rules.logsoftmax, ((3, 2),)),
    "logsumexp": (rules.logsumexp, ((3, 2),)),
    "logsumexp along": (lambda x: rules.logsumexp(x, (0,)), ((3, 2),)),
    "sum of squares": (rules.sum_of_squares, ((3, 2),)),
    "norm": (rules.norm, ((3, 2),)),
    "norm 1": (lambda x: rules.norm(x, 1), ((3, 2),)),
    "norm 3": (lambda x: rules.norm(x, 3), ((3, 2),)),
    "copied": (rules.copied, ((2, 3),)),
    "cast": (lambda x: rules.cast(x, dtype=primal(x).dtype), ((2, 3),)),
    "reverse": (lambda x: rules.reverse(x, axis=1), ((2, 3),)),
    "scatter": (lambda x: rules.scattered(x, [3, 0, 3], (4,)), ((3,),)),
    "updated": (
        lambda x, v: rules.mul(rules.updated(x, v, index=np.array([2, 0])), 2.0),
        ((4,), (2,)),
    ),
    "crossentropy": (lambda x: crossentropy(rules.softmax(x), target(x), 1e-8), ((3, 2),)),
    "crossentropy of logits": (lambda x: logit_crossentropy(x, target(x)), ((3, 2),)),
    "mean of squares": (mean_squares, ((3, 2), (3, 2))),
    "Fourier transform": (lambda x: rules.abs2(ifft(rules.mul(fft(x), fft(x)))), ((4, 2),)),
    "numpy": (lambda x: np.mean(np.tanh(x) * np.exp(x), axis=1), ((2, 3),)),
}


def positive(x: Any) -> Any:
    """A symmetric positive definite matrix."""
    return rules.add(rules.matmul(x, rules.transpose(x)), np.eye(rules.shape(x)[0]))


def near(x: Any) -> Any:
    """A matrix with different real eigenvalues."""
    return rules.add(rules.mul(0.1, x), np.diag([1.0, 2.0, 3.5][: rules.shape(x)[0]]))


def of_lu(x: Any) -> Any:
    import scipy.linalg

    factors, rows = scipy.linalg.lu_factor(primal(x))
    order = np.arange(len(rows))
    for i, k in enumerate(rows):
        order[[i, k]] = order[[k, i]]
    return linalg.lu(x, np.asfortranarray(factors), order)


def of_qr(x: Any) -> Any:
    q, r = linalg.qr(x, tuple(np.linalg.qr(primal(x))))
    return rules.matmul(q, rules.matmul(r, r))


def hermitian(x: Any) -> tuple[Any, Any]:
    a = positive(x)
    return a, spectra.eigen(a, tuple(map(np.asarray, np.linalg.eigh(primal(a)))))


def general(x: Any) -> Any:
    a = near(x)
    values, vectors = spectra.eig(a, tuple(map(np.asarray, np.linalg.eig(primal(a)))))
    return rules.add(
        rules.matmul(vectors, values),
        rules.abs2(vectors) if np.ndim(primal(values)) > 1 else values,
    )


def singular(x: Any) -> Any:
    u, s, vt = np.linalg.svd(primal(x), full_matrices=False)
    u, s, vt = spectra.svd(x, (u, s, vt))
    return rules.matmul(rules.mul(u, rules.reshape(rules.abs2(s), (1, -1))), vt)


def function(name: str, a: Any, symmetric: bool) -> Any:
    import scipy.linalg

    exact = {
        "exp": scipy.linalg.expm,
        "log": scipy.linalg.logm,
        "sqrt": scipy.linalg.sqrtm,
        "sin": scipy.linalg.sinm,
    }[name]
    value = np.asarray(exact(primal(a)))
    return spectra.matrix_function(a, spectra.elementary(OPS[name]), value.real, symmetric)


SQUARE = ((3, 3),)
WHOLE.update({
    "solve": (lambda a, b: linalg.solve(near(a), b), ((3, 3), (3, 2))),
    "solve a vector": (lambda a, b: linalg.solve(near(a), b), ((3, 3), (3,))),
    "solve tall": (linalg.solve, ((4, 2), (4, 3))),
    "solve wide": (linalg.solve, ((2, 4), (2,))),
    "inverse": (lambda a: linalg.inv(near(a)), SQUARE),
    "pseudo-inverse tall": (linalg.pinv, ((4, 2),)),
    "pseudo-inverse wide": (linalg.pinv, ((2, 4),)),
    "determinant": (linalg.det, SQUARE),
    "log determinant": (lambda a: linalg.logdet(positive(a)), SQUARE),
    "log absolute determinant": (linalg.logabsdet, SQUARE),
    "trace": (linalg.trace, SQUARE),
    "diagonal": (linalg.diagonal, ((2, 3),)),
    "diagonal matrix": (linalg.diagm, ((3,),)),
    "Kronecker product": (linalg.kron, ((2, 3), (2, 2))),
    "Sylvester": (lambda a, b, c: linalg.sylvester(near(a), near(b), c), ((3, 3), (3, 3), (3, 3))),
    "Cholesky": (lambda x: linalg.cholesky(positive(x)), SQUARE),
    "LU": (of_lu, SQUARE),
    "QR": (of_qr, ((4, 3),)),
    "eigenvalues": (lambda x: hermitian(x)[1][0], SQUARE),
    "eigenvectors": (lambda x: rules.abs2(hermitian(x)[1][1]), SQUARE),
    "general eigenvectors": (general, SQUARE),
    "singular values": (singular, ((4, 3),)),
    "exp of a symmetric matrix": (lambda x: function("exp", positive(x), True), SQUARE),
    "log of a symmetric matrix": (lambda x: function("log", positive(x), True), SQUARE),
    "sqrt of a matrix": (lambda x: function("sqrt", near(x), False), SQUARE),
    "sin of a matrix": (lambda x: function("sin", near(x), False), SQUARE),
})  # fmt: skip


@pytest.mark.parametrize("name", WHOLE)
def test_array_operation(name: str) -> None:
    f, shapes = WHOLE[name]
    check(f, *(sample("reals", *s) for s in shapes))


def in_kinds(f: Callable[..., Any], plain: list[Any]) -> None:
    """The gradient is the same for arrays that are strided in memory, and of their kind for Float32."""
    loss = weighed(f, *plain)
    want = je.gradient(loss, *plain)
    strided = []
    for x in plain:  # every second row of each third column, and upside down
        wide = np.zeros(tuple(2 * n for n in x.shape))
        wide[tuple([slice(None, None, -2)] * x.ndim)] = x
        strided.append(wide[tuple([slice(None, None, -2)] * x.ndim)])
        assert not strided[-1].flags.contiguous
    single = [x.astype(np.float32) for x in plain]
    for g, h, w in zip(je.gradient(loss, *strided), je.gradient(loss, *single), want, strict=True):
        np.testing.assert_allclose(g, w, rtol=1e-9, atol=1e-12)
        assert h.dtype == np.float32
        np.testing.assert_allclose(h, w, rtol=2e-2, atol=2e-3 * max(1.0, float(np.max(np.abs(w)))))


@pytest.mark.parametrize("name", WHOLE)
def test_kinds_of_arrays_in_array_operations(name: str) -> None:
    f, shapes = WHOLE[name]
    in_kinds(f, [sample("reals", *s) for s in shapes])


def weighed(f: Callable[..., Any], *xs: Any) -> Callable[..., Any]:
    weights = np.linspace(0.5, 1.5, int(np.size(primal(f(*xs))))).reshape(
        np.shape(primal(f(*xs))), order="F"
    )
    return lambda *a: rules.total(rules.mul(f(*a), weights.astype(primal(a[0]).real.dtype)))


SMALL: dict[str, list[tuple[tuple[int, ...], ...]]] = {
    "matmul": [((0, 3), (3, 2)), ((2, 0), (0, 2)), ((2, 3), (3, 0)), ((1, 1), (1, 1))],
    "matmul vector": [((2, 0), (0,)), ((0, 3), (3,)), ((1, 1), (1,))],
    "dot": [((0,), (0,)), ((1,), (1,))],
    "dot of matrices": [((0, 3), (0, 3)), ((1, 1), (1, 1))],
    "transpose": [((0, 3),), ((1, 1),)],
    "permute": [((0, 3, 2),), ((1, 1, 1),)],
    "sum": [((0,),), ((3, 0),), ((1,),)],
    "sum along": [((0, 3),), ((3, 0),), ((1, 1),)],
    "mean along": [((1, 1, 1),)],
    "concatenate": [((0, 3), (1, 3)), ((1, 0), (1, 0)), ((1, 1), (0, 1))],
    "maximum": [((1,),), ((1, 1),)],
    "maximum along": [((1, 1),), ((0, 2),)],
    "product": [((0,),), ((1,),)],
    "product along": [((1, 1),), ((0, 2),), ((2, 0),)],
    "cumsum": [((0, 3),), ((3, 0),), ((1, 1),)],
    "softmax": [((1, 1),), ((3, 0),)],
    "softmax of a vector": [((1,),)],
    "logsoftmax": [((1, 1),), ((3, 0),)],
    "logsumexp": [((1,),)],
    "sum of squares": [((0,),), ((1,),)],
    "norm": [((0,),), ((1,),)],
    "norm 1": [((0,),), ((1,),)],
    "norm 3": [((1,),)],
    "pseudo-inverse tall": [((1, 1),)],
    "determinant": [((1, 1),), ((0, 0),)],
    "log absolute determinant": [((1, 1),)],
    "trace": [((1, 1),), ((0, 0),)],
    "diagonal": [((1, 1),), ((0, 2),)],
    "diagonal matrix": [((1,),), ((0,),)],
    "Kronecker product": [((1, 1), (1, 1)), ((0, 2), (2, 2))],
    "vector matmul": [((0,), (0, 2)), ((3,), (3, 0)), ((1,), (1, 1))],
    "softmax along": [((1, 1),), ((0, 3),), ((3, 0),)],
    "logsumexp along": [((1, 1),), ((3, 0),)],
    "copied": [((0, 3),), ((1, 1),)],
    "cast": [((0, 3),), ((1, 1),)],
    "reverse": [((0, 3),), ((3, 0),), ((1, 1),)],
    "crossentropy": [((1, 1),), ((0, 1),)],
    "crossentropy of logits": [((1, 1),)],
    "mean of squares": [((1, 1), (1, 1))],
    "Fourier transform": [((1, 1),), ((4, 0),)],
    "numpy": [((1, 1),), ((0, 3),)],
    "solve": [((1, 1), (1, 2)), ((0, 0), (0, 2)), ((2, 2), (2, 0))],
    "solve a vector": [((1, 1), (1,)), ((0, 0), (0,))],
    "solve tall": [((2, 1), (2, 1)), ((2, 1), (2, 0))],
    "solve wide": [((1, 2), (1,))],
    "inverse": [((1, 1),), ((0, 0),)],
    "pseudo-inverse wide": [((1, 1),), ((1, 2),)],
    "log determinant": [((1, 1),), ((0, 0),)],
    "Sylvester": [((1, 1), (1, 1), (1, 1)), ((0, 0), (1, 1), (0, 1))],
    "Cholesky": [((1, 1),), ((0, 0),)],
    "LU": [((1, 1),)],
    "QR": [((1, 1),), ((3, 1),)],
    "eigenvalues": [((1, 1),), ((0, 0),)],
    "general eigenvectors": [((1, 1),)],
    "singular values": [((1, 1),), ((3, 1),)],
    "exp of a symmetric matrix": [((1, 1),)],
    "log of a symmetric matrix": [((1, 1),)],
    "sqrt of a matrix": [((1, 1),)],
    "sin of a matrix": [((1, 1),)],
}  # fmt: skip
# What has no smaller size, and why.
AS_THEY_ARE = {
    "reshape": "its size is written in it",
    "getitem": "its indices need what is there",
    "getitem number": "its index needs what is there",
    "stack": "its indices need what is there",
    "scatter": "as many numbers as indices",
    "updated": "as many numbers as indices",
    "eigenvectors": "the vector of one element has no derivative but the rounding of zero",
}


def test_every_array_operation_has_small_arrays() -> None:
    assert set(SMALL) | set(AS_THEY_ARE) == set(WHOLE)
    assert not set(SMALL) & set(AS_THEY_ARE)


@pytest.mark.parametrize(
    ("name", "shapes"), [(name, s) for name, found in SMALL.items() for s in found], ids=str
)
def test_empty_and_small_arrays_in_array_operations(name: str, shapes: Any) -> None:
    check(WHOLE[name][0], *(sample("reals", *s) for s in shapes))


PLANE = [
    "matmul",
    "matmul vector",
    "vector matmul",
    "dot",
    "dot of matrices",
    "transpose",
    "permute",
    "reshape",
    "sum",
    "sum along",
    "mean along",
    "getitem",
    "getitem number",
    "concatenate",
    "product",
    "product along",
    "cumsum",
    "norm",
    "norm 3",
    "solve",
    "solve tall",
    "inverse",
    "determinant",
    "trace",
    "diagonal",
    "diagonal matrix",
    "Kronecker product",
]


@pytest.mark.parametrize("name", PLANE)
def test_complex_array_operation(name: str) -> None:
    f, shapes = WHOLE[name]
    zs = [np.asfortranarray(sample("reals", *s) + 1j * sample("reals", *s)) for s in shapes]
    weights = RANDOM.uniform(0.5, 1.5, np.shape(f(*zs))) + 1j * RANDOM.uniform(
        0.5, 1.5, np.shape(f(*zs))
    )

    def loss(*xs: Any) -> Any:
        y = f(*xs)
        return rules.total(
            rules.add(rules.real(rules.mul(y, weights)), rules.mul(0.1, rules.abs2(y)))
        )

    def slope(*xs: Any) -> Any:
        out = 0.0
        for g in je.gradient(loss, *xs):
            out = rules.add(out, rules.total(rules.abs2(g)))
        return out

    for scalar, tolerance in ((loss, 1e-5), (slope, 2e-4)):
        for k, g in enumerate(je.gradient(scalar, *zs)):
            want = on_plane(scalar, zs, k)
            np.testing.assert_allclose(
                g, want, rtol=tolerance, atol=tolerance * max(1.0, float(np.max(np.abs(want))))
            )


def test_product_with_zeros() -> None:
    np.testing.assert_array_equal(
        je.gradient(rules.product, np.array([2.0, 0.0, 3.0]))[0], [0, 6, 0]
    )
    np.testing.assert_array_equal(
        je.gradient(rules.product, np.array([0.0, 0.0, 3.0]))[0], [0, 0, 0]
    )


def test_long_arrays_run_in_blocks() -> None:
    x = RANDOM.uniform(-1, 1, 300_001)

    def f(a: Any) -> Any:
        return rules.total(np.tanh(rules.sigmoid(a) * 2.0 + 1.0) ** 2)

    found = je.gradient(f, x)[0]
    s = 1 / (1 + np.exp(-x))
    t = np.tanh(2 * s + 1)
    np.testing.assert_allclose(found, 2 * t * (1 - t * t) * 2 * s * (1 - s), rtol=1e-12)


def test_nested_to_depth_four() -> None:
    def d(g: Any) -> Any:
        return lambda x: je.gradient(g, x)[0]

    assert d(d(d(lambda x: x**4)))(2.0) == pytest.approx(48.0)
    assert d(d(d(d(np.sin))))(0.3) == pytest.approx(np.sin(0.3))


def test_mixed_levels() -> None:
    def outer(x: Any) -> Any:
        return je.gradient(lambda y: rules.total(x * y * y), x * 2.0)[0] * 1.0

    # d/dx of 2 x (2x) = 8 x
    assert je.gradient(outer, 3.0)[0] == pytest.approx(24.0)


def test_jacobian_and_hessian() -> None:
    x = np.array([1.0, 2.0, 3.0])
    np.testing.assert_allclose(je.jacobian(lambda a: a * a, x)[0], np.diag(2 * x))
    np.testing.assert_allclose(je.hessian(rules.product, x), [[0, 3, 2], [3, 0, 1], [2, 1, 0]])
    np.testing.assert_allclose(je.diaghessian(lambda a: rules.total(a**3), x)[0], 6 * x)
    assert je.hessian(lambda a: a**3, 2.0) == pytest.approx(12.0)
    assert je.jacobian(lambda a, b: a * b, 2.0, 3.0)[0].tolist() == [3.0]
