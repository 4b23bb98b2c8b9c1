"""What all dialogs share: heading, explanation, body, and buttons with the main one last."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject, QSize, Qt, QTimer, Signal
from PySide6.QtGui import QKeySequence, QResizeEvent, QShortcut
from PySide6.QtWidgets import QDialog, QFrame, QLayout, QPushButton, QScrollArea, QVBoxLayout, QWidget

from xrgui.ui import icons, theme
from xrgui.ui.language import tr
from xrgui.ui.widgets.basic import button, label, paragraph, row

MARGIN = 24


class Dialog(QDialog):
    """Modal to its window. Open it by `open()`; the answer comes by `accepted`, `rejected` or own signals."""

    closed = Signal()

    def __init__(self, parent: QWidget | None, title: str, text: str = "", *, width: int = 620) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle(title)
        self.setWindowIcon(icons.program_icon())
        self.setMinimumWidth(min(width, 420))
        self.resize(theme.scaled(width), 200)
        self._area: QScrollArea | None = None
        self._layout = QVBoxLayout(self)
        self._layout.setContentsMargins(MARGIN, 20, 0, 20)
        self._layout.setSpacing(14)
        self.heading = label(title, size=theme.TITLE, bold=True)
        self.heading.setWordWrap(True)
        self.heading.setContentsMargins(0, 0, MARGIN, 0)
        self._layout.addWidget(self.heading)
        self.explanation = paragraph(text, tone="muted")
        self.explanation.setVisible(bool(text))
        self.explanation.setContentsMargins(0, 0, MARGIN, 0)
        self._layout.addWidget(self.explanation)
        self.left: list[QPushButton] = []
        self.cancel = button(tr("Cancel"))
        self.cancel.clicked.connect(self.reject)
        self.main = button(tr("OK"), kind="primary")
        self.main.clicked.connect(self.accept)
        self.finished.connect(self.closed)
        QShortcut(QKeySequence("Ctrl+Return"), self, self.main.click)

    def set_body(self, body: QWidget | QLayout, *, scrolls: bool = False) -> None:
        if isinstance(body, QLayout):
            holder = QWidget()
            holder.setLayout(body)
            body = holder
        if not scrolls:
            _leave(body, MARGIN)
            self._layout.addWidget(body, 1)
            return
        area = _Area(body)
        body.installEventFilter(self)
        self._area = area
        self._layout.addWidget(area, 1)

    def event(self, event: QEvent) -> bool:
        if event.type() == QEvent.Type.LayoutRequest and self.isVisible():
            QTimer.singleShot(0, self, self._grow)
        return super().event(event)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Grow with the body; never shrink, so that nothing jumps while one types."""
        if event.type() == QEvent.Type.LayoutRequest and self._area is not None:
            self._area.updateGeometry()
        return False

    def _grow(self) -> None:
        width, height = self._wanted()
        if height > self.height():
            self.resize(max(width, self.width()), height)

    def set_buttons(self, main: str, *left: QPushButton, cancel: str = "") -> None:
        """*left* stand apart; an empty *main* leaves one button to close."""
        self.main.setText(main)
        self.main.setAccessibleName(main)
        self.main.setVisible(bool(main))
        self.main.setDefault(bool(main))
        if cancel:
            self.cancel.setText(cancel)
        self._layout.addSpacing(2)
        buttons = row(*left, None, self.cancel, self.main)
        buttons.setContentsMargins(0, 0, MARGIN, 0)
        self._layout.addLayout(buttons)

    def fit(self) -> None:
        """As high as the body wants, at most as the screen has."""
        if self._area is not None:
            self._layout.activate()
            self._area.updateGeometry()  # before it is shown, it is not told how wide it has become
        self.resize(*self._wanted())

    def _wanted(self) -> tuple[int, int]:
        self._layout.activate()
        available = self.screen().availableGeometry()
        width = min(max(self.width(), self._layout.totalMinimumSize().width()), available.width() - 20)
        height = self._layout.totalHeightForWidth(width)
        if height < 0:
            height = self._layout.totalSizeHint().height()
        return width, min(height, available.height() - 60)


def _leave(body: QWidget, right: int) -> None:
    """Let *body* end that far from the dialog's edge."""
    layout = body.layout()
    if layout is not None:
        layout.setContentsMargins(0, 0, right, 0)


class _Area(QScrollArea):
    """Wants to be as wide and high as what it holds; scrolls where the dialog cannot be. Its bar stands in the
    dialog's margin, so that what it holds ends where the buttons end."""

    def __init__(self, body: QWidget) -> None:
        super().__init__()
        self.setWidgetResizable(True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        body.setObjectName("content")
        self._body = body
        self._taken = 0
        """Pixels of the width that the bar takes while it is there."""
        _leave(body, MARGIN)
        self.setWidget(body)
        self.verticalScrollBar().installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if watched is self.verticalScrollBar() and event.type() in (QEvent.Type.Show, QEvent.Type.Hide):
            self._taken = self.verticalScrollBar().sizeHint().width() if event.type() == QEvent.Type.Show else 0
            _leave(self._body, MARGIN - self._taken)
        return super().eventFilter(watched, event)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        if event.size().width() != event.oldSize().width():
            self.updateGeometry()

    def sizeHint(self) -> QSize:
        hint = self._body.sizeHint()
        if self._body.hasHeightForWidth():
            width = max(self.width() - self._taken, self.minimumSizeHint().width())
            hint.setHeight(self._body.heightForWidth(width))
        return hint

    def minimumSizeHint(self) -> QSize:
        least = self._body.minimumSizeHint()
        return QSize(least.width(), min(120, least.height()))
