"""What single keys do at the prompt."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from prompt_toolkit.application import get_app
from prompt_toolkit.filters import Condition
from prompt_toolkit.key_binding import KeyBindings
from prompt_toolkit.keys import Keys

from juliette.entry import strip_transcript
from juliette.repl.modes import JULIA, MODES, Mode

if TYPE_CHECKING:
    from juliette.repl.terminal import Terminal


def bindings(terminal: Terminal) -> KeyBindings:
    """All keys of ours."""
    keys = KeyBindings()

    @Condition
    def empty() -> bool:
        return not get_app().current_buffer.text

    @Condition
    def at_start() -> bool:
        return get_app().current_buffer.cursor_position == 0

    @Condition
    def in_julia() -> bool:
        return terminal.mode is JULIA

    @Condition
    def in_completion() -> bool:
        return get_app().current_buffer.complete_state is not None

    def enter_mode(mode: Mode) -> None:
        @keys.add(mode.key, filter=at_start & in_julia)
        def _enter(event: Any) -> None:
            """`?`, `;` and `]` at the start of a line change the prompt."""
            terminal.mode = mode
            event.app.invalidate()

    for mode in MODES:
        enter_mode(mode)

    @keys.add("backspace", filter=at_start & ~in_julia)
    @keys.add("c-h", filter=at_start & ~in_julia)
    def _leave(event: Any) -> None:
        """Backspace at the start leads back to `julia>`."""
        terminal.mode = JULIA
        event.app.invalidate()

    @keys.add("c-c")
    def _clear(event: Any) -> None:
        """Ctrl-C drops the line."""
        terminal.mode = JULIA
        event.app.exit(exception=KeyboardInterrupt, style="class:aborting")

    @keys.add("c-d", filter=empty)
    def _end(event: Any) -> None:
        """Ctrl-D on an empty line leaves."""
        event.app.exit(exception=EOFError, style="class:exiting")

    @keys.add("enter", filter=~in_completion)
    def _submit(event: Any) -> None:
        """Enter runs what is complete, and opens a new line otherwise."""
        buffer = event.current_buffer
        indent = terminal.indent_after(buffer.text)
        if indent is None or buffer.document.text_after_cursor.strip():
            if indent is None:
                buffer.validate_and_handle()
            else:
                buffer.insert_text("\n")
            return
        buffer.insert_text("\n" + indent)

    @keys.add("enter", filter=in_completion)
    def _accept(event: Any) -> None:
        """Enter takes the completion that is chosen."""
        event.current_buffer.complete_state = None

    @keys.add("escape", "enter")
    def _newline(event: Any) -> None:
        """Alt-Enter: a new line, whatever is complete."""
        event.current_buffer.insert_text("\n")

    @keys.add(Keys.BracketedPaste)
    def _paste(event: Any) -> None:
        """Pasting: prompts of a transcript are stripped, its outputs dropped."""
        event.current_buffer.insert_text(strip_transcript(event.data))

    return keys
