"""The walkthrough's 43 cells: through a session, and through the installed kernel."""

from __future__ import annotations

import io
import re
from pathlib import Path

import pytest

CELLS = [
    c.strip("\n")
    for c in re.split(
        r"^# %% \d+\n",
        Path(__file__).with_name("walkthrough.jl").read_text("utf-8"),
        flags=re.M,
    )[1:]
]

# What each cell shows; numbers of random cells are compared by form.
EXPECTED = {
    4: "1×2×3 Array{Float32, 3}:\n" + "\n\n".join(f"[:, :, {k}] =\n 1.0  1.0" for k in (1, 2, 3)),
    5: "Array{Float32, 3}",
    6: "f (generic function with 1 method)",
    7: "6",
    8: "df (generic function with 1 method)",
    9: "8.0",
    10: "d2f (generic function with 1 method)",
    11: "6.0",
    12: "f (generic function with 2 methods)",
    13: "([0.0, 2.0], [-0.0, -2.0])",
    16: "Grads(...)",
    17: "2-element Vector{Float64}:\n 0.0\n 2.0",
    18: "2-element Vector{Float64}:\n -0.0\n -2.0",
    21: "predict (generic function with 1 method)",
    22: "loss (generic function with 1 method)",
    27: "Grads(...)",
    31: "layer2 (generic function with 1 method)",
    32: "model (generic function with 1 method)",
    34: "linear (generic function with 1 method)",
    35: "#5 (generic function with 1 method)",
    36: "model (generic function with 1 method)",
    42: "26",
}
HEADS = {
    19: "2×5 Matrix{Float64}:",
    20: "2-element Vector{Float64}:",
    24: "5-element Vector{Float64}:",
    25: "2-element Vector{Float64}:",
    28: "2×5 Matrix{Float64}:",
    29: "2×5 Matrix{Float64}:",
    33: "2-element Vector{Float64}:",
    37: "2-element Vector{Float64}:",
    38: "5-element Vector{Float64}:",
    39: "2-element Vector{Float64}:",
    40: "2-element Vector{Float64}:",
    41: "2-element Vector{Float64}:",
}


def check(shown: dict[int, str]) -> None:
    for n, text in EXPECTED.items():
        assert shown.get(n) == text, f"cell {n}"
    for n, head in HEADS.items():
        assert shown[n].split("\n")[0] == head, f"cell {n}"
    assert not {1, 2, 3, 14, 15, 43} & set(shown)
    assert float(shown[30]) < float(shown[26])
    for n in (39, 40):
        assert sum(map(float, shown[n].split("\n")[1:])) == pytest.approx(1.0)


def test_there_are_43_cells() -> None:
    assert len(CELLS) == 43


def test_walkthrough_in_a_session() -> None:
    from juliette.interpreter import Interpreter

    session = Interpreter(stdout=io.StringIO(), stderr=io.StringIO())
    shown = {}
    for n, code in enumerate(CELLS, 1):
        outcome = session.run(code, f"In[{n}]")
        assert outcome.error is None, f"cell {n}: {outcome.error and outcome.error.render()}"
        if outcome.shown:
            shown[n] = session.display_text(outcome.value)
    check(shown)


@pytest.mark.slow
def test_walkthrough_through_the_kernel() -> None:
    from jupyter_client.manager import start_new_kernel

    manager, client = start_new_kernel(kernel_name="juliette", startup_timeout=60)
    try:
        shown: dict[int, str] = {}
        for n, code in enumerate(CELLS, 1):

            def hook(message: dict, n: int = n) -> None:  # type: ignore[type-arg]
                if message["msg_type"] == "execute_result":
                    shown[n] = message["content"]["data"]["text/plain"]

            reply = client.execute_interactive(code, timeout=60, output_hook=hook)
            assert reply["content"]["status"] == "ok", f"cell {n}: {reply['content']}"
        check(shown)
    finally:
        client.stop_channels()
        manager.shutdown_kernel(now=True)
