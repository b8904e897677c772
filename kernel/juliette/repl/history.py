"""Lines of earlier sessions, kept in a file with the mode they were typed in."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterable
from pathlib import Path

from prompt_toolkit.history import History

KEPT = 10_000


def config_folder() -> Path:
    """Where the history and `startup.jl` live."""
    if chosen := os.environ.get("JULIETTE_CONFIG_DIR"):
        return Path(chosen)
    base = os.environ.get("XDG_CONFIG_HOME") or os.environ.get("APPDATA")
    try:
        return (Path(base) if base else Path.home() / ".config") / "juliette"
    except RuntimeError:
        return Path("juliette")


class FileHistory(History):
    """One JSON string a line; a file that cannot be written is no reason to complain."""

    def __init__(self, path: Path, prefix: Callable[[], str] = str) -> None:
        super().__init__()
        self.path = path
        # The key of the mode that the prompt is in.
        self.prefix = prefix

    def append_string(self, string: str) -> None:
        """Add what was just typed, with its mode; the same line twice in a row counts once."""
        entry = self.prefix() + string
        if string.strip() and entry != next(iter(self.get_strings()[-1:]), None):
            super().append_string(entry)

    def load_history_strings(self) -> Iterable[str]:
        """Newest first, as prompt_toolkit wants it."""
        try:
            lines = self.path.read_text("utf-8").splitlines()
        except (OSError, UnicodeDecodeError):
            return
        for line in reversed(lines[-KEPT:]):
            try:
                entry = json.loads(line)
            except ValueError:
                continue
            if isinstance(entry, str):
                yield entry

    def store_string(self, string: str) -> None:
        """Append one entry."""
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            with self.path.open("a", encoding="utf-8") as file:
                file.write(json.dumps(string, ensure_ascii=False) + "\n")
        except OSError:
            return
