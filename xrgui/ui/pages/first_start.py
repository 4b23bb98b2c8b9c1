"""What one sees before there is a tunnel."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QGridLayout, QScrollArea, QVBoxLayout, QWidget

from xrgui.ui import theme
from xrgui.ui.language import tr
from xrgui.ui.widgets.basic import Frame, button, column, label, paragraph, row
from xrgui.ui.widgets.picture import Picture

WIDTH = 616


class FirstStart(QScrollArea):
    asked = Signal(str)
    """share, serve, import or try."""

    def __init__(self) -> None:
        super().__init__()
        self.setWidgetResizable(True)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        choices = [
            (
                "share",
                tr("Share from this computer"),
                tr("A web page, an app or SSH on this computer becomes reachable through your public server."),
                tr("Share…"),
            ),
            (
                "serve",
                tr("Be the public server"),
                tr("This computer has a public address and lets others share through it."),
                tr("Set up…"),
            ),
            (
                "import",
                tr("Import"),
                tr("A link, a QR picture, or an Xray or v2ray configuration."),
                tr("Import…"),
            ),
            (
                "try",
                tr("Try it here"),
                tr("See a tunnel work in ten seconds, on this computer alone. Nothing leaves it."),
                tr("Try"),
            ),
        ]
        grid = QGridLayout()
        grid.setSpacing(16)
        for place, choice in enumerate(choices):
            grid.addWidget(self._card(*choice, primary=place == 0), place // 2, place % 2)
        grid.setColumnStretch(0, 1)
        grid.setColumnStretch(1, 1)
        title = label(tr("What do you want to do?"), size=24, bold=True)
        title.setAlignment(Qt.AlignmentFlag.AlignHCenter)
        hint = label(tr("Or drop a file or a link anywhere in this window."), tone="muted")
        hint.setAlignment(Qt.AlignmentFlag.AlignHCenter)
        inner = QWidget()
        inner.setMaximumWidth(theme.scaled(WIDTH))
        inner.setLayout(column(title, grid, hint, gap=24))
        content = QWidget()
        content.setObjectName("content")
        layout = QVBoxLayout(content)
        layout.setContentsMargins(24, 16, 24, 16)
        layout.addStretch(4)
        layout.addLayout(row(inner, gap=0))
        layout.addStretch(5)
        self.setWidget(content)

    def _card(self, key: str, title: str, text: str, action: str, *, primary: bool) -> Frame:
        heading = paragraph(title, size=15)
        heading.setFont(theme.font(15, bold=True))
        picture = Picture({"serve": "server"}.get(key, key), "accent", 18)
        part = button(action, kind="primary" if primary else "", name=title)
        part.setAccessibleDescription(text)
        part.clicked.connect(lambda: self.asked.emit(key))
        body = paragraph(text, tone="muted")
        top = row(picture, heading, gap=10)
        top.setStretch(1, 1)
        layout = column(top, body, None, row(part, None), gap=10)
        card = Frame("card", layout, 20)
        layout.setAlignment(body, Qt.AlignmentFlag.AlignTop)
        return card
