"""What looks unfinished in a window that is shown: words that are cut, parts that overlap or stand outside."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations

from PySide6.QtCore import QRect, Qt
from PySide6.QtWidgets import (
    QAbstractButton,
    QAbstractItemView,
    QComboBox,
    QLabel,
    QLineEdit,
    QMenu,
    QScrollArea,
    QWidget,
)

from xrgui.ui.dialogs.base import Dialog
from xrgui.ui.widgets.basic import Elided
from xrgui.ui.widgets.toast import Toast

INSIDE = 2 * 12 + 2
"""Pixels beside the words of an edit or a combo box: padding and frame."""
ARROW = 16


def faults(root: QWidget) -> Iterator[str]:
    """Each in words. *root* is visible and laid out."""
    if isinstance(root, QMenu):
        return
    if isinstance(root, Dialog):
        yield from _empty_or_scrolling(root)
    for widget in (root, *root.findChildren(QWidget)):
        if widget.isVisibleTo(root) and not _of_qt(widget):
            yield from _cut(widget)
            yield from _overlaps(widget)
            yield from _outside(widget)


def _empty_or_scrolling(dialog: Dialog) -> Iterator[str]:
    """A dialog is as high as it wants, and scrolls only where the screen ends."""
    wanted = dialog._wanted()[1]
    if dialog.height() != wanted:
        yield f"{dialog.height()} high, wants {wanted}"
    scrolls = dialog._area is not None and dialog._area.verticalScrollBar().isVisible()
    if scrolls and wanted < dialog.screen().availableGeometry().height() - 60:
        yield "scrolls without need"


def _of_qt(widget: QWidget) -> bool:
    """A part that Qt makes inside of one of its own."""
    return widget.objectName().startswith("qt_") or isinstance(widget.parent(), QAbstractItemView | QComboBox)


def _cut(widget: QWidget) -> Iterator[str]:
    if isinstance(widget, QLabel) and not isinstance(widget, Elided) and widget.text():
        if widget.wordWrap():
            if widget.heightForWidth(widget.width()) > widget.height() + 1:
                yield f"cut below: {widget.text()!r}"
            words = max(map(widget.fontMetrics().horizontalAdvance, _words(widget)), default=0)
            if words > widget.width() + 1 and widget.textFormat() == Qt.TextFormat.PlainText:
                yield f"a word is cut: {widget.text()!r}"
        elif widget.sizeHint().width() > widget.width() + 1:
            yield f"cut: {widget.text()!r} has {widget.width()} of {widget.sizeHint().width()}"
    elif isinstance(widget, QAbstractButton) and widget.text():
        if widget.sizeHint().width() > widget.width() + 1 or widget.sizeHint().height() > widget.height() + 1:
            yield f"cut: button {widget.text()!r} has {widget.size()} of {widget.sizeHint()}"
    elif isinstance(widget, QLineEdit):
        wide = widget.fontMetrics().horizontalAdvance(widget.placeholderText())
        if not widget.text() and wide > widget.width() - INSIDE:
            yield f"cut: hint {widget.placeholderText()!r} has {widget.width() - INSIDE} of {wide}"
    elif isinstance(widget, QComboBox):
        wide = widget.fontMetrics().horizontalAdvance(widget.currentText())
        if wide > widget.width() - INSIDE - ARROW and not widget.toolTip():
            yield f"cut: choice {widget.currentText()!r}"


def _words(label: QLabel) -> list[str]:
    """The parts that cannot be broken; addresses, paths and Chinese break anywhere."""
    return [word for word in label.text().split() if not any(mark in word for mark in "./:-_…") and max(word) < "⺀"]


def _overlaps(widget: QWidget) -> Iterator[str]:
    if widget.layout() is None:
        return
    parts = [child for child in widget.children() if isinstance(child, QWidget) and child.isVisible()]
    parts = [child for child in parts if not child.isWindow() and not isinstance(child, Toast)]
    for one, other in combinations(parts, 2):
        shared = one.geometry().intersected(other.geometry())
        if shared.width() > 1 and shared.height() > 1:
            yield f"overlap: {_name(one)} and {_name(other)} by {shared.width()}x{shared.height()}"


def _outside(widget: QWidget) -> Iterator[str]:
    if isinstance(widget, QScrollArea):
        inner = widget.widget()
        if inner is not None and inner.isVisible() and inner.width() > widget.viewport().width():
            yield f"wider than its place: {inner.width()} of {widget.viewport().width()}"
    parent = widget.parentWidget()
    if parent is None or widget.isWindow() or isinstance(parent.parent(), QScrollArea | QAbstractItemView):
        return
    if parent.layout() is not None and not parent.rect().adjusted(-1, -1, 1, 1).contains(widget.geometry()):
        yield f"outside: {_name(widget)} {_box(widget.geometry())} in {_box(parent.rect())}"


def _name(widget: QWidget) -> str:
    words = widget.text() if isinstance(widget, QLabel | QAbstractButton) else widget.accessibleName()
    return f"{type(widget).__name__} {words!r}"


def _box(rect: QRect) -> str:
    return f"{rect.width()}x{rect.height()}+{rect.x()}+{rect.y()}"
