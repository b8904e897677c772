"""Kernelspecs: put in place with this very Python, removed, and looked at."""

from __future__ import annotations

import json
import shutil
import sys
import tempfile
from pathlib import Path
from typing import Any

NAME = "juliette"
DISPLAY_NAME = "Juliette"
LOGOS = ("logo-32x32.png", "logo-64x64.png", "logo-svg.svg")


def logo_folder() -> Path | None:
    """Where the logos are: in the environment, or beside the source."""
    here = Path(__file__).resolve()
    for root in (Path(sys.prefix), here.parents[3]):
        folder = root / "share" / "jupyter" / "kernels" / NAME
        if (folder / LOGOS[0]).exists():
            return folder
    return None


def specification(name: str, env: dict[str, str]) -> dict[str, Any]:
    """The content of `kernel.json`, with the absolute path of this Python."""
    return {
        "argv": [sys.executable, "-m", "juliette.jupyter", "-f", "{connection_file}"],
        "display_name": DISPLAY_NAME if name == NAME else f"{DISPLAY_NAME} ({name})",
        "language": "julia",
        "interrupt_mode": "signal",
        "env": env,
    }


def install(
    user: bool = True,
    prefix: str | None = None,
    sys_prefix: bool = False,
    name: str = NAME,
    env: dict[str, str] | None = None,
) -> Path:
    """Add a kernel to Jupyter; gives the folder of its specification."""
    from jupyter_client.kernelspec import KernelSpecManager

    place = sys.prefix if sys_prefix else prefix
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        text = json.dumps(specification(name, env or {}), indent=2) + "\n"
        (folder / "kernel.json").write_text(text, "utf-8")
        logos = logo_folder()
        for logo in LOGOS if logos is not None else ():
            shutil.copy(logos / logo, folder / logo)  # type: ignore[operator]
        # A temporary folder is private; a specification is for all who may see the place.
        folder.chmod(0o755)
        path = Path(
            KernelSpecManager().install_kernel_spec(
                str(folder), kernel_name=name, user=user and place is None, prefix=place
            )
        )
    print(f"Installed the kernel `{name}` in {path}")
    return path


def uninstall(
    name: str = NAME, *, user: bool = True, prefix: str | None = None, sys_prefix: bool = False
) -> Path:
    """Remove a kernel that `install` added."""
    from jupyter_core.paths import jupyter_data_dir

    place = sys.prefix if sys_prefix else prefix
    data = Path(place) / "share" / "jupyter" if place is not None else Path(jupyter_data_dir())
    folder = data / "kernels" / name
    try:
        argv = json.loads((folder / "kernel.json").read_text("utf-8"))["argv"]
    except (OSError, ValueError, KeyError):
        raise LookupError(f"no kernel `{name}` in {data / 'kernels'}") from None
    if "juliette.jupyter" not in argv:
        raise ValueError(f"the kernel `{name}` is not one of ours")
    shutil.rmtree(folder)
    print(f"Removed the kernel `{name}` from {folder.parent}")
    return folder


def doctor() -> int:
    """Print each kernel that Jupyter finds, and ask ours for an answer; 0 if it gives one."""
    from jupyter_client.kernelspec import KernelSpecManager

    specs = KernelSpecManager().get_all_specs()
    ours = []
    for name in sorted(specs):
        spec = specs[name]["spec"]
        program = str(spec["argv"][0])
        if program in ("python", "python3"):
            program = f"{program} (taken to be {sys.executable})"
            missing = False
        else:
            missing = shutil.which(program) is None
        print(f"{name}: {spec['display_name']} ({spec['language']})")
        print(f"    {specs[name]['resource_dir']}")
        print(f"    {program}{'  MISSING' if missing else ''}")
        if "juliette.jupyter" in spec["argv"]:
            ours.append(name)
    if not ours:
        print("No kernel of Juliette's was found: `juliette install` adds one.")
        return 1
    failed = 0
    for name in ours:
        trouble = handshake(name)
        print(f"{name} answers." if trouble is None else f"{name} does NOT answer: {trouble}")
        failed += trouble is not None
    return 1 if failed else 0


def handshake(name: str) -> str | None:
    """Start a kernel, run `1 + 1` on it; what went wrong, if anything did."""
    from jupyter_client.manager import start_new_kernel

    try:
        manager, client = start_new_kernel(kernel_name=name, startup_timeout=30)
    except Exception as error:
        return f"{type(error).__name__}: {error}"
    try:
        reply: Any = client.execute_interactive("1 + 1;", timeout=30)
        status = reply["content"]["status"]
        return None if status == "ok" else str(reply["content"].get("evalue", status))
    except Exception as error:
        return f"{type(error).__name__}: {error}"
    finally:
        client.stop_channels()
        manager.shutdown_kernel(now=True)
