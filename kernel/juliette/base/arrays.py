"""Arrays: loads the modules of the chapter, and names what others need of them.

- `array_protocol`: what holds for every array, native or a user's own
- `cartesian`, `indexing`, `views`: all ways to read and write elements
- `array_construction`, `concatenation`, `ranges`: making arrays
- `array_size`: sizes, axes, bounds
- `reshaping`, `vectors`: other shapes, other lengths
- `reductions`, `array_searching`, `array_arithmetic`, `matrices`: computing with whole arrays
"""

from __future__ import annotations

from juliette.base import array_protocol, cartesian, indexing
from juliette.base import array_size, views  # isort: skip
from juliette.base import array_construction, concatenation, ranges, reshaping, vectors  # isort: skip
from juliette.base import array_arithmetic, array_searching, matrices, reductions  # isort: skip
from juliette.base.array_arithmetic import product, same_shape
from juliette.base.array_construction import copy, typed, vect
from juliette.base.array_size import axes, size
from juliette.base.array_protocol import ArrayLike, dims_of, eltype_of, is_array, shape_of
from juliette.base.cartesian import CartesianIndex
from juliette.base.indexing import GETINDEX, getindex, getindex_scalar, numpy_index, select
from juliette.base.numbers import KERNELS
from juliette.base.reshaping import reshape
from juliette.runtime import broadcast as B

B.KERNELS = KERNELS

__all__ = [
    "GETINDEX", "ArrayLike", "CartesianIndex", "array_arithmetic", "array_construction", "array_protocol", "array_searching", "array_size", "axes",
    "cartesian", "concatenation", "copy", "dims_of", "eltype_of", "getindex", "getindex_scalar",
    "indexing", "is_array", "matrices", "numpy_index", "product", "ranges", "reductions", "reshape", "reshaping",
    "same_shape", "select", "shape_of", "size", "typed", "vect", "vectors", "views",
]
