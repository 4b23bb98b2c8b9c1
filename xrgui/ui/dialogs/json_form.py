"""A raw Xray configuration, checked as one types."""

from __future__ import annotations

import msgspec
from PySide6.QtCore import QRect, QSize, Qt, Signal
from PySide6.QtGui import QFontMetrics, QPainter, QPaintEvent, QResizeEvent, QTextCursor
from PySide6.QtWidgets import (
    QLineEdit,
    QListWidget,
    QListWidgetItem,
    QPlainTextEdit,
    QVBoxLayout,
    QWidget,
)

from xrgui.profiles.model import Profile
from xrgui.profiles.problems import Problem
from xrgui.ui import icons, theme, words
from xrgui.ui.language import tr
from xrgui.ui.widgets.basic import ICON
from xrgui.ui.widgets.field import Field, form_grid

MOST = 120
"""Pixels of the list of problems."""


class _Numbers(QWidget):
    def __init__(self, editor: JsonEdit) -> None:
        super().__init__(editor)
        self._editor = editor

    def sizeHint(self) -> QSize:
        return QSize(self._editor.margin(), 0)

    def paintEvent(self, event: QPaintEvent) -> None:
        self._editor.paint_numbers(QPainter(self), event.rect())


class JsonEdit(QPlainTextEdit):
    """Plain text in the fixed font with line numbers."""

    def __init__(self) -> None:
        super().__init__()
        self.setFont(theme.font(theme.SMALL, fixed=True))
        self.setLineWrapMode(QPlainTextEdit.LineWrapMode.NoWrap)
        self.setTabChangesFocus(True)
        self._numbers = _Numbers(self)
        self.updateRequest.connect(self._scrolled)
        self.blockCountChanged.connect(self._widen)
        self._widen()

    def margin(self) -> int:
        digits = max(2, len(str(self.blockCount())))
        return QFontMetrics(self.font()).horizontalAdvance("9") * digits + 18

    def _widen(self) -> None:
        self.setViewportMargins(self.margin(), 0, 0, 0)

    def _scrolled(self, rect: QRect, dy: int) -> None:
        if dy:
            self._numbers.scroll(0, dy)
        else:
            self._numbers.update(0, rect.y(), self._numbers.width(), rect.height())

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        inside = self.contentsRect()
        self._numbers.setGeometry(QRect(inside.left(), inside.top(), self.margin(), inside.height()))

    def paint_numbers(self, painter: QPainter, rect: QRect) -> None:
        painter.setFont(self.font())
        painter.setPen(theme.color("muted"))
        block = self.firstVisibleBlock()
        top = self.blockBoundingGeometry(block).translated(self.contentOffset()).top()
        while block.isValid() and top <= rect.bottom():
            height = self.blockBoundingRect(block).height()
            box = QRect(0, int(top), self.margin() - 8, int(height))
            painter.drawText(box, Qt.AlignmentFlag.AlignRight, str(block.blockNumber() + 1))
            top += height
            block = block.next()

    def go_to(self, line: int) -> None:
        cursor = QTextCursor(self.document().findBlockByNumber(max(0, line - 1)))
        self.setTextCursor(cursor)
        self.setFocus()


class JsonForm(QWidget):
    changed = Signal()
    indent = 0
    """Where a form's controls begin, in pixels."""

    def __init__(self) -> None:
        super().__init__()
        self._profile = Profile(id="", name="", role="custom")
        self.name = QLineEdit()
        self.name.textEdited.connect(self.changed)
        self.text = JsonEdit()
        self.text.setAccessibleName(tr("Configuration"))
        self.text.setMinimumHeight(220)
        self.text.textChanged.connect(self.changed)
        self.problems = QListWidget()
        self.problems.setAccessibleName(tr("Problems"))
        self.problems.setWordWrap(True)
        self.problems.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.problems.setIconSize(ICON)
        self.problems.itemActivated.connect(self._go)
        self.problems.itemClicked.connect(self._go)
        self.fields = {"name": Field(tr("Name"), self.name, self.name)}
        grid = form_grid()
        self.fields["name"].add_to(grid)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(8)
        layout.addLayout(grid)
        layout.addWidget(self.text, 1)
        layout.addWidget(self.problems)

    def show_profile(self, profile: Profile) -> None:
        self._profile = profile
        self.name.setText(profile.name)
        self.text.setPlainText(profile.json)

    @property
    def profile(self) -> Profile:
        return msgspec.structs.replace(self._profile, name=self.name.text().strip(), json=self.text.toPlainText())

    def show_problems(self, found: dict[str, Problem]) -> QWidget | None:
        self.problems.clear()
        self.fields["name"].say("muted", "")
        first: QWidget | None = None
        for path, problem in found.items():
            if path == "name":
                self.fields["name"].say("error", words.problem(problem))
                first = first or self.name
                continue
            state = "trouble" if problem.is_error else "warning"
            mark = icons.icon(f"state-{state}", icons.STATE_ROLES[state])
            item = QListWidgetItem(mark, words.problem(problem))
            item.setData(Qt.ItemDataRole.UserRole, line_of(self.text.toPlainText(), problem))
            self.problems.addItem(item)
            if problem.is_error:
                first = first or self.text
        self.problems.setVisible(self.problems.count() > 0)
        self._fit()
        return first

    def _fit(self) -> None:
        """The list is as high as what it says, and scrolls where that is much."""
        rows = range(self.problems.count())
        self.problems.setFixedHeight(min(MOST, sum(map(self.problems.sizeHintForRow, rows)) + 8))

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit()

    def _go(self, item: QListWidgetItem) -> None:
        line = item.data(Qt.ItemDataRole.UserRole)
        if line:
            self.text.go_to(line)

    def stop(self) -> None:
        """Nothing is under way here."""


def line_of(text: str, problem: Problem) -> int:
    """The line that the message names; 0 if it names none."""
    message = problem.params.get("message", "")
    head, _, tail = message.partition("line ")
    digits = tail.split(",")[0].split(":")[0].split(" ")[0] if tail or not head else ""
    return int(digits) if digits.isdigit() else 0
