"""Python forms for arrays, dictionaries and strings of known types.

An element of an `Array` of numbers is read through a memoryview, which gives Python numbers.  No
test for bounds is emitted: Python raises an IndexError, and the place in the code (its column stands
for the number of the access) says which array and which indices it was.
"""

from __future__ import annotations

import ast
from typing import Any

from juliette.compiler import core as C
from juliette.compiler import lattice as L
from juliette.compiler.emit_pieces import LOAD, Pieces
from juliette.compiler.inference import assigned_in, parts_of, quiet
from juliette.compiler.lattice import HIGH, widen
from juliette.runtime import types as T

STORE = ast.Store()


class Sites:
    """The accesses of one function: the array's variable, and for each index a variable and an offset."""

    __slots__ = ("places",)

    def __init__(self, places: list[tuple[str, list[tuple[str | None, int]]]]) -> None:
        self.places = places


class Uses:
    """How often a variable is used, and how often as an index."""

    __slots__ = ("assigned", "indices", "total", "var")

    def __init__(self, var: C.Var) -> None:
        self.var = var
        self.assigned = self.indices = self.total = 0


def integer(e: ast.Constant) -> int:
    """The whole number that a constant is."""
    assert isinstance(e.value, int)
    return e.value


class DataForms(Pieces):
    """A part of the emitter."""

    # ------------------------------------------------------------ ranges

    def python_range(self, node: Any, from_zero: bool = False) -> ast.expr:
        """`a:b` or `a:step:b` as Python's `range`; `from_zero`: everything less one, for indices."""
        plan = self.plans[id(node)]
        if plan.length is not None:
            parts = [self.const(1), plan.length(self, node)]
        else:
            parts = self.exprs(node.args)
        start, stop = parts[0], parts[-1]
        if from_zero:
            if isinstance(start, ast.Constant):
                return self.call("%range", self.const(integer(start) - 1), stop)
            return self.call("%range", self.binary(ast.Sub, start, self.const(1)), stop)
        beyond = 1
        if plan.length is None and len(parts) == 3:
            low, high = L.bounds(self.element(node.args[1])) or (L.LOW, L.HIGH)
            if low <= 0 <= high:
                return self.call("%step_range", *parts)
            beyond = 1 if low > 0 else -1
        if isinstance(stop, ast.Constant):
            stop = self.const(integer(stop) + beyond)
        else:
            stop = self.binary(ast.Add if beyond > 0 else ast.Sub, stop, self.const(1))
        return self.call("%range", start, stop, *parts[1:-1])

    def loop_from_zero(self, node: C.For, var: C.Var) -> str:
        """`all`, `also` or nothing: is a loop's variable used for indices, so that one less is wanted?"""
        plan = self.plans.get(id(node.iterable))
        if plan is None or plan.form != "range" or self.traced:
            return ""
        if plan.length is None and len(node.iterable.args) != 2:  # type: ignore[attr-defined]
            return ""
        if var.captured or var.boxed:
            return ""
        uses = Uses(var)
        self.count_uses(node.body, uses, False)
        if uses.assigned > 1 or not uses.indices:
            return ""
        return "all" if uses.indices == uses.total else "also" if uses.indices > 1 else ""

    def count_uses(self, node: Any, uses: Uses, as_index: bool) -> None:
        kind = type(node)
        if kind is C.Local:
            if node.var is uses.var:
                uses.total += 1
                uses.indices += as_index
            return
        if kind is C.Assign and node.var is uses.var:
            uses.assigned += 1
        first = -1
        if kind is C.Call:
            plan = self.plans.get(id(node))
            form = plan.form if plan is not None else None
            if form in ("element", "object"):
                first = 2 if node.function.name == "setindex!" else 1
                for i, n in enumerate(node.args):
                    self.count_uses(n, uses, i >= first)
                return
            if (
                as_index
                and form in ("+", "-")
                and len(node.args) == 2
                and type(node.args[1]) is C.Const
            ):
                self.count_uses(node.args[0], uses, True)
                return
        for n in parts_of(node):
            self.count_uses(n, uses, False)

    # ------------------------------------------------------------ arrays

    def array_length(self, node: C.Node, ndim: int) -> ast.expr:
        data = self.attribute(self.expr(node), "data")
        return self.call("%len", data) if ndim == 1 else self.attribute(data, "size")

    def array_shape(self, node: C.Node) -> ast.expr:
        return self.attribute(self.attribute(self.expr(node), "data"), "shape")

    def index(self, node: C.Node) -> tuple[ast.expr, tuple[str | None, int]]:
        """An index counted from 0, and where to find its value if it is out of bounds."""
        e, low, _ = self.ring(node)
        if isinstance(e, ast.Constant):
            at = integer(e)
            return self.const(at - 1 if at > 0 else HIGH), (None, at)
        offset = 0
        if isinstance(e, ast.Name):
            base: ast.expr = e
            name = e.id
        elif (
            isinstance(e, ast.BinOp)
            and isinstance(e.op, (ast.Add, ast.Sub))
            and isinstance(e.left, ast.Name)
            and isinstance(e.right, ast.Constant)
        ):
            base, name = e.left, e.left.id
            offset = integer(e.right) * (1 if isinstance(e.op, ast.Add) else -1)
        else:
            base, again = self.hold(e)
            name = again.id
        shift = offset - 1
        if name in self.zero:
            base = self.name(self.zero[name])
            name, offset, shift = self.zero[name], offset + 1, offset
        out = base
        if shift:
            out = self.binary(ast.Add if shift > 0 else ast.Sub, base, self.const(abs(shift)))
        if low < 1:
            first, again = self.hold(out)
            test = self.at(ast.Compare(first, [ast.GtE()], [self.const(0)]))
            out = self.choose(test, again, self.const(HIGH))
        return out, (name, offset)

    def access(self, nodes: list[C.Node], view: bool, context: ast.expr_context) -> ast.expr:
        """`A[i, j]`, to read or to write."""
        indices: list[tuple[str | None, int]] = []

        def operand(n: C.Node) -> ast.expr:
            if n is nodes[0]:
                return self.expr(n)
            e, place = self.index(n)
            indices.append(place)
            return e

        array, *parts = self.exprs(nodes, operand)
        hoisted = self.hoisted.get(array.id) if isinstance(array, ast.Name) else None
        first, again = self.hold(array)
        if not view:
            data = self.attribute(first, "data")
        elif hoisted is not None:
            data = self.name(hoisted)
        else:
            test = self.at(
                ast.Compare(
                    self.attribute(first, "of"), [ast.Is()], [self.attribute(again, "data")]
                )
            )
            data = self.choose(test, self.attribute(again, "view"), self.call("%view", again))
        index = parts[0] if len(parts) == 1 else self.at(ast.Tuple(parts, LOAD))
        self.sites.append((again.id, indices))
        out = self.at(ast.Subscript(data, index, context))
        out.col_offset = out.end_col_offset = len(self.sites)
        return out

    def load_element(self, node: C.Call, index: Any) -> ast.expr:
        line = self.lines.get(id(node))
        if line is None:
            return self.access(node.args, True, LOAD)
        name, counter, places = line
        return self.placed(self.name(name), self.name(counter), places)

    def placed(
        self, data: ast.expr, index: ast.expr, place: tuple[str, list[tuple[str | None, int]]]
    ) -> ast.expr:
        """`data[index]`, with a place for its BoundsError."""
        self.sites.append(place)
        out = self.at(ast.Subscript(data, index, LOAD))
        out.col_offset = out.end_col_offset = len(self.sites)
        return out

    def lines_of(self, node: C.For, var: C.Var) -> list[tuple[C.Call, int]]:
        """Reads `A[i, k]` along the one index `k` of an innermost loop that writes nothing: a list may serve them.

        Only where the loop counts from 1: the list then ends where the array does, and an index beyond it
        fails in the same iteration.
        """
        plan = self.plans[id(node.iterable)]
        start = node.iterable.args[0]  # type: ignore[attr-defined]
        if var.pyname not in self.zero:
            return []
        if plan.length is None and (type(start) is not C.Const or start.value != 1):
            return []
        if not quiet(node.body, self.inference):
            return []
        assigned = assigned_in(node.body, {var})
        found: list[tuple[C.Call, int]] = []
        return found if self._lines_in(node.body, var, assigned, found) else []

    def _lines_in(
        self, node: Any, var: C.Var, assigned: set[C.Var], found: list[tuple[C.Call, int]]
    ) -> bool:
        kind = type(node)
        if kind in (C.For, C.While, C.Try):
            return False
        if kind is C.Call:
            plan = self.plans.get(id(node))
            if plan is not None and plan.store is not None:
                return False
            if (
                plan is not None
                and plan.form == "element"
                and len(node.args) > 2
                and type(node.args[0]) is C.Local
            ):
                along = [
                    d for d, n in enumerate(node.args[1:]) if type(n) is C.Local and n.var is var
                ]
                others = [n for d, n in enumerate(node.args[1:]) if d not in along]
                fixed = all(
                    type(n) is C.Const
                    or (type(n) is C.Local and n.var not in assigned and not n.var.boxed)
                    for n in others
                )
                if len(along) == 1 and fixed and node.args[0].var.pyname in self.hoisted:
                    found.append((node, along[0]))
        return all(self._lines_in(n, var, assigned, found) for n in parts_of(node))

    def take_line(self, node: C.Call, dim: int, var: C.Var, stop: ast.expr) -> None:
        """Before the loop: the part of the array that the loop runs along, as a list."""
        array = node.args[0].var.pyname  # type: ignore[attr-defined]
        zero = self.zero[var.pyname]
        indices: list[ast.expr] = []
        first: list[tuple[str | None, int]] = []
        places: list[tuple[str | None, int]] = []
        for d, n in enumerate(node.args[1:]):
            if d == dim:
                indices.append(self.at(ast.Slice(None, stop, None)))
                first.append((None, 1))
                places.append((zero, 1))
            else:
                e, place = self.index(n)
                indices.append(e)
                first.append(place)
                places.append(place)
        data = self.attribute(self.name(array), "data")
        part = self.placed(data, self.at(ast.Tuple(indices, LOAD)), (array, first))
        t = self.temp()
        self.store(t, self.call(self.attribute(part, "tolist")))
        self.lines[id(node)] = (t, zero, (array, places))

    def load_object(self, node: C.Call, index: Any) -> ast.expr:
        """An element of an array of references, which may be undefined."""
        first, again = self.hold(self.access(node.args, False, LOAD))
        test = self.at(ast.Compare(first, [ast.IsNot()], [self.name("%UNDEF")]))
        return self.choose(test, again, self.call("%undefined"))

    def store_element(self, node: C.Call, index: Any, view: bool, to: Any = None) -> None:
        """`A[i, j] = v` as a statement; `to` makes an element of the value."""
        target, value, *indices = node.args
        held = self.expr(value)
        if to is not None:
            held = self.call(self.constant_for("to", to), held)
        if not isinstance(held, (ast.Name, ast.Constant)):
            t = self.temp()
            self.store(t, held)
            held = self.name(t)
        place = self.access([target, *indices], view, STORE)
        self.push(ast.Assign([place], held))

    def stored(self, node: C.Call, index: Any, view: bool, to: Any = None) -> ast.expr:
        self.store_element(node, index, view, to)
        return self.expr(node.args[0])

    # ------------------------------------------------------------ dictionaries whose keys are numbers or strings

    def entries(self, d: ast.expr) -> ast.expr:
        """Python's dict in a dictionary."""
        taken = self.hoisted.get(d.id) if isinstance(d, ast.Name) else None
        return self.attribute(d, "data") if taken is None else self.name(taken)

    def dict_load(self, node: C.Call) -> ast.expr:
        d, k = self.exprs(node.args)
        d, dictionary = self.hold(d)
        k, again = self.hold(k)
        get = self.attribute(self.entries(d), "get")
        missing = self.call("%no_key", dictionary, again)
        value_type = widen(self.element(node))
        if (
            isinstance(value_type, T.DataType)
            and value_type is not T.Nothing
            and value_type.concrete
        ):
            found, value = self.hold(self.call(get, k))
            test = self.at(ast.Compare(found, [ast.IsNot()], [self.const(None)]))
        else:
            found, value = self.hold(self.call(get, k, self.name("%ABSENT")))
            test = self.at(ast.Compare(found, [ast.IsNot()], [self.name("%ABSENT")]))
        return self.choose(test, value, missing)

    def dict_get(self, node: C.Call) -> ast.expr:
        d, k, default = self.exprs(node.args)
        return self.call(self.attribute(self.entries(d), "get"), k, default)

    def dict_store(self, node: C.Call, cut: bool = False) -> None:
        d, v, k = self.exprs(node.args)
        if cut:
            k = self.call("%str", k)
        place = self.at(ast.Subscript(self.entries(d), k, STORE))
        self.push(ast.Assign([place], v))

    def dict_stored(self, node: C.Call, cut: bool = False) -> ast.expr:
        self.dict_store(node, cut)
        return self.expr(node.args[0])

    # ------------------------------------------------------------ strings

    def joined(self, node: C.Call) -> ast.expr:
        """`string(…)` of strings and integers."""
        pieces: list[ast.expr] = []
        for e in self.exprs(node.args):
            if isinstance(e, ast.Constant):
                e = self.const(str(e.value))
                pieces.append(e)
            else:
                pieces.append(self.at(ast.FormattedValue(e, -1, None)))
        return self.at(ast.JoinedStr(pieces))
