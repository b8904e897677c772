"""A Jupyter kernel: the requests of the protocol, answered by an Interpreter."""

from __future__ import annotations

import _thread
import os
import signal
import sys
import threading
from collections import deque
from dataclasses import replace
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any

from ipykernel.kernelbase import Kernel

from juliette import __version__
from juliette.entry import change_folder, pkg_code, split_mode, strip_transcript
from juliette.jupyter.streams import Input, Stream, StreamBuffer
from juliette.report import PLAIN, RED, ErrorReport, ShowError

if TYPE_CHECKING:
    from juliette.completion import Completions
    from juliette.interpreter import Interpreter

JULIA_VERSION = "1.10.5"


def display_size() -> tuple[int, int]:
    """Lines and columns for a value, as `ENV["LINES"]` and `ENV["COLUMNS"]` say at this moment."""
    found = []
    for name, default in (("LINES", 30), ("COLUMNS", 80)):
        try:
            found.append(max(1, int(os.environ.get(name, default))))
        except ValueError:
            found.append(default)
    return found[0], found[1]


# The name of an exception's type, its sentence, and the lines to show.
Failure = tuple[str, str, list[str]]


def failure(report: ErrorReport) -> Failure:
    """An error as the protocol wants it."""
    return report.name, report.message, report.traceback()


class JulietteKernel(Kernel):
    """Julia for Jupyter."""

    implementation = "juliette"
    implementation_version = __version__
    banner = f"Juliette {__version__}: Julia {JULIA_VERSION[:4]} with Flux, run by Python"
    language_info = {  # noqa: RUF012 - the base class declares it so
        "name": "julia",
        "version": JULIA_VERSION,
        "mimetype": "application/julia",
        "file_extension": ".jl",
        "codemirror_mode": "julia",
        "pygments_lexer": "julia",
        "nbconvert_exporter": "script",
    }

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self._interpreter: Interpreter | None = None
        self._interruptible = False
        self._cell_parent: Any = {}
        self._past: deque[tuple[int, str]] = deque(maxlen=5000)
        self._execute_sleep = 0.0
        self.exit_code = 0
        self._keep = False
        self._streams = StreamBuffer(self._send_stream)
        # IJulia's size; `ENV` overrules it while the session runs.
        os.environ.setdefault("LINES", "30")
        os.environ.setdefault("COLUMNS", "80")

    # ------------------------------------------------------------ the session

    @property
    def interpreter(self) -> Interpreter:
        """The session; made when it is first needed, or in idle time after the first reply."""
        if self._interpreter is None:
            from juliette.interpreter import Interpreter

            self._interpreter = Interpreter(
                stdout=Stream(self._streams, "stdout"),
                stderr=Stream(self._streams, "stderr"),
                stdin=Input(self._ask),
                on_display=self._display,
                on_clear=self._clear,
                interactive=True,
                display_size=display_size,
                color=True,
            )
        return self._interpreter

    def close_session(self) -> None:
        """Let the session end."""
        if self._interpreter is not None:
            self._interpreter.close()

    def _warm_up(self) -> None:
        """Load the language while nobody waits."""
        try:
            self.interpreter  # noqa: B018
        except Exception:
            self.log.exception("the session could not be started")

    # ------------------------------------------------------------ interrupts

    def listen_for_interrupts(self) -> None:
        """Interrupts stop a running cell, and nothing else."""
        signal.signal(signal.SIGINT, self._on_interrupt)

    def _on_interrupt(self, number: int, frame: Any) -> None:
        if self._interruptible:
            raise KeyboardInterrupt

    def pre_handler_hook(self) -> None:
        """The handler stays the same all the time: it looks at what is running."""

    def post_handler_hook(self) -> None:
        """See `pre_handler_hook`."""

    def _stop_running(self) -> None:
        """Interrupt the main thread, from another one."""
        if self._interruptible:
            if hasattr(signal, "pthread_kill"):
                signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGINT)
            else:
                _thread.interrupt_main()

    # ------------------------------------------------------------ output and input

    def _send_stream(self, name: str, text: str) -> None:
        if self.session is not None:
            self.session.send(
                self.iopub_socket,
                "stream",
                {"name": name, "text": text},
                parent=self._cell_parent,
                ident=self._topic("stream"),
            )

    def _send_output(self, kind: str, content: dict[str, Any]) -> None:
        """Send an output of the running cell, after all that was printed before it."""
        self._streams.flush()
        if self.session is not None:
            self.session.send(
                self.iopub_socket,
                kind,
                content,
                parent=self._cell_parent,
                ident=self._topic(kind),
            )

    def _display(self, bundle: dict[str, str], metadata: dict[str, Any]) -> None:
        """`display(x)`; a `display_id` or `update` in the metadata goes into the transient part."""
        metadata = dict(metadata)
        transient = {}
        if (name := metadata.pop("display_id", None)) is not None:
            transient["display_id"] = str(name)
        kind = "update_display_data" if metadata.pop("update", False) else "display_data"
        self._send_output(kind, {"data": bundle, "metadata": metadata, "transient": transient})

    def _clear(self, wait: bool) -> None:
        """Clear the cell's output."""
        self._send_output("clear_output", {"wait": wait})

    def _ask(self, prompt: str) -> str:
        """A line from the user."""
        self._streams.flush()
        if not self._allow_stdin:
            from juliette.runtime.errors import ErrorException

            raise ErrorException("this front end does not implement stdin")
        return str(self.raw_input(prompt or "stdin> "))

    # ------------------------------------------------------------ requests

    @property
    def kernel_info(self) -> dict[str, Any]:
        """What the kernel is; it has no debugger."""
        return {
            "protocol_version": "5.3",
            "implementation": self.implementation,
            "implementation_version": self.implementation_version,
            "language_info": self.language_info,
            "banner": self.banner,
            "help_links": [
                {"text": "Julia", "url": "https://docs.julialang.org/en/v1.10/"},
                {"text": "Flux", "url": "https://fluxml.ai/Flux.jl/stable/"},
            ],
            "supported_features": [],
        }

    async def kernel_info_request(self, stream: Any, ident: Any, parent: Any) -> None:
        """Answer, then load the language."""
        await super().kernel_info_request(stream, ident, parent)
        if self._interpreter is None:
            self.io_loop.add_callback(self._load_soon)

    def _load_soon(self) -> None:
        """One more turn of the loop, so that the reply is out."""
        self.io_loop.call_later(0.002, self._warm_up)

    async def do_execute(
        self,
        code: str,
        silent: bool,
        store_history: bool = True,
        user_expressions: dict[str, str] | None = None,
        allow_stdin: bool = False,
        *,
        cell_meta: Any = None,
        cell_id: Any = None,
    ) -> dict[str, Any]:
        """Run a cell."""
        self._allow_stdin = allow_stdin
        self._cell_parent = self.get_parent("shell")
        self._keep = store_history and not silent
        self._streams.begin()
        if store_history and not silent and code.strip():
            self._past.append((self.execution_count, code))
        error: Failure | None = None
        try:
            self._interruptible = True
            error = self._run_cell(code, silent)
            self._interruptible = False
        except KeyboardInterrupt:
            self._interruptible = False
            text = "InterruptException:"
            error = ("InterruptException", text, [f"{RED}{text}{PLAIN}"])
        except SystemExit as leaving:
            self._interruptible = False
            self._leave(leaving)
        except BaseException as failure:
            self._interruptible = False
            self.log.exception("the cell could not be run")
            text = f"Juliette could not run this cell ({type(failure).__name__}: {failure})"
            error = ("ErrorException", text, [text])
        self._streams.flush()
        if error is None:
            return {
                "status": "ok",
                "execution_count": self.execution_count,
                "payload": [],
                "user_expressions": self._expressions(user_expressions or {}),
            }
        name, message, lines = error
        if not silent:
            self._send_output("error", {"ename": name, "evalue": message, "traceback": lines})
        return {
            "status": "error",
            "execution_count": self.execution_count,
            "ename": name,
            "evalue": message,
            "traceback": lines,
        }

    def _run_cell(self, code: str, silent: bool) -> Failure | None:
        """Run the code, or do what its first character says."""
        session = self.interpreter
        number = self.execution_count
        if self._keep:
            session.remember(number, code)
        mode, text = split_mode(code)
        if mode == "?":
            self._result(session.help(text), silent)
            return None
        if mode == ";":
            return self._shell(text)
        if mode == "]":
            for line in text.splitlines() or [""]:
                outcome = session.run(pkg_code(line), f"In[{number}]", 1)
                if outcome.error is not None:
                    return failure(outcome.error)
            return None
        outcome = session.run(strip_transcript(code), f"In[{number}]", 1)
        if outcome.error is not None:
            return failure(outcome.error)
        if self._keep:
            session.record(number, outcome.value)
        if outcome.shown and not silent:
            try:
                self._result(session.mime_bundle(outcome.value), silent)
            except ShowError as error:
                return failure(error.report)
        return None

    def _result(self, bundle: dict[str, str], silent: bool) -> None:
        if not silent:
            self._send_output(
                "execute_result",
                {"data": bundle, "metadata": {}, "execution_count": self.execution_count},
            )

    def _shell(self, command: str) -> Failure | None:
        """`;command`: its output is the cell's."""
        import subprocess

        try:
            folder = change_folder(command)
        except OSError as error:
            return "IOError", str(error), [f"{RED}{error}{PLAIN}"]
        if folder is not None:
            self._streams.write("stdout", f"{folder}\n")
            return None
        with subprocess.Popen(
            command,
            shell=True,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            encoding="utf-8",
            errors="replace",
        ) as process:
            assert process.stdout is not None
            try:
                for line in process.stdout:
                    self._streams.write("stdout", line)
            except KeyboardInterrupt:
                process.terminate()
                raise
        return None

    def _expressions(self, wanted: dict[str, str]) -> dict[str, Any]:
        """Values of the front end's own expressions."""
        replies: dict[str, Any] = {}
        for key, code in wanted.items():
            outcome = self.interpreter.run(code, "none", 1)
            error = outcome.error
            if error is None:
                try:
                    data = self.interpreter.mime_bundle(outcome.value)
                    replies[key] = {"status": "ok", "data": data, "metadata": {}}
                except ShowError as unshown:
                    error = unshown.report
            if error is not None:
                name, message, lines = failure(error)
                replies[key] = {
                    "status": "error",
                    "ename": name,
                    "evalue": message,
                    "traceback": lines,
                }
        return replies

    def _leave(self, leaving: SystemExit) -> None:
        """`exit()` in a cell: answer it, then go."""
        self.exit_code = leaving.code if isinstance(leaving.code, int) else int(bool(leaving.code))
        self.io_loop.call_later(0.1, self.io_loop.stop)

    def _completions(self, code: str, cursor: int) -> Completions:
        """Completions of Julia, or of a command that a first character asks for."""
        mode, _ = split_mode(code)
        before = len(code) - len(code.lstrip()) + 1
        if mode not in (";", "]") or code[before - 1 : before] != mode or cursor < before:
            return self.interpreter.complete(code, cursor)
        text = code[before:]
        from juliette.completion.complete import complete_pkg, complete_shell

        if mode == ";":
            found = complete_shell(text, cursor - before)
        else:
            found = complete_pkg(text, cursor - before, self.interpreter)
        return replace(found, start=found.start + before, end=found.end + before)

    async def do_complete(self, code: str, cursor_pos: int) -> dict[str, Any]:
        """What Tab offers."""
        try:
            found = self._completions(code, cursor_pos)
        except Exception:
            self.log.exception("completion failed")
            return {
                "status": "ok",
                "matches": [],
                "cursor_start": cursor_pos,
                "cursor_end": cursor_pos,
                "metadata": {},
            }
        types = [
            {
                "start": found.start,
                "end": found.end,
                "text": item.text,
                "type": item.kind or "<unknown>",
                "signature": item.signature,
            }
            for item in found.items
        ]
        return {
            "status": "ok",
            "matches": [item.text for item in found.items],
            "cursor_start": found.start,
            "cursor_end": found.end,
            "metadata": {"_jupyter_types_experimental": types},
        }

    async def do_inspect(
        self, code: str, cursor_pos: int, detail_level: int = 0, omit_sections: Any = ()
    ) -> dict[str, Any]:
        """Help for the name at the cursor."""
        try:
            bundle = self.interpreter.inspect(code, cursor_pos)
        except Exception:
            self.log.exception("inspection failed")
            bundle = None
        return {"status": "ok", "found": bundle is not None, "data": bundle or {}, "metadata": {}}

    async def do_is_complete(self, code: str) -> dict[str, Any]:
        """May Enter run it?"""
        mode, _ = split_mode(code)
        if mode:
            return {"status": "complete"}
        try:
            status, indent = self.interpreter.is_complete(code)
        except Exception:
            self.log.exception("is_complete failed")
            return {"status": "unknown"}
        return (
            {"status": status, "indent": indent} if status == "incomplete" else {"status": status}
        )

    async def do_history(
        self,
        hist_access_type: str,
        output: bool = False,
        raw: bool = True,
        session: int | None = None,
        start: int | None = None,
        stop: int | None = None,
        n: int | None = None,
        pattern: str | None = None,
        unique: bool = False,
    ) -> dict[str, Any]:
        """What was run in this session."""
        past = list(self._past)
        if hist_access_type == "range":
            last = stop if stop is not None and stop > 0 else sys.maxsize
            past = [entry for entry in past if (start or 0) <= entry[0] < last]
        elif hist_access_type == "search":
            past = [entry for entry in past if fnmatchcase(entry[1], pattern or "*")]
            if unique:
                past = [(line, code) for code, line in {code: line for line, code in past}.items()]
        if hist_access_type != "range" and n is not None:
            past = past[-n:] if n > 0 else []
        rows = [(0, line, (code, None) if output else code) for line, code in past]
        return {"status": "ok", "history": rows}

    async def do_shutdown(self, restart: bool) -> dict[str, Any]:
        """A running cell is stopped, so that nobody has to wait for it."""
        self._stop_running()
        return {"status": "ok", "restart": restart}
