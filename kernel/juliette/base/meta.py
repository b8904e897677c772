"""Expressions as values: `Meta.parse`, `Meta.isexpr`, `Base.remove_linenums!`, what is an identifier."""

from __future__ import annotations

from typing import Any

from juliette.base.fields import FIELD_HOOKS
from juliette.compiler.session import literal
from juliette.display.io import IO, STDOUT
from juliette.display.show import one_line
from juliette.runtime import types as T
from juliette.runtime.errors import (
    ArgumentError,
    BoundsError,
    ErrorException,
    ParseErrorException,
)
from juliette.runtime.modules import Base, GlobalRef_, Module
from juliette.syntax import ParseError, parse_all, parse_atom, parse_one, to_expr
from juliette.syntax import names as K
from juliette.syntax.expr import Expr, GlobalRef, LineNumberNode, QuoteNode, Symbol

Meta = Module("Meta", Base)
Meta.using(Base)
Base.const("Meta", Meta)
Meta.const("Meta", Meta)
Meta.const("ParseError", T.CORE_TYPES["ParseError"], export=False)
T.CORE_TYPES["ParseError"].typename.module = Meta
Base.exports.discard("ParseError")
Base.const("GlobalRef", GlobalRef_)


def parse_error(error: ParseError) -> ParseErrorException:
    """A syntax error as Julia's value."""
    return ParseErrorException(str(error).removeprefix("ParseError:\n"), None)


def _failed(error: ParseError, raises: bool) -> Any:
    if error.incomplete:
        return Expr("incomplete", parse_error(error))
    if raises:
        raise parse_error(error) from None
    return Expr("error", parse_error(error))


@Meta.method('parse(text::AbstractString; raise=true, depwarn=true, filename="none")', export=False)
def parse(text: Any, *, raise_: bool = True, filename: str = "none", **options: Any) -> Any:
    """The expression that a text is the code of.

    ```jldoctest
    julia> Meta.parse("x = 3")
    :(x = 3)
    ```
    """
    raises = bool(options.get("raise", raise_))
    try:
        node, end = parse_one(str(text), 0, filename)
        rest = str(text)[end:].strip()
        if rest and not rest.startswith("#"):
            # A second line: say so as the parser does for what follows an expression.
            message = ArgumentError("extra token after end of expression")
            if raises:
                raise ParseErrorException(_extra(str(text), end), None)
            return Expr("error", message)
        e = to_expr(node, literal)
    except ParseError as error:
        return _failed(error, raises)
    return None if e == Expr("toplevel") else e


def _extra(text: str, end: int) -> str:
    line = text.count("\n", 0, end) + 1
    start = text.rfind("\n", 0, end) + 1
    column = end - start + 1
    shown = text[start:].split("\n", 1)[0]
    return f"# Error @ none:{line}:{column}\n{shown}\n{'#' if column == 1 else '#' + ' ' * (column - 2) + '└'} ── extra tokens after end of expression"


@Meta.method(
    "parse(text::AbstractString, start::Integer; greedy=true, raise=true, depwarn=true)",
    export=False,
)
def parse_from(text: Any, start: int, **options: Any) -> Any:
    """An expression at a place of a text, and where the next begins."""
    data = str(text).encode()
    if not 1 <= start <= len(data) + 1:
        raise BoundsError(text, (start,))
    before = data[: start - 1].decode()
    place = (str(options.get("filename", "none")), options.get("lineno", 1))
    try:
        parse = parse_one if options.get("greedy", True) else parse_atom
        node, end = parse(str(text), len(before), *place)
        e = to_expr(node, literal)
    except ParseError as error:
        return (_failed(error, bool(options.get("raise", True))), len(data) + 1)
    return (None if e == Expr("toplevel") else e, len(str(text)[:end].encode()) + 1)


@Meta.method('parseall(text::AbstractString; filename="none", lineno=1)', export=False)
def parseall(text: Any, *, filename: str = "none", lineno: int = 1) -> Any:
    """All expressions of a text, as `Expr(:toplevel, …)`.

    ```jldoctest
    julia> length(Meta.parseall("a; b\\nc").args)
    4
    ```
    """
    try:
        return parse_all(str(text), str(filename), lineno, literal)[0]
    except ParseError as error:
        return Expr("toplevel", LineNumberNode(lineno, Symbol(filename)), _failed(error, False))


@Meta.method(
    'parseatom(text::AbstractString, pos::Integer; filename="none", lineno=1)', export=False
)
def parseatom(text: Any, pos: int, **place: Any) -> Any:
    """The atom at a place of a text, and where it ends.

    ```jldoctest
    julia> Meta.parseatom("(a, b) = c", 1)
    (:((a, b)), 7)
    ```
    """
    return parse_from(text, pos, greedy=False, **place)


# ---------------------------------------------------------------- shape


def _heads(heads: Any) -> tuple[str, ...]:
    if isinstance(heads, Symbol):
        return (heads.name,)
    items = heads if isinstance(heads, tuple) else Base.bindings["collect"](heads).data.tolist()
    return tuple(h.name for h in items)


@Meta.method("isexpr(x, heads)", export=False)
def isexpr(x: Any, heads: Any) -> bool:
    """Is it an expression with this head (or one of them)?

    ```jldoctest
    julia> Meta.isexpr(:(f(x)), :call)
    true
    ```
    """
    return isinstance(x, Expr) and x.head in _heads(heads)


@Meta.method("isexpr(x, heads, n::Integer)", export=False)
def isexpr_of_length(x: Any, heads: Any, n: int) -> bool:
    return isexpr(x, heads) and len(x.args) == n


@Meta.method("quot(x)", export=False)
def quot(x: Any) -> Expr:
    """`Expr(:quote, x)`"""
    return Expr("quote", x)


@Meta.method("unblock(x)", export=False)
def unblock(x: Any) -> Any:
    """What a block around a single expression holds."""
    while isinstance(x, Expr) and x.head == "block":
        items = [a for a in x.args if not isinstance(a, LineNumberNode)]
        if len(items) != 1:
            return x
        x = items[0]
    return x


@Meta.method("unescape(x)", export=False)
def unescape(x: Any) -> Any:
    """An expression without `esc` around it."""
    while isinstance(x, Expr) and x.head in ("escape", 'var"hygienic-scope"', "hygienic-scope"):
        x = x.args[0]
    return unblock(x)


def remove_lines(x: Any) -> Any:
    """Take the line numbers out of an expression, in place."""
    if isinstance(x, Expr):
        if x.head in ("block", "quote", "toplevel"):
            x.args = [a for a in x.args if not isinstance(a, LineNumberNode)]
        elif x.head == "macrocall":
            x.args = [
                None if i == 1 and isinstance(a, LineNumberNode) else a
                for i, a in enumerate(x.args)
            ]
        for a in x.args:
            remove_lines(a)
    return x


@Base.method("remove_linenums!(x)", export=False)
def remove_linenums(x: Any) -> Any:
    """Take the line numbers out of an expression.

    ```jldoctest
    julia> Base.remove_linenums!(quote
               x = 1
           end)
    quote
        x = 1
    end
    ```
    """
    return remove_lines(x)


# ---------------------------------------------------------------- printing


def show_sexpr_text(x: Any, indent: int = 0) -> str:
    """The layout of `Meta.show_sexpr`: blocks go over several lines."""
    if not isinstance(x, Expr):
        if isinstance(x, QuoteNode):
            return f"(:quote, #QuoteNode\n{' ' * (indent + 2)}{show_sexpr_text(x.value, indent + 2)}\n{' ' * indent})"
        return one_line(x)
    text = "(" + one_line(Symbol(x.head))
    for a in x.args:
        text += f",\n{' ' * (indent + 2)}" if x.head == "block" else ", "
        text += show_sexpr_text(a, indent + 2)
    if not x.args:
        return text + ",)"
    return text + (f"\n{' ' * indent})" if x.head == "block" else ")")


@Meta.method("show_sexpr(io::IO, x, indent=0)", export=False)
def show_sexpr_to(io: IO, x: Any, indent: int = 0) -> None:
    """Print an expression in prefix form."""
    io.write(show_sexpr_text(x, indent))


@Meta.method("show_sexpr(x)", export=False)
def show_sexpr(x: Any) -> None:
    """Print an expression in prefix form.

    ```jldoctest
    julia> Meta.show_sexpr(:(2x + 1))
    (:call, :+, (:call, :*, 2, :x), 1)
    ```
    """
    STDOUT.write(show_sexpr_text(x))


@Meta.macro("dump", export=False)
def dump_macro(context: Any, e: Any) -> Any:
    """`Meta.@dump code`: the parts of an expression."""
    return Expr("call", GlobalRef(Base, Symbol("dump")), QuoteNode(e))


@Meta.method("lower(m::Module, x)", export=False)
def lower(m: Module, x: Any) -> Any:
    """Code in the core language that it is compiled from; what is no expression stays as it is.

    ```jldoctest
    julia> Meta.lower(Main, :(2x + 1)).head
    :thunk

    julia> Meta.lower(Main, 3)
    3
    ```
    """
    from juliette.base.code_stages import CodeInfo
    from juliette.compiler.printing import statement_text
    from juliette.compiler.session import current

    if not isinstance(x, Expr) or x.head in ("module", "error"):
        return x
    compiler = current()
    try:
        while isinstance(x, Expr) and x.head == "macrocall":
            x = compiler.expand_macro(x, m, None)
        if not isinstance(x, (Expr, Symbol)):
            return x.value if isinstance(x, QuoteNode) else x
        node = compiler.lower(x, m, "none", 1)
    except ErrorException as error:
        # an expression has no place of its own to name
        return Expr("error", str(error.msg).removeprefix("syntax: ").removesuffix(" around none:1"))
    return Expr("thunk", CodeInfo(statement_text(node, m, False)))


@Meta.macro("lower", export=False)
def lower_macro(context: Any, *args: Any) -> Any:
    """`Meta.@lower code` (or `Meta.@lower M code`): what `Meta.lower` gives for it."""
    module = args[0] if len(args) == 2 else QuoteNode(context.module)
    return Expr("call", QuoteNode(Meta.get("lower")), module, QuoteNode(args[-1]))


# ---------------------------------------------------------------- names


def _text(x: Any) -> str:
    return x.name if isinstance(x, Symbol) else str(x)


def name_question(name: str, test: Any, meaning: str) -> None:
    """A question about a symbol or string."""

    @Base.method(f"{name}(x)", export=False)
    def ask(x: Any) -> bool:
        return bool(test(_text(x)))

    ask.__doc__ = f"Is a symbol or string {meaning}?"
    Meta.const(name, Base.bindings[name], export=False)


def _is_identifier(n: str) -> bool:
    return (
        bool(n)
        and n not in ("true", "false")
        and K.is_name_start(n[0])
        and all(map(K.is_name_part, n))
    )


def _is_operator(n: str) -> bool:
    return (
        n in K.UNARY or n in K.SYNTACTIC or n in K.PRECEDENCE or K.base_operator(n) in K.PRECEDENCE
    )


name_question("isidentifier", _is_identifier, "a name that a variable may have")
name_question("isoperator", _is_operator, "an operator")
name_question(
    "isunaryoperator", lambda n: n in K.UNARY, "an operator that may stand before its operand"
)
name_question(
    "isbinaryoperator",
    lambda n: n in K.PRECEDENCE or K.base_operator(n) in K.PRECEDENCE,
    "an operator that may stand between two operands",
)
name_question(
    "ispostfixoperator",
    lambda n: n == "'" or n.rstrip("⁗′″‴ᵀ") == "'",
    "an operator that stands after its operand",
)
name_question("is_id_start_char", lambda n: K.is_name_start(n), "what a name may begin with")
name_question("isgensym", lambda n: "#" in n, "a name that `gensym` made")

# Julia's own numbers of the levels, weakest first.
_JULIA_LEVELS = {
    K.ASSIGNMENT: 1,
    K.PAIR: 2,
    K.CONDITIONAL: 3,
    K.ARROW: 4,
    K.LAZY_OR: 5,
    K.LAZY_AND: 6,
    K.COMPARISON: 7,
    K.PIPE_LEFT: 8,
    K.PIPE_RIGHT: 9,
    K.COLON: 10,
    K.PLUS: 11,
    K.TIMES: 12,
    K.RATIONAL: 13,
    K.BITSHIFT: 14,
    K.POWER: 15,
}


@Base.method("operator_precedence(s::Symbol)", export=False)
def operator_precedence(s: Symbol) -> int:
    """How tightly an operator binds; 0 for what is none.

    ```jldoctest
    julia> Base.operator_precedence(:+) < Base.operator_precedence(:*)
    true
    ```
    """
    if s.name == "::":
        return 16
    if s.name == ".":
        return 17
    level = K.PRECEDENCE.get(K.base_operator(s.name))
    return 0 if level is None else _JULIA_LEVELS[level]


@Base.method("operator_associativity(s::Symbol)", export=False)
def operator_associativity(s: Symbol) -> Symbol:
    """`:left`, `:right` or `:none`.

    ```jldoctest
    julia> Base.operator_associativity(:^)
    :right
    ```
    """
    n = s.name
    level = K.PRECEDENCE.get(K.base_operator(n))
    if n in ("+", "*", "++"):
        return Symbol("none")
    if level in (
        K.ARROW,
        K.ASSIGNMENT,
        K.POWER,
        K.PAIR,
        K.CONDITIONAL,
        K.LAZY_OR,
        K.LAZY_AND,
        K.PIPE_LEFT,
    ):
        return Symbol("right")
    if level in (K.COMPARISON, K.COLON):
        return Symbol("none")
    return Symbol("left") if level is not None else Symbol("none")


# ---------------------------------------------------------------- constructors of code


@Base.method("Symbol(parts...)")
def symbol(_: Any, *parts: Any) -> Symbol:
    """A symbol of the text of all parts.

    ```jldoctest
    julia> Symbol("x", 1)
    :x1
    ```
    """
    text = Base.bindings["String"](Base.bindings["string"](*parts))
    if "\0" in text:
        raise ArgumentError("Symbol name may not contain \\0")
    return Symbol(text)


@Base.method("LineNumberNode(line::Integer, file=nothing)")
def line_number_node(_: Any, line: int, file: Any = None) -> LineNumberNode:
    """A place in the source: a line, and maybe a file."""
    if isinstance(file, str):
        file = Symbol(file)
    return LineNumberNode(line, file)


@Base.method("GlobalRef(m::Module, name::Symbol)")
def global_reference(_: Any, m: Module, name: Symbol) -> GlobalRef:
    """A name of a module."""
    return GlobalRef(m, name)


@Base.method("copy(e::Expr)")
def copy_expression(e: Expr) -> Expr:
    """A copy of an expression and all expressions in it."""
    return Expr(e.head, *[copy_expression(a) if isinstance(a, Expr) else a for a in e.args])


@Base.method("is_short_function_def(ex)", export=False)
def is_short_function_def(ex: Any) -> bool:
    """Is it the definition of a function by `=`?

    ```jldoctest
    julia> Base.is_short_function_def.([:(f(x)::Int where T = 1), :(f = x -> 1)])
    2-element BitVector:
     1
     0
    ```
    """
    if not isinstance(ex, Expr) or ex.head != "=":
        return False
    while ex.args and isinstance(ex.args[0], Expr):
        ex = ex.args[0]
        if ex.head not in ("where", "::"):
            return ex.head == "call"
    return False


@Base.method("isexpr(x, heads)", export=False)
def base_isexpr(x: Any, heads: Any) -> bool:
    return isexpr(x, heads)


FIELD_HOOKS[GlobalRef] = lambda x, key: {"mod": x.module, "name": x.name}[key]
for _name, _fields in (
    ("Expr", "head args"),
    ("QuoteNode", "value"),
    ("LineNumberNode", "line file"),
):
    _family = T.CORE_TYPES[_name].typename
    _family.fields = tuple(_fields.split())
    _family.field_types = (T.Any_,) * len(_family.fields)
    _family.is_struct = True


Meta.exports = {
    "quot",
    "isexpr",
    "isidentifier",
    "isoperator",
    "isunaryoperator",
    "isbinaryoperator",
    "ispostfixoperator",
    "show_sexpr",
    "@dump",
}
