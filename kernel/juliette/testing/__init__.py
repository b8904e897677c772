"""The notebook checker: run what is written and compare it with the output written under it.

compare   stored and present output, by the mode that a cell asks for
report    what a check found, as data and as text
execute   cells through a Jupyter kernel
plain     notebooks where nbclient is missing
notebook  Jupyter notebooks
rst       notebooks exported as reStructuredText
doctest   `jldoctest` blocks in Markdown and in docstrings
command   `juliette test PATH…`
plugin    the same under pytest
"""
