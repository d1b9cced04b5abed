"""No text reaches a widget but through the door: the syntax tree of every screen, and seeded faults it must find."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

TUI = Path(__file__).parents[2] / "src" / "partners_crm" / "tui"
MODULES = sorted(TUI.rglob("*.py"))

DOOR = {"label", "lines", "joined", "stacked", "cell", "wrapped", "show", "show_lines", "_content", "_harmless_lines"}
"""Functions whose result is harmless; all but `show` and the private ones live in `tui/display.py`."""
DRAWS = {"Segment", "Strip", "Content", "Text", "Style", "Markup", "Panel", "Rule"}
"""Classes of Textual and Rich that draw what they are given."""
SPOKEN = {"title", "sub_title", "border_title", "border_subtitle", "tooltip", "placeholder", "loading_text"}
"""Attributes of widgets that are drawn, some of them as markup."""


def is_door(node: ast.expr) -> bool:
    if isinstance(node, ast.Constant):
        return True  # our own words
    if isinstance(node, ast.Call):
        called = node.func
        if isinstance(called, ast.Attribute) and called.attr == "join" and isinstance(called.value, ast.Constant):
            return all(is_door(argument) for argument in node.args)
        return isinstance(called, ast.Name) and called.id in DOOR
    if isinstance(node, ast.BinOp):
        return is_door(node.left) and is_door(node.right)
    return False


def name_of(node: ast.expr) -> str:
    if isinstance(node, ast.Name):
        return node.id
    return node.attr if isinstance(node, ast.Attribute) else ""


def faults(source: str, place: str) -> Iterator[str]:
    """Every place where text could pass the door by; `place` is the module's path below `tui/`."""
    in_widgets = place.startswith("widgets/")
    tree = ast.parse(source)
    for node in ast.walk(tree):
        where = f"{place}:{getattr(node, 'lineno', 0)}"
        if isinstance(node, ast.ImportFrom) and node.module:
            if node.module.startswith("textual.widgets") and not in_widgets:
                yield f"{where}: a widget of Textual is used past our own"
            if node.module.startswith("rich") and place not in {"display.py", "widgets/table.py", "app.py"}:
                yield f"{where}: rich draws"
        elif isinstance(node, ast.Import) and any(each.name.split(".")[0] == "rich" for each in node.names):
            yield f"{where}: rich draws"
        elif isinstance(node, ast.Call):
            yield from call_faults(node, place, where, in_widgets)
        elif isinstance(node, ast.Assign):
            for target in node.targets:
                drawn = isinstance(target, ast.Attribute) and target.attr in SPOKEN
                # The title of a unit of work is stored, not drawn.
                if drawn and ast.unparse(target) != "unit.title" and not is_door(node.value):
                    yield f"{where}: {ast.unparse(target)} is drawn"


def call_faults(node: ast.Call, place: str, where: str, in_widgets: bool) -> Iterator[str]:
    name = name_of(node.func)
    for keyword in node.keywords:
        if keyword.arg == "markup" and not (isinstance(keyword.value, ast.Constant) and keyword.value.value is False):
            yield f"{where}: markup is read"
        if keyword.arg in SPOKEN and not in_widgets and name != "Entry" and not is_door(keyword.value):
            yield f"{where}: {keyword.arg} is drawn"
    if name in {"from_markup", "from_text", "from_rich_text", "render_markup", "set_title", "write"} and (
        place != "app.py" or name != "write"
    ):
        yield f"{where}: {name} reads markup or writes to the terminal"
    if name == "notify" and place != "app.py":
        yield f"{where}: a toast past `notice`"
    if name == "notify" and not any(each.arg == "markup" for each in node.keywords):
        yield f"{where}: a toast reads markup"
    if name == "run_action" and node.args and isinstance(node.args[0], ast.JoinedStr | ast.BinOp):
        yield f"{where}: an action made of text"
    if name in DRAWS and place not in {"display.py", "widgets/table.py", "app.py"}:
        yield f"{where}: {name} draws what it is given"
    if name == "update" and node.args and not is_door(node.args[0]):
        yield f"{where}: a widget is given raw text"
    parent_init = isinstance(node.func, ast.Attribute) and ast.unparse(node.func) == "super().__init__"
    if in_widgets and place != "widgets/table.py" and parent_init and node.args and not is_door(node.args[0]):
        yield f"{where}: a widget is made of raw text"
    if name == "print" and place != "app.py":
        yield f"{where}: prints over the screen"


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(TUI)))
def test_no_screen_gives_raw_text_to_a_widget(path: Path) -> None:
    assert list(faults(path.read_text("utf-8"), path.relative_to(TUI).as_posix())) == []


@pytest.mark.parametrize(
    ("place", "source"),
    [
        ("screens/seeded.py", "from textual.widgets import Static"),
        ("screens/seeded.py", "from textual.widgets._label import Label"),
        ("screens/seeded.py", "from rich.text import Text"),
        ("screens/seeded.py", "import rich.markup"),
        ("screens/seeded.py", "widget.update(record.name)"),
        ("screens/seeded.py", "widget.update(f'{record.name}')"),
        ("screens/seeded.py", "self.notify(record.name, markup=False)"),
        ("app.py", "self.notify(record.name)"),
        ("screens/seeded.py", "Content(record.name)"),
        ("screens/seeded.py", "Content.from_markup(record.name)"),
        ("screens/seeded.py", "self.border_title = record.name"),
        ("screens/seeded.py", "self.app.title = record.name"),
        ("screens/seeded.py", "VirtualTable(source, tooltip=record.name)"),
        ("screens/seeded.py", "self.run_action(f'open({record.name!r})')"),
        ("widgets/seeded.py", "class Raw(Static):\n    def __init__(self, text):\n        super().__init__(text)"),
        ("widgets/seeded.py", "Static(show(name), markup=True)"),
        ("screens/seeded.py", "print(record.name)"),
        ("screens/seeded.py", "self.app.driver.write(record.name)"),
    ],
)
def test_a_seeded_fault_is_found(place: str, source: str) -> None:
    assert list(faults(source, place)) != []


def test_every_line_and_cell_of_our_widgets_passes_the_door() -> None:
    """The widgets that may draw do so through `cell`, `label` or `show` alone."""
    table = ast.parse((TUI / "widgets" / "table.py").read_text("utf-8"))
    drawn = [node for node in ast.walk(table) if isinstance(node, ast.Call) and name_of(node.func) == "Segment"]
    assert drawn
    for node in drawn:
        text = ast.unparse(node.args[0])
        assert text.startswith("cell(") or text == "''.join(parts)", text
    strip = next(each for each in ast.walk(table) if isinstance(each, ast.FunctionDef) and each.name == "_strip")
    appended = [each for each in ast.walk(strip) if isinstance(each, ast.Call) and name_of(each.func) == "append"]
    assert appended
    for each in appended:
        assert ast.unparse(each.args[0]).startswith("cell("), ast.unparse(each)
