"""The prompt in a terminal: by prompt_toolkit's pipe, and in tmux where it is there."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
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


def test_a_search_is_given_up(capsys: pytest.CaptureFixture[str]) -> None:
    _, out, _ = typed("width = 5\r\x12wid\x074\r\x04", capsys)
    assert out == "5\n\n4\n\n"


def test_a_pasted_transcript(capsys: pytest.CaptureFixture[str]) -> None:
    _, out, _ = typed("\x1b[200~julia> a = 2\n2\n\x1b[201~\ra + 1\r\x04", capsys)
    assert out == "2\n\n3\n\n"


def test_an_error_is_shown(capsys: pytest.CaptureFixture[str]) -> None:
    _, _, err = typed("nowhere\r\x04", capsys)
    assert err.startswith("ERROR: UndefVarError: `nowhere` not defined\n")
    assert "REPL[1]:1" in err


class Screen:
    """tmux with the prompt in it."""

    def __init__(self, folder: Path, environment: str = "", options: str = "") -> None:
        self.socket = tempfile.mktemp(prefix="tmux", dir=folder)
        command = f"env JULIETTE_CONFIG_DIR={folder} {environment} {sys.executable} -m juliette"
        self.tmux(
            *("-f", "/dev/null", "new-session", "-d", "-x", "90", "-y", "50"),
            f"{command} {options}; echo left with $?; sleep 60",
        )

    def tmux(self, *arguments: str, text: str | None = None) -> str:
        done = subprocess.run(
            ["tmux", "-S", self.socket, *arguments],
            input=text,
            capture_output=True,
            text=True,
            encoding="utf-8",
            check=False,
        )
        return done.stdout

    def type(self, text: str, *keys: str) -> None:
        self.tmux("send-keys", "-l", re.sub(";$", r"\;", text))
        self.press(*(keys or ("Enter",)))

    def press(self, *keys: str) -> None:
        self.tmux("send-keys", *keys)

    def paste(self, text: str) -> None:
        """Paste, as terminals do it: bracketed."""
        self.tmux("load-buffer", "-", text=text)
        self.tmux("paste-buffer", "-p")

    def shown(self, *options: str) -> str:
        return self.tmux("capture-pane", "-p", *options)

    def wait_at(self, prompt: str) -> None:
        """Wait until a prompt is the last that is shown: only then do keys reach it."""
        for _ in range(200):
            if self.shown().rstrip().endswith(prompt):
                return
            time.sleep(0.1)
        pytest.fail(f"no prompt {prompt!r}:\n{self.shown()}")

    def wait_for(self, text: str, *options: str) -> str:
        shown = ""
        for _ in range(200):
            shown = self.shown(*options)
            if text in shown:
                return shown
            time.sleep(0.1)
        pytest.fail(f"{text!r} did not appear:\n{shown}")


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Callable[..., Screen]]:
    """Starts the prompt in tmux; what it had is ended with the test."""
    if shutil.which("tmux") is None:
        pytest.skip("TMUX IS NOT HERE: the prompt was not tried in a terminal")
    started: list[Screen] = []

    def begin(environment: str = "", options: str = "", after: str = "julia>") -> Screen:
        for screen in started:
            screen.tmux("kill-server")
        started.append(Screen(tmp_path, environment, options))
        started[-1].wait_for(after)
        return started[-1]

    yield begin
    for screen in started:
        screen.tmux("kill-server")


@pytest.mark.slow
def test_the_history_is_searched(start: Callable[..., Screen]) -> None:
    screen = start()
    screen.type("longest = 5 + 50")
    screen.wait_for("\n55\n")
    screen.type("6 * 7")
    screen.wait_for("\n42\n")
    screen.press("C-r")
    screen.type("longe", "")
    screen.wait_for("I-search backward: longe")
    screen.press("Enter")
    screen.wait_at("julia> longest = 5 + 50")
    screen.press("Enter")
    screen.wait_for("42\n\njulia> longest = 5 + 50\n55\n")
    screen.type("8 * 8")
    screen.wait_for("\n64\n")


@pytest.mark.slow
def test_in_a_terminal(start: Callable[..., Screen]) -> None:
    screen = start()
    screen.type("[1 2; 3 4]")
    screen.wait_for("2×2 Matrix{Int64}:\n 1  2\n 3  4")
    screen.type("while true end")
    time.sleep(0.7)
    screen.press("C-c")
    screen.wait_for("ERROR: InterruptException:")
    screen.type("6 * 7")
    screen.wait_for("\n42\n")
    screen.type("half(", "C-c")
    screen.wait_for("julia> half(^C\n\njulia>")
    screen.press("C-d")
    screen.wait_for("left with 0")


@pytest.mark.slow
def test_modes_in_a_terminal(start: Callable[..., Screen]) -> None:
    screen = start()
    screen.type("?sqrt")
    screen.wait_for("help?> sqrt")
    screen.wait_for("Square root")
    screen.wait_at("julia>")
    screen.type(";echo one")
    screen.wait_for("shell> echo one\none\n\nshell>")
    screen.wait_at("shell>")
    screen.press("BSpace")
    screen.wait_at("julia>")
    screen.type("]status")
    screen.wait_for("pkg> status")
    screen.wait_for("[587475ba] Flux v0.14")
    screen.wait_for("[e88e6eb3] Zygote")
    screen.wait_at("pkg>")
    screen.press("BSpace")
    screen.wait_at("julia>")
    screen.type("1 + 1")
    screen.wait_for("julia> 1 + 1\n2\n")
    screen.type("exit(3)")
    screen.wait_for("left with 3")


@pytest.mark.slow
def test_blocks_are_set_in(start: Callable[..., Screen]) -> None:
    screen = start()
    for line in ("function f(x)", "if x > 1", "x", "else", "0", "end", "end"):
        screen.type(line)
    shown = screen.wait_for("f (generic function with 1 method)")
    block = [
        "function f(x)",
        "    if x > 1",
        "        x",
        "    else",
        "        0",
        "    end",
        "end",
    ]
    assert "\n".join(["julia> " + block[0], *(" " * 7 + line for line in block[1:])]) in shown


TRANSCRIPT = """\
julia> f(x) = 3x^2
f (generic function with 1 method)

julia> function g(x)
           f(x) + 1
       end
g (generic function with 1 method)

julia> g(2)
13
"""


@pytest.mark.slow
def test_a_transcript_pasted_into_a_terminal_runs(start: Callable[..., Screen]) -> None:
    screen = start()
    screen.paste(TRANSCRIPT)
    shown = screen.wait_for("julia> g(2)\n13\n")
    assert TRANSCRIPT in shown
    screen.paste("a = 5\nb = [a,\n     a]\na * 2")
    screen.wait_for("julia> b = [a,\n            a]\n2-element Vector{Int64}:\n 5\n 5\n")
    screen.wait_for("julia> a * 2")
    screen.press("Enter")
    screen.wait_for("julia> a * 2\n10\n")


@pytest.mark.slow
def test_history_is_kept_between_sessions(start: Callable[..., Screen]) -> None:
    first = start()
    for line in ("alpha = 1", "beta = 2", "alpha + 10"):
        first.type(line)
    first.wait_for("\n11\n")
    first.press("C-d")
    first.wait_for("left with 0")
    second = start()
    second.type("al", "Up")
    second.wait_for("julia> alpha + 10")
    second.press("Up")
    second.wait_for("julia> alpha = 1")
    second.press("Enter")
    second.wait_for("julia> alpha = 1\n1\n")


@pytest.mark.slow
def test_completion_in_a_terminal(start: Callable[..., Screen]) -> None:
    screen = start()
    screen.type("\\alpha", "Tab")
    screen.wait_for("julia> α")
    screen.type(" = 4")
    screen.type("isemp", "Tab")
    screen.wait_for("julia> isempty")
    screen.type("([])")
    screen.wait_for("\ntrue\n")
    screen.type("area(x::Int) = x")
    screen.wait_for("with 1 method")
    screen.type("area(", "Tab")
    screen.wait_for("\narea(x::Int64) @ Main REPL[3]:1\njulia> area(")


@pytest.mark.slow
def test_startup_file_and_its_errors(start: Callable[..., Screen], tmp_path: Path) -> None:
    (tmp_path / "startup.jl").write_text("mine = 42\nwrong\n", encoding="utf-8")
    screen = start()
    screen.wait_for("UndefVarError: `wrong` not defined")
    screen.type("mine")
    screen.wait_for("julia> mine\n42\n")
    other = start(options="--startup-file=no -q")
    other.type("mine")
    other.wait_for("UndefVarError: `mine` not defined")


@pytest.mark.slow
def test_colours(start: Callable[..., Screen]) -> None:
    screen = start()
    screen.type("function nowhere end; nowhere(1) # comment")
    screen.wait_for("Stacktrace")
    shown = screen.shown("-e")
    assert re.search(r"\x1b\[91m(?:\x1b\[49m)?ERROR: ", shown)
    assert re.search(r"\x1b\[[\d;]*mfunction\x1b", shown.replace(" ", ""))
    plain = start("NO_COLOR=1")
    plain.type("nowhere # comment")
    plain.wait_for("Stacktrace")
    assert "\x1b[" not in plain.shown("-e").replace("\x1b[0m", "").replace("\x1b[39m", "")


@pytest.mark.slow
def test_a_terminal_that_can_only_print(start: Callable[..., Screen]) -> None:
    screen = start("TERM=dumb")
    screen.type("f(x) =")
    screen.type("2x")
    screen.wait_for("1 method)\n\njulia>")
    screen.type("f(21)")
    screen.wait_for("julia> f(21)\n42\n")
    assert "\x1b[" not in screen.shown("-e")


@pytest.mark.slow
def test_the_walkthrough_pasted_into_a_terminal(start: Callable[..., Screen]) -> None:
    screen = start()
    screen.tmux("set-option", "-g", "history-limit", "5000")
    text = (Path(__file__).with_name("walkthrough.jl")).read_text("utf-8")
    cells = re.split(r"^# %% \d+\n", text, flags=re.MULTILINE)[1:]
    for cell in cells:
        screen.paste(cell.strip("\n") + "\n")
        time.sleep(0.3)
    screen.type('"the end"')
    screen.wait_for('\n"the end"\n')
    shown = screen.shown("-S", "-3000")
    assert "ERROR" not in shown
    for part in (
        "julia> f(1)\n6\n",
        "julia> df(1)\n8.0\n",
        "([0.0, 2.0], [-0.0, -2.0])",
        "Grads(...)",
        "#5 (generic function with 1 method)",
        "\n26\n",
    ):
        assert part in shown
