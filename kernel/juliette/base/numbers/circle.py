"""Points of the unit circle: `cis`, `cispi`."""

from __future__ import annotations

from typing import Any

import numpy as np

from juliette.base.numbers.complexes import call, make
from juliette.runtime.kernels import KERNELS
from juliette.runtime.modules import Base


@Base.method("cis(x::Real)", transparent=True)
def cis(x: Any) -> Any:
    """`cos(x) + im*sin(x)`

    ```jldoctest
    julia> cis(0)
    1.0 + 0.0im
    ```
    """
    return make(call("cos", x), call("sin", x))


@Base.method("cis(z::Complex)", transparent=True)
def cis_complex(z: Any) -> Any:
    return call("*", call("exp", call("-", call("imag", z))), cis(call("real", z)))


@Base.method("cispi(x::Real)", transparent=True)
def cispi(x: Any) -> Any:
    """`cis(π*x)`, exact at halves."""
    return make(call("cospi", x), call("sinpi", x))


_FEW = 8


def _around(cosine: str, sine: str) -> Any:
    """The points of the unit circle for a whole array of angles."""

    def whole(x: Any) -> Any:
        if x.dtype.kind == "c" or x.dtype == np.float16:
            return NotImplemented  # the loop has a method for these
        if x.size <= _FEW:
            return NotImplemented  # the loop is faster than the many steps of a whole array
        from juliette.base.numbers import trigonometry  # noqa: F401 - brings the kernels

        wide = x.astype(np.float64)
        re, im = (KERNELS[Base.get(f)](wide) for f in (cosine, sine))
        if re is NotImplemented or im is NotImplemented:
            return NotImplemented
        kind = np.complex64 if x.dtype == np.float32 else np.complex128
        out = np.empty(x.shape, kind, order="F")
        out.real, out.imag = re, im
        return out

    whole.nin = 1  # type: ignore[attr-defined]
    return whole


KERNELS[Base.bindings["cis"]] = _around("cos", "sin")
KERNELS[Base.bindings["cispi"]] = _around("cospi", "sinpi")
