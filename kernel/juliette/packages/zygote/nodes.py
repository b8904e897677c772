"""Traced Julia values.

Each array class has a *twin*, a subclass of it and of the engine's `Node`: an array of a twin class is
a node of the engine's tape, and dispatch sees the same Julia type as ever.  Numbers under
differentiation are the engine's scalar nodes.  Lending an array to a trace swaps its class.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from juliette.base import collecting, iteration
from juliette.base.array_protocol import ArrayLike
from juliette.base.conversion import NUMBER_HOOKS
from juliette.base.fields import PROPERTIES, field_error
from juliette.base.identity import COPY_HOOKS
from juliette.display.show import SHOW_HOOKS
from juliette.packages.zygote.structured import (
    densify,
    is_wrapper,
    slots_of,
    wraps_node,
)
from juliette.runtime import array as A
from juliette.runtime import broadcast as B
from juliette.runtime import numeric
from juliette.runtime import types as T
from juliette.runtime import values as V
from juliette.runtime.array import Array, elements, make, wrap
from juliette.runtime.bigfloat import BigFloat
from juliette.runtime.modules import Base
from juliette.runtime.numeric import (
    BigFloat_,
    BigInt,
    Complex,
    Complex_,
    Rational,
    Rational_,
)
from juliette.runtime.world import TRACE
from juliette_engine import rules
from juliette_engine import tape as tapes
from juliette_engine.numeric import AMONG_ARRAYS, ONES, OTHERS
from juliette_engine.tape import NESTED, Node, ScalarTracer, Tape, primal

ndarray = np.ndarray

for _cls, _t in (
    (tapes.FloatTracer, T.Float64),
    (tapes.IntTracer, T.Int64),
    (tapes.Float32Tracer, T.Float32),
    (tapes.Float16Tracer, T.Float16),
    (tapes.BoolTracer, T.Bool),
    (tapes.ComplexTracer, T.typeof(1j)),
    (tapes.Complex32Tracer, T.typeof(np.complex64(1))),
    *((made, T.typeof(c(1))) for c, made in tapes.WHOLE.items()),
):
    T._TYPE_OF_CLASS[_cls] = T._TYPE_OF_CLASS[NESTED[_cls]] = _t

# ---------------------------------------------------------------- arrays

TWINS: dict[type, type] = {}
_NESTED_TWINS: dict[type, type] = {}
PLAIN: dict[type, type] = {}


def twin(cls: type) -> type:
    """The class of traced arrays of an array class."""
    found = TWINS.get(cls)
    if found is None:
        found = TWINS[cls] = type(cls.__name__, (cls, Node), {"__slots__": ()})
        _enter(found, cls)
    return found


def nested_twin(cls: type) -> type:
    """The class of arrays of an array class that several levels trace."""
    found = _NESTED_TWINS.get(cls)
    if found is None:
        found = _NESTED_TWINS[cls] = type(
            cls.__name__, (twin(cls),), {"__slots__": (), "nested": True}
        )
        _enter(found, cls)
    return found


def _enter(found: type, cls: type) -> None:
    PLAIN[found] = cls
    T._TYPE_OF_CLASS[found] = T._TYPE_OF_CLASS[cls]
    COPY_HOOKS[found] = lambda x, memo: rules.copied(x)
    iteration.ITERATORS[found] = traced_elements


_BY_KIND: dict[tuple[str, int], type] = {}


def array_class_of(v: Any) -> type:
    """The array class for an ndarray."""
    key = (v.dtype.char, v.ndim)
    found = _BY_KIND.get(key)
    if found is None:
        if v.dtype.char == "O":
            return type(of_objects(v))
        found = _BY_KIND[key] = type(wrap(v))
    return found


def of_objects(v: Any) -> Any:
    """An Array of Julia's values."""
    kinds = {T.typeof(x) for x in elements(v)}
    return make(v, kinds.pop() if len(kinds) == 1 else T.Any_)


_NODE_CLASSES: dict[tuple[str, int], type] = {}


def _node_class(v: Any) -> type:
    key = (v.dtype.char, v.ndim)
    found = _NODE_CLASSES.get(key)
    if found is None:
        if v.dtype.char == "O":
            return twin(array_class_of(v))
        found = _NODE_CLASSES[key] = twin(array_class_of(v))
    return found


class JuliaTape(Tape):
    """A tape whose nodes are Julia's arrays and numbers."""

    __slots__ = ("after", "at_end")
    array_class = staticmethod(_node_class)
    nested_array_class = staticmethod(lambda v: nested_twin(array_class_of(v)))
    after: list[Any] | None  # what to do when the function has run
    at_end: list[Any]  # and when the tape is done with


def traced_elements(a: Any) -> Any:
    """An iterator over the elements of a traced array."""
    shape = a.data.shape
    if len(shape) == 1:
        return (rules.getitem(a, i) for i in range(shape[0]))
    return (rules.getitem(a, i[::-1]) for i in np.ndindex(*shape[::-1]))


def wrapped_elements(plain: Any) -> Any:
    """The iterator of a class of wrappers, `plain` unless they stand around a traced array."""

    def iterate(a: Any) -> Any:
        return traced_elements(densify(a)) if is_wrapper(a) and wraps_node(a) else plain(a)

    return iterate


for _cls in [c for c in iteration.ITERATORS if issubclass(c, V.Wrapper)]:
    iteration.ITERATORS[_cls] = wrapped_elements(iteration.ITERATORS[_cls])
B.TRACED_WITHIN = wraps_node

# ---------------------------------------------------------------- there and back


def is_traced(x: Any) -> bool:
    """Is a value a node?"""
    return isinstance(x, Node)


def to_julia(x: Any) -> Any:
    """A value of the engine as a Julia value."""
    if isinstance(x, ndarray):
        if x.ndim > 1 and not x.flags.f_contiguous:
            x = np.asfortranarray(x)
        if x.dtype.char == "O":
            return of_objects(x)
        return V.BitArray(x) if x.dtype == bool else wrap(x)
    if isinstance(x, tapes.ArrayTracer):
        out = (
            x.tape.over(x.below if x.nested else x.data)
            if not isinstance(x.tape, JuliaTape)
            else None
        )
        return relabelled(x) if out is None else out
    if isinstance(x, (np.float64, np.int64, np.bool_)):
        return x.item()
    return x


def relabelled(x: Any) -> Any:
    """A Python node as an array of the same tape."""
    out = x.tape.over(x.below) if x.nested else x.tape.node(x.data)
    x.tape.append((tapes.passes, out, x, None))
    return out


def to_engine(x: Any) -> Any:
    """A Julia value as the engine computes with it."""
    if isinstance(x, Node):
        return x
    if isinstance(x, ArrayLike):
        if isinstance(x, V.Wrapper):
            y = densify(x)
            if y is not x:
                return y
        data = np.asarray(x.data)
        if data.dtype == object:
            return of_numbers(x)
        return data
    if isinstance(x, Complex):
        return complex(x)
    if is_wrapper(x):  # a factorization, which stands for its matrix
        return densify(x) if wraps_node(x) else np.asarray(T.CONSTRUCT(T.Matrix, (x,), {}).data)
    return x


def of_numbers(x: Any) -> Any:
    """An array of numbers that numpy has no kind for, or that are partly traced, as the engine's; others as they are."""
    if is_complex(x):
        return complex_data(x)
    values = elements(x.data)
    return (
        stacked(values, x.data.shape)
        if all(map(_is_number, values)) and not any(map(is_big, values))
        else x
    )


_COMPLEX = T.unwrap(Complex_).typename


def is_complex(x: Any) -> bool:
    """Are its elements `Complex{T}` of a `T` that numpy does not know?"""
    t = getattr(x, "eltype", None)
    return isinstance(t, T.DataType) and t.typename is _COMPLEX and x.data.dtype == object


def complex_data(x: Any) -> Any:
    """The numbers of an array of `Complex{T}` for numpy."""
    return np.array([complex(v) for v in elements(x.data)], dtype=complex).reshape(
        x.data.shape, order="F"
    )


def one_by_one(args: tuple[Any, ...]) -> tuple[Any, ...] | None:
    """Arguments with an array of traced numbers that numpy has no kind for among them: other traced arrays are opened beside it.

    None if all are such that the engine computes with them.
    """
    if not any(map(_of_big, args)):
        return None
    return tuple([opened(a) if isinstance(a, Array) and isinstance(a, Node) else a for a in args])


def _of_big(a: Any) -> bool:
    """Is it an array of big numbers or missing values, or a wrapper around one?"""
    if isinstance(a, V.Wrapper):
        return _of_big(getattr(a, "parent", None))
    if not isinstance(a, Array) or isinstance(a, Node) or a.data.dtype != object:
        return False
    return any([v is V.MISSING or is_big(v) for v in a.data.ravel().tolist()])


def opened(a: Any) -> Any:
    """A traced array as an array of traced numbers."""
    data = np.empty(a.data.size, dtype=object)
    for i, v in enumerate(traced_elements(a)):
        data[i] = v
    return A.array_class(T.Any_, a.data.ndim)(data.reshape(a.data.shape, order="F"))


def stacked(values: list[Any], shape: tuple[int, ...]) -> Any:
    """An array of numbers, some of them traced."""
    return rules.stack_scalars([for_numpy(v) for v in values], shape)


def for_numpy(x: Any) -> Any:
    """A number among those of an array: fractions are floats there."""
    if isinstance(x, ScalarTracer):
        return _convert(T.Float64, x) if isinstance(primal(x), Rational) else x
    return complex(x) if isinstance(x, Complex) else float(x) if isinstance(x, Rational) else x


def plain(x: Any) -> Any:
    """A value without nodes."""
    if isinstance(x, ScalarTracer):
        return x.data
    cls = PLAIN.get(type(x))
    if cls is not None:
        data = x.data
        return cls(data if data.ndim < 2 or data.flags.f_contiguous else np.asfortranarray(data))
    if type(x) is tuple:
        return tuple(map(plain, x))
    if isinstance(x, V.NamedTuple):
        return V.NamedTuple(x.names, tuple(map(plain, x.values)))
    if is_wrapper(x) and wraps_node(x):
        out = object.__new__(type(x))
        for name in slots_of(type(x)):
            if hasattr(x, name):
                setattr(out, name, plain(getattr(x, name)))
        return out
    return x


def _gather(values: list[Any], shape: tuple[int, ...]) -> Any:
    """An array of elements of which some are traced numbers, or None."""
    if TRACE.depth:
        for v in values:
            if isinstance(v, ScalarTracer):
                return (
                    stacked(values, shape)
                    if all(map(_is_number, values)) and not any(map(is_big, values))
                    else None
                )
    return None


def _is_number(x: Any) -> bool:
    return isinstance(x, (int, float, complex, np.number, ScalarTracer, Complex, Rational))


def is_big(x: Any) -> bool:
    """Is it a number that numpy has no kind for?"""
    return type(primal(x)) is BigFloat


collecting.GATHER = _gather
A.set_gather(_gather)

# ---------------------------------------------------------------- numbers


def _convert(t: Any, x: Any) -> Any:
    value = primal(x)
    if isinstance(value, complex) and T.subtype(t, T.Real):
        if value.imag:
            raise numeric.inexact(t, to_julia(value))
        x = rules.real(x)
    if (
        isinstance(primal(x), Rational)
        and not T.subtype(t, Rational_)
        and t not in (T.Real, T.Number, T.Any_)
    ):
        from juliette.runtime.numeric import to_number

        return renumbered(x, lambda v: to_number(t, v))
    if t is T.typeof(x) or t in (T.Real, T.Number, T.Any_, T.AbstractFloat):
        return rules.floating(x) if t is T.AbstractFloat else x
    if t is T.Float64:
        return (
            rules.cast(x, dtype=float) if not isinstance(x, tapes.IntTracer) else rules.floating(x)
        )
    dtype = T.DTYPE_OF.get(t)
    if dtype is not None and dtype.kind == "f":
        return rules.cast(x, dtype=dtype)
    from juliette.runtime.numeric import to_number

    whole = dtype is not None and dtype.kind in "iu"
    if whole or t is T.Int64 or t is BigFloat_ or T.subtype(t, Rational_):
        return renumbered(x, lambda v: to_number(t, v))
    return to_number(t, plain(x))


def renumbered(x: Any, f: Any) -> Any:
    """The same number as one of another kind: sensitivities pass."""
    if not isinstance(x, tapes.Node):  # a constant of a dotted call
        return np.frompyfunc(f, 1, 1)(x)
    tape = x.tape
    r = tape.over(renumbered(x.below, f) if x.nested else known(f(x.data)))
    tape.append((tapes.passes, r, x, None))
    return r


def _show(io: Any, x: Any, long: bool) -> None:
    from juliette.display.show import show

    dual = _dual(x)
    show(io, plain(x)) if dual is None else io.write(dual)


def _dual(x: Any) -> str | None:
    """A number of forward mode as its tape writes it."""
    return x.tape.text(x) if x.tape.forward else None


def _text(x: Any, digits: Any = None) -> str:
    """A number that was kept from a gradient, in its one-line form."""
    from juliette.display.numbers import number_text

    return _dual(x) or number_text(plain(x), compact=digits is not None)


def rational_node(x: Rational, tape: Tape) -> Any:
    """A node for a rational number."""
    return tape.node(known(x))


def as_sensitivity(seed: Any, y: Any) -> Any:
    """A sensitivity of an output: `nothing` among its elements is zero, a tuple of numbers will do for an array."""
    if isinstance(y, Node) and type(y.data) is ndarray:
        if type(seed) is tuple and len(seed) == y.data.size:
            seed = stacked([0.0 if v is None else v for v in seed], y.data.shape)
        data = getattr(seed, "data", None)
        if isinstance(data, ndarray) and data.dtype == object and not isinstance(seed, Node):
            values = elements(data)
            if all(v is None for v in values):
                return None
            if all(v is None or _is_number(v) for v in values):
                return stacked([0.0 if v is None else v for v in values], data.shape)
            if y.tape is not None:  # a chain begins with what a sensitivity makes of a slope
                B.materialize(B.broadcasted(Base.bindings["*"], seed, 1.0))
    return seed


def seed_from(x: Any) -> Any:
    """A sensitivity as the engine takes it."""
    if isinstance(x, Node):
        return x
    if isinstance(x, (Array, V.BitArray, V.Range, V.Wrapper)):
        return to_engine(x)
    if type(x) is tuple:
        return tuple(map(seed_from, x))
    if type(x) is int:
        return float(x)
    return x


def known(x: Any) -> Any:
    """A number that tapes have nodes for: of each class of rationals they hear when the first one comes."""
    if isinstance(x, Complex):
        return complex(x)
    if type(x) is BigInt:
        x = Base.bindings["float"](x)
    cls = type(x)
    if (isinstance(x, Rational) or cls is BigFloat) and cls not in tapes.SCALARS:
        made = tapes.SCALARS[cls] = type(
            f"{cls.__name__}Tracer", (ScalarTracer,), {"__slots__": ()}
        )
        nested = NESTED[made] = type(
            f"Nested{cls.__name__}Tracer", (made,), {"__slots__": (), "nested": True}
        )
        ONES[cls] = Base.bindings["one"](x)
        if cls is not BigFloat:
            AMONG_ARRAYS[cls] = for_numpy
        else:
            _compute_big()
            for name, dunder in _OPERATORS:
                for c in (made, nested):
                    left, right = _operator(name)
                    setattr(c, f"__{dunder}__", left)
                    setattr(c, f"__r{dunder}__", right)
        T._TYPE_OF_CLASS[made] = T._TYPE_OF_CLASS[nested] = T.typeof(x)
        for c in (made, nested):
            _answer(c)
    return x


_BASE_NAMES = {
    "arcsin": "asin",
    "arccos": "acos",
    "arctan": "atan",
    "arctan2": "atan",
    "absolute": "abs",
}
_OPERATORS = (("+", "add"), ("-", "sub"), ("*", "mul"), ("/", "truediv"), ("^", "pow"))


def _compute_big() -> None:
    """From now on steps back compute with big numbers, too, and with others beside them."""
    OTHERS[BigFloat] = lambda name, *xs: Base.bindings[
        _BASE_NAMES.get(name, name.replace("arc", "a"))
    ](*xs)
    for name, dunder in _OPERATORS:
        f = Base.bindings[name]
        own = getattr(BigFloat, f"__{dunder}__", f)

        def left(a: Any, b: Any, f: Any = f, own: Any = own) -> Any:
            return (
                own(a, b)
                if type(b) is BigFloat
                else NotImplemented
                if isinstance(b, Node)
                else f(a, b)
            )

        setattr(BigFloat, f"__{dunder}__", left)
        setattr(BigFloat, f"__r{dunder}__", lambda a, b, f=f: f(b, a))


def _operator(name: str) -> Any:
    f = Base.bindings[name]
    return lambda a, b: f(a, b), lambda a, b: f(b, a)


# Steps back are written with Python's operators.
for _name, _dunder in _OPERATORS:
    _left, _right = _operator(_name)
    setattr(Rational, f"__{_dunder}__", _left)
    setattr(Rational, f"__r{_dunder}__", _right)
for _name in ("conjugate", "real"):
    setattr(Rational, _name, (lambda a: a) if _name == "conjugate" else property(lambda a: a))
for _name, _dunder in (("<", "lt"), ("<=", "le"), (">", "gt"), (">=", "ge")):
    setattr(Rational, f"__{_dunder}__", _operator(_name)[0])
for _name, _dunder in (("-", "neg"), ("abs", "abs")):
    setattr(Rational, f"__{_dunder}__", lambda a, name=_name: Base.bindings[name](a))


def _part(x: Any, name: str) -> Any:
    if name in ("re", "im"):
        return rules.real(x) if name == "re" else rules.imag(x)
    raise field_error(plain(x), name)


for _cls in (tapes.ComplexTracer, tapes.Complex32Tracer):
    for _c in (_cls, NESTED[_cls]):
        PROPERTIES[_c] = _part
        numeric.PARTS[_c] = lambda z: (rules.real(z), rules.imag(z))
_REAL: list[Any] = [tapes.FloatTracer, tapes.IntTracer, tapes.Float32Tracer, tapes.Float16Tracer]
for _cls in (*_REAL, *tapes.WHOLE.values()):
    for _c in (_cls, NESTED[_cls]):
        numeric.MAKERS[_c] = rules.complexed


def _answer(cls: Any) -> None:
    """A class of nodes that stand for numbers converts and shows as they do."""
    NUMBER_HOOKS[cls] = _convert
    SHOW_HOOKS[cls] = _show
    setattr(cls, "text", _text)  # noqa: B010


for _cls in dict.fromkeys(tapes.SCALARS.values()):
    if _cls is tapes.BoolTracer:
        continue
    for _c in (_cls, NESTED[_cls]):
        _answer(_c)
tapes.set_learn(known)
_ = primal
