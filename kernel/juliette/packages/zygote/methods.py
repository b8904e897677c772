"""Derivatives of Base's methods.

While gradients are traced, dispatch asks `traced_builtin` once for each method and classes of
arguments how it runs.  What it says is, in this order: methods made of generic functions run as they
are; numbers take Base's own value and the engine's slope; `RULES` name an operation of the engine;
methods that only pick and arrange elements (`REARRANGING`) are run on linear indices; `SPECIAL` rules look
at Julia values themselves; what has no derivative runs on plain values; the rest is an error if its
result could carry a gradient.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from juliette.base.array_protocol import ArrayLike
from juliette.base.numbers.rounding import RoundingMode
from juliette.compiler import support
from juliette.display.io import IO
from juliette.packages.zygote.arrays import RULES, _stack, product_mismatch, times
from juliette.packages.zygote.buffer import Buffer
from juliette.packages.zygote.changing import FORWARD, changed_forward, forward_only
from juliette.packages.zygote.errors import foreign_call, mutation
from juliette.packages.zygote.factored import FACTORED, POWER
from juliette.packages.zygote.nodes import (
    PLAIN,
    one_by_one,
    plain,
    renumbered,
    to_engine,
    to_julia,
    twin,
)
from juliette.packages.zygote.rearranging import (
    _REDUCTIONS,
    OVERRIDDEN,
    REARRANGING,
    SPECIAL,
    _with_function,
    as_array,
    rearranged,
)
from juliette.packages.zygote.scalars import on_numbers
from juliette.packages.zygote.sequences import SEQUENCES
from juliette.packages.zygote.structured import (
    densify,
    holds_node,
    is_wrapper,
    slots_of,
    wraps_node,
)
from juliette.runtime import broadcast as B
from juliette.runtime import types as T
from juliette.runtime import values as V
from juliette.runtime.array import Array, array_class
from juliette.runtime.bigfloat import BigFloat
from juliette.runtime.builtin_methods import set_traced_builtin
from juliette.runtime.dispatch import GenericFunction, Method
from juliette.runtime.modules import Base
from juliette.runtime.numeric import BigFloat_, BigInt, Complex, Rational
from juliette.runtime.world import TRACE
from juliette.syntax.expr import Symbol
from juliette_engine import rules
from juliette_engine.primitives import matrix_product, sum_kernel
from juliette_engine.tape import Node, ScalarTracer, primal

ndarray = np.ndarray

# No derivative, or the derivative zero: these look at the values.
CONSTANT = {
    "zero", "one", "oneunit", "zeros", "ones", "similar", "eps", "oftype",
    "typemax", "typemin", "rand", "randn", "rand!", "randn!", "nextfloat", "prevfloat", "fld", "cld", "div", "÷",
    "show", "print", "println", "string", "repr", "display", "fill!", "onehot", "onehotbatch", "onecold", "argmax",
    "argmin", "findfirst", "findall", "sortperm", "size", "length", "eltype", "ndims", "axes", "isapprox", "summary",
    "searchsortedfirst", "rank", "copysign_sign", "hash", "dump",
}  # fmt: skip
_WRITING = {"show", "print", "println", "string", "repr"}
# To whole numbers or digits, whatever the options: their slope is zero.
STEPS = {"round", "floor", "ceil", "trunc"}
# Methods that change their first argument.
MUTATING = {
    "setindex!", "push!", "pop!", "pushfirst!", "popfirst!", "append!", "prepend!", "insert!", "deleteat!", "splice!",
    "fill!", "copyto!", "copy!", "sort!", "reverse!", "resize!", "empty!", "map!", "broadcast!", "permute!", "shuffle!",
    "rand!", "randn!", "mul!", "lmul!", "rmul!", "ldiv!", "axpy!", "filter!", "circshift!", "unique!",
}  # fmt: skip


_MISSING = type(V.MISSING)
_NUMBERS = (
    *(ScalarTracer, int, float, complex, np.number, Rational, Complex, BigInt, BigFloat),
    RoundingMode,
)


def traced_builtin(method: Method, f: Any, classes: tuple[type, ...]) -> Any:
    """How one of Base's methods runs on these classes of arguments while tracing."""
    name = method.name
    if name in MUTATING and classes and issubclass(classes[0], (Array, V.BitArray)):
        return _changing(name, f)
    if classes and issubclass(classes[0], Buffer):
        return f
    if name in FORWARD and (
        (len(classes) > 1 and issubclass(classes[1], Array)) or issubclass(classes[0], V.Wrapper)
    ):
        return _changing_forward(name, traced_plainly(method, f, classes))
    if name in (
        "clamp!",
        "conj!",
        "normalize!",
        "cumsum!",
        "cumprod!",
        "replace!",
        "setdiff!",
        "union!",
        "circshift!",
        "partialsort!",
        "keepat!",
        "reverse!",
    ):
        return _changing(name, f)
    if name in OVERRIDDEN and any([c in PLAIN or issubclass(c, V.Wrapper) for c in classes]):
        run = _overridden(OVERRIDDEN[name](f), f)
        return (lambda t, x: x if T.isa(x, t) else run(t, x)) if name == "convert" else run
    if method.tracing == "transparent":
        if name == "hash":
            return lambda *args: f(*map(plain, args))
        if name == "imag" and classes and issubclass(classes[0], ScalarTracer):
            return rules.imag
        if name in _REDUCTIONS and len(classes) == 2 and classes[1] in PLAIN:
            return _with_function(_REDUCTIONS[name])(f)
        return f
    if name == "stack" and len(classes) == 1:
        return lambda xs: to_julia(_stack(xs)) if holds_node(xs) else f(xs)
    if name == "Some":
        return f
    if name == "BigFloat" and len(classes) == 2 and issubclass(classes[1], ScalarTracer):
        return lambda t, x: renumbered(x, lambda v: f(t, v))
    if len(classes) > 1 and any(map(_of_objects, classes)) and any(map(_opens, classes)):
        return _beside_big(method, _on_arrays(method, f, classes))
    return _on_arrays(method, f, classes)


def _of_objects(c: type) -> bool:
    """Do arrays of a class hold what numpy has no kind for?"""
    return (
        issubclass(c, (Array, V.Wrapper))
        and not issubclass(c, Node)
        and getattr(c, "eltype", None) not in T.DTYPE_OF
    )


def _opens(c: type) -> bool:
    """Are there traced arrays of a class, or wrappers that may hold one?"""
    return issubclass(c, V.Wrapper) or (issubclass(c, Array) and issubclass(c, Node))


def _beside_big(method: Method, usual: Any) -> Any:
    """A method on traced arrays and others: beside big numbers the elements are taken one by one."""
    function = method.function

    def run(*args: Any) -> Any:
        opened = one_by_one(tuple([densify(a) if isinstance(a, V.Wrapper) else a for a in args]))
        return usual(*args) if opened is None else function(*opened)

    return run


def _on_arrays(method: Method, f: Any, classes: tuple[type, ...]) -> Any:
    """How a method with a rule, or with none, runs on these classes of arguments."""
    name = method.name
    if any(issubclass(c, V.Wrapper) or hasattr(c, "factors_shown") for c in classes):
        return unwrapping(method, f, classes)
    if not any(issubclass(c, Node) for c in classes):
        return of_container(name, f) if any(map(_container, classes)) else f
    if callable(method.rule):
        return method.rule(f)
    if name in CONSTANT:
        if name in ("argmax", "argmin") and len(classes) == 2:
            return SPECIAL[name](f)
        look = as_written if name in _WRITING else plain
        return lambda *args: f(*map(look, args))
    if all(issubclass(c, _NUMBERS) for c in classes):
        found = on_numbers(name, f, classes)
        if found is not None:
            return found
    if name in STEPS:
        return lambda *args: f(*map(plain, args))
    if name in _REDUCTIONS and len(classes) == 2:
        return _with_function(_REDUCTIONS[name])(f)
    special = SPECIAL.get(name)
    if special is not None:
        return special(f)
    if _MISSING in classes and all(c is _MISSING or issubclass(c, _NUMBERS) for c in classes):
        return guarded(name, f)
    if name == "^" and len(classes) == 2:
        return POWER(f)
    if name in REARRANGING and classes[0] in PLAIN:
        return window(f) if name == "view" else rearranged(f)
    scales = name in ("*", "/") and len(classes) == 2 and any(map(_of_others, classes))
    if scales and any(issubclass(c, Array) and not issubclass(c, Node) for c in classes):
        # an array of big numbers, which numpy has no kind for, is gone through one by one
        dotted = Base.bindings[name]
        return lambda a, b: B.materialize(B.broadcasted(dotted, a, b))
    rule = RULES.get(name)
    if rule is not None:
        return derived(name, rule, classes, f)
    return guarded(name, f)


def _of_others(c: type) -> bool:
    """Does a class of nodes stand for numbers that numpy has no kind for?"""
    return issubclass(c, ScalarTracer) and T._TYPE_OF_CLASS.get(c) is BigFloat_


def as_written(x: Any) -> Any:
    """A value to be written: a number that ForwardDiff differentiates is written as what it is."""
    return (
        x if isinstance(x, ScalarTracer) and getattr(x.tape, "tag", None) is not None else plain(x)
    )


def window(f: Any) -> Any:
    """`view` of a traced array: a copy; in forward mode a view, which may be assigned to."""
    copy = rearranged(f)
    return lambda *args: f(*args) if forward_only() else copy(*args)


def traced_plainly(method: Method, f: Any, classes: tuple[type, ...]) -> Any:
    """How such a method runs where nothing is carried forward."""
    if method.tracing == "transparent" or not any(issubclass(c, Node) for c in classes):
        return f
    return guarded(method.name, f)


def _overridden(rule: Any, f: Any) -> Any:
    """The rule for arguments of which an array is traced, and the method's own code for others."""

    def run(*args: Any) -> Any:
        opened = [densify(a) for a in args]
        return (
            rule(*opened)
            if any([isinstance(a, Array) and isinstance(a, Node) for a in opened])
            else f(*args)
        )

    return run


def _container(c: type) -> bool:
    """Could values of a class hold something traced?"""
    if issubclass(c, Array):
        return getattr(c, "eltype", None) not in T.DTYPE_OF
    return not issubclass(
        c,
        (
            int,
            float,
            complex,
            np.generic,
            str,
            Symbol,
            T.JuliaType,
            type(None),
            V.Range,
            V.BitArray,
            GenericFunction,
        ),
    )


def unwrapping(method: Method, f: Any, classes: tuple[type, ...]) -> Any:
    """A method with wrappers among its arguments: those with traced arrays inside are opened."""
    name, function = method.name, method.function
    if name == "*" and len(classes) == 2 and issubclass(classes[0], V.Transposed):
        return _row_times(method, f)
    rows = [issubclass(c, V.Transposed) for c in classes]
    if (
        name in ("*", "/", "-")
        and sum(rows) == 1
        and all(row or issubclass(c, _NUMBERS) for row, c in zip(rows, classes, strict=True))
    ):
        return _scaled_row(method, f)
    if name in _KEPT and len(classes) == 1:
        return _kept(name, f, function)
    factored = (
        POWER(f)
        if name == "^" and len(classes) == 2
        else FACTORED[name](f)
        if name in FACTORED
        else None
    )
    plain_code = None

    def run(*args: Any) -> Any:
        nonlocal plain_code
        if any([is_wrapper(a) and wraps_node(a) for a in args]):
            if factored is not None:
                return factored(*args)
            opened = [
                densify(a) if isinstance(a, V.Wrapper) or name in _OPENING else a for a in args
            ]
            if any(x is not y for x, y in zip(args, opened, strict=True)):
                return function(*opened)
        if plain_code is None:
            mixed = any(issubclass(c, Node) for c in classes)
            plain_code = _without_wrappers(method, f, classes) if mixed else f
        return plain_code(*args)

    return run


def _kept(name: str, f: Any, function: Any) -> Any:
    if name not in ("adjoint", "transpose"):
        return f

    def run(x: Any) -> Any:
        y = f(x)
        return y if holds_node(y) or not holds_node(x) else function(densify(x))

    return run


# What is done with a factorization as with its matrix.
_OPENING = {
    "\\",
    "/",
    "*",
    "+",
    "-",
    "inv",
    "det",
    "logdet",
    "logabsdet",
    "tr",
    "Array",
    "Matrix",
    "convert",
    "adjoint",
    "size",
}
# What wrappers answer for themselves, or make again a wrapper.
_KEPT = {
    "adjoint",
    "transpose",
    "parent",
    "size",
    "length",
    "ndims",
    "eltype",
    "axes",
    "Symmetric",
    "Diagonal",
}


def _without_wrappers(method: Method, f: Any, classes: tuple[type, ...]) -> Any:
    """The code for plain wrappers beside traced arguments."""
    name = method.name
    rule = RULES.get(name)
    special = POWER if name == "^" and len(classes) == 2 else SPECIAL.get(name)
    if name in CONSTANT:
        return lambda *args: f(*map(plain, args))
    if special is not None:
        return special(f)
    if name in REARRANGING and classes[0] in PLAIN:
        return rearranged(f)
    return derived(name, rule, classes, f) if rule is not None else guarded(name, f)


def _row_times(method: Method, f: Any) -> Any:
    """`v' * x`: a number for a vector `x`, a row again for a matrix."""
    function = method.function

    def run(a: Any, b: Any) -> Any:
        if not (wraps_node(a) or isinstance(b, Node) or (is_wrapper(b) and wraps_node(b))):
            return f(a, b)
        if np.ndim(primal(a.parent) if isinstance(a.parent, Node) else a.parent.data) != 1:
            return (
                function(densify(a), densify(b))
                if wraps_node(a)
                else to_julia(times(to_engine(a), to_engine(b)))
            )
        b = densify(b)
        v = to_engine(a.parent)
        if isinstance(a, V.Adjoint) and np.iscomplexobj(primal(v)):
            v = rules.conjugate(v)
        x = to_engine(b)
        n = np.ndim(primal(x))
        if not n:
            return _scaled_row(method, f)(a, b)
        if primal(v).shape[0] != primal(x).shape[0]:
            return f(plain_wrapper(a), plain(b))  # raises Julia's error
        if n == 1:
            return to_julia(rules.matmul(v, x))
        y = rules.matmul(rules.transpose(x), v)
        if isinstance(a, V.Adjoint):
            y = rules.conjugate(y) if np.iscomplexobj(primal(y)) else y
            return V.Adjoint(to_julia(y))
        return V.Transpose(to_julia(y))

    return run


def _scaled_row(method: Method, f: Any) -> Any:
    """A row with a number, or with another sign: a row again."""
    function = method.function

    def run(*args: Any) -> Any:
        if not any([isinstance(a, Node) or (is_wrapper(a) and wraps_node(a)) for a in args]):
            return f(*args)
        (row,) = [a for a in args if isinstance(a, V.Transposed)]
        if np.ndim(primal(row.parent) if isinstance(row.parent, Node) else row.parent.data) != 1:
            return function(*[to_julia(to_engine(a)) if a is row else a for a in args])
        conjugated = isinstance(row, V.Adjoint)
        inside = [
            a.parent
            if a is row
            else Base.bindings["conj"](a)
            if conjugated and np.iscomplexobj(primal(a))
            else a
            for a in args
        ]
        return type(row).__mro__[1](function(*inside))

    return run


def plain_wrapper(a: Any) -> Any:
    """A wrapped vector without nodes."""
    return type(a).__mro__[1](plain(a.parent))


_SHAPED = {"+", "-"}


def derived(name: str, rule: Any, classes: tuple[Any, ...], f: Any = None) -> Any:
    """The rule with its arguments as the engine has them."""
    if name == "*" and len(classes) == 2:
        fast = _product(classes)
        if fast is not None:
            return fast
    if name == "sum" and len(classes) == 1 and classes[0] in PLAIN and not classes[0].nested:
        if classes[0].eltype in (T.Float64, T.Float32):
            return sum_kernel(classes[0].eltype is T.Float64)
        return rules.total.kernel_for(classes)

    def run(*args: Any) -> Any:
        if name in _SHAPED and len(args) > 1 and all(isinstance(a, ArrayLike) for a in args):
            from juliette.base.array_arithmetic import same_shape

            same_shape(*args)
        try:
            return to_julia(rule(*map(to_engine, args)))
        except np.linalg.LinAlgError:
            f(*map(plain, args))  # raises Julia's error
            raise

    return run


def _product(classes: tuple[type, ...]) -> Any:
    """`*` of a matrix and an array, straight to the engine."""
    a, b = classes
    if not (issubclass(a, Array) and issubclass(b, Array)) or a.ndim != 2 or b.ndim not in (1, 2):
        return None
    if a.eltype not in T.DTYPE_OF or b.eltype not in T.DTYPE_OF:
        return None
    traced = issubclass(a, Node), issubclass(b, Node)
    if (
        a.eltype is b.eltype
        and a.eltype in (T.Float64, T.Float32)
        and not any(getattr(c, "nested", False) for c in classes)
    ):
        kernel = matrix_product(
            a.ndim, b.ndim, traced[0], traced[1], twin(array_class(a.eltype, b.ndim))
        )
    else:
        kernel = rules.matmul.kernel_for(classes)

    def product(x: Any, y: Any) -> Any:
        try:
            return kernel(x, y)
        except ValueError:
            raise product_mismatch(x.data, y.data) from None

    return product


# What only takes parts out of containers, or puts them in another order.
STRUCTURAL = {
    "getindex", "first", "last", "only", "get", "view", "iterate", "collect", "copy", "reverse", "values", "keys",
    "push!", "pushfirst!", "append!", "vcat", "filter", "adjoint", "transpose", "tail", "front", "skipmissing",
}  # fmt: skip


def of_container(name: str, f: Any) -> Any:
    """How a method runs on containers that may hold something traced: on the values themselves."""
    if name in STRUCTURAL:
        return f
    if name == "diagm":
        return lambda *args: (
            to_julia(RULES["diagm"](*args)) if any(map(holds_node, args)) else f(*args)
        )

    def run(*args: Any, **kwargs: Any) -> Any:
        out = f(*args, **kwargs)
        if carries_gradient(out) and not holds_node(out) and any(map(holds_node, args)):
            raise foreign_call(name)
        return out

    return run


def guarded(name: str, f: Any) -> Any:
    """A method without a derivative: an error if its result could have carried a gradient."""

    def run(*args: Any) -> Any:
        found = any(map(holds_node, args))
        out = f(*map(plain, args)) if found else f(*args)
        if found and carries_gradient(out):
            raise foreign_call(name)
        return out

    return run


def _changing_forward(name: str, f: Any) -> Any:
    """A method whose second argument changes, or a window on an array."""
    return lambda *args: changed_forward(name, f, args) if forward_only() else f(*args)


def _changing(name: str, f: Any) -> Any:
    def run(target: Any, *args: Any) -> Any:
        if forward_only():
            return changed_forward(name, f, (target, *args))

        def change() -> Any:
            if not isinstance(target, Node):
                return f(target, *map(plain, args))
            bare = plain(target)
            out = f(bare, *map(plain, args))
            target.data = bare.data
            return target if out is bare else out

        return mutation(target, name, change)

    return run


def carries_gradient(x: Any, depth: int = 0) -> bool:
    """Could a value have a gradient: is there a number with a fraction in it, or an array of them?"""
    if x is None or isinstance(
        x, (bool, int, str, np.integer, np.bool_, Symbol, T.JuliaType, IO, GenericFunction)
    ):
        return False
    if isinstance(x, (float, complex, np.number, Rational, Complex)) or type(x) is BigFloat:
        return True
    if type(x) is tuple or type(x) is list:
        return any([carries_gradient(v, depth + 1) for v in x])
    if isinstance(x, (Array, V.Wrapper)):
        data = np.asarray(x.data)
        kind = data.dtype.kind
        return kind in "fc" or (kind == "O" and any(map(carries_gradient, data.ravel().tolist())))
    if isinstance(x, (V.Range, V.BitArray, V.JuliaSet)) or depth > 3:
        return False
    if isinstance(x, V.JuliaDict):
        return any([carries_gradient(v, depth + 1) for v in x.data.values()])
    return any([carries_gradient(getattr(x, n, None), depth + 1) for n in slots_of(type(x))])


def traced_keyword(method: Method, kwargs: dict[str, Any], args: tuple[Any, ...]) -> Any:
    """Keyword calls of Base's methods on traced arguments."""
    name = method.name
    if not TRACE.depth or not (
        any(map(holds_node, args)) or (name in SEQUENCES and any(map(holds_node, kwargs.values())))
    ):
        return NotImplemented
    f = method.source.function  # the method itself: keywords are complete
    if name in OVERRIDDEN:
        opened = [densify(a) for a in args]
        if any([isinstance(a, Array) and isinstance(a, Node) for a in opened]):
            return OVERRIDDEN[name](f)(*opened, **kwargs)
    if method.tracing == "transparent":
        return NotImplemented
    args = tuple([densify(a) if isinstance(a, V.Wrapper) else a for a in args])
    if name in CONSTANT or name in STEPS:
        return f(*map(plain, args), **kwargs)
    if name in _REDUCTIONS and len(args) == 2:
        return _with_function(_REDUCTIONS[name])(f)(*args, **kwargs)
    spelled = one_by_one(args)
    if spelled is not None:
        return of_container(name, f)(*spelled, **kwargs)
    special = SPECIAL.get(name)
    if special is not None:
        return special(f)(*args, **kwargs)
    if name in REARRANGING:
        return rearranged(f)(*args, **kwargs)
    rule = RULES.get(name)
    if rule is None:
        raise foreign_call(name)
    try:
        return to_julia(rule(*map(to_engine, args), **kwargs))
    except TypeError as e:
        if "unexpected keyword" not in str(e):
            raise
        raise foreign_call(name) from None


def traced_constructor(name: str, f: Any, classes: tuple[type, ...]) -> Any:
    """How a constructor of one of Base's types runs on these classes of arguments while tracing."""
    if name == "LinRange" and any(issubclass(c, Node) for c in classes):
        return SEQUENCES[name](f)
    if name == "Rational" and any([issubclass(c, ScalarTracer) for c in classes]):
        return (
            (lambda t, x: renumbered(x, lambda v: f(t, v)))
            if len(classes) == 2
            else lambda t, a, b: Base.bindings["//"](a, b)
        )
    if name == "Array" and any([c in PLAIN or issubclass(c, V.Wrapper) for c in classes]):
        return as_array(f)
    return f


set_traced_builtin(traced_builtin, traced_keyword)
support.TRACED_CONSTRUCTOR = traced_constructor
B.VIEWS_IN_TRACE = forward_only
