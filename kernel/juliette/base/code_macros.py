"""Macros about code: `@eval`, `@macroexpand`, `@generated`, `@kwdef`, `@static`, `@NamedTuple`, hints."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from juliette.compiler.expansion import Expander
from juliette.compiler.lower import is_signature, problem
from juliette.runtime import types as T
from juliette.runtime.dispatch import call_kw
from juliette.runtime.errors import ArgumentError, ErrorException, MethodError
from juliette.runtime.modules import Base, Core, Module
from juliette.runtime.world import WORLD
from juliette.syntax.expr import Expr, GlobalRef, LineNumberNode, QuoteNode, Symbol


def base(name: str) -> GlobalRef:
    """A name of Base, whatever it means where the macro is called."""
    return GlobalRef(Base, Symbol(name))


def call(name: str | Callable[..., Any], *args: Any) -> Expr:
    """A call of a function of Base, or of one of ours."""
    return Expr("call", base(name) if isinstance(name, str) else QuoteNode(name), *args)


# ---------------------------------------------------------------- hints to a compiler


def hint(name: str, *, export: bool = True) -> None:
    """A macro that tells Julia's compiler something; here the code runs as it stands."""

    @Base.macro(name, export=export)
    def pass_(context: Any, *args: Any) -> Any:
        """Runs the expression as it stands."""
        return args[-1] if args else None

    pass_.__doc__ = f"`@{name}` has no effect here: the expression runs as it stands."


for _name in (
    "inline",
    "noinline",
    "simd",
    "polly",
    "specialize",
    "nospecialize",
):
    hint(_name)
for _name in (
    "propagate_inbounds",
    "pure",
    "assume_effects",
    "constprop",
    "noinline_",
    "nospecializeinfer",
    "aggressive_constprop",
    "_inline_meta",
    "_noinline_meta",
    "_propagate_inbounds_meta",
    "max_methods",
):
    hint(_name, export=False)


# ---------------------------------------------------------------- where the code stands


@Base.macro("__LINE__")
def line_(context: Any) -> Any:
    """The line of the call."""
    return context.line


@Base.macro("__FILE__")
def file_(context: Any) -> Any:
    """The file of the call."""
    return context.file


@Base.macro("__DIR__")
def dir_(context: Any) -> Any:
    """The folder of the file of the call."""
    path = Path(context.file)
    return str(path.resolve().parent) if path.is_file() else str(Path.cwd())


@Base.macro("__MODULE__")
def module_(context: Any) -> Any:
    """The module of the call."""
    context.compiler.inside.reflects(context.lowerer)
    return QuoteNode(context.module)


# ---------------------------------------------------------------- evaluation and expansion


@Base.macro("eval")
def eval_(context: Any, *args: Any) -> Any:
    """`@eval [module] code`: run code in the global scope; `$x` puts values in."""
    compiler, file = context.compiler, context.file
    compiler.inside.reflects(context.lowerer)
    target: Any = QuoteNode(context.module) if len(args) == 1 else args[0]

    def run(module: Any, e: Any) -> Any:
        if not isinstance(module, Module):
            raise MethodError(Base.bindings["eval"], (module, e), None)
        return compiler.run(e, module, file)

    return call(run, target, Expr("quote", args[-1]))


def expander(context: Any) -> Expander:
    return Expander(
        context.compiler, context.module, context.lowerer, context.line, context.file, loads=False
    )


@Base.macro("macroexpand")
def macroexpand_macro(context: Any, *args: Any) -> Any:
    """`@macroexpand code`: the code with all macro calls expanded."""
    return call(lambda: expander(context).expand_all(args[-1]))


@Base.macro("macroexpand1")
def macroexpand1_macro(context: Any, *args: Any) -> Any:
    """`@macroexpand1 code`: the outer macro calls expanded, not those in their results."""
    return call(lambda: expander(context).expand_all(args[-1], once=True))


@Base.method("macroexpand(m::Module, x; recursive=true)")
def macroexpand(m: Module, x: Any, *, recursive: bool = True) -> Any:
    """The code with all macro calls in it expanded, as they would be in the module.

    ```jldoctest
    julia> macro twice(x) :(2 * $(esc(x))) end;

    julia> macroexpand(Main, :(@twice y))
    :(2y)
    ```
    """
    from juliette.compiler.session import current

    return Expander(current(), m, None, 0, "none", loads=False).expand_all(x, once=not recursive)


@Base.method("eval(e)", export=False)
def eval_in_base(e: Any) -> Any:
    """Evaluate an expression in `Base`; each module has an `eval` of its own.

    ```jldoctest
    julia> Base.eval(:(2 + 3))
    5
    ```
    """
    return eval_in(Base, e)


@Base.method("eval(m::Module, e)", export=False)
def eval_in(m: Module, e: Any) -> Any:
    """Run code in a module's global scope."""
    from juliette.compiler.session import current

    return current().run(e, m, "none")


@Base.macro("gensym")
def gensym(context: Any, *names: Any) -> Any:
    """`@gensym x y`: variables that hold names no other code uses."""
    if not names:
        return None
    made = [Expr("=", n, Expr("call", base("gensym"), getattr(n, "name", ""))) for n in names]
    return Expr("block", *made, None if len(made) > 1 else names[0])


@Base.macro("isdefined")
def isdefined(context: Any, name: Symbol) -> Any:
    """Is the variable assigned?"""
    return Expr("isdefined", name)


@Base.macro("static")
def static(context: Any, e: Any) -> Any:
    """`@static if … end`: the condition is looked at while the code is expanded."""
    if isinstance(e, Expr) and e.head in ("if", "elseif", "&&", "||"):
        return _static(context, e)
    raise ArgumentError("invalid @static macro")


def _static(context: Any, e: Expr) -> Any:
    test = e.args[0]
    if isinstance(test, Expr) and test.head == "block":
        test = next(a for a in test.args if not isinstance(a, LineNumberNode))
    holds = context.compiler.run(test, context.module, context.file, context.line)
    if e.head == "&&":
        return e.args[1] if holds else False
    if e.head == "||":
        return True if holds else e.args[1]
    if holds:
        return e.args[1]
    if len(e.args) == 3:
        rest = e.args[2]
        return _static(context, rest) if isinstance(rest, Expr) and rest.head == "elseif" else rest
    return None


@Base.macro("label")
def label(context: Any, name: Any) -> Any:
    """`@label name` is where `@goto name` leads, anywhere in the same function."""
    return Expr("symboliclabel", name)


@Base.macro("goto")
def goto(context: Any, name: Any) -> Any:
    """`@goto name` goes on at `@label name`; both are in the same function, and not at top level."""
    return Expr("symbolicgoto", name)


def variable(v: Any) -> Symbol:
    while isinstance(v, Expr):
        v = v.args[2] if v.head == "comparison" else v.args[0]
    return v


# ---------------------------------------------------------------- types in other clothes


@Base.macro("NamedTuple")
def named_tuple(context: Any, e: Any) -> Any:
    """`@NamedTuple{a::Int, b}`: the type of named tuples with these fields."""
    if not (isinstance(e, Expr) and e.head in ("braces", "block", "bracescat")):
        raise ArgumentError("@NamedTuple expects {...} or begin...end")
    return _named_tuple(e)


def _named_tuple(e: Expr) -> Expr:
    names, types = [], []
    for item in e.args:
        if isinstance(item, LineNumberNode):
            continue
        if isinstance(item, Symbol):
            names.append(QuoteNode(item))
            types.append(base("Any"))
        elif isinstance(item, Expr) and item.head == "::" and len(item.args) == 2:
            names.append(QuoteNode(item.args[0]))
            types.append(item.args[1])
        else:
            raise ArgumentError(
                "@NamedTuple must contain a sequence of name or name::type expressions"
            )
    return Expr(
        "curly", base("NamedTuple"), Expr("tuple", *names), Expr("curly", base("Tuple"), *types)
    )


@Base.macro("Kwargs")
def kwargs_type(context: Any, e: Any) -> Any:
    """`@Kwargs{a::Int}`: the type of the keywords that a function with `kwargs...` gets."""
    named = _named_tuple(e)
    return call(keywords_type, named)


def keywords_type(named: Any) -> Any:
    """`Base.Pairs{Symbol, V, NTuple{N, Symbol}, NT}` for a type of named tuples."""
    types = Base.bindings["fieldtypes"](named)
    value = types[0] if types else T.Bottom
    for t in types[1:]:
        value = Base.bindings["promote_typejoin"](value, t)
    return T.apply_type(
        Base.bindings["Pairs"], T.Symbol_, value, T.tuple_type([T.Symbol_] * len(types)), named
    )


# ---------------------------------------------------------------- @kwdef


@Base.macro("kwdef")
def kwdef(context: Any, e: Any) -> Any:
    """`@kwdef struct P x = 1; y end`: a struct with a constructor that takes keywords."""
    if isinstance(e, Expr) and e.head == "macrocall":
        e = expander(context).expand_all(e, once=True)
    if not (isinstance(e, Expr) and e.head == "struct"):
        raise ErrorException("Invalid usage of @kwdef")
    mutable, head, body = e.args
    fields: list[tuple[Symbol, Any, bool]] = []
    items = [_without_default(item, fields) for item in body.args]
    plain = Expr("struct", mutable, head, Expr("block", *items))
    name = head
    if isinstance(name, Expr) and name.head == "<:":
        name = name.args[0]
    if not fields:
        return plain
    keywords = Expr(
        "parameters", *[Expr("kw", n, default) if has else n for n, default, has in fields]
    )
    values = [n for n, _, _ in fields]
    place = LineNumberNode(context.line, Symbol(context.file))
    if not (isinstance(name, Expr) and name.head == "curly"):
        made = [
            Expr(
                "=", Expr("call", name, keywords), Expr("block", place, Expr("call", name, *values))
            )
        ]
    else:
        own, params = name.args[0], name.args[1:]
        variables = [variable(p) for p in params]
        full = Expr("curly", own, *variables)
        made = [
            Expr(
                "=", Expr("call", own, keywords), Expr("block", place, Expr("call", own, *values))
            ),
            Expr(
                "=",
                Expr("where", Expr("call", full, keywords), *params),
                Expr("block", place, Expr("call", full, *values)),
            ),
        ]
    return Expr("block", plain, *made)


def _without_default(item: Any, fields: list[tuple[Symbol, Any, bool]]) -> Any:
    """A field as `struct` has it; notes its name and default."""
    if isinstance(item, Symbol):
        fields.append((item, None, False))
        return item
    if not isinstance(item, Expr):
        return item
    if item.head == "const":
        return Expr("const", _without_default(item.args[0], fields))
    if item.head == "::" and len(item.args) == 2:
        fields.append((item.args[0], None, False))
        return item
    if item.head == "=" and not is_signature(item.args[0]):
        target = item.args[0]
        constant = isinstance(target, Expr) and target.head == "const"
        inner = target.args[0] if constant else target
        name = inner.args[0] if isinstance(inner, Expr) and inner.head == "::" else inner
        fields.append((name, item.args[1], True))
        return target
    if item.head == "macrocall" and len(item.args) == 4:
        return Expr("macrocall", *item.args[:3], _without_default(item.args[3], fields))
    if item.head == "block":
        return Expr("block", *[_without_default(i, fields) for i in item.args])
    return item


# ---------------------------------------------------------------- first that is something


@Base.macro("something")
def something(context: Any, *args: Any) -> Any:
    """`@something a b`: the first that is not `nothing`; what follows is not evaluated."""
    found = context.gensym("found")
    code: Any = call("something", None)
    for a in reversed(args):
        code = Expr(
            "block",
            Expr("=", found, a),
            Expr("if", call("!==", found, None), call("something", found), code),
        )
    return Expr("let", Expr("block", found), code)


@Base.macro("coalesce")
def coalesce(context: Any, *args: Any) -> Any:
    """`@coalesce a b`: the first that is not `missing`; what follows is not evaluated."""
    found = context.gensym("found")
    code: Any = base("missing")
    for a in reversed(args):
        code = Expr(
            "block",
            Expr("=", found, a),
            Expr("if", call("!", call("ismissing", found)), found, code),
        )
    return Expr("let", Expr("block", found), code)


# ---------------------------------------------------------------- calls looked at


@Base.macro("which")
def which(context: Any, e: Any) -> Any:
    """`@which f(x)`: the method that the call reaches."""
    if isinstance(e, Symbol):
        return call("which", QuoteNode(context.module), QuoteNode(e))
    return looked_at(_which_of, e)


def looked_at(run: Any, e: Any) -> Expr:
    """A call of `run` with the function and the arguments of a call; an error where it is none."""
    try:
        f, args = taken_apart(e)
    except ErrorException as error:
        return call("error", error.msg)
    return call(run, f, *args)


def _which_of(f: Any, *args: Any) -> Any:
    """The method, or the module that a name of a module comes from: `@which Base.sin`."""
    if f is Base.bindings["getproperty"] and args and isinstance(args[0], Module):
        return Base.bindings["which"](*args)
    return _which(f, args)


def _which(f: Any, args: tuple[Any, ...]) -> Any:
    from juliette.base.method_reflection import method_for

    return method_for(f, tuple(map(T.dispatch_type, args)))


_LITERALS = ("vect", "hcat", "vcat", "typed_hcat", "typed_vcat")


def taken_apart(e: Any) -> tuple[Any, list[Any]]:
    """(function, arguments) of a call in any of its forms."""
    if isinstance(e, Expr):
        if e.head == "do":
            f, args = taken_apart(e.args[0])
            return f, [e.args[1], *args]
        if e.head == "call" and not getattr(e.args[0], "name", "").startswith("."):
            return e.args[0], [
                a
                for a in e.args[1:]
                if not (isinstance(a, Expr) and a.head in ("parameters", "kw"))
            ]
        if e.head == "ref":
            return base("getindex"), list(e.args)
        if e.head == "." and len(e.args) == 2:
            return base("getproperty"), list(e.args)
        if e.head in _LITERALS:
            rows = [a for a in e.args if isinstance(a, Expr) and a.head == "row"]
            if not rows:
                return base(e.head), list(e.args)
            typed = e.args[:1] if e.head.startswith("typed") else []
            sizes = Expr("tuple", *[len(row.args) for row in rows])
            cells = [cell for row in rows for cell in row.args]
            return base(e.head.replace("vcat", "hvcat")), [*typed, sizes, *cells]
        if e.head == "'":
            return base("adjoint"), list(e.args)
        if e.head == "=" and isinstance(e.args[0], Expr) and e.args[0].head == "ref":
            target = e.args[0]
            return base("setindex!"), [target.args[0], e.args[1], *target.args[1:]]
        if e.head == "=" and isinstance(e.args[0], Expr) and e.args[0].head == ".":
            return base("setproperty!"), [*e.args[0].args, e.args[1]]
        if e.head in ("<:", ">:", "&&", "||"):
            return base(e.head), list(e.args)
        if e.head == "macrocall":
            return e.args[0], [
                QuoteNode(LineNumberNode(0)),
                QuoteNode(Base),
                *map(QuoteNode, e.args[2:]),
            ]
    raise ErrorException(
        "expression is not a function call, or is too complex for @which to analyze; "
        "break it down to simpler parts if possible"
    )


@Base.macro("functionloc")
def functionloc(context: Any, e: Any) -> Any:
    """`@functionloc f(x)`: file and line of the method that the call reaches."""
    return looked_at(location_of, e)


def location_of(f: Any, *args: Any) -> tuple[str, int]:
    if f is Base.bindings["getproperty"] and args and isinstance(args[0], Module):
        raise ErrorException("expression is not a function call, or is too complex")
    method = _which(f, args)
    return method.file, method.line


@Base.macro("invoke")
def invoke(context: Any, e: Any) -> Any:
    """`@invoke f(x::T)`: call the method for the types that are written."""
    f, args = taken_apart(e)
    types, values = [], []
    for a in args:
        if isinstance(a, Expr) and a.head == "::":
            values.append(a.args[0])
            types.append(a.args[1])
        else:
            values.append(a)
            types.append(Expr("call", GlobalRef(Core, Symbol("Typeof")), a))
    invoked = Expr(
        "call", GlobalRef(Core, Symbol("invoke")), f, Expr("curly", base("Tuple"), *types), *values
    )
    return with_keywords(invoked, e)


def with_keywords(called: Expr, e: Any) -> Expr:
    """The call with the keywords that another has."""
    own = e.args[1:] if isinstance(e, Expr) and e.head == "call" else []
    semicolon = [a for a in own if isinstance(a, Expr) and a.head == "parameters"]
    keywords = [a for a in own if isinstance(a, Expr) and a.head == "kw"]
    return Expr("call", called.args[0], *semicolon, *called.args[1:], *keywords)


@Base.macro("invokelatest")
def invokelatest_macro(context: Any, e: Any) -> Any:
    """`@invokelatest f(x)`: the call, with methods that were defined since the caller was started."""
    f, args = taken_apart(e)
    return with_keywords(call("invokelatest", f, *args), e)


@Base.method("invokelatest(f, args...; keywords...)", transparent=True)
def invokelatest(f: Any, /, *args: Any, **keywords: Any) -> Any:
    """Call `f`, with methods that were defined since the caller was started.

    ```jldoctest
    julia> Base.invokelatest(+, 1, 2)
    3
    ```
    """
    world, WORLD.current = WORLD.current, WORLD.latest
    try:
        return call_kw(f, keywords, *args)
    finally:
        WORLD.current = world


@Base.method("get_world_counter()", export=False)
def get_world_counter() -> Any:
    """The age of the newest method."""
    return np.uint64(WORLD.latest)


@Base.method("invoke_in_world(world, f, args...; keywords...)", export=False, transparent=True)
def invoke_in_world(world: Any, f: Any, *args: Any, **keywords: Any) -> Any:
    """Call `f` with the methods there are; older worlds are not kept.

    ```jldoctest
    julia> Base.invoke_in_world(Base.get_world_counter(), +, 1, 2)
    3
    ```
    """
    return call_kw(f, keywords, *args) if keywords else f(*args)


@Base.macro("locals", export=False)
def locals_(context: Any) -> Any:
    """`Base.@locals`: a dictionary of the local variables."""
    return Expr("locals")


@Base.macro("deprecate")
def deprecate(context: Any, old: Any, new: Any, export: Any = True) -> Any:
    """`@deprecate old new`: the old name goes on working, as the new one."""
    if isinstance(old, Symbol):
        rest = Expr("...", Symbol("args"))
        definition = Expr("=", Expr("call", old, rest), Expr("call", new, rest))
        name: Any = old
    elif is_signature(old):
        definition = Expr("=", old, new)
        e = old
        while e.head in ("where", "::"):
            e = e.args[0]
        name = e.args[0]
    else:
        raise problem("invalid usage of @deprecate")
    exported = Expr("export", name) if export is True and isinstance(name, Symbol) else None
    return Expr("toplevel", exported, definition) if exported is not None else definition
