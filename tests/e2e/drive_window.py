"""The person of `test_window.py`: runs the real program in this process and uses mouse and keyboard.

    python drive_window.py first|second LINK SERVICE-PORT PUBLIC-PORT

`first` makes a tunnel and uses it; `second` is the program's next start. Says "done" on stdout, or what failed.
"""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import sys
import tempfile
import urllib.request
from contextlib import suppress
from pathlib import Path

import qasync

sys.path.insert(0, str(Path(__file__).parent))

from hands import click, click_at, fill, press, until
from PySide6.QtWidgets import QApplication, QSystemTrayIcon

from xrgui import paths
from xrgui.ui import app as application
from xrgui.ui.dialogs.close_question import CloseQuestion
from xrgui.ui.dialogs.editor import Editor
from xrgui.ui.dialogs.import_preview import ImportPreview
from xrgui.ui.dialogs.share_form import ShareForm
from xrgui.ui.models.session_columns import PLACES
from xrgui.ui.single import SingleInstance
from xrgui.ui.tunnel import Phase

NAME = "Blog preview"
SIZE = 300_000


class Driver:
    def __init__(self, program: application.Program, link: str, service: int, public: int) -> None:
        self.program, self.shell, self.window = program, program.shell, program.shell.window
        self.link, self.service, self.public = link, service, public

    @property
    def tunnel(self):
        return next(iter(self.program.tunnels), None)

    async def first(self) -> None:
        await until("the engine runs", lambda: self.program.engine.running)
        await until("secrets are open", lambda: self.program.library.secrets_open)
        assert self.program.library.secrets_kind == "keyring"
        await self.create()
        await self.fetch()
        await self.close_row()
        await self.survive_the_engine()
        await self.start_twice()
        await self.close_and_come_back()
        await self.resize()
        await self.stop_from_tray()
        await press("ctrl+q")

    async def create(self) -> None:
        share = next(
            b for b in self.shell.tunnels.first.findChildren(type(self.shell.connections.pause)) if b.text() == "Share…"
        )
        await click(share)
        await until("the editor", lambda: isinstance(QApplication.activeModalWidget(), Editor))
        editor = QApplication.activeModalWidget()
        form = editor.form
        assert isinstance(form, ShareForm)
        await until("the name has the focus", form.name.hasFocus)
        await fill(form.name, NAME)
        await press("Tab")
        await fill(form.services.rows[0].address, f"127.0.0.1:{self.service}")
        await click(form.link)
        await fill(form.link, self.link)
        await click(form.public)
        await fill(form.public, f"http://127.0.0.1:{self.public}")
        await until("the service answers", lambda: "answers" in form.services.rows[0].note.text())
        await click(editor.main)
        await until("the tunnel is in the list", lambda: self.tunnel is not None)
        assert self.tunnel.name == NAME
        try:
            await until("it is up", lambda: self.tunnel.phase is Phase.UP)
        except AssertionError as error:
            raise AssertionError(f"{error}; it is {self.tunnel}") from None

    async def fetch(self) -> None:
        url = f"http://127.0.0.1:{self.public}/page"
        body = await asyncio.to_thread(lambda: urllib.request.urlopen(url, timeout=10).read())
        assert body == b"x" * SIZE, len(body)

    async def close_row(self) -> None:
        """A visitor who stays: its row has the right bytes, and closing it ends the visit."""
        reader, writer = await asyncio.open_connection("127.0.0.1", self.public)
        writer.write(b"GET /stay HTTP/1.1\r\nHost: here\r\n\r\n")
        received = len(await reader.readexactly(SIZE))
        await press("ctrl+2")
        page = self.shell.connections
        table = page.open
        await until("the row", lambda: len(table.open_ids()) == 1)
        number = table.open_ids()[0]

        def shown():
            return next(
                (
                    r.session
                    for r in (table.row(table.index(n, 0)) for n in range(table.rowCount()))
                    if r.session.id == number
                ),
                None,
            )

        await until(f"{received} bytes in the row", lambda: shown() is not None and shown().down == received)
        place = next(n for n in range(table.rowCount()) if table.row(table.index(n, 0)).session.id == number)
        cell = page.view.visualRect(table.index(place, PLACES["visitor"]))
        await click_at(page.view.viewport().mapToGlobal(cell.center()))
        await until("the row is selected", lambda: page.view.selected_rows() == [place])
        await click(page.close_shown)
        with suppress(ConnectionResetError):
            assert await asyncio.wait_for(reader.read(), 10) == b""
        writer.close()
        await until("no row lives", lambda: not table.open_ids())
        await press("Escape", "ctrl+1")

    async def survive_the_engine(self) -> None:
        """It is killed, said so, started again, and the tunnel is back."""
        pid = self.program.engine.process.pid
        os.kill(pid, signal.SIGKILL)
        await until("the window says so", lambda: self.window.notice.isVisible())
        await until("another engine runs", lambda: self.program.engine.process.pid not in (0, pid))
        await until("the tunnel is back", lambda: self.tunnel.phase is Phase.UP)
        await self.fetch()

    async def start_twice(self) -> None:
        """A second start brings its link to the first and ends."""
        second = await asyncio.create_subprocess_exec(sys.executable, "-m", "xrgui", self.link)
        preview = lambda: QApplication.activeModalWidget()  # noqa: E731
        await until("the preview", lambda: isinstance(preview(), ImportPreview))
        assert await asyncio.wait_for(second.wait(), 10) == 0
        await press("Escape")
        await until("the preview is gone", lambda: preview() is None)

    async def close_and_come_back(self) -> None:
        """The window's own close button, then the tray."""
        await press("alt+F4")
        await until("the question", lambda: isinstance(QApplication.activeModalWidget(), CloseQuestion))
        await press("Return")
        await until("the window is hidden", lambda: not self.window.isVisible())
        await self.fetch()
        icon = self.program.tray.findChild(QSystemTrayIcon)
        await click_at(icon.geometry().center())
        await until("the window is back", self.window.isActiveWindow)

    async def resize(self) -> None:
        self.window.resize(1111, 700)
        await asyncio.sleep(0.3)

    async def stop_from_tray(self) -> None:
        tray = self.program.tray
        await until("a tray", lambda: QSystemTrayIcon.isSystemTrayAvailable() and tray.there)
        icon = tray.findChild(QSystemTrayIcon)
        await until("the icon has a place", lambda: icon.geometry().width() > 4)
        await click_at(icon.geometry().center(), 3)
        await until("the tray's menu", tray.menu.isVisible)
        line = next(action for action in tray.menu.actions() if action.text().startswith(NAME))
        assert "up" in line.text()
        await click_at(tray.menu.mapToGlobal(tray.menu.actionGeometry(line).center()))
        await until("it is stopped", lambda: self.tunnel.phase is Phase.STOPPED)
        with socket.socket() as probe:
            probe.settimeout(2)
            probe.connect(("127.0.0.1", self.public))

    async def no_tray(self) -> None:
        """Nothing could bring a hidden window back, so it is only made small."""
        await until("secrets are open", lambda: self.program.library.secrets_open)
        await self.create()
        assert not self.program.tray.there
        await press("alt+F4")
        await until("the question", lambda: isinstance(QApplication.activeModalWidget(), CloseQuestion))
        assert QApplication.activeModalWidget().main.text() == "Minimize"
        await press("Return")
        await until("the window is small", self.window.isMinimized)
        await self.fetch()
        self.program.quit()

    async def crash(self) -> None:
        """The person chose that tunnels go on; then the window dies."""
        await until("secrets are open", lambda: self.program.library.secrets_open)
        await self.create()
        await until("the engine is remembered", lambda: self.program.state.engine)
        os.kill(os.getpid(), signal.SIGKILL)

    async def after_crash(self) -> None:
        """The next window finds the engine, its tunnel and the visitor who never noticed."""
        await until("the tunnel is there and up", lambda: self.tunnel is not None and self.tunnel.phase is Phase.UP)
        assert self.program.engine.outlives
        await until("the visitor is there", lambda: self.program.sessions.open)
        self.program.settings.keep_tunnels = False
        self.shell.choices.changed()
        self.program.quit()

    async def second(self) -> None:
        await until("the tunnel is there again", lambda: self.tunnel is not None)
        await until("secrets are open", lambda: self.program.library.secrets_open)
        assert (self.tunnel.name, self.tunnel.public) == (NAME, (f"http://127.0.0.1:{self.public}",))
        assert self.window.size().width() == 1111
        assert self.tunnel.services[0].port == self.service
        await until("it started with the program", lambda: self.tunnel.phase is Phase.UP)
        today = self.program.totals.today(self.tunnel.id)
        assert today.startswith("1.2 MB down"), today
        assert today.endswith("4 visitors"), today
        await self.fetch()
        await press("ctrl+q")


async def main(app: QApplication, single: SingleInstance) -> int:
    program = application.Program(app, [])
    single.asked.connect(program.shell.asked_again)
    driver = Driver(program, sys.argv[2], int(sys.argv[3]), int(sys.argv[4]))
    running = asyncio.ensure_future(program.run())
    failure: BaseException | None = None
    try:
        await getattr(driver, sys.argv[1])()
    except BaseException as error:
        failure = error
        picture = Path(tempfile.gettempdir()) / f"xrgui-e2e-{sys.argv[1]}.png"
        driver.window.screen().grabWindow(0).save(str(picture))
        program.quit(1)
    code = await asyncio.wait_for(running, 20)
    if failure is not None:
        raise failure
    return code


if __name__ == "__main__":
    qt = application.make_app()
    single = SingleInstance(paths.config_dir())
    single.listen()
    loop = qasync.QEventLoop(qt)
    asyncio.set_event_loop(loop)
    with loop:
        result = loop.run_until_complete(main(qt, single))
    print("done", flush=True)
    sys.exit(result)
