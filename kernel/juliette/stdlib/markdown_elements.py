"""The pieces of Markdown documents, as the Julia structs that they are."""

from __future__ import annotations

from typing import Any

from juliette.base.array_protocol import values_of
from juliette.compiler import type_support
from juliette.runtime import types as T
from juliette.runtime.array import Array, vector
from juliette.runtime.modules import Module
from juliette.runtime.tables import JuliaDict

_ANY = T.apply_type(T.Vector, T.Any_)
_TYPES = {"str": T.String, "int": T.Int64, "bool": T.Bool, "list": _ANY, "any": T.Any_}
_FIELDS = {
    "MD": "content:list meta:any",
    "Paragraph": "content:any",
    "Header": "text:any",
    "Code": "language:str code:str",
    "Footnote": "id:str text:any",
    "BlockQuote": "content:any",
    "Admonition": "category:str title:str content:any",
    "List": "items:list ordered:int loose:bool",
    "HorizontalRule": "",
    "Table": "rows:any align:any",
    "LaTeX": "formula:str",
    "Italic": "text:any",
    "Bold": "text:any",
    "Image": "url:str alt:str",
    "Link": "text:any url:str",
    "LineBreak": "",
}
_MADE: dict[str, Any] = {}
_KINDS: dict[Any, str] = {}


def define(module: Module) -> None:
    """Give the module its types."""
    for name, text in _FIELDS.items():
        fields = [part.split(":") for part in text.split()]
        params = (T.TypeVar("level"),) if name == "Header" else ()
        t = type_support.define_struct(module, name, params, None, True)
        names = tuple(n for n, _ in fields)
        kinds = tuple(_TYPES[kind] for _, kind in fields)
        t = type_support.define_fields(module, t, names, kinds, name != "MD")
        _MADE[name] = t
        _KINDS[T.unwrap(t).typename] = name


def kind(x: Any) -> str:
    """What a piece is; "" for other values, such as strings and what was interpolated."""
    t = getattr(type(x), "julia_type", None)
    return _KINDS.get(getattr(t, "typename", None), "")


def make(name: str, *values: Any) -> Any:
    """A piece; lists become vectors."""
    t = _MADE[name]
    cls = t.pyclass
    out = cls.__new__(cls)
    for field, value in zip(t.fields, values, strict=True):
        object.__setattr__(out, field, anys(value) if isinstance(value, list) else value)
    return out


def header(text: list[Any] | str, level: int) -> Any:
    cls = T.apply_type(_MADE["Header"], level).pyclass
    out = cls.__new__(cls)
    out.text = anys(text) if isinstance(text, list) else text
    return out


def level(x: Any) -> int:
    """The level of a header."""
    return int(type(x).julia_type.parameters[0])


def document(content: list[Any]) -> Any:
    return make("MD", content, JuliaDict(T.Any_, T.Any_))


def anys(items: list[Any]) -> Array:
    return vector(items, T.Any_)


def items(x: Any) -> list[Any]:
    """The parts of a field that is a vector, or one piece alone."""
    return values_of(x) if T.isa(x, T.AbstractArray) else [x]
