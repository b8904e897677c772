"""The chapter on input, output and the operating system: its files, in the order in which they build on one another."""

from __future__ import annotations

from juliette.base import commands, environment, files, logs, output, paths, processes, streams

CHAPTER = (streams, output, paths, files, environment, commands, processes, logs)
