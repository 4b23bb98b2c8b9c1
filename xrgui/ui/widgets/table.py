"""A dense table: one hairline between rows, whole rows light up, columns that the person arranges."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QEvent, QObject, QPoint, QRect, QRectF, Qt, Signal
from PySide6.QtGui import (
    QAction,
    QFontMetrics,
    QKeyEvent,
    QKeySequence,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPen,
)
from PySide6.QtWidgets import (
    QAbstractItemView,
    QApplication,
    QHeaderView,
    QMenu,
    QTableView,
)

from xrgui.ui import icons, theme

ROW_HEIGHT = 30
PAD = 10
WIDTHS = 20_000
"""Texts whose width is remembered."""
TINTS = ("text", "muted", "selection", "hover", "error", "waiting", "up")
Span = tuple[int, int, int, bool]
"""A column's logical number, its place and width in pixels, and whether its text stands right."""
_VCENTER = Qt.AlignmentFlag.AlignVCenter


class Cells(QObject):
    """What a table's cells show and in which colour; subclasses say it with few calls into the model."""

    elide = Qt.TextElideMode.ElideMiddle

    def __init__(self, view: DataTable) -> None:
        super().__init__(view)
        self._view = view
        self.refresh()
        theme.theme().changed.connect(self.refresh)

    def refresh(self) -> None:
        """Take fonts and colours from the theme."""
        self.font = theme.font(tabular=True)
        self.metrics = QFontMetrics(self.font)
        self.hairline = QPen(theme.color("line"), 0)
        self._widths: dict[str, int] = {}
        self.tints = {role: theme.color(role) for role in TINTS}

    def words(self, row: int, column: int) -> tuple[str, str]:
        """A cell's text and its colour role; the role ``state`` draws the phase of that name instead."""
        return str(self._view.model().index(row, column).data() or ""), "text"

    def width(self, row: int, column: int) -> int:
        """What a cell would like to have."""
        return self._advance(self.words(row, column)[0]) + 2 * PAD + 2

    def paint(self, painter: QPainter, area: QRect) -> None:
        """Draw the rows of *area*, whole rows at a time: a view that asks a delegate for each cell takes thrice
        as long, which counts with many rows that all move."""
        view, model = self._view, self._view.model()
        columns = view.visible_spans()
        painter.setFont(self.font)
        row, last = view.rowAt(area.top()), view.rowAt(area.bottom())
        last = model.rowCount() - 1 if last < 0 else last
        while 0 <= row <= last:
            box = QRect(area.left(), view.rowViewportPosition(row), area.width(), view.rowHeight(row))
            self._paint_row(painter, box, row, columns)
            row += 1

    def _paint_row(self, painter: QPainter, box: QRect, row: int, columns: list[Span]) -> None:
        if self._view.selectionModel().isRowSelected(row):
            painter.fillRect(box, self.tints["selection"])
        elif row == self._view.hovered:
            painter.fillRect(box, self.tints["hover"])
        painter.setPen(self.hairline)
        painter.drawLine(box.left(), box.bottom(), box.right() + 1, box.bottom())
        base = box.top() + (box.height() - 1 - self.metrics.height()) // 2 + self.metrics.ascent()
        for column, left, width, right in columns:
            text, tone = self.words(row, column)
            if tone == "state":
                mark = QRectF(left + (width - 13) / 2, box.top() + (box.height() - 14) / 2, 13, 13)
                icons.paint_state(painter, mark, text)
            elif text:
                self._paint_text(painter, left + PAD, width - 2 * PAD, base, right, text, tone)

    def _paint_text(
        self, painter: QPainter, left: int, room: int, base: int, right: bool, text: str, tone: str
    ) -> None:
        taken = self._advance(text)
        if taken > room:
            text, taken = self.metrics.elidedText(text, self.elide, room), room
        painter.setPen(self.tints[tone])
        painter.drawText(left + room - taken if right else left, base, text)

    def _advance(self, text: str) -> int:
        """Its width; most texts are asked for again a second later."""
        known = self._widths.get(text)
        if known is None:
            if len(self._widths) > WIDTHS:
                self._widths.clear()
            known = self._widths[text] = self.metrics.horizontalAdvance(text)
        return known


class _Header(QHeaderView):
    """Titles in small print over their columns; the sorted one shows its direction behind its title."""

    def __init__(self, view: DataTable) -> None:
        super().__init__(Qt.Orientation.Horizontal, view)
        self._view = view
        self._over = -1
        self.setMouseTracking(True)

    def paintSection(self, painter: QPainter, rect: QRect, section: int) -> None:
        painter.save()
        painter.fillRect(rect, theme.color("hover" if section == self._over else "panel"))
        painter.fillRect(QRect(rect.left(), rect.bottom(), rect.width(), 1), theme.color("line"))
        text = str(self.model().headerData(section, self.orientation()) or "")
        room = rect.adjusted(PAD, 0, -PAD, 0)
        right = bool(self._view.alignment(section) & Qt.AlignmentFlag.AlignRight)
        sorted_here = self.isSortIndicatorShown() and section == self.sortIndicatorSection()
        painter.setFont(theme.font(theme.SMALL, bold=sorted_here))
        painter.setPen(theme.color("text" if sorted_here else "muted"))
        text = painter.fontMetrics().elidedText(text, Qt.TextElideMode.ElideRight, room.width())
        painter.drawText(room, (Qt.AlignmentFlag.AlignRight if right else Qt.AlignmentFlag.AlignLeft) | _VCENTER, text)
        if sorted_here and text:
            left = room.right() + 1 if right else room.left() + painter.fontMetrics().horizontalAdvance(text) + 5
            name = "up" if self.sortIndicatorOrder() == Qt.SortOrder.AscendingOrder else "down"
            mark = QRectF(left, rect.center().y() - 4, 9, 9)
            icons.paint(painter, mark, f"chevron-{name}", "")
        painter.restore()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        super().mouseMoveEvent(event)
        self._set_over(self.logicalIndexAt(event.position().toPoint()))

    def leaveEvent(self, event: QEvent) -> None:
        super().leaveEvent(event)
        self._set_over(-1)

    def _set_over(self, section: int) -> None:
        if section != self._over:
            self._over = section
            self.viewport().update()


class DataTable(QTableView):
    """Rows are selected whole; Ctrl+C copies them; a right click on the header chooses columns."""

    copy_asked = Signal()
    delete_asked = Signal()
    touched = Signal()
    """The pointer came or left, or the selection changed: somebody reads, or no longer."""

    def __init__(self, name: str) -> None:
        super().__init__()
        self.hovered = -1
        self.cells = Cells(self)
        self._alignments: dict[int, Qt.AlignmentFlag] = {}
        self.setAccessibleName(name)
        self.setMouseTracking(True)
        self.setShowGrid(False)
        self.setWordWrap(False)
        self.setTabKeyNavigation(False)
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setHorizontalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        vertical = self.verticalHeader()
        vertical.hide()
        vertical.setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
        vertical.setMinimumSectionSize(20)
        grown = max(0, QFontMetrics(theme.font()).height() - 17)
        vertical.setDefaultSectionSize(ROW_HEIGHT + grown)
        header = _Header(self)
        self.setHorizontalHeader(header)
        header.setHighlightSections(False)
        header.setSectionsClickable(True)
        header.setSectionsMovable(True)
        header.setMinimumSectionSize(28)
        header.setFixedHeight(31 + grown)
        header.setFont(theme.font(theme.SMALL))
        header.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        header.customContextMenuRequested.connect(self._header_menu)

    def alignment(self, column: int) -> Qt.AlignmentFlag:
        """Figures stand right, words left: as the model's header says."""
        if column not in self._alignments:
            role = Qt.ItemDataRole.TextAlignmentRole
            given = self.model().headerData(column, Qt.Orientation.Horizontal, role)
            self._alignments[column] = given or Qt.AlignmentFlag.AlignLeft | _VCENTER
        return self._alignments[column]

    def visible_spans(self) -> list[Span]:
        """The columns that the viewport shows, from left to right."""
        header, width = self.horizontalHeader(), self.viewport().width()
        found = []
        for column in self.visible_columns():
            left, wide = header.sectionViewportPosition(column), header.sectionSize(column)
            if left < width and left + wide > 0:
                right = bool(self.alignment(column) & Qt.AlignmentFlag.AlignRight)
                found.append((column, left, wide, right))
        return found

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self.viewport())
        self.cells.paint(painter, event.rect())
        if self.hasFocus() and not self.selectionModel().hasSelection():
            painter.setPen(theme.color("accent"))
            painter.drawRect(self.viewport().rect().adjusted(0, 0, -1, -1))

    def sizeHintForColumn(self, column: int) -> int:
        """For a double click on the edge of a title: as wide as what is seen of the column."""
        first, last = self.rowAt(0), self.rowAt(self.viewport().height() - 1)
        rows = range(max(0, first), (last if last >= 0 else self.model().rowCount() - 1) + 1)
        return max((self.cells.width(row, column) for row in rows), default=0)

    def set_columns(self, widths: Sequence[int], hidden: Sequence[int] = ()) -> None:
        for place, width in enumerate(widths):
            self.setColumnWidth(place, width)
            self.setColumnHidden(place, place in hidden)
        self.fit_titles()

    def fit_titles(self) -> None:
        """Grow each column to what its title takes, with the mark of the sorted one."""
        metrics = QFontMetrics(theme.font(theme.SMALL, bold=True))
        for place in range(self.model().columnCount()):
            title = str(self.model().headerData(place, Qt.Orientation.Horizontal) or "")
            needed = metrics.horizontalAdvance(title) + 2 * PAD + 15 if title else 0
            if not self.isColumnHidden(place) and self.columnWidth(place) < needed:
                self.setColumnWidth(place, needed)

    def selected_rows(self) -> list[int]:
        return sorted(index.row() for index in self.selectionModel().selectedRows())

    def visible_columns(self) -> list[int]:
        """Logical numbers of the columns shown, from left to right."""
        header = self.horizontalHeader()
        logical = [header.logicalIndex(place) for place in range(header.count())]
        return [number for number in logical if not header.isSectionHidden(number)]

    def column_menu(self, menu: QMenu) -> None:
        """Fill *menu* with a switch for each column."""
        for place in range(self.model().columnCount()):
            orientation, role = Qt.Orientation.Horizontal, Qt.ItemDataRole.ToolTipRole
            action = QAction(str(self.model().headerData(place, orientation, role)), menu)
            action.setCheckable(True)
            action.setChecked(not self.isColumnHidden(place))
            action.toggled.connect(lambda on, place=place: self.setColumnHidden(place, not on))
            menu.addAction(action)

    def _header_menu(self, at: QPoint) -> None:
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.column_menu(menu)
        menu.popup(self.horizontalHeader().mapToGlobal(at))

    # Hands

    def _hover(self, row: int) -> None:
        if row != self.hovered:
            reading = (row < 0) != (self.hovered < 0)
            self.hovered = row
            self.viewport().update()
            if reading:
                self.touched.emit()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        super().mouseMoveEvent(event)
        self._hover(self.rowAt(event.position().toPoint().y()))

    def leaveEvent(self, event: QEvent) -> None:
        super().leaveEvent(event)
        self._hover(-1)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.matches(QKeySequence.StandardKey.Copy):
            self.copy_asked.emit()
        elif event.matches(QKeySequence.StandardKey.Delete):
            self.delete_asked.emit()
        elif event.key() == Qt.Key.Key_Escape and self.selectionModel().hasSelection():
            self.clearSelection()
        else:
            super().keyPressEvent(event)


def copy_text(text: str) -> None:
    QApplication.clipboard().setText(text)
