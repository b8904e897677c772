"""`?name`: what is known of a name, as Markdown and as plain text; and what its kind is."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Iterable
from typing import Any

from juliette.base.examples import added, entries
from juliette.base.name_search import accessible, alike, meant
from juliette.base.output import displaysize_default
from juliette.display.io import IO, Text
from juliette.display.methods import fits, method_text, parts_of, place
from juliette.runtime import types as T
from juliette.runtime.dispatch import GenericFunction, Method
from juliette.runtime.modules import PACKAGES, Base, MacroFunction, Module, constructors
from juliette.runtime.type_names import type_string
from juliette.runtime.types import typeof
from juliette.runtime.values import MIME, JuliaDict
from juliette.syntax import parse_one, to_expr
from juliette.syntax.expr import Expr, Symbol

KEYWORDS = {
    "abstract type": "`abstract type A <: B end` declares a type that has no values of its own.",
    "baremodule": "`baremodule M … end` is a module that does not see `Base`.",
    "begin": "`begin … end` groups statements; within an index, `begin` is the first one.",
    "break": "`break` leaves the innermost loop.",
    "catch": "In `try … catch e … end`: what runs when the code before it throws `e`.",
    "const": "`const x = 1` says that a global name keeps its value.",
    "continue": "`continue` goes on with the next turn of the innermost loop.",
    "do": "`f(xs) do x … end` passes an anonymous function as the first argument.",
    "else": "In `if … else … end`: what runs when no condition held.",
    "elseif": "In `if … elseif c … end`: a further condition.",
    "end": "`end` closes a block; within an index, it is the last one.",
    "export": "`export a, b` names what `using` brings out of a module.",
    "false": "The `Bool` that is not true.",
    "finally": "In `try … finally … end`: what runs at the end, whatever happened.",
    "for": "`for x in xs … end` runs its body for each element.",
    "function": "`function f(x) … end` defines a method of `f`.",
    "global": "`global x` says that `x` is the module's, within a local scope.",
    "if": "`if c … elseif d … else … end` runs the first part whose condition is `true`.",
    "import": "`import M` loads a module; `import M: f` lets you add methods to `f`.",
    "in": "`x in xs` tests membership; `for x in xs` goes over the elements.",
    "let": "`let x = 1 … end` is a scope with variables of its own.",
    "local": "`local x` says that `x` is a new variable of this scope.",
    "macro": "`macro m(e) … end` defines `@m`, which turns expressions into expressions.",
    "module": "`module M … end` is a namespace.",
    "mutable struct": "A `struct` whose fields can be assigned after construction.",
    "new": "`new(a, b)` makes the value, within an inner constructor.",
    "quote": "`quote … end` is code as a value, an `Expr`.",
    "return": "`return x` leaves the function with the value `x`.",
    "struct": "`struct P x::Int end` declares a type with fields; its values cannot be changed.",
    "true": "The `Bool` that is not false.",
    "try": "`try … catch e … end` runs code that may throw.",
    "using": "`using M` loads a module and brings in what it exports.",
    "where": "`f(x::T) where {T<:Real}` names a type parameter.",
    "while": "`while c … end` repeats its body as long as the condition is `true`.",
}


def documentation(module: Module, query: str, required: bool = False) -> dict[str, str]:
    """Help for what was asked, as `text/plain` and `text/markdown`.

    With `required` a name that does not exist raises KeyError.
    """
    name = query.strip()
    if not name:
        return _forms("Type `?` and a name, as in `?sum`, to read about it.", "")
    if searched := _SEARCHED.fullmatch(name):
        return _found_in_texts(searched["text"], bool(searched["raw"]))
    if name in KEYWORDS:
        return _forms(_of_keyword(name), _search_line(module, name))
    owner, last = _owner(module, name.split("(")[0].strip())
    if not owner.has(last):
        if required:
            raise KeyError(name)
        text = f"No documentation found.\n\nBinding `{name}` does not exist."
        search = _search_line(module, last)
        return _forms(text, f"{search}\nCouldn't find {name}\n{_correction(module, last)}")
    return _forms(_of_value(owner, last, name), "" if required else _search_line(module, last))


_SEARCHED = re.compile(r'(?P<raw>r?)"(?P<text>.*)"')


def _found_in_texts(text: str, is_pattern: bool) -> dict[str, str]:
    """What `?"text"` and `?r"pattern"` show: `apropos`."""
    from juliette.base.docs import apropos

    out = Text()
    try:
        apropos(IO(out), re.compile(text) if is_pattern else text)
    except re.error as error:
        return _forms(f"`{text}` is no pattern: {error}.", "")
    found = out.value()
    return _forms(f"```\n{found}```" if found else f"Nothing is written about `{text}`.", "")


def text_of(module: Module, name: str) -> str:
    """What is written about a name, as Markdown."""
    if name in KEYWORDS:
        return _of_keyword(name)
    if field := _field_text(module, name):
        return field
    owner, last = _owner(module, name)
    if not owner.has(last):
        return f"No documentation found.\n\nBinding `{name}` does not exist."
    return _of_value(owner, last, name, ruled=False)


def _of_keyword(name: str) -> str:
    text = KEYWORDS[name]
    return "\n\n".join([text, *added("Base", name.replace(" ", "_"), [text])])


def plain_text(markdown: str) -> str:
    """Markdown as the terminal shows it."""
    text = Text()
    show_markdown(IO(text), markdown)
    return text.value()


def show_markdown(io: IO, markdown: str) -> None:
    """Write Markdown as the standard library's Markdown shows it: that is what help is in Julia."""
    package = PACKAGES["Markdown"]
    package.load()
    parsed = package.get("parse")(markdown)
    Base.get("show")(io, MIME("text/plain"), parsed)


def _owner(module: Module, name: str) -> tuple[Module, str]:
    """The module that a dotted name leads into, and what it is called there."""
    *path, last = name.split(".") if name.strip(".") else [name]
    macro = path[0].startswith("@") if path else False
    for part in path:
        bare = part.removeprefix("@")
        found = module.get(bare) if module.has(bare) else None
        if not isinstance(found, Module):
            break
        module = found
    return module, f"@{last}" if macro else last


def _field_text(module: Module, name: str) -> str:
    """What is written about a field: `T.x`."""
    path, _, field = name.rpartition(".")
    if not path:
        return ""
    owner, last = _owner(module, path)
    value = owner.get(last) if owner.has(last) else None
    if not isinstance(value, T.JuliaType) or not isinstance(T.unwrap(value), T.DataType):
        return ""
    family = T.unwrap(value).typename
    home = family.module if isinstance(family.module, Module) else owner
    if field not in family.fields:
        return ""
    text = home.docs.get(f"{family.name}.{field}")
    if text is not None:
        return text
    names = ", ".join(f"`{f}`" for f in family.fields)
    return f"`{name}` has field{'s' * (len(family.fields) > 1)} {names}."


def _written(module: Module, name: str, ruled: bool) -> list[str]:
    """What is written about a name in code: text by text where `?` rules them off, else as one."""
    from juliette.base.docs import texts_of

    whole = module.docs.get(name)
    if whole is None:
        return []
    return (ruled and texts_of(module, name)) or [whole]


def _of_value(owner: Module, last: str, name: str, ruled: bool = True) -> str:
    """The documentation of a binding that exists, in Markdown.

    `ruled`: between the texts about several methods there is a thematic break, as after `?`.
    """
    value = owner.get(last)
    texts: list[str] = []
    texts += _written(owner, last, ruled)
    if isinstance(value, Module) and value is not owner and last in value.docs:
        texts.append(value.docs[last])
    generic = value
    if isinstance(value, T.JuliaType):
        generic = constructors(value) if hasattr(T.unwrap(value), "typename") else None
    if isinstance(generic, GenericFunction):
        generic.settle()
        # What another name stands for is written about under its own.
        home = [] if generic.module is None else _written(generic.module, generic.name, ruled)
        texts += [text for text in home if text not in texts]
        # Base's own come before those of packages.
        texts += _method_documents(sorted(generic.methods, key=lambda m: m.module is not Base))
    if isinstance(value, MacroFunction) and getattr(value.expand, "__doc__", None):
        texts.append(f"```\n{last}\n```\n\n{inspect.cleandoc(value.expand.__doc__)}")
    if isinstance(value, Module) and not texts:
        texts.append(f"Module `{value.name}`.")
    if not texts and hasattr(type(value), "julia_doc"):
        texts.append(str(value.__doc__))
    if not texts and _from_base(owner, last, value):
        from juliette.base.descriptions import TEXTS

        texts += [TEXTS[last]] if last in TEXTS else []
    more = added(_home(owner, last), last, texts)
    if texts or more:
        whole = "\n\n---\n\n".join(dict.fromkeys(texts))
        return "\n\n".join(filter(None, (whole, *more)))
    return "No documentation found.\n\n" + _facts(value, generic, name)


def _home(owner: Module, name: str) -> str:
    """The module of Julia's own that a name comes from; no module of a user's."""
    if name in entries("base") and Base.has(name) and Base.get(name) is owner.get(name):
        return "Base"
    if PACKAGES.get(owner.name) is owner:
        return owner.name
    found = Base.get("which")(owner, Symbol(name))
    return found.name if found is not owner else ""


def _from_base(owner: Module, last: str, value: Any) -> bool:
    """Is it a value of Base's or of a module within it, under its own name?"""
    if Base.has(last) and Base.get(last) is value:
        return True
    while owner.parent is not owner and owner is not Base:
        owner = owner.parent
    return owner.name in ("Base", "Core")


def _method_documents(methods: Iterable[Method]) -> list[str]:
    """The docstrings of methods written in Python, under the calls they document."""
    heads: dict[str, list[str]] = {}
    for method in methods:
        if method.doc:
            heads.setdefault(method.doc, []).append(method_text(method))
    return [f"```\n{chr(10).join(calls[:4])}\n```\n\n{doc}" for doc, calls in heads.items()]


def _facts(value: Any, generic: Any, name: str) -> str:
    """What can be said of a value nobody has written about."""
    if isinstance(generic, GenericFunction) and not isinstance(value, T.JuliaType):
        count = len(generic.methods)
        lines = [f"`{name}` is a `Function`.", ""]
        head = f'# {count} method{"s" * (count != 1)} for generic function "{generic.name}"'
        if generic.module is not None:
            head += f" from {generic.module.name}"
        listed = [
            f" [{number}] {method_text(method)}\n     @ {place(method, generic.module)}"
            for number, method in enumerate(generic.methods[:20], start=1)
        ]
        return "\n".join([*lines, "```", f"{head}:", *listed, "```"])
    if isinstance(value, T.JuliaType):
        return _type_summary(value, name)
    kind = typeof(value)
    return f"`{name}` is of type `{type_string(kind)}`.\n\n{_type_summary(kind, name)}"


def _type_summary(t: Any, name: str) -> str:
    """What a type is, its fields, what is above and below it."""
    body = T.unwrap(t)
    if isinstance(body, T.UnionType):
        parts = "\n".join(f"- `{type_string(x)}`" for x in body.types)
        return f"`{name}` is of type `{type_string(typeof(t))}`.\n\n# Union Composed of Types\n\n{parts}"
    family = body.typename
    kind = (
        "abstract type"
        if family.abstract
        else "mutable struct"
        if family.mutable
        else "primitive type"
        if family.primitive_bits
        else "struct"
    )
    out = [("Summary", [f"{kind} {type_string(body)}"])]
    if family.fields and not family.abstract and family is not T.TUPLE_NAME:
        pad = max(map(len, family.fields))
        out.append(
            (
                "Fields",
                [
                    f"{f:<{pad}} :: {type_string(x)}"
                    for f, x in zip(family.fields, body.field_types, strict=False)
                ],
            )
        )
    below = Base.get("subtypes")(t) if family.abstract else None
    if below is not None and len(below.data):
        out.append(("Subtypes", [type_string(T.unwrap(x)) for x in below.data]))
    above = list(T.supertypes(body))
    if len(above) > 2:
        out.append(("Supertype Hierarchy", [" <: ".join(map(type_string, above))]))
    return "\n\n".join(f"# {head}\n\n```\n{chr(10).join(lines)}\n```" for head, lines in out)


def _search_line(module: Module, name: str) -> str:
    """`search: …`: names like the one asked for."""
    start = "search:"
    like = alike(name, accessible(module, KEYWORDS), displaysize_default()[1] - len(start))
    return " ".join([start, *like]) + "\n"


def _correction(module: Module, name: str) -> str:
    """`Perhaps you meant …`"""
    start = "Perhaps you meant "
    names = meant(name, accessible(module, KEYWORDS), displaysize_default()[1] - len(start))
    *most, last = names or [""]
    return start + (f"{', '.join(most)} or {last}" if most else last) + "\n"


def _forms(markdown: str, search: str) -> dict[str, str]:
    """Both forms of a help text."""
    text = re.sub(r"```jldoctest[^\n]*", "```julia", markdown)
    plain = f"{search}\n{plain_text(text)}" if search else plain_text(text)
    return {"text/plain": plain, "text/markdown": text}


def kind_of(module: Module, name: str) -> str:
    """What a name stands for, in the words that front ends have symbols for."""
    missing = object()
    value = module.bindings.get(name, module.visible.get(name, missing))
    if value is missing:
        # A name whose part of Base is not loaded yet, and need not be for this.
        return "type" if name[:1].isupper() else "function"
    if isinstance(value, GenericFunction):
        return "function"
    if isinstance(value, T.JuliaType):
        return "type"
    return "module" if isinstance(value, Module) else "instance"


# More methods than that are not listed while a call is being written. Source: REPLCompletions.jl
MOST_METHODS = 40


def methods_for(path: str, given: str, look_up: Callable[[str], Any]) -> list[str]:
    """The methods that can take the arguments written so far, as they are listed."""
    f = look_up(path)
    arguments = to_expr(parse_one(f"_({given})")[0]).args[1:]
    types = [_type_of(a, look_up) for a in arguments if getattr(a, "head", "") not in _NO_PLACE]
    listed = [m for m in Base.get("methods")(f).methods if _takes(m, types)]
    if len(listed) > MOST_METHODS:
        return [f"{path}( too many methods, use SHIFT-TAB to show )"]
    # several of ours may stand for one of Julia's
    return list(dict.fromkeys(f"{method_text(m)} @ {place(m)}" for m in listed))


_NO_PLACE = ("kw", "parameters")


def _type_of(e: Any, look_up: Callable[[str], Any]) -> Any:
    """The type of an argument, as far as it is known without running anything."""
    if isinstance(e, Symbol):
        try:
            return typeof(look_up(e.name))
        except KeyError:
            return T.Any_
    return T.Any_ if isinstance(e, Expr) else typeof(e)


def _takes(m: Method, types: list[Any]) -> bool:
    """Can arguments of these types be the first of a method?"""
    _, params, _ = parts_of(m)
    if params and isinstance(params[-1], T.Vararg):
        params = [*params[:-1], *[params[-1].type] * (len(types) - len(params) + 1)]
    return len(params) >= len(types) and fits(m, params[: len(types)], types)


def keyword_names(f: Any) -> list[str]:
    """Names of the keyword arguments that methods of a function take."""
    generic = getattr(f, "generic", f)
    if isinstance(f, T.JuliaType):
        generic = constructors(f)
    if not isinstance(generic, GenericFunction):
        return []
    generic.settle()
    found: list[str] = []
    for method in generic.methods:
        if method.builtin is not None:
            parameters = inspect.signature(method.builtin).parameters.values()
            found += [p.name for p in parameters if p.kind is inspect.Parameter.KEYWORD_ONLY]
        else:
            code = getattr(method.source, "code", None)
            found += [entry[0] for entry in getattr(code, "keywords", ())]
    return found


def dictionary_keys(x: Any) -> list[Any]:
    """The keys of a dictionary; none of anything else."""
    return [key for key, _ in x.pairs()] if isinstance(x, JuliaDict) else []
