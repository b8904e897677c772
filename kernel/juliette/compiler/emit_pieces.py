"""What all parts of the emitter work with: its state, and small pieces of Python code."""

from __future__ import annotations

import ast
import itertools
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar

from juliette.compiler import core as C
from juliette.compiler.inference import Inference
from juliette.compiler.lattice import ANY

LOAD, STORE = ast.Load(), ast.Store()
ATOMS = (int, float, str, type(None))
ISA_TABLES: dict[Any, tuple[str, Any]] = {}
_COUNTER = itertools.count()

Piece = TypeVar("Piece", bound=ast.AST)


class Pieces:
    """The state of emitting one function, and what is written again and again."""

    def __init__(
        self, module: Any, constants: dict[str, Any], inference: Inference | None = None
    ) -> None:
        self.module = module
        self.inference = inference
        self.plans = inference.plans if inference is not None else {}
        self.types = inference.types if inference is not None else {}
        self.traced = inference is not None and inference.traced
        self.constants = constants
        self.out: list[ast.stmt] = []
        self.line = 1
        self.temps = 0
        self.return_type: C.Node | None = None
        self.in_function = False
        # within a loop, where a scope is entered more than once
        self.looping = 0
        self.locals: frozenset[str] = frozenset()
        # accesses of arrays, by number; and views of arrays taken before a loop
        self.sites: list[tuple[str, list[tuple[str | None, int]]]] = []
        self.hoisted: dict[str, str] = {}
        # what is done with the elements of the comprehensions around
        self.yields: list[Callable[[ast.expr], ast.stmt]] = []
        # of the innermost question around that is answered early: has it been?  and how many loops it is in
        self.stop: ast.expr | None = None
        self.depth = 0
        # loop variables of which one less is kept, for indices
        self.zero: dict[str, str] = {}
        # reads of arrays that a list serves: the list, its index, and the place in the array
        self.lines: dict[int, tuple[str, str, tuple[str, list[tuple[str | None, int]]]]] = {}
        # variables that have a value for certain at this place
        self.definite: set[C.Var] = set()
        # items of loops whose variable Python's `for` assigns itself
        self.loop_variables: set[C.Var] = set()

    if TYPE_CHECKING:
        # What the parts ask of one another.
        def expr(self, node: C.Node) -> ast.expr: ...
        def stmt(self, node: C.Node) -> None: ...
        def test(self, node: C.Node) -> ast.expr: ...
        def callee(self, node: C.Call) -> Any: ...
        def ring(self, node: C.Node) -> tuple[ast.expr, int, int]: ...
        def python_range(self, node: C.Node, from_zero: bool = False) -> ast.expr: ...
        def loop_from_zero(self, node: C.For, var: C.Var) -> str: ...
        def lines_of(self, node: C.For, var: C.Var) -> list[tuple[C.Call, int]]: ...
        def take_line(self, node: C.Call, dim: int, var: C.Var, stop: ast.expr) -> None: ...

    def at(self, node: Piece) -> Piece:
        """A piece with the line that is being emitted."""
        place: Any = node
        place.lineno = place.end_lineno = self.line
        place.col_offset = place.end_col_offset = 0
        return node

    def name(self, id_: str, store: bool = False) -> ast.Name:
        return self.at(ast.Name(id_, STORE if store else LOAD))

    def call(self, f: ast.expr | str, *args: ast.expr) -> ast.expr:
        if isinstance(f, str):
            f = self.name(f)
        return self.at(ast.Call(f, list(args), []))

    def const(self, value: Any) -> ast.expr:
        if type(value) in ATOMS or value is True or value is False:
            return self.at(ast.Constant(value))
        if type(value) is tuple and all(type(v) in (*ATOMS, bool) for v in value):
            return self.at(ast.Tuple([self.const(v) for v in value], LOAD))
        name = f"%c{next(_COUNTER)}"
        self.constants[name] = value
        return self.name(name)

    def temp(self) -> str:
        self.temps += 1
        return f"%e{self.temps}"

    def push(self, stmt: ast.stmt) -> None:
        self.out.append(self.at(stmt))

    def store(self, target: str, value: ast.expr) -> None:
        self.push(ast.Assign([self.name(target, True)], value))

    def sub(self) -> list[ast.stmt]:
        saved, self.out = self.out, []
        return saved

    def done(self, saved: list[ast.stmt]) -> list[ast.stmt]:
        body, self.out = self.out, saved
        return body or [self.at(ast.Pass())]

    def element(self, node: C.Node) -> Any:
        """What inference knows of a node's value."""
        return self.types.get(id(node), ANY)

    def exprs(
        self, nodes: list[C.Node], emit: Callable[[C.Node], ast.expr] | None = None
    ) -> list[ast.expr]:
        """Several operands, left to right."""
        results: list[ast.expr] = []
        emit = emit or self.expr
        for node in nodes:
            mark = len(self.out)
            e = emit(node)
            if len(self.out) > mark:
                saved: list[ast.stmt] = []
                for i, r in enumerate(results):
                    inner = r.value if isinstance(r, ast.Starred) else r
                    if not isinstance(inner, ast.Constant) and not (
                        isinstance(inner, ast.Name) and inner.id.startswith("%")
                    ):
                        t = self.temp()
                        saved.append(self.at(ast.Assign([self.name(t, True)], inner)))
                        new = self.name(t)
                        results[i] = (
                            self.at(ast.Starred(new, LOAD)) if isinstance(r, ast.Starred) else new
                        )
                self.out[mark:mark] = saved
            results.append(e)
        return results

    def binary(self, op: Any, a: ast.expr, b: ast.expr) -> ast.expr:
        return self.at(ast.BinOp(a, op(), b))

    def choose(self, test: ast.expr, a: ast.expr, b: ast.expr) -> ast.expr:
        return self.at(ast.IfExp(test, a, b))

    def hold(self, e: ast.expr) -> tuple[ast.expr, Any]:
        """An expression to evaluate first, and the same value again."""
        if isinstance(e, (ast.Name, ast.Constant)):
            return e, e
        t = self.temp()
        return self.at(ast.NamedExpr(self.name(t, True), e)), self.name(t)

    def ordered(self, a: ast.expr, b: ast.expr) -> tuple[ast.expr, tuple[ast.expr, Any]]:
        """`a`, and `b` held, where `b` is needed first: `a` is computed before if that can matter."""
        if not isinstance(b, (ast.Name, ast.Constant)) and any(
            isinstance(n, ast.Call) for n in ast.walk(a)
        ):
            t = self.temp()
            self.store(t, a)
            a = self.name(t)
        return a, self.hold(b)

    def constant(self, name: str, value: Any) -> str:
        """A helper's name for a value that is the same for all code."""
        key = f"%={name}"
        self.constants[key] = value
        return key

    def constant_for(self, name: str, value: Any) -> str:
        """A helper's name for a value of its own."""
        key = f"%={name}{id(value):x}"
        self.constants[key] = value
        return key

    def isa_table(self, t: Any) -> str:
        """The name of the table that tells which classes are of a type."""
        from juliette.compiler.data_support import IsaTable

        found = ISA_TABLES.get(t)
        if found is None:
            found = ISA_TABLES[t] = (f"%isa{len(ISA_TABLES)}", IsaTable(t))
        self.constants[found[0]] = found[1]
        return found[0]

    def attribute(self, e: ast.expr, name: str) -> ast.expr:
        return self.at(ast.Attribute(e, name, LOAD))
