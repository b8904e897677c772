"""Adding the kernel to Jupyter, removing it, and looking whether it is well."""

from __future__ import annotations

import json
import sys
import tempfile
import time
from pathlib import Path


def _specification(name: str, env: dict[str, str]) -> dict[str, object]:
    """What Jupyter is told: this very Python, by its absolute path."""
    return {
        "argv": [sys.executable, "-m", "juliette.jupyter", "-f", "{connection_file}"],
        "display_name": "Juliette" if name == "juliette" else f"Juliette ({name})",
        "language": "julia",
        "interrupt_mode": "signal",
        "env": env,
        "metadata": {"supported_encryption": ["curve"]},
    }


def install(
    *,
    user: bool = True,
    prefix: str | None = None,
    name: str = "juliette",
    env: dict[str, str] | None = None,
) -> str:
    """Add the kernel under `name`; gives the folder it went to."""
    from jupyter_client.kernelspec import KernelSpecManager

    with tempfile.TemporaryDirectory() as folder:
        text = json.dumps(_specification(name, env or {}), indent=1)
        (Path(folder) / "kernel.json").write_text(text + "\n", encoding="utf-8")
        place = KernelSpecManager().install_kernel_spec(folder, name, user=user, prefix=prefix)
    print(f"Installed the kernel {name} in {place}")
    return str(place)


def uninstall(*, user: bool = True, prefix: str | None = None, name: str = "juliette") -> None:
    """Remove the kernel `name`."""
    import shutil

    from jupyter_client.kernelspec import KernelSpecManager
    from jupyter_core.paths import jupyter_data_dir

    root = Path(prefix) / "share" / "jupyter" if prefix else Path(jupyter_data_dir())
    place = root / "kernels" / name
    if not (place / "kernel.json").is_file():
        known = ", ".join(sorted(KernelSpecManager().find_kernel_specs()))
        raise LookupError(f"no kernel {name} in {root / 'kernels'}; Jupyter finds: {known}")
    shutil.rmtree(place)
    print(f"Removed {place}")


def doctor() -> int:
    """Print which kernels Jupyter finds, and try ours; 0 if it answers."""
    from jupyter_client.kernelspec import KernelSpecManager

    specs = KernelSpecManager().get_all_specs()
    print(f"Python: {sys.executable}")
    for name, entry in sorted(specs.items()):
        print(f"{name}: {entry['resource_dir']}\n    {' '.join(entry['spec']['argv'])}")
    if "juliette" not in specs:
        print("The kernel juliette is not among them: try `juliette install`")
        return 1
    return _handshake()


def _handshake() -> int:
    """Start our kernel and wait for its first answer."""
    from jupyter_client.manager import start_new_kernel

    started = time.perf_counter()
    try:
        manager, client = start_new_kernel(kernel_name="juliette", startup_timeout=30)
    except RuntimeError as error:
        print(f"The kernel juliette does not start: {error}")
        return 1
    print(f"The kernel juliette answers after {time.perf_counter() - started:.2f} s")
    client.stop_channels()
    manager.shutdown_kernel(now=True)
    return 0
