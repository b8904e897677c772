"""Base, a file for each chapter of the Julia manual.

- `essentials`: types, conversion, identity, fields, exceptions
- `reflection`: looking at types, their fields and sizes
- `method_reflection`: looking at functions and their methods
- `module_reflection`: looking at modules; `subtypes`, `methodswith`
- `numbers`: arithmetic, comparison, mathematics
- `arrays`: construction, indexing, reductions, linear algebra basics
- `broadcasting`: dotted calls
- `collections`: iteration, dictionaries, sets, tuples, higher-order functions
- `macros`: `@show`, `@time`, `@assert` and the other macros
- `randomness`: `rand` and its family
- `multimedia`: displays, and the forms that values are shown in
- `documentation`: `?name`
- `bootstrap`: puts Base together and makes a session's Main module
"""
