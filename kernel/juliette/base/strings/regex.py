"""Regular expressions: `r"…"`, `match`, `eachmatch`, `RegexMatch`, `s"\\1"`."""

from __future__ import annotations

import re
import warnings
from collections.abc import Iterator
from typing import Any

from juliette.base.iteration import ITERATORS
from juliette.base.iterator_sizes import SizeUnknown
from juliette.base.strings.indexing import slice_text
from juliette.base.strings.patterns import FINDERS
from juliette.base.strings.pcre import PatternError, needs_widths, translate
from juliette.base.strings.search import REGEX, position
from juliette.base.strings.values import is_string, text_of
from juliette.display.show import SHOW_HOOKS
from juliette.display.strings import quoted
from juliette.runtime import types as T
from juliette.runtime import values as V
from juliette.runtime.array import vector
from juliette.runtime.errors import (
    ArgumentError,
    BoundsError,
    ErrorException,
    MethodError,
)
from juliette.runtime.modules import Base
from juliette.runtime.text import bytes_before, utf8
from juliette.syntax.expr import Expr, QuoteNode, Symbol

_FLAGS = {"i": "IGNORECASE", "m": "MULTILINE", "s": "DOTALL", "x": "VERBOSE", "a": "ASCII"}


def _engine(beyond: bool) -> Any:
    """What runs a pattern: `re`, or `regex` for those beyond it."""
    if not beyond:
        return re
    try:
        import regex
    except ImportError:
        raise PatternError(
            "this pattern needs the Python package regex (pip install regex)", 0
        ) from None
    return regex


class Regex:
    """A pattern with its options; compiled when it is first used."""

    __slots__ = ("_compiled", "flags", "pattern")
    fields = ("pattern",)

    def __init__(self, pattern: str, flags: str = "") -> None:
        for f in flags:
            if f not in "imsxa":
                raise ArgumentError(f"unknown regex flag: {f}")
        self.pattern = pattern
        self.flags = "".join(f for f in "imsxa" if f in flags)
        self._compiled: re.Pattern[str] | None = None
        self.compiled()

    def compiled(self) -> re.Pattern[str]:
        if self._compiled is None:
            self._compiled = self._compile("", "")
        return self._compiled

    def _compile(self, before: str, after: str) -> re.Pattern[str]:
        """The pattern between others."""
        try:
            text, beyond = translate(self.pattern, "x" in self.flags)
            text = f"{before}{text}{after}"
            engine = _engine(beyond)
            options = sum(getattr(engine, _FLAGS[f]) for f in self.flags)
            try:
                with warnings.catch_warnings():
                    warnings.simplefilter("ignore")
                    return engine.compile(text, options)
            except engine.error as e:
                if not beyond and str(e).startswith("look-behind") and needs_widths(self.pattern):
                    return _engine(True).compile(text, options)
                raise compilation_error(*_in_their_words(e)) from None
        except PatternError as e:
            raise compilation_error(str(e), bytes_before(self.pattern, e.offset)) from None

    def affix_length(self, text: str, prefix: bool) -> int | None:
        """How many characters a match at the start (or the end) of the text takes."""
        if prefix:
            found = self.compiled().match(text)
            return found.end() if found else None
        for found in self.compiled().finditer(text):
            if found.end() == len(text):
                return len(text) - found.start()
        last = self._compile("(?:", ")\\Z").search(text)
        return len(text) - last.start() if last else None

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Regex) and (self.pattern, self.flags) == (
            other.pattern,
            other.flags,
        )

    def __hash__(self) -> int:
        return hash((self.pattern, self.flags))

    def egal(self, other: Regex) -> bool:
        return self is other

    def literal(self) -> str:
        return 'r"' + re.sub(r'(\\*)"', lambda m: m[1] * 2 + '\\"', self.pattern) + '"' + self.flags


@Base.method("==(a::Regex, b::Regex)")
def equal_patterns(a: Regex, b: Regex) -> bool:
    return a == b


def compilation_error(message: str, offset: int) -> ErrorException:
    return ErrorException(f"PCRE compilation error: {message} at offset {offset}")


_WORDS = (
    ("nothing to repeat", "quantifier does not follow a repeatable item"),
    ("multiple repeat", "quantifier does not follow a repeatable item"),
    ("unterminated character set", "missing terminating ] for character class"),
    ("missing ), unterminated subpattern", "missing closing parenthesis"),
    ("unbalanced parenthesis", "unmatched closing parenthesis"),
    ("bad character range", "range out of order in character class"),
    ("min repeat greater than max repeat", "numbers out of order in {} quantifier"),
    ("look-behind requires fixed-width pattern", "lookbehind assertion is not fixed length"),
    ("invalid group reference", "reference to non-existent subpattern"),
    ("unknown group name", "reference to non-existent subpattern"),
    (
        "redefinition of group name",
        "two named subpatterns have the same name (PCRE2_DUPNAMES not set)",
    ),
)


def _in_their_words(e: re.error) -> tuple[str, int]:
    text = str(e)
    for ours, theirs in _WORDS:
        if text.startswith(ours):
            return theirs, e.pos or 0
    return text, e.pos or 0


T.register_class(Regex, REGEX)
REGEX.typename.fields = ("pattern",)
REGEX.typename.field_types = (T.String,)


def _find(p: Regex, text: str, start: int) -> tuple[int, int] | None:
    found = p.compiled().search(text, start)
    return found.span() if found else None


FINDERS[Regex] = _find


def _make(t: Any, *args: Any) -> Regex:
    if not args or not is_string(args[0]) or len(args) > 2 or not all(map(is_string, args)):
        raise MethodError(t, args, None)
    return Regex(*map(text_of, args))


Base.method("Regex(args...)")(_make)


@Base.macro("r_str")
def r_str(context: Any, text: str, *flags: Any) -> Any:
    """`r"…"`: a regular expression; flags `i m s x a` may follow."""
    return QuoteNode(_make(REGEX, text, *flags))


SHOW_HOOKS[Regex] = lambda io, r, long: io.write(r.literal())

# ---------------------------------------------------------------- matches

AbstractMatch = T.define("AbstractMatch", abstract=True, module=Base)
Base.const("AbstractMatch", AbstractMatch)
_MATCH_FAMILY = T.define("RegexMatch", AbstractMatch, [T.TypeVar("S", None, T.AbstractString)])
MATCH = T.apply_type(_MATCH_FAMILY, T.String)
Base.const("RegexMatch", _MATCH_FAMILY)
SUBSTRING = T.apply_type(V.SubString_, T.String)
MAYBE = T.union(T.Nothing, SUBSTRING)


class RegexMatch:
    """What a pattern found: the text, its groups and where they are."""

    __slots__ = ("found", "regex", "source")
    fields = ("match", "captures", "offset", "offsets", "regex")

    def __init__(self, found: re.Match[str], source: Any, regex: Regex) -> None:
        self.found = found
        self.source = source
        self.regex = regex

    @property
    def match(self) -> V.SubString:
        return slice_text(self.source, *self.found.span())

    def group(self, i: int | str) -> V.SubString | None:
        start, stop = self.found.span(i)
        return None if start < 0 else slice_text(self.source, start, stop)

    @property
    def groups(self) -> list[V.SubString | None]:
        return [self.group(i) for i in range(1, (self.found.re.groups or 0) + 1)]

    @property
    def captures(self) -> Any:
        return vector(self.groups, MAYBE)

    @property
    def offset(self) -> int:
        return bytes_before(self.found.string, self.found.start()) + 1

    @property
    def offsets(self) -> Any:
        spans = (self.found.span(i) for i in range(1, self.found.re.groups + 1))
        return vector(
            [0 if i < 0 else bytes_before(self.found.string, i) + 1 for i, _ in spans], T.Int64
        )

    def names(self) -> list[str]:
        """The name of each group: the one it was given, or its number."""
        by_number = {i: n for n, i in self.found.re.groupindex.items()}
        return [by_number.get(i, str(i)) for i in range(1, self.found.re.groups + 1)]


T.register_class(RegexMatch, MATCH)
T.unwrap(_MATCH_FAMILY).typename.fields = RegexMatch.fields
T.unwrap(_MATCH_FAMILY).typename.field_types = (SUBSTRING, T.Any_, T.Int64, T.Any_, REGEX)


def _show_match(io: Any, m: RegexMatch, long: bool) -> None:
    parts = [quoted(m.match)]
    for name, value in zip(m.names(), m.groups, strict=True):
        parts.append(f"{name}={'nothing' if value is None else quoted(value)}")
    io.write(f"RegexMatch({', '.join(parts)})")


SHOW_HOOKS[RegexMatch] = _show_match
ITERATORS[RegexMatch] = lambda m: iter(m.groups)


@Base.method("match(r::Regex, s::AbstractString, i::Integer=1)")
def match(r: Regex, s: Any, i: Any = 1) -> Any:
    """The first match of a regular expression (from an index on), or `nothing`.

    ```jldoctest
    julia> m = match(r"(\\w)(\\d+)", "ab12")
    RegexMatch("b12", 1="b", 2="12")

    julia> m[2], m.offset
    ("12", 2)
    ```
    """
    text = text_of(s)
    n = len(utf8(text))
    if not 1 <= i <= n + 1:
        raise BoundsError(s, (int(i),))
    found = r.compiled().search(text, position(text, int(i)))
    return None if found is None else RegexMatch(found, s, r)


class EachMatch:
    """`eachmatch(r, s)`"""

    __slots__ = ("overlap", "regex", "string")
    fields = ("regex", "string", "overlap")

    def __init__(self, regex: Regex, s: Any, overlap: bool) -> None:
        self.regex = regex
        self.string = s
        self.overlap = overlap

    def julia_iterator(self) -> Iterator[RegexMatch]:
        text = text_of(self.string)
        pattern = self.regex.compiled()
        if not self.overlap:
            for found in pattern.finditer(text):
                yield RegexMatch(found, self.string, self.regex)
            return
        start = 0
        while start <= len(text):
            again = pattern.search(text, start)
            if again is None:
                return
            yield RegexMatch(again, self.string, self.regex)
            start = again.start() + 1


_MATCHES = T.define(
    "RegexMatchIterator", None, [T.TypeVar("S", None, T.AbstractString)], module=Base
)
T.unwrap(_MATCHES).typename.fields = EachMatch.fields
T.unwrap(_MATCHES).typename.field_types = (REGEX, T.AbstractString, T.Bool)
T.register_instances(EachMatch, lambda e: T.apply_type(_MATCHES, T.typeof(e.string)), _MATCHES)
Base.const("RegexMatchIterator", _MATCHES, export=False)
ITERATORS[EachMatch] = lambda e: e.julia_iterator()


@Base.method("eachmatch(r::Regex, s::AbstractString; overlap=false)")
def eachmatch(r: Regex, s: Any, *, overlap: bool = False) -> EachMatch:
    """All matches of a regular expression, one by one.

    ```jldoctest
    julia> [m.match for m in eachmatch(r"\\d+", "1 and 22")] == ["1", "22"]
    true
    ```
    """
    return EachMatch(r, s, overlap)


@Base.method("eltype(e::Base.RegexMatchIterator)")
@Base.method("eltype(::Type{<:Base.RegexMatchIterator})")
def match_type(_: Any) -> Any:
    return _MATCH_FAMILY


@Base.method("IteratorSize(::Type{<:Base.RegexMatchIterator})", export=False)
def match_count(*_: Any) -> Any:
    return SizeUnknown


def _key(m: RegexMatch, k: Any) -> int | str:
    if isinstance(k, Symbol) or is_string(k):
        name = k.name if isinstance(k, Symbol) else text_of(k)
        if name not in m.found.re.groupindex:
            raise ErrorException(
                f"no capture group named {name} found in regex {m.regex.literal()}"
            )
        return name
    if not 1 <= k <= m.found.re.groups:
        raise BoundsError(m.captures, (int(k),))
    return int(k)


@Base.method("getindex(m::RegexMatch, k::Union{Integer,AbstractString,Symbol})")
def getindex(m: RegexMatch, k: Any) -> Any:
    return m.group(_key(m, k))


@Base.method("haskey(m::RegexMatch, k::Union{Integer,AbstractString,Symbol})")
def haskey(m: RegexMatch, k: Any) -> bool:
    if isinstance(k, Symbol) or is_string(k):
        return (k.name if isinstance(k, Symbol) else text_of(k)) in m.found.re.groupindex
    return bool(1 <= k <= m.found.re.groups)


@Base.method("keys(m::RegexMatch)")
def keys(m: RegexMatch) -> Any:
    by_number = {i: n for n, i in m.found.re.groupindex.items()}
    values = [by_number.get(i, i) for i in range(1, m.found.re.groups + 1)]
    kinds = {type(v) for v in values}
    return vector(values, T.String if kinds == {str} else T.Int64 if kinds <= {int} else T.Any_)


@Base.method("length(m::RegexMatch)")
def length(m: RegexMatch) -> int:
    return int(m.found.re.groups)


@Base.method("eltype(m::RegexMatch)")
def eltype(m: RegexMatch) -> Any:
    return MAYBE


@Base.method("*(a::Regex, rest...)")
@Base.method("*(a::AbstractString, b::Regex, rest...)")
def concatenate(*parts: Any) -> Regex:
    """Patterns in a row; strings and characters stand for themselves."""
    out: list[str] = []
    flags = [set(p.flags) for p in parts if isinstance(p, Regex)]
    shared = set.intersection(*flags)
    for p in parts:
        if isinstance(p, Regex):
            own = "".join(c for c in "imsx" if c in p.flags and c not in shared)
            out.append(f"(?{own}:{p.pattern})")
        elif isinstance(p, V.Char) or is_string(p):
            text = p.text if isinstance(p, V.Char) else text_of(p)
            out.append("\\Q" + text.replace("\\E", "\\\\E\\Q") + "\\E")
        else:
            raise MethodError(Base.bindings["*"], parts, None)
    return Regex("".join(out), "".join(sorted(shared)))


@Base.method("^(r::Regex, n::Integer)")
def power(r: Regex, n: Any) -> Regex:
    return Regex(f"(?:{r.pattern}){{{int(n)}}}", r.flags)


# ---------------------------------------------------------------- substitution

SubstitutionString_ = T.define(
    "SubstitutionString", T.AbstractString, [T.TypeVar("T", None, T.AbstractString)]
)
Base.const("SubstitutionString", SubstitutionString_)


class SubstitutionString:
    """`s"\\1-\\g<name>"`: refers to groups of the match it replaces."""

    __slots__ = ("string",)
    fields = ("string",)

    def __init__(self, string: str) -> None:
        self.string = string

    def julia_text(self) -> str:
        return self.string

    def expand(self, pattern: Any, text: str, span: tuple[int, int]) -> str:
        """The replacement of one match."""
        s = self.string
        if "\\" not in s:
            return s
        found = pattern.compiled().match(text, span[0]) if isinstance(pattern, Regex) else None
        whole = text[span[0] : span[1]]
        out: list[str] = []
        i = 0
        while i < len(s):
            c = s[i]
            if c != "\\":
                out.append(c)
                i += 1
                continue
            if i + 1 >= len(s):
                raise self.bad()
            e = s[i + 1]
            if e == "\\":
                out.append("\\")
                i += 2
                continue
            if e.isdigit():
                j = i + 1
                while j < len(s) and s[j].isdigit():
                    j += 1
                out.append(self.group(found, whole, int(s[i + 1 : j]), pattern))
                i = j
            elif s.startswith("g<", i + 1):
                end = s.find(">", i)
                if end < 0:
                    raise self.bad()
                name = s[i + 3 : end]
                out.append(self.group(found, whole, int(name) if name.isdigit() else name, pattern))
                i = end + 1
            else:
                raise self.bad()
        return "".join(out)

    def bad(self) -> ErrorException:
        return ErrorException(f"Bad replacement string: {self.string}")

    def group(self, found: Any, whole: str, key: int | str, pattern: Any) -> str:
        if key == 0:
            return whole
        if found is None:
            raise ErrorException("PCRE error: unknown substring")
        try:
            return found[key] or ""
        except (IndexError, KeyError):
            if isinstance(key, str):
                raise ErrorException(
                    f"Bad replacement string: Group {key} not found in regex {pattern.literal()}"
                ) from None
            raise ErrorException("PCRE error: unknown substring") from None


T.register_class(SubstitutionString, T.apply_type(SubstitutionString_, T.String))
Base.method("SubstitutionString(s::AbstractString)")(lambda _, s: SubstitutionString(text_of(s)))
Base.method("convert(::Type{SubstitutionString}, s::AbstractString)")(
    lambda _, s: SubstitutionString(text_of(s))
)


@Base.method("hash(r::Regex, h::UInt64)")
def hash_regex(r: Regex, h: Any) -> Any:
    return Base.bindings["hash"]((r.pattern, r.flags), h)


SHOW_HOOKS[SubstitutionString] = lambda io, s, long: io.write("s" + quoted_raw(s.string))


def quoted_raw(text: str) -> str:
    return '"' + re.sub(r'(\\*)"', lambda m: m[1] * 2 + '\\"', text) + '"'


@Base.macro("s_str")
def s_str(context: Any, text: str) -> Any:
    """`s"\\1"`: a replacement that refers to the groups of a regular expression."""
    return Expr("call", QuoteNode(SubstitutionString), text)


@Base.method("show(io::IO, s::SubstitutionString)")
def show_substitution(io: Any, s: SubstitutionString) -> None:
    io.write("s" + quoted_raw(s.string))
