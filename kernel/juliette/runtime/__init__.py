"""What compiled code calls: types, values, dispatch. numpy, never the engine.

- `lattice`: types as trees, and how they are put together
- `subtyping`: which types are subtypes of which
- `intersection`: what types have in common, and the nearest type above them
- `specificity`: which of two signatures is more specific
- `type_names`: types as Julia writes them
- `types`: the core types, and the type of a value
- `values`: characters, pairs, ranges and other small values
- `tables`, `slots`, `hashing`: dictionaries and sets, in the order that Julia's hash gives
- `numeric`, `bigfloat`: numbers that Python has no equal of; conversion between Base's own
- `text`: strings as UTF-8 bytes
- `streams`: bytes in memory, in files, from the host
- `scheduler`: tasks that take turns
- `stack`: how deep Julia code may recurse
- `structs`: user-defined types, a Python class for each instantiation
- `ranges`: ranges of every kind
- `wrappers`: views, adjoints and other lazy arrays; bit arrays
- `layout`: bits types as they lie in memory
- `array`: `Array`: identity, growth, column-major data
- `broadcast`: dotted calls, fused
- `kernels`: a dotted call's Python function for the kinds of its leaves
- `dispatch`: generic functions and methods
- `method_order`: which of the methods that fit is called
- `world`: world age
- `interrupts`: held back while something is loaded
- `memory`: how much memory there is
- `modules`: modules and their bindings; how Base is filled
- `errors`: Julia's exceptions, data only
"""
