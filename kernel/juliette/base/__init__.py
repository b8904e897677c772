"""Base, a file for each chapter of the Julia manual.

- `essentials`: types, conversion, identity, fields, exceptions
- `reflection`: looking at types, their fields and sizes
- `method_reflection`: looking at functions and their methods
- `module_reflection`: looking at modules; `subtypes`, `methodswith`
- `numbers`: arithmetic, comparison, mathematics
- `strings`: strings and characters
- `arrays`: loads the modules of the chapter on arrays
- `array_protocol`: what holds for every array, native or a user's own
- `array_size`: sizes, axes, bounds
- `array_construction`, `concatenation`, `ranges`: making arrays
- `cartesian`, `indexing`, `views`: reading and writing elements
- `reshaping`, `vectors`: other shapes and orders, other lengths
- `reductions`, `array_searching`, `array_arithmetic`: computing with whole arrays
- `broadcasting`: dotted calls
- `collections`: the chapter's files in their order
- `iteration`: `iterate` and Python's iterators; sizes and element types; `collect`
- `iterators`, `pairs`: the lazy iterators
- `folds`, `searching`, `sorting`: functions of a function and a collection
- `dictionaries`, `immutable_dict`, `sets`, `hashes`: what is found by key
- `tuples`, `functions`: tuples, named tuples; composition and partial application
- `macros`: `@show`, `@time`, `@assert` and the other macros
- `randomness`: `rand` and its family
- `multimedia`: displays, and the forms that values are shown in
- `documentation`: `?name`
- `bootstrap`: puts Base together and makes a session's Main module
"""
