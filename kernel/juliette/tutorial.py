"""The tutorial's notebooks: where they are, copying them, opening them in JupyterLab."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator, Sequence
from hashlib import sha256
from importlib import metadata, util
from pathlib import Path, PurePosixPath

FIRST = "01-walkthrough.ipynb"
# Remembers what was copied, so that an unchanged old notebook may make way for a new one.
RECORD = ".juliette-tutorial.json"


def default_folder() -> Path:
    """Where the notebooks go if the user names no folder."""
    return Path.home() / "juliette-tutorial"


def source_folder() -> Path:
    """The notebooks as we ship them: beside the source, or where the installer put them."""
    beside = Path(__file__).parents[2] / "tutorial"
    if (beside / FIRST).is_file():
        return beside
    try:
        for file in metadata.files("juliette") or ():
            if PurePosixPath(file).as_posix().endswith(f"share/juliette/tutorial/{FIRST}"):
                return Path(str(file.locate())).resolve().parent
    except metadata.PackageNotFoundError:
        pass
    return Path(sys.prefix) / "share" / "juliette" / "tutorial"


def _files(folder: Path) -> Iterator[Path]:
    """All files of the tutorial, without what Jupyter or Python leave beside them."""
    for path in sorted(folder.rglob("*")):
        parts = path.relative_to(folder).parts
        if path.is_file() and not any(part.startswith((".", "__")) for part in parts):
            yield path


def copy_notebooks(source: Path, target: Path) -> list[str]:
    """Copy what is missing or outdated to `target`; gives the names of the changed files kept."""
    target.mkdir(parents=True, exist_ok=True)
    record = target / RECORD
    copied: dict[str, str] = {}
    if record.is_file():
        try:
            loaded = json.loads(record.read_text("utf-8"))
        except ValueError:
            loaded = {}
        copied = loaded if isinstance(loaded, dict) else {}
    kept: list[str] = []
    for path in _files(source):
        name = path.relative_to(source).as_posix()
        data = path.read_bytes()
        place = target / name
        if place.exists():
            present = sha256(place.read_bytes()).hexdigest()
            if present != sha256(data).hexdigest() and present != copied.get(name):
                kept.append(name)
                continue
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(data)
        copied[name] = sha256(data).hexdigest()
    record.write_text(json.dumps(copied, indent=1) + "\n", encoding="utf-8")
    return kept


def lab(folder: Path, options: Sequence[str], *, open_lab: bool = True) -> int:
    """Copy the notebooks to `folder` and open the first in JupyterLab."""
    source = source_folder()
    if not (source / FIRST).is_file():
        print(f"juliette: the tutorial is not in {source}", file=sys.stderr)
        return 1
    try:
        kept = copy_notebooks(source, folder)
    except OSError as error:
        print(f"juliette: cannot copy the tutorial: {error}", file=sys.stderr)
        return 1
    print(f"The tutorial is in {folder}")
    for name in kept:
        print(f"  kept as you changed it: {name}")
    if not open_lab:
        return 0
    if util.find_spec("jupyterlab") is None:
        print('juliette: this needs JupyterLab: pip install "juliette[lab]"', file=sys.stderr)
        return 1
    sys.stdout.flush()
    return _start_lab(folder / FIRST, options)


def _start_lab(notebook: Path, options: Sequence[str]) -> int:
    """Become JupyterLab, with our kernel among those it finds."""
    command = [sys.executable, "-m", "jupyterlab", os.fspath(notebook), *options]
    if getattr(os, "geteuid", lambda: 1)() == 0 and "--allow-root" not in options:
        # Containers often have no other user, and Jupyter starts for root only if told so.
        command.append("--allow-root")
    environment = _with_our_kernel()
    if os.name == "posix":
        os.execve(sys.executable, command, environment)
    import subprocess

    return subprocess.run(command, env=environment, check=False).returncode


def _with_our_kernel() -> dict[str, str]:
    """The environment; run from source, Jupyter is told where our kernel's description is."""
    environment = dict(os.environ)
    from jupyter_client.kernelspec import KernelSpecManager

    share = Path(__file__).parents[2] / "share" / "jupyter"
    if "juliette" not in KernelSpecManager().find_kernel_specs() and share.is_dir():
        paths = [os.fspath(share), environment.get("JUPYTER_PATH", "")]
        environment["JUPYTER_PATH"] = os.pathsep.join(path for path in paths if path)
    return environment
