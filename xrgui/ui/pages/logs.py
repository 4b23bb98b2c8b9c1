"""The engine's log: level, filter, follow, save."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QFontMetrics, QShowEvent
from PySide6.QtWidgets import QComboBox, QStackedWidget, QVBoxLayout, QWidget

from xrgui.ui import theme
from xrgui.ui.dialogs.simple import ask_where
from xrgui.ui.language import tr
from xrgui.ui.models.log import LEVEL, LEVELS, TIME, LogModel, level_word
from xrgui.ui.widgets.basic import Frame, button, row
from xrgui.ui.widgets.empty import Empty
from xrgui.ui.widgets.filter_edit import FilterEdit
from xrgui.ui.widgets.table import Cells, DataTable, copy_text

_TONES = {"debug": "muted", "info": "text", "warning": "waiting", "error": "error"}


class _Cells(Cells):
    elide = Qt.TextElideMode.ElideRight

    def refresh(self) -> None:
        super().refresh()
        self.font = theme.font(theme.SMALL, fixed=True)
        self.metrics = QFontMetrics(self.font)

    def words(self, row: int, column: int) -> tuple[str, str]:
        index = self._view.model().index(row, column)
        tone = _TONES[index.data(LogModel.RECORD).level]
        if column == TIME or (column == LEVEL and tone == "text"):
            tone = "muted"
        return str(index.data()), tone


class LogsPage(QWidget):
    level_chosen = Signal(str)
    save_failed = Signal(str)

    def __init__(self, model: LogModel, level: str) -> None:
        super().__init__()
        self._model = model
        self._build(level)
        self._connect()
        self._filter()

    def _build(self, level: str) -> None:
        self.filter = FilterEdit(tr("Filter: words of the message"), tr("Filter the log"))
        self.level = QComboBox()
        self.level.setAccessibleName(tr("Least level"))
        for key in LEVELS:
            self.level.addItem(level_word(key), key)
        self.level.setCurrentIndex(max(0, self.level.findData(level)))
        self.follow = button(tr("Follow"), tip=tr("Stay at the newest line"))
        self.follow.setCheckable(True)
        self.follow.setChecked(True)
        self.save = button(tr("Save…"))
        self.clear = button(tr("Clear"), tip=tr("Empty this list; the files stay"))
        bar = row(self.filter, self.level, self.follow, self.save, self.clear)
        bar.setStretch(0, 1)
        top = Frame("bar", bar, 12, 8)
        self.table = DataTable(tr("Log"))
        self.table.setModel(self._model)
        cells = self.table.cells = _Cells(self.table)
        wide = cells.metrics.horizontalAdvance
        self.table.set_columns([wide("00:00:00") + 24, max(wide(level_word(x)) for x in LEVELS) + 24, 600])
        self.table.verticalHeader().setDefaultSectionSize(cells.metrics.height() + 9)
        self.table.horizontalHeader().setStretchLastSection(True)
        self._empty = Empty()
        self._empty.asked.connect(self.filter.clear)
        self._stack = QStackedWidget()
        self._stack.addWidget(self.table)
        self._stack.addWidget(self._empty)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addWidget(top)
        layout.addWidget(self._stack, 1)

    def _connect(self) -> None:
        self.filter.textChanged.connect(self._filter)
        self.level.currentIndexChanged.connect(self._filter)
        self.follow.toggled.connect(self._to_end)
        self.save.clicked.connect(self._ask_where)
        self.clear.clicked.connect(self._model.clear)
        self.table.copy_asked.connect(self.copy)
        self._model.rowsInserted.connect(self._grown)
        self._model.modelReset.connect(self._grown)
        self.table.verticalScrollBar().actionTriggered.connect(self._scrolled)

    def _filter(self) -> None:
        level = self.level.currentData()
        self._model.set_filter(level, self.filter.text())
        self.level_chosen.emit(level)

    def _grown(self) -> None:
        self._stack.setCurrentIndex(0 if self._model.rowCount() else 1)
        if self.filter.text():
            self._empty.say(tr("No line matches the filter."), tr("Show all"))
        else:
            self._empty.say(tr("What the engine does is written here, newest at the bottom."))
        self._to_end()

    def _to_end(self) -> None:
        if self.follow.isChecked():
            self.table.scrollToBottom()

    def _scrolled(self) -> None:
        """Whoever scrolls up reads, and whoever scrolls to the end follows."""
        bar = self.table.verticalScrollBar()
        self.follow.setChecked(bar.sliderPosition() >= bar.maximum())

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._grown()

    def copy(self) -> None:
        """The selected lines, or all shown."""
        copy_text(self._model.text(self.table.selected_rows() or None))

    def _ask_where(self) -> None:
        ask_where(self, tr("Save the log"), "xrgui.log", self._write)

    def _write(self, path: str) -> None:
        try:
            with open(path, "w", encoding="utf-8") as file:
                file.write(self._model.text())
        except OSError as error:
            self.save_failed.emit(f"{path}: {error.strerror}")
