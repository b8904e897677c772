"""The chapters on types, methods, modules and metaprogramming: their files."""

from __future__ import annotations

from juliette.base import (
    code_macros, code_stages, docs, enums, loading, meta, method_reflection, module_reflection, optional,
    reflection,
)
from juliette.display import dump

CHAPTER = (
    reflection, method_reflection, module_reflection, optional, code_macros, code_stages,
    docs, enums, loading,
    meta, dump,
)
