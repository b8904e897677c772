"""Method signatures taken apart: parameters, keywords, `where`, optional arguments."""

from __future__ import annotations

from typing import Any

from juliette.compiler import core as C
from juliette.compiler.lower.forms import problem, shown, static_variable, str_name
from juliette.runtime.errors import ArgumentError
from juliette.syntax.expr import Expr, QuoteNode, Symbol


class Signature:
    """A method's signature, taken apart."""

    def __init__(self) -> None:
        self.function: Any = None
        self.callee: Any = None
        self.params: list[tuple[Any, Any, bool]] = []
        self.keywords: list[tuple[str, Any, Any, bool]] = []
        self.statics: list[tuple[str, Any, Any]] = []
        self.returns: Any = None
        self.static_vars: list[C.Var] = []

    def loose(self) -> list[Any]:
        """The static variables that only the types of keywords mention, with their bounds."""
        fixed = [
            self.function,
            *[t for _, t, _ in self.params],
            *[bound for _, *bounds in self.statics for bound in bounds],
        ]
        return [
            Symbol(n) if high is None else Expr("<:", Symbol(n), high)
            for n, low, high in self.statics
            if low is None
            and not any(mentions(e, n) for e in fixed)
            and any(mentions(t, n) for _, _, t, _ in self.keywords)
        ]

    def unused(self) -> list[str]:
        """The static variables that no type mentions."""
        types = [
            self.function,
            *[t for _, t, _ in self.params],
            *[t for _, _, t, _ in self.keywords],
        ]
        out = []
        for n, low, high in reversed(self.statics):
            if any(mentions(t, n) for t in types):
                types += [low, high]
            else:
                out.append(n)
        return out

    def closed(self, typ: Any) -> Any:
        """The type of a keyword without such variables: `Vector{T}` is any `Vector{T} where T`."""
        loose = [v for v in self.loose() if mentions(typ, _variable(v))] if self.statics else []
        return Expr("where", typ, *loose) if loose else typ

    def told_by_keywords(self) -> list[tuple[str, str, Any]]:
        """Each such variable, the keyword that tells it, and the keyword's type around it."""
        loose = self.loose() if self.keywords and self.statics else []
        out = []
        for v in loose:
            n = _variable(v)
            name, typ = next((k, t) for k, _, t, _ in self.keywords if mentions(t, n))
            others = [w for w in loose if w is not v and mentions(typ, _variable(w))]
            out.append((n, name, Expr("where", Expr("where", typ, *others) if others else typ, v)))
        return out


def _variable(v: Any) -> str:
    """The name of `T` or `T <: Bound`."""
    return (v.args[0] if isinstance(v, Expr) else v).name  # type: ignore[no-any-return]


def mentions(e: Any, name: str) -> bool:
    """Is the name in an expression?"""
    if isinstance(e, Symbol):
        return e.name == name
    return isinstance(e, Expr) and any(mentions(a, name) for a in e.args)


def parse_signature(e: Any) -> Signature:
    """`f(x::T, y...; k=1)::R where {T<:Real}` in parts."""
    sig = Signature()
    while isinstance(e, Expr) and e.head in ("where", "::"):
        if e.head == "where":
            sig.statics += [static_variable(v) for v in e.args[1:]]
        elif len(e.args) == 2:
            sig.returns = e.args[1]
        else:
            raise problem(f'invalid function name "{shown(e)}"')
        e = e.args[0]
    sig.function = e.args[0]
    for a in e.args[1:]:
        if isinstance(a, Expr) and a.head == "parameters":
            for k in a.args:
                sig.keywords.append(keyword_parameter(k))
            continue
        vararg = False
        a = without_hint(a)
        if isinstance(a, Expr) and a.head == "...":
            vararg, a = True, without_hint(a.args[0])
        typ = None
        if isinstance(a, Expr) and a.head == "::":
            typ = a.args[-1]
            a = a.args[0] if len(a.args) == 2 else Symbol("_")
            # `xs::Vararg{T,N}` takes what `xs::T...` takes.
            plain = typ.args[0] if isinstance(typ, Expr) and typ.head == "curly" else typ
            vararg = vararg or plain == Symbol("Vararg")
        sig.params.append((a, typ, vararg))
    check_statics(sig)
    if any(vararg for _, _, vararg in sig.params[:-1]):
        if any(isinstance(a, Expr) and a.head == "..." for a in e.args[1:-1]):
            raise problem('invalid "..." on non-final argument')
        raise ArgumentError("Vararg on non-final argument")
    return sig


def check_statics(sig: Signature) -> None:
    """Refuse a static variable that stands twice, or has the name of a parameter."""
    names = [name for name, _, _ in sig.statics]
    for name in names:
        if names.count(name) > 1:
            raise problem(f'function static parameter name not unique: "{name}"')
    for a, _, _ in sig.params if names else ():
        if isinstance(a, Symbol) and a.name in names:
            raise problem(f'function argument and static parameter name not distinct: "{a.name}"')


def without_hint(a: Any) -> Any:
    """A parameter without `@nospecialize` or `@specialize`."""
    if (
        isinstance(a, Expr)
        and a.head == "macrocall"
        and str_name(a.args[0]) in ("@nospecialize", "@specialize")
    ):
        return a.args[2]
    if isinstance(a, Expr) and a.head in ("kw", "=") and isinstance(a.args[0], Expr):
        return Expr(a.head, without_hint(a.args[0]), *a.args[1:])
    return a


def keyword_parameter(k: Any) -> tuple[str, Any, Any, bool]:
    default = None
    if isinstance(k, Expr) and k.head == "...":
        rest = k.args[0]
        rest = rest.args[0] if isinstance(rest, Expr) and rest.head == "::" else rest
        if not isinstance(rest, Symbol):
            raise problem(f'"{shown(rest)}" is not a valid function argument name')
        return rest.name, None, None, True
    if isinstance(k, Expr) and k.head in ("kw", "="):
        k, default = k.args
        if default is None:
            default = QuoteNode(None)
    typ = None
    if isinstance(k, Expr) and k.head == "::" and len(k.args) == 2:
        k, typ = k.args
    if isinstance(k, Expr) and k.head == "parameters":
        raise problem("more than one semicolon in argument list")
    if not isinstance(k, Symbol):
        raise problem(f'"{shown(k)}" is not a valid function argument name')
    return k.name, default, typ, False


def optional_methods(
    signature: Any, body: Any, self_name: str | None = None
) -> list[tuple[Any, Any]]:
    """The full method, and one for each number of optional arguments left out."""
    e = signature
    wrap: list[Any] = []
    while isinstance(e, Expr) and e.head in ("where", "::"):
        wrap.append(e)
        e = e.args[0]
    args = [without_hint(a) for a in e.args[1:]]
    check_arguments(args)
    if not any(isinstance(a, Expr) and a.head in ("kw", "=") for a in args):
        return [(signature, body)]
    keywords = [a for a in args if isinstance(a, Expr) and a.head == "parameters"]
    positional = [a for a in args if not (isinstance(a, Expr) and a.head == "parameters")]
    plain = [a.args[0] if isinstance(a, Expr) and a.head in ("kw", "=") else a for a in positional]

    def rewrap(call_: Any) -> Any:
        for w in reversed(wrap):
            call_ = Expr(w.head, call_, *w.args[1:])
        return call_

    out = [(rewrap(Expr("call", e.args[0], *keywords, *plain)), body)]
    first = next(
        i for i, a in enumerate(positional) if isinstance(a, Expr) and a.head in ("kw", "=")
    )
    callee = e.args[0]
    if isinstance(callee, Expr) and callee.head == "::":
        name: Any = callee.args[0] if len(callee.args) == 2 else Symbol("#self#")
    elif self_name is not None:
        name = Symbol(self_name)
    else:
        name = callee
    n_optional = sum(isinstance(a, Expr) and a.head in ("kw", "=") for a in positional)
    # In the shorter methods every parameter needs a name to be passed on by.
    held = [passable(a, i) for i, a in enumerate(plain)]
    for k in range(n_optional, 0, -1):
        cut = first + k - 1
        given = [parameter for parameter, _ in held[:cut]]
        passed = [argument_of(a) for a in given]
        missing = [
            a.args[1] for a in positional[cut:] if isinstance(a, Expr) and a.head in ("kw", "=")
        ]
        inner: list[Any] = [name]
        params: list[Any] = []
        if keywords:
            params = [Expr("parameters", Expr("...", Symbol("#kw#")))]
            inner.append(Expr("parameters", Expr("...", Symbol("#kw#"))))
        # Later defaults may mention earlier optional arguments, so bind them in order.
        assigns = [opened for _, opened in held[:cut] if opened is not None]
        names = []
        for (parameter, opened), default in zip(
            held[cut : cut + len(missing)], missing, strict=True
        ):
            names.append(argument_of(parameter))
            if isinstance(names[-1], Expr):
                # `xs... = 1` takes the one value where none is given, `xs... = ys...` all of ys.
                names[-1] = names[-1].args[0]
                if isinstance(default, Expr) and default.head == "...":
                    assigns.append(Expr("=", names[-1], default.args[0]))
                    names[-1] = Expr("...", names[-1])
                    continue
            elif isinstance(default, Expr) and default.head == "...":
                raise problem('invalid "..." in non-final positional argument default value')
            assigns.append(Expr("=", names[-1], default))
            if opened is not None:
                assigns.append(opened)
        forward = Expr(
            "block",
            Expr(
                "let", Expr("block", *assigns), Expr("block", Expr("call", *inner, *passed, *names))
            ),
        )
        out.append((rewrap(Expr("call", e.args[0], *params, *given)), forward))
    return out


def passable(a: Any, i: int) -> tuple[Any, Expr | None]:
    """A parameter under a name, and how its pattern is taken apart, if it has one."""
    if isinstance(a, Expr) and a.head == "...":
        return Expr("...", passable(a.args[0], i)[0]), None
    typed = isinstance(a, Expr) and a.head == "::"
    target = (a.args[0] if len(a.args) == 2 else None) if typed else a
    if isinstance(target, Symbol) and target.name.strip("_"):
        return a, None
    name = Symbol(f"#arg{i}#")
    pattern = Expr("=", target, name) if isinstance(target, Expr) else None
    return Expr("::", name, a.args[-1]) if typed else name, pattern


def check_arguments(args: list[Any]) -> None:
    """Refuse what no method can have: a name twice, a required argument after an optional one."""
    names: list[str] = []
    optional = splat = False
    for a in args:
        if isinstance(a, Expr) and a.head == "parameters":
            keywords = [keyword_parameter(k) for k in a.args]
            if any(collects for *_, collects in keywords[:-1]):
                raise problem('invalid "..." on non-final keyword argument')
            names += [k[0] for k in keywords]
            continue
        if splat:
            raise problem('invalid "..." on non-final argument')
        if isinstance(a, Expr) and a.head in ("kw", "="):
            optional, a = True, a.args[0]
        elif isinstance(a, Expr) and a.head == "...":
            splat = True
        elif optional:
            raise problem("optional positional arguments must occur at end")
        if isinstance(a, Expr) and a.head == "...":
            splat, a = True, a.args[0]
        bound = argument_of(a)
        if not isinstance(bound, Symbol) and not (
            isinstance(bound, Expr) and bound.head == "tuple"
        ):
            raise problem(f'"{shown(bound)}" is not a valid function argument name')
        if isinstance(bound, Symbol) and bound.name.strip("_"):
            names.append(bound.name)
    for name in names:
        if names.count(name) > 1:
            raise problem(f'function argument name not unique: "{name}"')


def argument_of(a: Any) -> Any:
    if isinstance(a, Expr) and a.head == "::":
        return a.args[0] if len(a.args) == 2 else Symbol("_")
    if isinstance(a, Expr) and a.head == "...":
        return Expr("...", argument_of(a.args[0]))
    return a
