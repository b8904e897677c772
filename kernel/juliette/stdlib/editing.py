"""Editors for InteractiveUtils: `edit`, `editor`, `define_editor`, and `less` beside them."""

from __future__ import annotations

import os
import shlex
import sys
from pathlib import Path
from typing import Any

from juliette.base.code_macros import location_of, looked_at
from juliette.base.commands import Cmd
from juliette.base.strings.values import is_string, text_of
from juliette.compiler import support
from juliette.display.io import STDOUT
from juliette.runtime import types as T
from juliette.runtime.array import Array, elements, vector
from juliette.runtime.dispatch import call_kw
from juliette.runtime.errors import ErrorException
from juliette.runtime.modules import Base, Module
from juliette.syntax.expr import Expr

# How editors are told a line, by the names of their programs; and whether the terminal is theirs.
_TERMINAL = ["vim", "vi", "nvim", "mvim", "nano", "micro", "kak", "emacs", "emacsclient"]
_STYLES: list[tuple[list[str], str]] = [
    (["gedit", "gvim", *_TERMINAL], "+{line} {path}"),
    (["textmate", "mate", "kate"], "{path} -l {line}"),
    (["subl", "atom", "pycharm", "bbedit"], "{path}:{line}"),
    (["code", "code-insiders"], "-g {path}:{line}"),
    (["notepad++"], "{path} -n{line}"),
]


def command() -> list[str]:
    """The words of the editor's command, as the environment names it."""
    for variable in ("JULIA_EDITOR", "VISUAL", "EDITOR"):
        given = os.environ.get(variable)
        if given is None:
            continue
        if not given:
            raise ErrorException(f'invalid editor ${variable}: ""')
        return shlex.split(given)
    if sys.platform in ("win32", "darwin"):
        return ["open"]
    default = Path("/etc/alternatives/editor")
    return [str(default.resolve()) if default.is_file() else "emacs"]


def program(words: list[str]) -> str:
    return Path(words[0]).stem


def opening(words: list[str], path: str, line: int) -> list[str]:
    """The editor's command for a place in a file."""
    for names, style in _STYLES:
        if program(words) in names:
            return [*words, *(part.format(path=path, line=line) for part in style.split())]
    return ["open", "-t", path] if words == ["open"] else [*words, path]


def matches(pattern: Any, cmd: Cmd) -> bool:
    """Does an editor's command fit what `define_editor` was given?"""
    if isinstance(pattern, Array):
        return any(matches(p, cmd) for p in elements(pattern.data))
    if is_string(pattern):
        return text_of(pattern) == program(cmd.exec)
    return bool(Base.bindings["occursin"](pattern, shlex.join(cmd.exec)))


def load(module: Module) -> None:
    """Add editors to InteractiveUtils."""
    callbacks = vector([], T.Function_)
    module.const("EDITOR_CALLBACKS", callbacks, export=False)

    @module.method("editor()", export=False)
    def editor() -> Any:
        """The command of the editor, by `JULIA_EDITOR`, `VISUAL` or `EDITOR` of the environment.

        ```jldoctest
        julia> using InteractiveUtils

        julia> withenv(InteractiveUtils.editor, "JULIA_EDITOR" => "subl -w")
        `subl -w`
        ```
        """
        return Cmd(command())

    @module.method("define_editor(fn::Function, pattern; wait=false)", export=False)
    def define_editor(fn: Any, pattern: Any, *, wait: Any = False) -> Any:
        """Say how an editor is started: `fn(cmd, path, line)` gives its command, or `nothing`.

        It is asked if the command fits `pattern`: a name, a regular expression, or several.
        """

        def callback(cmd: Any, path: Any, line: Any) -> bool:
            if not matches(pattern, cmd):
                return False
            made = fn(cmd, path, line)
            if made is None:
                return False
            call_kw(Base.bindings["run"], {"wait": support.truth(wait)}, made)
            return True

        return Base.bindings["pushfirst!"](callbacks, callback)

    @module.method("edit(path::AbstractString, line::Integer=0)")
    def edit(path: Any, line: Any = 0) -> None:
        """Open a file, or the definition of a function, `edit(f, [types])`, in an editor."""
        words = command()
        cmd = Cmd(words)
        for callback in list(elements(callbacks.data)):
            if callback(cmd, path, line):
                return
        made = Cmd(opening(words, text_of(path), int(line)))
        call_kw(Base.bindings["run"], {"wait": program(words) in _TERMINAL}, made)

    @module.method("edit(f, types)")
    def edit_method(f: Any, types: Any) -> None:
        edit(*location(f, types))

    @module.method("edit(f)")
    def edit_function(f: Any) -> Any:
        if isinstance(f, Module):
            edit(Base.bindings["pathof"](f))
            return None
        methods = Base.bindings["methods"](f)
        if Base.bindings["length"](methods) > 1:
            return methods
        edit(*location(f, None))
        return None

    @module.method("less(file::AbstractString, line::Integer=1)")
    def less(file: Any, line: int = 1) -> None:
        """Print a file from a line on."""
        lines = Base.bindings["readlines"](file).data.tolist()
        for text in lines[int(line) - 1 :]:
            STDOUT.write(text_of(text) + "\n")

    @module.method("less(f, types=nothing)")
    def less_function(f: Any, types: Any = None) -> None:
        """Print the file in which a function is defined, from its definition on."""
        less(*location(f, types))

    for name, f in (("edit", edit), ("less", less)):
        macro = reaching(f)
        macro.__doc__ = f"`@{name} f(x)`: `{name}` for the method that the call reaches."
        module.macro(name)(macro)


def reaching(f: Any) -> Any:
    """A macro that calls `f` with the place of the method that a call reaches."""

    def macro(context: Any, e: Any) -> Expr:
        return looked_at(lambda g, *xs: f(*location_of(g, *xs)), e)

    return macro


def location(f: Any, types: Any) -> tuple[Any, Any]:
    """The file and line of a function's definition."""
    args = (f,) if types is None else (f, types)
    file, line = Base.bindings["functionloc"](*args)
    if not is_string(file):
        raise ErrorException("could not find source file for function")
    return file, line
