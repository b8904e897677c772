"""Values to text, as Julia prints them.

- `io`: streams, IOContext
- `numbers`: shortest floats
- `arrays`: aligned columns, truncation, the one-line form
- `collections`: dictionaries, sets, lazy iterators
- `show`: the `show` methods of everything else
- `expressions`: quoted code
- `errors`: the sentence of every exception; stack traces
"""
