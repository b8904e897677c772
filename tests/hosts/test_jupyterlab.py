"""The walkthrough in JupyterLab: a headless Chromium opens it, runs all cells, reads the page."""

from __future__ import annotations

import base64
import itertools
import json
import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

pytestmark = [pytest.mark.browser, pytest.mark.slow]

NOTEBOOK = Path(__file__).parents[2] / "tutorial" / "01-walkthrough.ipynb"
BROWSERS = ("chromium", "chromium-browser", "google-chrome")
OPTIONS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--remote-allow-origins=*",
    "--window-size=1200,1600",
]


# What takes longer than this on a busy machine does not come any more.
PATIENCE = 240


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def wait(condition: Callable[[], Any], what: str) -> Any:
    """What the condition gives, as soon as it gives something."""
    last: Exception | None = None
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        try:
            if found := condition():
                return found
        except (OSError, ValueError) as error:
            last = error
        time.sleep(0.25)
    pytest.fail(f"waited in vain for {what} ({last})")


@contextmanager
def program(command: list[str], **options: Any) -> Iterator[None]:
    """A program that runs meanwhile."""
    process = subprocess.Popen(
        command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, **options
    )
    try:
        yield
    finally:
        process.terminate()
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


class Page:
    """A page, through the DevTools protocol."""

    def __init__(self, url: str) -> None:
        websocket = pytest.importorskip("websocket")
        self.socket = websocket.create_connection(url, timeout=PATIENCE)
        self.numbers = itertools.count(1)

    def call(self, method: str, **params: Any) -> dict[str, Any]:
        """One command, and its answer."""
        number = next(self.numbers)
        self.socket.send(json.dumps({"id": number, "method": method, "params": params}))
        while True:
            answer = json.loads(self.socket.recv())
            if answer.get("id") == number:
                result: dict[str, Any] = answer["result"]
                return result

    def evaluate(self, script: str) -> Any:
        """The value of a script in the page."""
        done = self.call("Runtime.evaluate", expression=script, returnByValue=True)
        return done["result"].get("value")

    def screenshot(self, path: Path) -> None:
        """What the page looks like."""
        path.write_bytes(base64.b64decode(self.call("Page.captureScreenshot")["data"]))


def targets(profile: Path) -> list[dict[str, Any]]:
    """The pages of a browser, which notes in its profile the port that it chose."""
    port = int((profile / "DevToolsActivePort").read_text("utf-8").split()[0])
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/json", timeout=5) as reply:
        found: list[dict[str, Any]] = json.load(reply)
    return [target for target in found if target["type"] == "page"]


# Without a click nothing has the focus, so no widget is the current one.
PANEL = "Array.from(window.jupyterapp?.shell?.widgets('main') ?? []).find(w => w.content?.widgets)"
CELLS = f"{PANEL}?.content?.widgets"
OUTPUTS = f"JSON.stringify(Array.from({CELLS} ?? []).map(c => c.model.outputs?.toJSON() ?? []))"
DONE = (
    f"Array.from({CELLS} ?? []).filter(c => c.model.type === 'code' && c.model.sharedModel.source)"
    ".every(c => c.model.executionCount)"
)


# What a mistake looks like: the last cell, which is not the walkthrough's.
WRONG = "inverse_root(x) = 1 / sqrt(x)\n\ninverse_root(-4.0)"
# The launcher shows each kernel with its logo.
LOGO = (
    "Array.from(document.querySelectorAll('.jp-Launcher img'))"
    ".find(i => i.src.includes('juliette'))"
)
SHOWN = "document.querySelector('.jp-Notebook')?.innerText"
COLORED = "document.querySelectorAll('.jp-CodeCell .cm-content span').length"
RED = "document.querySelectorAll('.jp-OutputArea .ansi-red-intense-fg').length"


def test_the_walkthrough_runs_in_jupyterlab(tmp_path: Path) -> None:
    browser = next(filter(None, map(shutil.which, BROWSERS)), None)
    if browser is None:
        pytest.skip("NO BROWSER: the walkthrough was not tried in JupyterLab")
    content = json.loads(NOTEBOOK.read_text("utf-8"))
    for cell in content["cells"]:
        if cell["cell_type"] == "code":
            cell["outputs"], cell["execution_count"] = [], None
    content["cells"].append(
        {
            "cell_type": "code",
            "id": "wrong",
            "metadata": {},
            "source": WRONG,
            "outputs": [],
            "execution_count": None,
        }
    )
    content["metadata"]["kernelspec"] = {
        "name": "julia-1.7",
        "display_name": "Julia 1.7",
        "language": "julia",
    }
    (tmp_path / "walkthrough.ipynb").write_text(json.dumps(content), "utf-8")
    lab, profile = free_port(), tmp_path / "profile"
    environment = {**os.environ, "JUPYTER_CONFIG_DIR": str(tmp_path / "config")}
    command = [sys.executable, "-m", "jupyterlab", "--no-browser", f"--port={lab}"]
    command += ["--ip=127.0.0.1", "--allow-root", "--expose-app-in-browser"]
    command += ["--IdentityProvider.token=", "--ServerApp.password=", f"--notebook-dir={tmp_path}"]
    window = [browser, *OPTIONS, f"--user-data-dir={profile}"]
    window += ["--remote-debugging-port=0", "about:blank"]
    url = f"http://127.0.0.1:{lab}"

    def answers() -> bool:
        with urllib.request.urlopen(f"{url}/api", timeout=5) as reply:
            return bool(reply.status == 200)

    with program(command, env=environment), program(window):
        wait(answers, "JupyterLab")
        page = Page(wait(lambda: targets(profile), "the browser")[0]["webSocketDebuggerUrl"])
        page.call("Page.navigate", url=f"{url}/lab/tree/walkthrough.ipynb")
        state = f"{PANEL}?.sessionContext?.session?.kernel?.status"
        wait(lambda: page.evaluate(state) == "idle", "the kernel, chosen without being asked")
        kernel = page.evaluate(state.replace("status", "name"))
        assert kernel == "juliette"
        page.evaluate(f"window.jupyterapp.shell.activateById({PANEL}.id)")
        page.evaluate("void window.jupyterapp.commands.execute('notebook:run-all-cells')")
        wait(lambda: page.evaluate(DONE), "all cells")
        wait(lambda: page.evaluate(state) == "idle", "the end of the last cell")
        outputs = json.loads(page.evaluate(OUTPUTS))
        # Only the part of the notebook that is in sight is in the page: now its end.
        wait(
            lambda: "2-element Vector{Float64}:" in (page.evaluate(SHOWN) or ""),
            "the last values",
        )
        wait(lambda: page.evaluate(COLORED) > 20, "Julia's colours")
        folder = Path(os.environ.get("JULIETTE_SCREENSHOTS", tmp_path))
        page.screenshot(folder / "walkthrough.png")
        # JupyterLab keeps only what is in sight on the page.
        page.evaluate(f"void {PANEL}.content.scrollToItem({CELLS}.length - 1)")
        wait(lambda: page.evaluate(RED), "the error in red")
        page.evaluate("void window.jupyterapp.commands.execute('launcher:create')")
        wait(lambda: page.evaluate(f"{LOGO}?.naturalWidth > 0"), "the launcher with our logo")
        page.screenshot(folder / "launcher.png")
    flat = [output for cell in outputs for output in cell]
    errors = [output for output in flat if output["output_type"] == "error"]
    assert [error["ename"] for error in errors] == ["DomainError"]
    assert errors[0] in outputs[-1]
    texts = ["".join(output.get("data", {}).get("text/plain", "")) for output in flat]
    assert "([0.0, 2.0], [-0.0, -2.0])" in texts
    assert "Grads(...)" in texts
