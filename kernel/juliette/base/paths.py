"""Paths as text: joining, splitting, making absolute or relative."""

from __future__ import annotations

import posixpath
import re
from pathlib import Path
from typing import Any

from juliette.base.iteration import iterate_value
from juliette.base.strings.values import text_of
from juliette.runtime import types as T
from juliette.runtime.array import vector
from juliette.runtime.errors import ArgumentError
from juliette.runtime.modules import Base


def path_function(header: str, f: Any, doc: str) -> None:
    """A function of one path; the Julia function takes any kind of string."""

    def method(path: Any) -> Any:
        return f(text_of(path))

    method.__doc__ = doc
    Base.method(f"{header}(path::AbstractString)")(method)


def example(text: str, *pairs: tuple[str, str]) -> str:
    body = "\n\n".join(f"julia> {code}\n{result}" for code, result in pairs)
    return f"{text}\n\n```jldoctest\n{body}\n```"


def split_dir(path: str) -> tuple[str, str]:
    """Everything before the last separator, and what follows."""
    found = re.match(r"^(.*?)(/+)([^/]*)$", path, re.DOTALL)
    if found is None:
        return "", path
    before, _, after = found.groups()
    return before or "/", after


def split_ext(path: str) -> tuple[str, str]:
    found = re.match(r"^((?:.*[/])?(?:\.|[^/.])[^/]*?)(\.[^/.]*|)$", path, re.DOTALL)
    return (found.group(1), found.group(2)) if found else (path, "")


def normal(path: str) -> str:
    """Without `.`, `..` and doubled separators."""
    if not path:
        return "."
    out = posixpath.normpath(path)
    if out.startswith("//"):
        out = out[1:]
    if (
        out not in ("/", ".", "..")
        and not out.endswith("/..")
        and path.endswith(("/", "/.", "/.."))
    ):
        out += "/"
    return out


def join_two(a: str, b: str) -> str:
    if b.startswith("/"):
        return b
    if not a:
        return b
    return a + b if a.endswith("/") else f"{a}/{b}"


@Base.method("joinpath(part::AbstractString, parts::AbstractString...)")
def joinpath(*parts: Any) -> str:
    """Join the parts of a path; one that is absolute begins anew.

    ```jldoctest
    julia> joinpath("a", "b/", "c.jl"), joinpath("a", "/b")
    ("a/b/c.jl", "/b")
    ```
    """
    out = ""
    for p in parts:
        out = join_two(out, text_of(p))
    return out


@Base.method("joinpath(parts::AbstractVector)")
def joinpath_of(parts: Any) -> str:
    return joinpath(*iterate_value(parts))


@Base.method("joinpath(parts::Tuple)")
def joinpath_tuple(parts: Any) -> str:
    return joinpath(*parts)


def split_path(path: str) -> list[str]:
    out: list[str] = []
    while path:
        before, last = split_dir(path)
        if not last and before == path:
            out.insert(0, before)
            break
        if last:
            out.insert(0, last)
        if before == "/" and path.startswith("/"):
            out.insert(0, "/")
            break
        path = before
    return out


path_function(
    "splitdir",
    split_dir,
    example("The directory and the name.", ('splitdir("/srv/x")', '("/srv", "x")')),
)
path_function(
    "dirname",
    lambda p: split_dir(p)[0],
    example("The directory part.", ('dirname("/srv/x")', '"/srv"')),
)
path_function(
    "basename",
    lambda p: split_dir(p)[1],
    example("The name part.", ('basename("/srv/x.jl")', '"x.jl"')),
)
path_function(
    "splitext",
    split_ext,
    example(
        "The path without its extension, and the extension.",
        ('splitext("a/b.tar.gz")', '("a/b.tar", ".gz")'),
    ),
)
path_function(
    "splitdrive", lambda p: ("", p), "The drive, which is empty except on Windows, and the rest."
)
path_function(
    "splitpath",
    lambda p: vector(split_path(p) or [""], T.String),
    example(
        "All parts of a path.",
        ('splitpath("/srv/x")', '3-element Vector{String}:\n "/"\n "srv"\n "x"'),
    ),
)
path_function(
    "isabspath",
    lambda p: p.startswith("/"),
    example(
        "Does the path begin at the root?", ('isabspath("/srv"), isabspath("x")', "(true, false)")
    ),
)
path_function(
    "isdirpath",
    lambda p: bool(re.search(r"(^|/)\.{0,2}$|/$", p)) or p in (".", ".."),
    "Does the path name a directory by its form?",
)
path_function(
    "normpath",
    normal,
    example("Without `.`, `..` and doubled separators.", ('normpath("/srv/./x/../y")', '"/srv/y"')),
)
path_function("abspath", lambda p: normal(join_two(here(), p)), "The absolute path.")


def home() -> str:
    return str(Path.home())


def expand_user(path: str) -> str:
    if path == "~":
        return home()
    if path.startswith("~/"):
        return home() + path[1:]
    if path.startswith("~"):
        raise ArgumentError("~user tilde expansion not yet implemented")
    return path


path_function("expanduser", expand_user, "`~` at the start replaced by the home directory.")
path_function(
    "contractuser",
    lambda p: "~" + p[len(home()) :] if p == home() or p.startswith(home() + "/") else p,
    "The home directory at the start replaced by `~`.",
)


def here() -> str:
    from juliette.base.streams import io_error

    try:
        return str(Path.cwd())
    except OSError as error:
        raise io_error("pwd()", error) from None


@Base.method("normpath(path::AbstractString, paths::AbstractString...)")
def normpath_many(*paths: Any) -> str:
    return normal(joinpath(*paths))


@Base.method("abspath(path::AbstractString, paths::AbstractString...)")
def abspath_many(*paths: Any) -> str:
    return normal(join_two(here(), joinpath(*paths)))


@Base.method('relpath(path::AbstractString, start::AbstractString=".")')
def relpath(path: Any, start: Any = ".") -> str:
    """The path from `start` to `path`.

    ```jldoctest
    julia> relpath("/a/b/c", "/a/d")
    "../b/c"
    ```
    """
    path, start = text_of(path), text_of(start)
    if not path:
        raise ArgumentError("`path` must be specified")
    return posixpath.relpath(path, start)


@Base.method("homedir()")
def homedir() -> str:
    """The home directory."""
    return home()


@Base.method("pwd()")
def pwd() -> str:
    """The current directory."""
    return here()
