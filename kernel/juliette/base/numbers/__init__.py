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
- `hyperbolic`: `sinh` and `cosh`
- `trigonometry`: angles in degrees and half turns, reciprocal functions, `hypot`
- `irrationals`: π, ℯ and other constants, exact until they meet another number
- `rationals`: rational numbers
- `complexes`: complex numbers
- `circle`: points of the unit circle, `cis`
- `complex_functions`: elementary functions of complex numbers
- `parsing`: `parse` and `tryparse`
- `text`: digits, big literals, precision
- `checked`: arithmetic that notices overflow
"""
