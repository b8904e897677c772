"""No built-in method is written down twice: of two with one signature, the later would replace the other."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

# Everything is loaded in a process of its own, with the registration of methods watched.
SURVEY = """
import importlib
import pkgutil
import sys

from juliette.runtime import types as T
from juliette.runtime.dispatch import GenericFunction

add, announce = GenericFunction.add, GenericFunction.announce
functions, twins = {}, []


def place(method):
    code = getattr(method.builtin, "__code__", None)
    return f"{method.builtin.__module__}:{code.co_firstlineno}" if code else repr(method.builtin)


def watched(self, method):
    add(self, method)
    old = method.replaced
    if method.code is None and old is not None and old.code is None and place(old) != place(method):
        twins.append((self.name, T.type_string(method.signature), place(old), place(method)))


def noted(self, pending):
    functions[id(self)] = self
    announce(self, pending)


GenericFunction.add, GenericFunction.announce = watched, noted

import juliette.base
import juliette.display
from juliette.interpreter import Interpreter
from juliette.runtime.modules import PACKAGES

session = Interpreter()
for package in (juliette.base, juliette.display):
    for part in pkgutil.walk_packages(package.__path__, package.__name__ + "."):
        importlib.import_module(part.name)
for name in sys.argv[1:]:
    outcome = session.run("using " + name)
    assert outcome.error is None, outcome.error.render()
for function in list(functions.values()):
    function.settle()
for name, signature, first, second in sorted(set(twins)):
    print(f"{name}: {signature}: {first} and {second}")
"""
PACKAGES = [
    "Base64",
    "Dates",
    "DelimitedFiles",
    "InteractiveUtils",
    "LinearAlgebra",
    "Logging",
    "Markdown",
    "Pkg",
    "Printf",
    "Random",
    "SHA",
    "SparseArrays",
    "Statistics",
    "TOML",
    "Test",
    "UUIDs",
    "Unicode",
    "Zygote",
    "ForwardDiff",
    "Flux",
]


@pytest.mark.slow
def test_no_method_stands_twice() -> None:
    done = subprocess.run(
        [sys.executable, "-c", SURVEY, *PACKAGES],
        cwd=Path(__file__).parent,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert not done.stdout, done.stdout
