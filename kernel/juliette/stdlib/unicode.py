"""Unicode: normal forms, graphemes, and questions about code points."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator
from typing import Any, cast

from juliette.base.iteration import ITERATORS
from juliette.base.strings.indexing import slice_text
from juliette.base.strings.unicode import INVALID_HIGH, category_code, clusters
from juliette.base.strings.values import text_of
from juliette.runtime import types as T
from juliette.runtime import values as V
from juliette.runtime.errors import ArgumentError
from juliette.runtime.modules import Module
from juliette.syntax.expr import Symbol

# What Julia's parser takes for the same character in names.
JULIA_EQUIVALENTS = {
    "\u025b": "\u03b5",
    "\u00b5": "\u03bc",
    "\u00b7": "\u22c5",
    "\u0387": "\u22c5",
    "\u2212": "-",
    "\u210f": "\u0127",
}
GRAPHEMES = T.define("GraphemeIterator", None, [T.TypeVar("S", None, T.AbstractString)])


class Graphemes:
    """The user-perceived characters of a string."""

    __slots__ = ("s",)
    fields = ("s",)

    def __init__(self, s: Any) -> None:
        self.s = s

    def julia_iterator(self) -> Iterator[V.SubString]:
        start = 0
        for cluster in clusters(text_of(self.s)):
            yield slice_text(self.s, start, start + len(cluster))
            start += len(cluster)


T.register_instances(Graphemes, lambda g: T.apply_type(GRAPHEMES, T.typeof(g.s)), GRAPHEMES)
ITERATORS[Graphemes] = lambda g: g.julia_iterator()


def _without_marks(text: str) -> str:
    decomposed = unicodedata.normalize("NFD", text)
    kept = "".join(c for c in decomposed if unicodedata.category(c) not in ("Mn", "Mc", "Me"))
    return unicodedata.normalize("NFC", kept)


LUMPED = {
    ord(c): plain
    for plain, many in {
        "'": "\u2018\u2019\u02bc\u02c8",
        "-": "\u2212",
        "/": "\u2044\u2215",
        ":": "\u2236",
        "<": "\u2039\u2329\u3008",
        ">": "\u203a\u232a\u3009",
        "\\": "\u2216",
        "^": "\u02c4\u02c6\u2038\u2303",
        "_": "\u02cd",
        "`": "\u02cb",
        "|": "\u2223",
        "~": "\u223c",
    }.items()
    for c in many
}
LUMPED_KINDS = {"Zs": " ", "Pd": "-", "Pc": "_"}


def lumped(text: str) -> str:
    """The text with signs that look alike made one: all dashes a minus, all blanks a space."""
    return "".join(LUMPED_KINDS.get(unicodedata.category(c), c) for c in text.translate(LUMPED))


def newlines_to(text: str, to: str | None, strip: bool) -> str:
    """The text with all its newlines alike; stripped, without its other control characters."""
    ends = "\n\r\x85\v\f" if strip else "\n\r\x85"
    text = "".join((to or " ") if c in ends else c for c in text.replace("\r\n", "\n"))
    if not strip:
        return text
    text = text.replace("\t", " ")
    return "".join(c for c in text if c == to or unicodedata.category(c) != "Cc")


def normalize(text: str, form: str | None, options: dict[str, bool], transform: Any) -> str:
    """A string in a normal form, or changed as the options say."""
    if form is not None:
        if form not in ("NFC", "NFD", "NFKC", "NFKD"):
            raise ArgumentError(f":{form} is not one of :NFC, :NFD, :NFKC, :NFKD")
        return unicodedata.normalize(cast(Any, form), text)
    wanted = [end for name, end in NEWLINES.items() if options.get(name)]
    if len(wanted) > 1:
        raise ArgumentError("only one newline conversion may be specified")
    compose, decompose = options.get("compose", True), options.get("decompose", False)
    if not (compose or decompose) and (options.get("compat") or options.get("stripmark")):
        raise ArgumentError("compat=true or stripmark=true require compose=true or decompose=true")
    if transform is not None:
        text = "".join(transform(V.Char(ord(c))).text for c in text)
    compatible = "K" if options.get("compat") else ""
    if options.get("stripignore"):
        text = "".join(c for c in text if unicodedata.category(c) != "Cf")
    if options.get("casefold"):
        text = text.casefold()
    if options.get("lump"):
        text = lumped(text)
    if options.get("stripmark"):
        text = _without_marks(text)
    if wanted or options.get("stripcc"):
        text = newlines_to(text, wanted[0] if wanted else None, options.get("stripcc", False))
    form = f"NF{compatible}{'D' if decompose else 'C'}"
    text = (
        unicodedata.normalize(cast(Any, form), text) if compose or decompose or compatible else text
    )
    if options.get("rejectna") and any(unicodedata.category(c) == "Cn" for c in text):
        raise ArgumentError("utf8proc: unassigned code point")
    return text


NEWLINES = {"newline2lf": "\n", "newline2ls": "\u2028", "newline2ps": "\u2029"}


def load(module: Module) -> None:
    """Fill the module."""

    @module.method("normalize(s::AbstractString; kw...)", export=False)
    def normalize_by(s: Any, *, chartransform: Any = None, **options: Any) -> str:
        """A string in a normal form: composed, decomposed, without marks, folded."""
        return normalize(text_of(s), None, options, chartransform)

    @module.method("normalize(s::AbstractString, form::Symbol)", export=False)
    def normalize_to(s: Any, form: Symbol) -> str:
        return normalize(text_of(s), form.name, {}, None)

    @module.method("graphemes(s::AbstractString)")
    def graphemes(s: Any) -> Graphemes:
        """The user-perceived characters, one by one."""
        return Graphemes(s)

    @module.method("graphemes(s::AbstractString, r::AbstractUnitRange{<:Integer})")
    def graphemes_between(s: Any, r: Any) -> Any:
        text = text_of(s)
        parts = list(clusters(text))
        start = sum(map(len, parts[: r.start - 1]))
        return slice_text(s, start, start + sum(map(len, parts[r.start - 1 : r.stop])))

    @module.method("isassigned(c)", export=False)
    def isassigned(c: Any) -> bool:
        """Is the code point assigned to a character?"""
        return 0 < category_code(c) < INVALID_HIGH

    @module.method("julia_chartransform(c::AbstractChar)", export=False)
    def julia_chartransform(c: V.Char) -> V.Char:
        """The character that Julia's parser takes for this one in names."""
        return V.Char(ord(JULIA_EQUIVALENTS.get(c.text, c.text)))

    @module.method(
        "isequal_normalized(a::AbstractString, b::AbstractString; casefold=false, "
        "stripmark=false, chartransform=identity)",
    )
    def isequal_normalized(
        a: Any,
        b: Any,
        *,
        casefold: bool = False,
        stripmark: bool = False,
        chartransform: Any = None,
    ) -> bool:
        """Are the strings canonically the same?"""
        options = {"casefold": casefold, "stripmark": stripmark, "decompose": True}
        return normalize(text_of(a), None, options, chartransform) == normalize(
            text_of(b), None, options, chartransform
        )


def _extend_base() -> None:
    from juliette.base.strings.indexing import SUBSTRING_OF_STRING
    from juliette.runtime.modules import Base

    Base.const("GraphemeIterator", GRAPHEMES, export=False)

    @Base.method("length(g::Base.GraphemeIterator)")
    def length(g: Graphemes) -> int:
        return sum(1 for _ in g.julia_iterator())

    @Base.method("eltype(::Type{<:Base.GraphemeIterator})")
    def eltype(_: Any) -> Any:
        return SUBSTRING_OF_STRING

    @Base.method("==(a::Base.GraphemeIterator, b::Base.GraphemeIterator)")
    def equal(a: Graphemes, b: Graphemes) -> bool:
        return text_of(a.s) == text_of(b.s)

    @Base.method("hash(g::Base.GraphemeIterator, h::UInt)")
    def hash_(g: Graphemes, h: Any) -> Any:
        return Base.bindings["hash"](g.s, h)

    @Base.method("show(io::IO, g::Base.GraphemeIterator)")
    def show(io: Any, g: Graphemes) -> None:
        n = length(g)
        kind = T.type_string(T.typeof(g.s))
        io.write(f"length-{n} GraphemeIterator{{{kind}}} for {Base.bindings['repr'](g.s)}")


_extend_base()
