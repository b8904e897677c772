"""The chapter on collections: its files, in the order in which they build on one another."""

from __future__ import annotations

from juliette.base import (
    dictionaries, folds, functions, hashes, immutable_dict, iteration, iterators, pairs, searching, sets, sorting, tuples,
)

CHAPTER = (
    iteration, iterators, folds, searching, pairs, tuples, functions, hashes, dictionaries, immutable_dict, sets, sorting,
)
