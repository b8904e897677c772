"""What Tab offers, at the prompt and in Jupyter alike.

- complete: names, fields, keywords, packages, dictionary keys, paths at a cursor
- context: whether the cursor is in code, in a string or in a comment
- latex: `\\sigma` to σ
"""

from juliette.completion.complete import Completion, Completions, Scope, complete
from juliette.completion.latex import latex_table

__all__ = ["Completion", "Completions", "Scope", "complete", "latex_table"]
