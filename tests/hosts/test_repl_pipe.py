"""The prompt when its input is a pipe, and the parts that need no terminal."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from juliette.entry import pkg_code, strip_transcript
from juliette.repl.history import FileHistory
from juliette.repl.modes import HELP, JULIA, split_mode


def juliette(stdin: str) -> subprocess.CompletedProcess[str]:
    """The prompt, reading from a pipe."""
    return subprocess.run(
        [sys.executable, "-m", "juliette"],
        input=stdin,
        capture_output=True,
        text=True,
        encoding="utf-8",
        env=os.environ,
        timeout=60,
        check=False,
    )


def test_values_are_shown_and_no_prompt_is() -> None:
    done = juliette("1 + 1\nx = 3;\nfunction f(a)\n    a^2\nend\nf(x)\n")
    assert done.stdout == "2\nf (generic function with 1 method)\n9\n"
    assert (done.stderr, done.returncode) == ("", 0)


def test_an_error_goes_to_stderr_and_the_rest_runs() -> None:
    done = juliette('nowhere\nprintln("on")\n')
    assert done.stdout == "on\n"
    assert done.stderr.startswith("ERROR: UndefVarError: `nowhere` not defined\n")
    assert "stdin:1" in done.stderr


def test_an_unfinished_end_is_an_error() -> None:
    done = juliette("1\nf(2")
    assert done.stdout == "1\n"
    assert "ParseError" in done.stderr


def test_transcripts() -> None:
    text = "julia> f(x) =\n       x^2\nf (generic function with 1 method)\n\njulia> f(2)\n4\n"
    assert strip_transcript(text) == "f(x) =\nx^2\nf(2)"
    assert strip_transcript("a = 1\n    b") == "a = 1\n    b"


def test_modes() -> None:
    assert split_mode("?sum") == (HELP, "sum")
    assert split_mode("1 ? 2 : 3") == (JULIA, "1 ? 2 : 3")
    assert pkg_code("add Flux@0.16") == 'import Pkg; Pkg.add("Flux")'


def test_history_survives_and_never_complains(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "history"
    FileHistory(path).store_string("a\nb")
    FileHistory(path).store_string(";ls")
    assert list(FileHistory(path).load_history_strings()) == [";ls", "a\nb"]
    (tmp_path / "file").write_text("")
    FileHistory(tmp_path / "file" / "below").store_string("x")
    assert list(FileHistory(tmp_path / "file" / "below").load_history_strings()) == []
