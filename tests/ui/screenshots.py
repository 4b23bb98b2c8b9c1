"""Draws every page and dialog of the real window, with made-up tunnels, into a folder of pictures.

python -m tests.ui.screenshots FOLDER [--only NAME] [--languages en,ru] [--sizes 800x560,1280x800]
"""

from __future__ import annotations

import argparse
import asyncio
import os
import sys
import tempfile
from pathlib import Path

import qasync
from PySide6.QtCore import QPointF, QRectF, QSize, QSizeF, qInstallMessageHandler
from PySide6.QtGui import QColor, QFont, QImage, QPainter, QPainterPath, QPixmap
from PySide6.QtWidgets import QApplication, QWidget

from tests.ui.scenes import scenes
from xrgui.ui import theme
from xrgui.ui.app import Program, make_app
from xrgui.ui.widgets import state_icon

SHADE = QColor(0, 0, 0, 110)
SMALLEST = 0
"""Qt's quality of a PNG that is packed most."""


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--only", default="", help="scenes whose name begins so")
    parser.add_argument("--languages", default="en,ru")
    parser.add_argument("--themes", default="light,dark")
    parser.add_argument("--sizes", default="800x560,1280x800")
    parser.add_argument("--scale", default="1", help="pixels of the screen for one of the window, such as 1.5")
    parser.add_argument("--font", type=int, default=0, help="the system's font, in pixels")
    return parser.parse_args()


def only_ours(kind: object, context: object, text: str) -> None:
    """Without a screen, Qt's platform says at each dialog what it cannot do."""
    if not text.startswith("This plugin does not support"):
        print(text, file=sys.stderr)


async def settle() -> None:
    for _ in range(6):
        await asyncio.sleep(0.006)


def composed(window: QWidget, above: QWidget | None) -> QPixmap:
    """The window, and over it, as if shaded, the dialog; as high as the higher of the two."""
    behind = window.grab()
    if above is None:
        return behind
    inner = above.grab()
    room = QSizeF(window.width(), max(window.height(), above.height() + 16))
    picture = QPixmap((room * behind.devicePixelRatio()).toSize())
    picture.setDevicePixelRatio(behind.devicePixelRatio())
    picture.fill(theme.color("window"))
    painter = QPainter(picture)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.drawPixmap(0, 0, behind)
    painter.fillRect(QRectF(QPointF(), room), SHADE)
    at = QPointF((room.width() - above.width()) / 2, (room.height() - above.height()) / 2)
    path = QPainterPath()
    path.addRoundedRect(QRectF(at, inner.deviceIndependentSize()), 10, 10)
    painter.setClipPath(path)
    painter.drawPixmap(at, inner)
    painter.end()
    return picture


async def draw(app: QApplication, options: argparse.Namespace) -> int:
    state_icon.calm = lambda: True
    if options.font:
        large = QFont(app.font())
        large.setPixelSize(options.font)
        theme.interface_font = lambda: large
    program = Program(app, [])
    window = program.shell.window
    window.show()
    options.folder.mkdir(parents=True, exist_ok=True)
    drawn = 0
    for language in options.languages.split(","):
        program.settings.language = language
        program.shell.choices.changed()
        for size in options.sizes.split(","):
            window.resize(QSize(*map(int, size.split("x"))))
            for scene in scenes():
                if not scene.name.startswith(options.only):
                    continue
                window.show_page(scene.page)
                above = scene.prepare(program)
                for scheme in options.themes.split(","):
                    theme.theme().choose(theme.Scheme(scheme))
                    await settle()
                    shown = above if isinstance(above, QWidget) else None
                    name = f"{scene.name}-{size}-{scheme}-{language}.png"
                    picture = composed(window, shown).toImage().convertToFormat(QImage.Format.Format_RGB888)
                    picture.save(str(options.folder / name), "PNG", SMALLEST)
                    drawn += 1
                if isinstance(above, QWidget):
                    above.close()
                await settle()
    print(f"{drawn} pictures in {options.folder}")
    return 0


def main() -> int:
    options = arguments()
    with tempfile.TemporaryDirectory() as home:
        for name in ("CONFIG_HOME", "DATA_HOME", "STATE_HOME", "RUNTIME_DIR"):
            os.environ[f"XDG_{name}"] = f"{home}/{name.lower()}"
        os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
        os.environ["QT_SCALE_FACTOR"] = options.scale
        qInstallMessageHandler(only_ours)
        app = make_app()
        loop = qasync.QEventLoop(app)
        asyncio.set_event_loop(loop)
        with loop:
            return int(loop.run_until_complete(draw(app, options)))


if __name__ == "__main__":
    sys.exit(main())
