"""Lowering of `struct`, `abstract type` and `primitive type`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from juliette.compiler import core as C
from juliette.compiler.lower import Lowerer, is_signature, problem, static_variable
from juliette.compiler.lower.forms import shown
from juliette.syntax.expr import Expr, GlobalRef, LineNumberNode, Symbol

# The hidden first parameter of a constructor: the type that is called.
CALLED = Symbol("#ctor#")


class Fields:
    """The body of a struct, taken apart."""

    def __init__(self) -> None:
        self.names: list[str] = []
        self.types: list[Any] = []
        self.consts: list[str] = []
        self.atomics: list[str] = []
        self.docs: dict[str, str] = {}
        self.constructors: list[Any] = []
        self.line: LineNumberNode | None = None


def take_apart(body: Expr, mutable: bool) -> Fields:
    """Fields and constructors of a struct's body."""
    out = Fields()
    doc: str | None = None
    line: LineNumberNode | None = None

    def field(item: Any) -> bool:
        name = (
            item.args[0]
            if isinstance(item, Expr) and item.head == "::" and len(item.args) == 2
            else item
        )
        if not isinstance(name, Symbol):
            return False
        if name.name in out.names:
            raise problem(f'duplicate field name: "{name.name}" is not unique')
        out.names.append(name.name)
        out.types.append(item.args[1] if isinstance(item, Expr) else None)
        if doc is not None:
            out.docs[name.name] = doc
        return True

    for item in body.args:
        if isinstance(item, LineNumberNode):
            line = item
            out.line = out.line or item
            continue
        if isinstance(item, str):
            doc = item
            continue
        if _is_doc(item):
            doc, item = item.args[2], item.args[3]
        atomic = _is_atomic(item)
        item = _plain_field(item)
        if isinstance(item, Expr) and item.head == "const":
            if not mutable:
                raise problem('expected assignment after "const"')
            if not field(item.args[0]):
                raise problem('expected assignment after "const"')
            out.consts.append(out.names[-1])
        elif not field(item):
            if isinstance(item, Expr) and item.head == "block":
                inner = take_apart(item, mutable)
                out.constructors += inner.constructors
                for n, t in zip(inner.names, inner.types, strict=True):
                    out.names.append(n)
                    out.types.append(t)
                out.consts += inner.consts
                out.atomics += inner.atomics
                out.docs.update(inner.docs)
            elif (
                isinstance(item, Expr)
                and item.head == "="
                and not is_signature(item.args[0])
                and isinstance(item.args[0], (Symbol, Expr))
                and (isinstance(item.args[0], Symbol) or item.args[0].head == "::")
            ):
                raise problem(f'"{shown(item)}" inside type definition is reserved')
            elif item is not None:
                out.constructors.append(Expr("block", line, item) if line is not None else item)
        if atomic and out.names:
            out.atomics.append(out.names[-1])
        doc = None
    return out


def _is_doc(item: Any) -> bool:
    return (
        isinstance(item, Expr)
        and item.head == "macrocall"
        and isinstance(item.args[0], GlobalRef)
        and item.args[0].name == Symbol("@doc")
        and len(item.args) == 4
        and isinstance(item.args[2], str)
    )


def _is_atomic(item: Any) -> bool:
    """Is it a field that is declared `@atomic`?"""
    if isinstance(item, Expr) and item.head == "const":
        return _is_atomic(item.args[0])
    return isinstance(item, Expr) and (
        item.head == "atomic" or (item.head == "macrocall" and item.args[0] == Symbol("@atomic"))
    )


def _plain_field(item: Any) -> Any:
    """`@atomic x::T` is a field like any other."""
    if isinstance(item, Expr) and item.head == "const":
        return Expr("const", _plain_field(item.args[0]))
    if isinstance(item, Expr) and item.head == "macrocall" and item.args[0] == Symbol("@atomic"):
        return item.args[-1]
    return item.args[0] if isinstance(item, Expr) and item.head == "atomic" else item


def type_head(e: Any) -> tuple[str, list[Any], Any]:
    """(name, parameters, supertype) of `P{T} <: S`."""
    sup = None
    if isinstance(e, Expr) and e.head == "<:" and len(e.args) == 2:
        e, sup = e.args
    params: list[Any] = []
    if isinstance(e, Expr) and e.head == "curly":
        params = list(e.args[1:])
        e = e.args[0]
    if isinstance(e, GlobalRef):
        e = e.name
    if not isinstance(e, Symbol):
        raise problem("invalid type signature")
    return e.name, params, sup


def at_top_level(lowerer: Lowerer, what: str) -> None:
    """Refuse it in a function; a `let` or a loop outside of functions may hold it."""
    if not lowerer.function.toplevel:
        raise problem(f'"{what}" expression not at top level')


def lower_struct(lowerer: Lowerer, e: Expr) -> C.Node:
    """The core form of a struct definition."""
    mutable, head, body = e.args
    at_top_level(lowerer, "struct")
    name, params, sup = type_head(head)
    fields = take_apart(body, bool(mutable))
    fewest = least_initialized(fields.constructors, len(fields.names))
    line = fields.line.line if fields.line is not None else lowerer.line
    made = lowerer.temp("type")

    def build() -> C.Node:
        out, variables = type_variables(lowerer, params)
        own = mentions(sup, name)
        out.append(
            C.Assign(
                made,
                C.Call(
                    C.Runtime("define_struct"),
                    [
                        C.Const(lowerer.module),
                        C.Const(name),
                        C.MakeTuple(variables),
                        lowerer.lower(sup) if sup is not None and not own else C.Const(None),
                        C.Const(bool(mutable)),
                    ],
                ),
            )
        )
        if own:
            above = lowerer.lower(with_own(sup, name, C.Local(made)))
            out.append(C.Call(C.Runtime("set_supertype"), [C.Local(made), above]))
        # Field types may mention the type itself.
        nodes = [
            C.Runtime("Any") if t is None else lowerer.lower(with_own(t, name, C.Local(made)))
            for t in fields.types
        ]
        out.append(
            C.Assign(
                made,
                C.Call(
                    C.Runtime("define_fields"),
                    [
                        C.Const(lowerer.module),
                        C.Local(made),
                        C.Const(tuple(fields.names)),
                        C.MakeTuple(nodes),
                        C.Const(not fields.constructors),
                        C.Const(frozenset(fields.consts)),
                        C.Const(fewest),
                        C.Const((lowerer.file, line)),
                        C.Const(fields.docs),
                        C.Const(frozenset(fields.atomics)),
                    ],
                ),
            )
        )
        return C.Block(out)

    node = lowerer.in_scope(build, names=[static_variable(v)[0] for v in params])
    inner = [
        lowerer.lower(inner_constructor(c, name, [static_variable(v)[0] for v in params], lowerer))
        for c in fields.constructors
    ]
    return C.Block([node, *inner, C.Const(None)])


def type_variables(lowerer: Lowerer, params: list[Any]) -> tuple[list[C.Node], list[C.Node]]:
    """Assignments that make a type's parameters, and the variables they are in."""
    out: list[C.Node] = []
    variables: list[C.Node] = []
    for v in params:
        n, low, high = static_variable(v)
        out.append(
            lowerer.assign(
                n,
                C.Call(
                    C.Runtime("typevar"),
                    [
                        C.Const(n),
                        lowerer.lower(low) if low is not None else C.Const(None),
                        lowerer.lower(high) if high is not None else C.Const(None),
                    ],
                ),
            )
        )
        variables.append(lowerer.read(n))
    return out, variables


def mentions(e: Any, name: str) -> bool:
    """Does an expression name the type that is being defined?"""
    if isinstance(e, Expr):
        return e.head not in ("quote", "inert") and any(mentions(a, name) for a in e.args)
    return (
        e.name if isinstance(e, Symbol) else e.name.name if isinstance(e, GlobalRef) else None
    ) == name


def with_own(e: Any, name: str, own: C.Node) -> Any:
    """A field's type, with the type that is being defined put in for its name."""
    if isinstance(e, Symbol):
        return own if e.name == name else e
    if isinstance(e, GlobalRef):
        return own if e.name.name == name else e
    if isinstance(e, Expr) and e.head not in ("quote", "inert"):
        return Expr(e.head, *[with_own(a, name, own) for a in e.args])
    return e


def new_calls(e: Any, found: Callable[[Expr], Any]) -> Any:
    """Replace every `new(…)` and `new{…}(…)`."""
    if not isinstance(e, Expr) or e.head in ("quote", "inert"):
        return e
    if e.head == "call" and _is_new(e.args[0]):
        return found(e)
    return Expr(e.head, *[new_calls(a, found) for a in e.args])


def _is_new(f: Any) -> bool:
    if isinstance(f, Expr) and f.head == "curly":
        f = f.args[0]
    return f == Symbol("new")  # type: ignore[no-any-return]


def least_initialized(constructors: list[Any], n: int) -> int:
    """How many fields every `new` sets."""
    fewest = n

    def count(e: Expr) -> Expr:
        nonlocal fewest
        given = [a for a in e.args[1:] if not (isinstance(a, Expr) and a.head == "parameters")]
        if not any(isinstance(a, Expr) and a.head == "..." for a in given):
            fewest = min(fewest, len(given))
        return Expr(e.head, e.args[0], *[new_calls(a, count) for a in e.args[1:]])

    for c in constructors:
        new_calls(c, count)
    return fewest


def inner_constructor(
    e: Any, name: str, params: list[str], lowerer: Lowerer, nested: bool = False
) -> Any:
    """A definition inside of a struct, with `new(…)` spelled out; `nested` in a `let` or a loop."""
    if not isinstance(e, Expr) or e.head in ("quote", "inert"):
        return e
    if not (e.head in ("function", "=") and is_signature(e.args[0])):
        nested = nested or e.head not in ("block", "macrocall", "toplevel")
        return Expr(e.head, *[inner_constructor(a, name, params, lowerer, nested) for a in e.args])
    if nested:
        # It belongs to the type all the same.
        e = named_globally(e, name, lowerer)
    parametric = called_with_parameters(e.args[0])

    def found(x: Expr) -> Expr:
        f = x.args[0]
        given = [new_calls(a, found) for a in x.args[1:]]
        if isinstance(f, Expr):
            given_types = f.args[1:]
            # How many a splat gives is known when it runs.
            splat = any(isinstance(p, Expr) and p.head == "..." for p in given_types)
            if len(given_types) < len(params) and not splat:
                raise problem('too few type parameters specified in "new{...}"')
            if len(given_types) - splat > len(params):
                raise problem('too many type parameters specified in "new{...}"')
            t: Any = Expr("curly", C.Global(name), *f.args[1:])
        elif not params:
            t = C.Global(name)
        elif parametric:
            t = CALLED
        else:
            raise problem('too few type parameters specified in "new{...}"')
        return Expr("call", C.Runtime("new"), t, *given)

    return new_calls(e, found)


def named_globally(e: Expr, name: str, lowerer: Lowerer) -> Any:
    """A definition of a constructor, whose name is that of the type and no local one."""

    def renamed(signature: Any) -> Any:
        if signature == Symbol(name):
            return GlobalRef(lowerer.module, signature)
        if isinstance(signature, Expr) and signature.head in ("where", "::", "call", "curly"):
            return Expr(signature.head, renamed(signature.args[0]), *signature.args[1:])
        return signature

    return Expr(e.head, renamed(e.args[0]), *e.args[1:])


def called_with_parameters(signature: Any) -> bool:
    """Is it `P{T}(…)`, whose type says its parameters itself?"""
    while isinstance(signature, Expr) and signature.head in ("where", "::"):
        signature = signature.args[0]
    if not isinstance(signature, Expr) or signature.head != "call":
        return False
    f = signature.args[0]
    return isinstance(f, Expr) and f.head in ("curly", "::")


def lower_abstract(lowerer: Lowerer, head: Any, bits: Any) -> C.Node:
    """The core form of `abstract type` and `primitive type`."""
    at_top_level(lowerer, "abstract type" if bits is None else "primitive type")
    name, params, sup = type_head(head)

    def build() -> C.Node:
        out, variables = type_variables(lowerer, params)
        size = lowerer.lower(bits) if bits is not None else C.Const(None)
        above = sup
        opened: list[C.Node] = []
        if mentions(sup, name):
            made = lowerer.temp("type")
            head_args = [C.Const(lowerer.module), C.Const(name), C.MakeTuple(variables), size]
            out.append(C.Assign(made, C.Call(C.Runtime("open_abstract"), head_args)))
            above = with_own(sup, name, C.Local(made))
            opened = [C.Local(made)]
        out.append(
            C.Call(
                C.Runtime("define_abstract"),
                [
                    C.Const(lowerer.module),
                    C.Const(name),
                    C.MakeTuple(variables),
                    lowerer.lower(above) if above is not None else C.Const(None),
                    size,
                    *opened,
                ],
            )
        )
        return C.Block([*out, C.Const(None)])

    return lowerer.in_scope(build, names=[static_variable(v)[0] for v in params])
