"""Docstrings: `"text" f(x) = …`, `@doc f`, and what they are attached to."""

from __future__ import annotations

import re
from typing import Any
from weakref import WeakKeyDictionary

from juliette.base.code_macros import call
from juliette.base.documentation import show_markdown, text_of
from juliette.compiler.lower.signatures import without_hint
from juliette.display.expressions import expression_text
from juliette.display.io import IO, STDOUT
from juliette.runtime import types as T
from juliette.runtime import values as V
from juliette.runtime.dispatch import GenericFunction
from juliette.runtime.errors import ErrorException
from juliette.runtime.modules import PACKAGES, Base, Module
from juliette.syntax.expr import Expr, GlobalRef, LineNumberNode, QuoteNode, Symbol

# The texts of a name, by the signatures they were written for.
_PARTS: WeakKeyDictionary[Module, dict[str, dict[str, str]]] = WeakKeyDictionary()
# The types of the arguments that the texts of methods are about.
_TYPES: WeakKeyDictionary[Module, dict[str, dict[str, Any]]] = WeakKeyDictionary()


class Binding:
    """What a documented definition gives: the name that was documented."""

    __slots__ = ("module", "name")
    fields, value_fields = ("mod", "var"), ("module", "name")

    def __init__(self, module: Module, name: str) -> None:
        self.module = module
        self.name = name

    @property
    def mod(self) -> Module:
        return self.module

    @property
    def var(self) -> Symbol:
        return Symbol(self.name)


class Documentation:
    """The text that `@doc f` gives."""

    __slots__ = ("text",)

    def __init__(self, text: str) -> None:
        self.text = text


Docs = Module("Docs", Base)
Docs.visible = Docs.bindings["__builtins__"] = Base.bindings
Base.const("Docs", Docs)
Binding_ = T.define("Binding", module=Docs)
T.register_class(Binding, Binding_)
Docs.const("Binding", Binding_, export=False)
Binding_.typename.fields, Binding_.typename.field_types = ("mod", "var"), (T.Module_, T.Symbol_)


@Docs.method("Binding(m::Module, v::Symbol)", export=False)
def binding(_: Any, m: Module, v: Symbol) -> Binding:
    """A name in a module."""
    return Binding(m, v.name)


Documentation_ = T.define("Markdown.MD")
T.register_class(Documentation, Documentation_)
Base.const("Documentation", Documentation_, export=False)


@Docs.method("getdoc(x)", export=False)
def getdoc(x: Any) -> None:
    """What `?x` shows for a value: methods of the user's own say it; `nothing` leaves it to what is written.

    ```jldoctest
    julia> struct Colour end

    julia> Docs.getdoc(::Colour) = "A colour.";

    julia> red = Colour(); @doc red
    "A colour."
    ```
    """


@Docs.method("getdoc(x, signature)", export=False)
def getdoc_of_call(x: Any, signature: Any) -> Any:
    """What is said of a call with arguments of these types."""
    return Docs.get("getdoc")(x)


@Docs.method("doc(x, signature=nothing)", export=False)
def doc_of(x: Any, signature: Any = None) -> Any:
    """What is written about a function, type or module.

    ```jldoctest
    julia> "Doubles." twice(x) = 2x;

    julia> Docs.doc(twice)
    Doubles.
    ```
    """
    if isinstance(x, Binding):
        return lookup(x.module, Symbol(x.name))
    own = Docs.get("getdoc")(x, T.union())
    if own is not None:
        return own
    generic = x if isinstance(x, GenericFunction) else None
    family = getattr(T.unwrap(x), "typename", None) if isinstance(x, T.JuliaType) else None
    owner = (
        getattr(generic, "module", None)
        or getattr(family, "module", None)
        or getattr(x, "parent", None)
    )
    name = getattr(generic or family or x, "name", None)
    if not isinstance(owner, Module) or not isinstance(name, str):
        return Documentation("No documentation found.")
    return lookup(owner, Symbol(name))


@Docs.method("apropos(xs...)")
def apropos(*xs: Any) -> None:
    """Print the names of what has a text in which a string or a pattern is found.

    ```jldoctest
    julia> "Doubles a walrus." twice(x) = 2x;

    julia> apropos("walrus")
    Main.twice
    ```
    """
    io, needle = xs if len(xs) == 2 else (STDOUT, xs[0])
    pattern = getattr(needle, "pattern", None)
    wanted = re.compile(re.escape(str(needle)) if pattern is None else pattern, re.IGNORECASE)
    loaded = (m for n, m in PACKAGES.items() if m.loader is None and n != "InteractiveUtils")
    for module in dict.fromkeys((Base, *loaded, *_PARTS)):
        own = _PARTS.get(module, {})
        for name in sorted(
            {*own, *(module.exports if module is Base or module.name in PACKAGES else ())}
        ):
            parts = own.get(name)
            text = "\n".join(parts.values()) if parts else text_of(module, name)
            if wanted.search(text) or wanted.search(name):
                io.write(f"{module.name}.{name}\n")


@Docs.method("meta(m::Module; autoinit=true)", export=False)
def meta(m: Module, *, autoinit: Any = True) -> Any:
    """The names with texts that a module has written.

    ```jldoctest
    julia> "Doubles." twice(x) = 2x;

    julia> haskey(Docs.meta(Main), Docs.Binding(Main, :twice))
    true
    ```
    """
    out = V.JuliaIdDict(T.Any_, T.Any_)
    for name, parts in _PARTS.get(m, {}).items():
        key = Binding(m, name)
        out.put(key, Documentation("\n\n".join(parts.values())))
    return out


@Docs.method("defined(b::Binding)", export=False)
def is_defined(b: Binding) -> bool:
    """Has the name a value?"""
    return b.module.has(b.name)


@Docs.method("resolve(b::Binding)", export=False)
def resolve(b: Binding) -> Any:
    """The value of the name."""
    return b.module.get(b.name)


@Base.method("show(io::IO, b::Base.Docs.Binding)")
def show_binding(io: IO, b: Binding) -> None:
    prefix = "" if b.module.name == "Main" else ".".join(b.module.path) + "."
    io.write(prefix + b.name)


@Base.macro("doc")
def doc(context: Any, *args: Any) -> Any:
    """`@doc f` shows what is written about `f`; `@doc "text" f` writes it."""
    if len(args) == 1:
        asked = signature_type(args[0])
        if asked is None:
            return call(lambda: lookup(context.module, args[0]))
        return call(lambda types: lookup(context.module, args[0], types), asked)
    text, e = args[0], args[1]
    if isinstance(e, Expr) and e.head == "macrocall" and not _names_macro(e):
        from juliette.base.code_macros import expander

        found, count = marked(context, text, expander(context).expand_all(e))
        if count:
            return found
        e = expander(context).expand_all(e, once=True)
    return attach(context, text, e)


MARK = Expr("meta", Symbol("doc"))


@Base.macro("__doc__")
def documented(context: Any, e: Any) -> Any:
    """`@__doc__ definition` in the result of a macro: what a docstring above its call documents."""
    return Expr("block", MARK, e)


def marked(context: Any, text: Any, e: Any) -> tuple[Any, int]:
    """Code in which what `@__doc__` marks is documented, and how often it marks anything."""
    if not isinstance(e, Expr) or e.head in ("quote", "inert"):
        return e, 0
    if e.head == "block" and len(e.args) == 2 and e.args[0] == MARK:
        return attach(context, text, e.args[1]), 1
    parts = [marked(context, text, a) for a in e.args]
    count = sum(n for _, n in parts)
    return (Expr(e.head, *[p for p, _ in parts]) if count else e), count


def _names_macro(e: Expr) -> bool:
    """Is it a macro's name alone, as in `"text" @m`?"""
    return len(e.args) == 2


def attach(context: Any, text: Any, e: Any) -> Any:
    """The code that runs a definition and notes its documentation."""
    if isinstance(e, Expr) and e.head == "block":
        items = [a for a in e.args if not isinstance(a, LineNumberNode) and a is not None]
        documented = next((i for i, a in enumerate(items) if name_of(a)), None)
        if documented is not None:
            rest = list(e.args)
            i = rest.index(items[documented])
            rest[i] = attach(context, text, items[documented])
            return Expr("block", *rest)
    if isinstance(e, Expr) and e.head == "tuple" and e.args and all(map(name_of, e.args)):
        # `"text" f, g` documents both.
        return Expr("block", *(attach(context, text, a) for a in e.args))
    name = name_of(e) or first_assigned(e)
    if not name:
        raise ErrorException(f"cannot document the following expression:\n\n{expression_text(e)}\n")
    module = QuoteNode(context.module)
    signature = signature_text(e)
    if context.lowerer is not None and context.lowerer.scope is not None:
        return e
    owner, plain = name
    target = owner if owner is not None else module
    note = call(note_text, target, plain, signature, text, signature_type(e))
    definition = e if defines(e) else None
    if definition is None:
        return note
    whole = "toplevel" if isinstance(e, Expr) and e.head == "module" else "block"
    return Expr(whole, definition, note)


def note_text(module: Any, name: str, signature: str, text: Any, types: Any = None) -> Any:
    """Write down a text for a name; one for the same signature is replaced."""
    if not isinstance(module, Module):
        return None
    if types is not None:
        _TYPES.setdefault(module, {}).setdefault(name, {})[signature] = types
    known = _PARTS.setdefault(module, {}).setdefault(name, {})
    known[signature] = (text if isinstance(text, str) else Base.bindings["string"](text)).strip(
        "\n"
    )
    module.docs[name] = "\n\n".join(known.values())
    return Binding(module, name)


def texts_of(module: Any, name: str) -> list[str]:
    """What is written about a name: a text for each signature."""
    return list(_PARTS.get(module, {}).get(name, {}).values())


def defines(e: Any) -> bool:
    """Is it a definition, and not just a name or a call?"""
    return isinstance(e, Expr) and e.head in (
        "function",
        "=",
        "macro",
        "struct",
        "abstract",
        "primitive",
        "const",
        "global",
        "module",
    )


def first_assigned(e: Any) -> tuple[Any, str] | None:
    """What `const a, b = 1, 2` documents: its first name."""
    while isinstance(e, Expr) and e.head in ("const", "global", "=", "tuple") and e.args:
        e = e.args[0]
    return name_of(e) if isinstance(e, Symbol) else None


def name_of(e: Any) -> tuple[Any, str] | None:
    """(owner or None, name) of what an expression defines or names."""
    if isinstance(e, Symbol):
        return None, e.name
    if isinstance(e, GlobalRef):
        return e.module, e.name.name
    if isinstance(e, QuoteNode):
        return name_of(e.value)
    if not isinstance(e, Expr) or not e.args:
        return None
    if e.head == "quote":
        return name_of(e.args[0])
    if e.head in ("struct", "module"):
        return name_of(e.args[1])
    if e.head == "macro":
        found = name_of(e.args[0])
        return (found[0], "@" + found[1]) if found else None
    if e.head == "macrocall":
        return name_of(e.args[0])
    if e.head == "." and len(e.args) == 2 and isinstance(e.args[1], QuoteNode):
        return e.args[0], e.args[1].value.name
    if e.head == "::" and len(e.args) == 1:
        return name_of(e.args[0])
    if e.head in (
        "function",
        "=",
        "where",
        "::",
        "call",
        "abstract",
        "primitive",
        "const",
        "global",
        "curly",
        "<:",
    ):
        return name_of(e.args[0])
    return None


def signature_text(e: Any) -> str:
    """The argument types that a documented method takes, as a key."""
    if isinstance(e, Expr) and e.head in ("function", "=", "macro") and len(e.args) == 2:
        e = e.args[0]
    if not isinstance(e, Expr):
        return ""
    wheres = ""
    while e.head in ("where", "::") and isinstance(e.args[0], Expr):
        if e.head == "where":
            wheres += ";" + ",".join(map(expression_text, e.args[1:]))
        e = e.args[0]
    if e.head != "call":
        return ""
    types = []
    for a in e.args[1:]:
        a = without_hint(a)
        if isinstance(a, Expr) and a.head in ("kw", "="):
            a = a.args[0]
        dots = "..." if isinstance(a, Expr) and a.head == "..." else ""
        a = a.args[0] if dots else a
        if isinstance(a, Expr) and a.head == "parameters":
            continue
        types.append(
            (expression_text(a.args[-1]) if isinstance(a, Expr) and a.head == "::" else "Any")
            + dots
        )
    return f"({', '.join(types)}){wheres}"


def signature_type(e: Any) -> Any:
    """Code for the type of the arguments that a documented or asked for method takes; None for a name."""
    if isinstance(e, Expr) and e.head in ("function", "=", "macro") and len(e.args) == 2:
        e = e.args[0]
    wheres: list[Any] = []
    while isinstance(e, Expr) and e.head in ("where", "::") and len(e.args) > 1:
        wheres += reversed(e.args[1:]) if e.head == "where" else []
        e = e.args[0]
    if not isinstance(e, Expr) or e.head not in ("call", "macrocall"):
        return None
    if e.head == "macrocall" and _names_macro(e):
        return None
    types: list[Any] = []
    shorter: list[Any] = []
    for a in e.args[2 if e.head == "macrocall" else 1 :]:
        if isinstance(a, Expr) and a.head == "parameters":
            continue
        a = without_hint(a)
        if isinstance(a, Expr) and a.head in ("kw", "="):
            shorter.append(Expr("curly", QuoteNode(T.Tuple_), *types))
            a = a.args[0]
        many = isinstance(a, Expr) and a.head == "..."
        a = a.args[0] if many else a
        kind = a.args[-1] if isinstance(a, Expr) and a.head == "::" else QuoteNode(T.Any_)
        types.append(Expr("curly", Symbol("Vararg"), kind) if many else kind)
    whole = Expr("curly", QuoteNode(T.Tuple_), *types)
    out = Expr("curly", Symbol("Union"), *shorter, whole) if shorter else whole
    for variable in wheres:
        out = Expr("where", out, variable)
    return out


def fitting(module: Module, query: str, types: Any) -> list[str]:
    """The texts of a name that are about calls with arguments of these types."""
    *path, name = query.split(".")
    for part in path:
        found = module.get(part) if module.has(part) else None
        if not isinstance(found, Module):
            return []
        module = found
    known = _TYPES.get(module, {}).get(name, {})
    texts = _PARTS.get(module, {}).get(name, {})
    return [texts[key] for key, own in known.items() if T.subtype(types, own)]


def lookup(module: Module, e: Any, types: Any = None) -> Any:
    """What is written about what an expression names, and about calls with such arguments."""
    while isinstance(e, Expr) and e.head == "where":
        e = e.args[0]
    if isinstance(e, Expr) and e.head in ("call", "ref"):
        e = e.args[0]
    if isinstance(e, str):
        return Documentation(e)
    found = name_of(e)
    if found is None:
        return Documentation("No documentation found.")
    owner, name = found
    if owner is not None and not isinstance(owner, Module):
        query = f"{expression_text(owner)}.{name}"
    else:
        query = name
        module = owner if isinstance(owner, Module) else module
    if types is not None and (texts := fitting(module, query, types)):
        return Documentation("\n\n".join(texts))
    own = _own(module, query)
    return Documentation(text_of(module, query)) if own is None else own


def _own(module: Module, query: str) -> Any:
    """What methods of `Docs.getdoc` say of the value of a name."""
    table = Docs.get("getdoc")
    if not table.user_methods:
        return None
    for part in query.split("."):
        if not isinstance(module, Module) or not module.has(part):
            return None
        module = module.get(part)
    return table(module, T.union())


@Base.method("show(io::IO, d::Documentation)")
def show_documentation(io: IO, d: Documentation) -> None:
    io.write(d.text.rstrip("\n") + "\n")


@Base.method('show(io::IO, ::MIME"text/plain", d::Documentation)')
def show_documentation_long(io: IO, _: Any, d: Documentation) -> None:
    show_markdown(io, d.text.rstrip("\n"))


@Base.method('show(io::IO, ::MIME"text/markdown", d::Documentation)')
def show_documentation_markdown(io: IO, _: Any, d: Documentation) -> None:
    io.write(d.text.rstrip("\n") + "\n")


@Base.method("string(d::Documentation)")
def documentation_string(d: Documentation) -> str:
    return d.text.rstrip("\n") + "\n"
