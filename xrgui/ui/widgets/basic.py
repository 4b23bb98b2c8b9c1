"""Small parts that every page is made of."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TypeVar

from PySide6.QtCore import QEvent, QPointF, QSize, Qt, QTimer, Signal
from PySide6.QtGui import QFontMetrics, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import (
    QAbstractButton,
    QBoxLayout,
    QButtonGroup,
    QComboBox,
    QFrame,
    QHBoxLayout,
    QLabel,
    QLayout,
    QLineEdit,
    QMenu,
    QMenuBar,
    QPushButton,
    QSizePolicy,
    QSpinBox,
    QVBoxLayout,
    QWidget,
)

from xrgui.ui import icons, theme
from xrgui.ui.language import tr

COPIED = 2000
"""Milliseconds for which a button says that it has copied."""
GAP = 8
INSIDE = 16
ICON, TEXT_ICON = QSize(16, 16), QSize(12, 12)
"""Alone, and beside a text; multiples of 4, so that they are whole pixels at 125 % and 150 % too."""


def button(text: str, *, kind: str = "", icon: str = "", tip: str = "", name: str = "", role: str = "") -> QPushButton:
    """A push button of one of the stylesheet's kinds; one without text needs a *tip*, which names it.

    The blank before a text keeps the icon at a distance, for which the style has no measure.
    """
    result = QPushButton(f" {text}" if icon and text else text)
    if kind:
        result.setProperty("kind", kind)
    if icon:
        result.setIcon(icons.icon(icon, role or ("on_accent" if kind == "primary" else "text")))
        result.setIconSize(TEXT_ICON if text else ICON)
    if tip:
        result.setToolTip(tip)
    result.setAccessibleName(name or text or tip)
    result.setAutoDefault(False)
    return result


def say_copied(part: QPushButton) -> None:
    """Its text says so for a while; it stays as wide."""
    copied, before, name = tr("Copied"), part.text(), part.accessibleName()
    if name == copied:
        return

    def show(text: str, name: str) -> None:
        part.setText(text)
        part.setAccessibleName(name)

    part.setMinimumWidth(part.width())
    show(copied if part.icon().isNull() else f" {copied}", copied)
    QTimer.singleShot(COPIED, part, lambda: show(before, name))


def port_box(value: int = 0) -> QSpinBox:
    """A port from 1 to 65535, as high as an edit: Qt's hint for it is higher."""
    box = QSpinBox()
    box.setRange(1, 65535)
    box.setValue(value)
    box.setFixedWidth(theme.scaled(88))
    box.setMaximumHeight(QLineEdit().sizeHint().height())
    box.lineEdit().setTextMargins(7, 0, 0, 0)
    return box


def refill(box: QComboBox, wanted: list[tuple[str, str]]) -> bool:
    """Offer *wanted*, (key, text), and keep what is chosen, telling nobody; False if that is offered already."""
    if wanted == [(box.itemData(place), box.itemText(place)) for place in range(box.count())]:
        return False
    chosen = box.currentData()
    box.blockSignals(True)
    box.clear()
    for key, text in wanted:
        box.addItem(text, key)
    box.setCurrentIndex(max(0, box.findData(chosen)))
    box.blockSignals(False)
    return True


def fit_hint(edit: QLineEdit, least: int) -> None:
    """A short field of *least* pixels, or as wide as its hint."""
    edit.setFixedWidth(max(theme.scaled(least), edit.fontMetrics().horizontalAdvance(edit.placeholderText()) + 28))


def label(text: str = "", *, tone: str = "", size: int = theme.SIZE, bold: bool = False) -> QLabel:
    result = QLabel(text)
    result.setTextFormat(Qt.TextFormat.PlainText)
    if tone:
        result.setProperty("tone", tone)
    if size != theme.SIZE or bold:
        result.setFont(theme.font(size, bold=bold))
    return result


def paragraph(text: str = "", *, tone: str = "", size: int = theme.SIZE) -> QLabel:
    result = label(text, tone=tone, size=size)
    result.setWordWrap(True)
    result.setMinimumWidth(40)
    return result


def set_tone(widget: QWidget, tone: str, prop: str = "tone") -> None:
    """Change a property that the stylesheet looks at."""
    if widget.property(prop) != tone:
        widget.setProperty(prop, tone)
        widget.style().unpolish(widget)
        widget.style().polish(widget)


def row(*parts: QWidget | QLayout | None, gap: int = GAP) -> QHBoxLayout:
    """Side by side; None is a stretch."""
    return _fill(QHBoxLayout(), parts, gap)


def column(*parts: QWidget | QLayout | None, gap: int = GAP) -> QVBoxLayout:
    return _fill(QVBoxLayout(), parts, gap)


L = TypeVar("L", bound=QBoxLayout)


def _fill(layout: L, parts: Iterable[QWidget | QLayout | None], gap: int) -> L:
    layout.setContentsMargins(0, 0, 0, 0)
    layout.setSpacing(gap)
    for part in parts:
        if part is None:
            layout.addStretch(1)
        elif isinstance(part, QWidget):
            layout.addWidget(part)
        else:
            layout.addLayout(part)
    return layout


def empty_menu(menu: QMenu | QMenuBar) -> None:
    """Qt's own `clear` keeps the menus inside for as long as this one lives."""
    menu.clear()
    for inside in menu.findChildren(QMenu, options=Qt.FindChildOption.FindDirectChildrenOnly):
        inside.deleteLater()


def clear_layout(layout: QLayout) -> None:
    """Take all widgets out of *layout*, at once unseen."""
    while layout.count():
        item = layout.takeAt(0)
        if item is not None and (old := item.widget()) is not None:
            old.hide()
            old.deleteLater()


class Frame(QFrame):
    """A frame of one of the stylesheet's kinds."""

    def __init__(self, kind: str, layout: QLayout | None = None, side: int = 0, top: int | None = None) -> None:
        """Margins in pixels; *top* is also the bottom's and without it as wide as *side*."""
        super().__init__()
        self.setProperty("kind", kind)
        if layout is not None:
            height = side if top is None else top
            layout.setContentsMargins(side, height, side, height)
            self.setLayout(layout)


class Card(Frame):
    def __init__(self, layout: QLayout, top: int = INSIDE) -> None:
        super().__init__("card", layout, INSIDE, top)


def line() -> QFrame:
    return Frame("line")


class Elided(QLabel):
    """One line that loses its middle where there is no room, and then says the whole in its tool tip."""

    def __init__(self, text: str = "", *, fixed: bool = False, size: int = theme.SIZE, bold: bool = False) -> None:
        super().__init__(text)
        self.setTextFormat(Qt.TextFormat.PlainText)
        self.setFont(theme.font(size, bold=bold, fixed=fixed))
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)

    def minimumSizeHint(self) -> QSize:
        return QSize(48, super().minimumSizeHint().height())

    def sizeHint(self) -> QSize:
        width = self.fontMetrics().horizontalAdvance(self.text()) + 2
        return QSize(width, super().sizeHint().height())

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setPen(self.palette().color(self.foregroundRole()))
        text = elide(self.fontMetrics(), self.text(), self.width())
        painter.drawText(self.rect(), Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft, text)

    def event(self, event: QEvent) -> bool:
        if event.type() == QEvent.Type.ToolTip:
            cut = self.fontMetrics().horizontalAdvance(self.text()) > self.width()
            self.setToolTip(self.text() if cut else "")
        return super().event(event)


def hairline(painter: QPainter, left: float, y: float, right: float) -> None:
    """A line of one pixel of the screen, however the screen is scaled."""
    painter.setPen(QPen(theme.color("line"), 0))
    painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)
    painter.drawLine(QPointF(left, y), QPointF(right, y))


def elide(metrics: QFontMetrics, text: str, width: int) -> str:
    return metrics.elidedText(text, Qt.TextElideMode.ElideMiddle, width)


def tab_to_checked(group: QButtonGroup) -> None:
    """Tab comes to the chosen button of *group*; the arrow keys lead to the others."""

    def toggled(part: QAbstractButton, on: bool) -> None:
        part.setFocusPolicy(Qt.FocusPolicy.StrongFocus if on else Qt.FocusPolicy.ClickFocus)

    for part in group.buttons():
        toggled(part, part.isChecked())
    group.buttonToggled.connect(toggled)


def tab_before(anchor: QWidget, rows: Iterable[QWidget]) -> None:
    """Tab comes to the controls of *rows*, in their order, before *anchor*; what is made late would come last."""
    parts = [part for row in rows for part in _controls(row.layout())]
    before = anchor
    while (earlier := before.previousInFocusChain()) is not None and earlier is not anchor:
        before = earlier
        if before not in parts and before.focusPolicy() & Qt.FocusPolicy.TabFocus:
            break
    for part in (*parts, anchor):
        QWidget.setTabOrder(before, part)
        before = part


def _controls(layout: QLayout | None) -> Iterator[QWidget]:
    """Those of *layout* that Tab visits, in the order in which one reads."""
    items = [layout.itemAt(place) for place in range(layout.count())] if layout is not None else []
    for item in filter(None, items):
        part = item.widget()
        if part is not None and part.focusPolicy() & Qt.FocusPolicy.TabFocus:
            yield part
        yield from _controls(item.layout() if part is None else part.layout())


class Segments(QWidget):
    """A choice between a few words that exclude one another."""

    chosen = Signal(str)

    def __init__(self, name: str, choices: Iterable[tuple[str, str]]) -> None:
        """*choices* are (key, text)."""
        super().__init__()
        self.setAccessibleName(name)
        self._group = QButtonGroup(self)
        self._buttons: dict[str, QPushButton] = {}
        pairs = list(choices)
        for place, (key, text) in enumerate(pairs):
            part = _Segment(text)
            part.setProperty("place", "first" if not place else "last" if place == len(pairs) - 1 else "middle")
            part.setAccessibleName(f"{name}: {text}")
            part.clicked.connect(lambda _=False, key=key: self.chosen.emit(key))
            self._group.addButton(part)
            self._buttons[key] = part
        self.setLayout(row(*self._buttons.values(), gap=0))
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        if pairs:
            self._buttons[pairs[0][0]].setChecked(True)
        tab_to_checked(self._group)

    @property
    def key(self) -> str:
        return next((key for key, part in self._buttons.items() if part.isChecked()), "")

    def choose(self, key: str) -> None:
        """Mark *key* without telling anybody."""
        if key in self._buttons:
            self._buttons[key].setChecked(True)

    def set_text(self, key: str, text: str) -> None:
        if self._buttons[key].text() != text:
            self._buttons[key].setText(text)
            self._buttons[key].setAccessibleName(f"{self.accessibleName()}: {text}")


class _Segment(QPushButton):
    """As wide as its text is when it is bold, so that a choice moves nothing."""

    def __init__(self, text: str) -> None:
        super().__init__(text)
        self.setCheckable(True)
        self.setAutoDefault(False)

    def sizeHint(self) -> QSize:
        bold = QFontMetrics(theme.font(bold=True)).horizontalAdvance(self.text())
        return QSize(bold + 26, super().sizeHint().height())

    def minimumSizeHint(self) -> QSize:
        return self.sizeHint()
