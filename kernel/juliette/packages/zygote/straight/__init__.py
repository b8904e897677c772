"""Straight-line gradients: one Python function for the value and the gradients of a call, without a tape.

As Zygote does, the code of what is differentiated becomes new code, source to source; what the way back needs is kept
in local variables.

- `items`, `steps`, `flow`: values and what a program consists of, steps back, the program while it is made
- `values`: tuples, structs and closures on the way, and how values come in
- `walk`: from core code to the program, by example
- `iteration`: what loops go over, and generators
- `calls`: what becomes of functions that are not written in Julia
- `numbers`, `dots`, `arrays`: those of numbers, dotted calls, those of whole arrays
- `blocked`: dotted calls on long arrays
- `terms`: values written as Python
- `backward`: the way back
- `gathering`: what the rounds of a loop add to one matrix
- `hoisting`: what rounds need not each do for themselves
- `writing`: both as Python

`entry.run` is the door.  A call is first left to the tape; if it comes again its program is made (`prepare`), and kept
by the callee and the classes of the arguments.  A program has no effects but at its very end (`Flow.effects`) and
checks what it relies on: whatever it does not expect, errors included, is left to the tape, which starts anew.  When methods change the programs that rest on them
are forgotten.
"""

from __future__ import annotations

import gc
import importlib
from typing import Any

import numpy as np

from juliette.base.iteration import iterate_value
from juliette.base.randomness import default_rng
from juliette.packages.zygote.entry import FIRST, PROGRAMS, RULES
from juliette.packages.zygote.straight.backward import Back, State
from juliette.packages.zygote.straight.flow import Flow
from juliette.packages.zygote.straight.gathering import column_sums, side_by_side
from juliette.packages.zygote.straight.hoisting import stretched
from juliette.packages.zygote.straight.items import Line, Refuse, Val
from juliette.packages.zygote.straight.values import Const, Opener, Record
from juliette.packages.zygote.straight.walk import Walk
from juliette.packages.zygote.straight.writing import Writer
from juliette.packages.zygote.trees import vector_of
from juliette.runtime import types as T
from juliette.runtime import values as V
from juliette.runtime.array import Array
from juliette.runtime.dispatch import GenericFunction
from juliette_engine.fusion import ones, total, unbroadcast
from juliette_engine.numeric import divide, product
from juliette_engine.parameters import Grads, Params
from juliette_engine.program import NAMESPACE
from juliette_engine.tape import full


class Bail(Exception):
    """Something is not as the program expects it."""


def named(names: tuple[str, ...], values: tuple[Any, ...]) -> Any:
    """The gradient of a struct or a named tuple."""
    return None if all(v is None for v in values) else V.NamedTuple(names, values)


def together(values: tuple[Any, ...]) -> Any:
    """The gradient of a tuple."""
    return None if all(v is None for v in values) else values


SPACE: dict[str, Any] = {
    **NAMESPACE, "Bail": Bail, "full": full, "unbroadcast": unbroadcast, "total": total, "float32": np.float32,
    "fortran": np.asfortranarray, "add_reduce": np.add.reduce, "zeros": np.zeros, "array": np.array, "ones": ones, "divide": divide,
    "asarray": np.asarray, "rowwise": np.ascontiguousarray, "iterate": iterate_value, "construct": T.CONSTRUCT, "NamedTuple": V.NamedTuple, "Grads": Grads,
    "named": named, "vector": vector_of, "together": together, "isnan": np.isnan, "product": product,
    "stretched": stretched, "side_by_side": side_by_side, "column_sums": column_sums,
}  # fmt: skip


class Compiler:
    """Makes the program of a call."""

    def __init__(
        self, f: Any, args: tuple[Any, ...], valued: bool, rest: tuple[Any, ...] = ()
    ) -> None:
        self.f = f
        self.args = args
        self.rest = rest
        self.valued = valued
        self.flow = Flow()
        params = args[0].items if len(args) == 1 and isinstance(args[0], Params) else None
        self.opener = Opener(self.flow, params)
        self.walk = Walk(self.flow, self.opener)
        self.source = ""
        self.claimed: set[str] = set()

    def function(self) -> Any:
        """`straight(f, args..., rest...)`, which returns the value, or None if it is not wanted, and the gradient."""
        flow = self.flow
        names = [f"arg{i}" for i in range(len(self.args))]
        implicit = self.opener.params is not None
        if implicit:
            flow.line("if arg0.by_value: raise Bail")  # views and their like are left to the tape
            flow.line("items = arg0.items", "items")
        f = (
            Const(self.f)
            if isinstance(self.f, GenericFunction)
            else self.opener.open("fun", self.f, False, flow.prologue, checked=True)
        )
        opened = (
            []
            if implicit
            else [
                self.opener.open(n, x, True, flow.prologue, checked=True)
                for n, x in zip(names, self.args, strict=True)
            ]
        )
        others = [f"rest{i}" for i in range(len(self.rest))]
        given = [
            self.opener.open(n, x, False, flow.prologue, checked=True)
            for n, x in zip(others, self.rest, strict=True)
        ]
        main = flow.main
        with flow.into(main):
            loss = self.walk.call(f, [*opened, *given])
        if type(loss.example) not in (float, int, np.float32) or type(loss) not in (Val, Const):
            raise Refuse("a loss that is no number")
        forward = len(flow.program.code)
        back = Back(flow)
        if loss.active:
            back.states[loss.name] = State(flow.program.constant(1))
            back.run(main)
        if implicit:
            gradient = self.grads(back)
        else:
            gradient = f"({''.join(self.gradient(x, back)[0] + ', ' for x in opened)})"
        value = "None"
        if self.valued:
            value = "value"
            main.append(
                Line(
                    f"value = {loss.name if type(loss) is Val else flow.hold(loss.example)}",
                    ("value",),
                )
            )
        result, last = f"{value}, {gradient}", []
        if flow.effects:
            last = [Line(f"result = {result}", ("result",)), *flow.effects]
            result = "result"
        writer = Writer(flow, forward)
        self.source = writer.function(
            ["fun", *names, *others], [flow.prologue, main, back.region, last], result
        )
        space = {**SPACE, **flow.program.constants, **flow.names}
        exec(compile(self.source, "<straight>", "exec"), space)
        made = space["straight"]
        if flow.loops:
            made = resting(made)
        if flow.draws:
            made = drawing(made)
        made.source = self.source
        made.misses = 0
        return made

    def grads(self, back: Back) -> str:
        """The gradients of implicit parameters."""
        back.line("found = dict.fromkeys(items)", "found")
        for name, x in self.opener.used:
            text, kind = self.gradient(x, back)
            if kind != "none":
                back.line(f"found[id({name})] = {text}", "found")
        return "Grads(arg0, found)"

    def gradient(self, x: Any, back: Back) -> tuple[str, str]:
        """The gradient of a value as text, and whether there is one: `some`, `none` or `maybe`."""
        if type(x) is Val:
            return self.leaf(x, back.states.get(x.name) if x.active else None)
        if type(x) is not Record:
            return "None", "none"
        value = x.example
        keys: Any = (
            range(len(value))
            if type(value) is tuple
            else range(len(value.data))
            if isinstance(value, Array)
            else range(len(value.values))
            if isinstance(value, V.NamedTuple)
            else getattr(value, "fields", ())
        )
        parts = [
            self.gradient(x.parts[k], back) if k in x.parts else ("None", "none") for k in keys
        ]
        kinds = {kind for _, kind in parts}
        if kinds <= {"none"}:
            return "None", "none"
        inner = f"({''.join(text + ', ' for text, _ in parts)})"
        sure = "some" in kinds
        if isinstance(value, Array):
            return f"vector([{inner[1:-1]}], ({len(value.data)},))", "some" if sure else "maybe"
        if type(value) is tuple:
            return (inner, "some") if sure else (f"together({inner})", "maybe")
        names = value.names if isinstance(value, V.NamedTuple) else value.fields
        return (
            f"{'NamedTuple' if sure else 'named'}({tuple(names)!r}, {inner})",
            "some" if sure else "maybe",
        )

    def claim(self, name: str) -> bool:
        """May an array that several cotangents share be given away?  Nobody changes it: once, if the program has made it."""
        if not name.startswith("t") or name in self.claimed:
            return False
        self.claimed.add(name)
        return True

    def leaf(self, x: Val, s: State | None) -> tuple[str, str]:
        """The gradient of a number or an array, of the argument's kind."""
        if s is None:
            return "None", "none"
        g = s.slot.name
        if not x.array:
            text = f"float32({g})" if type(x.example) is np.float32 else f"float({g})"
        else:
            dtype = x.slot.sample.dtype
            cls = self.flow.hold(type(x.example))
            if not s.slot.array:
                text = f"{cls}(full({g}, {x.name}))"
            elif (s.owned or self.claim(g)) and s.slot.sample.dtype == dtype:
                text = (
                    f"{cls}({g})"
                    if x.ndim < 2
                    else f"{cls}({g} if {g}.flags.f_contiguous else fortran({g}))"
                )
            else:
                text = f"{cls}(array({g}, {dtype.char!r}, order='F'))"
        return (f"None if {g} is None else {text}", "maybe") if s.maybe else (text, "some")


def resting(f: Any) -> Any:
    """The same while the garbage collector rests: what a loop keeps is all live."""

    def straight(*args: Any) -> Any:
        if not gc.isenabled():
            return f(*args)
        gc.disable()
        try:
            return f(*args)
        finally:
            gc.enable()

    return straight


def drawing(f: Any) -> Any:
    """The same, putting back the random numbers that it has drawn where the tape must start anew."""

    def straight(*args: Any) -> Any:
        rng = default_rng()
        state = rng.state
        try:
            return f(*args)
        except BaseException:
            rng.set_state(*state)
            raise

    return straight


# ---------------------------------------------------------------- when

_REBUILT: dict[Any, int] = {}
MISSES, REBUILDS, MOST = 3, 6, 4096
# A call that was refused is looked at again after so many more, so many times.
LATER, TRIES = 100, 3
# Why the last programs were not made, to look at.
REFUSALS: dict[Any, str] = {}


def prepare(
    key: Any, f: Any, args: tuple[Any, ...], valued: bool, rest: tuple[Any, ...] = ()
) -> Any:
    """The program of a call, or None; `rest` are further arguments, whose gradients are not wanted."""
    if len(PROGRAMS) > MOST:
        PROGRAMS.clear()
        REFUSALS.clear()
        _REBUILT.clear()
    for name in RULES:
        importlib.import_module(name)
    compiler = Compiler(f, args, valued, rest)
    made = None
    try:
        made = compiler.function()
    except Exception as e:
        REFUSALS[key] = f"{type(e).__name__}: {e}"
        if DEBUG is not None and not isinstance(e, Refuse):
            DEBUG(e)
        # what stood in the way may have been the example: another time
        n = _REBUILT[key] = _REBUILT.get(key, 0) + 1
        made = FIRST - LATER if n < TRIES else None
    PROGRAMS[key] = made

    def end() -> None:
        now = PROGRAMS.get(key, 0)
        if now is made or type(now) is int:
            PROGRAMS[key] = 0
            _REBUILT.pop(key, None)

    for function, types in dict.fromkeys(compiler.walk.rests_on):
        function.watch(types, end)
    return made if callable(made) else None


# What to do with an error of ours, for tests.
DEBUG: Any = None


def missed(key: Any, program: Any) -> None:
    """A program has met something that it does not expect."""
    program.misses += 1
    if program.misses >= MISSES:
        n = _REBUILT[key] = _REBUILT.get(key, 0) + 1
        PROGRAMS[key] = FIRST if n < REBUILDS else None


def source_of(f: Any, args: tuple[Any, ...]) -> str:
    """The Python that the gradient of a call becomes, to look at; raises Refuse with the reason if there is none."""
    compiler = Compiler(f, args, True)
    compiler.function()
    return compiler.source
