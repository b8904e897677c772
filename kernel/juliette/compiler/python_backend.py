"""Core language to Python: `ast`, then code objects.

Julia names go straight into `ast.Name`; helpers of the runtime are names that begin with `%`, which
no Julia name can.  Expressions that need statements push them first; operands already computed are
then saved in temporaries, or evaluation order would break.
"""

from __future__ import annotations

import ast
import itertools
from types import CodeType, FunctionType
from typing import Any

from juliette.compiler import core as C
from juliette.compiler.lower import Family, LambdaCode
from juliette.runtime.errors import ErrorException

_COUNTER = itertools.count()
SIMPLE = (ast.Constant,)
ATOMS = (int, float, str, type(None))
# Operators with a fast form: the helper's name and the function of Base that it stands for.
FAST: dict[str, Any] = {}

LOAD, STORE = ast.Load(), ast.Store()


class Emitter:
    """Emits the body of one Python function."""

    def __init__(self, module: Any, constants: dict[str, Any], statics: dict[str, Any] | None = None) -> None:
        self.module = module
        self.constants = constants
        self.out: list[ast.stmt] = []
        self.line = 1
        self.temps = 0
        self.globals_: set[str] = set()
        self.return_type: C.Node | None = None
        self.in_function = False
        self.finals = 0

    # ------------------------------------------------------------ small pieces

    def at(self, node: Any) -> Any:
        node.lineno = node.end_lineno = self.line
        node.col_offset = node.end_col_offset = 0
        return node

    def name(self, id_: str, store: bool = False) -> ast.expr:
        return self.at(ast.Name(id_, STORE if store else LOAD))  # type: ignore[no-any-return]

    def call(self, f: ast.expr | str, *args: ast.expr) -> ast.expr:
        if isinstance(f, str):
            f = self.name(f)
        return self.at(ast.Call(f, list(args), []))  # type: ignore[no-any-return]

    def const(self, value: Any) -> ast.expr:
        if type(value) in ATOMS or value is True or value is False:
            return self.at(ast.Constant(value))  # type: ignore[no-any-return]
        if type(value) is tuple and all(type(v) in (*ATOMS, bool) for v in value):
            return self.at(ast.Tuple([self.const(v) for v in value], LOAD))  # type: ignore[no-any-return]
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

    def means_base(self, name: str) -> bool:
        """Does an operator's name mean Base's function here?"""
        here = self.module.bindings.get(name, self.module.visible.get(name))
        return here is not None and here is FAST[f"%{name}"]

    # ------------------------------------------------------------ expressions

    def exprs(self, nodes: list[C.Node]) -> list[ast.expr]:
        """Several operands, left to right."""
        results: list[ast.expr] = []
        for node in nodes:
            mark = len(self.out)
            e = self.expr(node)
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
                        results[i] = self.at(ast.Starred(new, LOAD)) if isinstance(r, ast.Starred) else new
                self.out[mark:mark] = saved
            results.append(e)
        return results

    def expr(self, node: C.Node) -> ast.expr:
        return getattr(self, "expr_" + type(node).__name__)(node)  # type: ignore[no-any-return]

    def expr_Const(self, node: C.Const) -> ast.expr:
        return self.const(node.value)

    def expr_Local(self, node: C.Local) -> ast.expr:
        e = self.name(node.var.pyname)
        if node.var.boxed:
            return self.at(ast.Attribute(e, "value", LOAD))  # type: ignore[no-any-return]
        return e

    def expr_Global(self, node: C.Global) -> ast.expr:
        if node.name in ("None", "True", "False"):
            return self.call("%lookup", self.const(self.module), self.const(node.name))
        return self.name(node.name)

    def expr_Runtime(self, node: C.Runtime) -> ast.expr:
        return self.name("%" + node.name)

    def expr_Splat(self, node: C.Splat) -> ast.expr:
        return self.at(ast.Starred(self.call("%splat", self.expr(node.value)), LOAD))  # type: ignore[no-any-return]

    def expr_MakeTuple(self, node: C.MakeTuple) -> ast.expr:
        return self.at(ast.Tuple(self.exprs(node.items), LOAD))  # type: ignore[no-any-return]

    def expr_Call(self, node: C.Call) -> ast.expr:
        if node.kwargs:
            keys = [k for k, _ in node.kwargs]
            parts = self.exprs([node.function, *node.args, *[v for _, v in node.kwargs]])
            n = 1 + len(node.args)
            d = ast.Dict(
                [self.const(k) if k is not None else None for k in keys],  # type: ignore[arg-type]
                [
                    v if k is not None else self.call("%keyword_dict", v)
                    for k, v in zip(keys, parts[n:], strict=True)
                ],
            )
            return self.call("%call_kw", parts[0], self.at(d), *parts[1:n])
        if (
            isinstance(node.function, C.Global)
            and len(node.args) == 2
            and f"%{node.function.name}" in FAST
            and not any(isinstance(a, C.Splat) for a in node.args)
            and self.means_base(node.function.name)
        ):
            return self.call(f"%{node.function.name}", *self.exprs(node.args))
        if isinstance(node.function, (C.Runtime, C.Global)):
            return self.call(self.expr(node.function), *self.exprs(node.args))
        parts = self.exprs([node.function, *node.args])
        return self.call(parts[0], *parts[1:])

    def expr_GetField(self, node: C.GetField) -> ast.expr:
        return self.call("%getproperty", self.expr(node.object), self.const_symbol(node.name))

    def const_symbol(self, name: str) -> ast.expr:
        from juliette.syntax.expr import Symbol

        key = f"%:{name}"
        self.constants[key] = Symbol(name)
        return self.name(key)

    def expr_Assign(self, node: C.Assign) -> ast.expr:
        self.assign(node)
        return self.expr_Local(C.Local(node.var))

    def assign(self, node: C.Assign) -> None:
        value = self.expr(node.value)
        self.assign_var(node.var, value)

    def assign_var(self, var: C.Var, value: ast.expr) -> None:
        if var.boxed:
            target = ast.Attribute(self.name(var.pyname), "value", STORE)
            self.push(ast.Assign([self.at(target)], value))
        else:
            self.store(var.pyname, value)

    def expr_AssignGlobal(self, node: C.AssignGlobal) -> ast.expr:
        t = self.temp()
        self.store(t, self.expr(node.value))
        self.set_global(node, self.name(t))
        return self.name(t)

    def set_global(self, node: C.AssignGlobal, value: ast.expr) -> None:
        self.push(ast.Expr(self.call(
            "%set_global", self.const(self.module), self.const(node.name), value, self.const(node.const)
        )))

    def expr_Block(self, node: C.Block) -> ast.expr:
        items = [n for n in node.items]
        while items and isinstance(items[-1], C.Line):
            items.pop()
        if not items:
            return self.const(None)
        for n in items[:-1]:
            self.stmt(n)
        return self.expr(items[-1])

    def expr_Line(self, node: C.Line) -> ast.expr:
        self.line = node.line
        return self.const(None)

    def expr_If(self, node: C.If) -> ast.expr:
        test = self.test(node.test)
        saved = self.sub()
        then = self.expr(node.then)
        then_out = self.out
        self.out = []
        other = self.expr(node.otherwise)
        other_out = self.out
        self.out = saved
        if not then_out and not other_out:
            return self.at(ast.IfExp(test, then, other))  # type: ignore[no-any-return]
        t = self.temp()
        then_out.append(self.at(ast.Assign([self.name(t, True)], then)))
        other_out.append(self.at(ast.Assign([self.name(t, True)], other)))
        self.push(ast.If(test, then_out, other_out))
        return self.name(t)

    def test(self, node: C.Node) -> ast.expr:
        """A condition: only a Bool will do."""
        if isinstance(node, C.Const) and type(node.value) is bool:
            return self.const(node.value)
        if isinstance(node, C.If) and isinstance(node.otherwise, C.Const) and node.otherwise.value is False:
            mark = len(self.out)
            a = self.test(node.test)
            saved = self.sub()
            b = self.test(node.then)
            extra = self.out
            self.out = saved
            if not extra:
                return self.at(ast.BoolOp(ast.And(), [a, b]))  # type: ignore[no-any-return]
            del self.out[mark:]
        elif isinstance(node, C.If) and isinstance(node.then, C.Const) and node.then.value is True:
            mark = len(self.out)
            a = self.test(node.test)
            saved = self.sub()
            b = self.test(node.otherwise)
            extra = self.out
            self.out = saved
            if not extra:
                return self.at(ast.BoolOp(ast.Or(), [a, b]))  # type: ignore[no-any-return]
            del self.out[mark:]
        e = self.expr(node)
        t = self.temp()
        # `t is True or (t is not False and %truth(t))`: plain Bools cost two identity tests.
        held = self.at(ast.NamedExpr(self.name(t, True), e))
        is_true = self.at(ast.Compare(held, [ast.Is()], [self.const(True)]))
        not_false = self.at(ast.Compare(self.name(t), [ast.IsNot()], [self.const(False)]))
        rest = self.at(ast.BoolOp(ast.And(), [not_false, self.call("%truth", self.name(t))]))
        return self.at(ast.BoolOp(ast.Or(), [is_true, rest]))  # type: ignore[no-any-return]

    def expr_statement(self, node: C.Node) -> ast.expr:
        self.stmt(node)
        return self.const(None)

    expr_While = expr_For = expr_Fresh = expr_statement

    def expr_Break(self, node: C.Node) -> ast.expr:
        self.stmt(node)
        return self.const(None)

    expr_Continue = expr_Return = expr_Break

    def expr_Try(self, node: C.Try) -> ast.expr:
        t = self.temp()
        self.emit_try(node, t)
        return self.name(t)

    def expr_Closure(self, node: C.Closure) -> ast.expr:
        family: Family = node.family
        types: list[C.Node] = []
        for code, params, statics in family.methods:
            static_vars = getattr(code, "static_scope", [])
            for var, (name, low, high) in zip(static_vars, statics, strict=False):
                self.assign_var(var, self.call(
                    "%typevar", self.const(name),
                    self.expr(low) if low is not None else self.const(None),
                    self.expr(high) if high is not None else self.const(None),
                ))
            types.append(C.MakeTuple([
                C.MakeTuple(list(params)), C.MakeTuple([C.Local(v) for v in static_vars]),
            ]))
        signatures = self.expr(C.MakeTuple(types))
        captured = [self.name(outer.pyname) for outer, _ in family.captures]
        return self.call(
            "%closure", self.const(self.module), self.const(family), signatures,
            self.at(ast.Tuple(captured, LOAD)),
        )

    def expr_IsDefined(self, node: C.IsDefined) -> ast.expr:
        if node.var is None:
            return self.call("%global_defined", self.const(self.module), self.const(node.name))
        t = self.temp()
        saved = self.sub()
        self.push(ast.Expr(self.expr_Local(C.Local(node.var))))
        self.store(t, self.const(True))
        body = self.done(saved)
        handler = ast.ExceptHandler(
            self.at(ast.Tuple([self.name("%NameError"), self.name("%AttributeError")], LOAD)), None,
            [self.at(ast.Assign([self.name(t, True)], self.const(False)))],
        )
        self.push(ast.Try(body, [self.at(handler)], [], []))
        return self.name(t)

    # ------------------------------------------------------------ statements

    def stmt(self, node: C.Node) -> None:
        """Run for effect."""
        kind = type(node)
        if kind is C.Line:
            self.line = node.line  # type: ignore[attr-defined]
        elif kind is C.Block:
            for n in node.items:  # type: ignore[attr-defined]
                self.stmt(n)
        elif kind is C.Assign:
            self.assign(node)  # type: ignore[arg-type]
        elif kind is C.AssignGlobal:
            self.set_global(node, self.expr(node.value))  # type: ignore[arg-type, attr-defined]
        elif kind is C.If:
            self.stmt_if(node)  # type: ignore[arg-type]
        elif kind is C.While:
            self.stmt_while(node)  # type: ignore[arg-type]
        elif kind is C.For:
            self.stmt_for(node)  # type: ignore[arg-type]
        elif kind is C.Fresh:
            for var in node.vars:  # type: ignore[attr-defined]
                if var.boxed:
                    self.store(var.pyname, self.call("%Box", self.const(var.name)))
        elif kind is C.Return:
            self.stmt_return(node)  # type: ignore[arg-type]
        elif kind is C.Break:
            self.push(ast.Break())
        elif kind is C.Continue:
            self.push(ast.Continue())
        elif kind is C.Try:
            self.emit_try(node, None)  # type: ignore[arg-type]
        else:
            e = self.expr(node)
            if isinstance(e, ast.Constant):
                return
            if isinstance(e, ast.Name) and e.id.startswith("%"):
                return
            self.push(ast.Expr(e))

    def stmt_if(self, node: C.If) -> None:
        test = self.test(node.test)
        saved = self.sub()
        self.stmt(node.then)
        then = self.done([])
        self.out = []
        self.stmt(node.otherwise)
        other = self.out
        self.out = saved
        self.push(ast.If(test, then, other))

    def stmt_while(self, node: C.While) -> None:
        mark = len(self.out)
        line = self.line
        test = self.test(node.test)
        extra = self.out[mark:]
        del self.out[mark:]
        saved = self.sub()
        if extra:
            self.out = extra
            self.push(ast.If(self.at(ast.UnaryOp(ast.Not(), test)), [self.at(ast.Break())], []))
            test = self.const(True)
        self.stmt(node.body)
        body = self.done(saved)
        self.line = line
        self.push(ast.While(test, body, []))

    def stmt_for(self, node: C.For) -> None:
        iterable = self.call("%iterate", self.expr(node.iterable))
        saved = self.sub()
        line = self.line
        self.stmt(node.body)
        body = self.done(saved)
        loop = ast.For(self.name(node.target.pyname, True), iterable, body, [])
        self.push(loop)
        # `break` in a `for` over several iterators leaves all of them.
        inner = _nested_for(node.body)
        if inner is not None and _has_break(inner.body):
            flagged = body
            for i, s in enumerate(flagged):
                if isinstance(s, ast.For):
                    s.orelse = [self.at(ast.Continue())]
                    flagged.insert(i + 1, self.at(ast.Break()))
                    break
        self.line = line

    def stmt_return(self, node: C.Return) -> None:
        if not self.in_function:
            value = self.expr(node.value)
            self.push(ast.Return(value))
            return
        self.tail(node.value)

    def tail(self, node: C.Node) -> None:
        """Return the value of a node."""
        kind = type(node)
        if kind is C.Block:
            items = [n for n in node.items]  # type: ignore[attr-defined]
            while items and isinstance(items[-1], C.Line):
                items.pop()
            for n in items[:-1]:
                self.stmt(n)
            self.tail(items[-1] if items else C.Const(None))
        elif kind is C.If:
            test = self.test(node.test)  # type: ignore[attr-defined]
            saved = self.sub()
            self.tail(node.then)  # type: ignore[attr-defined]
            then = self.out
            self.out = []
            self.tail(node.otherwise)  # type: ignore[attr-defined]
            other = self.out
            self.out = saved
            self.push(ast.If(test, then, []))
            self.out += other
        elif kind is C.Return:
            self.tail(node.value)  # type: ignore[attr-defined]
        elif kind in (C.While, C.For):
            self.stmt(node)
            self.push(ast.Return(self.const(None)))
        else:
            value = self.expr(node)
            if self.return_type is not None:
                value = self.call("%convert", self.expr(self.return_type), value)
            self.push(ast.Return(value))

    def emit_try(self, node: C.Try, target: str | None) -> None:
        def part(n: C.Node | None) -> list[ast.stmt]:
            saved = self.sub()
            if n is not None:
                if target is None:
                    self.stmt(n)
                else:
                    self.store(target, self.expr(n))
            return self.done(saved)

        body = part(node.body)
        handlers = []
        otherwise: list[ast.stmt] = []
        if node.catch is not None:
            assert node.var is not None
            held = self.temp()
            saved = self.sub()
            self.store(node.var.pyname, self.call("%caught", self.name(held)))
            if target is None:
                self.stmt(node.catch)
            else:
                self.store(target, self.expr(node.catch))
            inner = self.done([])
            self.out = saved
            release = self.at(ast.Expr(self.call("%uncaught")))
            guarded = self.at(ast.Try(inner, [], [], [release]))
            handlers = [self.at(ast.ExceptHandler(self.name("%Catchable"), held, [guarded]))]
        if node.otherwise is not None:
            otherwise = part(node.otherwise)
        final: list[ast.stmt] = []
        if node.final is not None:
            saved = self.sub()
            self.stmt(node.final)
            final = self.done(saved)
        if not handlers and not final:
            self.out += body
            return
        if otherwise and not handlers:
            body += otherwise
            otherwise = []
        self.push(ast.Try(body, handlers, otherwise, final))


def _nested_for(node: C.Node) -> C.For | None:
    """The inner loop of a `for` with several iterators (it is the scope's last item)."""
    if isinstance(node, C.Block) and node.items:
        last = node.items[-1]
        first = node.items[0]
        if isinstance(first, C.Fresh):
            return _nested_for(last) if isinstance(last, C.Block) else None
        if len(node.items) == 2 and isinstance(last, C.For) and isinstance(first, (C.Assign, C.Block)):
            return last
    return None


def _has_break(node: Any) -> bool:
    if isinstance(node, C.Break):
        return True
    if isinstance(node, (C.For, C.While, C.Closure)):
        inner = _nested_for(node.body) if isinstance(node, C.For) else None
        return inner is not None and _has_break(inner.body)
    if isinstance(node, C.Block):
        return any(map(_has_break, node.items))
    if isinstance(node, C.If):
        return _has_break(node.then) or _has_break(node.otherwise)
    if isinstance(node, C.Try):
        return any(_has_break(n) for n in (node.body, node.catch, node.otherwise, node.final) if n is not None)
    return False


# ---------------------------------------------------------------- whole functions


def compile_toplevel(node: C.Node, module: Any, file: str, line: int) -> FunctionType:
    """A function of no arguments that runs a top-level statement and returns its value."""
    constants = module.visible
    emitter = Emitter(module, constants)
    emitter.line = line
    emitter.in_function = True
    emitter.tail(node)
    return _function(emitter, "top-level scope", [], None, module, file)


def compile_method(
    code: LambdaCode, module: Any, statics: tuple[Any, ...], *, keywords: bool, closure: bool
) -> FunctionType:
    """A method's Python function; the first parameter is the closure, then the keywords, if any."""
    emitter = Emitter(module, module.visible)
    emitter.line = code.line
    emitter.in_function = True
    emitter.return_type = code.return_type
    params: list[str] = []
    if closure:
        params.append("#self#")
    if keywords:
        params.append("%kw")
    for var, value in zip(code.statics, statics, strict=True):
        emitter.store(var.pyname, emitter.const(value))
    if closure:
        for inner in code.captures.values():
            emitter.store(inner.pyname, emitter.at(ast.Attribute(emitter.name("#self#"), inner.name, LOAD)))
    vararg = None
    for i, var in enumerate(code.params):
        if code.vararg and i == len(code.params) - 1:
            vararg = var.pyname
        else:
            params.append(var.pyname)
    for var in code.params:
        if var.boxed:
            emitter.store(var.pyname, emitter.call("%Box", emitter.const(var.name), emitter.name(var.pyname)))
    _keyword_prologue(emitter, code, keywords)
    emitter.tail(code.body)
    return _function(emitter, code.name, params, vararg, module, code.file)


def _keyword_prologue(emitter: Emitter, code: LambdaCode, given: bool) -> None:
    if given and code.keyword_rest is None:
        names = tuple(name for name, *_ in code.keywords)
        emitter.push(ast.Expr(emitter.call("%check_keywords", emitter.name("%kw"), emitter.const(names))))
    for name, var, default, typ in code.keywords:
        saved = emitter.sub()
        if default is None:
            emitter.push(ast.Expr(emitter.call("%missing_keyword", emitter.const(name))))
        else:
            value = emitter.expr(default)
            emitter.store(var.pyname, value)
        fallback = emitter.done(saved)
        if given:
            test = emitter.at(ast.Compare(emitter.const(name), [ast.In()], [emitter.name("%kw")]))
            got = emitter.at(ast.Subscript(emitter.name("%kw"), emitter.const(name), LOAD))
            if typ is not None:
                got = emitter.call("%keyword_type", emitter.const(name), emitter.expr(typ), got)
            take = emitter.at(ast.Assign([emitter.name(var.pyname, True)], got))
            emitter.push(ast.If(test, [take], fallback))
        else:
            emitter.out += fallback
        if var.boxed:
            emitter.store(var.pyname, emitter.call("%Box", emitter.const(name), emitter.name(var.pyname)))
    if code.keyword_rest is not None:
        rest = code.keyword_rest
        names = tuple(name for name, *_ in code.keywords)
        source = emitter.name("%kw") if given else emitter.at(ast.Dict([], []))
        emitter.store(rest.pyname, emitter.call("%keyword_rest", source, emitter.const(names)))
        if rest.boxed:
            emitter.store(rest.pyname, emitter.call("%Box", emitter.const(rest.name), emitter.name(rest.pyname)))


def _function(
    emitter: Emitter, name: str, params: list[str], vararg: str | None, module: Any, file: str
) -> FunctionType:
    arguments = ast.arguments(
        posonlyargs=[], args=[emitter.at(ast.arg(p)) for p in params],
        vararg=emitter.at(ast.arg(vararg)) if vararg else None, kwonlyargs=[], kw_defaults=[], defaults=[],
    )
    definition = emitter.at(ast.FunctionDef(
        name=name, args=arguments, body=emitter.out or [emitter.at(ast.Pass())], decorator_list=[],
        returns=None, type_params=[],
    ))
    tree = ast.Module([definition], [])
    try:
        code = compile(tree, file, "exec")
    except (SyntaxError, ValueError, RecursionError) as e:
        raise ErrorException(f"cannot compile this code: {e}") from None
    inner = next(c for c in code.co_consts if isinstance(c, CodeType))
    return FunctionType(inner, module.bindings, name)


def python_source(node: C.Node, module: Any) -> str:
    """The Python that a statement becomes, to look at (`--emit python`)."""
    emitter = Emitter(module, {})
    emitter.in_function = True
    emitter.tail(node)
    return "\n".join(ast.unparse(ast.fix_missing_locations(s)) for s in emitter.out)
