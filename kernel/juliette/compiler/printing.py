"""The core language as text, with the types that inference found if they are given.

This is what `--emit core`, `--emit typed`, `@code_lowered`, `@code_typed` and `@code_warntype` show:
our own stages, in a notation near Julia's.
"""

from __future__ import annotations

from typing import Any

from juliette.compiler import core as C
from juliette.compiler import lattice as L
from juliette.compiler.inference import Inference
from juliette.compiler.lower import LambdaCode
from juliette.runtime import types as T
from juliette.runtime.modules import Module
from juliette.syntax.expr import Symbol


class Printer:
    """Writes core nodes, a line for each statement."""

    def __init__(self, inference: Inference | None = None) -> None:
        self.inference = inference
        self.out: list[str] = []
        self.depth = 0
        self.codes: list[LambdaCode] = []

    def line(self, text: str) -> None:
        self.out.append("    " * self.depth + text)

    # ------------------------------------------------------------ values

    def typed(self, node: C.Node, text: str) -> str:
        """The text with the type of the value."""
        if self.inference is None or type(node) in (C.Const, C.Global, C.Runtime):
            return text
        element = self.inference.types.get(id(node))
        if element is None:
            return text
        shown = "Union{}" if element is L.BOTTOM else L.describe(element)
        return f"{text}::{shown}"

    def value(self, node: C.Node) -> str:
        """An expression."""
        kind = type(node)
        if kind is C.Const:
            return constant(node.value)  # type: ignore[attr-defined]
        if kind is C.Local or kind is C.Captured:
            return variable(node.var)  # type: ignore[attr-defined]
        if kind is C.Global or kind is C.Runtime:
            return ("" if kind is C.Global else "%") + node.name  # type: ignore[attr-defined, no-any-return]
        if kind is C.Splat:
            return self.value(node.value) + "..."  # type: ignore[attr-defined]
        if kind is C.MakeTuple:
            items = [self.value(n) for n in node.items]  # type: ignore[attr-defined]
            return f"({', '.join(items)}{',' if len(items) == 1 else ''})"
        if kind is C.GetField:
            return self.typed(node, f"{self.value(node.object)}.{node.name}")  # type: ignore[attr-defined]
        if kind is C.Call:
            return self.typed(node, self.call(node))  # type: ignore[arg-type]
        if kind is C.If:
            parts = (node.test, node.then, node.otherwise)  # type: ignore[attr-defined]
            if not any(type(n) is C.Block for n in parts):
                test, then, other = map(self.value, parts)
                return f"({test} ? {then} : {other})"
        if kind is C.Closure:
            self.codes += [code for code, _, _ in node.family.methods]  # type: ignore[attr-defined]
            return self.typed(node, f"closure {node.family.name}")  # type: ignore[attr-defined]
        if kind is C.IsDefined:
            return f"isdefined({node.name})"  # type: ignore[attr-defined]
        if kind is C.Assign:
            return f"({variable(node.var)} = {self.value(node.value)})"  # type: ignore[attr-defined]
        inner = Printer(self.inference)
        inner.statement(node)
        self.codes += inner.codes
        return f"({'; '.join(s.strip() for s in inner.out)})"

    def call(self, node: C.Call) -> str:
        args = [self.value(a) for a in node.args]
        for a in node.args:
            if type(a) is C.Const and isinstance(a.value, LambdaCode):
                self.codes.append(a.value)
        if node.kwargs:
            given = [
                f"{k} = {self.value(v)}" if k is not None else self.value(v) + "..."
                for k, v in node.kwargs
            ]
            return f"{self.value(node.function)}({', '.join(args)}; {', '.join(given)})"
        return f"{self.value(node.function)}({', '.join(args)})"

    # ------------------------------------------------------------ statements

    def block(self, head: str, body: C.Node) -> None:
        self.line(head)
        self.depth += 1
        self.statement(body)
        self.depth -= 1

    def statement(self, node: C.Node) -> None:
        """Anything for its effect."""
        kind = type(node)
        if kind is C.Line or kind is C.Fresh:
            return
        if kind is C.Block:
            for n in node.items:  # type: ignore[attr-defined]
                self.statement(n)
        elif kind is C.Assign:
            target = variable(node.var)  # type: ignore[attr-defined]
            if self.inference is not None and not node.var.boxed:  # type: ignore[attr-defined]
                target += "::" + L.describe(self.inference.vars.get(node.var, L.ANY))  # type: ignore[attr-defined]
            self.line(f"{target} = {self.value(node.value)}")  # type: ignore[attr-defined]
        elif kind is C.AssignGlobal:
            const = "const " if node.const else "global "  # type: ignore[attr-defined]
            self.line(f"{const}{node.name} = {self.value(node.value)}")  # type: ignore[attr-defined]
        elif kind is C.If:
            self.block(f"if {self.value(node.test)}", node.then)  # type: ignore[attr-defined]
            if not (type(node.otherwise) is C.Const and node.otherwise.value is None):  # type: ignore[attr-defined]
                self.block("else", node.otherwise)  # type: ignore[attr-defined]
            self.line("end")
        elif kind is C.While:
            self.block(f"while {self.value(node.test)}", node.body)  # type: ignore[attr-defined]
            self.line("end")
        elif kind is C.For:
            self.block(f"for {variable(node.target)} in {self.value(node.iterable)}", node.body)  # type: ignore[attr-defined]
            self.line("end")
        elif kind in (C.Collect, C.Consume):
            self.block(
                "collect" if kind is C.Collect else getattr(node.function.value, "name", "collect"),  # type: ignore[attr-defined]
                node.loop,  # type: ignore[attr-defined]
            )
            self.line("end")
        elif kind is C.Yield:
            self.line(f"yield {self.value(node.value)}")  # type: ignore[attr-defined]
        elif kind is C.Return:
            self.line(f"return {self.value(node.value)}")  # type: ignore[attr-defined]
        elif kind is C.Break or kind is C.Continue:
            self.line("break" if kind is C.Break else "continue")
        elif kind is C.Try:
            self.attempt(node)  # type: ignore[arg-type]
        else:
            self.line(self.value(node))

    def attempt(self, node: C.Try) -> None:
        self.block("try", node.body)
        if node.catch is not None:
            self.block(
                "catch" + (f" {variable(node.var)}" if node.var is not None else ""), node.catch
            )
        if node.otherwise is not None:
            self.block("else", node.otherwise)
        if node.final is not None:
            self.block("finally", node.final)
        self.line("end")

    def final(self, node: C.Node) -> None:
        """The body of a function: its last value is returned."""
        if type(node) is C.Block and node.items:
            items = [n for n in node.items if type(n) is not C.Line]
            for n in items[:-1]:
                self.statement(n)
            if items:
                self.final(items[-1])
        elif type(node) in (C.While, C.For, C.Return, C.Try):
            self.statement(node)
        elif type(node) is C.If:
            self.line(f"if {self.value(node.test)}")
            self.depth += 1
            self.final(node.then)
            self.depth -= 1
            self.line("else")
            self.depth += 1
            self.final(node.otherwise)
            self.depth -= 1
            self.line("end")
        else:
            self.line(f"return {self.value(node)}")


def variable(var: C.Var) -> str:
    return var.pyname


def constant(value: Any) -> str:
    """A literal, or what stands for one."""
    if isinstance(value, Symbol):
        return f":{value.name}"
    if isinstance(value, bool):
        return "true" if value else "false"
    if value is None:
        return "nothing"
    if isinstance(value, str):
        return '"' + value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n") + '"'
    if isinstance(value, (int, float)):
        return repr(value)
    if isinstance(value, LambdaCode):
        return f"method {value.name}"
    if isinstance(value, Module):
        return value.name
    return (
        T.type_string(value)
        if isinstance(value, T.JuliaType)
        else f"<{T.type_string(T.typeof(value))}>"
    )


def statement_text(node: C.Node, module: Module, typed: bool) -> str:
    """A top-level statement and the bodies of the methods in it."""
    inference = None
    if typed:
        inference = Inference(module)
        inference.run(node)
    printer = Printer(inference)
    printer.statement(node)
    parts = ["\n".join(printer.out)]
    codes = list(printer.codes)
    while codes:
        code = codes.pop(0)
        text, inner = method_text(code, module, typed)
        parts.append(text)
        codes = inner + codes
    return "\n".join(p for p in parts if p)


def method_text(code: LambdaCode, module: Module, typed: bool) -> tuple[str, list[LambdaCode]]:
    """A method's body, its arguments of any types; and the closures in it."""
    inference = None
    if typed:
        inference = Inference(module)
        for var in (
            *code.params,
            *code.captures.values(),
            *(v for _, v, _, _ in code.keywords),
            *code.statics,
        ):
            inference.vars[var] = L.ANY
        inference.run(code.body)
    printer = Printer(inference)
    arguments = ", ".join(v.pyname for v in code.params) + ("..." if code.vararg else "")
    printer.line(f"{code.name}({arguments})")
    printer.depth = 1
    printer.final(code.body)
    return "\n".join(printer.out), printer.codes


def instance_text(
    method: Any, types: tuple[Any, ...], *, typed: bool, variables: bool = False
) -> str:
    """A method for argument types: lowered, or with the types that inference finds."""
    from juliette.compiler.instances import instance_of

    code: LambdaCode = method.code
    arguments = ", ".join(
        f"{v.pyname}::{T.type_string(t)}" for v, t in zip(code.params, types, strict=False)
    )
    inference = None
    result = ""
    if typed:
        instance = instance_of(method, types, False)
        result = f"::{L.describe(instance.infer())}"
        inference = instance.inference
    printer = Printer(inference)
    printer.line(f"{code.name}({arguments}){result}")
    if variables and inference is not None:
        printer.line("Variables")
        for var, element in inference.vars.items():
            printer.line(f"    {var.pyname}::{L.describe(element)}")
        printer.line("Body")
    printer.depth = 1
    printer.final(code.body)
    return "\n".join(printer.out)
