"""Kernels: a tree of elementwise calls compiled once for the kinds of its leaves.

One tree is one record.  `build` makes up to three Python functions for a tree and its kinds of
leaves: the *tight* one, for arrays of equal shape, which writes over intermediates; the *loose* one,
which broadcasts and sums cotangents back; the *blocked* one, for long arrays, which goes through
them in pieces that stay in the cache and keeps the local derivatives.  Where a leaf is traced by two
levels, the tree is run operation by operation instead (`elementwise.run_tree`).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from juliette_engine import tape as T
from juliette_engine.errors import unequal
from juliette_engine.long import BIG, divisible, long_kernel
from juliette_engine.numeric import ONES, narrowed
from juliette_engine.program import NAMESPACE, Program, Value
from juliette_engine.tape import (
    SCALARS,
    ArrayTracer,
    Node,
    Tape,
    acc,
    acc_number,
    full,
    give,
    learned,
    new,
)

ndarray = np.ndarray


class Leaf(NamedTuple):
    """What a kernel must know about one of its arguments."""

    traced: bool
    sample: Any  # a number, or an array of ones with the argument's dtype and dimensions
    access: str  # how to get at the data: "{}.data" or "{}"
    guard: bool = False  # whether dtype and dimensions are to be checked in each call
    fortran: bool = True  # whether the memory order is known to be Fortran's

    @property
    def array(self) -> bool:
        return type(self.sample) is ndarray


class Call:
    """A call in a tree; arguments are calls, leaf numbers (`int`) or `Fixed` values."""

    __slots__ = ("args", "op")

    def __init__(self, op: Any, args: tuple[Any, ...]) -> None:
        self.op = op
        self.args = args


class Fixed:
    """A constant in a tree."""

    __slots__ = ("value",)

    def __init__(self, value: Any) -> None:
        self.value = value


class Host:
    """What differs between languages: promotion, the classes of nodes, errors."""

    julia = False
    waits = False  # do operations on long arrays wait for the next one?

    def node_class(self, sample: Any) -> Any:
        """The class of an array node, or None if the tape decides in each call."""
        return None

    def finish(self, sample: Any) -> Any:
        """Wraps an untraced result, or None if it stays as it is."""
        return None

    def mismatch(self, shapes: list[tuple[int, ...]]) -> Exception:
        return unequal(shapes)


class Python(Host):
    """One operation at a time."""

    waits = True


PYTHON = Python()


class Tree:
    """The programs of a tree over leaves; given a larger program and its values for the leaves, a part of it."""

    def __init__(
        self,
        tree: Call,
        leaves: tuple[Leaf, ...],
        host: Host,
        program: Program | None = None,
        slots: list[Value] | None = None,
    ) -> None:
        self.leaves = leaves
        self.program = p = program or Program(host.julia)
        self.slots = slots or []
        for i, leaf in enumerate(leaves if slots is None else ()):
            v = Value(f"a{i}", leaf.sample, leaf.array)
            p.memo["leaf", i] = v
            self.slots.append(v)
        self.parts: list[tuple[Any, Value, list[Any], list[Value], list[bool]]] = []
        self.value, self.traced = self._forward(tree)
        self.forward_end = len(p.code)

    def _forward(self, t: Any) -> tuple[Value, bool]:
        if isinstance(t, Fixed):
            return self.program.constant(t.value), False
        if isinstance(t, int):
            return self.slots[t], self.leaves[t].traced
        done = [self._forward(a) for a in t.args]
        args = [v for v, _ in done]
        traced = [d for _, d in done]
        rule = t.op.rule_for(args)
        value = self.program.expression(rule.forward, dict(zip(rule.names, args, strict=True)))
        self.parts.append((rule, value, list(t.args), args, traced))
        return value, any(traced)

    def backward(self, g: Value) -> dict[int, Value]:
        """The cotangent of each traced leaf, from that of the value."""
        adjoint: dict[int, Value] = {len(self.parts) - 1: g}
        out: dict[int, Value] = {}
        p = self.program
        ends = self._ends()
        for k in range(len(self.parts) - 1, -1, -1):
            at = adjoint.get(k)
            if at is None:
                continue
            rule, value, args, values, traced = self.parts[k]
            for j, arg in enumerate(args):
                if not traced[j] or rule.partials[j] is None:
                    continue
                env = dict(zip(rule.names, values, strict=True))
                env["y"] = value
                env["g"] = at
                d = self._partial(rule, rule.partials[j], env, value, values[j])
                if isinstance(arg, int):
                    out[arg] = d if arg not in out else p.op("+", out[arg], d)
                else:
                    adjoint[ends[k][j]] = d
        return out

    def _partial(self, rule: Any, text: str, env: dict[str, Value], y: Value, x: Value) -> Value:
        """A rule's cotangent; of holomorphic functions of complex numbers the conjugate slope."""
        p = self.program
        if not rule.holomorphic:
            d = p.expression(text, env)
            return (
                d if np.iscomplexobj(x.sample) or not np.iscomplexobj(d.sample) else p.op("real", d)
            )
        if not (np.iscomplexobj(y.sample) or np.iscomplexobj(x.sample)):
            return p.expression(text, env)
        if text == "g":
            return env["g"] if np.iscomplexobj(x.sample) else p.op("real", env["g"])
        env["g"] = p.op("conjugate", env["g"])
        d = p.op("conjugate", p.expression(text, env))
        return d if np.iscomplexobj(x.sample) else p.op("real", d)

    def _ends(self) -> list[dict[int, int]]:
        """For each call, the number of the call that is its j-th argument."""
        ends: list[dict[int, int]] = []
        stack: list[int] = []
        for k, (_, _, args, _, _) in enumerate(self.parts):
            mine = [j for j, a in enumerate(args) if isinstance(a, Call)]
            kids = stack[len(stack) - len(mine) :]
            del stack[len(stack) - len(mine) :]
            ends.append(dict(zip(mine, kids, strict=True)))
            stack.append(k)
        return ends


def build(
    tree: Call, leaves: tuple[Leaf, ...], host: Host, other: Any, mixed: Any
) -> Callable[..., Any]:
    """The kernel of a tree; `other(*args)` takes arguments of other kinds, `mixed` other levels."""
    return _Builder(tree, leaves, host, other, mixed).tight()  # type: ignore[no-any-return]


class _Builder:
    def __init__(
        self, tree: Call, leaves: tuple[Leaf, ...], host: Host, other: Any, mixed: Any
    ) -> None:
        self.tree, self.leaves, self.host = tree, leaves, host
        self.other, self.mixed = other, mixed
        self.names = [f"v{i}" for i in range(len(leaves))]
        self.traced = [i for i, leaf in enumerate(leaves) if leaf.traced]
        self.arrays = [i for i, leaf in enumerate(leaves) if leaf.array]
        self._loose: Any = None
        self._blocked: Any = None

    def header(self, guard: bool = True, alike: bool = False) -> list[str]:
        """Statements that fetch the data and send arguments of other kinds away; arrays of one shape have as many dimensions."""
        out = []
        if self.traced:
            first = self.names[self.traced[0]]
            out.append(f"tape = {first}.tape")
            if guard and len(self.traced) > 1:
                test = " or ".join(f"{self.names[i]}.tape is not tape" for i in self.traced[1:])
                out.append(f"if {test}: return mixed({', '.join(self.names)})")
        for i, leaf in enumerate(self.leaves):
            out.append(f"a{i} = {leaf.access.format(self.names[i])}")
        if guard:
            guarded = [
                (i, leaf.sample.ndim)
                for i, leaf in enumerate(self.leaves)
                if leaf.array and leaf.guard
            ]
            tests = [f"a{i}.dtype is not d{i}" for i, _ in guarded]
            tests += [f"a{i}.ndim != {n}" for i, n in (guarded[:1] if alike else guarded)]
            if tests:
                out.append(f"if {' or '.join(tests)}: return other({', '.join(self.names)})")
        return out

    def namespace(self, p: Program) -> dict[str, Any]:
        from juliette_engine.deferred import defer

        out = dict(NAMESPACE)
        out.update(p.constants)
        out.update(
            ndarray=ndarray,
            new=new,
            learned=learned,
            SCALARS=SCALARS,
            ArrayTracer=ArrayTracer,
            Tape=Tape,
            other=self.other,
            mixed=self.mixed,
            acc=acc,
            give=give,
            acc_number=acc_number,
            narrowed=narrowed,
            full=full,
            total=total,
            unbroadcast=unbroadcast,
            asfortranarray=np.asfortranarray,
            plain=plain,
            empty=np.empty,
            mismatch=self.host.mismatch,
            loose=self.loose,
            blocked=self.blocked,
            defer=defer,
            tree=self.tree,
        )
        for i in self.arrays:
            out[f"d{i}"] = self.leaves[i].sample.dtype
        return out

    def results(self, t: Tree) -> list[str]:
        """Statements that make the output from the value."""
        name = t.value.name
        if not self.traced:
            finish = self.host.finish(t.value.sample)
            self.extra["finish"] = finish
            return [f"return finish({name})" if finish is not None else f"return {name}"]
        if t.value.array:
            self.extra["cls"] = self.host.node_class(t.value.sample)
            return [self.make(name), f"r.data = {name}", "r.grad = None", "r.tape = tape"]
        if type(t.value.sample) is float:
            make = ["r = new(SCALARS[float])"]
        else:
            make = [
                f"try: r = new(SCALARS[type({name})])",
                f"except KeyError: r = new(learned({name}))",
            ]
        return [*make, f"r.data = {name}", "r.grad = None", "r.tape = tape"]

    def make(self, name: str) -> str:
        """The statement that makes an array node."""
        if self.extra["cls"] is not None:
            return "r = new(cls)"
        return f"r = new(ArrayTracer if type(tape) is Tape else tape.array_class({name}))"

    def function(
        self, name: str, params: list[str], body: list[str], namespace: dict[str, Any]
    ) -> Any:
        text = f"def {name}({', '.join(params)}):\n" + "\n".join(
            "    " + line for line in body or ["pass"]
        )
        exec(compile(text, "<kernel>", "exec"), namespace)
        f = namespace[name]
        f.source = text
        return f

    # ------------------------------------------------------------ arrays of one shape

    def tight(self) -> Any:
        self.extra: dict[str, Any] = {}
        shapes = {self.leaves[i].sample.ndim for i in self.arrays}
        if len(shapes) > 1:
            return self.loose
        t = Tree(self.tree, self.leaves, self.host)
        p = t.program
        body = self.header(alike=True)
        if len(self.arrays) > 1:
            a, *rest = self.arrays
            test = " or ".join(f"a{a}.shape != a{i}.shape" for i in rest)
            body.append(f"if {test}: return loose({', '.join(self.names)})")
        back, saved, keep = self.back(t, loose=False)
        if self.arrays and divisible(t):
            names = ", ".join(self.names)
            tests = [f"    return blocked({names})"] if len(t.parts) > 1 else []
            if self.host.waits and all(i in self.traced for i in self.arrays):
                tests[:0] = [
                    "    if type(tape) is Tape:",
                    f"        y = defer(tree, ({names},))",
                    "        if y is not None: return y",
                ]
            if tests:
                body += [f"if a{self.arrays[0]}.size > {BIG}:", *tests]
        body += p.write(keep, 0, t.forward_end)
        if not self.traced and t.value.array and t.value.sample.ndim > 1:
            body.append(
                f"if not {t.value.name}.flags.f_contiguous: {t.value.name} = asfortranarray({t.value.name})"
            )
        body += self.results(t)
        if self.traced:
            body += [self.record(saved), "return r"]
        namespace = self.namespace(p)
        namespace.update(self.extra)
        namespace["back"] = back
        kernel = self.function("kernel", self.names, body, namespace)
        if back is not None:
            T.TRACED_RULES[back] = self.traced_back(back, loose=False)
            T.FORWARD_RULES[back] = self.changer()
        return kernel

    def record(self, saved: list[str]) -> str:
        nodes = [self.names[i] for i in self.traced]
        kept = [f"a{i}" for i in range(len(self.leaves)) if i not in self.traced]
        if len(nodes) == 2 and not kept and not saved:
            return f"tape.append((back, r, {nodes[0]}, {nodes[1]}))"
        first = nodes[0] if len(nodes) == 1 else f"({', '.join(nodes)})"
        return f"tape.append((back, r, {first}, ({''.join(s + ', ' for s in [*kept, *saved])})))"

    def back(self, t: Tree, loose: bool) -> tuple[Any, list[str], set[str]]:
        """The backward function, the forward values that it needs, and all that must not be written over."""
        if not self.traced:
            return None, [], set()
        p = t.program
        y = t.value
        g = Value(
            "g",
            np.ones_like(
                y.sample, dtype=float if np.asarray(y.sample).dtype.kind in "iub" else None
            )[()]
            if not y.array
            else np.ones(y.sample.shape, y.sample.dtype if y.sample.dtype.kind in "fc" else float),
            y.array,
            y.array,
        )
        grads = t.backward(g)
        used: set[str] = set()
        for _, _, args in p.code[t.forward_end :]:
            used.update(x.name for x in args)
        used.update(v.name for v in grads.values())
        forward = [v.name for v, _, _ in p.code[: t.forward_end] if v.name in used]
        saved = [n for n in forward if n != y.name]
        kept = [f"a{i}" for i in range(len(self.leaves)) if i not in self.traced]
        nodes = [f"n{i}" for i in self.traced]
        body = []
        pair = len(nodes) == 2 and not kept and not saved
        if pair:
            body.append(f"{nodes[0]} = a; {nodes[1]} = b")
        elif len(nodes) > 1:
            body.append(f"{', '.join(nodes)} = a")
        else:
            body.append(f"{nodes[0]} = a")
        if kept or saved:
            body.append(f"{''.join(n + ', ' for n in [*kept, *saved])} = b")
        for i in self.traced:
            if f"a{i}" in used:
                body.append(f"a{i} = n{i}.data")
        if y.name in used and isinstance(y, Value) and y.name.startswith("t"):
            body.append(f"{y.name} = r.data")
        if loose and y.array:
            needed = [i for i in self.traced if f"a{i}" in used]
            body += [
                *self.aligned(needed),
                "whole = r.data.shape",
                "if type(g) is not ndarray or g.shape != whole: g = full(g, r.data)",
            ]
        finals = {v.name for v in grads.values()}
        body += p.write(set(forward) | {y.name} | finals, t.forward_end, None, reuse=not loose)
        counts: dict[str, int] = {}
        for v in grads.values():
            counts[v.name] = counts.get(v.name, 0) + 1
        for i, v in grads.items():
            body += self.deliver(i, v, counts[v.name] > 1, loose)
        namespace = self.namespace(p)
        back = self.function("back", ["g", "r", "a", "b"], body, namespace)
        return back, saved, {*forward, y.name}

    def deliver(self, i: int, v: Value, shared: bool, loose: bool) -> list[str]:
        """The statements that add a cotangent to a leaf; what most do is written out."""
        leaf = self.leaves[i]
        d = v.name
        if not leaf.array:
            if v.array or self.arrays:
                d = f"total({d}, r.data.size)"
            if type(leaf.sample) not in ONES and any(
                type(other.sample) in ONES for other in self.leaves
            ):
                d = f"narrowed({d}, n{i}.data)"
            return [f"acc_number(n{i}, {d})"]
        owned = v.name.startswith("t") and not shared
        if loose:
            d = f"{d} if n{i}.data.shape == whole else unbroadcast({d}, n{i}.data.shape, whole)"
            return [f"{'give' if owned else 'acc'}(n{i}, {d})"]
        own = f"type({d}) is ndarray" if owned else "False"
        add = f"give(n{i}, {d})" if owned else f"acc(n{i}, {d})"
        return [f"if n{i}.grad is None: n{i}.grad = {d}; n{i}.own = {own}", f"else: {add}"]

    # ------------------------------------------------------------ shapes that broadcast

    def loose(self, *args: Any) -> Any:
        if self._loose is None:
            t = Tree(self.tree, self.leaves, self.host)
            p = t.program
            back, saved, _ = self.back(t, loose=True)
            self.extra = {}
            body = self.header()
            body += self.aligned()
            body.append("try:")
            body += ["    " + line for line in p.write(set(), 0, t.forward_end, reuse=False)] or [
                "    pass"
            ]
            shapes = ", ".join(f"a{i}.shape" for i in self.arrays)
            body += ["except ValueError:", f"    raise mismatch([{shapes}]) from None"]
            if not self.traced and t.value.array and t.value.sample.ndim > 1:
                body.append(f"{t.value.name} = asfortranarray({t.value.name})")
            body += self.results(t)
            if self.traced:
                body += [self.record(saved), "return r"]
            namespace = self.namespace(p)
            namespace.update(self.extra)
            namespace["back"] = back
            self._loose = self.function("kernel", self.names, body, namespace)
            if back is not None:
                T.TRACED_RULES[back] = self.traced_back(back, loose=True)
                T.FORWARD_RULES[back] = self.changer()
        return self._loose(*args)

    def aligned(self, which: list[int] | None = None) -> list[str]:
        """Statements that give arrays equally many dimensions: Julia counts them from the first."""
        most = max(self.leaves[i].sample.ndim for i in self.arrays)
        out = []
        for i in self.arrays if which is None else [i for i in which if i in self.arrays]:
            n = self.leaves[i].sample.ndim
            if n == 1 and most > 1:
                out.append(f"a{i} = a{i}[(slice(None), {', '.join(['None'] * (most - 1))})]")
            elif 0 < n < most:
                out.append(f"a{i} = a{i}.reshape(a{i}.shape + {(1,) * (most - n)!r}, order='A')")
        return out

    # ------------------------------------------------------------ long arrays

    def blocked(self, *args: Any) -> Any:
        if self._blocked is None:
            self._blocked = self._make_blocked()
        return self._blocked(*args)

    def _make_blocked(self) -> Any:
        t = Tree(self.tree, self.leaves, self.host)
        made = long_kernel(t)
        if made is None:
            return self.loose
        self.extra = {}
        body = self.header(guard=False)
        flags = " and ".join(f"a{i}.flags.f_contiguous" for i in self.arrays)
        body.append(f"if not ({flags}): return loose({', '.join(self.names)})")
        slots = [f"d{i}" for i in made.own]
        body.append(
            f"{', '.join(['out', *slots])}{'' if slots else ','} = run({', '.join(f'a{i}' for i in range(len(self.leaves)))})"
        )
        if not self.traced:
            finish = self.host.finish(t.value.sample)
            body.append("return finish(out)" if finish is not None else "return out")
            self.extra["finish"] = finish
        else:
            self.extra["cls"] = self.host.node_class(t.value.sample)
            body += [self.make("out"), "r.data = out", "r.grad = None", "r.tape = tape"]
            triples = "".join(f"({self.names[i]}, d{i}, {own}), " for i, own in made.own.items())
            body += [f"tape.append((slopes, r, ({triples}), None))", "return r"]
        namespace = self.namespace(t.program)
        namespace.update(self.extra)
        namespace.update(slopes=slopes, run=made.run)
        return self.function("kernel", self.names, body, namespace)

    # ------------------------------------------------------------ cotangents traced by a level below

    def traced_back(self, back: Any, loose: bool) -> Any:
        """The same backward step with recorded operations."""
        from juliette_engine.elementwise import tree_cotangents

        traced = self.traced

        def step(g: Any, r: Any, a: Any, b: Any) -> None:
            nodes, values = self.held(a, b)
            found = tree_cotangents(self.tree, values, set(traced), g)
            for i, node in zip(traced, nodes, strict=True):
                T.acc_any(node, found.get(i))

        return step

    def held(self, a: Any, b: Any) -> tuple[Any, list[Any]]:
        """The nodes in a record, and the values of all leaves."""
        if isinstance(b, Node):
            a, b = (a, b), ()
        nodes = a if len(self.traced) > 1 else (a,)
        values: list[Any] = [None] * len(self.leaves)
        for i, node in zip(self.traced, nodes, strict=True):
            values[i] = node.data
        rest = iter(b)
        for i in range(len(self.leaves)):
            if i not in self.traced:
                values[i] = next(rest)
        return nodes, values

    def changer(self) -> Any:
        """How changes go through the kernel: `f(tape, r, a, b)`, compiled for each pattern of arguments that have one."""
        from juliette_engine import forward

        compiled: dict[Any, Any] = {}
        traced = self.traced
        single = len(traced) == 1

        def change(tape: Any, r: Any, a: Any, b: Any) -> Any:
            suffix = tape.suffix
            if single:
                d = a.grad
                if d is None:
                    return None
                key: Any = len(suffix)
                below = isinstance(d, Node)
            else:
                ds = [x.grad for x in ((a, b) if isinstance(b, Node) else a)]
                key = (len(suffix), *[d is not None for d in ds])
                below = any([isinstance(d, Node) for d in ds])
            if below:
                nodes, values = self.held(a, b)
                changes: list[Any] = [None] * len(values)
                for i, node in zip(traced, nodes, strict=True):
                    changes[i] = node.grad
                return forward.tree_change(self.tree, values, changes, suffix)
            f = compiled.get(key)
            if f is None:
                moving = (
                    traced
                    if single
                    else [i for i, some in zip(traced, key[1:], strict=True) if some]
                )
                f = compiled[key] = self.compiled_change(r.data, moving, len(suffix))
            return f(suffix, r, a, b)

        return change

    def compiled_change(self, y: Any, moving: list[int], width: int) -> Any:
        """Python for the change of the value, from those of some nodes in a record."""
        from juliette_engine.forward import ChangeProgram

        nodes = [f"n{i}" for i in self.traced]
        kept = [f"a{i}" for i in range(len(self.leaves)) if i not in self.traced]
        body = [
            f"{', '.join(nodes)}, = (a, b) if isinstance(b, Node) else a"
            if len(nodes) == 2 and not kept
            else f"{', '.join(nodes)} = a"
        ]
        if kept:
            body.append(f"{', '.join(kept)}, *_ = b")
        body += [f"a{i} = n{i}.data" for i in self.traced]
        body += [f"g{i} = n{i}.grad" for i in moving]
        p = ChangeProgram(
            self.tree, [leaf.sample for leaf in self.leaves], y, moving, width, self.host.julia
        )
        space = {**self.namespace(p.program), **p.names, "Node": Node}
        return self.function(
            "change", ["suffix", "r", "a", "b"], ["y = r.data", *body, *p.lines], space
        )


def slopes(g: Any, r: Any, a: Any, b: Any) -> None:
    """Backward of a blocked kernel: local derivatives are there already."""
    for node, d, own in a:
        if type(g) is ndarray or type(d) is not ndarray:
            give(node, g * d)
        elif g == 1:
            (give if own else acc)(node, d)
        elif own:
            d *= g
            give(node, d)
        else:
            give(node, g * d)


def _slopes_again(g: Any, r: Any, a: Any, b: Any) -> None:
    """The same where the record is kept for another time, so that no derivative may be changed."""
    slopes(g, r, [(node, d, False) for node, d, _ in a], b)


def _slopes_traced(g: Any, r: Any, a: Any, b: Any) -> None:
    from juliette_engine.elementwise import OPS

    for node, d, _ in a:
        T.acc_any(node, OPS["mul"](g, d))


def _slopes_change(tape: Any, r: Any, a: Any, b: Any) -> Any:
    total = None
    for node, d, _ in a:
        if node.grad is not None:
            term = align(np.asarray(d), node.grad)[0] * node.grad
            total = term if total is None else total + term
    return total


T.TRACED_RULES[slopes] = _slopes_traced
T.FORWARD_RULES[slopes] = _slopes_change
T.KEEPING_RULES[slopes] = _slopes_again


def plain(x: Any) -> Any:
    """A Python number for numpy's."""
    return x.item() if type(x) is np.float64 else x


def total(g: Any, size: int) -> Any:
    """The sum of a cotangent that is an array, or a number standing for `size` elements."""
    if type(g) is ndarray:
        out = np.add.reduce(g, None)
        return out.item() if type(out) is np.float64 else out
    return g * size


def align(*arrays: Any) -> list[Any]:
    """Arrays of equally many dimensions: Julia counts them from the first."""
    n = max([a.ndim for a in arrays])
    return [
        a if a.ndim == n or a.ndim == 0 else a.reshape(a.shape + (1,) * (n - a.ndim), order="A")
        for a in arrays
    ]


_ONES: dict[tuple[int, Any], Any] = {}
_MANY = 1 << 16


def ones(n: int, dtype: Any) -> Any:
    """A vector of ones, kept for the next time unless it is very long."""
    found = _ONES.get((n, dtype))
    if found is None:
        if n > _MANY:
            return np.ones(n, dtype)
        many = _ONES.get((_MANY, dtype))
        if many is None:
            many = _ONES[_MANY, dtype] = np.ones(_MANY, dtype)
        found = many[:n]
        if len(_ONES) < 256:
            _ONES[n, dtype] = found
    return found


def unbroadcast(g: Any, shape: tuple[int, ...], whole: tuple[int, ...]) -> Any:
    """Sum an array over the dimensions that broadcasting added or stretched."""
    have = g.shape
    if have == shape:
        return g
    n = len(have)
    padded = shape + (1,) * (n - len(shape))
    if n == 2 and g.dtype.kind == "f":
        rows, columns = have
        if padded == (rows, 1):
            return g.dot(ones(columns, g.dtype)).reshape(shape)
        if padded == (1, columns):
            return ones(rows, g.dtype).dot(g).reshape(shape)
    axes = tuple([i for i in range(n) if padded[i] == 1 and have[i] != 1])
    if axes:
        g = np.add.reduce(g, axes, keepdims=True)
    return np.reshape(g, shape, order="F")
