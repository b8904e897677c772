"""Expressions to results: lowered to a small core language, then to Python.

- `arithmetic`: operators on Int64 and Float64 without dispatch
- `core`: the core language that all syntax is lowered to
- `lower`: expressions to core, with names resolved
- `python_backend`: core to Python `ast` and code objects
- `session`: statements of a module in, values out; macros
- `support`: what compiled code calls by names that begin with `%`
"""
