"""Check `jldoctest` blocks, the form in which Julia's own Documenter tests documentation.

A block holds prompts (`julia> `) with their output, or code and its output with a line `# output`
between. After the word `jldoctest` may stand a label, and after a semicolon settings:

jldoctest name                blocks of one label on a page share a session
; output = false              the output is not shown on the page (it is compared all the same)
; filter = r"…"               what matches is left out of the comparison; also a list, and `=> s"…"`
; setup = :(using Flux)       run first, without output

In the expected output `[...]` stands for whatever follows. Of an error the message is compared,
and the stack trace as far as it is written.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from io import StringIO
from pathlib import Path
from typing import Protocol

from juliette.report import ShowError
from juliette.testing.compare import clean, text_diff
from juliette.testing.execute import CheckError
from juliette.testing.report import Check, Report

PROMPT = "julia> "
INDENT = " " * len(PROMPT)
SEPARATOR = "# output"
DISPLAY_SIZE = (24, 80)
OWN_READING = "our own reading"

_FENCE = re.compile(r"^(?P<indent> *)(?P<ticks>`{3,})(?P<info>[^`]*)$")
_HEADING = re.compile(r"^(?P<level>#{1,6}) +(?P<title>.*?) *#*$")
_SOURCE = re.compile(r"^Source: *(?P<note>.*)$")


@dataclass(slots=True)
class Settings:
    """What the first line of a block says after `jldoctest`."""

    label: str = ""
    shows_output: bool = True
    filters: list[tuple[re.Pattern[str], str]] = field(default_factory=list)
    setup: str = ""


@dataclass(slots=True)
class Block:
    """One `jldoctest` block: where it stands, and its lines."""

    settings: Settings
    lines: list[str]
    line: int
    indent: str = ""
    headings: tuple[str, ...] = ()
    name: str = ""
    may_update: bool = False
    page_setup: str = ""


@dataclass(slots=True)
class Example:
    """One piece of code and the lines expected under it; `end` is the line after them."""

    code: str
    expected: str
    first: int
    start: int
    end: int


def parse_markdown(text: str) -> list[Block]:
    """The `jldoctest` blocks of a page (or a docstring), in order, each with a name of its own."""
    blocks: list[Block] = []
    headings: list[tuple[int, str]] = []
    own: dict[int, bool] = {}
    page_setup = ""
    lines = text.splitlines()
    number = 0
    while number < len(lines):
        line = lines[number]
        if found := _FENCE.match(line):
            end = _closing_fence(lines, number, found["ticks"])
            indent = found["indent"]
            body = [text_line.removeprefix(indent) for text_line in lines[number + 1 : end]]
            info = found["info"].strip()
            if re.match(r"jldoctest\b", info):
                level = headings[-1][0] if headings else 0
                trail = [level for level, _ in headings]
                may_update = next((own[a] for a in [*reversed(trail), 0] if a in own), False)
                titles = tuple(title for depth, title in headings if depth > 1 or level == 1)
                settings = parse_settings(info.removeprefix("jldoctest"))
                blocks.append(
                    Block(settings, body, number + 2, indent, titles, "", may_update, page_setup)
                )
            elif info.startswith("@meta"):
                setup = _page_setup("\n".join(body))
                page_setup = page_setup if setup is None else setup
            number = end + 1
            continue
        if found := _HEADING.match(line):
            level = len(found["level"])
            headings = [entry for entry in headings if entry[0] < level] + [(level, found["title"])]
            own = {depth: note for depth, note in own.items() if depth < level}
        elif found := _SOURCE.match(line):
            own[headings[-1][0] if headings else 0] = found["note"].lower().startswith(OWN_READING)
        number += 1
    _name_blocks(blocks)
    return blocks


def _closing_fence(lines: list[str], start: int, ticks: str) -> int:
    """The line that closes the fence opened at `start`, or the end of the page."""
    for number in range(start + 1, len(lines)):
        stripped = lines[number].strip()
        if stripped.startswith(ticks) and not stripped.strip("`"):
            return number
    return len(lines)


def _name_blocks(blocks: list[Block]) -> None:
    """Name each block by its headings, and number those that share them."""
    by_title: dict[str, list[Block]] = {}
    for block in blocks:
        by_title.setdefault(" / ".join(block.headings) or "block", []).append(block)
    for title, group in by_title.items():
        for count, block in enumerate(group, start=1):
            block.name = title if len(group) == 1 else f"{title} ({count})"


def _page_setup(text: str) -> str | None:
    """The code of `DocTestSetup = quote … end` (or `:(…)`) in a `@meta` block.

    `nothing` there gives "", which ends it; None leaves it as it was.
    """
    if re.search(r"DocTestSetup *= *nothing\b", text):
        return ""
    if found := re.search(r"DocTestSetup *= *quote\b(?P<code>.*)\bend", text, re.DOTALL):
        return found["code"].strip()
    if found := re.search(r"DocTestSetup *= *:\((?P<code>.*)\)", text, re.DOTALL):
        return found["code"].strip()
    return None


def parse_settings(text: str) -> Settings:
    """Read `label; output = false, filter = r"…", setup = :(…)`."""
    label, _, rest = text.strip().partition(";")
    settings = Settings(label.strip())
    for part in _split_top(rest):
        name, _, value = (piece.strip() for piece in part.partition("="))
        match name:
            case "output":
                settings.shows_output = value != "false"
            case "setup":
                settings.setup = value.removeprefix(":(").removesuffix(")")
            case "filter":
                settings.filters = [
                    _parse_filter(item) for item in _split_top(value.strip().strip("[]"))
                ]
            case _:
                raise CheckError(f"a jldoctest block has no setting `{name}`")
    return settings


def _split_top(text: str) -> list[str]:
    """Split at the commas that stand in no string and no bracket."""
    pieces, depth, quoted, current = [], 0, False, ""
    for index, character in enumerate(text):
        if character == '"' and text[index - 1 : index] != "\\":
            quoted = not quoted
        elif not quoted:
            depth += (character in "([{") - (character in ")]}")
        if character == "," and not quoted and depth == 0:
            pieces.append(current)
            current = ""
        else:
            current += character
    return [piece.strip() for piece in [*pieces, current] if piece.strip()]


def _parse_filter(text: str) -> tuple[re.Pattern[str], str]:
    """`r"pattern"` or `r"pattern" => s"replacement"`; also plain strings."""
    found = re.fullmatch(r'r?"(?P<old>(?:[^"\\]|\\.)*)"(?: *=> *s?"(?P<new>.*)")?', text)
    if not found:
        raise CheckError(f'a filter is written r"…" or r"…" => s"…", not {text}')
    try:
        return re.compile(found["old"], re.MULTILINE), found["new"] or ""
    except re.error as error:
        raise CheckError(f"the filter {text} is no regular expression: {error}") from error


def examples_of(block: Block) -> list[Example]:
    """The pieces of code in a block, each with its expected output."""
    if any(line.startswith(PROMPT) or line == PROMPT.rstrip() for line in block.lines):
        return list(_prompt_examples(block.lines))
    if SEPARATOR not in block.lines:
        raise CheckError(f"line {block.line}: a jldoctest block needs `julia> ` or `# output`")
    cut = block.lines.index(SEPARATOR)
    code = "\n".join(block.lines[:cut])
    expected = "\n".join(block.lines[cut + 1 :])
    return [Example(code, expected, 0, cut + 1, len(block.lines))]


def _prompt_examples(lines: list[str]) -> Iterator[Example]:
    """Prompts with continuation lines, then the output up to the next prompt."""
    number = 0
    while number < len(lines):
        if not _is_prompt(lines[number]):
            number += 1
            continue
        first = number
        code = [lines[number].removeprefix(PROMPT.rstrip()).removeprefix(" ")]
        number += 1
        while number < len(lines) and lines[number].startswith(INDENT):
            code.append(lines[number].removeprefix(INDENT))
            number += 1
        start = number
        while number < len(lines) and not _is_prompt(lines[number]):
            number += 1
        expected = "\n".join(lines[start:number])
        yield Example("\n".join(code), expected, first, start, number)


def _is_prompt(line: str) -> bool:
    """Whether a line begins with Julia's prompt."""
    return line.startswith(PROMPT) or line == PROMPT.rstrip()


class ErrorLike(Protocol):
    """What is asked of `interpreter.ErrorReport`."""

    def render(self, color: bool = False) -> str:
        """The error as Julia prints it."""


class OutcomeLike(Protocol):
    """What is asked of `interpreter.Outcome`."""

    @property
    def value(self) -> object: ...
    @property
    def shown(self) -> bool: ...
    @property
    def error(self) -> ErrorLike | None: ...


class InterpreterLike(Protocol):
    """What is asked of `interpreter.Interpreter`."""

    def run(self, code: str, filename: str = ..., first_line: int = ...) -> OutcomeLike: ...
    def display_text(self, value: object) -> str: ...
    def close(self) -> None: ...


InterpreterFactory = Callable[[StringIO], InterpreterLike]


def new_interpreter(out: StringIO) -> InterpreterLike:
    """A fresh session that prints to `out`."""
    from juliette.interpreter import Interpreter

    return Interpreter(stdout=out, stderr=out, display_size=DISPLAY_SIZE)


class Session:
    """One session of a page: blocks of one label run here one after another."""

    def __init__(self, factory: InterpreterFactory = new_interpreter) -> None:
        self.out = StringIO()
        self.interpreter = factory(self.out)
        self.count = 0

    def setup(self, code: str) -> str:
        """Run code whose output does not count; gives the error's text, if there is one."""
        if not code:
            return ""
        outcome = self.interpreter.run(code, "setup", 1)
        self.out.truncate(0)
        self.out.seek(0)
        return outcome.error.render() if outcome.error else ""

    def run(self, code: str) -> str:
        """Run one piece of code as at the prompt, and give all that Julia would print."""
        self.count += 1
        outcome = self.interpreter.run(code, f"REPL[{self.count}]", 1)
        text = self.out.getvalue()
        self.out.truncate(0)
        self.out.seek(0)
        if outcome.error is not None:
            text = _on_new_line(text) + outcome.error.render()
        elif outcome.shown:
            try:
                shown = self.interpreter.display_text(outcome.value)
            except ShowError as error:
                shown = error.render()
            text = _on_new_line(text) + shown
        return clean(text)


_PROMPT_PLACE = re.compile(r"(?:\./)?\bREPL\[\d+\]:")


def _on_new_line(text: str) -> str:
    """Printed text, with what follows it on a line of its own."""
    return text if not text or text.endswith("\n") else text + "\n"


def _normal(text: str, settings: Settings) -> str:
    """Text as far as it is compared: no blanks at line ends, filters applied.

    A session's code is `none` in Documenter's blocks and `REPL[n]` at the prompt.
    """
    text = _PROMPT_PLACE.sub("none:", text)
    for pattern, replacement in settings.filters:
        text = pattern.sub(replacement, text)
    return "\n".join(line.rstrip() for line in text.split("\n")).strip("\n")


def agrees(expected: str, actual: str, settings: Settings) -> bool:
    """Whether `actual` is what a block expects."""
    head, cut, _ = f"\n{expected}\n".partition("\n[...]")
    wanted = _normal(head, settings)
    got = _normal(actual, settings)
    if not wanted and cut:
        return bool(got)
    if wanted == got:
        return True
    return bool(cut or wanted.startswith("ERROR: ")) and got.startswith(wanted + "\n")


class Page:
    """The blocks of one page (or docstring), with the sessions they share."""

    def __init__(
        self,
        text: str,
        *,
        factory: InterpreterFactory = new_interpreter,
        filename: str = "page",
    ) -> None:
        self.blocks = parse_markdown(text)
        self.filename = filename
        self.new_lines: dict[int, list[str]] = {}
        self._factory = factory
        self._sessions: dict[str, Session] = {}
        self._done: set[int] = set()

    def check(self, block: Block, *, update: bool = False) -> Check:
        """Run a block (after earlier ones of its label) and compare."""
        check = Check(f"{block.name}, line {block.line}", "\n".join(block.lines))
        try:
            self._run_earlier(block)
            check.problems = self._check(block, update)
        except CheckError as error:
            check.problems = [str(error)]
        return check

    def close(self) -> None:
        """End the sessions."""
        for session in self._sessions.values():
            session.interpreter.close()
        self._sessions.clear()

    def _run_earlier(self, block: Block) -> None:
        """Whoever picks out one block still has what the earlier ones of its label defined."""
        for other in self.blocks:
            if other is block:
                return
            if other.settings.label and other.settings.label == block.settings.label:
                self._run_silently(other)

    def _run_silently(self, block: Block) -> None:
        """Run a block without comparing, unless it has been run already."""
        if id(block) not in self._done:
            session = self._session(block)
            for example in examples_of(block):
                session.run(example.code)
            self._done.add(id(block))

    def _session(self, block: Block) -> Session:
        """The session of the block's label, or a new one; with the set-up code run."""
        session = self._sessions.get(block.settings.label) if block.settings.label else None
        if session is None:
            session = Session(self._factory)
            if block.settings.label:
                self._sessions[block.settings.label] = session
            self._set_up(session, block.page_setup)
        self._set_up(session, block.settings.setup)
        return session

    def _set_up(self, session: Session, code: str) -> None:
        """Run set-up code, which must not throw."""
        failure = session.setup(code)
        if failure:
            raise CheckError(f"the setup code throws:\n{failure}")

    def _check(self, block: Block, update: bool) -> list[str]:
        """Run the block's examples and compare them; notes the new lines if asked to update."""
        session = self._session(block)
        self._done.add(id(block))
        problems: list[str] = []
        changes: list[tuple[Example, str]] = []
        for example in examples_of(block):
            actual = session.run(example.code)
            if agrees(example.expected, actual, block.settings):
                continue
            changes.append((example, actual))
            place = f"{self.filename}:{block.line + example.first}"
            code = "\n".join(f"  {line}" for line in example.code.splitlines())
            diff = text_diff(example.expected.strip("\n"), actual.strip("\n"))
            problems.append(f"{place}: output differs\n{code}\n{diff}")
        if not block.settings.label:
            session.interpreter.close()
        if problems and update and block.may_update:
            self.new_lines[block.line] = _with_outputs(block, changes)
            return []
        return problems

    def rewritten(self, text: str) -> str:
        """The page's text with the updated blocks in place."""
        lines = text.splitlines()
        for block in reversed(self.blocks):
            new = self.new_lines.get(block.line)
            if new is not None:
                start = block.line - 1
                indented = [f"{block.indent}{line}".rstrip() for line in new]
                lines[start : start + len(block.lines)] = indented
        return "\n".join(lines) + "\n"


def _with_outputs(block: Block, changes: list[tuple[Example, str]]) -> list[str]:
    """The block's lines with new outputs; one blank line goes before the next prompt."""
    lines = list(block.lines)
    for example, actual in reversed(changes):
        message = actual.split("\nStacktrace:")[0] if actual.startswith("ERROR: ") else actual
        new = [line.rstrip() for line in message.strip("\n").split("\n")] if message else []
        if example.end < len(block.lines):
            new.append("")
        lines[example.start : example.end] = new
    return lines


def check_markdown(
    path: Path, *, update: bool = False, factory: InterpreterFactory = new_interpreter
) -> Report:
    """Check all `jldoctest` blocks of the page at `path`."""
    started = time.perf_counter()
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise CheckError(f"{path}: {error}") from error
    page = Page(text, factory=factory, filename=str(path))
    if not page.blocks:
        raise CheckError(f"{path}: no `jldoctest` block in it")
    report = Report(path)
    for block in page.blocks:
        # The user's own page: asking for an update is leave enough.
        block.may_update = True
        report.checks.append(page.check(block, update=update))
    if page.new_lines:
        path.write_text(page.rewritten(text), encoding="utf-8", newline="\n")
        report.updated = len(page.new_lines)
    page.close()
    report.seconds = time.perf_counter() - started
    return report
