"""Trying again, and the exceptions that are being handled."""

from __future__ import annotations

from typing import Any

from juliette.base.iteration import iterate_value, native_steps
from juliette.base.iterator_sizes import HasLength, Lazy
from juliette.compiler import support
from juliette.runtime import types as T
from juliette.runtime import values as V
from juliette.runtime.errors import JuliaException, Thrown, julia_value
from juliette.runtime.modules import Base


class ExponentialBackOff(Lazy):
    """`ExponentialBackOff(n=1, first_delay=0.05, max_delay=10.0, factor=5.0, jitter=0.1)`"""

    __slots__ = ("factor", "first_delay", "jitter", "max_delay", "n")
    fields = ("n", "first_delay", "max_delay", "factor", "jitter")

    def __init__(
        self, n: int, first_delay: float, max_delay: float, factor: float, jitter: float
    ) -> None:
        self.n, self.first_delay, self.max_delay, self.factor, self.jitter = (
            n,
            first_delay,
            max_delay,
            factor,
            jitter,
        )

    def julia_iterator(self) -> Any:
        delay = min(self.first_delay, self.max_delay)
        for _ in range(self.n):
            yield delay
            random = Base.bindings["rand"]()
            delay = min(
                self.max_delay, delay * self.factor * (1 - self.jitter + random * 2 * self.jitter)
            )

    def size(self) -> Any:
        return HasLength

    def iteration_length(self) -> int:
        return self.n

    def element_type(self) -> Any:
        return T.Float64


_backoff = T.define("ExponentialBackOff", module=Base)
T.register_class(ExponentialBackOff, _backoff)
_backoff.typename.fields = ExponentialBackOff.fields
_backoff.typename.field_types = (T.Int64, *(T.Float64,) * 4)
Base.const("ExponentialBackOff", _backoff)
native_steps("ExponentialBackOff")


@Base.method("ExponentialBackOff(; n=1, first_delay=0.05, max_delay=10.0, factor=5.0, jitter=0.1)")
def exponential_backoff(
    _: Any,
    *,
    n: int = 1,
    first_delay: Any = 0.05,
    max_delay: Any = 10.0,
    factor: Any = 5.0,
    jitter: Any = 0.1,
) -> ExponentialBackOff:
    """Delays that grow by a factor, with some randomness."""
    return ExponentialBackOff(n, float(first_delay), float(max_delay), float(factor), float(jitter))


@Base.method("retry(f; delays=nothing, check=nothing)")
def retry(f: Any, *, delays: Any = None, check: Any = None) -> Any:
    """A function that calls `f` again after each of the delays while it throws.

    ```jldoctest
    julia> n = Ref(0);

    julia> f() = (n[] += 1) < 3 ? error("not yet") : n[];

    julia> retry(f; delays = [0, 0, 0])()
    3
    ```
    """
    waits = delays if delays is not None else ExponentialBackOff(1, 0.05, 10.0, 5.0, 0.1)

    def again(*args: Any) -> Any:
        remaining = iter(iterate_value(waits))
        while True:
            try:
                return f(*args)
            except (Exception, RecursionError) as error:
                try:
                    delay = next(remaining)
                except StopIteration:
                    raise error from None
                if check is not None:
                    verdict = check(waits, julia_value(error))
                    if type(verdict) is tuple:
                        verdict = verdict[1]
                    if not support.truth(verdict):
                        raise
                Base.bindings["sleep"](delay)

    return again


class ExceptionStack:
    """What `current_exceptions()` gives."""

    __slots__ = ("errors",)

    def __init__(self, errors: list[BaseException]) -> None:
        self.errors = errors


_stack = T.define("Base.ExceptionStack", T.apply_type(T.AbstractArray, T.Any_, 1))
T.register_class(ExceptionStack, _stack)
Base.const("ExceptionStack", _stack, export=False)


@Base.method("current_exceptions(task::Task...; backtrace=true)")
def current_exceptions(*task: Any, backtrace: bool = True) -> ExceptionStack:
    """The exceptions that are being handled, the latest last."""
    other = task and task[0] is not Base.bindings["current_task"]()
    found: list[BaseException] = []
    for error in task[0].exceptions if other else support.EXCEPTION_STACK:
        chain = causes(error)
        found += [e for e in chain if not any(e is f for f in found)]
    return ExceptionStack(found)


def causes(error: BaseException) -> list[BaseException]:
    """An exception after those during whose handling it was thrown."""
    chain = [error]
    while (
        isinstance(chain[0].__context__, (JuliaException, Thrown))
        and not chain[0].__suppress_context__
    ):
        chain.insert(0, chain[0].__context__)
    return chain


@Base.method("size(s::Base.ExceptionStack)")
def stack_size(s: ExceptionStack) -> tuple[int]:
    return (len(s.errors),)


@Base.method("getindex(s::Base.ExceptionStack, i::Integer)")
def stack_get(s: ExceptionStack, i: int) -> Any:
    from juliette.base.backtraces import trace_of

    error = s.errors[i - 1]
    return V.NamedTuple(("exception", "backtrace"), (julia_value(error), trace_of(error)))
