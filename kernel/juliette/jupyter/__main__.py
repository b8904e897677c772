"""`python -m juliette.jupyter -f CONNECTION_FILE`: what the kernelspec starts."""

from juliette.jupyter.launch import main

if __name__ == "__main__":
    raise SystemExit(main())
