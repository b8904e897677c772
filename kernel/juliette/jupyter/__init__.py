"""The Jupyter kernel.

- kernel: what Jupyter asks of a kernel, answered by an Interpreter
- launch: sockets and threads around it, and its start
- streams: printed text, buffered on its way to the front end
- install: kernelspecs: put in place, removed, looked at
"""
