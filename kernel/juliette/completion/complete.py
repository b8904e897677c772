"""Names, fields, keywords, packages, dictionary keys and paths at a cursor."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from juliette.completion.context import Context, context_of
from juliette.completion.latex import latex

KEYWORDS = [
    *("abstract type", "baremodule", "begin", "break", "catch", "ccall", "const", "continue"),
    *("do", "else", "elseif", "end", "export", "false", "finally", "for", "function", "global"),
    *("if", "import", "in", "isa", "let", "local", "macro", "module", "mutable struct", "new"),
    *("outer", "primitive type", "quote", "return", "struct", "true", "try", "using", "where"),
    "while",
]

_LATEX = re.compile(r"\\[\w^:+\-!_()=]*$")
_USING = re.compile(r"^\s*(?:using|import)\s+(?:[\w.]+\s*,\s*)*(?P<name>\w*)$", re.MULTILINE)
_FROM = re.compile(
    r"^\s*(?:using|import)\s+(?P<module>[\w.]+)\s*:\s*(?:@?[\w!]+\s*,\s*)*(?P<name>@?[\w!]*)$",
    re.MULTILINE,
)
# A value that can be looked at without running anything: names, fields, elements by number or key.
_PATH = r"[^\W\d][\w!]*(?:\.[^\W\d][\w!]*|\[(?:\d+|:[\w!]+|\"[^\"\]]*\")\])*"
_DOTTED = re.compile(rf"(?P<path>{_PATH})\.(?P<name>@?[\w!]*)$")
_CALLED = re.compile(rf"(?P<path>{_PATH})$")
_KEY = re.compile(rf"(?P<path>{_PATH})\[(?P<key>[^\[\],]*)$")
_INTERPOLATED = re.compile(r"(?<!\\)\$(?P<name>[^\W\d][\w!]*)$")
_NAME = re.compile(r"@?[^\W\d][\w!]*$")


@dataclass(slots=True)
class Completion:
    """One completion."""

    text: str
    kind: str = ""
    signature: str = ""


@dataclass(slots=True)
class Completions:
    """Completions that replace `code[start:end]`."""

    start: int
    end: int
    items: list[Completion]


class Scope(Protocol):
    """What a session says about its names."""

    def names(self) -> list[str]:
        """Names that can be written in Main."""

    def kind(self, name: str) -> str:
        """What a name stands for: function, type, module, macro, instance."""

    def fields(self, path: str) -> list[str]:
        """Names that may follow `path.`"""

    def keys(self, path: str) -> list[str]:
        """The keys of a dictionary, as they are written."""

    def keywords(self, path: str) -> list[str]:
        """Names of the keyword arguments of a function."""

    def packages(self) -> list[str]:
        """Packages that `using` finds."""


def complete(code: str, cursor: int, scope: Scope) -> Completions:
    """Completions at a cursor, in code points."""
    before = code[:cursor]
    line = before.rpartition("\n")[2]
    if found := _LATEX.search(line):
        items = [Completion(text, "latex", what) for text, what in latex(found.group())]
        if items:
            return Completions(cursor - len(found.group()), cursor, items)
    context = context_of(before)
    if context.kind == "comment":
        return Completions(cursor, cursor, [])
    if key := _KEY.search(line):
        items = _keys(scope, key["path"], key["key"])
        if len(items) == 1 and not code[cursor:].startswith("]"):
            items = [Completion(items[0].text + "]", "key")]
        if items:
            return Completions(cursor - len(key["key"]), cursor, items)
    if context.kind in ("string", "command"):
        prefix = before[context.start :]
        if found := _INTERPOLATED.search(prefix):
            start = cursor - len(found["name"])
            return Completions(start, cursor, _names(scope, found["name"]))
        if context.kind == "command":
            prefix = prefix.rpartition(" ")[2]
        return Completions(cursor - len(prefix), cursor, _paths(prefix))
    return _in_code(line, cursor, scope, before, context)


def complete_shell(line: str, cursor: int) -> Completions:
    """Paths, for a command of the shell."""
    word = line[:cursor].rpartition(" ")[2]
    return Completions(cursor - len(word), cursor, _paths(word))


PKG_COMMANDS = ("activate", "add", "help", "instantiate", "remove", "status", "update")


def complete_pkg(line: str, cursor: int, scope: Scope) -> Completions:
    """Commands of the package mode, then names of packages."""
    head, space, word = line[:cursor].rpartition(" ")
    names = scope.packages() if space and head.strip() else PKG_COMMANDS
    return Completions(cursor - len(word), cursor, _starting(names, word, "module"))


def _in_code(line: str, cursor: int, scope: Scope, before: str, context: Context) -> Completions:
    """Completions where code is written."""
    if found := _FROM.search(line):
        start = cursor - len(found["name"])
        names = scope.fields(found["module"])
        return Completions(start, cursor, _starting(names, found["name"], "instance"))
    if found := _USING.search(line):
        start = cursor - len(found["name"])
        return Completions(start, cursor, _starting(scope.packages(), found["name"], "module"))
    if found := _DOTTED.search(line):
        start = cursor - len(found["name"])
        names = scope.fields(found["path"])
        return Completions(start, cursor, _starting(names, found["name"], "property"))
    named = _NAME.search(line)
    prefix = named.group() if named else ""
    items = _keyword_arguments(scope, before, context, prefix)
    if prefix:
        items += _names(scope, prefix)
        known = {item.text for item in items}
        items += [
            Completion(word, "keyword")
            for word in KEYWORDS
            if word.startswith(prefix) and word not in known
        ]
    return Completions(cursor - len(prefix), cursor, items)


def call_at(before: str) -> tuple[str, str] | None:
    """What is called and the arguments so far, where the next argument is about to begin."""
    context = context_of(before)
    if context.kind != "code" or not context.brackets or before[context.brackets[-1]] != "(":
        return None
    opening = context.brackets[-1]
    called = _CALLED.search(before[:opening])
    given = before[opening + 1 :].rstrip()
    if not called or (given and not given.endswith(",")):
        return None
    return called["path"], given.rstrip(",")


def _names(scope: Scope, prefix: str) -> list[Completion]:
    """Names that begin so."""
    return [
        Completion(name, scope.kind(name))
        for name in sorted(set(scope.names()))
        if name.startswith(prefix)
    ]


def _keyword_arguments(
    scope: Scope, before: str, context: Context, prefix: str
) -> list[Completion]:
    """`name=` of the call around the cursor, once something of it or another argument is there."""
    if not context.brackets or before[context.brackets[-1]] != "(":
        return []
    opening = context.brackets[-1]
    called = _CALLED.search(before[:opening])
    argument = re.split(r"[,;]", before[opening + 1 :])[-1]
    after_another = argument != before[opening + 1 :]
    if not called or argument.strip() != prefix or not (prefix or after_another):
        return []
    return [
        Completion(f"{name}=", "param")
        for name in sorted(set(scope.keywords(called["path"])))
        if name.startswith(prefix)
    ]


def _keys(scope: Scope, path: str, typed: str) -> list[Completion]:
    """Keys of a dictionary that begin as typed."""
    return (
        _starting(scope.keys(path), typed.lstrip(), "key")
        if typed.strip()
        else [Completion(key, "key") for key in scope.keys(path)]
    )


def _starting(names: Iterable[str], prefix: str, kind: str) -> list[Completion]:
    return [Completion(name, kind) for name in sorted(set(names)) if name.startswith(prefix)]


def _paths(prefix: str) -> list[Completion]:
    """Files that begin so."""
    folder, _, start = prefix.rpartition("/")
    base = Path(folder + "/" if prefix.startswith("/") and not folder else folder or ".")
    try:
        entries = sorted(base.expanduser().iterdir())
    except (OSError, RuntimeError, ValueError):
        return []
    head = f"{folder}/" if "/" in prefix else ""
    return [
        Completion(head + entry.name + ("/" if entry.is_dir() else ""), "path")
        for entry in entries
        if entry.name.startswith(start) and (start or not entry.name.startswith("."))
    ]
