"""Numbers: arithmetic, comparison, mathematics; elementwise kernels for broadcasting.

- `promotion`: the common type of two; the unions used in headers; `KERNELS` for broadcasting
- `arithmetic`: `+ - * / ^`, zero and one
- `comparison`: `== < isless isequal isapprox max min clamp`
- `integers`: division in all its forms, parity, logic
- `theory`: number theory
- `bits`: bits and shifts
- `floats`: limits, neighbours, parts and bits of a number
- `questions`: `isnan isinteger iszero signbit`; `float` and `big`
- `rounding`: `round floor ceil trunc` and the rounding modes
- `mathematics`: elementary functions
- `trigonometry`: angles in degrees and half turns, reciprocal functions, `hypot`
- `rationals`: rational numbers and irrational constants
- `complexes`: complex numbers
- `complex_functions`: elementary functions of complex numbers
- `text`: `parse`, digits, big literals, precision, checked arithmetic
"""

from juliette.base.numbers import (
    arithmetic, bits, comparison, complex_functions, complexes, floats, integers, mathematics, promotion, questions,
    rationals, rounding, text, theory, trigonometry,
)
from juliette.base.numbers.promotion import KERNELS, promote_type, typejoin
from juliette.runtime.numeric import HIGH, LOW, Irrational, wrap

__all__ = [
    "HIGH", "KERNELS", "LOW", "Irrational", "arithmetic", "bits", "comparison", "complex_functions", "complexes", "floats",
    "integers", "mathematics", "promote_type", "promotion", "questions", "rationals", "rounding", "text", "theory",
    "trigonometry", "typejoin", "wrap",
]
