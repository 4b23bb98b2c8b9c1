"""The dialog in which a tunnel is made or changed. Nothing is saved that could not run."""

from __future__ import annotations

import msgspec
from PySide6.QtCore import QTimer, Signal
from PySide6.QtWidgets import QCheckBox, QComboBox, QVBoxLayout, QWidget

from xrgui.profiles.model import Profile
from xrgui.profiles.validate import validate
from xrgui.ui.dialogs.base import Dialog
from xrgui.ui.dialogs.json_form import JsonForm
from xrgui.ui.dialogs.serve_form import ServeForm
from xrgui.ui.dialogs.share_form import ShareForm
from xrgui.ui.language import tr
from xrgui.ui.widgets.basic import button, label, row

PAUSE = 250
"""Milliseconds without a key until the form is judged."""


def _titles(role: str, new: bool) -> tuple[str, str]:
    if role == "share":
        title = tr("Share something from this computer") if new else tr("Edit the tunnel")
        return title, tr(
            "Visitors reach your public server; it sends them here. Nothing else on this computer can be reached."
        )
    if role == "server":
        title = tr("Be the public server") if new else tr("Edit the public server")
        return title, tr("Computers that may share connect here; visitors of the open ports are sent to them.")
    title = tr("A configuration of your own") if new else tr("Edit the configuration")
    return title, tr("Xray or v2ray JSON, comments allowed. It is checked as you type.")


class Editor(Dialog):
    saved = Signal(object, bool)
    """The profile, and whether it shall start now."""
    other_end_asked = Signal(object)
    link_asked = Signal(object, str)
    """The profile of a public server, and the name of the computer whose link is wanted."""

    def __init__(self, parent: QWidget | None, profile: Profile, *, new: bool, running: bool = False) -> None:
        super().__init__(parent, *_titles(profile.role, new), width=720 if profile.role == "server" else 680)
        self._profile = profile
        self._tried = not new
        self.form = _form(profile.role)
        self.form.show_profile(profile)
        self._build(new, running)
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(PAUSE)
        self._timer.timeout.connect(self._judge)
        self.form.changed.connect(self._timer.start)
        if isinstance(self.form, ShareForm):
            self.form.other_end_asked.connect(lambda: self.other_end_asked.emit(self.profile))
        if isinstance(self.form, ServeForm):
            self.form.link_asked.connect(lambda name: self.link_asked.emit(self.profile, name))
        self.finished.connect(self.form.stop)
        self._judge()
        self.form.name.setFocus()
        self.fit()

    def _build(self, new: bool, running: bool) -> None:
        self.start_now = QCheckBox(tr("Start now"))
        self.start_now.setChecked(new)
        self.start_now.setVisible(not running)
        self.start_now.toggled.connect(self._name_main)
        self.with_program = QCheckBox(tr("Start with xrgui"))
        self.with_program.setChecked(self._profile.start_with_program or new)
        self.restart = QComboBox()
        policies = (
            ("always", tr("always")),
            ("on-failure", tr("after a failure")),
            ("never", tr("never")),
        )
        for key, text in policies:
            self.restart.addItem(text, key)
        self.restart.setCurrentIndex(max(0, self.restart.findData(self._profile.restart)))
        self._restart = QWidget()
        policy = label(tr("Start again when the engine ended"))
        policy.setBuddy(self.restart)
        self.restart.setAccessibleName(policy.text())
        self._restart.setLayout(row(policy, self.restart, None))
        self._restart.hide()
        body = QWidget()
        layout = QVBoxLayout(body)
        layout.setSpacing(10)
        layout.addWidget(self.form, 1)
        layout.addWidget(self._restart)
        checks = row(self.start_now, self.with_program, None, gap=18)
        checks.setContentsMargins(self.form.indent, 0, 0, 0)
        layout.addLayout(checks)
        self.set_body(body, scrolls=not isinstance(self.form, JsonForm))
        self.advanced = button(tr("Advanced…"))
        self.advanced.setCheckable(True)
        self.advanced.toggled.connect(self._show_advanced)
        self.set_buttons(tr("Save"), self.advanced)
        self._name_main()
        self.main.clicked.disconnect()
        self.main.clicked.connect(self._save)

    def _name_main(self) -> None:
        starts = self.start_now.isChecked() and not self.start_now.isHidden()
        self.main.setText(tr("Save and start") if starts else tr("Save"))
        self.main.setAccessibleName(self.main.text())

    def _show_advanced(self, shown: bool) -> None:
        self._restart.setVisible(shown)
        if isinstance(self.form, ShareForm):
            self.form.show_advanced(shown)
        self.fit()

    @property
    def profile(self) -> Profile:
        return msgspec.structs.replace(
            self.form.profile,
            start_with_program=self.with_program.isChecked(),
            restart=self.restart.currentData(),
        )

    def _judge(self) -> None:
        """Before the first try to save, what is merely empty is not called wrong."""
        found = validate(self.profile)
        if not self._tried:
            found = {path: item for path, item in found.items() if not _is_gap(item.code)}
        self.form.show_problems(found)

    def _save(self) -> None:
        self._tried = True
        if isinstance(self.form, ServeForm):
            self.form.complete()
        found = validate(self.profile)
        wrong = self.form.show_problems(found)
        blocking = {path: item for path, item in found.items() if item.is_error and item.code != "link.unsupported"}
        if blocking:
            if wrong is not None:
                wrong.setFocus()
            return
        starts = self.start_now.isChecked() and not self.start_now.isHidden() and not self.profile.link
        self.saved.emit(self.profile, starts)
        self.accept()


def _form(role: str) -> ShareForm | ServeForm | JsonForm:
    if role == "share":
        return ShareForm()
    return ServeForm() if role == "server" else JsonForm()


def _is_gap(code: str) -> bool:
    return code.endswith(".missing") or code in ("port.range", "bridges.unused")
