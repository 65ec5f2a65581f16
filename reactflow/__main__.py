"""``python -m reactflow``: the command line, where the command ``reactflow`` is not on the path."""

from reactflow.cli.main import main

if __name__ == "__main__":
    main()
