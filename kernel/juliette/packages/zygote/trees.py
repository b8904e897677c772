"""Opening Julia values for differentiation, and the gradients in the shape of the values.

Immutable values are opened as copies with traced parts.  Mutable ones (structs, `Ref`, `Dict`) are
opened in place, so that what the function assigns to them is seen; when the trace ends their parts
are plain again.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from juliette.base.fixing import Fix1, Fix2
from juliette.base.functions import Returns, Splat
from juliette.base.tuples import Composed
from juliette.compiler.closures import ClosureBase
from juliette.packages.zygote.nodes import (
    PLAIN,
    JuliaTape,
    complex_data,
    is_complex,
    nested_twin,
    plain,
    rational_node,
    seed_from,
    to_engine,
    to_julia,
    twin,
)
from juliette.packages.zygote.structured import (
    Seen,
    densify,
    is_wrapper,
    slots_of,
    wraps_node,
)
from juliette.runtime import broadcast as B
from juliette.runtime import types as T
from juliette.runtime import values as V
from juliette.runtime.array import Array, elements, wrap
from juliette.runtime.bigfloat import BigFloat
from juliette.runtime.errors import ArgumentError, NoMethod
from juliette.runtime.modules import Base
from juliette.runtime.numeric import BigInt, Complex, Irrational, Rational
from juliette.runtime.structs import Struct
from juliette_engine import gradients, rules
from juliette_engine import tape as tapes
from juliette_engine.parameters import KEYS
from juliette_engine.tape import Node, Tape

lift, lower = gradients.lift, gradients.lower
lifter_of, lowerer_of = gradients.lifter_of, gradients.lowerer_of
new = tapes.new
ndarray = np.ndarray

# Functions that are values with fields.
FUNCTIONS = (ClosureBase, Composed, Fix1, Fix2, Returns, Splat)

# ---------------------------------------------------------------- arrays


def _lift_array(a: Any, t: Tape) -> Any:
    data = a.data
    if isinstance(a, Node):
        return t.over(a)
    kind = data.dtype.kind
    if kind in "fiuc":
        return t.node(data)
    if kind != "O":
        return a
    if is_complex(a):
        return t.node(complex_data(a))
    if isinstance(a.eltype, T.DataType) and a.eltype.name == "Irrational":
        return t.node(
            np.array([float(v) for v in data.ravel(order="F")]).reshape(data.shape, order="F")
        )
    values = [lift(v, t) for v in data.ravel(order="F").tolist()]
    if all(
        x is y and id(x) not in _OPENED
        for x, y in zip(values, data.ravel(order="F").tolist(), strict=True)
    ):
        return a
    out = type(a)(np.empty(data.shape, dtype=object, order="F"))
    flat = out.data.reshape(-1, order="F")
    for i, v in enumerate(values):
        flat[i] = v
    return out


def _lower_array(traced: Any, a: Any) -> Any:
    if isinstance(traced, Node):
        g = gradients.project(traced.grad, traced)
        return wrap(g) if type(g) is ndarray else to_julia(g)
    if a.data.dtype != object or traced is a:
        return None
    parts = [
        lower(x, y)
        for x, y in zip(
            traced.data.ravel(order="F").tolist(), a.data.ravel(order="F").tolist(), strict=True
        )
    ]
    if T.subtype(a.eltype, T.Number) and any([p is not None for p in parts]):
        zero = Base.bindings["zero"]
        parts = [
            zero(y) if p is None else p
            for p, y in zip(parts, a.data.ravel(order="F").tolist(), strict=True)
        ]
    return vector_of(parts, a.data.shape)


# The type of the elements of gradients of vectors, by the classes of their parts.
_ELEMENT_TYPES: dict[Any, Any] = {}


def vector_of(parts: list[Any], shape: tuple[int, ...]) -> Any:
    """The gradient of an array of structs from theirs; nothing if none has one."""
    if all([p is None for p in parts]):
        return None
    key = tuple(map(_classes, parts))
    eltype = _ELEMENT_TYPES.get(key)
    if eltype is None:
        if len(_ELEMENT_TYPES) > 256:
            _ELEMENT_TYPES.clear()
        eltype = _ELEMENT_TYPES[key] = B.join_types(parts)
    return B.from_values(parts, shape, eltype)


def _classes(x: Any) -> Any:
    """What fixes the type of a gradient."""
    if isinstance(x, V.NamedTuple):
        return x.names, *map(_classes, x.values)
    return tuple(map(_classes, x)) if type(x) is tuple else type(x)


def _array_openers(cls: Any) -> Any:
    """The same for the arrays of one class of numbers, which are most of what is lifted."""
    dtype = T.DTYPE_OF.get(cls.eltype)
    if (
        issubclass(cls, Node)
        or dtype is None
        or dtype.kind not in "fiuc"
        or cls.__init__ is not Array.__init__
    ):
        return None
    node_class = twin(cls)

    def lift_plain(a: Any, t: Tape) -> Any:
        r: Any = new(node_class)
        r.data = a.data
        r.grad = None
        r.tape = t
        return r

    def lower_plain(traced: Any, a: Any) -> Any:
        g = traced.grad
        if g is None:
            return None
        like = traced.data
        if (
            type(g) is ndarray
            and g.dtype is like.dtype
            and traced.own
            and g.shape == like.shape
            and g.flags.f_contiguous
        ):
            return cls(g)
        g = gradients.project(g, traced)
        return wrap(g) if type(g) is ndarray else to_julia(g)

    return lift_plain, lower_plain


def _walk_array(a: Any, visit: Any) -> None:
    if a.data.dtype == object:
        for v in a.data.ravel().tolist():
            visit(v)


def _lift_wrapper(x: Any, t: Tape) -> Any:
    """A copy of a wrapper around traced arrays; views and the like are opened as the arrays that they show."""
    if not (getattr(x, "structured", False) or isinstance(x, V.Transposed)) or hasattr(x, "csc"):
        return _lift_dense(x, t)
    out = object.__new__(type(x))
    some = False
    for name in slots_of(type(x)):
        if hasattr(x, name):
            v = getattr(x, name)
            lifted = lift(v, t) if isinstance(v, (Array, V.Range, V.Wrapper)) else v
            some = some or lifted is not v
            setattr(out, name, lifted)
    return out if some else x


def _lower_wrapper(traced: Any, x: Any) -> Any:
    """The gradient of a wrapper in its structure."""
    if traced is x or isinstance(traced, Node):
        return _lower_dense(traced, x)
    found = {}
    for name in slots_of(type(x)):
        v = getattr(x, name, None)
        if isinstance(v, (Array, V.Range, V.Wrapper)):
            found[name] = lower(getattr(traced, name), v)
    if all(g is None for g in found.values()):
        return None
    for name, g in found.items():
        if g is None:
            found[name] = Base.bindings["zero"](Base.bindings["float"](getattr(x, name)))
    cls = type(x).__mro__[1]
    if isinstance(x, V.Transposed):
        out = cls(found["parent"])
        return out if x.parent_is_vector else Base.bindings["copy"](out)
    if hasattr(x, "conjugate"):  # an element beside the diagonal stands for two
        g = found["parent"]
        n = x.shape[0]
        return cls(
            to_julia(
                rules.where(
                    np.eye(n, dtype=bool, order="F"), to_engine(g), rules.mul(0.5, to_engine(g))
                )
            ),
            x.uplo_text,
        )
    if "ev" in found and not hasattr(x, "uplo_text"):
        found["ev"] = to_julia(rules.mul(0.5, to_engine(found["ev"])))
    rest = [x.uplo_text] if hasattr(x, "uplo_text") else []
    order = [n for n in ("dl", "d", "du", "dv", "ev", "diag", "parent") if n in found]
    return cls(*[found[n] for n in order], *rest)


def _walk_wrapper(x: Any, visit: Any) -> None:
    for name in slots_of(type(x)):
        v = getattr(x, name, None)
        if isinstance(v, Node) or is_wrapper(v):
            visit(v)


def _lift_dense(r: Any, t: Tape) -> Any:
    if wraps_node(r):  # traced by a level below
        return t.over(to_engine(r))
    data = np.asarray(r.data)
    return t.node(np.asfortranarray(data)) if data.dtype.kind in "fiuc" else r


def _lend_wrapper(x: Any, t: Tape) -> Any:
    """A wrapper that is a parameter: meanwhile it holds traced arrays of its own, whatever becomes of those it held."""
    held = {}
    for name in slots_of(type(x)):
        v = getattr(x, name, None)
        if isinstance(v, (Array, V.Wrapper)):
            held[name] = v
            setattr(x, name, lift(v, t))
    return held


def _give_back_wrapper(x: Any, held: dict[str, Any]) -> Any:
    traced = as_lent(x)
    for name, v in held.items():
        setattr(x, name, v)
    return lower_lent(traced, x)


def as_lent(x: Any) -> Any:
    """A copy of a wrapper around what it holds now."""
    out = object.__new__(type(x))
    for name in slots_of(type(x)):
        if hasattr(x, name):
            setattr(out, name, getattr(x, name))
    return out


def lower_lent(traced: Any, x: Any) -> Any:
    """The gradient of a wrapper that was lent: in its structure, or of what it shows."""
    if getattr(x, "structured", False) or isinstance(x, V.Transposed):
        return _lower_wrapper(traced, x)
    g = lower(traced.parent, x.parent)
    if g is None:
        return None
    window = as_lent(x)
    window.parent = g
    return densify(window) if wraps_node(window) else wrap(np.array(window.data, order="F"))


def _at_stored(g: Any, r: Any) -> Any:
    """A gradient of a sparse array, at the places that it stores."""
    csc = r.csc.astype(g.dtype)
    column = np.repeat(np.arange(csc.shape[1]), np.diff(csc.indptr))
    csc.data[:] = g.reshape(csc.shape, order="F")[csc.indices, column]
    return type(r).__mro__[1](csc)


def _lower_dense(traced: Any, r: Any) -> Any:
    if not isinstance(traced, Node):
        return None
    g = gradients.project(traced.grad, traced)
    if hasattr(r, "csc") and type(g) is ndarray:
        return _at_stored(g, r)
    if isinstance(r, V.Adjoint) and type(g) is ndarray and g.shape[0] == 1 and r.parent.ndim == 1:
        return V.Adjoint(wrap(g.reshape(-1)))
    return wrap(g) if type(g) is ndarray else to_julia(g)


# ---------------------------------------------------------------- immutable values


def _fields_openers(cls: type) -> Any:
    """How immutable values with fields open: as copies."""
    if getattr(cls, "mutable", False):
        return None
    names = tuple(cls.fields)  # type: ignore[attr-defined]
    put = object.__setattr__

    def lift_fields(x: Any, t: Tape) -> Any:
        out: Any = object.__new__(cls)
        for f in names:
            v = getattr(x, f, _UNDEFINED)
            if v is not _UNDEFINED:
                put(out, f, lifter_of(type(v))(v, t))
        return out

    def lower_fields(traced: Any, x: Any) -> Any:
        values = []
        some = False
        for f in names:
            v = getattr(x, f, None)
            g = None if v is None else lowerer_of(type(v))(getattr(traced, f), v)
            values.append(g)
            if g is not None:
                some = True
        if _GIVEN and some and None not in values and id(traced) in _GIVEN:
            own: Any = object.__new__(_GIVEN[id(traced)])
            for f, g in zip(names, values, strict=True):
                put(own, f, g)
            return own
        return V.NamedTuple(names, tuple(values)) if some else None

    return lift_fields, lower_fields


# The classes of the structs that rules of the user's own gave as cotangents of opened ones, by identity.
_GIVEN: dict[int, type] = {}


def give_own(x: Any, g: Any, t: Any) -> None:
    """A rule gave a struct as the cotangent of the opened struct `x`: such a one is its gradient."""
    if type(x).mutable or tuple(x.fields) != tuple(g.fields) or id(x) in _GIVEN:
        return
    _GIVEN[id(x)] = type(g)
    if t.after is None:
        t.after, t.at_end = [], []
    t.at_end.append(lambda: _GIVEN.pop(id(x), None))


_UNDEFINED = object()


def _walk_fields(x: Any, visit: Any) -> None:
    for f in x.fields:
        if hasattr(x, f):
            visit(getattr(x, f))


def _lift_named(x: V.NamedTuple, t: Tape) -> Any:
    return V.NamedTuple(x.names, tuple(lift(v, t) for v in x.values))


def _lower_named(traced: Any, x: V.NamedTuple) -> Any:
    values = tuple(lower(a, b) for a, b in zip(traced.values, x.values, strict=True))
    return None if all(v is None for v in values) else V.NamedTuple(x.names, values)


def _lift_pair(x: V.Pair, t: Tape) -> Any:
    return V.Pair(lift(x.first, t), lift(x.second, t))


def _lower_pair(traced: Any, x: V.Pair) -> Any:
    parts = lower(traced.first, x.first), lower(traced.second, x.second)
    return None if parts == (None, None) else V.NamedTuple(("first", "second"), parts)


# ---------------------------------------------------------------- mutable values

# id -> [(object, what its parts were lifted to, the tape)], while and after it is open
_OPENED: dict[int, list[tuple[Any, dict[Any, Any], Any]]] = {}


def is_open(x: Any, t: Any) -> bool:
    """Was a value opened for a tape already, from another place?"""
    stack = _OPENED.get(id(x))
    return stack is not None and stack[-1][2] is t


def _opened(x: Any, parts: dict[Any, Any], t: Any, close: Any) -> Any:
    _OPENED.setdefault(id(x), []).append((x, parts, t))

    def after() -> None:
        close()

    def forget() -> None:
        stack = _OPENED[id(x)]
        stack.pop()
        if not stack:
            del _OPENED[id(x)]

    if t.after is None:
        t.after, t.at_end = [], []
    t.after.append(after)
    t.at_end.append(forget)
    return x


def _parts_of(x: Any) -> dict[Any, Any]:
    stack = _OPENED.get(id(x))
    return stack[-1][1] if stack else {}


def _lift_mutable(x: Any, t: Any) -> Any:
    if is_open(x, t):
        return x
    parts, before = {}, {}
    for f in x.fields:
        if hasattr(x, f):
            before[f] = getattr(x, f)
            lifted = lift(before[f], t)
            if lifted is not before[f] or is_open(lifted, t):
                parts[f] = lifted
                object.__setattr__(x, f, lifted)

    def close() -> None:
        for f, v in parts.items():
            now = getattr(x, f)
            object.__setattr__(x, f, before[f] if now is v else outside(now, t))
        for f in x.fields:
            if hasattr(x, f) and f not in parts:
                object.__setattr__(x, f, outside(getattr(x, f), t))

    return _opened(x, {f: (v, before[f]) for f, v in parts.items()}, t, close)


def _lower_mutable(traced: Any, x: Any) -> Any:
    parts = _parts_of(x)
    names = tuple(x.fields)
    values = tuple(lower(*parts[f]) if f in parts else None for f in names)
    return None if all(v is None for v in values) else V.NamedTuple(names, values)


def _walk_opened(x: Any, visit: Any) -> None:
    for v, _ in _parts_of(x).values():
        visit(v)


def _walk_struct(x: Any, visit: Any) -> None:
    (_walk_opened if type(x).mutable else _walk_fields)(x, visit)


def _lift_ref(r: Any, t: Any) -> Any:
    if is_open(r, t):
        return r
    before = r.x
    r.x = lifted = lift(before, t)

    def close() -> None:
        r.x = before if r.x is lifted else outside(r.x, t)

    return _opened(r, {"x": (lifted, before)}, t, close)


def _lower_ref(traced: Any, r: Any) -> Any:
    g = lower(*_parts_of(r).get("x", (None, None)))
    return None if g is None else V.NamedTuple(("x",), (g,))


def _lift_dict(d: Any, t: Any) -> Any:
    if is_open(d, t):
        return d
    lifted = [(k, lift(v, t), v) for k, v in d.pairs()]
    for k, v, old in lifted:
        if v is not old:
            _put(d, k, v)

    def close() -> None:
        known = {id(v): old for _, v, old in lifted}
        for k, v in list(d.pairs()):
            if id(v) in known:
                _put(d, k, known[id(v)])
            elif isinstance(v, Node):
                _put(d, k, outside(v, t))

    return _opened(d, dict(enumerate((v, (k, old)) for k, v, old in lifted)), t, close)


def _put(d: Any, k: Any, v: Any) -> None:
    """Assign to a dictionary without looking at its types."""
    d.put(k, v)


def _lower_dict(traced: Any, d: Any) -> Any:
    out = V.JuliaDict(T.Any_, T.Any_)
    empty = True
    for v, (k, old) in _parts_of(d).values():
        g = lower(v, old)
        if g is not None:
            _put(out, k, g)
            empty = False
    return None if empty else out


def outside(x: Any, t: Tape) -> Any:
    """A value without the nodes of a tape that ends."""
    if isinstance(x, Node) and x.tape is t:
        return gradients.below(x, t) if not isinstance(x, Array) or x.nested else plain(x)
    if type(x) is tuple:
        return tuple(outside(v, t) for v in x)
    if isinstance(x, V.NamedTuple):
        return V.NamedTuple(x.names, tuple(outside(v, t) for v in x.values))
    if isinstance(x, Array) and not isinstance(x, Node) and x.data.dtype == object:
        for i in np.ndindex(x.data.shape):
            v = x.data[i]
            if isinstance(v, Node):
                x.data[i] = outside(v, t)
        return x
    immutable = isinstance(x, FUNCTIONS) or (isinstance(x, Struct) and not type(x).mutable)
    if not immutable or not any(isinstance(getattr(x, f, None), Node) for f in x.fields):
        return x
    out = object.__new__(type(x))
    for f in x.fields:
        if hasattr(x, f):
            object.__setattr__(out, f, outside(getattr(x, f), t))
    return out


# ---------------------------------------------------------------- parameters in place


def _lend(a: Any, t: Any) -> Any:
    cls = type(a)
    if cls in PLAIN:
        state: tuple[Any, ...] = (
            cls,
            a.tape,
            a.below if a.nested else None,
            a.grad,
            a.grad is not None and a.own,
        )
        outer = a.tape.over(a.below) if a.nested else a.tape.node(a.data)
        a.tape.append((tapes.passes, outer, a, None))
        a.__class__ = nested_twin(PLAIN[cls])
        a.below = outer
    else:
        state = (cls,)
        a.__class__ = twin(cls)
    a.tape = t
    a.grad = None
    return state


def _give_back(a: Any, state: Any) -> Any:
    grad = a.grad
    if grad is not None:
        grad = gradients.project(grad, a)
        if type(grad) is ndarray:
            grad = wrap(grad)
    a.__class__ = state[0]
    if len(state) > 1:
        _, a.tape, below, a.grad, a.own = state
        if below is not None:
            a.below = below
    else:
        del a.tape, a.grad
    return grad


gradients.register_lender(Array, _lend, _give_back)
gradients.register_lender(V.Wrapper, _lend_wrapper, _give_back_wrapper)
KEYS[V.Wrapper] = V.identity_key

_WAYS: list[tuple[Any, Any, Any, Any]] = [
    (Array, _lift_array, _lower_array, _walk_array),
    (V.Range, _lift_dense, _lower_dense, lambda x, v: None),
    (V.Wrapper, _lift_wrapper, _lower_wrapper, _walk_wrapper),
    (V.NamedTuple, _lift_named, _lower_named, lambda x, v: [v(p) for p in x.values]),
    (V.Pair, _lift_pair, _lower_pair, lambda x, v: (v(x.first), v(x.second))),
    (V.Ref, _lift_ref, _lower_ref, _walk_opened),
    (V.JuliaDict, _lift_dict, _lower_dict, _walk_opened),
    (Struct, _lift_mutable, _lower_mutable, _walk_struct),
]
for _cls, _open, _close, _walk in _WAYS:
    gradients.register_lifter(_cls, _open, _close)
    gradients.WALKERS[_cls] = _walk

for _fields in (Struct, *FUNCTIONS):
    gradients.MAKERS[_fields] = _fields_openers
gradients.MAKERS[Array] = _array_openers
for _fields in FUNCTIONS:
    gradients.WALKERS[_fields] = _walk_fields

gradients.register_lifter(
    Rational,
    rational_node,
    lambda traced, x: gradients.project(traced.grad, traced) if isinstance(traced, Node) else None,
)
for _big in (BigFloat, BigInt):
    gradients.register_lifter(
        _big,
        rational_node,
        lambda traced, x: (
            gradients.project(traced.grad, traced) if isinstance(traced, Node) else None
        ),
    )
gradients.register_lifter(
    Irrational,
    lambda x, t: t.node(float(x)),
    lambda traced, x: gradients.project(traced.grad, traced),
)
gradients.register_lifter(
    Complex,
    lambda x, t: t.node(complex(x)),
    lambda traced, x: gradients.project(traced.grad, traced),
)

gradients.STRIPPERS[V.NamedTuple] = lambda x, f: V.NamedTuple(x.names, tuple(map(f, x.values)))
gradients.FIRSTS[V.NamedTuple] = lambda x: x.values[0] if x.values else None


def _parts_given(seed: Any) -> dict[str, Any]:
    """The parts of a sensitivity by name; it may be a value of the type that it is for."""
    if isinstance(seed, V.NamedTuple):
        return dict(zip(seed.names, seed.values, strict=True))
    if isinstance(seed, Struct):
        return {n: getattr(seed, n, None) for n in seed.fields}
    raise ArgumentError(
        f"the sensitivity of a struct is a named tuple or `nothing`, got {Base.bindings['repr'](plain(seed))}"
    )


def _seed_named(y: Any, seed: Any, give: Any) -> None:
    given = _parts_given(seed)
    for n, v in zip(y.names, y.values, strict=True):
        give(v, seed_from(given.get(n)))


def _seed_fields(y: Any, seed: Any, give: Any) -> None:
    given = _parts_given(seed)
    for f in y.fields:
        give(getattr(y, f, None), seed_from(given.get(f)))


def _seed_array(y: Any, seed: Any, give: Any) -> None:
    if y.data.dtype == object:
        if isinstance(seed, np.ndarray):
            raise NoMethod("changes of an array whose elements are of any type")
        for a, b in zip(elements(y.data), elements(seed.data), strict=True):
            give(a, seed_from(b))


def _seed_seen(y: Any, seed: Any, give: Any) -> None:
    if isinstance(seed, V.NamedTuple):
        for n, v in zip(seed.names, seed.values, strict=True):
            part = getattr(y.value, "parent" if n == "data" else n, None)
            if isinstance(part, Node):
                give(part, to_engine(densify(v)))
    else:
        give(y.dense, to_engine(densify(seed)))


gradients.SEEDERS[Seen] = _seed_seen
gradients.SEEDERS[V.NamedTuple] = _seed_named
gradients.SEEDERS[Struct] = _seed_fields
gradients.SEEDERS[Array] = _seed_array
_ = JuliaTape
