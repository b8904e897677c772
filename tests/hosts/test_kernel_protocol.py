"""The kernel, through the protocol: conformance, output, interrupts, input, shutdown."""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Iterator
from typing import Any

import jupyter_kernel_test
import pytest
from jupyter_client.kernelspec import KernelSpecManager
from jupyter_client.manager import start_new_kernel

pytestmark = pytest.mark.slow


class TestConformance(jupyter_kernel_test.KernelTests):
    kernel_name = "juliette"
    language_name = "julia"
    file_extension = ".jl"
    code_hello_world = 'println("hello, world")'
    code_stderr = 'println(stderr, "oops")'
    completion_samples = [{"text": "printl", "matches": {"println"}}]  # noqa: RUF012
    complete_code_samples = ["1 + 1", "f(x) = x^2"]  # noqa: RUF012
    incomplete_code_samples = ["function f(x)", "[1, 2", "begin"]  # noqa: RUF012
    invalid_code_samples = ["1 +* 2)"]  # noqa: RUF012
    code_generate_error = "undefined_name"
    code_execute_result = [{"code": "1 + 2", "result": "3"}]  # noqa: RUF012
    code_inspect_sample = "sum"
    code_display_data = [{"code": "display([1])", "mime": "text/plain"}]  # noqa: RUF012
    code_clear_output = "import IJulia; IJulia.clear_output()"
    code_history_pattern = "1 ? 2*"
    supported_history_operations = ("tail", "range", "search")


class Session:
    """A kernel, and what a cell of it sends."""

    def __init__(self) -> None:
        self.manager, self.client = start_new_kernel(kernel_name="juliette")

    def run(self, code: str, **options: Any) -> tuple[dict[str, Any], list[tuple[str, Any]]]:
        """The reply's content and the outputs, in order."""
        sent = self.client.execute(code, **options)
        return self.collect(sent)

    def collect(self, sent: str) -> tuple[dict[str, Any], list[tuple[str, Any]]]:
        outputs: list[tuple[str, Any]] = []
        while True:
            message = self.client.get_iopub_msg(timeout=20)
            if message["parent_header"].get("msg_id") != sent:
                continue
            kind, content = message["msg_type"], message["content"]
            if kind == "status" and content["execution_state"] == "idle":
                break
            if kind not in ("status", "execute_input"):
                outputs.append((kind, content))
        return self.reply(sent), outputs

    def reply(self, sent: str) -> dict[str, Any]:
        while True:
            message: Any = self.client.get_shell_msg(timeout=20)
            if message["parent_header"].get("msg_id") == sent:
                content: dict[str, Any] = message["content"]
                return content

    def text(self, code: str) -> str:
        """The plain text of a cell's value."""
        _, outputs = self.run(code)
        return str(outputs[-1][1]["data"]["text/plain"])


@pytest.fixture(scope="module")
def session() -> Iterator[Session]:
    found = Session()
    yield found
    found.client.stop_channels()
    found.manager.shutdown_kernel(now=True)


def test_the_specification() -> None:
    spec = KernelSpecManager().get_kernel_spec("juliette")
    assert (spec.display_name, spec.language) == ("Juliette", "julia")
    assert spec.argv[1:] == ["-m", "juliette.jupyter", "-f", "{connection_file}"]


def test_kernel_info(session: Session) -> None:
    info = session.reply(session.client.kernel_info())
    assert info["language_info"]["pygments_lexer"] == "julia"
    assert "debugger" not in info.get("supported_features", [])


def test_values_are_shown_and_suppressed(session: Session) -> None:
    assert session.text("[1 2; 3 4]") == "2×2 Matrix{Int64}:\n 1  2\n 3  4"
    assert session.run("7;")[1] == []
    assert session.text("ans") == "7"


def test_all_that_is_printed_arrives(session: Session) -> None:
    start = time.perf_counter()
    reply, outputs = session.run("for i in 1:100_000; println(i); end")
    took = time.perf_counter() - start
    assert reply["status"] == "ok"
    text = "".join(content["text"] for kind, content in outputs if kind == "stream")
    assert text == "".join(f"{i}\n" for i in range(1, 100_001))
    assert len(outputs) < 200
    assert took < 10


def test_order_of_output(session: Session) -> None:
    _, outputs = session.run("println(1); display([1]); println(2); 3")
    kinds = [kind for kind, _ in outputs]
    assert kinds == ["stream", "display_data", "stream", "execute_result"]


def test_an_error_has_name_text_and_place(session: Session) -> None:
    reply, outputs = session.run("x = 1\nnowhere")
    assert reply["status"] == "error"
    assert reply["ename"] == "UndefVarError"
    assert reply["evalue"] == "UndefVarError: `nowhere` not defined"
    text = "\n".join(outputs[-1][1]["traceback"])
    assert "Stacktrace:" in text
    assert "In[" in text
    assert ".py" not in text
    assert session.text("x") == "1"


def test_a_syntax_error_runs_nothing(session: Session) -> None:
    reply, outputs = session.run("println(1)\nf(1")
    assert reply["ename"] == "ParseError"
    assert [kind for kind, _ in outputs] == ["error"]


TRAINING = (
    "using Flux; m = Chain(Dense(10, 5, σ), Dense(5, 2)); ps = params(m);"
    " for i in 1:10^8; Flux.update!(Descent(0.1), ps, gradient(() -> sum(m(ones(10))), ps)); end"
)
LOOPS = [
    "while true end",
    "while true; sqrt(2.0); end",
    "sleep(100)",
    "for i in 1:10^9; println(i); end",
    TRAINING,
]


# Nothing else ends these loops; a busy machine may take its time.
SOON = 10


@pytest.mark.parametrize("code", LOOPS)
def test_interrupt(session: Session, code: str) -> None:
    session.run("kept = 5;")
    sent = session.client.execute(code)
    interrupted: list[float] = []

    def interrupt() -> None:
        interrupted.append(time.perf_counter())
        session.manager.interrupt_kernel()

    time.sleep(0.5)
    interrupt()
    reply, _ = session.collect(sent)
    assert time.perf_counter() - interrupted[0] < SOON
    assert reply["ename"] == "InterruptException"
    assert session.text("kept") == "5"


def test_help_shell_and_packages(session: Session) -> None:
    reply, outputs = session.run("?sum")
    assert reply["status"] == "ok"
    assert reply["payload"] == []
    assert "sum" in outputs[0][1]["data"]["text/plain"]
    assert session.run(";echo hi")[1] == [("stream", {"name": "stdout", "text": "hi\n"})]


def test_a_pasted_transcript_runs(session: Session) -> None:
    assert session.text("julia> a = 2\n2\n\njulia> a +\n       3\n5\n") == "5"


def test_completion(session: Session) -> None:
    found = session.reply(session.client.complete("x + \\sigma"))
    assert (found["matches"], found["cursor_start"], found["cursor_end"]) == (["σ"], 4, 10)
    session.run("long_name = 3;")
    found = session.reply(session.client.complete("𝕏 + long_n"))
    assert (found["matches"], found["cursor_start"]) == (["long_name"], 4)
    assert found["metadata"]["_jupyter_types_experimental"][0]["text"] == "long_name"


def test_completion_of_commands(session: Session) -> None:
    found = session.reply(session.client.complete("]add Zyg"))
    assert (found["matches"], found["cursor_start"]) == (["Zygote"], 5)
    assert "status" in session.reply(session.client.complete("]st"))["matches"]
    assert session.reply(session.client.complete(";ls /etc/host"))["matches"]


def test_a_word_is_looked_for_in_all_help(session: Session) -> None:
    session.run('"Counts the wombats of a farm." wombats(farm) = 3')
    outputs = session.run('?"wombat"')[1]
    assert "Main.wombats" in outputs[0][1]["data"]["text/plain"]


def test_is_complete(session: Session) -> None:
    found = session.reply(session.client.is_complete("for i in 1:3"))
    assert found == {"status": "incomplete", "indent": "    "}


def test_comm_info(session: Session) -> None:
    assert session.reply(session.client.comm_info())["comms"] == {}


def test_no_python_traceback_for_a_cell_of_nonsense(session: Session) -> None:
    for code in ["\x00", "((((", "@", '"', "]add Nothing_like_it", ";", "?", "1 = 2"]:
        _, outputs = session.run(code)
        assert "Traceback" not in str(outputs)
    assert session.text("1 + 1") == "2"


def test_restart_and_shutdown() -> None:
    session = Session()
    try:
        session.run("here = 1;")
        session.manager.restart_kernel()
        session.client.wait_for_ready(timeout=20)
        assert session.run("here")[0]["ename"] == "UndefVarError"
        running = session.client.execute("while true end")
        assert running
        time.sleep(0.3)
        start = time.perf_counter()
        session.manager.shutdown_kernel()
        assert time.perf_counter() - start < 4
    finally:
        session.client.stop_channels()
        if session.manager.has_kernel:
            session.manager.shutdown_kernel(now=True)


@pytest.mark.parametrize("code", LOOPS)
def test_interrupt_by_message(session: Session, code: str) -> None:
    """The other way: a request on the control channel."""
    session.run("kept = 6;")
    sent = session.client.execute(code)
    time.sleep(0.5)
    control = session.client.control_channel
    message = session.client.session.msg("interrupt_request", {})
    start = time.perf_counter()
    threading.Timer(0, control.send, [message]).start()
    reply, _ = session.collect(sent)
    assert time.perf_counter() - start < SOON
    assert reply["ename"] == "InterruptException"
    assert session.text("kept") == "6"


def test_inputs_and_values_by_number(session: Session) -> None:
    reply, _ = session.run("40 + 2")
    number = reply["execution_count"]
    assert session.text(f"Out[{number}]") == "42"
    assert session.text(f"In[{number}]") == '"40 + 2"'
    assert session.run(f"haskey(Out, {number + 10})")[1][0][1]["data"]["text/plain"] == "false"
    session.run("nothing")
    assert session.run("ans")[1] == []


def test_the_last_error(session: Session) -> None:
    session.run("sqrt(-1.0)")
    assert "DomainError" in session.text("err")


def test_errors_are_in_colour(session: Session) -> None:
    session.run('inner(x) = error("line one\\nline two")\nouter(x) = inner(x)')
    _, outputs = session.run("outer(1)")
    lines = outputs[-1][1]["traceback"]
    assert lines[:2] == ["\x1b[91mline one\x1b[39m", "\x1b[91mline two\x1b[39m"]
    assert "\x1b[1minner\x1b[22m" in "\n".join(lines)
    plain = [re.sub(r"\x1b\[\d+m", "", line) for line in lines]
    assert plain[3:5] == ["Stacktrace:", " [1] error(s::String)"]
    assert plain[6] == " [2] inner(x::Int64)"


def test_a_value_has_all_its_forms(session: Session) -> None:
    code = """
    struct Picture end
    Base.show(io::IO, ::MIME"image/svg+xml", ::Picture) = print(io, "<svg/>")
    Base.show(io::IO, ::MIME"text/html", ::Picture) = print(io, "<b>picture</b>")
    Picture()
    """
    data = session.run(code)[1][0][1]["data"]
    assert data["text/plain"] == "Picture()"
    assert data["image/svg+xml"] == "<svg/>"
    assert data["text/html"] == "<b>picture</b>"


def test_display_of_chosen_forms(session: Session) -> None:
    _, outputs = session.run('display("text/html", "<i>x</i>"); display(HTML("<b>y</b>"))')
    assert [kind for kind, _ in outputs] == ["display_data", "display_data"]
    assert outputs[0][1]["data"] == {"text/html": "<i>x</i>"}
    assert outputs[1][1]["data"]["text/html"] == "<b>y</b>"


def test_a_show_that_throws_is_the_cells_error(session: Session) -> None:
    code = 'struct Shy end; Base.show(io::IO, ::Shy) = error("not me"); Shy()'
    reply, outputs = session.run(code)
    assert (reply["ename"], reply["evalue"]) == ("ErrorException", "not me")
    assert [kind for kind, _ in outputs] == ["error"]


def test_clear_output(session: Session) -> None:
    assert session.run("import IJulia; IJulia.clear_output(true)")[1] == [
        ("clear_output", {"wait": True})
    ]


def test_output_has_a_limit_that_says_so(session: Session) -> None:
    session.run("import IJulia; IJulia.set_max_stdio(1000)")
    _, outputs = session.run("for i in 1:1000; println(i); end; 5")
    texts: dict[str, str] = {"stdout": "", "stderr": ""}
    for kind, content in outputs:
        if kind == "stream":
            texts[content["name"]] += content["text"]
    assert len(texts["stdout"]) == 1000
    assert texts["stderr"].strip() == "Excessive output truncated after 1000 characters."
    assert outputs[-1][1]["data"]["text/plain"] == "5"
    # Each cell begins anew; 0 is no limit.
    assert session.run("print(1)")[1] == [("stream", {"name": "stdout", "text": "1"})]
    session.run("IJulia.set_max_stdio(0)")


def test_input_from_the_front_end(session: Session) -> None:
    sent = session.client.execute('name = readline(); "hello, $name"', allow_stdin=True)
    request: Any = session.client.get_stdin_msg(timeout=10)
    assert request["msg_type"] == "input_request"
    session.client.input("Julia")
    _, outputs = session.collect(sent)
    assert outputs[-1][1]["data"]["text/plain"] == '"hello, Julia"'
    reply, _ = session.run("readline()", allow_stdin=False)
    assert reply["evalue"] == "this front end does not implement stdin"


def test_inspection(session: Session) -> None:
    session.run('"""Twice `x`."""\ntwice(x) = 2x')
    found = session.reply(session.client.inspect("y = twice(3)", 7))
    assert found["found"]
    assert "Twice x." in found["data"]["text/plain"]
    assert "Twice `x`." in found["data"]["text/markdown"]
    # Within the parentheses it is about the function that is called.
    assert session.reply(session.client.inspect("twice(3, ", 9))["found"]
    assert not session.reply(session.client.inspect("nothing_like_it", 3))["found"]


def test_history(session: Session) -> None:
    session.run("1000 + 1")
    session.run("1000 + 2")
    found = session.reply(session.client.history(hist_access_type="tail", n=2))["history"]
    assert [entry[2] for entry in found] == ["1000 + 1", "1000 + 2"]
    found = session.reply(session.client.history(hist_access_type="search", pattern="1000*1", n=5))[
        "history"
    ]
    assert [entry[2] for entry in found] == ["1000 + 1"]


def test_width_of_what_is_shown(session: Session) -> None:
    session.run('ENV["COLUMNS"] = "40"; ENV["LINES"] = "12"')
    assert max(map(len, session.text("ones(3, 30)").split("\n"))) <= 40
    assert session.text("collect(1:100)").count("\n") < 12
    session.run('ENV["COLUMNS"] = "80"; ENV["LINES"] = "30"')
    assert max(map(len, session.text("ones(3, 30)").split("\n"))) > 40


def test_exit_ends_the_kernel() -> None:
    session = Session()
    try:
        session.client.execute("exit()")
        for _ in range(100):
            if not session.manager.is_alive():
                break
            time.sleep(0.1)
        assert not session.manager.is_alive()
    finally:
        session.client.stop_channels()
        session.manager.shutdown_kernel(now=True)
