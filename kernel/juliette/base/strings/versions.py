"""Version numbers: `v"1.2.3-rc1"` and `VersionNumber`."""

from __future__ import annotations

import functools
import re
from typing import Any

from juliette.base.strings.values import is_string, text_of
from juliette.display.show import SHOW_HOOKS
from juliette.runtime import types as T
from juliette.runtime.errors import ArgumentError, MethodError
from juliette.runtime.modules import Base
from juliette.runtime.numeric import MAKER
from juliette.syntax.expr import QuoteNode


@functools.cache
def _version_pattern() -> re.Pattern[str]:
    return re.compile(
        r"v?(?P<major>\d+)(?:\.(?P<minor>\d+)(?:\.(?P<patch>\d+))?)?"
        r"(?:-(?P<minus>(?:[0-9a-z-]+(?:\.[0-9a-z-]+)*)?)|(?P<pre>[a-z][0-9a-z-]*(?:\.[0-9a-z-]+)*)?)?"
        r"(?:\+(?P<build>(?:[0-9a-z-]+(?:\.[0-9a-z-]+)*)?))?",
        re.IGNORECASE,
    )


VersionNumber_ = T.define("VersionNumber")


class VersionNumber:
    """`major.minor.patch-prerelease+build`"""

    __slots__ = ("build", "major", "minor", "patch", "prerelease")
    fields = ("major", "minor", "patch", "prerelease", "build")

    def __init__(
        self, major: int, minor: int = 0, patch: int = 0, prerelease: Any = (), build: Any = ()
    ) -> None:
        self.major = major
        self.minor = minor
        self.patch = patch
        self.prerelease = prerelease
        self.build = build

    def order(self) -> tuple[Any, ...]:
        """Sorts versions: a prerelease of nothing named comes before all, a build of nothing after all."""
        return (
            int(self.major),
            int(self.minor),
            int(self.patch),
            (1,) if not self.prerelease else (0, *map(_part, _named(self.prerelease))),
            _build(self.build),
        )

    def text(self) -> str:
        out = f"{int(self.major)}.{int(self.minor)}.{int(self.patch)}"
        if self.prerelease:
            out += "-" + ".".join(str(p) for p in self.prerelease)
        if self.build:
            out += "+" + ".".join(str(p) for p in self.build)
        return out

    def __eq__(self, other: object) -> bool:
        return isinstance(other, VersionNumber) and self.order() == other.order()

    def __hash__(self) -> int:
        return hash(self.order())

    def egal(self, other: VersionNumber) -> bool:
        return self == other


def _named(parts: Any) -> tuple[Any, ...]:
    return () if parts == ("",) else tuple(parts)


def _part(p: Any) -> tuple[int, Any, str]:
    return (0, int(p), "") if not isinstance(p, str) else (1, 0, p)


def _build(parts: Any) -> tuple[Any, ...]:
    if parts == ("",):
        return (2,)
    return (0,) if not parts else (1, *map(_part, parts))


T.register_class(VersionNumber, VersionNumber_)
VersionNumber_.typename.fields = VersionNumber.fields
VersionNumber_.typename.field_types = (T.UInt32, T.UInt32, T.UInt32, T.Any_, T.Any_)
Base.const("VersionNumber", VersionNumber_)


def _identifiers(text: str | None) -> tuple[Any, ...]:
    if text is None:
        return ()
    make = MAKER[T.UInt64]
    return tuple(make(int(p)) if p.isdigit() else p for p in text.split("."))


def parse_version(text: str) -> VersionNumber | None:
    """A version from its text; None if it is none."""
    found = _version_pattern().fullmatch(text.strip())
    if found is None or len(text) == 0:
        return None
    make = MAKER[T.UInt32]
    major, minor, patch = (make(int(found[k] or 0)) for k in ("major", "minor", "patch"))
    minus = found["minus"]
    pre = _identifiers(minus) if minus is not None else _identifiers(found["pre"])
    return VersionNumber(major, minor, patch, pre, _identifiers(found["build"]))


def parse_or_raise(text: str) -> VersionNumber:
    version = parse_version(text)
    if version is None:
        raise ArgumentError(f"invalid version string: {text}")
    return version


def _construct(t: Any, *args: Any) -> VersionNumber:
    if len(args) == 1 and is_string(args[0]):
        return parse_or_raise(text_of(args[0]))
    if len(args) == 1 and isinstance(args[0], VersionNumber):
        return args[0]
    if not 1 <= len(args) <= 5 or not all(T.isa(a, T.Integer) for a in args[:3]):
        raise MethodError(t, args, None)
    for a, name in zip(args[:3], ("major", "minor", "patch"), strict=False):
        if a < 0:
            raise ArgumentError(f"invalid negative {name} version: {int(a)}")
    return VersionNumber(*(Base.bindings["convert"](T.UInt32, a) for a in args[:3]), *args[3:])


Base.method("VersionNumber(args...)")(_construct)


@Base.macro("v_str")
def v_str(context: Any, text: str) -> Any:
    """`v"1.2.3"`"""
    return QuoteNode(parse_or_raise(text))


@Base.method("isless(a::VersionNumber, b::VersionNumber)")
def isless(a: VersionNumber, b: VersionNumber) -> bool:
    return a.order() < b.order()


@Base.method("==(a::VersionNumber, b::VersionNumber)")
def equal(a: VersionNumber, b: VersionNumber) -> bool:
    return a == b


@Base.method("hash(v::VersionNumber, h::UInt64)")
def hash_version(v: VersionNumber, h: Any) -> Any:
    return Base.bindings["hash"](
        (*tuple(int(x) for x in (v.major, v.minor, v.patch)), v.prerelease, v.build), h
    )


def _next(name: str, doc: str, step: Any) -> None:
    def following(v: VersionNumber) -> VersionNumber:
        return VersionNumber(*(MAKER[T.UInt32](n) for n in step(v)))

    following.__doc__ = doc
    Base.method(f"{name}(v::VersionNumber)", export=False)(following)


_next("thispatch", "`v` without what follows its patch.", lambda v: (v.major, v.minor, v.patch))
_next("thisminor", "The first version of `v`'s minor one.", lambda v: (v.major, v.minor, 0))
_next("thismajor", "The first version of `v`'s major one.", lambda v: (v.major, 0, 0))
_next(
    "nextpatch",
    "The next patch; of a prerelease, the release.",
    lambda v: (v.major, v.minor, v.patch + (not v.prerelease)),
)
_next(
    "nextminor",
    "The next minor version; of a prerelease of it, itself.",
    lambda v: (v.major, v.minor + (not v.prerelease or int(v.patch) > 0), 0),
)
_next(
    "nextmajor",
    "The next major version; of a prerelease of it, itself.",
    lambda v: (v.major + (not v.prerelease or int(v.minor) > 0 or int(v.patch) > 0), 0, 0),
)


@Base.method("parse(::Type{VersionNumber}, s::AbstractString)")
def parse(_: Any, s: Any) -> VersionNumber:
    return parse_or_raise(text_of(s))


@Base.method("tryparse(::Type{VersionNumber}, s::AbstractString)")
def tryparse(_: Any, s: Any) -> VersionNumber | None:
    return parse_version(text_of(s))


@Base.method("print(io::IO, v::VersionNumber)")
def print_(io: Any, v: VersionNumber) -> None:
    io.write(v.text())


SHOW_HOOKS[VersionNumber] = lambda io, v, long: io.write(f'v"{v.text()}"')
# The version of the language that is spoken here.
Base.const("VERSION", VersionNumber(*map(MAKER[T.UInt32], (1, 10, 5))))
