"""The Jupyter kernel, on ipykernel's base class.

- `kernel`: the kernel itself
- `install`: adding it to Jupyter, removing it, looking whether it is well
"""
