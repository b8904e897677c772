"""What is typed besides plain Julia: `?`, `;` and `]` in front, and pasted transcripts."""

from __future__ import annotations

import os
import re
from pathlib import Path

PROMPT = "julia> "
_ENTRY = re.compile(
    r"\A(?:\s*(?:#(?!=)[^\n]*\n|#=.*?=#))*\s*(?P<mode>[?;\]])(?P<text>.*)\Z", re.DOTALL
)


def split_mode(code: str) -> tuple[str, str]:
    """The mode a cell is for (`?`, `;`, `]`, or none), and its text; comments may precede it."""
    found = _ENTRY.match(code)
    return (found["mode"], found["text"].strip()) if found else ("", code)


def strip_transcript(text: str) -> str:
    """The input lines of a transcript; text that is none comes back as it is."""
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    first = next((line for line in lines if line.strip()), "")
    if not first.lstrip().startswith(PROMPT):
        return "\n".join(lines)
    kept: list[str] = []
    margin = 0
    inside = False
    for line in lines:
        bare = line.lstrip()
        if bare.startswith(PROMPT):
            margin = len(line) - len(bare) + len(PROMPT)
            kept.append(bare[len(PROMPT) :])
            inside = True
        elif inside and line.startswith(" " * margin) and line.strip():
            kept.append(line[margin:])
        else:
            inside = False
    return "\n".join(kept)


def pasted(text: str) -> str:
    """Text that was pasted; of a transcript the input only, each piece with its line break."""
    plain = text.replace("\r\n", "\n").replace("\r", "\n")
    stripped = strip_transcript(plain)
    if stripped == plain:
        return plain
    last = plain.rstrip(" ").rsplit("\n", 1)[-1].lstrip()
    unfinished = last.startswith(PROMPT) or stripped.endswith("\n")
    return stripped if unfinished else stripped + "\n"


def pkg_code(line: str) -> str:
    """A line of the package prompt as Julia code."""
    command, *words = line.split() or ["status"]
    command = {"st": "status", "up": "update", "remove": "rm", "?": "help"}.get(command, command)
    if not command.isidentifier():
        return f"error({_quoted(f'`{command}` is not a recognized command')})"
    names = ", ".join(_quoted(re.split("[@#]", word)[0]) for word in words)
    return f"import Pkg; Pkg.{command}({names})"


def _quoted(text: str) -> str:
    """A Julia string."""
    escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("$", "\\$")
    return f'"{escaped}"'


def change_folder(command: str) -> str | None:
    """`cd …` of the shell mode is done here: the folder it led to, or None for other commands.

    An impossible one raises `OSError` with Julia's sentence.
    """
    words = command.split(maxsplit=1)
    if not words or words[0] != "cd":
        return None
    target = words[1].strip().strip("'\"") if len(words) > 1 else "~"
    try:
        os.chdir(Path(target).expanduser())
    except OSError as error:
        reason = (error.strerror or "").lower()
        raise OSError(f"IOError: cd({_quoted(target)}): {reason}") from None
    return str(Path.cwd())
