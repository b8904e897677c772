"""Values to text, as Julia prints them.

- `io`: streams, IOContext
- `numbers`: shortest floats
- `strings`: strings and characters as literals
- `arrays`: aligned columns, truncation, the one-line form
- `array_show`: summaries and the `show` methods of arrays and ranges
- `collections`: dictionaries, sets, lazy iterators
- `streams`: streams and the operating system's errors
- `tasks`: tasks, channels and their exceptions
- `functions`: functions, by name or by type
- `show`: the `show` methods of everything else
- `dump`: a value with all its parts
- `expressions`: quoted code
- `methods`: methods and calls as text, closest candidates
- `declared`: the methods that Julia itself has, for what ours are cut otherwise
- `errors`: the sentence of every exception
- `foreign`: what exceptions of Python stand for
- `frames`: stack traces of the user's frames
- `library_frames`: what Julia's library shows of itself in them
"""
