"""Core language to Python: whole functions.

Code that runs while gradients are traced is compiled apart (`traced`).  There a number may be one of
the engine's tracers and an array one of its twins, which have the same Julia types.  The contract
with the engine: a tracer answers Python's arithmetic and comparison operators, and a comparison
gives a plain bool; nothing else may be done to such a value except through generic functions.
"""

from __future__ import annotations

import ast
import warnings
from types import CodeType, FunctionType
from typing import Any
from weakref import WeakKeyDictionary

# The modules of intrinsics register their rules.
from juliette.compiler import core as C
from juliette.compiler import intrinsics_bits as intrinsics_bits
from juliette.compiler import intrinsics_collections as intrinsics_collections
from juliette.compiler import intrinsics_conversion as intrinsics_conversion
from juliette.compiler import intrinsics_indexing as intrinsics_indexing
from juliette.compiler import intrinsics_iteration as intrinsics_iteration
from juliette.compiler import intrinsics_literals as intrinsics_literals
from juliette.compiler import intrinsics_numbers as intrinsics_numbers
from juliette.compiler import intrinsics_structs as intrinsics_structs
from juliette.compiler import lattice as L
from juliette.compiler.emit_data import Sites
from juliette.compiler.emitter import FAST, Emitter
from juliette.compiler.inference import Inference
from juliette.compiler.lower import LambdaCode
from juliette.compiler.toplevel import Inside, keep_globals
from juliette.runtime import types as T
from juliette.runtime.errors import ErrorException

__all__ = ["FAST", "compile_method", "compile_toplevel", "python_source"]


# ---------------------------------------------------------------- whole functions


def compile_toplevel(
    node: C.Node, module: Any, file: str, line: int, inside: Inside
) -> FunctionType:
    """A function of no arguments that runs a top-level statement, now, and returns its value."""
    inference = None
    kept: dict[str, C.Var] = {}
    if INFER and _has_loop(node):
        from juliette.compiler.instances import element_of_type

        kept = keep_globals(node, module, inside)
        inference = Inference(module)
        for name, var in kept.items():
            inference.vars[var] = element_of_type(T.typeof(module.bindings[name]))
        inference.run(node)
    emitter = Emitter(module, module.visible, inference)
    emitter.line = line
    emitter.in_function = True
    emitter.keeping(kept, node)
    return _function(emitter, "top-level scope", [], None, module, file)


def _has_loop(node: Any) -> bool:
    """Is there code that runs more than once?"""
    kind = type(node)
    if kind is C.For or kind is C.While:
        return True
    if kind is C.Block:
        return any(map(_has_loop, node.items))
    if kind is C.If:
        return _has_loop(node.then) or _has_loop(node.otherwise)
    if kind is C.Assign or kind is C.AssignGlobal:
        return _has_loop(node.value)
    if kind is C.Try:
        return any(
            _has_loop(n)
            for n in (node.body, node.catch, node.otherwise, node.final)
            if n is not None
        )
    return False


# Switched off by tests: typed and untyped code must agree.
INFER = True


def compile_method(
    code: LambdaCode,
    module: Any,
    statics: tuple[Any, ...],
    *,
    inference: Inference | None,
    keywords: bool,
    closure: bool,
    named: tuple[str, ...] = (),
) -> FunctionType:
    """A method's Python function; the first parameter is the closure, then the keywords, if any."""
    emitter, params, vararg = _emitted(code, module, statics, inference, keywords, closure, named)
    f = _function(emitter, code.name, params, vararg, module, code.file)
    CODES[f.__code__] = code
    return f


# Where compiled code came from, for stack traces.
CODES: WeakKeyDictionary[CodeType, LambdaCode] = WeakKeyDictionary()


def method_source(
    code: LambdaCode, module: Any, statics: tuple[Any, ...], inference: Inference | None
) -> str:
    """The Python that a method becomes, to look at (`@code_native`)."""
    emitter, params, vararg = _emitted(
        code, module, statics, inference, False, bool(code.captures), ()
    )
    arguments = ", ".join([*params, *([f"*{vararg}"] if vararg else [])])
    body = "\n".join(ast.unparse(ast.fix_missing_locations(s)) for s in emitter.out)
    return f"def {code.name}({arguments}):\n" + "\n".join(
        f"    {line}" for line in body.split("\n")
    )


def _emitted(
    code: LambdaCode,
    module: Any,
    statics: tuple[Any, ...],
    inference: Inference | None,
    keywords: bool,
    closure: bool,
    named: tuple[str, ...],
) -> tuple[Emitter, list[str], str | None]:
    """The emitter that holds a method's body, its parameters, and the one that takes the rest."""
    emitter = Emitter(module, module.visible, inference if INFER else _untyped(inference))
    emitter.line = code.line
    emitter.in_function = True
    emitter.return_type = code.return_type
    emitter.locals = code.locals
    params: list[str] = []
    if closure:
        params.append("#self#")
    if keywords:
        params.append("%kw")
    for var, value in zip(code.statics, statics, strict=True):
        if not isinstance(value, T.TypeVar):
            emitter.store(var.pyname, emitter.const(value))
    if closure:
        for inner in code.captures.values():
            emitter.store(
                inner.pyname,
                emitter.at(ast.Attribute(emitter.name("#self#"), inner.name, ast.Load())),
            )
    vararg = None
    for i, var in enumerate(code.params):
        if code.vararg and i == len(code.params) - 1:
            vararg = var.pyname
        else:
            params.append(var.pyname)
    by_name = {name: var for name, var, *_ in code.keywords}
    params += [by_name[name].pyname for name in named]
    for var in code.params:
        if var.boxed:
            emitter.store(
                var.pyname, emitter.call("%Box", emitter.const(var.name), emitter.name(var.pyname))
            )
    emitter.definite.update(code.params)
    _keyword_prologue(emitter, code, keywords, named)
    emitter.tail(code.body)
    return emitter, params, vararg


def _untyped(inference: Inference | None) -> Inference | None:
    if inference is None:
        return None
    return Inference(inference.module, inference.traced)


def _keyword_prologue(
    emitter: Emitter, code: LambdaCode, given: bool, named: tuple[str, ...]
) -> None:
    if given and code.keyword_rest is None:
        names = tuple(name for name, *_ in code.keywords)
        emitter.push(
            ast.Expr(emitter.call("%check_keywords", emitter.name("%kw"), emitter.const(names)))
        )
    checked = False
    for name, var, default, typ in code.keywords:
        if name in named:
            if var.boxed:
                emitter.store(
                    var.pyname, emitter.call("%Box", emitter.const(name), emitter.name(var.pyname))
                )
            continue
        saved = emitter.sub()
        if default is None:
            emitter.push(ast.Expr(emitter.call("%missing_keyword", emitter.const(name))))
        else:
            value = emitter.expr(default)
            emitter.store(var.pyname, value)
            checked = checked or (typ is not None and not _agrees(emitter.inference, default, typ))
        fallback = emitter.done(saved)
        if given:
            test = emitter.at(ast.Compare(emitter.const(name), [ast.In()], [emitter.name("%kw")]))
            got: ast.expr = emitter.at(
                ast.Subscript(emitter.name("%kw"), emitter.const(name), ast.Load())
            )
            if typ is not None:
                got = emitter.call("%keyword_type", emitter.const(name), emitter.expr(typ), got)
            take = emitter.at(ast.Assign([emitter.name(var.pyname, True)], got))
            emitter.push(ast.If(test, [take], fallback))
        else:
            emitter.out += fallback
        if var.boxed:
            emitter.store(
                var.pyname, emitter.call("%Box", emitter.const(name), emitter.name(var.pyname))
            )
    if code.keyword_rest is not None:
        rest = code.keyword_rest
        names = tuple(name for name, *_ in code.keywords)
        source = emitter.name("%kw") if given else emitter.at(ast.Dict([], []))
        emitter.store(rest.pyname, emitter.call("%keyword_rest", source, emitter.const(names)))
        if rest.boxed:
            emitter.store(
                rest.pyname,
                emitter.call("%Box", emitter.const(rest.name), emitter.name(rest.pyname)),
            )
    if checked:
        types = C.MakeTuple([typ or C.Runtime("Any") for *_, typ in code.keywords])
        values = C.MakeTuple([C.Local(var) for _, var, *_ in code.keywords])
        given_args: list[C.Node] = [C.Local(var) for var in code.params]
        if code.vararg:
            given_args[-1] = C.Splat(given_args[-1])
        operands = emitter.exprs([types, values, C.MakeTuple(given_args)])
        emitter.push(
            ast.Expr(
                emitter.call(
                    "%keyword_defaults",
                    emitter.const(emitter.module),
                    emitter.const(code),
                    *operands,
                )
            )
        )


def _agrees(inference: Inference | None, default: C.Node, typ: C.Node) -> bool:
    """Is a default surely of the declared type?"""
    if inference is None:
        return False
    declared = inference.types.get(id(typ))
    if isinstance(declared, L.Known) and not isinstance(declared.value, T.JuliaType):
        return False
    element = L.widen(inference.types.get(id(default), L.ANY))
    return (
        isinstance(declared, L.Known)
        and element is not L.ANY
        and T.subtype(element, declared.value)
    )


def _function(
    emitter: Emitter, name: str, params: list[str], vararg: str | None, module: Any, file: str
) -> FunctionType:
    arguments = ast.arguments(
        posonlyargs=[],
        args=[emitter.at(ast.arg(p)) for p in params],
        vararg=emitter.at(ast.arg(vararg)) if vararg else None,
        kwonlyargs=[],
        kw_defaults=[],
        defaults=[],
    )
    definition = emitter.at(
        ast.FunctionDef(  # type: ignore[call-arg]
            name=name,
            args=arguments,
            body=emitter.out or [emitter.at(ast.Pass())],
            decorator_list=[],
            returns=None,
            type_params=[],
        )
    )
    tree = ast.Module([definition], [])
    try:
        with warnings.catch_warnings():
            # What Python would say of a call of a number is not for Julia's users.
            warnings.simplefilter("ignore", SyntaxWarning)
            code = compile(tree, file, "exec")
    except (SyntaxError, ValueError, RecursionError) as e:
        raise ErrorException(f"cannot compile this code: {e}") from None
    inner = next(c for c in code.co_consts if isinstance(c, CodeType))
    if emitter.sites:
        inner = inner.replace(co_consts=(*inner.co_consts, Sites(emitter.sites)))
    return FunctionType(inner, module.bindings, name)


def python_source(node: C.Node, module: Any) -> str:
    """The Python that a statement becomes, to look at (`--emit python`)."""
    emitter = Emitter(module, {})
    emitter.in_function = True
    emitter.tail(node)
    return "\n".join(ast.unparse(ast.fix_missing_locations(s)) for s in emitter.out)
