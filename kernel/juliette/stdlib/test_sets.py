"""Sets of tests: `@testset` around a block, a loop, a call, or with variables."""

from __future__ import annotations

from typing import Any

from juliette.base import randomness
from juliette.display.expressions import expression_text
from juliette.display.show import one_line, string_of
from juliette.runtime import types as T
from juliette.runtime.array import vector
from juliette.runtime.dispatch import KeywordCall, call_kw
from juliette.runtime.errors import ErrorException, InterruptException, MethodError
from juliette.stdlib import test_results as R
from juliette.syntax.expr import Expr, QuoteNode, Symbol


def call(f: Any, *args: Any) -> Expr:
    return Expr("call", QuoteNode(f), *args)


class ContextTestSet:
    """`@testset let x = …`: passes results on, with the variables that hold."""

    def __init__(self, context: str) -> None:
        self.context = context


def check_kind(kind: Any, name: str) -> None:
    """Refuse a kind of set that is none: most often a name that was meant as the description."""
    if isinstance(kind, T.JuliaType) and T.subtype(kind, R.AbstractTestSet_):
        return
    advice = ""
    if isinstance(kind, str):
        advice = (
            f"To use `{name}` as a testset name, interpolate it into a string, e.g:\n"
            f'    @testset "${name}" begin\n        ...\n    end'
        )
    raise ErrorException(
        f"Expected `{name}` to be an AbstractTestSet, it is a {R.type_text(kind)}. {advice}"
    )


def begin_set(
    description: Any, kind: Any, options: dict[str, Any], file: str, name: str = ""
) -> Any:
    """Open a set of tests; `name` is what its kind is called in the code."""
    if kind is not None:
        check_kind(kind, name)
    if kind is None:
        around = R.current_set()
        if isinstance(around, (R.DefaultTestSet, R.FallbackTestSet, ContextTestSet)):
            inherited = getattr(around, "failfast", False)
            unknown = {
                k: v for k, v in options.items() if k not in ("verbose", "showtiming", "failfast")
            }
            if unknown:
                table = T.typeof(R.DefaultTestSet(""))
                raise MethodError(KeywordCall(table, unknown), (description,), None)
            ts: Any = R.DefaultTestSet(
                description, **{"failfast": inherited, "file": file, **options}
            )
        else:
            ts = call_kw(T.typeof(around), options, description)
    else:
        ts = call_kw(kind, options, description)
    R.open_sets().append(ts)
    if randomness.GLOBAL_SEED is not None:
        rng = randomness.default_rng()
        RANDOM_STATES.append((ts, rng.state))
        rng.seed(randomness.GLOBAL_SEED)
    return ts


# The state that the generator had before a set of tests, and has again after it.
RANDOM_STATES: list[tuple[Any, Any]] = []


def restore_randomness(ts: Any) -> None:
    for i, (owner, state) in enumerate(RANDOM_STATES):
        if owner is ts:
            randomness.default_rng().set_state(*state)
            del RANDOM_STATES[i:]
            return


def end_set(ts: Any) -> Any:
    """Close a set of tests."""
    stack = R.open_sets()
    while stack and stack[-1] is not ts:
        stack.pop()
    if stack:
        stack.pop()
    restore_randomness(ts)
    return R.FINISH(ts)


def failed_outside(ts: Any, error: Any, file: str, line: int) -> None:
    """An exception that left the body of a set of tests."""
    if isinstance(error, R.FailFast):
        return
    stack = R.open_sets()
    while stack and stack[-1] is not ts:
        stack.pop()
    if isinstance(error, InterruptException):
        if stack:
            stack.pop()
        restore_randomness(ts)
        raise error
    R.RECORD(ts, R.Error("nontest_error", "", (file, line), error, R.handled_trace()))


def around_body(context: Any, body: Any, description: Any, kind: Any, options: Expr) -> Expr:
    """The code of one set of tests."""
    ts, value = context.gensym("testset"), context.gensym("value")
    guarded = guarded_body(context, ts, body)
    guarded.args.append(Expr("block", Expr("=", value, call(end_set, ts))))
    opened = Expr("=", ts, opening(context, description, kind, options))
    return Expr("let", Expr("block", opened, value), Expr("block", guarded, value))


def opening(context: Any, description: Any, kind: Any, options: Expr) -> Expr:
    """The code that opens a set of tests."""
    name = "" if kind is None else expression_text(kind)
    return call(begin_set, description, kind, options, context.file, name)


def guarded_body(context: Any, ts: Any, body: Any) -> Expr:
    """The tests of a set, and what becomes of an exception that leaves them."""
    error = context.gensym("error")
    return Expr(
        "try",
        Expr("block", Expr("let", Expr("block"), Expr("block", body))),
        error,
        Expr("block", call(failed_outside, ts, error, context.file, context.line)),
    )


class LoopedSets:
    """The sets of `@testset for`: that of a pass ends when the next begins, or with the loop.

    So a body may go on to the next pass, leave the loop, or return.
    """

    def __init__(self) -> None:
        self.open: Any = None
        self.ended: list[Any] = []

    def begin(self, ts: Any) -> Any:
        self.open = ts
        return ts

    def end(self) -> None:
        if self.open is not None:
            ts, self.open = self.open, None
            self.ended.append(end_set(ts))

    def vector(self) -> Any:
        return vector(self.ended, T.Any_)


def looped_sets(
    context: Any, loops: Any, body: Any, description: Any, kind: Any, options: Expr
) -> Expr:
    """The code of `@testset for`."""
    found, ts = context.gensym("sets"), context.gensym("testset")
    opened = call(LoopedSets.begin, found, opening(context, description, kind, options))
    one_pass = Expr(
        "block",
        call(LoopedSets.end, found),
        Expr("=", Expr("local", ts), opened),
        guarded_body(context, ts, body),
    )
    ending = Expr("block", call(LoopedSets.end, found))
    loop = Expr("try", Expr("block", Expr("for", loops, one_pass)), False, False, ending)
    start = Expr("block", Expr("=", found, call(LoopedSets)))
    return Expr("let", start, Expr("block", loop, call(LoopedSets.vector, found)))


def options_of(arguments: list[Any]) -> Expr:
    pairs = []
    for a in arguments:
        name = a.args[0]
        if not isinstance(name, Symbol):
            raise ErrorException(f'syntax: invalid keyword argument name "{expression_text(name)}"')
        pairs += [name.name, a.args[1]]
    return call(make_options, *pairs)


def make_options(*pairs: Any) -> dict[str, Any]:
    return dict(zip(pairs[::2], pairs[1::2], strict=True))


def loop_description(*pairs: Any) -> str:
    return ", ".join(
        f"{name} = {one_line(value)}" for name, value in zip(pairs[::2], pairs[1::2], strict=True)
    )


def in_context(names: tuple[str, ...], *values: Any) -> ContextTestSet:
    context = (f"{n} = {string_of(v)}" for n, v in zip(names, values, strict=True))
    ts = ContextTestSet("\n              ".join(context))
    R.open_sets().append(ts)
    return ts


def leave_context(ts: ContextTestSet) -> None:
    R.open_sets().remove(ts)


def let_set(context: Any, e: Expr) -> Expr:
    """`@testset let x = 1, y = 2 … end`"""
    bindings, body = e.args
    items = bindings.args if isinstance(bindings, Expr) and bindings.head == "block" else [bindings]
    names = [b.args[0] if isinstance(b, Expr) else b for b in items]
    ts = context.gensym("testset")
    opened = Expr("=", ts, call(in_context, tuple(n.name for n in names), *names))
    guarded = Expr("try", Expr("block", body), False, False, Expr("block", call(leave_context, ts)))
    return Expr("let", bindings, Expr("block", opened, guarded))


def test_set(context: Any, arguments: tuple[Any, ...]) -> Expr:
    if not arguments:
        raise ErrorException("No arguments to @testset")
    *rest, body = arguments
    if isinstance(body, Expr) and body.head == "let" and not rest:
        return let_set(context, body)
    description: Any = None
    kind: Any = None
    options = []
    for a in rest:
        if isinstance(a, str) or (isinstance(a, Expr) and a.head == "string"):
            description = a
        elif isinstance(a, Expr) and a.head in ("=", "kw"):
            options.append(a)
        else:
            kind = a
    made = options_of(options)
    if isinstance(body, Expr) and body.head == "for":
        loops, inner = body.args
        items = loops.args if loops.head == "block" else [loops]
        names = [i.args[0] for i in items]
        if description is None:
            pairs: list[Any] = []
            for n in names:
                pairs += [expression_text(n), n]
            description = call(loop_description, *pairs)
        return looped_sets(context, loops, inner, description, kind, made)
    if isinstance(body, Expr) and body.head in ("block", "call"):
        if description is None:
            description = "test set" if body.head == "block" else string_of(body.args[0])
        return around_body(context, body, description, kind, made)
    raise ErrorException(
        "Expected function call, begin/end block or for loop as argument to @testset"
    )
