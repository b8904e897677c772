"""Strings and characters.

- `values`: the text of any string, constructors, concatenation, code units
- `comparison`: equality and order, by bytes
- `characters`: conversion, arithmetic, classes and case of characters
- `indexing`: positions, neighbours, slices, SubString
- `unicode`: width and clusters of characters
- `patterns`: what can be searched for
- `pieces`: split, join, strip, chop, pad
- `search`: `findfirst` and its family, `occursin`, `count`
- `transform`: case, replace, escapes
- `pcre`: PCRE's patterns in Python's language
- `regex`: regular expressions and their matches
- `versions`: version numbers
"""
