"""The line editor: prompt_toolkit, told about Julia."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from prompt_toolkit import PromptSession
from prompt_toolkit.completion import CompleteEvent, Completer, Completion
from prompt_toolkit.document import Document
from prompt_toolkit.formatted_text import FormattedText
from prompt_toolkit.history import History, InMemoryHistory
from prompt_toolkit.layout.processors import HighlightMatchingBracketProcessor
from prompt_toolkit.lexers import Lexer, PygmentsLexer, SimpleLexer
from prompt_toolkit.output import ColorDepth
from prompt_toolkit.shortcuts import CompleteStyle

from juliette.completion.complete import complete_pkg, complete_shell
from juliette.repl.history import FileHistory, config_folder
from juliette.repl.keys import bindings
from juliette.repl.modes import JULIA, PKG, SHELL, Mode, split_mode

if TYPE_CHECKING:
    from juliette.interpreter import Interpreter


class SessionCompleter(Completer):
    """Asks the session."""

    def __init__(self, terminal: Terminal) -> None:
        self.terminal = terminal

    def get_completions(
        self, document: Document, complete_event: CompleteEvent
    ) -> Iterable[Completion]:
        """What fits at the cursor; nothing if the session cannot say."""
        at = document.cursor_position
        session = self.terminal.interpreter
        try:
            if self.terminal.mode is SHELL:
                found = complete_shell(document.text, at)
            elif self.terminal.mode is PKG:
                found = complete_pkg(document.text, at, session)
            else:
                found = session.complete(document.text, at)
        except Exception:
            return
        for item in found.items:
            yield Completion(
                item.text, start_position=found.start - at, display_meta=item.signature
            )


class Terminal:
    """Reads input in the modes of the prompt."""

    def __init__(
        self,
        interpreter: Interpreter,
        *,
        color: bool,
        history: History | None = None,
        source: Any = None,
        output: Any = None,
    ) -> None:
        self.interpreter = interpreter
        self.mode: Mode = JULIA
        # Statements of a paste that are yet to be run, and its unfinished end.
        self.pending: list[str] = []
        self.unfinished = ""
        if history is None:
            history = FileHistory(config_folder() / "history.jsonl", lambda: self.mode.key)
        self.history = history
        self.color = color
        self.session: PromptSession[str] = PromptSession(
            message=self._message,
            lexer=self._lexer() if color else None,
            completer=SessionCompleter(self),
            complete_while_typing=False,
            complete_style=CompleteStyle.READLINE_LIKE,
            enable_history_search=True,
            enable_open_in_editor=True,
            multiline=True,
            input_processors=[HighlightMatchingBracketProcessor()] if color else None,
            key_bindings=bindings(self),
            prompt_continuation=lambda width, number, soft: " " * width,
            reserve_space_for_menu=0,
            history=InMemoryHistory(),
            color_depth=None if color else ColorDepth.DEPTH_1_BIT,
            input=source,
            output=output,
        )
        self.session.history = history
        self.session.default_buffer.history = history

    @staticmethod
    def _lexer() -> Lexer:
        """Julia's colours."""
        try:
            from pygments.lexers.julia import JuliaLexer
        except ImportError:
            return SimpleLexer()
        return PygmentsLexer(JuliaLexer, sync_from_start=True)

    def _message(self) -> FormattedText:
        return FormattedText([(self.mode.style if self.color else "", self.mode.prompt)])

    def indent_after(self, text: str) -> str | None:
        """The indent of a further line, if the text wants one; None if it can be run."""
        if self.mode is not JULIA or not text.strip():
            return None
        try:
            status, indent = self.interpreter.is_complete(text)
        except Exception:
            return None
        return indent if status == "incomplete" else None

    def read(self) -> tuple[Mode, str]:
        """One input, with its mode."""
        if not self.mode.sticky:
            self.mode = JULIA
        if self.pending:
            # Accepted before keys are looked at that were typed meanwhile: they are for later.
            text = self.session.prompt(
                default=self.pending.pop(0),
                pre_run=self.session.default_buffer.validate_and_handle,
            )
        else:
            unfinished, self.unfinished = self.unfinished, ""
            text = self.session.prompt(default=unfinished)
        mode = self.mode
        if mode is JULIA:
            # A line out of the history carries the key of its mode.
            mode, text = split_mode(text)
        return mode, text
