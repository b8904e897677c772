"""One session of Julia, without any transport: the door for the kernel, the prompt, scripts and tests."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from types import TracebackType
from typing import TYPE_CHECKING, Any

from juliette.syntax import ParseError, completeness, parse_all

if TYPE_CHECKING:
    from juliette.completion import Completions


@dataclass(slots=True)
class ErrorReport:
    """A Julia exception that ended a run."""

    name: str
    message: str
    frames: list[str] = field(default_factory=list)
    value: Any = None

    def render(self, color: bool = False) -> str:
        """`ERROR: …` with the stack trace, as the prompt shows it."""
        head = "\x1b[91m\x1b[1mERROR: \x1b[22m\x1b[39m" if color else "ERROR: "
        text = head + (f"\x1b[91m{self.message}\x1b[39m" if color else self.message)
        if self.frames:
            text += "\nStacktrace:\n" + "\n".join(self.frames)
        return text


@dataclass(slots=True)
class Outcome:
    """What a run gave: a value, whether it is shown, or an error."""

    value: Any = None
    shown: bool = False
    error: ErrorReport | None = None


class Interpreter:
    """A Julia session."""

    def __init__(
        self, *, stdout: Any = None, stderr: Any = None, stdin: Any = None,
        on_display: Callable[[dict[str, str], dict[str, Any]], None] | None = None,
        on_clear: Callable[[bool], None] | None = None, interactive: bool = True,
        display_size: tuple[int, int] = (30, 80), color: bool = False, args: tuple[str, ...] = (),
    ) -> None:
        from juliette.base import bootstrap

        self.module = bootstrap.fresh_main()
        self.compiler = bootstrap.Compiler(soft_scope=interactive)
        self.display_size = display_size
        self.color = color
        self.on_display = on_display
        self.on_clear = on_clear
        self.stdin = stdin if stdin is not None else sys.stdin
        self._stdout = stdout if stdout is not None else sys.stdout
        self._stderr = stderr if stderr is not None else sys.stderr
        self._bootstrap = bootstrap
        bootstrap.prepare(self, self.module, args)
        self.activate()

    def activate(self) -> None:
        """Make this session's streams those that Julia's stdout and stderr write to."""
        self._bootstrap.STDOUT.stream = self._stdout
        self._bootstrap.STDERR.stream = self._stderr
        self._bootstrap.STDIN.stream = self.stdin
        self._bootstrap.set_display(self.show_display)

    # ------------------------------------------------------------ running

    def run(self, code: str, filename: str = "REPL[1]", first_line: int = 1) -> Outcome:
        """Parse all of `code`, then run it statement by statement."""
        try:
            tree, suppressed = parse_all(code, filename, first_line, self._bootstrap.literal)
        except ParseError as e:
            return Outcome(error=ErrorReport("ParseError", str(e), [f" [1] top-level scope\n   @ {filename}:{e.line}"]))
        return self._run_tree(tree, suppressed, filename)

    def _run_tree(self, tree: Any, suppressed: bool, filename: str) -> Outcome:
        self.activate()
        b = self._bootstrap
        value = None
        line = 1
        hook = getattr(b, "enter", None)
        try:
            for item in tree.args:
                if isinstance(item, b.LineNumberNode):
                    line = item.line
                    continue
                value = self.compiler.run(item, self.module, filename, line)
        except SystemExit:
            raise
        except BaseException as e:
            return Outcome(error=self.report(e))
        finally:
            b.reset_tracing()
        if hook is not None:
            hook()
        if value is None:
            return Outcome()
        self.module.bindings["ans"] = value
        return Outcome(value, not suppressed)

    def run_file(self, path: str) -> Outcome:
        """Run a script."""
        from pathlib import Path

        try:
            text = Path(path).read_text(encoding="utf-8")
        except OSError as e:
            return Outcome(error=ErrorReport("SystemError", f"SystemError: opening file {path!r}: {e.strerror}"))
        return self.run(text, path)

    def report(self, error: BaseException) -> ErrorReport:
        """A Julia error from a Python exception that came out of running code."""
        b = self._bootstrap
        trace = error.__traceback__
        value = b.julia_value(error)
        try:
            message = b.showerror_text(value)
        except BaseException as e:
            message = f"(error while showing the error: {type(e).__name__})"
        t = b.typeof(value)
        name = b.type_string(t).split("{")[0]
        frames = b.stack_trace(self._frames(trace)) if trace is not None else []
        self.module.bindings["err"] = value
        error.__traceback__ = None
        return ErrorReport(name, message, frames, value)

    def _frames(self, trace: TracebackType) -> list[tuple[str, list[tuple[str, Any]], str, str, int]]:
        """The user's own frames, innermost first."""
        b = self._bootstrap
        out = []
        step: TracebackType | None = trace
        count = 0
        while step is not None:
            code = step.tb_frame.f_code
            if not code.co_filename.endswith(".py") and not code.co_filename.startswith("<"):
                arguments = []
                if code.co_name != "top-level scope":
                    local = step.tb_frame.f_locals
                    for n in code.co_varnames[: code.co_argcount]:
                        if not n.startswith(("%", "#")) and n in local:
                            arguments.append((n, b.typeof(local[n])))
                out.append((code.co_name, arguments, self.module.name, code.co_filename, step.tb_lineno))
                count += 1
            step = step.tb_next
        out.reverse()
        return out if len(out) <= 40 else [*out[:20], *out[-5:]]

    # ------------------------------------------------------------ showing

    def display_text(self, value: Any, *, color: bool | None = None, size: tuple[int, int] | None = None) -> str:
        """The `text/plain` form of a value."""
        shown = size or self.display_size
        try:
            return self._bootstrap.long_text(value, limit=True, displaysize=shown)
        except Exception as e:
            # A user's own `show` threw: its error stands in for the text.
            return "(error showing the value)\n" + self.report(e).render()

    def mime_bundle(self, value: Any) -> dict[str, str]:
        """All representations of a value; always has `text/plain`."""
        bundle = {"text/plain": self.display_text(value)}
        bundle.update(self._bootstrap.rich_forms(value))
        return bundle

    def show_display(self, value: Any) -> None:
        """What `display(x)` does."""
        if self.on_display is not None:
            self.on_display(self.mime_bundle(value), {})
        else:
            self._stdout.write(self.display_text(value) + "\n")

    # ------------------------------------------------------------ help for typing

    def is_complete(self, code: str) -> tuple[str, str]:
        """Is it complete, incomplete or invalid; and the indent of the next line."""
        status = completeness(code)
        indent = ""
        if status == "incomplete":
            last = code.rstrip("\n").rsplit("\n", 1)[-1]
            indent = last[: len(last) - len(last.lstrip())] + ("    " if last.strip() else "")
        return status, indent

    def complete(self, code: str, cursor: int) -> Completions:
        """Completions at a cursor, in code points."""
        from juliette.completion import complete

        return complete(code, cursor, self)

    def names(self) -> list[str]:
        """Names that can be written at the prompt."""
        return sorted(set(self.module.names()))

    def fields(self, path: str) -> list[str]:
        """Names that may follow `path.`"""
        b = self._bootstrap
        value: Any = self.module
        try:
            for part in path.split("."):
                value = b.getproperty(value, b.Symbol(part))
        except BaseException:
            return []
        if isinstance(value, b.Module):
            return sorted(value.names())
        return [s.name for s in b.propertynames(value)]

    def packages(self) -> list[str]:
        """Packages that `using` finds."""
        return sorted(self._bootstrap.PACKAGES)

    def help(self, query: str) -> dict[str, str]:
        """`?query`"""
        text = self._bootstrap.documentation(self.module, query.strip())
        return {"text/plain": text, "text/markdown": text}

    def inspect(self, code: str, cursor: int) -> dict[str, str] | None:
        """Help for the name at the cursor."""
        before = re.search(r"[^\W\d][\w!.]*$", code[:cursor])
        after = re.match(r"[\w!]*", code[cursor:])
        name = (before.group() if before else "") + (after.group() if after else "")
        if not name:
            return None
        try:
            text = self._bootstrap.documentation(self.module, name, required=True)
        except KeyError:
            return None
        return {"text/plain": text, "text/markdown": text}

    def close(self) -> None:
        """End the session."""
