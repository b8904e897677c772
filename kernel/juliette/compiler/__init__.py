"""Expressions to results: lowered to a small core language, inferred, then to Python.

- `arithmetic`: what compiled code calls for numbers
- `closures`: classes of closures, by what they captured
- `core`: the core language that all syntax is lowered to
- `data_support`: what compiled code calls for data of known types
- `definitions`: lowering of `struct`, `abstract type`, `primitive type`
- `emit_data`: Python forms for arrays, dictionaries and strings of known types
- `emit_loops`: Python forms for loops
- `emit_typed`: Python forms for numbers of known types, and calls without dispatch
- `emitter`: core to Python `ast`: expressions and statements
- `expansion`: macro calls: finding the macro, calling it
- `hygiene`: what the names in a macro's result mean
- `imports`: modules, `using`, `import`, `export`, `include`
- `inference`: a type for each node, a plan for each call
- `instances`: a method's code for one tuple of argument types
- `intrinsics`: how calls are planned, and where rules about Base's functions are registered
- `intrinsics_numbers`: rules for numbers: results, and direct code
- `intrinsics_data`: rules for ranges, arrays, tuples, structs, dictionaries, strings
- `intrinsics_iteration`: rules for comprehensions, `map`, sums over generators
- `lattice`: what inference can know of a value
- `lower`: expressions to core, with names resolved; a module for each family of syntax
- `narrowing`: what conditions tell of variables
- `printing`: the core language as text, with types
- `python_backend`: whole functions: Python code objects
- `result_types`: the type of a call that is not made, from the types of its arguments
- `session`: statements of a module in, values out; macros
- `support`: what compiled code calls by names that begin with `%`
- `type_support`: what type definitions do when they run
"""
