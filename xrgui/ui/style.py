"""The stylesheet: shapes and lines. `theme` fills in the colours."""

STYLESHEET = """
QToolTip { background: $panel; color: $text; border: 1px solid $line; padding: 4px 6px; }

QMenuBar { background: $side; border: none; border-bottom: 1px solid $line; padding: 2px 4px; spacing: 0; }
QMenuBar::item { padding: 5px 9px; border-radius: 5px; background: transparent; }
QMenuBar::item:selected { background: $selection; }
QMenu { background: $panel; border: 1px solid $line; padding: 5px; }
QMenu::item { padding: 6px 28px 6px 10px; border-radius: 5px; }
QMenu::item:selected { background: $selection; }
QMenu::item:disabled { color: $muted; }
QMenu::item:default { font-weight: 600; }
QMenu::separator { height: 1px; background: $line; margin: 5px 0; }
QMenu::icon { padding-left: 8px; }
QMenu::right-arrow { image: url($icons/chevron-right.svg); width: 12px; height: 12px; margin-right: 6px; }
QMenu::indicator { width: 14px; height: 14px; margin-left: 6px; }
QMenu::indicator:checked { image: url($icons/check-accent-$tone.svg); }

QPushButton, QToolButton[kind="control"] {
    background: $panel; border: 1px solid $line; border-radius: 7px; min-height: 28px; padding: 0 12px;
}
QPushButton:hover, QToolButton[kind="control"]:hover { background: $hover; }
QPushButton:pressed, QToolButton[kind="control"]:pressed { background: $selection; }
QPushButton:checked, QToolButton[kind="control"]:checked { background: $selection; color: $accent; }
QPushButton:focus, QToolButton[kind="control"]:focus { border: 1px solid $accent; }
QPushButton:disabled { color: $muted; background: $window; }
QPushButton[kind="primary"] { background: $accent; color: $on_accent; border-color: $accent; }
QPushButton[kind="primary"]:hover { background: $accent_hover; border-color: $accent_hover; }
QPushButton[kind="primary"]:focus { border: 2px solid $text; min-height: 26px; padding: 0 11px; }
QPushButton[kind="primary"]:disabled { background: $line; color: $muted; border-color: $line; }
QPushButton[kind="danger"]:enabled { color: $error; }
QPushButton[kind="link"] {
    border: none; background: transparent; color: $accent; padding: 0; min-height: 0; text-align: left;
}
QPushButton[kind="link"]:hover, QPushButton[kind="link"]:focus { text-decoration: underline; }
QPushButton[kind="icon"] { padding: 0; min-width: 28px; max-width: 28px; }
QPushButton[kind="bare"] {
    border: 1px solid transparent; background: transparent; padding: 0; min-width: 28px; max-width: 28px;
}
QPushButton[kind="bare"]:hover { background: $hover; }
QPushButton[kind="bare"]:focus { border-color: $accent; }
QPushButton::menu-indicator {
    image: url($icons/chevron-down.svg); width: 10px; height: 10px; subcontrol-position: right center;
    subcontrol-origin: padding; right: 8px;
}
QPushButton[menu="true"] { padding-right: 26px; }

QPushButton[place="first"] { border-top-right-radius: 0; border-bottom-right-radius: 0; }
QPushButton[place="middle"] { border-radius: 0; border-left: none; }
QPushButton[place="last"] { border-top-left-radius: 0; border-bottom-left-radius: 0; border-left: none; }
QPushButton[place]:checked { font-weight: 600; }
QPushButton[place]:focus { border: 1px solid $accent; }

QAbstractScrollArea { border: none; }
QLineEdit, QPlainTextEdit, QTextEdit, QListWidget, QSpinBox, QComboBox {
    background: $panel; border: 1px solid $line; border-radius: 7px; padding: 0 9px; min-height: 28px;
    selection-background-color: $accent; selection-color: $on_accent;
}
QPlainTextEdit, QTextEdit { padding: 4px 2px; }
QListWidget { padding: 3px; }
QListWidget::item { padding: 3px 5px; border-radius: 4px; }
QListWidget::item:selected { background: $selection; color: $text; }
QLineEdit:focus, QPlainTextEdit:focus, QTextEdit:focus, QListWidget:focus, QSpinBox:focus, QComboBox:focus {
    border-color: $accent;
}
QLineEdit[state="error"], QPlainTextEdit[state="error"] { border-color: $error; }
QLineEdit:disabled, QSpinBox:disabled, QComboBox:disabled { color: $muted; background: $window; }
QLineEdit:read-only { background: $window; }
QLineEdit { lineedit-clear-button-icon: url($icons/clear-$tone.svg); }
QComboBox { padding-right: 4px; }
QComboBox::drop-down { border: none; width: 26px; subcontrol-position: right center; }
QComboBox::down-arrow { image: url($icons/chevron-down.svg); width: 10px; height: 10px; }
QComboBox QAbstractItemView {
    background: $panel; border: 1px solid $line; padding: 4px; outline: none;
    selection-background-color: $selection; selection-color: $text;
}
QComboBox QAbstractItemView::item { min-height: 28px; padding: 0 6px; }
QSpinBox { padding: 0; }
QSpinBox::up-button, QSpinBox::down-button { border: none; width: 20px; background: transparent; }
QSpinBox::up-arrow { image: url($icons/chevron-up.svg); width: 9px; height: 9px; }
QSpinBox::down-arrow { image: url($icons/chevron-down.svg); width: 9px; height: 9px; }

QCheckBox, QRadioButton { spacing: 8px; min-height: 24px; }
QCheckBox[kind="field"] { min-height: 30px; }
QCheckBox::indicator, QRadioButton::indicator {
    width: 14px; height: 14px; border: 1px solid $muted; background: $panel;
}
QCheckBox::indicator { border-radius: 4px; }
QRadioButton::indicator { border-radius: 8px; }
QCheckBox::indicator:checked {
    background: $accent; border-color: $accent; image: url($icons/check-$tone.svg);
}
QRadioButton::indicator:checked {
    background: $accent; border-color: $accent; image: url($icons/dot-$tone.svg);
}
QCheckBox::indicator:focus, QRadioButton::indicator:focus {
    border: 2px solid $accent; width: 12px; height: 12px;
}
QCheckBox::indicator:disabled, QRadioButton::indicator:disabled { border-color: $line; background: $window; }

QFrame[kind="card"] { background: $panel; border: 1px solid $line; border-radius: 10px; }
QFrame[kind="card"][tone="error"] { border-color: $error; }
QFrame[kind="card"][tone="waiting"] { border-color: $waiting; }
QFrame[kind="panel"] { background: $panel; }
QFrame[kind="side"] { background: $side; border: none; border-right: 1px solid $line; }
QFrame[kind="bar"] { background: $panel; border: none; border-bottom: 1px solid $line; }
QFrame[kind="list"] { background: $panel; border: none; border-right: 1px solid $line; }
QFrame[kind="toast"] { background: $text; border-radius: 8px; }
QFrame[kind="toast"] QLabel { color: $panel; }
QFrame[kind="toast"] QPushButton {
    color: $selection; border: none; background: transparent; font-weight: 600;
}
QFrame[kind="line"] { background: $line; border: none; max-height: 1px; min-height: 1px; }

QLabel[tone="muted"] { color: $muted; }
QLabel[tone="error"] { color: $error; }
QLabel[tone="waiting"] { color: $waiting; }
QLabel[tone="up"] { color: $up; }
QLabel[tone="accent"] { color: $accent; }

QStatusBar { background: $side; border-top: 1px solid $line; min-height: 27px; }
QStatusBar::item { border: none; }
QStatusBar QLabel { color: $muted; }

QScrollArea, QScrollArea > QWidget > QWidget#content { background: transparent; }
QListView, QTableView { background: $panel; border: none; outline: none; }
QTableView { gridline-color: $line; selection-background-color: $selection; selection-color: $text; }
QTableView QTableCornerButton::section { background: $panel; border: none; }
QHeaderView { background: $panel; border: none; }
QHeaderView::section {
    background: $panel; color: $muted; border: none; border-bottom: 1px solid $line; padding: 0 10px;
}
QHeaderView::section:hover { background: $hover; }
QHeaderView::up-arrow, QHeaderView::down-arrow {
    width: 9px; height: 9px; subcontrol-position: right center; subcontrol-origin: padding; right: 2px;
}
QHeaderView::up-arrow { image: url($icons/chevron-up.svg); }
QHeaderView::down-arrow { image: url($icons/chevron-down.svg); }

QScrollBar:vertical { background: transparent; width: 10px; margin: 0; }
QScrollBar:horizontal { background: transparent; height: 10px; margin: 0; }
QScrollBar::handle { background: $line; border-radius: 3px; margin: 2px; }
QScrollBar::handle:hover { background: $muted; }
QScrollBar::handle:vertical { min-height: 28px; }
QScrollBar::handle:horizontal { min-width: 28px; }
QScrollBar::add-line, QScrollBar::sub-line { width: 0; height: 0; }
QScrollBar::add-page, QScrollBar::sub-page { background: transparent; }
QAbstractScrollArea::corner { background: transparent; border: none; }
QSplitter::handle { background: $line; }
QSplitter::handle:horizontal { width: 1px; }
QDialog { background: $panel; }
QDialog QFrame[kind="card"] { background: $window; }
"""
