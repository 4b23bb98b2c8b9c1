"""`xrgui`, and `python -m xrgui`. Loads next to nothing, so that Ctrl-C while the rest loads is no traceback."""

import os
import sys
from io import TextIOWrapper


def main() -> None:
    _settle_streams()
    try:
        from xrgui.cli import main as run

        run()
    except KeyboardInterrupt:
        raise SystemExit(130) from None


def _settle_streams() -> None:
    """A stream that was closed becomes the null device, since a socket in its place would end the event loop; a
    character that a terminal does not know becomes a question mark."""
    for number, name in enumerate(("stdin", "stdout", "stderr")):
        try:
            os.fstat(number)
        except OSError:
            # The lowest free number is this one.
            null = os.open(os.devnull, os.O_RDWR)
            if getattr(sys, name) is None:
                setattr(sys, name, os.fdopen(null, "r" if number == 0 else "w", encoding="utf-8", closefd=False))
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors="replace")


if __name__ == "__main__":
    main()
