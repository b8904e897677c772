"""Run the cells of a notebook on a Jupyter kernel, and read its outputs."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterable
from importlib.util import find_spec
from pathlib import Path
from typing import IO, Any

from juliette.testing.compare import Output, OutputKind

OUR_KERNEL = "juliette"
DEFAULT_TIMEOUT = 300.0


class CheckError(Exception):
    """The check itself could not be made: no such kernel, an unreadable file."""


def kernel_for(metadata: dict[str, Any]) -> str:
    """The kernel to run a notebook with: ours for Julia, whatever its version, else its own."""
    spec = metadata.get("kernelspec", {})
    info = metadata.get("language_info", {})
    name = str(spec.get("name", ""))
    language = str(spec.get("language") or info.get("name") or "").lower()
    if language == "julia" or (not language and name.startswith("julia-")):
        return OUR_KERNEL
    return name or ("python3" if language in ("python", "") else language)


def new_notebook(sources: list[str]) -> Any:
    """A notebook of code cells."""
    if has_nbclient():
        import nbformat

        cells = [nbformat.v4.new_code_cell(source) for source in sources]
        return nbformat.v4.new_notebook(cells=cells)
    from juliette.testing.plain import Node

    made = [Node(cell_type="code", source=source, metadata=Node()) for source in sources]
    return Node(nbformat=4, metadata=Node(), cells=made)


def run_notebook(
    notebook: Any, *, kernel: str, folder: Path, timeout: float = DEFAULT_TIMEOUT
) -> str | None:
    """Run all cells in place; errors in cells are outputs. Says why, if the run was cut short."""
    import jupyter_client.kernelspec

    for cell in notebook.cells:
        if cell.cell_type == "code":
            cell.outputs = []
            cell.execution_count = None
    # What a kernel says to the terminal is of interest only if it dies of it.
    with tempfile.TemporaryFile() as log:
        try:
            stopped = _run(notebook, kernel, folder, timeout, log)
        except jupyter_client.kernelspec.NoSuchKernel as error:
            raise CheckError(
                f"no Jupyter kernel is called `{kernel}`; `jupyter kernelspec list` shows those "
                "there are, and --kernel NAME chooses one"
            ) from error
        except RuntimeError as error:
            raise CheckError(
                "\n".join([f"the kernel `{kernel}`: {error}", *_last_words(log)])
            ) from error
        if stopped == _DIED:
            return "\n".join([_DIED, *_last_words(log)])
        return stopped


_DIED = "the kernel died"


def has_nbclient() -> bool:
    """Whether the libraries for notebooks are there; the kernel can do without them."""
    return find_spec("nbclient") is not None and find_spec("nbformat") is not None


def _run(notebook: Any, kernel: str, folder: Path, timeout: float, log: IO[bytes]) -> str | None:
    """Run by nbclient if it is there; says why, if the run was cut short."""
    if not has_nbclient():
        from juliette.testing import plain

        return plain.execute(notebook, kernel=kernel, folder=folder, timeout=timeout, log=log)
    from nbclient import NotebookClient
    from nbclient.exceptions import CellTimeoutError, DeadKernelError

    client = NotebookClient(
        notebook,
        kernel_name=kernel,
        timeout=timeout,
        allow_errors=True,
        coalesce_streams=True,
        resources={"metadata": {"path": os.fspath(folder)}},
    )
    try:
        client.execute(stderr=log)
    except CellTimeoutError:
        return f"a cell ran for more than {timeout:g} seconds, and the run was stopped"
    except DeadKernelError:
        return _DIED
    return None


def _last_words(log: IO[bytes]) -> list[str]:
    """The end of what a kernel said to the terminal."""
    log.seek(0)
    return log.read().decode("utf-8", "replace").strip().splitlines()[-_LAST_WORDS:]


_LAST_WORDS = 10

_STREAMS: dict[str, OutputKind] = {"stdout": "stdout", "stderr": "stderr"}


def read_outputs(outputs: Iterable[Any]) -> list[Output]:
    """What counts of a cell's outputs: plain text, streams, and the names of errors."""
    found: list[Output] = []
    for output in outputs:
        match output["output_type"]:
            case "stream":
                found.append(Output(_STREAMS.get(output["name"], "stream"), _text(output["text"])))
            case "execute_result":
                found.append(Output("result", _text(output["data"].get("text/plain", ""))))
            case "display_data":
                found.append(Output("display", _text(output["data"].get("text/plain", ""))))
            case "error":
                found.append(Output("error", str(output["ename"])))
    return found


def _text(value: str | list[str]) -> str:
    """Text that a notebook file may hold as a list of lines."""
    return value if isinstance(value, str) else "".join(value)
