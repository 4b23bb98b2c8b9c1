"""A form's row: its name, its control, and beside it what is right or wrong with it."""

from __future__ import annotations

from PySide6.QtCore import QEvent, Qt, Signal
from PySide6.QtWidgets import QCheckBox, QGridLayout, QLabel, QLayout, QLineEdit, QWidget

from xrgui.ui import theme
from xrgui.ui.widgets.basic import label, set_tone

NAME_WIDTH, BESIDE_NAME, HEIGHT = 150, 16, 30
_MARKS = {"error": "", "waiting": "! ", "up": "✓ ", "muted": ""}


class Note(QLabel):
    """Small print in a state's colour; it may hold links, which it tells."""

    asked = Signal(str)

    def __init__(self) -> None:
        super().__init__()
        self.setWordWrap(True)
        self.setFont(theme.font(theme.SMALL))
        self.setTextFormat(Qt.TextFormat.PlainText)
        self.linkActivated.connect(self.asked)
        self.hide()

    def changeEvent(self, event: QEvent) -> None:
        """A link keeps the colour of the theme in which it was set."""
        super().changeEvent(event)
        if event.type() == QEvent.Type.PaletteChange and self.textFormat() == Qt.TextFormat.RichText:
            text = self.text()
            self.setText("")
            self.setText(text)

    def say(self, tone: str, text: str, link: tuple[str, str] | None = None) -> None:
        """*link* is (key, words) of what may be asked for at the end of *text*."""
        set_tone(self, tone)
        shown = _MARKS[tone] + text if text else ""
        self.setVisible(bool(text))
        if link is None:
            self.setTextFormat(Qt.TextFormat.PlainText)
            self.setText(shown)
            return
        escaped = shown.replace("&", "&amp;").replace("<", "&lt;")
        self.setTextFormat(Qt.TextFormat.RichText)
        self.setTextInteractionFlags(
            Qt.TextInteractionFlag.LinksAccessibleByMouse | Qt.TextInteractionFlag.LinksAccessibleByKeyboard
        )
        self.setText(f'{escaped} <a href="{link[0]}">{link[1]}</a>')


class Field:
    """Name at the left, control at the right, note below the control."""

    def __init__(self, name: str, control: QWidget | QLayout, focus: QWidget) -> None:
        """*focus* is what the person types into; it gets the name for screen readers."""
        self.name = label(name)
        self.name.setBuddy(focus)
        if not focus.accessibleName():
            focus.setAccessibleName(name)
        self.control = control
        self.focus = focus
        self.note = Note()

    def add_to(self, grid: QGridLayout) -> None:
        row = grid.rowCount()
        top = Qt.AlignmentFlag.AlignTop
        self.name.setFixedHeight(HEIGHT)
        if isinstance(self.focus, QCheckBox):
            self.focus.setProperty("kind", "field")
        grid.addWidget(self.name, row, 0, top)
        if isinstance(self.control, QWidget):
            grid.addWidget(self.control, row, 1, top)
        else:
            grid.addLayout(self.control, row, 1, top)
        grid.addWidget(self.note, row + 1, 1, top)
        grid.setRowMinimumHeight(row + 2, 4)

    def set_visible(self, visible: bool) -> None:
        self.name.setVisible(visible)
        if isinstance(self.control, QWidget):
            self.control.setVisible(visible)
        else:
            for place in range(self.control.count()):
                item = self.control.itemAt(place)
                if item is not None and (part := item.widget()) is not None:
                    part.setVisible(visible)
        if not visible:
            self.note.hide()

    def say(self, tone: str, text: str, link: tuple[str, str] | None = None) -> None:
        self.note.say(tone, text, link)
        self.focus.setAccessibleDescription(text)
        if isinstance(self.focus, QLineEdit):
            set_tone(self.focus, "error" if tone == "error" and text else "", "state")


def show_text(edit: QLineEdit, text: str) -> None:
    """Show *text* from its beginning on."""
    edit.setText(text)
    edit.setCursorPosition(0)


def align_names(*grids: QGridLayout) -> int:
    """Make the names of several forms take the same width; the result is where their controls begin."""
    labels = [item.widget() for grid in grids for n in range(grid.rowCount()) if (item := grid.itemAtPosition(n, 0))]
    width = max(NAME_WIDTH, *(part.sizeHint().width() for part in labels if part is not None))
    for grid in grids:
        grid.setColumnMinimumWidth(0, width)
    return width + BESIDE_NAME


def form_grid() -> QGridLayout:
    grid = QGridLayout()
    grid.setContentsMargins(0, 0, 0, 0)
    grid.setHorizontalSpacing(BESIDE_NAME)
    grid.setVerticalSpacing(4)
    grid.setColumnMinimumWidth(0, NAME_WIDTH)
    grid.setColumnStretch(1, 1)
    return grid
