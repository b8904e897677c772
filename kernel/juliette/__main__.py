"""`python -m juliette`: the command `juliette`, where scripts are not on the path."""

try:
    from juliette.cli import main
except KeyboardInterrupt:  # before there is anything that could be told of it
    raise SystemExit(130) from None

if __name__ == "__main__":
    raise SystemExit(main())
