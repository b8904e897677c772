"""One session of Julia, without any transport: the one door for kernel, prompt, scripts, tests."""

from __future__ import annotations

import gc
import re
import sys
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

from juliette import packages
from juliette.report import ErrorReport, ShowError, split_notes
from juliette.runtime.interrupts import PATIENCE
from juliette.runtime.stack import room
from juliette.syntax import ParseError, completeness, parse_all, parse_one

if TYPE_CHECKING:
    from juliette.completion import Completions


@dataclass(slots=True)
class Outcome:
    """What a run gave: a value, whether it is shown, or an error."""

    value: Any = None
    shown: bool = False
    error: ErrorReport | None = None


Size = tuple[int, int]
Form = TypeVar("Form")


def _bootstrap() -> Any:
    """Base, which the first session loads: it stays, so no garbage is sought in it."""
    collecting = "juliette.base.bootstrap" not in sys.modules and gc.isenabled()
    if collecting:
        gc.disable()
    try:
        from juliette.base import bootstrap
    finally:
        if collecting:
            gc.freeze()
            gc.enable()
    return bootstrap


class Interpreter:
    """A Julia session."""

    def __init__(
        self,
        *,
        stdout: Any = None,
        stderr: Any = None,
        stdin: Any = None,
        on_display: Callable[[dict[str, str], dict[str, Any]], None] | None = None,
        on_clear: Callable[[bool], None] | None = None,
        interactive: bool = True,
        display_size: Size | Callable[[], Size] = (30, 80),
        color: bool = False,
        args: tuple[str, ...] = (),
        program: str = "",
    ) -> None:
        bootstrap = _bootstrap()
        self.module = bootstrap.fresh_main()
        self.compiler = bootstrap.Compiler(soft_scope=interactive)
        self.interactive = interactive
        self.size = display_size
        self.color = color
        self.on_display = on_display
        self.on_clear = on_clear
        self.stdin = stdin if stdin is not None else sys.stdin
        self._stdout = stdout if stdout is not None else sys.stdout
        self._stderr = stderr if stderr is not None else sys.stderr
        self._bootstrap = bootstrap
        self._numbered: tuple[Any, Any] | None = None
        bootstrap.prepare(self, self.module, args)
        packages.start_session()
        bootstrap.set_program(self.module, program)
        self.activate()

    @property
    def display_size(self) -> Size:
        """Lines and columns for a value."""
        return self.size() if callable(self.size) else self.size

    @display_size.setter
    def display_size(self, size: Size | Callable[[], Size]) -> None:
        self.size = size

    def activate(self) -> None:
        """Make this session's streams those that Julia's stdout and stderr write to."""
        b = self._bootstrap
        b.STDOUT.stream = self._stdout
        b.STDERR.stream = self._stderr
        b.STDIN.stream = self.stdin
        b.SESSION.main = self.module
        for stream in (b.STDOUT, b.STDERR):
            stream.context["color"] = self.color
        forms = self.on_display
        b.set_host(
            self.show_display,
            None if forms is None else lambda data: forms(data, {}),
            self.on_clear,
            interactive=self.interactive,
        )

    # ------------------------------------------------------------ running

    def run(self, code: str, filename: str = "REPL[1]", first_line: int = 1) -> Outcome:
        """Parse all of `code`, then run it statement by statement."""
        try:
            tree, suppressed = parse_all(code, filename, first_line, self._bootstrap.literal)
        except ParseError as error:
            return Outcome(error=self._syntax_report(error, filename))
        except BaseException as error:  # a literal that has no value
            return Outcome(error=self.report(error))
        outcome, _ = self._run_tree(tree, suppressed, filename)
        return outcome

    def _syntax_report(self, error: ParseError, filename: str) -> ErrorReport:
        """A syntax error as Julia reports it."""
        value = self._bootstrap.syntax_error(str(error).removeprefix("ParseError:\n"))
        self._remember_error(self._bootstrap.exception_stack(value))
        # Julia's prompt has no place for it; the message names it anyway.
        where = "none:1" if filename.startswith("REPL[") else f"{filename}:{error.line}"
        place = f" [1] top-level scope\n   @ {where}"
        return ErrorReport("ParseError", str(error), [place], value)

    def _run_tree(self, tree: Any, suppressed: bool, filename: str) -> tuple[Outcome, int]:
        """Run the statements; also tells the line of the last one begun."""
        with room():
            return self._run_statements(tree, suppressed, filename)

    def _run_statements(self, tree: Any, suppressed: bool, filename: str) -> tuple[Outcome, int]:
        self.activate()
        PATIENCE.forget()
        b = self._bootstrap
        value = None
        line = 1
        try:
            for item in tree.args:
                if isinstance(item, b.LineNumberNode):
                    line = item.line
                    continue
                value = self.compiler.run(item, self.module, filename, line)
            if self.interactive:
                b.SCHEDULER.settle()
        except SystemExit:
            raise
        except BaseException as error:
            return Outcome(error=self.report(error, f"{filename}:{line}")), line
        finally:
            b.reset_tracing()
        if self.interactive and tree.args:
            self.module.bindings["ans"] = value
        return Outcome(value, value is not None and not suppressed), line

    def run_file(self, path: str) -> Outcome:
        """Run a script; what it throws comes as a `LoadError` that names the statement."""
        from pathlib import Path

        try:
            text = Path(path).read_text(encoding="utf-8", errors="replace")
        except OSError as error:
            said = f'SystemError: opening file "{path}": {error.strerror}'
            return Outcome(error=ErrorReport("SystemError", said))
        name = str(Path(path).absolute())
        wrong: ParseError | None = None
        try:
            tree, _ = parse_all(text, name, 1, self._bootstrap.literal)
        except ParseError as error:
            # Julia runs what stands before the place.
            wrong = error
            before = text[: self._last_whole_statement(text, name)]
            tree, _ = parse_all(before, name, 1, self._bootstrap.literal)
        self.compiler.files.append(name)
        try:
            outcome, line = self._run_tree(tree, True, name)
        finally:
            self.compiler.files.pop()
        if outcome.error is None and wrong is not None:
            outcome, line = Outcome(error=self._syntax_report(wrong, name)), wrong.line
        if outcome.error is not None:
            outcome.error = outcome.error.while_loading(name, line)
        return outcome

    @staticmethod
    def _last_whole_statement(text: str, name: str) -> int:
        """Where the statement begins that cannot be read."""
        at = 0
        try:
            while at < len(text):
                _, after = parse_one(text, at, name)
                if after <= at:
                    break
                at = after
        except ParseError:
            pass
        return at

    # ------------------------------------------------------------ inputs and outputs by number

    def remember(self, number: int, code: str) -> None:
        """Keep an input as `In[number]`."""
        self._bootstrap.store(self._cells()[0], number, code)

    def record(self, number: int, value: Any) -> None:
        """Keep a value as `Out[number]`; `Out` itself would make it endless."""
        outputs = self._cells()[1]
        if value is not None and value is not outputs:
            self._bootstrap.store(outputs, number, value)

    def _cells(self) -> tuple[Any, Any]:
        """`In` and `Out`, made when the first cell is run."""
        if self._numbered is None:
            self._numbered = self._bootstrap.number_cells(self.module)
        return self._numbered

    def _remember_error(self, value: Any) -> None:
        self.module.bindings["err"] = value

    def report(self, error: BaseException, place: str = "") -> ErrorReport:
        """A Julia error from a Python exception that came out of running code.

        `place` is the statement's, for an error that was thrown before it began to run.
        """
        from juliette.display import errors, frames
        from juliette.display.show import TYPE_SHOWS

        b = self._bootstrap
        cause = self._cause(error)
        value = b.julia_value(error)
        message, notes = split_notes(self._message(value), errors.loads(value))
        with TYPE_SHOWS.errors_told():
            name = b.type_string(b.typeof(value)).split("{")[0]
            own = frames.frames_of(error)
            lines = frames.trace_lines(own)
        if errors.tells_its_trace(value):
            message, lines = self._told_with_trace(value, own) or message, []
        elif not lines and place and not notes:
            lines = [f" [1] top-level scope\n   @ {place}"]
        self._remember_error(b.exception_stack(error))
        error.__traceback__ = None
        return ErrorReport(name, message, lines, value, notes, cause)

    def _message(self, value: Any) -> str:
        """What an error says, also where the user's own `showerror` or `show` throws."""
        from juliette.display import errors

        for tell in (errors.showerror_text, self._bootstrap.one_line):
            try:
                return str(tell(value))
            except Exception:
                continue
        return "SYSTEM: show(lasterr) caused an error"

    @staticmethod
    def _told_with_trace(value: Any, own: list[Any]) -> str:
        """What the type's own `showerror(io, e, trace)` says; nothing if that throws."""
        from juliette.base.backtraces import wrapped
        from juliette.display import errors

        try:
            return errors.text_with_trace(value, wrapped(own))
        except Exception:
            return ""

    def _cause(self, error: BaseException) -> ErrorReport | None:
        """What a `catch` was handling when an error was thrown in it."""
        before = error.__context__
        if before is None or error.__suppress_context__ or before.__traceback__ is None:
            return None
        # Our own code catches, too; only what Julia's code caught counts.
        if before.__traceback__.tb_frame.f_code.co_filename.endswith(".py"):
            return None
        return self.report(before)

    # ------------------------------------------------------------ showing

    def display_text(
        self, value: Any, *, color: bool | None = None, size: Size | None = None
    ) -> str:
        """The `text/plain` form of a value; raises `ShowError` if the user's own `show` throws."""
        return self._shown(
            value, lambda: self._plain(value, self.color if color is None else color, size)
        )

    def _plain(self, value: Any, color: bool, size: Size | None) -> str:
        context = {"limit": True, "displaysize": size or self.display_size}
        if color:
            context["color"] = True
        text: str = self._bootstrap.long_text(value, **context)
        return text

    def repr_text(self, value: Any) -> str:
        """The one-line form of a value, as `show` prints it."""
        return self._shown(value, lambda: str(self._bootstrap.one_line(value)))

    def mime_bundle(self, value: Any) -> dict[str, str]:
        """All representations of a value; always has `text/plain`."""

        def bundle() -> dict[str, str]:
            rich = self._bootstrap.rich_forms(value, self.display_size)
            return {"text/plain": self._plain(value, False, None), **rich}

        return self._shown(value, bundle)

    def _shown(self, value: Any, make: Callable[[], Form]) -> Form:
        """Run code of the user's that shows a value."""
        try:
            return make()
        except Exception as error:
            report = self.report(error)
            raise ShowError(self._kind(value), report) from None
        finally:
            self._bootstrap.reset_tracing()

    def _kind(self, value: Any) -> str:
        """A value's type as text; one that is nested too deeply for that has none."""
        b = self._bootstrap
        try:
            return str(b.type_string(b.typeof(value)))
        except RecursionError:
            return "Any"

    def show_display(self, value: Any) -> None:
        """What `display(x)` does."""
        if self.on_display is not None:
            rich = self._bootstrap.rich_forms(value, self.display_size)
            self.on_display({"text/plain": self._plain(value, False, None), **rich}, {})
        else:
            self._stdout.write(self._plain(value, self.color, None) + "\n")

    # ------------------------------------------------------------ help for typing

    def is_complete(self, code: str) -> tuple[str, str]:
        """Is it complete, incomplete or invalid; and the indent of the next line."""
        status = completeness(code)
        if status != "incomplete":
            return status, ""
        from juliette.indent import indentation

        return status, " " * indentation(code)

    @staticmethod
    def statement_end(text: str, at: int) -> int | None:
        """Where the line of statements ends that begins at a place; None if it is no Julia."""
        try:
            _, after = parse_one(text, at)
        except ParseError:
            return None
        return after if after > at else len(text)

    @staticmethod
    def statements(text: str) -> tuple[list[str], str]:
        """The statements of a text that end in a line break, and what is left after them."""
        pieces: list[str] = []
        at = 0
        while at < len(text):
            after = Interpreter.statement_end(text, at)
            if after is None or (after >= len(text) and not text.endswith("\n")):
                break
            if piece := text[at:after].strip():
                pieces.append(piece)
            at = after
        return pieces, text[at:]

    def complete(self, code: str, cursor: int) -> Completions:
        """Completions at a cursor, in code points."""
        from juliette.completion import complete

        return complete(code, cursor, self)

    def names(self) -> list[str]:
        """Names that can be written at the prompt."""
        return sorted(set(self.module.names()))

    def kind(self, name: str) -> str:
        """What a name stands for, in the words that front ends have symbols for."""
        from juliette.base import documentation

        if name.startswith("@"):
            return "macro"
        return documentation.kind_of(self.module, name)

    def _look_up(self, path: str) -> Any:
        """The value of `a.b[1]["c"].d`, looked at and not computed; KeyError if there is none."""
        b = self._bootstrap
        value: Any = self.module
        try:
            for name, key in re.findall(r"([^.\[\]]+)(?![^\[]*\])|\[([^\]]*)\]", path):
                if name:
                    value = b.getproperty(value, b.Symbol(name))
                elif key.isdigit():
                    value = b.getindex(value, int(key))
                else:
                    value = b.getindex(value, b.Symbol(key[1:]) if key[0] == ":" else key[1:-1])
        except Exception:
            raise KeyError(path) from None
        return value

    def fields(self, path: str) -> list[str]:
        """Names that may follow `path.`"""
        b = self._bootstrap
        try:
            value = self._look_up(path)
            if isinstance(value, b.Module):
                return sorted(set(value.own_names()))
            return [s.name for s in b.propertynames(value)]
        except Exception:
            return []

    def keys(self, path: str) -> list[str]:
        """The keys of a dictionary, as they are written."""
        from juliette.base import documentation

        b = self._bootstrap
        try:
            value = self._look_up(path)
            return [b.one_line(key) for key in documentation.dictionary_keys(value)]
        except Exception:
            return []

    def methods_at(self, before: str) -> list[str]:
        """The methods that a call may be meant for, where its next argument is about to begin."""
        from juliette.base import documentation
        from juliette.completion.complete import call_at

        call = call_at(before)
        try:
            return documentation.methods_for(*call, self._look_up) if call else []
        except Exception:
            return []

    def keywords(self, path: str) -> list[str]:
        """Names of the keyword arguments of a function."""
        from juliette.base import documentation

        try:
            return documentation.keyword_names(self._look_up(path))
        except Exception:
            return []

    def packages(self) -> list[str]:
        """Packages that `using` finds."""
        return sorted(self._bootstrap.PACKAGES)

    def help(self, query: str) -> dict[str, str]:
        """`?query`"""
        from juliette.base import documentation

        return documentation.documentation(self.module, query)

    def inspect(self, code: str, cursor: int) -> dict[str, str] | None:
        """Help for the name at the cursor, or for the function of the call around it."""
        from juliette.base import documentation
        from juliette.completion.context import context_of

        before = re.search(r"@?[^\W\d][\w!.]*$|[^\w\s()\[\]{},;\"'`.]+$", code[:cursor])
        after = re.match(r"[\w!]*", code[cursor:])
        names = [(before.group() if before else "") + (after.group() if after else "")]
        for opening in reversed(context_of(code[:cursor]).brackets):
            called = re.search(r"[^\W\d][\w!.]*(?=\.$)|[^\W\d][\w!.]*$", code[:opening])
            names.append(called.group() if called and code[opening] == "(" else "")
        for name in filter(None, names):
            try:
                return documentation.documentation(self.module, name, required=True)
            except KeyError:
                continue
        return None

    def close(self, code: int = 0) -> None:
        """End the session: run what was given to `atexit`, and finalizers.

        Its methods of Base's functions and of others' are gone for the sessions that go on.
        """
        self._bootstrap.leave(self.module, code)
