"""`python -m rlmlang`: the same as `rlm`."""

from rlmlang.cli.main import main

if __name__ == "__main__":
    main()
