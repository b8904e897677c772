"""Variables of a module that a statement keeps to itself while it runs.

A loop outside functions works on global variables, of which types are not known.  Where nothing but
the statement itself can see a variable while it runs, the statement holds it in a local one: it is
read before and written back at the end, however the statement ends.  As a statement is compiled when
it is run, the values that are there tell the types.

What can see a variable are functions; so each session notes the globals that are used within
functions (`Inside`), by name, wherever these are.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from juliette.compiler import core as C
from juliette.runtime.modules import Module

# Functions and names that lead to any variable of a module.
REFLECTING = frozenset(
    (
        "eval",
        "include",
        "include_string",
        "evalfile",
        "Main",
        "getglobal",
        "setglobal!",
        "varinfo",
        "names",
        "parentmodule",
    )
)


class Inside:
    """The names of globals that functions read, and that they assign."""

    def __init__(self) -> None:
        self.read: set[str] = set()
        self.assigned: set[str] = set()

    def reflects(self, lowerer: Any) -> None:
        """A macro gives code the module that it is in; in a function it leads to any variable."""
        if lowerer is not None and not lowerer.function.toplevel:
            self.read.add("Main")


def keep_globals(node: C.Node, module: Any, inside: Inside) -> dict[str, C.Var]:
    """Turn the globals that a statement can keep to itself into variables of its own."""
    own = [name for name, value in module.bindings.items() if value is module]
    if not (REFLECTING | set(own)).isdisjoint(inside.read):
        return {}
    read: set[str] = set()
    assigned: set[str] = set()
    if not _uses(node, read, assigned) or not REFLECTING.isdisjoint(read):
        return {}
    kept: dict[str, C.Var] = {}
    for name in sorted(read | assigned):
        if (
            name not in module.bindings
            or name in module.consts
            or name in module.declared
            or name in inside.assigned
            or (name in assigned and name in inside.read)
            or isinstance(module.bindings[name], Module)
        ):
            continue
        var = kept[name] = C.Var(name, f"{name}%kept", None)
        var.assigned = 2
    if kept:
        _replace(node, kept)
    return kept


def _uses(node: Any, read: set[str], assigned: set[str]) -> bool:
    """Collect the globals that a statement uses; False if it could reach others by their names."""
    kind = type(node)
    if kind is C.Global:
        read.add(node.name)
    elif kind is C.AssignGlobal:
        if node.const:
            return False
        assigned.add(node.name)
    elif kind is C.Const:
        return not isinstance(node.value, Module)
    elif kind is C.GetField and node.name in REFLECTING:
        return False
    return all([_uses(n, read, assigned) for n in _parts(node)])


def _parts(node: Any) -> list[C.Node]:
    out: list[C.Node] = []

    def note(n: C.Node) -> C.Node:
        out.append(n)
        return n

    _each(node, note)
    return out


def _each(node: Any, f: Callable[[C.Node], C.Node]) -> None:
    """Put `f` of each part of a node in its place."""
    if type(node) is C.Closure:
        for _, params, statics in node.family.methods:
            params[:] = map(f, params)
            statics[:] = [(name, low and f(low), high and f(high)) for name, low, high in statics]
        return
    for name in getattr(type(node), "__slots__", ()):
        part = getattr(node, name)
        if isinstance(part, C.Node):
            setattr(node, name, f(part))
        elif type(part) is list:
            part[:] = [
                f(p)
                if isinstance(p, C.Node)
                else (p[0], f(p[1]))
                if type(p) is tuple and isinstance(p[1], C.Node)
                else p
                for p in part
            ]


def _replace(node: C.Node, kept: dict[str, C.Var]) -> C.Node:
    kind = type(node)
    _each(node, lambda n: _replace(n, kept))
    if kind is C.Global and node.name in kept:  # type: ignore[attr-defined]
        return C.Local(kept[node.name])  # type: ignore[attr-defined]
    if kind is C.AssignGlobal and node.name in kept:  # type: ignore[attr-defined]
        return C.Assign(kept[node.name], node.value)  # type: ignore[attr-defined]
    return node
