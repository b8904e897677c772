"""What single keys do at the prompt."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from prompt_toolkit.application import get_app, run_in_terminal
from prompt_toolkit.buffer import Buffer
from prompt_toolkit.filters import Condition, is_searching
from prompt_toolkit.key_binding import (
    ConditionalKeyBindings,
    KeyBindings,
    KeyBindingsBase,
)
from prompt_toolkit.keys import Keys

from juliette.entry import pasted
from juliette.indent import WIDTH, dedent, indentation
from juliette.repl.modes import JULIA, MODES, Mode

if TYPE_CHECKING:
    from juliette.repl.terminal import Terminal


def outdent(buffer: Buffer) -> None:
    """Move the cursor's line to where its block began, if it is an `end` or the like."""
    document = buffer.document
    if document.text_after_cursor.strip() or not document.cursor_position_row:
        return
    above, _, line = document.text_before_cursor.rpartition("\n")
    moved = dedent(line, above)
    if moved != line:
        buffer.delete_before_cursor(len(line))
        buffer.insert_text(moved)


def bindings(terminal: Terminal) -> KeyBindingsBase:
    """All keys of ours; while the history is searched they mean what they always do there."""
    keys = KeyBindings()

    @Condition
    def empty() -> bool:
        return not get_app().current_buffer.text

    @Condition
    def at_start() -> bool:
        return get_app().current_buffer.cursor_position == 0

    @Condition
    def after_blanks() -> bool:
        return not get_app().current_buffer.document.current_line_before_cursor.strip()

    @Condition
    def before_argument() -> bool:
        return get_app().current_buffer.document.text_before_cursor.rstrip().endswith(("(", ","))

    @Condition
    def at_line_start() -> bool:
        return not get_app().current_buffer.document.current_line_before_cursor

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
        """Ctrl-C drops the line, which stays to be seen."""
        event.current_buffer.cursor_position = len(event.current_buffer.text)
        event.current_buffer.insert_text("^C")
        terminal.mode = JULIA
        terminal.pending.clear()
        event.app.exit(exception=KeyboardInterrupt, style="class:aborting")

    @keys.add("c-d", filter=empty)
    def _end(event: Any) -> None:
        """Ctrl-D on an empty line leaves."""
        event.app.exit(exception=EOFError, style="class:exiting")

    @keys.add("enter", filter=~in_completion)
    def _submit(event: Any) -> None:
        """Enter runs what is complete, and opens a new line otherwise."""
        buffer = event.current_buffer
        if terminal.mode is JULIA:
            outdent(buffer)
        indent = terminal.indent_after(buffer.text)
        if indent is None:
            buffer.validate_and_handle()
        elif buffer.document.text_after_cursor.strip():
            before = buffer.document.text_before_cursor
            buffer.insert_text("\n" + " " * indentation(before))
        else:
            buffer.insert_text("\n" + indent)

    @keys.add("tab", filter=in_julia & after_blanks)
    def _indent(event: Any) -> None:
        """Tab where a line begins sets it in."""
        event.current_buffer.insert_text(" " * WIDTH)

    @keys.add("tab", filter=in_julia & before_argument)
    def _methods(event: Any) -> None:
        """Tab where an argument begins shows which there may be."""
        found = terminal.interpreter.methods_at(event.current_buffer.document.text_before_cursor)
        if found:
            run_in_terminal(lambda: print("\n".join(found)))
        else:
            event.current_buffer.start_completion(insert_common_part=True)

    @keys.add("backspace", filter=in_julia & after_blanks & ~at_start & ~at_line_start)
    def _unindent(event: Any) -> None:
        """Backspace where a line begins takes one step of it away."""
        buffer = event.current_buffer
        column = len(buffer.document.current_line_before_cursor)
        buffer.delete_before_cursor((column - 1) % WIDTH + 1)

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
        """Pasting into an empty last line runs each statement at once, as Julia's prompt does.

        Prompts of a transcript are stripped, its outputs dropped; what is not whole stays to be
        edited.
        """
        buffer = event.current_buffer
        text = pasted(event.data)
        document = buffer.document
        if terminal.mode is not JULIA or "\n" in buffer.text or document.text_after_cursor:
            buffer.insert_text(text)
            return
        pieces, rest = terminal.interpreter.statements(
            buffer.text + (text if buffer.text else text.lstrip())
        )
        if not pieces:
            buffer.insert_text(text if buffer.text else text.lstrip())
            return
        terminal.pending = pieces[1:]
        terminal.unfinished = rest
        buffer.text = pieces[0]
        buffer.cursor_position = len(pieces[0])
        buffer.validate_and_handle()

    return ConditionalKeyBindings(keys, ~is_searching)
