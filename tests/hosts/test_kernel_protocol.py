"""The kernel, through the protocol: conformance, output, interrupts, input, shutdown."""

from __future__ import annotations

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


@pytest.mark.parametrize("code", ["while true end", "while true; sqrt(2.0); end"])
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
    assert time.perf_counter() - interrupted[0] < 3
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


def test_interrupt_by_message(session: Session) -> None:
    """The other way: a request on the control channel."""
    sent = session.client.execute("while true end")
    time.sleep(0.4)
    control = session.client.control_channel
    message = session.client.session.msg("interrupt_request", {})
    threading.Timer(0, control.send, [message]).start()
    reply, _ = session.collect(sent)
    assert reply["ename"] == "InterruptException"
