"""Text to trees to expressions; standard library only.

- `source`: SourceFile, text that knows its lines
- `diagnostics`: ParseError, shown under its source line
- `kinds`: kinds of tokens, operators and their precedence
- `lexer`: text to tokens
- `literals`: digits, escapes and characters to values
- `tree`: SyntaxNode and its s-expression
- `cursor`: a walk over the tokens
- `strings`, `brackets`, `atoms`, `expressions`, `statements`: tokens to tree, in precedence order
- `parsing`: parse_source, completeness: the doors to the parser
- `recursion`: room on the stack for nested code
- `expr`: Symbol, Expr, QuoteNode, LineNumberNode, GlobalRef
- `conversion`: to_expr, trees to the expressions of Julia's `Meta.parse`
- `names`: which texts are operators, keywords and identifiers
"""

from juliette.syntax.conversion import to_expr
from juliette.syntax.diagnostics import ParseError
from juliette.syntax.expr import Expr, GlobalRef, LineNumberNode, QuoteNode, Symbol
from juliette.syntax.parsing import (
    completeness,
    parse_all,
    parse_atom,
    parse_one,
    parse_source,
)
from juliette.syntax.source import SourceFile
from juliette.syntax.tree import SyntaxNode

__all__ = [
    "Expr",
    "GlobalRef",
    "LineNumberNode",
    "ParseError",
    "QuoteNode",
    "SourceFile",
    "Symbol",
    "SyntaxNode",
    "completeness",
    "parse_all",
    "parse_atom",
    "parse_one",
    "parse_source",
    "to_expr",
]
