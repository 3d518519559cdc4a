"""`python -m streamstyle`, and what the command `streamstyle` runs."""

from __future__ import annotations

import sys

from streamstyle.errors import EXIT_INTERRUPTED


def main() -> None:
    """Run the command line and leave the process with its exit code, also where Ctrl-C comes while it is loaded."""
    try:
        from streamstyle.cli.main import main as run_command_line  # noqa: PLC0415
    except KeyboardInterrupt:
        sys.exit(EXIT_INTERRUPTED)
    run_command_line()


if __name__ == "__main__":
    main()
