"""Python forms for arrays, dictionaries and strings of known types.

An element of an `Array` of numbers is read through a memoryview, which gives Python numbers.  No
test for bounds is emitted: Python raises an IndexError, and the place in the code (its column stands
for the number of the access) says which array and which indices it was.
"""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING, Any

from juliette.compiler import core as C
from juliette.compiler.lattice import HIGH, LENGTH

LOAD, STORE = ast.Load(), ast.Store()


class Sites:
    """The accesses of one function: the array's variable, and for each index a variable and an offset."""

    __slots__ = ("places",)

    def __init__(self, places: list[tuple[str, list[tuple[str | None, int]]]]) -> None:
        self.places = places


class DataForms:
    """A part of the emitter."""

    if TYPE_CHECKING:

        def __getattr__(self, name: str) -> Any: ...

    # ------------------------------------------------------------ ranges

    def python_range(self, node: C.Call) -> ast.expr:
        """`a:b` or `a:step:b` as Python's `range`."""
        parts = self.exprs(node.args)
        start, stop = parts[0], parts[-1]
        step = parts[1].value if len(parts) == 3 else 1
        beyond = 1 if step > 0 else -1
        if isinstance(stop, ast.Constant):
            stop = self.const(stop.value + beyond)
        else:
            stop = self.binary(ast.Add if beyond > 0 else ast.Sub, stop, self.const(1))
        return self.call("%range", start, stop, *([self.const(step)] if len(parts) == 3 else []))  # type: ignore[no-any-return]

    # ------------------------------------------------------------ arrays

    def attribute(self, e: ast.expr, name: str) -> ast.expr:
        return self.at(ast.Attribute(e, name, LOAD))  # type: ignore[no-any-return]

    def array_length(self, node: C.Node, ndim: int) -> ast.expr:
        data = self.attribute(self.expr(node), "data")
        return self.call("%len", data) if ndim == 1 else self.attribute(data, "size")  # type: ignore[no-any-return]

    def array_shape(self, node: C.Node) -> ast.expr:
        return self.attribute(self.attribute(self.expr(node), "data"), "shape")

    def index(self, node: C.Node) -> tuple[ast.expr, tuple[str | None, int]]:
        """An index counted from 0, and where to find its value if it is out of bounds."""
        e, low, _ = self.ring(node)
        if isinstance(e, ast.Constant):
            return self.const(e.value - 1 if e.value > 0 else HIGH), (None, e.value)
        offset = 0
        if isinstance(e, ast.Name):
            base, name = e, e.id
        elif (
            isinstance(e, ast.BinOp) and isinstance(e.op, (ast.Add, ast.Sub))
            and isinstance(e.left, ast.Name) and isinstance(e.right, ast.Constant)
        ):
            base, name = e.left, e.left.id
            offset = e.right.value if isinstance(e.op, ast.Add) else -e.right.value
        else:
            base, again = self.hold(e)
            name = again.id
        shift = offset - 1
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
            test = self.at(ast.Compare(self.attribute(first, "of"), [ast.Is()], [self.attribute(again, "data")]))
            data = self.choose(test, self.attribute(again, "view"), self.call("%view", again))
        index = parts[0] if len(parts) == 1 else self.at(ast.Tuple(parts, LOAD))
        self.sites.append((again.id, indices))
        out = self.at(ast.Subscript(data, index, context))
        out.col_offset = out.end_col_offset = len(self.sites)
        return out  # type: ignore[no-any-return]

    def load_element(self, node: C.Call, index: Any) -> ast.expr:
        return self.access(node.args, True, LOAD)

    def load_object(self, node: C.Call, index: Any) -> ast.expr:
        """An element of an array of references, which may be undefined."""
        first, again = self.hold(self.access(node.args, False, LOAD))
        test = self.at(ast.Compare(first, [ast.IsNot()], [self.name("%UNDEF")]))
        return self.choose(test, again, self.call("%undefined"))  # type: ignore[no-any-return]

    def store_element(self, node: C.Call, index: Any, view: bool) -> None:
        """`A[i, j] = v` as a statement."""
        target, value, *indices = node.args
        held = self.expr(value)
        if not isinstance(held, (ast.Name, ast.Constant)):
            t = self.temp()
            self.store(t, held)
            held = self.name(t)
        place = self.access([target, *indices], view, STORE)
        self.push(ast.Assign([place], held))

    def stored(self, node: C.Call, index: Any, view: bool) -> ast.expr:
        self.store_element(node, index, view)
        return self.expr(node.args[0])  # type: ignore[no-any-return]

    # ------------------------------------------------------------ dictionaries whose keys are numbers or strings

    def dict_load(self, node: C.Call) -> ast.expr:
        d, k = self.exprs(node.args)
        k, again = self.hold(k)
        found, entry = self.hold(self.call(self.attribute(self.attribute(d, "data"), "get"), k))
        test = self.at(ast.Compare(found, [ast.IsNot()], [self.const(None)]))
        value = self.at(ast.Subscript(entry, self.const(1), LOAD))
        return self.choose(test, value, self.call("%no_key", again))  # type: ignore[no-any-return]

    def dict_get(self, node: C.Call) -> ast.expr:
        d, k, default = self.exprs(node.args)
        if not isinstance(default, (ast.Name, ast.Constant)):
            return self.call("%dict_get", d, k, default)  # type: ignore[no-any-return]
        found, entry = self.hold(self.call(self.attribute(self.attribute(d, "data"), "get"), k))
        test = self.at(ast.Compare(found, [ast.IsNot()], [self.const(None)]))
        return self.choose(test, self.at(ast.Subscript(entry, self.const(1), LOAD)), default)  # type: ignore[no-any-return]

    def dict_store(self, node: C.Call) -> None:
        d, v, k = self.exprs(node.args)
        if not isinstance(k, (ast.Name, ast.Constant)):
            t = self.temp()
            if not isinstance(v, (ast.Name, ast.Constant)):
                s = self.temp()
                self.store(s, v)
                v = self.name(s)
            self.store(t, k)
            k = self.name(t)
        place = self.at(ast.Subscript(self.attribute(d, "data"), k, STORE))
        self.push(ast.Assign([place], self.at(ast.Tuple([k, v], LOAD))))

    def dict_stored(self, node: C.Call) -> ast.expr:
        self.dict_store(node)
        return self.expr(node.args[0])  # type: ignore[no-any-return]

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
        return self.at(ast.JoinedStr(pieces))  # type: ignore[no-any-return]


assert LENGTH
