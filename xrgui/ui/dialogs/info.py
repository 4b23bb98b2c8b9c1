"""About the program, how it works, and what happened while nobody looked."""

from __future__ import annotations

from PySide6.QtWidgets import QGridLayout, QVBoxLayout, QWidget

from xrgui import __version__
from xrgui.ui import icons, theme, units
from xrgui.ui.dialogs.base import Dialog
from xrgui.ui.language import sentences, tr
from xrgui.ui.notifications import Notifications
from xrgui.ui.widgets.basic import column, label, paragraph, row
from xrgui.ui.widgets.path import Leg, Node, PathWidget
from xrgui.ui.widgets.state_icon import StateIcon


def show_about(parent: QWidget) -> Dialog:
    dialog = Dialog(parent, "xrgui", width=420)
    picture = label()
    picture.setPixmap(icons.program_icon().pixmap(64, 64))
    text = paragraph(tr("Shares what runs on your own computer through a public server of yours."))
    version = label(tr("Version {version}", version=__version__), tone="muted")
    body = row(picture, column(text, version, None, gap=6), gap=16)
    body.setStretch(1, 1)
    dialog.set_body(body)
    dialog.set_buttons("", cancel=tr("Close"))
    dialog.fit()
    dialog.open()
    return dialog


def show_guide(parent: QWidget) -> Dialog:
    dialog = Dialog(parent, tr("How it works"), width=620)
    path = PathWidget()
    path.show_path(
        Node("server", tr("Public server"), tr("portal")),
        Leg("", "up"),
        Node("here", tr("This computer"), tr("bridge")),
        ((Leg("", "up"), Node("service", "127.0.0.1:3000", tr("your service"))),),
    )
    texts = (
        tr("This computer has no public address, so it dials your public server and keeps that connection."),
        tr(
            "A visitor reaches the public server. The server sends the visitor back over the connection that "
            "stands, and xrgui passes it on to your service."
        ),
        tr("Only the services of the tunnel can be reached. Whatever else a server asks for is refused."),
        tr(
            "The public server runs Xray, v2ray or xrgui. “Show the server's part” gives the configuration "
            "that fits, ready to paste."
        ),
    )
    dialog.set_body(column(path, *(paragraph(text) for text in texts), gap=12))
    dialog.set_buttons("", cancel=tr("Close"))
    dialog.cancel.setFocus()
    dialog.fit()
    dialog.open()
    return dialog


def show_notifications(parent: QWidget, notifications: Notifications) -> Dialog:
    dialog = Dialog(parent, tr("Notifications"), width=520)
    body = QWidget()
    grid = QGridLayout()
    grid.setHorizontalSpacing(12)
    grid.setVerticalSpacing(8)
    grid.setColumnStretch(2, 1)
    for place, item in enumerate(reversed(notifications.list)):
        mark = StateIcon(14)
        mark.show_state(item.state, item.title)
        when = label(units.moment(item.at), tone="muted")
        when.setFont(theme.font(tabular=True))
        text = sentences(item.title, item.text) if item.text else item.title
        for part, widget in enumerate((mark, when, paragraph(text))):
            grid.addWidget(widget, place, part)
    layout = QVBoxLayout(body)
    if notifications.list:
        layout.addLayout(grid)
    else:
        layout.addWidget(paragraph(tr("Nothing happened that you should know."), tone="muted"))
    layout.addStretch(1)
    dialog.set_body(body, scrolls=True)
    dialog.set_buttons("", cancel=tr("Close"))
    dialog.fit()
    dialog.open()
    return dialog
