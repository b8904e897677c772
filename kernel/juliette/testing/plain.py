"""Notebooks read, run and written with what the kernel itself needs, where nbclient is missing."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import IO, Any

_MIMES_OF_TEXT = ("text/", "application/javascript", "image/svg+xml")


class Node(dict[str, Any]):
    """A dictionary of the file, with its keys as attributes."""

    def __getattr__(self, name: str) -> Any:
        try:
            return self[name]
        except KeyError:
            raise AttributeError(name) from None

    def __setattr__(self, name: str, value: Any) -> None:
        self[name] = value

    def __deepcopy__(self, memo: dict[int, Any]) -> Node:
        return Node(json.loads(json.dumps(self), object_hook=Node))


def _joined(value: Any) -> Any:
    """Text that the file holds as a list of lines."""
    if isinstance(value, list) and all(isinstance(line, str) for line in value):
        return "".join(value)
    return value


def read(text: str) -> Node:
    """A notebook of format 4; ValueError for anything else."""
    notebook = json.loads(text, object_hook=Node)
    if not isinstance(notebook, Node) or notebook.get("nbformat") != 4:
        raise ValueError("not of format 4")
    for cell in notebook.cells:
        cell.source = _joined(cell.source)
        cell.setdefault("metadata", Node())
        for output in cell.get("outputs", []):
            if "text" in output:
                output["text"] = _joined(output["text"])
            if "data" in output:
                output["data"] = Node({k: _joined(v) for k, v in output["data"].items()})
    return notebook


def write(notebook: Node) -> str:
    """The file's text, in the form in which Jupyter writes it."""
    made = json.loads(json.dumps(notebook), object_hook=Node)
    for cell in made.cells:
        cell.source = cell.source.splitlines(keepends=True)
        for output in cell.get("outputs", []):
            if "text" in output:
                output["text"] = output["text"].splitlines(keepends=True)
            for mime, value in output.get("data", {}).items():
                if isinstance(value, str) and mime.startswith(_MIMES_OF_TEXT):
                    output["data"][mime] = value.splitlines(keepends=True)
    return json.dumps(made, indent=1, ensure_ascii=False, sort_keys=True) + "\n"


class Run:
    """A kernel for one notebook."""

    def __init__(self, kernel: str, folder: Path, log: IO[bytes]) -> None:
        from jupyter_client.manager import start_new_kernel

        self.manager, self.client = start_new_kernel(
            kernel_name=kernel, cwd=os.fspath(folder), stderr=log
        )

    def cell(self, cell: Node, timeout: float) -> None:
        """Run a cell and keep its outputs."""
        outputs: list[Node] = cell.outputs
        clear_first = False

        def take(message: Any) -> None:
            nonlocal clear_first
            kind, content = message["msg_type"], message["content"]
            if kind == "clear_output":
                clear_first = True
                if not content.get("wait"):
                    outputs.clear()
                    clear_first = False
                return
            if kind not in ("stream", "display_data", "execute_result", "error"):
                return
            if clear_first:
                outputs.clear()
                clear_first = False
            if kind == "stream":
                for before in outputs:
                    if before.output_type == "stream" and before.name == content["name"]:
                        before.text += content["text"]
                        return
            kept = {k: v for k, v in content.items() if k != "transient"}
            outputs.append(Node(output_type=kind, **kept))

        reply = self.client.execute_interactive(
            cell.source,
            allow_stdin=False,
            stop_on_error=False,
            timeout=timeout,
            output_hook=take,
        )
        cell.execution_count = reply["content"].get("execution_count")

    def close(self) -> None:
        """Stop the kernel."""
        self.client.stop_channels()
        self.manager.shutdown_kernel(now=True)


def execute(
    notebook: Node, *, kernel: str, folder: Path, timeout: float, log: IO[bytes]
) -> str | None:
    """Run all cells in place. Says why, if the run was cut short; RuntimeError if none began."""
    run = Run(kernel, folder, log)
    try:
        for cell in notebook.cells:
            if cell.cell_type == "code" and cell.source.strip():
                run.cell(cell, timeout)
    except TimeoutError:
        return f"a cell ran for more than {timeout:g} seconds, and the run was stopped"
    except RuntimeError:
        return "the kernel died"
    finally:
        run.close()
    return None
