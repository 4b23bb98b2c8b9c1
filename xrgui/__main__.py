"""`python -m xrgui` is `xrgui`."""

from xrgui.cli import main

main()
