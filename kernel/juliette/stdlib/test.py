"""The module Test: its macros."""

from __future__ import annotations

from typing import Any

from juliette.base import randomness
from juliette.base.method_reflection import Method_, ambiguities
from juliette.compiler import support
from juliette.display.errors import showerror_text
from juliette.display.expressions import expression_text
from juliette.display.show import one_line, string_of
from juliette.runtime import types as T
from juliette.runtime import values as V
from juliette.runtime.array import vector
from juliette.runtime.dispatch import GenericFunction, call_kw
from juliette.runtime.errors import (
    ErrorException,
    InterruptException,
    JuliaException,
)
from juliette.runtime.modules import PACKAGES, Base, Bindings, Module
from juliette.stdlib import test_inferred, test_logs
from juliette.stdlib import test_results as R
from juliette.stdlib.test_sets import ContextTestSet, call, options_of, test_set
from juliette.syntax.expr import Expr, Symbol
from juliette.syntax.names import PRECEDENCE, base_operator

# ---------------------------------------------------------------- @test

# Functions whose arguments are shown as they are when a test fails.
SHOWN_CALLS = frozenset(
    ("isequal", "isapprox", "≈", "occursin", "startswith", "endswith", "isempty", "contains")
)


def is_comparison(name: Any) -> bool:
    """Is it an operator that compares?"""
    if not isinstance(name, Symbol):
        return False
    plain = base_operator(name.name)
    return (
        name.name in ("in", "isa")
        or (not name.name.startswith(".") and PRECEDENCE.get(plain) == PRECEDENCE.get("=="))
        or name.name == "=="
    )


def thrown_in(body: Expr, handler: Any, context: Any) -> Expr:
    """`try body catch e handler(e) end`"""
    e = context.gensym("error")
    return Expr("try", Expr("block", body), e, Expr("block", call(handler, e)))


class Evaluated:
    """The value of a test, and its terms as they were."""

    __slots__ = ("shown", "value")

    def __init__(self, value: Any, shown: str | None) -> None:
        self.value = value
        self.shown = shown


class Threw:
    """A test that threw, and where: made while the exception is being handled.

    An interrupt is for all that runs, and no result of a test.
    """

    __slots__ = ("error", "trace")

    def __init__(self, error: Any) -> None:
        if isinstance(error, InterruptException):
            raise error
        self.error = error
        self.trace = R.handled_trace()


def term(x: Any) -> str:
    """A value as it stands in an expression; symbols and expressions are not quoted."""
    return string_of(x) if isinstance(x, (Symbol, Expr)) else one_line(x, limit=True)


def evaluate_comparison(operators: tuple[str, ...], negated: bool, *terms: Any) -> Evaluated:
    """Compare the terms from left to right; the operators are the odd ones."""
    value: Any = True
    for i in range(1, len(terms), 2):
        value = terms[i](terms[i - 1], terms[i + 1])
        if value is not True:
            break
    words = [term(t) if i % 2 == 0 else operators[i // 2] for i, t in enumerate(terms)]
    shown = " ".join(words)
    if negated:
        value = Base.bindings["!"](value)
        shown = f"!({shown})"
    return Evaluated(value, shown)


def evaluate_call(name: str, negated: bool, kwargs: V.NamedTuple, f: Any, *args: Any) -> Evaluated:
    """Call a function, and say with what."""
    keywords = dict(zip(kwargs.names, kwargs.values, strict=True))
    value = call_kw(f, keywords, *args)
    words = ", ".join(map(term, args))
    if name == "≈" and len(args) == 2:
        tolerances = ", ".join(f"{k}={string_of(v)}" for k, v in keywords.items())
        shown = f"{term(args[0])} ≈ {term(args[1])}{f' ({tolerances})' if tolerances else ''}"
    else:
        pairs = ", ".join(f"{k} = {one_line(v)}" for k, v in keywords.items())
        shown = f"{name}({words}{'; ' + pairs if pairs else ''})"
    if negated:
        value = Base.bindings["!"](value)
        shown = f"!({shown})"
    return Evaluated(value, shown)


def evaluation(e: Any) -> Expr:
    """The code that computes a test and remembers its terms."""
    negated = isinstance(e, Expr) and e.head == "call" and e.args[0] == Symbol("!")
    negated = negated and len(e.args) == 2
    inner = e.args[1] if negated else e
    if isinstance(inner, Expr) and inner.head == "call" and len(inner.args) == 3:
        splat = any(isinstance(a, Expr) and a.head in ("...", "parameters") for a in inner.args)
        if is_comparison(inner.args[0]) and not splat:
            inner = Expr("comparison", inner.args[1], inner.args[0], inner.args[2])
    elif isinstance(inner, Expr) and inner.head in ("<:", ">:") and len(inner.args) == 2:
        inner = Expr("comparison", inner.args[0], Symbol(inner.head), inner.args[1])
    if isinstance(inner, Expr) and inner.head == "comparison":
        operators = tuple(string_of(a) for a in inner.args[1::2])
        if not any(o.startswith(".") for o in operators):
            return call(evaluate_comparison, operators, negated, *inner.args)
    if (
        isinstance(inner, Expr)
        and inner.head == "call"
        and inner.args[0] in map(Symbol, SHOWN_CALLS)
    ):
        rest = [a for a in inner.args[1:] if not has_keywords(a)]
        given = Expr("tuple", Expr("parameters", *keywords_of(inner)))
        return call(evaluate_call, inner.args[0].name, negated, given, inner.args[0], *rest)
    return call(Evaluated, e, None)


def has_keywords(a: Any) -> bool:
    return isinstance(a, Expr) and a.head in ("kw", "parameters")


def keywords_of(e: Expr) -> list[Any]:
    """The keywords of a call, of a name the last: those after a semicolon count most."""
    given = [a for a in e.args if has_keywords(a)]
    plain = [a for a in given if a.head == "kw"]
    found = plain + [k for a in given if a.head == "parameters" for k in a.args]
    later = [{k.args[0] for k in found[i + 1 :] if has_keywords(k)} for i in range(len(found))]
    return [
        k
        for k, again in zip(found, later, strict=True)
        if not (has_keywords(k) and k.args[0] in again)
    ]


def split_options(e: Any, arguments: tuple[Any, ...]) -> tuple[dict[str, Any], list[Expr]]:
    """`broken=…` and `skip=…`, and the keywords that belong to the call."""
    options: dict[str, Any] = {}
    keywords = []
    for a in arguments:
        if not (isinstance(a, Expr) and a.head in ("=", "kw")):
            given = " ".join(map(expression_text, (e, *arguments)))
            raise ErrorException(f"invalid test macro call: @test {given}")
        name = a.args[0].name if isinstance(a.args[0], Symbol) else ""
        if name in ("broken", "skip"):
            options[name] = a.args[1]
        else:
            keywords.append(Expr("kw", *a.args))
    return options, keywords


def with_keywords(e: Any, keywords: list[Expr]) -> Any:
    """A call with the keywords that stand after it: `@test a ≈ b atol=0.1`."""
    if not keywords:
        return e
    if not isinstance(e, Expr) or e.head != "call":
        given = " ".join(expression_text(x) for x in (e, *(Expr("=", *k.args) for k in keywords)))
        raise ErrorException(f"invalid test macro call: @test {given}")
    return Expr("call", *e.args, *keywords)


def judge(result: Any, expression: str, file: str, line: int) -> Any:
    """Record what a `@test` came to."""
    place = (file, line)
    if isinstance(result, Threw):
        return R.RECORD(
            R.current_set(), R.Error("test_error", expression, place, result.error, result.trace)
        )
    value = result.value
    if value is True:
        return R.RECORD(R.current_set(), R.Pass("test", expression, place))
    if value is False:
        context = contexts()
        fail = R.Fail("test", expression, place, data=result.shown, context=context)
        return R.RECORD(R.current_set(), fail)
    return R.RECORD(R.current_set(), R.Error("test_nonbool", expression, place, value))


def judge_value(value: bool, expression: str, file: str, line: int) -> Any:
    """Record a test that has been judged already."""
    return judge(Evaluated(value, None), expression, file, line)


def contexts() -> str | None:
    """The variables of `@testset let`, as they are shown with a failure."""
    found = [ts.context for ts in R.open_sets() if isinstance(ts, ContextTestSet)]
    return "\n              ".join(found) if found else None


def judge_broken(result: Any, expression: str, file: str, line: int) -> Any:
    place = (file, line)
    if isinstance(result, Threw) or result.value is not True:
        return R.RECORD(R.current_set(), R.Broken("test", expression, place))
    return R.RECORD(R.current_set(), R.Error("test_unbroken", expression, place, result.value))


def skipped(expression: str, file: str, line: int) -> Any:
    return R.RECORD(R.current_set(), R.Broken("skipped", expression, (file, line)))


def test_code(context: Any, e: Any, judgement: Any) -> Expr:
    result = thrown_in(evaluation(e), Threw, context)
    return call(judgement, result, expression_text(e), context.file, context.line)


def skip_code(context: Any, e: Any) -> Expr:
    return call(skipped, expression_text(e), context.file, context.line)


# ---------------------------------------------------------------- @test_throws


def matches(expected: Any, error: Any) -> tuple[bool, bool]:
    """Is it the exception that was wanted?  Also says whether only the message was asked for."""
    if isinstance(expected, T.JuliaType):
        if T.isa(error, expected):
            return True, False
        wrapped = getattr(error, "error", None)
        return bool(wrapped is not None and T.isa(wrapped, expected)), False
    if isinstance(expected, JuliaException) or T.isa(expected, T.Exception_):
        return alike(expected, error), False
    if not T.isa(error, T.Exception_):  # thrown was something that is no exception
        return alike(expected, error), False
    text = showerror_text(error)
    if isinstance(expected, str):
        return expected in text, True
    if hasattr(expected, "data"):
        return all(string_of(part) in text for part in support.iterate(expected)), True
    if T.isa(expected, T.Function_):
        return support.truth(expected(text)), True
    return bool(Base.bindings["occursin"](expected, text)), True


def alike(expected: Any, error: Any) -> bool:
    """Are two values of one type, with fields that are equal?"""
    if T.typeof(expected) is not T.typeof(error):
        return False
    same, names = Base.bindings["isequal"], Base.bindings["fieldnames"](T.typeof(expected))
    if isinstance(expected, JuliaException):
        return all(
            same(getattr(expected, f, None), getattr(error, f, None)) is True
            for f in expected.fields
            if f != "world"
        )
    get = Base.bindings["getfield"]
    return all(same(get(expected, f), get(error, f)) is True for f in names)


def expands_macros(e: Any) -> bool:
    """Is it a call of `macroexpand` or `@macroexpand`, which threw a LoadError once?"""
    return (
        isinstance(e, Expr)
        and e.head in ("call", "macrocall")
        and isinstance(e.args[0], Symbol)
        and e.args[0].name in ("macroexpand", "@macroexpand", "@macroexpand1")
    )


def judge_throws(
    threw: Any, expected: Any, expression: str, expands: bool, file: str, line: int
) -> Any:
    place = (file, line)
    if expands and expected is T.CORE_TYPES["LoadError"]:
        expected = T.Exception_
    shown = T.type_string(expected) if isinstance(expected, T.JuliaType) else one_line(expected)
    if not isinstance(threw, Threw):
        result: Any = R.Fail("test_throws_nothing", expression, place, data=shown)
        return R.RECORD(R.current_set(), result)
    good, message = matches(expected, threw.error)
    if good:
        value = showerror_text(threw.error) if message else threw.error
        return R.RECORD(R.current_set(), R.Pass("test_throws", expression, place, value, message))
    if message:
        value = one_line(showerror_text(threw.error))
    elif isinstance(expected, T.JuliaType):
        value = R.type_text(threw.error)
    else:
        value = one_line(threw.error)
    return R.RECORD(
        R.current_set(),
        R.Fail("test_throws_wrong", expression, place, data=shown, value=value, message=message),
    )


# ---------------------------------------------------------------- the module


def unbound(var: Any, method: Any) -> bool:
    """Does a type parameter occur only in what may be given no times?"""
    return not any(
        var in T.free_vars(p) for p in method.parameters if not isinstance(p, T.Vararg)
    ) and not any(var in T.free_vars(v.upper) for v in method.type_vars)


# Types for trying generic code with; defined when one of them is first named.
GENERIC = "GenericString GenericArray GenericDict GenericSet GenericOrder"


def load(module: Module) -> None:
    """Fill the module."""
    module.bindings = Bindings(module.bindings)
    module.defer({"juliette.stdlib.test_generic": GENERIC}, {})
    module.exports.update(GENERIC.split())
    R.load(module)
    load_macros(module)
    test_logs.load(module, judge_value, options_of)

    @module.method("record(ts::ContextTestSet, result)", export=False)
    def record_in_context(ts: ContextTestSet, result: Any) -> Any:
        stack = R.open_sets()
        i = stack.index(ts)
        return R.RECORD(stack[i - 1] if i else R.FALLBACK, result)

    @module.method("guardseed(f, r=nothing)", export=False)
    def guardseed(f: Any, r: Any = None) -> Any:
        """`f()`, after which a generator has the state again that it had.

        By default it is the one of calls that name none, which a seed may be given for the call.

        ```jldoctest
        julia> using Test

        julia> Test.guardseed(rand, 5) == Test.guardseed(rand, 5)
        true
        ```
        """
        rng = r if randomness.is_rng(r) else randomness.default_rng()
        kept = rng.copy()
        try:
            if r is not None and rng is not r:
                PACKAGES["Random"].load()
                PACKAGES["Random"].bindings["seed!"](r)
            return f()
        finally:
            Base.bindings["copy!"](rng, kept)

    @module.method("detect_ambiguities(modules::Module...; recursive=false)")
    def detect_ambiguities(*modules: Any, recursive: bool = False) -> Any:
        """Pairs of methods of the modules' functions of which neither is more specific."""
        looked_at = set(modules)
        if recursive:
            for m in modules:
                looked_at |= {
                    x
                    for x in m.bindings.values()
                    if isinstance(x, Module) and x.parent in looked_at
                }
        return vector(ambiguities(looked_at), T.tuple_type((Method_, Method_)))

    @module.method("detect_unbound_args(modules::Module...; recursive=false)")
    def detect_unbound_args(*modules: Any, recursive: bool = False) -> Any:
        """Methods with a type parameter that may have no value: `f(xs::T...) where T`."""
        found = [
            m
            for module_ in modules
            for value in list(module_.bindings.values())
            if isinstance(value, GenericFunction)
            for m in value.user_methods
            if m.module in modules and any(unbound(v, m) for v in m.type_vars)
        ]
        return vector(found, Method_)


def load_macros(module: Module) -> None:
    context_set = T.define("Test.ContextTestSet", R.AbstractTestSet_)
    T.register_class(ContextTestSet, context_set)
    module.const("ContextTestSet", context_set, export=False)

    @module.macro("test")
    def test(context: Any, e: Any, *arguments: Any) -> Any:
        """`@test expr`: does it hold?  Keywords of the call may follow it."""
        options, keywords = split_options(e, arguments)
        e = with_keywords(e, keywords)
        if "skip" in options:
            return Expr("if", options["skip"], skip_code(context, e), test_code(context, e, judge))
        if "broken" in options:
            broken = test_code(context, e, judge_broken)
            return Expr("if", options["broken"], broken, test_code(context, e, judge))
        return test_code(context, e, judge)

    @module.macro("test_broken")
    def test_broken(context: Any, e: Any, *arguments: Any) -> Any:
        """`@test_broken expr`: a test that is known not to hold."""
        return test_code(context, with_keywords(e, split_options(e, arguments)[1]), judge_broken)

    @module.macro("test_skip")
    def test_skip(context: Any, e: Any, *arguments: Any) -> Any:
        """`@test_skip expr`: a test that is not run."""
        return skip_code(context, with_keywords(e, split_options(e, arguments)[1]))

    @module.macro("test_throws")
    def test_throws(context: Any, expected: Any, e: Any) -> Any:
        """`@test_throws exception expr`: does it throw that?"""
        threw = thrown_in(Expr("block", e), Threw, context)
        text = expression_text(e)
        return call(
            judge_throws, threw, expected, text, expands_macros(e), context.file, context.line
        )

    @module.macro("testset")
    def testset(context: Any, *arguments: Any) -> Any:
        """`@testset ["description"] [options…] begin … end`: tests that are reported together."""
        return test_set(context, arguments)

    test_inferred.load(module)
