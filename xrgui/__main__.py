"""`xrgui`, and `python -m xrgui`. Loads next to nothing, so that Ctrl-C while the rest loads is no traceback."""


def main() -> None:
    try:
        from xrgui.cli import main as run

        run()
    except KeyboardInterrupt:
        raise SystemExit(130) from None


if __name__ == "__main__":
    main()
