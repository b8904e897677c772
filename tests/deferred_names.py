"""Writes `base/deferred.py`: which parts of Base define what, so that they can be imported late.

A part is every module of `juliette.base` that starting a session does not import.  It is imported
when a name is met that it defines, or the name of a type whose methods it has (`TYPES`).  Methods
that it adds to functions of the core for types of the core could be missed so; those functions
import the part when they are first called (`EXTENDED`).
"""

from __future__ import annotations

import importlib
import json
import pkgutil
import sys
import textwrap
from pathlib import Path
from types import FrameType
from typing import Any

import juliette.base
import juliette.display
from juliette.base import bootstrap, deferred
from juliette.compiler import support
from juliette.runtime import types as T
from juliette.runtime.builtin_methods import function_name
from juliette.runtime.dispatch import GenericFunction, Method
from juliette.runtime.modules import Base, Module, constructors

PLACE = Path(deferred.__file__)
# Types of the runtime's whose methods these parts have; no value of theirs comes about without
# one of the names, and the parts are imported together.
TYPES = {
    "AbstractIrrational Irrational": ["juliette.base.numbers.irrationals"],
    "Rational": ["juliette.base.numbers.rationals"],
    "Complex": ["juliette.base.numbers.complexes", "juliette.base.numbers.complex_functions"],
    "Missing missing": ["juliette.base.missing"],
    "current_exceptions": ["juliette.base.exceptions", "juliette.display.tasks"],
    "Method MethodList methods which": [
        "juliette.base.method_reflection",
        "juliette.display.methods",
    ],
    "Channel Task": ["juliette.base.tasks", "juliette.base.channels", "juliette.display.tasks"],
}


class Survey:
    """What each part of Base defines."""

    def __init__(self) -> None:
        assert bootstrap.CORE
        self.core = {name for name in sys.modules if name.startswith("juliette.")}
        self.core_names = set(Base.bindings) | set(support.HELPERS)
        self.core_types = {id(t.typename) for t in self._types()}
        self.names: dict[str, set[str]] = {}
        for types, parts in TYPES.items():
            for part in parts:
                self.names[part] = set(types.split())
            for t in map(Base.bindings.get, types.split()):
                if isinstance(t, T.JuliaType):
                    self.core_types.discard(id(T.unwrap(t).typename))
        self._listen()
        for part in self._parts():
            importlib.import_module(part)

    def _parts(self) -> list[str]:
        found = [
            m.name
            for package in (juliette.base, juliette.display)
            for m in pkgutil.walk_packages(package.__path__, package.__name__ + ".")
        ]
        return sorted(name for name in found if name not in self.core)

    def _types(self) -> list[Any]:
        bodies = [T.unwrap(t) for t in Base.bindings.values() if isinstance(t, T.JuliaType)]
        return [t for t in bodies if isinstance(t, T.DataType)]

    def _listen(self) -> None:
        """Note every definition in Base, with the module that makes it."""
        method, bind = Module.method, Module.set

        def noted_method(module: Module, header: str, **options: Any) -> Any:
            register = method(module, header, **options)

            def noted(f: Any) -> Any:
                self._note(module, function_name(header))
                return register(f)

            return noted

        def noted_set(module: Module, name: str, value: Any, *, const: bool = False) -> None:
            self._note(module, name)
            bind(module, name, value, const=const)

        Module.method, Module.set = noted_method, noted_set  # type: ignore[method-assign]

        helpers = support.HELPERS
        survey = self

        class Helpers(dict[str, Any]):
            def __setitem__(self, name: str, value: Any) -> None:
                survey._note(Base, name)
                super().__setitem__(name, value)

        support.HELPERS = Helpers(helpers)

    def _note(self, module: Module, name: str | None) -> None:
        if module is not Base or name is None:
            return
        # The innermost part on the way: helpers of the core define names for parts that call them.
        frame: FrameType | None = sys._getframe(2)
        while frame is not None:
            part = frame.f_globals["__name__"]
            if part.startswith(("juliette.base.", "juliette.display.")) and part not in self.core:
                self.names.setdefault(part, set()).add(name)
                return
            frame = frame.f_back

    # ------------------------------------------------------------ results

    def chapters(self) -> dict[str, str]:
        """The names of each part that the core does not have, and its types."""
        types = set(" ".join(TYPES).split())
        own = {part: names - self.core_names | names & types for part, names in self.names.items()}
        return _listed(own)

    def exported(self) -> dict[str, str]:
        """The names of the parts that Base exports."""
        names = set().union(*self.names.values()) - self.core_names
        return {"Base": " ".join(sorted(names & Base.exports))}

    def extended(self) -> dict[str, str]:
        """The core's functions to which parts add methods for the core's own types."""
        found: dict[str, set[str]] = {}
        for name in sorted(self.core_names & set(Base.bindings)):
            value = Base.bindings[name]
            function = constructors(value) if _has_constructors(value) else value
            if not isinstance(function, GenericFunction):
                continue
            function.settle()
            for m in function.methods:
                part = m.builtin.__module__ if m.builtin is not None else ""
                if (
                    part.startswith(("juliette.base.", "juliette.display."))
                    and part not in self.core
                    and not self._names_a_part(m)
                ):
                    found.setdefault(part, set()).add(name)
        return _listed(found)

    def _names_a_part(self, method: Method) -> bool:
        return any(id(n) not in self.core_types for n in _typenames(method.signature))


def _listed(names: dict[str, set[str]]) -> dict[str, str]:
    """Names by part; parts that have a type together have each other's names."""
    for parts in TYPES.values():
        together = set().union(*(names.get(part, set()) for part in parts))
        names.update((part, together) for part in parts)
    return {part: " ".join(sorted(names[part])) for part in sorted(names) if names[part]}


def _has_constructors(value: Any) -> bool:
    return isinstance(value, T.JuliaType) and isinstance(T.unwrap(value), T.DataType)


def _typenames(t: Any) -> set[Any]:
    """The type families that a signature mentions."""
    if isinstance(t, T.UnionAll):
        return _typenames(t.body) | _typenames(t.var.upper)
    if isinstance(t, T.UnionType):
        return set().union(*map(_typenames, t.types))
    if isinstance(t, T.Vararg):
        return _typenames(t.type)
    if isinstance(t, T.DataType):
        return {t.typename}.union(*map(_typenames, t.parameters))
    return set()


def table(name: str, rows: dict[str, str]) -> str:
    """A dictionary's source."""
    lines = [f"{name}: dict[str, str] = {{"]
    for part, names in rows.items():
        # what ruff joins to one line stays one
        wide = 90 if len(names) <= 90 else 88
        wrapped = textwrap.wrap(names, wide, break_long_words=False, break_on_hyphens=False)
        quoted = [json.dumps(line + " ", ensure_ascii=False) for line in wrapped[:-1]]
        quoted.append(json.dumps(wrapped[-1], ensure_ascii=False))
        if len(quoted) == 1 and len(part) + len(quoted[0]) < 91:
            lines.append(f'    "{part}": {quoted[0]},')
        else:
            lines += [f'    "{part}": (', *(f"        {q}" for q in quoted), "    ),"]
    return "\n".join([*lines, "}"]) + "\n"


def text(survey: Survey) -> str:
    """The source of `base/deferred.py`."""
    head = PLACE.read_text("utf-8").split("CHAPTERS: ")[0]
    return (
        head
        + table("CHAPTERS", survey.chapters())
        + "\n# Which of them Base exports.\n"
        + table("EXPORTED", survey.exported())
        + "\n# Functions of the core to which a part adds methods for types of the core.\n"
        + table("EXTENDED", survey.extended())
    )


if __name__ == "__main__":
    PLACE.write_text(text(Survey()), "utf-8")
