"""Other programs: commands in backticks, pipelines, `run` and what reads from them or writes to them."""

from __future__ import annotations

import itertools
import os
import re
from typing import Any

from juliette.base.essentials import FIELD_HOOKS
from juliette.base.iteration import ITERATORS, iterate_value
from juliette.base.streams import (
    IOError_, byte_vector, eachline, flush, io_error, open_file, readlines,
)
from juliette.base.strings.values import text_of
from juliette.compiler.session import literal
from juliette.display.io import DEVNULL, IO, STDERR, STDIN, STDOUT, IOBuffer
from juliette.runtime import types as T
from juliette.runtime import values as V
from juliette.runtime.array import Array, vector
from juliette.runtime.errors import ArgumentError, ErrorException, _exception
from juliette.runtime.modules import Base
from juliette.runtime.streams import ByteStream, FileStream, MemoryStream
from juliette.runtime.text import from_utf8
from juliette.syntax import parse_one, to_expr
from juliette.syntax.diagnostics import ParseError
from juliette.syntax.expr import Expr, QuoteNode

ProcessFailedException = _exception("ProcessFailedException", "procs")
Base.const("ProcessFailedException", T.CORE_TYPES["ProcessFailedException"])
AbstractCmd = T._core("Base.AbstractCmd", abstract=True)
Base.const("AbstractCmd", AbstractCmd, export=False)

# ---------------------------------------------------------------- commands


class Cmd:
    """A command in backticks: a program, its arguments, and how to run it."""

    __slots__ = ("dir", "env", "exec", "ignorestatus")

    def __init__(
        self, words: list[str], *, env: dict[str, str] | None = None, directory: str = "", ignorestatus: bool = False
    ) -> None:
        self.exec = words
        self.env = env
        self.dir = directory
        self.ignorestatus = ignorestatus

    def changed(self, **changes: Any) -> Cmd:
        kept = {"env": self.env, "directory": self.dir, "ignorestatus": self.ignorestatus, **changes}
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


Cmd_ = T._core("Cmd", AbstractCmd)
T.register_class(Cmd, Cmd_)
Base.const("Cmd", Cmd_)
for _cls, _name in ((OrCmds, "Base.OrCmds"), (AndCmds, "Base.AndCmds"), (CmdRedirect, "Base.CmdRedirect")):
    T.register_class(_cls, T._core(_name, AbstractCmd))


def pieces(value: Any) -> list[str]:
    """The words that an interpolated value stands for."""
    if isinstance(value, Cmd):
        return list(value.exec)
    if isinstance(value, (Array, V.Range, tuple, V.JuliaSet)) or hasattr(type(value), "julia_iterator"):
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
            else:
                add(c)
            i += 1
        elif c in "'\"":
            quote = c
            add("")
            i += 1
        elif c == "\\" and i + 1 < len(text):
            if text[i + 1] != "\n":
                add(text[i + 1])
            i += 2
        elif c.isspace():
            if word is not None:
                words.append(word)
                word = None
            i += 1
        elif c in _SPECIAL:
            raise ArgumentError(f'parsing command `{text}`: special characters "{_SPECIAL}" must now be quoted in some way')
        else:
            add(c)
            i += 1
    if quote:
        raise ErrorException(f"parsing command `{text}`: unterminated {'single' if quote == chr(39) else 'double'} quote")
    if word is not None:
        words.append(word)
    return words


def interpolation(text: str, i: int) -> tuple[Any, int]:
    """The expression after `$`, and where it ends."""
    if text[i] == "(":
        end = i
        while True:
            end = text.find(")", end + 1)
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
        Expr("tuple", *(p if isinstance(p, str) else Expr("call", QuoteNode(wrapped), p[1]) for p in word))
        for word in shell_words(text)
    ]
    return Expr("call", QuoteNode(make_cmd), *words)


class Interpolated(tuple):  # type: ignore[type-arg]
    """An interpolated string: kept apart from the text around it."""

    __slots__ = ()


def wrapped(value: Any) -> Any:
    return Interpolated((text_of(value),)) if isinstance(value, str) else value


@Base.method("Cmd(words::AbstractVector)")
def cmd_of(_: Any, words: Any) -> Cmd:
    """A command of words."""
    return Cmd([text_of(w) for w in iterate_value(words)])


@Base.method("Cmd(cmd::Cmd; ignorestatus=false, env=nothing, dir=\"\", detach=false, windows_verbatim=false, windows_hide=false)")
def cmd_changed(_: Any, cmd: Cmd, *, ignorestatus: Any = None, env: Any = None, dir: Any = None, **rest: Any) -> Cmd:
    """A command with other settings."""
    changes: dict[str, Any] = {}
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


@Base.method("setenv(cmd::Cmd, env...; dir=\"\")")
def setenv(cmd: Cmd, *env: Any, dir: Any = "") -> Cmd:
    """A command that runs with these environment variables only."""
    given = env[0] if len(env) == 1 and not isinstance(env[0], V.Pair) else env
    return cmd.changed(env=variables(given), directory=text_of(dir) or cmd.dir)


@Base.method("addenv(cmd::Cmd, env...; inherit=true)")
def addenv(cmd: Cmd, *env: Any, inherit: bool = True) -> Cmd:
    """A command that runs with some more environment variables."""
    given = env[0] if len(env) == 1 and not isinstance(env[0], V.Pair) else env
    base = dict(cmd.env) if cmd.env is not None else dict(os.environ) if inherit else {}
    return cmd.changed(env={**base, **variables(given)})


@Base.method("ignorestatus(cmd::Cmd)")
def ignorestatus(cmd: Cmd) -> Cmd:
    """A command whose failure is no error."""
    return cmd.changed(ignorestatus=True)


@Base.method("detach(cmd::Cmd)")
def detach(cmd: Cmd) -> Cmd:
    """A command that would outlive this process."""
    return cmd


@Base.method("getindex(cmd::Cmd, i)")
def cmd_get(cmd: Cmd, i: Any) -> Any:
    return Base.bindings["getindex"](vector(cmd.exec, T.String), i)


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
def pipeline_streams(cmd: Any, *, stdin: Any = None, stdout: Any = None, stderr: Any = None, append: bool = False) -> Any:
    if append and stdout is None and stderr is None:
        raise ArgumentError("append set to true, but no output redirections specified")
    for number, handle in ((0, stdin), (1, stdout), (2, stderr)):
        if handle is not None:
            cmd = CmdRedirect(cmd, handle, number, append)
    return cmd


# ---------------------------------------------------------------- running


class Process:
    """A program that was started."""

    __slots__ = ("captured", "cmd", "popen", "termsignal", "threads")

    def __init__(self, cmd: Cmd, popen: Any) -> None:
        self.cmd = cmd
        self.popen = popen
        self.threads: list[Any] = []

    @property
    def exitcode(self) -> int:
        code = self.popen.poll()
        return -(2**63) if code is None else max(code, 0)

    def wait(self) -> None:
        self.popen.wait()
        for t in self.threads:
            t.join()

    def success(self) -> bool:
        return self.popen.returncode == 0


class ProcessChain:
    """Several programs that were started together."""

    __slots__ = ("processes",)

    def __init__(self, processes: list[Process]) -> None:
        self.processes = processes

    def wait(self) -> None:
        for p in self.processes:
            p.wait()


Process_ = T._core("Base.Process", T.IO_)
T.register_class(Process, Process_)
ProcessChain_ = T._core("Base.ProcessChain", T.IO_)
T.register_class(ProcessChain, ProcessChain_)
Base.const("ProcessChain", ProcessChain_, export=False)
Base.const("Process", Process_, export=False)


class Streams:
    """The three streams of a command, and the files opened for them."""

    __slots__ = ("err", "inp", "opened", "out")

    def __init__(self, inp: Any, out: Any, err: Any) -> None:
        self.inp, self.out, self.err = inp, out, err
        self.opened: list[Any] = []


def start(cmd: Any, streams: Streams) -> list[Process]:
    """Start all programs of a command; the last is that whose output counts."""
    if isinstance(cmd, Cmd):
        return [start_one(cmd, streams)]
    if isinstance(cmd, CmdRedirect):
        handle = opened(cmd, streams)
        inner = Streams(streams.inp, streams.out, streams.err)
        if cmd.number == 0:
            inner.inp = handle
        elif cmd.number == 1:
            inner.out = handle
        else:
            inner.err = handle
        return start(cmd.cmd, inner)
    if isinstance(cmd, OrCmds):
        read, write = os.pipe()
        first = start(cmd.a, Streams(streams.inp, write, streams.err))
        os.close(write)
        second = start(cmd.b, Streams(read, streams.out, streams.err))
        os.close(read)
        return first + second
    return start(cmd.a, streams) + start(cmd.b, streams)


def opened(redirect: CmdRedirect, streams: Streams) -> Any:
    """The handle of a redirection: a path is opened."""
    handle = redirect.handle
    if isinstance(handle, str) or hasattr(handle, "julia_text"):
        path = text_of(handle)
        if redirect.number == 0:
            io = open_file(path, True, False, False, False, False)
        else:
            io = open_file(path, False, True, True, not redirect.append, redirect.append)
        streams.opened.append(io)
        return io
    return handle


def start_one(cmd: Cmd, streams: Streams) -> Process:
    import subprocess
    import threading

    if not cmd.exec:
        raise ArgumentError("cannot spawn empty command")
    handles: list[Any] = []
    pumps: list[tuple[int, Any]] = []
    for number, stream in enumerate((streams.inp, streams.out, streams.err)):
        if isinstance(stream, int):
            handles.append(stream)
            continue
        if stream is None or stream is DEVNULL:
            handles.append(subprocess.DEVNULL)
            continue
        file = getattr(stream.stream, "file", None)
        if isinstance(stream.stream, FileStream) and hasattr(file, "fileno"):
            stream.stream.flush()
            handles.append(file)
        elif stream is STDIN:
            handles.append(None if own_terminal(stream) else subprocess.DEVNULL)
        else:
            handles.append(subprocess.PIPE)
            pumps.append((number, stream))
    flush(STDOUT)
    try:
        popen = subprocess.Popen(
            cmd.exec, stdin=handles[0], stdout=handles[1], stderr=handles[2], env=cmd.env, cwd=cmd.dir or None,
            start_new_session=False,
        )
    except OSError as error:
        raise IOError_(str(io_error(f"could not spawn {cmd_text(cmd)}", error).msg), -(error.errno or 0)) from None
    process = Process(cmd, popen)
    for number, stream in pumps:
        if number == 0:
            thread = threading.Thread(target=feed, args=(popen.stdin, stream), daemon=True)
        else:
            thread = threading.Thread(target=drain, args=((popen.stdout, popen.stderr)[number - 1], stream), daemon=True)
        thread.start()
        process.threads.append(thread)
    return process


def own_terminal(stream: IO) -> bool:
    """Is the host's standard input the process's own?"""
    import sys

    return stream.stream is sys.stdin


def feed(pipe: Any, source: IO) -> None:
    """Give a program what a stream holds."""
    stream = source.stream
    try:
        with pipe:
            if isinstance(stream, ByteStream):
                pipe.write(stream.read())
    except BrokenPipeError:
        pass


def drain(pipe: Any, target: IO) -> None:
    """Write what a program writes to a stream, as it comes."""
    with pipe:
        while data := pipe.read1(65536):
            target.write_bytes(data)


def standard(stdin: Any = STDIN, stdout: Any = STDOUT, stderr: Any = STDERR) -> Streams:
    return Streams(stdin, stdout, stderr)


def finish(processes: list[Process]) -> None:
    """Wait for programs; those that failed are thrown."""
    for p in processes:
        p.wait()
    failed = [p for p in processes if not p.success() and not p.cmd.ignorestatus]
    if failed:
        raise ProcessFailedException(vector(failed, Process_))


def handle_of(processes: list[Process]) -> Any:
    return processes[0] if len(processes) == 1 else ProcessChain(processes)


@Base.method("run(cmd::Base.AbstractCmd, handles...; wait=true)")
def run(cmd: Any, *handles: Any, wait: bool = True) -> Any:
    """Run a command; throws if it fails.

    ```jldoctest
    julia> run(`echo hello`);
    hello
    ```
    """
    streams = standard(*(handles or (STDIN, STDOUT, STDERR)))
    processes = start(cmd, streams)
    if wait:
        finish(processes)
    return handle_of(processes)


def output_of(cmd: Any) -> bytes:
    target = IOBuffer()
    processes = start(cmd, standard(stdout=target))
    finish(processes)
    return bytes(target.stream.data)


@Base.method("read(cmd::Base.AbstractCmd)")
def read(cmd: Any) -> Any:
    """What a command writes, as bytes."""
    return byte_vector(output_of(cmd))


@Base.method("read(cmd::Base.AbstractCmd, t::Type{String})")
def read_string(cmd: Any, t: Any) -> str:
    """What a command writes, as a string.

    ```jldoctest
    julia> words = ["a b", "c"];

    julia> read(`echo $words`, String)
    "a b c\\n"
    ```
    """
    return from_utf8(output_of(cmd))


@Base.method("readlines(cmd::Base.AbstractCmd; keep=false)")
def cmd_readlines(cmd: Any, *, keep: bool = False) -> Any:
    return readlines(IOBuffer(MemoryStream(output_of(cmd))), keep=keep)


@Base.method("readline(cmd::Base.AbstractCmd; keep=false)")
def cmd_readline(cmd: Any, *, keep: bool = False) -> str:
    return MemoryStream(output_of(cmd)).read_line(keep)


@Base.method("eachline(cmd::Base.AbstractCmd; keep=false)")
def cmd_eachline(cmd: Any, *, keep: bool = False) -> Any:
    return eachline(IOBuffer(MemoryStream(output_of(cmd))), keep=keep)


@Base.method("success(cmd::Base.AbstractCmd)")
def success(cmd: Any) -> bool:
    """Run a command without its output; did it succeed?

    ```jldoctest
    julia> success(`true`), success(`false`)
    (true, false)
    ```
    """
    processes = start(cmd, Streams(None, None, None))
    for p in processes:
        p.wait()
    return all(p.success() for p in processes)


class ProcessStream(IO):
    """What `open(cmd)` gives: the stream to or from a program."""

    __slots__ = ("processes",)


T.register_class(ProcessStream, Process_)


@Base.method("open(cmd::Base.AbstractCmd, mode::AbstractString=\"r\", other=devnull)")
def open_cmd(cmd: Any, mode: Any = "r", other: Any = None) -> ProcessStream:
    """Start a command: `"r"` to read what it writes, `"w"` to write what it reads."""
    kind = text_of(mode)
    if kind == "r":
        read_end, write_end = os.pipe()
        processes = start(cmd, standard(stdin=other, stdout=write_end))
        os.close(write_end)
        io = ProcessStream(FileStream(os.fdopen(read_end, "rb"), "", readable=True, writable=False))
    elif kind == "w":
        read_end, write_end = os.pipe()
        os.set_inheritable(write_end, False)
        processes = start(cmd, standard(stdin=read_end, stdout=STDOUT if other is None else other))
        os.close(read_end)
        io = ProcessStream(FileStream(os.fdopen(write_end, "wb"), "", readable=False, writable=True))
    elif kind == "r+":
        raise ArgumentError("a command is opened either to read or to write here, not for both")
    else:
        raise ArgumentError(f"mode must be \"r\", \"w\", \"r+\", or \"w+\", not {Base.bindings['repr'](kind)}")
    io.processes = processes
    return io


@Base.method("open(cmd::Base.AbstractCmd, other::IO)")
def open_cmd_into(cmd: Any, other: IO) -> Any:
    return handle_of(start(cmd, standard(stdout=other)))


@Base.method("open(f::Function, cmd::Base.AbstractCmd, args...)")
def open_cmd_during(f: Any, cmd: Any, *args: Any) -> Any:
    """Start a command, call `f` with the stream, and wait for the command."""
    io = open_cmd(cmd, *args)
    try:
        result = f(io)
    finally:
        io.stream.close()
    finish(io.processes)
    return result


@Base.method("wait(p::Base.Process)")
def wait_process(p: Any) -> None:
    """Wait for a program."""
    if isinstance(p, ProcessStream):
        p.stream.close()
        for q in p.processes:
            q.wait()
        return
    p.wait()


@Base.method("wait(p::Base.ProcessChain)")
def wait_chain(p: ProcessChain) -> None:
    p.wait()


def last_process(p: Any) -> Process:
    return p.processes[-1] if hasattr(p, "processes") else p


@Base.method("success(p::Base.Process)")
def process_success(p: Any) -> bool:
    last_process(p).wait()
    return last_process(p).success()


@Base.method("process_running(p::Base.Process)")
def process_running(p: Any) -> bool:
    """Does a program still run?"""
    return last_process(p).popen.poll() is None


@Base.method("process_exited(p::Base.Process)")
def process_exited(p: Any) -> bool:
    """Has a program ended?"""
    return not process_running(p)


@Base.method("kill(p::Base.Process, signal::Integer=15)")
def kill(p: Any, signal: int = 15) -> None:
    """Send a signal to a program."""
    last_process(p).popen.send_signal(signal)


@Base.method("getpid(p::Base.Process)")
def process_id(p: Any) -> int:
    return int(last_process(p).popen.pid)


# ---------------------------------------------------------------- as text


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


def cmd_text(cmd: Any) -> str:
    """A command as Julia shows it."""
    if isinstance(cmd, Cmd):
        text = "`" + " ".join(map(quoted_word, cmd.exec)).replace("`", "\\`") + "`"
        if cmd.env is None and not cmd.dir:
            return text
        text = f"setenv({text}"
        if cmd.env is not None:
            text += "," + Base.bindings["repr"](vector([f"{k}={v}" for k, v in cmd.env.items()], T.String))
        return text + (f"; dir={Base.bindings['repr'](cmd.dir)})" if cmd.dir else ")")
    if isinstance(cmd, OrCmds):
        return f"pipeline({cmd_text(cmd.a)}, {cmd_text(cmd.b)})"
    if isinstance(cmd, AndCmds):
        return f"{cmd_text(cmd.a)} & {cmd_text(cmd.b)}"
    names = {0: "stdin", 1: "stdout", 2: "stderr"}
    sign = "<" if cmd.number == 0 else ">"
    handle = Base.bindings["string"](cmd.handle) if isinstance(cmd.handle, str) else "..."
    return f"pipeline({cmd_text(cmd.cmd)}, {names[cmd.number]}{sign}Base.FileRedirect({Base.bindings['repr'](handle)}, {str(cmd.append).lower()}))"


def process_text(p: Process) -> str:
    code = p.popen.poll()
    state = "ProcessRunning" if code is None else f"ProcessExited({code})" if code >= 0 else f"ProcessSignaled({-code})"
    return f"Process({cmd_text(p.cmd)}, {state})"


@Base.method("show(io::IO, cmd::Base.AbstractCmd)")
def show_cmd(io: IO, cmd: Any) -> None:
    io.write(cmd_text(cmd))


@Base.method("show(io::IO, p::Base.Process)")
def show_process(io: IO, p: Any) -> None:
    io.write(process_text(last_process(p)))


@Base.method("show(io::IO, p::Base.ProcessChain)")
def show_chain(io: IO, p: ProcessChain) -> None:
    io.write("Base.ProcessChain(Base.Process[" + ", ".join(map(process_text, p.processes)) + "], Base.DevNull(), Base.DevNull(), Base.DevNull())")


@Base.method("showerror(io::IO, e::ProcessFailedException)")
def show_failed(io: IO, e: Any) -> None:
    failed = [*iterate_value(e.procs)]
    if len(failed) == 1:
        code = failed[0].popen.returncode
        io.write(f"failed process: {process_text(failed[0])} [{code if code >= 0 else 0}]")
        return
    io.write("failed processes:")
    for p in failed:
        io.write(f"\n  {process_text(p)} [{p.popen.returncode}]")


def process_field(p: Any, name: str) -> Any:
    if name == "exitcode":
        return last_process(p).exitcode
    if name == "cmd":
        return last_process(p).cmd
    if name == "termsignal":
        code = last_process(p).popen.poll()
        return -code if code is not None and code < 0 else 0
    if name in ("in", "out") and isinstance(p, ProcessStream):
        return p
    raise ErrorException(f"type Process has no field {name}")


def cmd_field(cmd: Cmd, name: str) -> Any:
    if name == "exec":
        return vector(cmd.exec, T.String)
    if name in ("dir", "ignorestatus"):
        return getattr(cmd, name)
    if name == "env":
        return None if cmd.env is None else vector([f"{k}={v}" for k, v in cmd.env.items()], T.String)
    raise ErrorException(f"type Cmd has no field {name}")


FIELD_HOOKS[Process] = FIELD_HOOKS[ProcessStream] = process_field
FIELD_HOOKS[Cmd] = cmd_field
ITERATORS[Cmd] = lambda cmd: iter(cmd.exec)

