"""The chapter on input, output and the operating system: its files, in the order in which they build on one another."""

from __future__ import annotations

from juliette.base import environment, files, paths, processes, streams

CHAPTER = (streams, paths, files, environment, processes)
