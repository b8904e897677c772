"""The module InteractiveUtils: mostly names that Base has already, as at Julia's prompt."""

from __future__ import annotations

import time
from typing import Any

from juliette.display.io import STDOUT
from juliette.runtime.modules import PACKAGES, Base, Module
from juliette.stdlib import editing
from juliette.syntax.expr import Expr

NAMES = (
    "subtypes supertypes methodswith varinfo versioninfo clipboard @which @functionloc "
    "@code_lowered @code_typed @code_warntype @code_llvm @code_native code_llvm code_native "
    "code_warntype"
)


def load(module: Module) -> None:
    """Fill the module."""
    for name in NAMES.split():
        module.const(name, Base.get(name))
    module.const("apropos", Base.get("Docs").get("apropos"))

    @module.method("peakflops(n::Integer=4096; keywords...)", export=False)
    def peakflops(n: int = 4096, **keywords: Any) -> Any:
        """`LinearAlgebra.peakflops`"""
        linear_algebra = PACKAGES["LinearAlgebra"]
        linear_algebra.load()
        return linear_algebra.bindings["peakflops"].call_kw(keywords, n)

    @module.macro("time_imports", export=False)
    def time_imports(context: Any, e: Any) -> Any:
        """`@time_imports using A, B`: how long it takes to load each package."""
        if not (isinstance(e, Expr) and e.head in ("using", "import")):
            return e
        paths = [a for a in e.args if isinstance(a, Expr) and a.head == "."]
        if len(paths) != len(e.args):  # using A: x, y
            name = text_of_path(e.args[0].args[0])
            return Expr("toplevel", Expr("call", start), e, Expr("call", stop, name))
        timed = [
            part
            for path in paths
            for part in (
                Expr("call", start),
                Expr(e.head, path),
                Expr("call", stop, text_of_path(path)),
            )
        ]
        return Expr("toplevel", *timed)

    editing.load(module)


_STARTED = [0.0]


def start() -> None:
    _STARTED[0] = time.perf_counter()


def stop(name: str) -> None:
    STDOUT.write(f"{1000 * (time.perf_counter() - _STARTED[0]):9.1f} ms  {name}\n")


def text_of_path(path: Expr) -> str:
    return ".".join(getattr(part, "name", str(part)) for part in path.args)
