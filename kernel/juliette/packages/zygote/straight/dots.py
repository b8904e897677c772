"""Dotted calls: one elementwise program for a tree, into which functions of the user's own are walked."""

from __future__ import annotations

from typing import Any

import numpy as np

from juliette.base.lanes import PARTIAL
from juliette.compiler.closures import ClosureBase
from juliette.packages.zygote.dotted import broadcast_rule
from juliette.packages.zygote.straight.blocked import is_long, long_call
from juliette.packages.zygote.straight.items import NUMBERS, Refuse, Val
from juliette.packages.zygote.straight.terms import (
    COMPLEX,
    MASKS,
    OBSERVERS,
    as_leaf,
    is_array,
    is_number,
    own_for_numbers,
    passive,
    raw_array,
    text_of,
)  # fmt: skip
from juliette.packages.zygote.straight.values import Const, Lane, Local, Record
from juliette.runtime import types as T
from juliette.runtime.array import wrap
from juliette.runtime.dispatch import GenericFunction
from juliette.runtime.kernels import KERNELS, Literal
from juliette_engine import rules
from juliette_engine.elementwise import Elementwise, run_tree
from juliette_engine.fusion import Call, Fixed


class Spread:
    """A dotted call that is being made: its leaves, and the tree of its operations."""

    def __init__(self, walk: Any, values: list[Any]) -> None:
        self.walk = walk
        self.leaves: list[Val] = []
        self.functions: list[Any] = []
        self.single = any(is_array(a) and a.example.data.dtype == np.float32 for a in values)
        self.pole = False  # is there a division?
        self.partial = False  # are there functions that throw where there is no number?
        self.inlined = False

    def constant(self, x: Any) -> Fixed:
        return Fixed(np.float64(x) if type(x) is float and self.single else x)

    def place(self, x: Val) -> int:
        """A leaf, for each place where it is written, as on the tape: so sums round alike."""
        self.leaves.append(x)
        return len(self.leaves) - 1

    def value(self, x: Any) -> Any:
        """A value as a part of the tree."""
        if type(x) is Lane:
            return x.tree
        if type(x) is Const and type(x.example) in NUMBERS:
            return self.constant(x.example)
        return self.place(as_leaf(self.walk, x))

    def apply(self, f: Any, args: list[Any]) -> Any:
        """A function of parts of the tree; raises LookupError if it has no rule."""
        function = f.example if type(f) in (Const, Record) else None
        if isinstance(function, GenericFunction) and not own_for_numbers(function, len(args)):
            found = self.operation(function, args)
            if found is not None:
                return found
        if not isinstance(function, (GenericFunction, ClosureBase)) and type(f) is not Local:
            raise LookupError
        self.inlined = True
        try:
            return self.value(self.walk.call(f, [self.lane(a) for a in args]))
        except Refuse:
            raise LookupError from None

    def operation(self, function: GenericFunction, args: list[Any]) -> Any:
        """An operation of the engine; None if there is none for the function."""
        op = broadcast_rule(function, len(args))
        self.functions.append(function)
        if not isinstance(op, Elementwise) or op in COMPLEX:
            return args[0] if len(args) == 1 and function.name in ("+", "identity") else None
        usual = tuple(getattr(op, "constants", {}).values())[len(args) - 1 :]
        return Call(op, (*args, *map(Fixed, usual)))

    def lane(self, tree: Any) -> Any:
        """A part of the tree as an argument of a function: what is one number for all stays that."""
        if isinstance(tree, Fixed):
            return Const(float(tree.value) if type(tree.value) is np.float64 else tree.value)
        if isinstance(tree, int) and not self.leaves[tree].array:
            return self.leaves[tree]
        sample = run_tree(tree, [x.slot.sample for x in self.leaves])
        kind = T.TYPE_OF_DTYPE.get(np.asarray(sample).dtype)
        if kind not in _ONES:
            raise Refuse("a dotted call on other numbers")
        return Lane(tree, _ONES[kind], self)


_ONES = {T.Float64: 1.0, T.Float32: np.float32(1), T.Int64: 1}


def lane_call(walk: Any, function: Any, args: list[Any]) -> Any:
    """A function of Base inside a function of the user's that a dotted call applies to each element."""
    spread = next(a.spread for a in args if type(a) is Lane)
    name = function.name
    if not all(type(a) is Lane or is_number(a) for a in args) or own_for_numbers(
        function, len(args)
    ):
        raise Refuse(f"{name} in a dotted call")
    if name in ("+", "*") and len(args) > 2:
        first, second, *rest = args
        return lane_call(walk, function, [lane_call(walk, function, [first, second]), *rest])
    if name in MASKS and len(args) == 2:
        return Lane(Call(MASKS[name], tuple([spread.value(a) for a in args])), True, spread)
    if name in ("\\", "inv") or (name == "/" and not (type(args[1]) is Const and args[1].example)):
        spread.pole = True
    if name in PARTIAL and not (
        name == "^" and type(args[1]) is Const and args[1].example in (1, 2, 3)
    ):
        spread.partial = True
    tree = spread.operation(function, [spread.value(a) for a in args])
    if tree is None:
        raise Refuse(f"{name} in a dotted call")
    return spread.lane(tree)


def chosen(walk: Any, test: Lane, sides: list[Any]) -> Lane:
    """What a condition chooses for each element; both sides are computed for all of them."""
    spread = test.spread
    before = spread.pole, spread.partial
    spread.pole = spread.partial = False
    with walk.flow.into([]) as region:
        a, b = [side() for side in sides]
    if spread.pole or spread.partial or region:
        raise Refuse("a branch that may have no value where it is not taken")
    spread.pole, spread.partial = before
    return spread.lane(Call(rules.where, (test.tree, spread.value(a), spread.value(b))))


def dotted(walk: Any, template: Any, args: list[Any]) -> Any:
    """A tree of dotted calls."""
    spread = Spread(walk, args)

    def visit(n: Any) -> Any:
        if isinstance(n, Literal):
            return spread.constant(n.value)
        if isinstance(n, int):
            return spread.value(args[n])
        return spread.apply(args[n.function], [visit(a) for a in n.args])

    try:
        tree = visit(template.tree)
    except LookupError:
        return _plain_dotted(walk, template, args)
    if not isinstance(tree, Call) or not any(x.array for x in spread.leaves):
        return _plain_dotted(walk, template, args)
    return finished(walk, spread, tree)


def mapped(walk: Any, f: Any, xs: list[Any]) -> Any:
    """`f.(xs...)`; None if it cannot be written down."""
    spread = Spread(walk, xs)
    try:
        tree = spread.apply(f, [spread.value(x) for x in xs])
    except LookupError:
        return None
    return finished(walk, spread, tree) if isinstance(tree, Call) else xs[0] if tree == 0 else None


def finished(walk: Any, spread: Spread, tree: Call) -> Val:
    """The value of a dotted call."""
    walk.rests_on += [(f, None) for f in spread.functions]
    values = [x.example.data if x.array else x.example for x in spread.leaves]
    with np.errstate(all="ignore"):
        y = run_tree(
            tree, [np.float64(v) if type(v) is float and spread.single else v for v in values]
        )
    if type(y) is not np.ndarray or y.dtype.kind != "f" or not y.ndim:
        raise Refuse("a dotted call that gives other values")
    example = wrap(np.asfortranarray(y))
    out = (
        long_call(walk, tree, spread.leaves, example, spread.partial)
        if is_long(spread.leaves)
        else None
    )
    if out is None:
        out = walk.flow.fused(tree, spread.leaves, example)
    if spread.partial:
        walk.flow.line(f"if isnan({out.name}).any(): raise Bail")
    return out


def _plain_dotted(walk: Any, template: Any, args: list[Any]) -> Any:
    """A tree of dotted calls through which no gradient goes."""
    tree = template.tree
    if (
        len(args) == 2
        and type(args[tree.function]) is Const
        and args[tree.function].example in (T.Float32, T.Float64)
    ):
        x = args[1 - tree.function]
        if is_array(x) and not x.active:
            dtype = T.DTYPE_OF[args[tree.function].example]
            return raw_array(
                walk,
                f"{x.name}.astype({dtype.char!r})",
                wrap(np.asfortranarray(x.example.data, dtype=dtype)),
            )
    functions = template.functions
    fixed = []
    for i, a in enumerate(args):
        if i in functions:
            f = a.example if type(a) is Const else None
            if (
                not isinstance(f, GenericFunction)
                or KERNELS.get(f) is None
                or own_for_numbers(f, 1)
                or own_for_numbers(f, 2)
            ):
                raise Refuse("a dotted call of a function that is not known")
            fixed.append(f)
        elif a.active and not all(f.name in OBSERVERS for f in fixed):
            raise Refuse("a dotted call of a function without a rule")
        elif not a.active and not passive(a):
            raise Refuse("a dotted call on other values")
    walk.rests_on += [(f, None) for f in fixed]
    example = template.run(*[a.example for a in args])
    text = f"{walk.flow.hold(template.run)}({', '.join(walk.flow.hold(a.example) if i in functions else text_of(walk, a) for i, a in enumerate(args))})"
    return walk.opener.open(text, example, False, walk.flow.region, varies=True)
