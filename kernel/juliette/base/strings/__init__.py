"""Strings and characters.

- `values`: the text of any string
- `comparison`: equality and order, by bytes
"""

from juliette.base.strings import comparison, values

__all__ = ["comparison", "values"]
