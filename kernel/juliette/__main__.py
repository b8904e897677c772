"""`python -m juliette`: the command `juliette`, where scripts are not on the path."""

from juliette.cli import main

if __name__ == "__main__":
    raise SystemExit(main())
