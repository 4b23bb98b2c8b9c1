"""Lines of the public server's form: a computer that may share, a port for visitors."""

from __future__ import annotations

import uuid
from typing import Any, Generic, Protocol, TypeVar

import msgspec
from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QComboBox, QHBoxLayout, QLineEdit, QSizePolicy, QVBoxLayout, QWidget

from xrgui import bridge_key
from xrgui.address import Network
from xrgui.profiles.model import ApprovedKey, Bridge, Entry
from xrgui.ui import theme
from xrgui.ui.language import tr
from xrgui.ui.widgets.basic import button, fit_hint, label, port_box, row, tab_before
from xrgui.ui.widgets.field import Note
from xrgui.ui.widgets.flow import FlowLayout


class KeylessLine(QWidget):
    """A computer that was let in without a key."""

    removed = Signal()

    def __init__(self) -> None:
        super().__init__()
        text = label(tr("Its id alone is enough (Xray, v2ray)"), tone="muted")
        self.remove = button("", kind="bare", icon="close", tip=tr("Ask it for a key from now on"))
        self.remove.clicked.connect(self.removed)
        line = row(text, None, self.remove)
        line.setContentsMargins(12, 0, 0, 0)
        self.setLayout(line)


class KeyLine(QWidget):
    """A key that was approved, and what its owner is called."""

    changed = Signal()
    removed = Signal()

    def __init__(self, key: ApprovedKey) -> None:
        super().__init__()
        self._key = key
        print_ = _fingerprint(key.public)
        mark = label(bridge_key.short(print_))
        mark.setFont(theme.font(theme.SMALL, fixed=True))
        mark.setToolTip(print_)
        self.name = QLineEdit(key.name)
        self.name.setPlaceholderText(tr("note"))
        self.name.setAccessibleName(tr("Note for the key {key}", key=bridge_key.short(print_)))
        self.name.textEdited.connect(self.changed)
        self.remove = button("", kind="bare", icon="close", tip=tr("Do not let this key in any more"))
        self.remove.clicked.connect(self.removed)
        line = row(mark, self.name, self.remove)
        line.setContentsMargins(12, 0, 0, 0)
        line.setStretch(1, 1)
        self.setLayout(line)

    @property
    def value(self) -> ApprovedKey:
        return msgspec.structs.replace(self._key, name=self.name.text().strip())


def _fingerprint(public: str) -> str:
    """For people; what is no key is shown as it is, and `validate` says so."""
    try:
        return bridge_key.fingerprint(bridge_key.decode(public))
    except ValueError:
        return public


class BridgeRow(QWidget):
    """A name, the link that this computer's owner needs, and the keys by which it may come."""

    changed = Signal()
    removed = Signal()
    asked = Signal(str)

    def __init__(self) -> None:
        super().__init__()
        self._bridge = Bridge(name="", secret=str(uuid.uuid4()))
        self.name = QLineEdit()
        self.name.setPlaceholderText(tr("name of the computer"))
        self.name.setAccessibleName(tr("Name of the computer"))
        self.name.textEdited.connect(self.changed)
        self.link = button(tr("Copy its link"), icon="copy", tip=tr("Copy the link that this computer needs"))
        self.link.clicked.connect(lambda: self.asked.emit(self.name.text().strip()))
        self.remove = button("", kind="bare", icon="close", tip=tr("Do not let it share"))
        self.remove.clicked.connect(self.removed)
        self.note = Note()
        self.keys: list[KeyLine] = []
        self.keyless = KeylessLine()
        self.keyless.removed.connect(self._ask_for_key)
        self._key_list = QVBoxLayout()
        self._key_list.setSpacing(5)
        layout = _lay_out(self, row(self.name, self.link, self.remove), self.note)
        layout.addWidget(self.keyless)
        layout.addLayout(self._key_list)
        self.keyless.hide()

    def show_value(self, bridge: Bridge) -> None:
        self._bridge = bridge
        self.name.setText(bridge.name)
        for key in bridge.keys:
            line = KeyLine(key)
            line.changed.connect(self.changed)
            line.removed.connect(lambda line=line: self._drop(line))
            self.keys.append(line)
            self._key_list.addWidget(line)

    def show_keys(self, asks: bool) -> None:
        """What was approved counts only where approval is asked for."""
        keyless = self._bridge.keyless
        self.keyless.setVisible(asks and keyless)
        for line in self.keys:
            line.setVisible(asks and not keyless)

    def _ask_for_key(self) -> None:
        self._bridge = msgspec.structs.replace(self._bridge, keyless=False)
        self.changed.emit()

    def _drop(self, line: KeyLine) -> None:
        self.keys.remove(line)
        self._key_list.removeWidget(line)
        line.hide()
        line.deleteLater()
        self.changed.emit()

    @property
    def value(self) -> Bridge:
        keys = tuple(line.value for line in self.keys)
        return msgspec.structs.replace(self._bridge, name=self.name.text().strip(), keys=keys)

    @property
    def focus(self) -> QWidget:
        return self.name


class EntryRow(QWidget):
    """A public port, its network, and the computer that serves it."""

    changed = Signal()
    removed = Signal()
    asked = Signal(str)
    bridge_names: list[str] = []

    def __init__(self) -> None:
        super().__init__()
        self._entry = Entry(port=0, bridge="")
        self.port = port_box()
        self.port.setAccessibleName(tr("Public port"))
        self.network = QComboBox()
        self.network.addItem("TCP", Network.TCP)
        self.network.addItem("UDP", Network.UDP)
        self.network.setAccessibleName(tr("Network"))
        self.network.setFixedWidth(theme.scaled(74))
        self.bridge = QComboBox()
        self.bridge.setMinimumWidth(theme.scaled(80))
        self.bridge.currentTextChanged.connect(self.bridge.setToolTip)
        self.bridge.setAccessibleName(tr("Served by"))
        self.target = QLineEdit()
        self.target.setPlaceholderText(tr("port on it"))
        self.target.setToolTip(tr("The port on that computer, if it shares several and it differs"))
        self.target.setAccessibleName(tr("Port on that computer"))
        fit_hint(self.target, 76)
        self.remove = button("", kind="bare", icon="close", tip=tr("Close this port"))
        self.remove.clicked.connect(self.removed)
        self.note = Note()
        _lay_out(self, self._line(), self.note)
        self.set_bridges(self.bridge_names)
        self.port.valueChanged.connect(self.changed)
        self.network.activated.connect(self.changed)
        self.bridge.activated.connect(self.changed)
        self.target.textEdited.connect(self.changed)

    def _line(self) -> QHBoxLayout:
        """In two lines where there is no room for one."""
        flow = FlowLayout()
        for part in (row(self.port, self.network, label("→")), row(self.bridge, self.target)):
            holder = QWidget()
            holder.setLayout(part)
            flow.addWidget(holder)
        holder.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.bridge.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        line = row(flow, self.remove)
        line.setStretch(0, 1)
        line.setAlignment(self.remove, Qt.AlignmentFlag.AlignTop)
        return line

    def set_bridges(self, names: list[str]) -> None:
        """Keep the place in the list: a computer that is renamed stays chosen."""
        place = max(0, self.bridge.currentIndex())
        self.bridge.clear()
        self.bridge.addItems(names)
        self.bridge.setCurrentIndex(min(place, len(names) - 1))

    def show_value(self, entry: Entry) -> None:
        self._entry = entry
        self.port.setValue(entry.port)
        self.network.setCurrentIndex(self.network.findData(entry.network))
        self.bridge.setCurrentIndex(max(0, self.bridge.findText(entry.bridge)))
        self.target.setText(str(entry.target_port or ""))

    @property
    def value(self) -> Entry:
        target = self.target.text().strip()
        return msgspec.structs.replace(
            self._entry,
            port=self.port.value(),
            network=Network(self.network.currentData()),
            bridge=self.bridge.currentText(),
            target_port=int(target) if target.isascii() and target.isdigit() and len(target) < 6 else 0,
        )

    @property
    def focus(self) -> QWidget:
        return self.port


def _lay_out(widget: QWidget, line: Any, note: Note) -> QVBoxLayout:
    layout = QVBoxLayout(widget)
    layout.setContentsMargins(0, 0, 0, 0)
    layout.setSpacing(5)
    layout.addLayout(line)
    layout.addWidget(note)
    return layout


class Line(Protocol):
    changed: Any
    removed: Any
    asked: Any
    remove: QWidget
    note: Note
    value: Any
    focus: Any

    def show_value(self, value: Any) -> None: ...


R = TypeVar("R", bound=Any)


class Rows(QWidget, Generic[R]):
    """A list of lines of one kind, the last of which cannot be removed."""

    changed = Signal()
    asked = Signal(str)

    def __init__(self, kind: type[R], more: str) -> None:
        super().__init__()
        self._kind = kind
        self.rows: list[R] = []
        self._list = QVBoxLayout()
        self._list.setSpacing(8)
        self._more = add = button(more, kind="link")
        add.clicked.connect(self._add)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(6)
        layout.addLayout(self._list)
        layout.addLayout(row(add, None))

    def show_values(self, values: tuple[Any, ...]) -> None:
        for old in list(self.rows):
            self._drop(old)
        for value in values:
            self._append().show_value(value)
        self._arrange()

    def say(self, place: int, tone: str, text: str) -> QWidget | None:
        if place >= len(self.rows):
            return None
        self.rows[place].note.say(tone, text)
        focus: QWidget = self.rows[place].focus
        return focus

    def say_nothing(self) -> None:
        for part in self.rows:
            part.note.say("muted", "")

    def _append(self) -> R:
        part: R = self._kind()
        part.changed.connect(self.changed)
        part.asked.connect(self.asked)
        part.removed.connect(lambda: self._remove(part))
        self.rows.append(part)
        self._list.addWidget(part)
        return part

    def _add(self) -> None:
        part = self._append()
        self._arrange()
        part.focus.setFocus()
        self.changed.emit()

    def _remove(self, part: R) -> None:
        self._drop(part)
        self._arrange()
        self.changed.emit()

    def _drop(self, part: R) -> None:
        self.rows.remove(part)
        self._list.removeWidget(part)
        part.hide()
        part.deleteLater()

    def _arrange(self) -> None:
        for part in self.rows:
            part.remove.setVisible(len(self.rows) > 1)
        tab_before(self._more, self.rows)
