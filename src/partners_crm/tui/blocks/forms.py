"""A form on a page of blocks: a line to type in for each question, and one that saves."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from textual import events
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Horizontal, Vertical
from textual.message import Message

from partners_crm.plugins.blocks import Form, Input
from partners_crm.plugins.drawing.lists import held, help_of
from partners_crm.plugins.form_answers import read_answers
from partners_crm.plugins.screens import Answers, Selection
from partners_crm.tui.display import explained, label
from partners_crm.tui.widgets.entry import Entry, Notes
from partners_crm.tui.widgets.text import Line

PREFIX = "answer-"


class SaveLine(Line, can_focus=True):
    """The line that saves: Enter, or a click."""

    DEFAULT_CSS = """
    SaveLine { width: auto; }
    SaveLine:focus { background: $primary; color: $background; text-style: bold; }
    """
    BINDINGS: ClassVar[list[Any]] = [Binding("enter", "save", "Save", show=False, id="form_block.save_here")]

    class Pressed(Message):
        """Save."""

    def action_save(self) -> None:
        """Save."""
        self.post_message(self.Pressed())

    def on_click(self, event: events.Click) -> None:
        """Save."""
        event.stop()
        self.action_save()


class FormBlock(Vertical):
    """One form. Tab, Enter and the arrows go from line to line; Esc leaves it, and what was typed stays."""

    DEFAULT_CSS = """
    FormBlock { height: auto; margin: 0 0 1 0; background: $surface; }
    FormBlock > .title { text-style: bold; color: $primary; }
    FormBlock > .asked { height: auto; padding: 0 0 0 2; }
    FormBlock .name { width: 24; max-width: 33%; color: $foreground 60%; margin: 0 1 0 0; }
    FormBlock > .wrong { color: $error; padding: 0 0 0 2; }
    FormBlock > .help { color: $foreground 60%; padding: 0 0 0 2; }
    FormBlock > SaveLine { margin: 0 0 0 2; }
    """
    BINDINGS: ClassVar[list[Any]] = [
        Binding("ctrl+s", "save", "Save", show=False, id="form_block.save"),
        Binding("escape", "leave", "Leave the form", show=False, id="form_block.leave"),
    ]

    class Entered(Message):
        """A line of the form has the focus."""

        def __init__(self, number: int) -> None:
            super().__init__()
            self.number = number

    class Left(Message):
        """The form was left by Esc."""

    class Saved(Message):
        """What was typed holds."""

        def __init__(self, form: Form, answers: Answers) -> None:
            super().__init__()
            self.form = form
            self.answers = answers

    def __init__(self, block: Form, number: int) -> None:
        super().__init__()
        self.block = block
        self.number = number
        """Its place on the page, counted from 0."""
        self._lines: dict[str, Entry | Notes] = {}
        self._given: dict[str, str] = {}
        """What each line held at first."""
        self.cursor = None
        """It has none: its lines have the focus themselves."""

    def compose(self) -> ComposeResult:
        """The title, a line for each question, help, and the line that saves."""
        yield Line(f"  {self.block.title}", classes="title")
        for asked in self.block.inputs:
            with Horizontal(classes="asked"):
                yield Line(asked.label + (" *" if asked.required else ""), classes="name")
                line = self._lines[asked.name] = _line_for(asked)
                self._given[asked.name] = line.typed
                yield line
            wrong = Line(classes="wrong", id=f"wrong-{asked.name}")
            wrong.display = False
            yield wrong
        yield Line(classes="help")
        yield SaveLine(f"[ {self.block.save} ]")

    # ---------------------------------------------------------------- what the page calls

    @property
    def selection(self) -> Selection:
        """The form."""
        return Selection(block=self.number)

    @property
    def is_entered(self) -> bool:
        """Whether one of its lines has the focus."""
        focused = self.screen.focused if self.is_mounted else None
        return focused is not None and self in focused.ancestors

    @property
    def is_changed(self) -> bool:
        """Whether a line holds something else than at first."""
        return any(line.typed != self._given[name] for name, line in self._lines.items())

    def enter(self, *, last: bool = False) -> None:
        """Put the focus on the first line, or the last one."""
        if self.is_mounted:
            (self._stops()[-1 if last else 0]).focus()

    def reset(self) -> None:
        """Put what each line held at first into it again."""
        for name, line in self._lines.items():
            line.put(self._given[name])
            self.query_one(f"#wrong-{name}", Line).display = False

    def step(self, step: int) -> bool:
        """Go to the next line or the one before; whether there is one."""
        stops = self._stops()
        place = next((place for place, each in enumerate(stops) if each.has_focus), None)
        if place is None or not 0 <= place + step < len(stops):
            return False
        stops[place + step].focus()
        return True

    def state(self, state: str) -> None:
        """Show at the title whether the cursor of the page is here."""
        if self.is_mounted:
            self.query_one(".title", Line).put(f"{'▸' if state else ' '} {self.block.title}")

    def _stops(self) -> list[Entry | Notes | SaveLine]:
        return [*self._lines.values(), self.query_one(SaveLine)]

    # ---------------------------------------------------------------- typing

    def on_descendant_focus(self, event: events.DescendantFocus) -> None:
        """Say what the line is about."""
        name = (event.widget.id or "").removeprefix(PREFIX)
        words = next((help_of(each) for each in self.block.inputs if each.name == name), "Ctrl+S saves too.")
        self.query_one(".help", Line).put(words)
        self.post_message(self.Entered(self.number))

    def on_input_submitted(self, message: Any) -> None:
        """Enter goes to the next line, and saves from the last one."""
        message.stop()
        if message.input.id == PREFIX + self.block.inputs[-1].name:
            self.action_save()
        else:
            self.step(1)

    def on_input_changed(self, message: Any) -> None:
        """What is typed here is the form's alone."""
        message.stop()

    def on_text_area_changed(self, message: Any) -> None:
        """What is typed here is the form's alone."""
        message.stop()

    def on_save_line_pressed(self, message: SaveLine.Pressed) -> None:
        """Save."""
        message.stop()
        self.action_save()

    def action_leave(self) -> None:
        """Leave the form; what was typed stays."""
        self.post_message(self.Left())

    def action_save(self) -> None:
        """Check what was typed, and hand it on when all of it holds."""
        answers, wrong = read_answers(self.block.inputs, self._typed())
        for each in self.block.inputs:
            line = self.query_one(f"#wrong-{each.name}", Line)
            line.display = each.name in wrong
            if each.name in wrong:
                line.put(label(f"! {explained(wrong[each.name])}"))
        if wrong:
            self._lines[next(iter(wrong))].focus()
        else:
            self.post_message(self.Saved(self.block, answers))

    def _typed(self) -> Mapping[str, str]:
        return {name: line.typed for name, line in self._lines.items()}


def _line_for(asked: Input) -> Entry | Notes:
    if asked.kind == "note":
        return Notes(asked.value, id=PREFIX + asked.name)
    offered = ("yes", "no") if asked.kind == "flag" else tuple(text for _, text in asked.choices)
    return Entry(held(asked), choices=offered, id=PREFIX + asked.name)
