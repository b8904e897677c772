"""The kernel: Jupyter's messages to calls of the interpreter."""

from __future__ import annotations

import threading
from typing import Any

from ipykernel.kernelbase import Kernel

from juliette import __version__
from juliette.interpreter import Interpreter

_FLUSH_SECONDS = 0.1
_FLUSH_CHARACTERS = 32_768


class Stream:
    """Text on its way to the front end: sent in pieces, on a timer and when a cell ends."""

    def __init__(self, kernel: JulietteKernel, name: str) -> None:
        self.kernel = kernel
        self.name = name
        self._pieces: list[str] = []
        self._size = 0
        self._lock = threading.Lock()
        self._timer: threading.Timer | None = None

    def write(self, text: str) -> int:
        """Keep `text` until it is worth a message."""
        with self._lock:
            self._pieces.append(text)
            self._size += len(text)
            full = self._size >= _FLUSH_CHARACTERS
            if not full and self._timer is None:
                self._timer = threading.Timer(_FLUSH_SECONDS, self.flush)
                self._timer.daemon = True
                self._timer.start()
        if full:
            self.flush()
        return len(text)

    def flush(self) -> None:
        """Send what there is."""
        with self._lock:
            text = "".join(self._pieces)
            self._pieces.clear()
            self._size = 0
            if self._timer is not None:
                self._timer.cancel()
                self._timer = None
            if text:
                content = {"name": self.name, "text": text}
                self.kernel.send_response(self.kernel.iopub_socket, "stream", content)

    def isatty(self) -> bool:
        """A notebook is no terminal."""
        return False


class Input:
    """Standard input: a line is asked of the front end."""

    def __init__(self, kernel: JulietteKernel) -> None:
        self.kernel = kernel

    def readline(self) -> str:
        """Ask for a line."""
        try:
            return str(self.kernel.raw_input("")) + "\n"
        except Exception as error:
            raise EOFError("this front end gives no input") from error


class JulietteKernel(Kernel):
    """Julia in Jupyter."""

    implementation = "juliette"
    implementation_version = __version__
    banner = f"Juliette {__version__}: Julia code, run by Python"
    language_info = {  # noqa: RUF012
        "name": "julia",
        "version": "1.10.0",
        "mimetype": "application/julia",
        "file_extension": ".jl",
        "codemirror_mode": "julia",
        "pygments_lexer": "julia",
        "nbconvert_exporter": "script",
    }

    def __init__(self, **keywords: Any) -> None:
        super().__init__(**keywords)
        self.out = Stream(self, "stdout")
        self.err = Stream(self, "stderr")
        self.interpreter = Interpreter(
            stdout=self.out,
            stderr=self.err,
            stdin=Input(self),
            on_display=self._display,
            on_clear=self._clear,
        )

    @property
    def kernel_info(self) -> dict[str, Any]:
        """What the kernel is; there is no debugger, whatever the base class says."""
        info = dict(super().kernel_info)
        features = info.get("supported_features", [])
        info["supported_features"] = [name for name in features if name != "debugger"]
        return info

    def _flush(self) -> None:
        self.out.flush()
        self.err.flush()

    def _display(self, bundle: dict[str, str], metadata: dict[str, Any]) -> None:
        self._flush()
        content = {"data": bundle, "metadata": metadata, "transient": {}}
        self.send_response(self.iopub_socket, "display_data", content)

    def _clear(self, wait: bool) -> None:
        self._flush()
        self.send_response(self.iopub_socket, "clear_output", {"wait": wait})

    def do_execute(
        self,
        code: str,
        silent: bool,
        store_history: bool = True,
        user_expressions: dict[str, Any] | None = None,
        allow_stdin: bool = False,
        **_: Any,
    ) -> dict[str, Any]:
        """Run a cell."""
        if code.lstrip().startswith("?"):
            return self._help(code.lstrip()[1:].strip(), silent)
        try:
            outcome = self.interpreter.run(code, f"In[{self.execution_count}]", 1)
        except KeyboardInterrupt:
            self._flush()
            return self._fail("InterruptException", "", ["ERROR: InterruptException:"])
        except SystemExit:
            self._flush()
            payload = [{"source": "ask_exit", "keepkernel": False}]
            return self._done(payload)
        self._flush()
        if outcome.error is not None:
            error = outcome.error
            if silent:
                return self._fail(error.name, error.message, [], send=False)
            return self._fail(error.name, error.message, error.render(color=True).split("\n"))
        if outcome.shown and not silent:
            content = {
                "execution_count": self.execution_count,
                "data": self.interpreter.mime_bundle(outcome.value),
                "metadata": {},
            }
            self._flush()
            self.send_response(self.iopub_socket, "execute_result", content)
        return self._done([])

    def _help(self, query: str, silent: bool) -> dict[str, Any]:
        bundle = self.interpreter.help(query)
        if not silent:
            content = {"execution_count": self.execution_count, "data": bundle, "metadata": {}}
            self.send_response(self.iopub_socket, "execute_result", content)
        return self._done([])

    def _done(self, payload: list[dict[str, Any]]) -> dict[str, Any]:
        return {
            "status": "ok",
            "execution_count": self.execution_count,
            "payload": payload,
            "user_expressions": {},
        }

    def _fail(
        self, name: str, message: str, lines: list[str], *, send: bool = True
    ) -> dict[str, Any]:
        content = {"ename": name, "evalue": message, "traceback": lines}
        if send:
            self.send_response(self.iopub_socket, "error", content)
        return {"status": "error", "execution_count": self.execution_count, **content}

    def do_complete(self, code: str, cursor_pos: int | None) -> dict[str, Any]:
        """Names at the cursor."""
        cursor = len(code) if cursor_pos is None else cursor_pos
        try:
            found = self.interpreter.complete(code, cursor)
        except Exception:
            return {
                "status": "ok",
                "matches": [],
                "cursor_start": cursor,
                "cursor_end": cursor,
                "metadata": {},
            }
        types = [
            {"start": found.start, "end": found.end, "text": item.text, "type": item.kind}
            for item in found.items
        ]
        return {
            "status": "ok",
            "matches": [item.text for item in found.items],
            "cursor_start": found.start,
            "cursor_end": found.end,
            "metadata": {"_jupyter_types_experimental": types},
        }

    def do_inspect(
        self, code: str, cursor_pos: int | None, detail_level: int = 0, omit_sections: Any = ()
    ) -> dict[str, Any]:
        """Help on the name at the cursor."""
        cursor = len(code) if cursor_pos is None else cursor_pos
        bundle = self.interpreter.inspect(code, cursor)
        return {"status": "ok", "found": bool(bundle), "data": bundle or {}, "metadata": {}}

    def do_is_complete(self, code: str) -> dict[str, Any]:
        """Whether Enter should run the code."""
        status, indent = self.interpreter.is_complete(code)
        return {"status": status, "indent": indent} if status == "incomplete" else {"status": status}

    def do_shutdown(self, restart: bool) -> dict[str, Any]:
        """Say goodbye to the session."""
        self._flush()
        self.interpreter.close()
        return {"status": "ok", "restart": restart}
