"""Other programs: `run`, and what reads from them or writes to them."""

from __future__ import annotations

import os
import signal as signal_numbers
from typing import Any

from juliette.base.commands import Cmd, CmdRedirect, OrCmds, cmd_text
from juliette.base.fields import FIELD_HOOKS, field_error
from juliette.base.files import attempt
from juliette.base.iteration import iterate_value
from juliette.base.pipes import DescriptorStream, TwoWay
from juliette.base.reading import eachline, readlines
from juliette.base.streams import IOError_, byte_vector, flush, io_error, open_file
from juliette.base.strings.values import text_of
from juliette.display.io import DEVNULL, IO, STDERR, STDIN, STDOUT, IOBuffer
from juliette.runtime import types as T
from juliette.runtime.array import vector
from juliette.runtime.dispatch import call_kw
from juliette.runtime.errors import ArgumentError, ErrorException, _exception
from juliette.runtime.modules import Base
from juliette.runtime.scheduler import SCHEDULER
from juliette.runtime.streams import ByteStream, FileStream, MemoryStream
from juliette.runtime.text import from_utf8

ProcessFailedException = _exception("ProcessFailedException", "procs")
Base.const("ProcessFailedException", T.CORE_TYPES["ProcessFailedException"])

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
        """Wait for its end, while other tasks run."""
        if not SCHEDULER.alone():
            SCHEDULER.until(lambda: self.popen.poll() is not None)
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


Process_ = T.core_type("Base.Process", T.IO_)
T.register_class(Process, Process_)
ProcessChain_ = T.core_type("Base.ProcessChain", T.IO_)
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
    for word in (*cmd.exec, *(f"{k}={v}" for k, v in (cmd.env or {}).items())):
        if "\0" in word:
            shown = Base.bindings["repr"](word)
            raise ArgumentError(f"embedded NULs are not allowed in C strings: {shown}")
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
            cmd.exec,
            stdin=handles[0],
            stdout=handles[1],
            stderr=handles[2],
            env=cmd.env,
            cwd=cmd.dir or None,
            start_new_session=cmd.detached,
        )
    except OSError as error:
        raise IOError_(
            str(io_error(f"could not spawn {cmd_text(cmd)}", error).msg), -(error.errno or 0)
        ) from None
    if cmd.cpus is not None and hasattr(os, "sched_setaffinity"):
        attempt("setcpuaffinity", os.sched_setaffinity, popen.pid, [c - 1 for c in cmd.cpus])
    process = Process(cmd, popen)
    for number, stream in pumps:
        if number == 0:
            thread = threading.Thread(target=feed, args=(popen.stdin, stream), daemon=True)
        else:
            thread = threading.Thread(
                target=drain, args=((popen.stdout, popen.stderr)[number - 1], stream), daemon=True
            )
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
    processes: list[Any]


T.register_class(ProcessStream, Process_)


@Base.method("open(cmd::Base.AbstractCmd, mode::AbstractString, other=devnull)")
def open_cmd(cmd: Any, mode: Any, other: Any = None) -> ProcessStream:
    """Start a command: `"r"` to read what it writes, `"w"` to write what it reads."""
    kind = text_of(mode)
    if kind == "r":
        read_end, write_end = os.pipe()
        processes = start(cmd, standard(stdin=other, stdout=write_end))
        os.close(write_end)
        io = ProcessStream(DescriptorStream(read_end))
    elif kind == "w":
        read_end, write_end = os.pipe()
        os.set_inheritable(write_end, False)
        processes = start(cmd, standard(stdin=read_end, stdout=STDOUT if other is None else other))
        os.close(read_end)
        io = ProcessStream(
            FileStream(os.fdopen(write_end, "wb"), "", readable=False, writable=True)
        )
    elif kind in ("r+", "w+"):
        (from_us, to_them), (from_them, to_us) = os.pipe(), os.pipe()
        processes = start(cmd, standard(stdin=from_us, stdout=to_us))
        os.close(from_us)
        os.close(to_us)
        target = FileStream(os.fdopen(to_them, "wb"), "", readable=False, writable=True)
        io = ProcessStream(TwoWay(DescriptorStream(from_them), target))
    else:
        raise ArgumentError(
            f'mode must be "r", "w", "r+", or "w+", not {Base.bindings["repr"](kind)}'
        )
    io.processes = processes
    return io


@Base.method("open(cmd::Base.AbstractCmd, other::IO=devnull; write=false, read=!write)")
def open_cmd_into(cmd: Any, other: Any = None, *, write: Any = False, read: Any = None) -> Any:
    """Start a command to read what it writes, to write what it reads, or both."""
    read = not write if read is None else read
    if not (read or write):
        return handle_of(start(cmd, standard(other)))
    return open_cmd(cmd, "r+" if read and write else "w" if write else "r", other)


@Base.method("open(f::Function, cmd::Base.AbstractCmd, args...; keywords...)")
def open_cmd_during(f: Any, cmd: Any, /, *args: Any, **keywords: Any) -> Any:
    """Start a command, call `f` with the stream, and wait for the command."""
    io = call_kw(Base.bindings["open"], keywords, cmd, *args)
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


def process_text(p: Process) -> str:
    code = p.popen.poll()
    state = (
        "ProcessRunning"
        if code is None
        else f"ProcessExited({code})"
        if code >= 0
        else f"ProcessSignaled({-code})"
    )
    return f"Process({cmd_text(p.cmd)}, {state})"


@Base.method("show(io::IO, p::Base.Process)")
def show_process(io: IO, p: Any) -> None:
    io.write(process_text(last_process(p)))


@Base.method("show(io::IO, p::Base.ProcessChain)")
def show_chain(io: IO, p: ProcessChain) -> None:
    io.write(
        "Base.ProcessChain(Base.Process["
        + ", ".join(map(process_text, p.processes))
        + "], Base.DevNull(), Base.DevNull(), Base.DevNull())"
    )


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
        both = p.stream
        return IO(both.target if name == "in" else both.source) if isinstance(both, TwoWay) else p
    raise ErrorException(f"type Process has no field {name}")


FIELD_HOOKS[Process] = FIELD_HOOKS[ProcessStream] = process_field


def chain_field(p: ProcessChain, name: str) -> Any:
    if name == "processes":
        return vector(list(p.processes), Process_)
    raise field_error(p, name)


FIELD_HOOKS[ProcessChain] = chain_field

for _name in ("SIGHUP", "SIGINT", "SIGQUIT", "SIGKILL", "SIGPIPE", "SIGTERM"):
    if hasattr(signal_numbers, _name):
        Base.const(_name, int(getattr(signal_numbers, _name)), export=False)


@Base.method("download(args...; kw...)")
def download(*args: Any, **kw: Any) -> Any:
    """Files are not fetched from the network."""
    raise ErrorException("download: code has no access to the network here")
