"""The orderings of `Base.Order`: how two elements are compared when sorting."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from juliette.base.fields import PROPERTIES, field_error
from juliette.compiler import support
from juliette.runtime import types as T
from juliette.runtime.errors import MethodError
from juliette.runtime.modules import Base, Module, constructors

Order = Module("Order", Base)
Order.visible = Order.bindings["__builtins__"] = Base.bindings
Base.const("Order", Order, export=False)

Ordering = T.define("Base.Order.Ordering", abstract=True)
Order.const("Ordering", Ordering)


class OrderBy:
    """An ordering: how two elements are compared."""

    __slots__ = ("by", "lt", "reversed")
    value_fields = ("by", "lt", "reversed")

    def __init__(self, by: Any = None, lt: Any = None, reversed_: bool = False) -> None:
        self.by, self.lt, self.reversed = by, lt, reversed_


ForwardOrdering = T.define("Base.Order.ForwardOrdering", Ordering)
ReverseOrdering = T.sub_family("Base.Order.ReverseOrdering", "Fwd", lambda _: Ordering)
By = T.sub_family("Base.Order.By", "T O", lambda *_: Ordering)
Lt = T.sub_family("Base.Order.Lt", "T", lambda _: Ordering)


def order_type(o: OrderBy) -> Any:
    """The Julia type of an ordering tells what it is made of."""
    t = ForwardOrdering if o.lt is None else T.apply_type(Lt, T.typeof(o.lt))
    if o.by is not None:
        t = T.apply_type(By, T.typeof(o.by), t)
    return T.apply_type(ReverseOrdering, t) if o.reversed else t


T.register_instances(OrderBy, order_type, Ordering)
for _family, _fields in ((By, ("by", "order")), (Lt, ("lt",)), (ReverseOrdering, ("fwd",))):
    T.unwrap(_family).typename.fields = _fields
    T.unwrap(_family).typename.field_types = (T.Any_,) * len(_fields)


def order_field(o: OrderBy, name: str) -> Any:
    """The ordering as Julia nests it: a reversed one has `fwd`, one by a function `by` and `order`."""
    if o.reversed:
        if name == "fwd":
            return OrderBy(o.by, o.lt)
    elif o.by is not None:
        if name in ("by", "order"):
            return o.by if name == "by" else OrderBy(None, o.lt)
    elif o.lt is not None and name == "lt":
        return o.lt
    raise field_error(o, name)


PROPERTIES[OrderBy] = order_field
Order.const("ForwardOrdering", ForwardOrdering)
for _name, _type in (("ReverseOrdering", ReverseOrdering), ("By", By), ("Lt", Lt)):
    Order.const(_name, _type)


def constructs(family: Any, f: Any) -> None:
    """`By(f)`, `Lt(f)`, `ReverseOrdering(o)`"""

    def construct(t: Any, *args: Any) -> Any:
        if not support.takes(f, len(args)):
            raise MethodError(t, args, None)
        return f(*args)

    support._builtin(
        constructors(family),
        T.tuple_type([T.type_of_type(family), T.Vararg(T.Any_)]),
        construct,
        ("args",),
    )


FORWARD, REVERSE = OrderBy(), OrderBy(reversed_=True)
constructs(ForwardOrdering, lambda: FORWARD)
for _name, _value in (("Forward", FORWARD), ("Reverse", REVERSE)):
    Order.const(_name, _value)


def order_by(by: Any, *order: OrderBy) -> OrderBy:
    """Compare by a function of the elements."""
    inner = as_order_by(order[0]) if order else FORWARD
    return OrderBy(by, inner.lt, inner.reversed)


constructs(By, order_by)


def order_lt(lt: Any) -> OrderBy:
    """Compare with a function of two elements."""
    return OrderBy(None, lt)


constructs(Lt, order_lt)


def order_reverse(*order: OrderBy) -> OrderBy:
    """The opposite ordering."""
    inner = as_order_by(order[0]) if order else FORWARD
    return OrderBy(inner.by, inner.lt, not inner.reversed)


constructs(ReverseOrdering, order_reverse)


Perm_ = T.sub_family("Base.Order.Perm", "O V", lambda *_: Ordering)


class Perm:
    """The order of the elements that indices stand for; equal ones are in the order of the indices."""

    __slots__ = ("data", "order")
    value_fields = ("order", "data")

    def __init__(self, order: Any, data: Any) -> None:
        self.order, self.data = order, data


T.register_instances(
    Perm, lambda p: T.apply_type(Perm_, T.typeof(p.order), T.typeof(p.data)), Perm_
)
T.unwrap(Perm_).typename.fields = ("order", "data")
T.unwrap(Perm_).typename.field_types = (Ordering, T.Any_)
PROPERTIES[Perm] = lambda p, name: getattr(p, name)
Order.const("Perm", Perm_)
constructs(Perm_, Perm)


@Order.method("lt(p::Perm, a::Integer, b::Integer)", export=False)
def permuted_less(p: Perm, a: Any, b: Any) -> bool:
    less, get = Order.bindings["lt"], Base.bindings["getindex"]
    x, y = get(p.data, a), get(p.data, b)
    return holds(less(p.order, x, y)) or (not holds(less(p.order, y, x)) and bool(a < b))


@Base.method("show(io::IO, o::Base.Order.Ordering)")
def show_order(io: Any, o: Any) -> None:
    """`Base.Order.By{typeof(abs), …}(abs, …)`: the type, and what it is made of."""
    show = Base.bindings["show"]
    io.write(T.type_string(T.typeof(o)) + "(")
    if isinstance(o, Perm):
        show(io, o.order)
        io.write(", ")
        show(io, o.data)
    if not isinstance(o, OrderBy):
        io.write(")")
        return
    if o.reversed:
        show(io, OrderBy(o.by, o.lt))
    elif o.by is not None:
        show(io, o.by)
        io.write(", ")
        show(io, OrderBy(None, o.lt))
    elif o.lt is not None:
        show(io, o.lt)
    io.write(")")


def as_order_by(order: Any) -> OrderBy:
    """An ordering of the user's own compares with its method of `Base.Order.lt`."""
    if isinstance(order, OrderBy):
        return order
    less = Order.bindings["lt"]
    return OrderBy(None, lambda a, b: less(order, a, b))


def ordering(
    by: Any = None, lt: Any = None, rev: Any = None, order: OrderBy | None = None
) -> OrderBy:
    """The ordering that the keywords of `sort` describe."""
    if by is Base.bindings["identity"]:
        by = None
    if lt is Base.bindings["isless"]:
        lt = None
    inner = FORWARD if order is None else as_order_by(order)
    if by is not None and inner.by is not None:
        # What the order compares by is asked of what `by` gives.
        first, second = by, inner.by
        by = lambda x: second(first(x))  # noqa: E731
    return OrderBy(
        by if by is not None else inner.by,
        lt if lt is not None else inner.lt,
        bool(rev) != inner.reversed,
    )


def before(o: OrderBy) -> Callable[[Any, Any], bool]:
    """`lt` of an ordering on elements."""
    less, by = o.lt if o.lt is not None else Base.bindings["isless"], o.by
    if o.reversed:
        return lambda a, b: holds(less(b, a) if by is None else less(by(b), by(a)))
    return lambda a, b: holds(less(a, b) if by is None else less(by(a), by(b)))


def holds(x: Any) -> bool:
    return x if x is True or x is False else support.truth(x)


@Order.method("ord(lt, by, rev, order...)")
def order_of(lt: Any, by: Any, rev: Any, *order: OrderBy) -> OrderBy:
    """The ordering that the keywords of `sort` describe."""
    return ordering(by, lt, rev, order[0] if order else None)


@Order.method("lt(o::Ordering, a, b)")
def order_less(o: OrderBy, a: Any, b: Any) -> bool:
    """Does `a` come before `b`?"""
    if not isinstance(o, OrderBy):
        raise MethodError(Order.bindings["lt"], (o, a, b), None)
    return before(o)(a, b)


for _name in (
    "Forward",
    "Reverse",
    "Ordering",
    "ForwardOrdering",
    "ReverseOrdering",
    "By",
    "Lt",
    "Perm",
    "lt",
    "ord",
):
    Base.const(_name, Order.bindings[_name], export=False)
