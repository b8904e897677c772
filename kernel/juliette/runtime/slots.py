"""The order in which a Julia dictionary iterates: that of its hash table's slots.

Lookups never need this table; it is built when a dictionary is first iterated, by replaying which
keys came and went, and goes on from there.
"""

from __future__ import annotations

from typing import Any

from juliette.runtime.hashing import julia_hashes

EMPTY, DELETED = None, object()


def table_size(n: int) -> int:
    """The least power of two that is at least `n` and 16."""
    return 16 if n < 16 else 1 << (n - 1).bit_length()


class SlotTable:
    """Open addressing with linear probing and tombstones; holds (handle, hash)."""

    __slots__ = ("count", "deleted", "floor", "hashes", "ordered", "slots", "where")

    def __init__(self, size: int = 16) -> None:
        self.slots: list[Any] = [EMPTY] * size
        self.hashes: dict[Any, int] = {}
        self.where: dict[Any, int] = {}
        self.count = 0
        self.deleted = 0
        # no slot before this one holds a key
        self.floor = 0
        # what `order` found, until something changes
        self.ordered: list[Any] | None = None

    def copy(self) -> SlotTable:
        other = SlotTable.__new__(SlotTable)
        other.slots = list(self.slots)
        other.hashes = dict(self.hashes)
        other.where = dict(self.where)
        other.count, other.deleted, other.floor = self.count, self.deleted, self.floor
        other.ordered = self.ordered
        return other

    def reserve(self, n: int) -> None:
        """`sizehint!`"""
        size = table_size(-(-3 * max(n, self.count) // 2))
        if size != len(self.slots):
            self.rehash(size)

    def rehash(self, size: int) -> None:
        size = table_size(size)
        old = self.slots
        self.ordered = None
        slots: list[Any] = [EMPTY] * size
        where = self.where
        hashes = self.hashes
        mask = size - 1
        for handle in old:
            if handle is EMPTY or handle is DELETED:
                continue
            i = hashes[handle] & mask
            while slots[i] is not EMPTY:
                i = (i + 1) & mask
            slots[i] = handle
            where[handle] = i
        self.slots = slots
        self.deleted = self.floor = 0

    def insert_all(self, handles: list[Any], keys: list[Any]) -> bool:
        """Add keys that are not there; False if Julia's hash of one of them is not known."""
        found = julia_hashes(keys)
        if found is None:
            return False
        slots, hashes, where = self.slots, self.hashes, self.where
        self.ordered = None
        mask = len(slots) - 1
        for handle, h in zip(handles, found, strict=True):
            i = h & mask
            while slots[i] is not EMPTY and slots[i] is not DELETED:
                i = (i + 1) & mask
            if slots[i] is DELETED:
                self.deleted -= 1
            slots[i] = handle
            hashes[handle] = h
            where[handle] = i
            self.count += 1
            if i < self.floor:
                self.floor = i
            if (self.count + self.deleted) * 3 > len(slots) * 2:
                self.rehash(self.count * 2 if self.count > 64000 else max(self.count * 4, 4))
                slots = self.slots
                mask = len(slots) - 1
        return True

    def remove(self, *handles: Any) -> None:
        """Take keys out; a tombstone stays only where a later probe would need it."""
        slots, where, hashes = self.slots, self.where, self.hashes
        self.ordered = None
        mask = len(slots) - 1
        deleted = self.deleted
        for handle in handles:
            i = where.pop(handle)
            del hashes[handle]
            if slots[(i + 1) & mask] is not EMPTY:
                slots[i] = DELETED
                deleted += 1
                continue
            slots[i] = EMPTY
            i = (i - 1) & mask
            while slots[i] is DELETED:
                slots[i] = EMPTY
                deleted -= 1
                i = (i - 1) & mask
        self.count -= len(handles)
        self.deleted = deleted

    def order(self) -> list[Any]:
        """The handles in the order of their slots: a list to look at."""
        if self.ordered is None:
            self.ordered = [s for s in self.slots if s is not EMPTY and s is not DELETED]
        return self.ordered

    def first(self) -> Any:
        """The handle in the first slot that has one."""
        slots, i = self.slots, self.floor
        while slots[i] is EMPTY or slots[i] is DELETED:
            i += 1
        self.floor = i
        return slots[i]
