"""Implicit parameters and their gradients: `Params` and `Grads`, which find arrays by what they are."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from juliette_engine import trees
from juliette_engine.text import array_text

# Parameters that have no identity of their own, such as views in Julia: class -> f(x), equal for those that are the same.
KEYS: dict[type, Callable[[Any], Any]] = {}
_KEYS_FOUND: dict[type, Callable[[Any], Any]] = {}


def key_of(x: Any) -> Any:
    """What a parameter is found by in `Params` and `Grads`: its identity, unless its class has another key.

    Source: our own.
    """
    cls = type(x)
    found = _KEYS_FOUND.get(cls)
    if found is None:
        found = _KEYS_FOUND[cls] = next((KEYS[c] for c in cls.__mro__ if c in KEYS), id)
    return found(x)


class Params:
    """An ordered collection of `items`, the parameters, each once by identity.

    Source: Zygote, `Params`.
    """

    def __init__(self, items: Any = ()) -> None:
        self.items: dict[Any, Any] = {}
        self.by_value = False  # are some found by another key than their identity?
        self.push(*items)

    def __iter__(self) -> Iterator[Any]:
        return iter(list(self.items.values()))

    def __len__(self) -> int:
        return len(self.items)

    def __contains__(self, x: object) -> bool:
        return key_of(x) in self.items

    def __repr__(self) -> str:
        return (
            f"Params([{', '.join(array_text(trees.data(getattr(x, 'array', x))) for x in self)}])"
        )

    def push(self, *xs: Any) -> Params:
        for x in xs:
            key = key_of(x)
            self.items.setdefault(key, x)
            self.by_value = self.by_value or type(key) is not int
        return self

    def delete(self, x: Any) -> Params:
        self.items.pop(key_of(x), None)
        return self


class Grads:
    """Gradients by the identity of the parameter: `params` are those of the gradient, `grads` the table.

    Source: Zygote, `Grads`.
    """

    def __init__(self, params: Params, grads: dict[Any, Any]) -> None:
        self.params = params
        self.grads = grads

    def __getitem__(self, x: Any) -> Any:
        if key_of(x) not in self.params.items:
            raise KeyError(x)
        return self.grads.get(key_of(x))

    def __setitem__(self, x: Any, g: Any) -> None:
        self.grads[key_of(x)] = g

    def __contains__(self, x: object) -> bool:
        return key_of(x) in self.params.items

    def __repr__(self) -> str:
        return "Grads(...)"


__all__ = ["KEYS", "Grads", "Params", "key_of"]
