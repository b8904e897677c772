"""The chapter on exceptions and tasks: its files, in the order in which they build on one another."""

from __future__ import annotations

from juliette.base import channels, exceptions, locks, tasks

CHAPTER = (tasks, channels, locks, exceptions)
