"""Commands in backticks, and pipelines of them."""

from __future__ import annotations

import itertools
import os
import re
import sys
from typing import Any

from juliette.base.fields import FIELD_HOOKS
from juliette.base.iteration import ITERATORS, iterate_value
from juliette.base.strings.values import text_of
from juliette.compiler.session import literal
from juliette.display.io import IO
from juliette.runtime import types as T
from juliette.runtime import values as V
from juliette.runtime.array import Array, vector
from juliette.runtime.errors import ArgumentError, ErrorException
from juliette.runtime.modules import Base
from juliette.syntax import parse_one, to_expr
from juliette.syntax.diagnostics import ParseError
from juliette.syntax.expr import Expr, QuoteNode

AbstractCmd = T.core_type("Base.AbstractCmd", abstract=True)
Base.const("AbstractCmd", AbstractCmd, export=False)

# ---------------------------------------------------------------- commands


class Cmd:
    """A command in backticks: a program, its arguments, and how to run it."""

    __slots__ = ("cpus", "detached", "dir", "env", "exec", "ignorestatus")

    def __init__(
        self,
        words: list[str],
        *,
        env: dict[str, str] | None = None,
        directory: str = "",
        ignorestatus: bool = False,
        detached: bool = False,
        cpus: list[int] | None = None,
    ) -> None:
        self.exec = words
        self.detached = detached
        self.cpus = cpus
        self.env = env
        self.dir = directory
        self.ignorestatus = ignorestatus

    def changed(self, **changes: Any) -> Cmd:
        kept = {
            "env": self.env,
            "directory": self.dir,
            "ignorestatus": self.ignorestatus,
            "detached": self.detached,
            "cpus": self.cpus,
            **changes,
        }
        return Cmd(list(kept.pop("words", self.exec)), **kept)


class Combined:
    """Commands joined: one after the other (`|`), or side by side (`&`)."""

    __slots__ = ("a", "b")

    def __init__(self, a: Any, b: Any) -> None:
        self.a, self.b = a, b


class OrCmds(Combined):
    """`pipeline(a, b)`: what `a` writes, `b` reads."""

    __slots__ = ()


class AndCmds(Combined):
    """`a & b`: both at the same time."""

    __slots__ = ()


class CmdRedirect:
    """A command with one of its streams elsewhere."""

    __slots__ = ("append", "cmd", "handle", "number")

    def __init__(self, cmd: Any, handle: Any, number: int, append: bool = False) -> None:
        self.cmd, self.handle, self.number, self.append = cmd, handle, number, append


Cmd_ = T.core_type("Cmd", AbstractCmd)
T.register_class(Cmd, Cmd_)
Base.const("Cmd", Cmd_)
for _cls in (OrCmds, AndCmds, CmdRedirect):
    _type = T.core_type(f"Base.{_cls.__name__}", AbstractCmd)
    T.register_class(_cls, _type)
    Base.const(_cls.__name__, _type, export=False)


def pieces(value: Any) -> list[str]:
    """The words that an interpolated value stands for."""
    if isinstance(value, Cmd):
        return list(value.exec)
    if value is None:
        raise ArgumentError("parameter to `Cmd` cannot be nothing")
    if isinstance(value, (Array, V.Range, tuple, V.JuliaSet)) or hasattr(
        type(value), "julia_iterator"
    ):
        return [Base.bindings["string"](v) for v in iterate_value(value)]
    return [Base.bindings["string"](value)]


def make_cmd(*words: tuple[Any, ...]) -> Cmd:
    """The command of words, each of which is made of text and of interpolated values."""
    out: list[str] = []
    base: Cmd | None = None
    for i, parts in enumerate(words):
        if len(parts) == 1 and isinstance(parts[0], Cmd) and not i:
            base = parts[0]
        if len(parts) == 1 and not isinstance(parts[0], str):
            out += pieces(parts[0])
            continue
        options = [[p] if isinstance(p, str) else pieces(p) for p in parts]
        out += ["".join(choice) for choice in itertools.product(*options)]
    return base.changed(words=out) if base is not None else Cmd(out)


_NAME = re.compile(r"[^\W\d][\w!]*")
_SPECIAL = "#{}()[]<>|&*?~;"


def shell_words(text: str) -> list[list[Any]]:
    """The words of a command line; interpolated expressions come as `Expr`s or symbols."""
    words: list[list[Any]] = []
    word: list[Any] | None = None
    i = 0
    quote = ""

    def add(piece: Any) -> None:
        nonlocal word
        if word is None:
            word = []
        if isinstance(piece, str) and word and isinstance(word[-1], str):
            word[-1] += piece
        else:
            word.append(piece)

    while i < len(text):
        c = text[i]
        if quote == "'":
            if c == "'":
                quote = ""
            else:
                add(c)
            i += 1
        elif c == "$" and i + 1 < len(text):
            expression, i = interpolation(text, i + 1)
            add(("$", expression))
        elif quote == '"':
            if c == '"':
                quote = ""
            elif c == "\\" and i + 1 < len(text) and text[i + 1] in '"$\\':
                i += 1
                add(text[i])
            elif c == "\\" and i + 1 < len(text) and text[i + 1] == "\n":
                i += 1
            else:
                add(c)
            i += 1
        elif c in "'\"":
            quote = c
            add("")
            i += 1
        elif c == "\\" and i + 1 < len(text):
            i += 2
            if text[i - 1] != "\n":
                add(text[i - 1])
                continue
            # A line that goes on begins with its first word.
            while i < len(text) and text[i] in " \t":
                i += 1
        elif c.isspace():
            if word is not None:
                words.append(word)
                word = None
            i += 1
        elif c in _SPECIAL:
            raise ArgumentError(
                f'parsing command `{text}`: special characters "{_SPECIAL}" must now be quoted in some way'
            )
        else:
            add(c)
            i += 1
    if quote:
        raise ErrorException(
            f"parsing command `{text}`: unterminated {'single' if quote == chr(39) else 'double'} quote"
        )
    if word is not None:
        words.append(word)
    return words


def interpolation(text: str, i: int) -> tuple[Any, int]:
    """The expression after `$`, and where it ends."""
    if text[i] in "([":
        closing = ")" if text[i] == "(" else "]"
        end = i
        while True:
            end = text.find(closing, end + 1)
            if end < 0:
                raise ErrorException(f"parsing command `{text}`: unterminated interpolation")
            try:
                return to_expr(parse_one(text[i : end + 1])[0], literal), end + 1
            except ParseError:
                continue
    found = _NAME.match(text, i)
    if found is None:
        raise ErrorException(f"parsing command `{text}`: invalid interpolation")
    return to_expr(parse_one(found.group())[0], literal), found.end()


@Base.macro("cmd")
def cmd_macro(context: Any, text: str) -> Any:
    """`` `program arguments` ``: a command, which `run` runs."""
    words = [
        Expr(
            "tuple",
            *(p if isinstance(p, str) else Expr("call", QuoteNode(wrapped), p[1]) for p in word),
        )
        for word in shell_words(text)
    ]
    return Expr("call", QuoteNode(make_cmd), *words)


class Interpolated(tuple):
    """An interpolated string: kept apart from the text around it."""

    __slots__ = ()


def wrapped(value: Any) -> Any:
    return Interpolated((text_of(value),)) if isinstance(value, str) else value


@Base.method("Cmd(words::AbstractVector)")
def cmd_of(_: Any, words: Any) -> Cmd:
    """A command of words."""
    return Cmd([text_of(w) for w in iterate_value(words)])


@Base.method(
    'Cmd(cmd::Cmd; ignorestatus=false, env=nothing, dir="", detach=false, windows_verbatim=false, windows_hide=false)'
)
def cmd_changed(
    _: Any, cmd: Cmd, *, ignorestatus: Any = None, env: Any = None, dir: Any = None, **rest: Any
) -> Cmd:
    """A command with other settings."""
    changes: dict[str, Any] = {}
    if "detach" in rest:
        changes["detached"] = bool(rest["detach"])
    if ignorestatus is not None:
        changes["ignorestatus"] = bool(ignorestatus)
    if env is not None:
        changes["env"] = variables(env)
    if dir is not None:
        changes["directory"] = text_of(dir)
    return cmd.changed(**changes)


def variables(env: Any) -> dict[str, str]:
    out = {}
    for item in iterate_value(env):
        if isinstance(item, V.Pair):
            if item.second is not None:
                out[text_of(item.first)] = Base.bindings["string"](item.second)
        else:
            name, _, value = text_of(item).partition("=")
            out[name] = value
    return out


@Base.method('setenv(cmd::Cmd, env...; dir="")')
def setenv(cmd: Cmd, *env: Any, dir: Any = "") -> Cmd:
    """A command that runs with these environment variables only."""
    if not env:
        return cmd.changed(directory=text_of(dir) or cmd.dir)
    given = env[0] if len(env) == 1 and not isinstance(env[0], V.Pair) else env
    return cmd.changed(env=variables(given), directory=text_of(dir) or cmd.dir)


@Base.method("addenv(cmd::Cmd, env...; inherit=true)")
def addenv(cmd: Cmd, *env: Any, inherit: bool = True) -> Cmd:
    """A command that runs with some more environment variables."""
    given = env[0] if len(env) == 1 and not isinstance(env[0], V.Pair) else env
    base = dict(cmd.env) if cmd.env is not None else dict(os.environ) if inherit else {}
    return cmd.changed(env={**base, **variables(given)})


@Base.method("julia_cmd(julia=nothing)", export=False)
def julia_cmd(julia: Any = None) -> Cmd:
    """The command that starts another session like this one.

    ```jldoctest
    julia> last(Base.julia_cmd().exec)
    "juliette"
    ```
    """
    return Cmd([sys.executable, "-m", "juliette"] if julia is None else [text_of(julia)])


@Base.method("ignorestatus(cmd::Cmd)")
def ignorestatus(cmd: Cmd) -> Cmd:
    """A command whose failure is no error."""
    return cmd.changed(ignorestatus=True)


@Base.method("ignorestatus(cmd::Union{Base.OrCmds, Base.AndCmds})")
def ignorestatus_of_both(cmd: Any) -> Any:
    return type(cmd)(*(Base.bindings["ignorestatus"](part) for part in (cmd.a, cmd.b)))


@Base.method("detach(cmd::Cmd)")
def detach(cmd: Cmd) -> Cmd:
    """A command that outlives this process.

    ```jldoctest
    julia> detach(`sleep 1`)
    detach(`sleep 1`)
    ```
    """
    return cmd.changed(detached=True)


@Base.method("setcpuaffinity(cmd::Cmd, cpus)")
def setcpuaffinity(cmd: Cmd, cpus: Any) -> Cmd:
    """A command that runs on these processors only, which are counted from 1; on all by `nothing`.

    ```jldoctest
    julia> setcpuaffinity(`sort words`, [1])
    setcpuaffinity(`sort words`, [1])
    ```
    """
    return cmd.changed(cpus=None if cpus is None else [int(c) for c in iterate_value(cpus)])


@Base.method("getindex(cmd::Cmd, i)")
def cmd_get(cmd: Cmd, i: Any) -> Any:
    return Base.bindings["getindex"](vector(cmd.exec, T.String), i)


@Base.method("eltype(::Type{Cmd})")
def cmd_eltype(_: Any) -> Any:
    """Words are strings."""
    return T.String


@Base.method("length(cmd::Cmd)")
def cmd_length(cmd: Cmd) -> int:
    return len(cmd.exec)


@Base.method("==(a::Cmd, b::Cmd)")
def cmd_equal(a: Cmd, b: Cmd) -> bool:
    return (a.exec, a.env, a.dir, a.ignorestatus) == (b.exec, b.env, b.dir, b.ignorestatus)


@Base.method("&(a::Base.AbstractCmd, b::Base.AbstractCmd)")
def both(a: Any, b: Any) -> AndCmds:
    return AndCmds(a, b)


@Base.method("pipeline(a, b, more...)")
def pipeline(a: Any, b: Any, *more: Any) -> Any:
    """Send what one command writes to the next; files and streams may stand at the ends."""
    out = joined(a, b)
    for c in more:
        out = joined(out, c)
    return out


def is_command(x: Any) -> bool:
    return isinstance(x, (Cmd, Combined, CmdRedirect))


def joined(a: Any, b: Any) -> Any:
    if is_command(a) and is_command(b):
        return OrCmds(a, b)
    if is_command(a):
        return CmdRedirect(a, b, 1)
    return CmdRedirect(b, a, 0)


@Base.method("pipeline(cmd; stdin=nothing, stdout=nothing, stderr=nothing, append=false)")
def pipeline_streams(
    cmd: Any, *, stdin: Any = None, stdout: Any = None, stderr: Any = None, append: bool = False
) -> Any:
    if append and stdout is None and stderr is None:
        raise ArgumentError("append set to true, but no output redirections specified")
    for number, handle in ((0, stdin), (1, stdout), (2, stderr)):
        if handle is not None:
            cmd = CmdRedirect(cmd, handle, number, append)
    return cmd


# ---------------------------------------------------------------- as text


@Base.method("shell_split(s::AbstractString)", export=False)
def shell_split(s: Any) -> Any:
    """The words of a command line.

    ```jldoctest
    julia> Base.shell_split("git commit -m 'a message'")
    4-element Vector{String}:
     "git"
     "commit"
     "-m"
     "a message"
    ```
    """
    words = ["".join(word) for word in shell_words(text_of(s).replace("$", "\\$"))]
    return vector(words, T.String)


@Base.method('shell_escape(args...; special="")', export=False)
def shell_escape(*args: Any, special: Any = "") -> str:
    """Words as they would be written in backticks.

    ```jldoctest
    julia> Base.shell_escape("cat", "a file", "b")
    "cat 'a file' b"
    ```
    """
    return " ".join(map(quoted_word, pieces(args)))


@Base.method("shell_escape_posixly(args...)", export=False)
def shell_escape_posixly(*args: Any) -> str:
    """Words as a POSIX shell takes them.

    ```jldoctest
    julia> Base.shell_escape_posixly("echo", "this", "a b", "&&")
    "echo this 'a b' '&&'"
    ```
    """
    return " ".join(map(posix_word, pieces(args)))


@Base.method("shell_escape_csh(args...)", export=False)
def shell_escape_csh(*args: Any) -> str:
    """Words as the C shell takes them, which wants a backslash before `!` and line ends even in quotes.

    ```jldoctest
    julia> println(Base.shell_escape_csh("echo", "it's", "done!"))
    echo "it's" 'done\\!'
    ```
    """
    return " ".join(map(csh_word, pieces(args)))


def csh_word(word: str) -> str:
    """A word in single or double quotes, or in pieces of both, as it needs them."""
    if re.fullmatch(r"[A-Za-z0-9/._-]+", word):
        return word
    out = ""
    while word:
        found = None
        # The whole rest in quotes of one kind, or as much as they can hold.
        for pattern, quote in (
            (r"[^']+\Z", "'"),
            (r'[^$`"]+\Z', '"'),
            (r"[^']+", "'"),
            (r'[^$`"]+', '"'),
        ):
            if found := re.match(pattern, word):
                out += quote + re.sub(r"[\n!]", r"\\\g<0>", found[0]) + quote
                break
        assert found is not None
        word = word[found.end() :]
    return out or "''"


@Base.method("shell_escape_wincmd(text::AbstractString)", export=False)
def shell_escape_wincmd(text: Any) -> str:
    """Text with a `^` before what Windows' command processor would take for its own, outside of quotes.

    ```jldoctest
    julia> Base.shell_escape_wincmd("a & b \\"c & d\\"")
    "a ^& b \\"c & d\\""
    ```
    """
    if re.search(r"[\r\n\0]", text_of(text)):
        raise ArgumentError("control character unsupported by CMD.EXE")
    parts = re.split(r'("[^"]*")', text_of(text))
    return "".join(
        p if i % 2 else re.sub(r'[()!^<>&|"]', r"^\g<0>", p) for i, p in enumerate(parts)
    )


@Base.method("escape_microsoft_c_args(args...)", export=False)
def escape_microsoft_c_args(*args: Any) -> str:
    """Words as a program of Microsoft's C takes them apart.

    ```jldoctest
    julia> println(Base.escape_microsoft_c_args("copy", "my file", ""))
    copy "my file" ""
    ```
    """
    return " ".join(map(microsoft_word, map(text_of, args)))


def microsoft_word(word: str) -> str:
    """In quotes if it is empty or has blanks or quotes: backslashes count twice before a quote."""
    if word and not re.search(r'[\s"]', word):
        return word
    return '"' + re.sub(r'(\\*)("|\Z)', lambda m: m[1] * 2 + ('\\"' if m[2] else ""), word) + '"'


def posix_word(word: str) -> str:
    """A word with backslashes or in single quotes, as it needs them."""
    if word and re.fullmatch(r"(?!=)[0-9A-Za-z_/+.='\"-]+", word) and word.count('"') <= 1:
        return word.replace("'", "\\'").replace('"', '\\"')
    return "'" + word.replace("'", "'\\''") + "'"


def quoted_word(word: str) -> str:
    """A word as it would be written in backticks."""
    if not word:
        return "''"
    if re.search(r"[\s\"'\\$`#{}()\[\]<>|&*?~;]", word):
        if "'" not in word:
            return f"'{word}'"
        escaped = word.replace("\\", "\\\\").replace('"', '\\"').replace("$", "\\$")
        return f'"{escaped}"'
    return word


def cmd_text(cmd: Any, underline: bool = False) -> str:
    """A command as Julia shows it."""
    if isinstance(cmd, Cmd):
        words = [quoted_word(w).replace("`", "\\`") for w in cmd.exec]
        text = "`" + " ".join(f"\x1b[4m{w}\x1b[24m" if underline else w for w in words) + "`"
        if cmd.detached:
            text = f"detach({text})"
        if cmd.cpus is not None:
            text = f"setcpuaffinity({text}, {cmd.cpus})"
        if cmd.env is None and not cmd.dir:
            return text
        text = f"setenv({text}"
        if cmd.env is not None:
            text += "," + Base.bindings["repr"](
                vector([f"{k}={v}" for k, v in cmd.env.items()], T.String)
            )
        return text + (f"; dir={Base.bindings['repr'](cmd.dir)})" if cmd.dir else ")")
    if isinstance(cmd, OrCmds):
        return f"pipeline({cmd_text(cmd.a)}, stdout={cmd_text(cmd.b)})"
    if isinstance(cmd, AndCmds):
        return f"{cmd_text(cmd.a)} & {cmd_text(cmd.b)}"
    names = {0: "stdin", 1: "stdout", 2: "stderr"}
    sign = "<" if cmd.number == 0 else ">"
    if isinstance(cmd.handle, str):
        handle = (
            f"Base.FileRedirect({Base.bindings['repr'](cmd.handle)}, {str(cmd.append).lower()})"
        )
    else:
        handle = (
            cmd_text(cmd.handle) if is_command(cmd.handle) else Base.bindings["repr"](cmd.handle)
        )
    return f"pipeline({cmd_text(cmd.cmd)}, {names[cmd.number]}{sign}{handle})"


@Base.method("show(io::IO, cmd::Base.AbstractCmd)")
def show_cmd(io: IO, cmd: Any) -> None:
    io.write(cmd_text(cmd, bool(io.get("color"))))


def cmd_field(cmd: Cmd, name: str) -> Any:
    if name == "exec":
        return vector(cmd.exec, T.String)
    if name in ("dir", "ignorestatus"):
        return getattr(cmd, name)
    if name == "env":
        return (
            None if cmd.env is None else vector([f"{k}={v}" for k, v in cmd.env.items()], T.String)
        )
    raise ErrorException(f"type Cmd has no field {name}")


FIELD_HOOKS[Cmd] = cmd_field
ITERATORS[Cmd] = lambda cmd: iter(cmd.exec)
