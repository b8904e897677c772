"""The prompt in a terminal: by prompt_toolkit's pipe, and in tmux where it is there."""

from __future__ import annotations

import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from prompt_toolkit.history import InMemoryHistory
from prompt_toolkit.input import create_pipe_input
from prompt_toolkit.output import DummyOutput

from juliette.interpreter import Interpreter
from juliette.repl.loop import Loop
from juliette.repl.terminal import Terminal


def typed(keys: str, capsys: pytest.CaptureFixture[str]) -> tuple[int, str, str]:
    """Type keys at the prompt: exit code, stdout, stderr."""
    interpreter = Interpreter(stdout=sys.stdout, stderr=sys.stderr, interactive=True)
    with create_pipe_input() as source:
        source.send_text(keys)
        terminal = Terminal(
            interpreter,
            color=False,
            history=InMemoryHistory(),
            source=source,
            output=DummyOutput(),
        )
        code = Loop(interpreter, terminal, color=False).run()
    captured = capsys.readouterr()
    return code, captured.out, captured.err


def test_a_value_and_the_end(capsys: pytest.CaptureFixture[str]) -> None:
    assert typed("1 + 1\r\x04", capsys) == (0, "2\n\n", "")


def test_enter_runs_only_what_is_complete(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = typed("f(x) =\rx^2\rf(3)\r\x04", capsys)
    assert code == 0
    assert out == "f (generic function with 1 method)\n\n9\n\n"


def test_modes_are_entered_and_left(capsys: pytest.CaptureFixture[str]) -> None:
    _, out, _ = typed("?sum\r?\x7f2 + 3\r\x04", capsys)
    assert "sum" in out
    assert out.endswith("\n5\n\n")


def test_ctrl_c_drops_the_line(capsys: pytest.CaptureFixture[str]) -> None:
    _, out, err = typed("nonsense(\x031 + 2\r\x04", capsys)
    assert out.endswith("3\n\n")
    assert err == ""


def test_completion_of_latex(capsys: pytest.CaptureFixture[str]) -> None:
    _, out, _ = typed("\\alpha\t = 4\rα\r\x04", capsys)
    assert out == "4\n\n4\n\n"


def test_a_pasted_transcript(capsys: pytest.CaptureFixture[str]) -> None:
    _, out, _ = typed("\x1b[200~julia> a = 2\n2\n\x1b[201~\ra + 1\r\x04", capsys)
    assert out == "2\n\n3\n\n"


def test_an_error_is_shown(capsys: pytest.CaptureFixture[str]) -> None:
    _, _, err = typed("nowhere\r\x04", capsys)
    assert err.startswith("ERROR: UndefVarError: `nowhere` not defined\n")
    assert "REPL[1]:1" in err


@pytest.fixture
def screen(tmp_path: Path) -> Iterator[Screen]:
    if shutil.which("tmux") is None:
        pytest.skip("TMUX IS NOT HERE: the prompt was not tried in a terminal")
    terminal = Screen(tmp_path)
    yield terminal
    terminal.tmux("kill-server")


class Screen:
    """tmux with the prompt in it."""

    def __init__(self, folder: Path) -> None:
        self.socket = str(folder / "socket")
        command = f"JULIETTE_CONFIG_DIR={folder} {sys.executable} -m juliette"
        self.tmux("-f", "/dev/null", "new-session", "-d", "-x", "90", "-y", "40", command)

    def tmux(self, *arguments: str) -> str:
        done = subprocess.run(
            ["tmux", "-S", self.socket, *arguments], capture_output=True, text=True, check=False
        )
        return done.stdout

    def type(self, text: str, *keys: str) -> None:
        self.tmux("send-keys", "-l", text)
        self.tmux("send-keys", *(keys or ("Enter",)))

    def wait_for(self, text: str) -> str:
        shown = ""
        for _ in range(150):
            shown = self.tmux("capture-pane", "-p")
            if text in shown:
                return shown
            time.sleep(0.1)
        pytest.fail(f"{text!r} did not appear:\n{shown}")


@pytest.mark.slow
def test_in_a_terminal(screen: Screen) -> None:
    screen.wait_for("julia>")
    screen.type("[1 2; 3 4]")
    screen.wait_for("2×2 Matrix{Int64}:\n 1  2\n 3  4")
    screen.type("while true end")
    time.sleep(0.7)
    screen.tmux("send-keys", "C-c")
    screen.wait_for("ERROR: InterruptException:")
    screen.type("?", "")
    screen.wait_for("help?>")
    screen.tmux("send-keys", "BSpace")
    screen.type("6 * 7")
    screen.wait_for("\n42\n")
