"""What it costs to start, to answer and to stop: the hosts' times, as medians of one run.

    python benchmarks/hosts.py [ROUNDS]

Everything is measured against its yardstick in turns: the command against `import numpy`, our
kernel against ipykernel's own. Python's bytecode is cached, as after an installation.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from typing import Any

FLUX = "using Flux"
CHAIN = (
    "m = Chain(Dense(10, 5, σ), Dense(5, 2)); x = rand(10); gradient(() -> sum(m(x)), params(m))"
)
# A fresh session does both, one after the other, and prints the seconds that each took.
STEPS = """
import sys, time
from juliette.interpreter import Interpreter
session = Interpreter()
for code in sys.argv[1:]:
    start = time.perf_counter()
    outcome = session.run(code)
    assert outcome.error is None, outcome.error.render()
    print(time.perf_counter() - start)
"""
TRAINING = (
    "m = Chain(Dense(10, 5, σ), Dense(5, 2)); x = rand(10); ps = params(m); opt = Descent(0.1);"
    " for i in 1:10^7; gs = gradient(() -> sum(m(x)), ps); Flux.update!(opt, ps, gs); end"
)
LOOPS = {"while true end": "", "sleep(100)": "", TRAINING: FLUX}


def environment(cache: str) -> dict[str, str]:
    """Our environment, with a place for bytecode."""
    kept = {k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"}
    return {**kept, "PYTHONPYCACHEPREFIX": cache}


def process(env: dict[str, str], *arguments: str) -> tuple[float, str]:
    """How long a Python process takes from start to end, and what it prints."""
    start = time.perf_counter()
    done = subprocess.run(
        [sys.executable, *arguments], env=env, capture_output=True, text=True, check=True
    )
    return time.perf_counter() - start, done.stdout


class Kernel:
    """A running kernel and a client."""

    def __init__(self, name: str, env: dict[str, str]) -> None:
        from jupyter_client.manager import KernelManager

        self.manager = KernelManager(kernel_name=name)
        start = time.perf_counter()
        self.manager.start_kernel(env=env, stderr=subprocess.DEVNULL)
        self.client = self.manager.blocking_client()
        self.client.start_channels()
        self._reply(self.client.kernel_info())
        self.ready = time.perf_counter() - start
        self._reply(self.client.execute("1+1"))
        self.first = time.perf_counter() - start
        self.client.wait_for_ready(timeout=30)

    def _reply(self, sent: str) -> Any:
        while True:
            message: Any = self.client.get_shell_msg(timeout=60)
            if message["parent_header"].get("msg_id") == sent:
                return message["content"]

    def _idle(self, sent: str) -> str:
        """Wait until a request is done; gives the text that was printed."""
        text = ""
        while True:
            message: Any = self.client.get_iopub_msg(timeout=60)
            if message["parent_header"].get("msg_id") != sent:
                continue
            if message["msg_type"] == "stream":
                text += message["content"]["text"]
            if message["content"].get("execution_state") == "idle":
                return text

    def reply(self) -> float:
        """The time from `1+1` to its reply."""
        start = time.perf_counter()
        sent = self.client.execute("1+1")
        self._reply(sent)
        took = time.perf_counter() - start
        self._idle(sent)
        return took

    def printed(self, code: str, expected: str) -> float:
        """The time until all that a cell prints is there."""
        start = time.perf_counter()
        sent = self.client.execute(code)
        text = self._idle(sent)
        took = time.perf_counter() - start
        self._reply(sent)
        if text != expected:
            raise SystemExit(f"{len(text)} of {len(expected)} characters arrived")
        return took

    def interrupted(self, code: str, before: str) -> float:
        """The time from an interrupt to idle."""
        if before:
            self._idle(self.client.execute(before))
        sent = self.client.execute(code)
        time.sleep(0.6)
        start = time.perf_counter()
        self.manager.interrupt_kernel()
        self._idle(sent)
        took = time.perf_counter() - start
        # The replies of the cells before are still there to be read.
        reply = self._reply(sent)
        if reply.get("ename") != "InterruptException":
            raise SystemExit(f"not interrupted, but {reply}")
        return took

    def close(self) -> None:
        """Stop it."""
        self.client.stop_channels()
        self.manager.shutdown_kernel(now=True)


def row(title: str, found: list[float], bound: str = "") -> None:
    """One line of the table: median, and the range."""
    low, middle, high = (f(found) * 1000 for f in (min, statistics.median, max))
    print(f"| {title} | {middle:.4g} ms | {low:.4g} to {high:.4g} | {bound} |", flush=True)


def turns(rounds: int, measures: dict[str, Callable[[], float]]) -> dict[str, list[float]]:
    """Each measure, in turns."""
    found: dict[str, list[float]] = {name: [] for name in measures}
    for _ in range(rounds):
        for name, measure in measures.items():
            found[name].append(measure())
    return found


def main(rounds: int) -> None:
    """Print the table."""
    with tempfile.TemporaryDirectory() as cache:
        env = environment(cache)
        process(env, "-c", STEPS, FLUX, CHAIN)
        print("| what | median | range | bound |\n|---|---|---|---|")
        commands = turns(
            rounds,
            {
                "numpy": lambda: process(env, "-c", "import numpy")[0],
                "one": lambda: process(env, "-m", "juliette", "-e", "1")[0],
            },
        )
        numpy = statistics.median(commands["numpy"])
        row('`python -c "import numpy"`', commands["numpy"])
        row("`juliette -e 1`", commands["one"], f"{1000 * numpy + 250:.0f} ms (numpy + 250)")
        steps = [process(env, "-c", STEPS, FLUX, CHAIN)[1].split() for _ in range(rounds)]
        row("`using Flux`", [float(using) for using, _ in steps], "200 ms")
        row("first `gradient` through a Chain", [float(first) for _, first in steps], "200 ms")
        kernels(rounds, env)


def kernels(rounds: int, env: dict[str, str]) -> None:
    """The rows about the two kernels."""
    names = ("python3", "juliette")
    started: dict[str, list[Kernel]] = {name: [] for name in names}
    for _ in range(rounds):
        for name in names:
            kernel = Kernel(name, env)
            started[name].append(kernel)
            kernel.close()
    for name in names:
        row(f"{name}: start to ready", [kernel.ready for kernel in started[name]])
    for name in names:
        row(f"{name}: start to the reply to `1+1`", [kernel.first for kernel in started[name]])
    live = {name: Kernel(name, env) for name in names}
    replies = turns(rounds * 20, {name: live[name].reply for name in names})
    for name in names:
        row(f"{name}: reply to `1+1`", replies[name])
    lines = "".join(f"{number}\n" for number in range(100_000))
    programs = {
        "python3": "for i in range(100000): print(i)",
        "juliette": "for i in 0:99999; println(i); end",
    }
    for name in names:
        found = [live[name].printed(programs[name], lines) for _ in range(3)]
        row(f"{name}: 10^5 lines printed, all of them", found, "2000 ms")
    for code, before in LOOPS.items():
        found = [live["juliette"].interrupted(code, before) for _ in range(3)]
        title = "a training loop" if before else f"`{code}`"
        row(f"interrupt of {title} to idle", found, "1200 ms")
    for kernel in live.values():
        kernel.close()


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 7)
