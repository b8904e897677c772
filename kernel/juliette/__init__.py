"""Juliette: Julia code, run by Python.

cli           the command `juliette`
repl          the prompt in the terminal
jupyter       the Jupyter kernel and its installation
testing       the notebook checker: `juliette test` and the pytest plugin
tutorial      the tutorial's notebooks, copied and opened: `juliette lab`
emit          the stages between text and result, shown: `juliette --emit`
ipython       `%load_ext juliette`: Julia-style output in a Python notebook
interpreter   a session without any transport: the one door for hosts
entry         what is typed besides Julia: `?`, `;`, `]`, pasted transcripts
indent        how far the next line is to be set in
report        an exception that ended a run, as text
completion    what Tab offers
packages      names of Julia packages, led to the engine
stdlib        Julia's standard library
base          Julia's Base, a file for each chapter of the manual
display       values and errors as text
compiler      syntax tree to Python code
runtime       what compiled code calls
syntax        text to syntax tree
"""

__version__ = "0.1.0"


def load_ipython_extension(shell: object) -> None:
    """Show arrays, gradients and models Julia-style in `shell` (for `%load_ext juliette`)."""
    from juliette.ipython import load

    load(shell)


def unload_ipython_extension(shell: object) -> None:
    """Give `shell` back the output it had before."""
    from juliette.ipython import unload

    unload(shell)
