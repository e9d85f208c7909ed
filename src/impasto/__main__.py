"""``python -m impasto``, and the command ``impasto``."""

from __future__ import annotations

import sys


def main() -> None:
    """Run the command line; Ctrl-C ends it in one line while its modules are loaded, too."""
    try:
        from impasto.cli.main import main

        main()
    except KeyboardInterrupt:
        sys.stderr.write("impasto: interrupted\n")
        sys.exit(130)  # as shells have it: 128 + SIGINT


if __name__ == "__main__":
    main()
