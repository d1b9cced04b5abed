"""What a column of a file means: choosing one of all meanings by a few letters, or making a field of one's own."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Horizontal

from partners_crm.crm import Crm
from partners_crm.errors import InvalidValue, PartnersError
from partners_crm.model import BY_NAME, Silo
from partners_crm.normalize.text import fold
from partners_crm.services import custom_fields
from partners_crm.services.importing.mapping import OWN_ENTITIES, OWN_KINDS, VISIBILITIES, ColumnMapping, OwnField
from partners_crm.services.importing.targets import PERSONAL, VALUES, Target, all_targets
from partners_crm.services.listing import Column
from partners_crm.store.read import tuples
from partners_crm.tui.display import explained, joined, label
from partners_crm.tui.screens.base import Box, Lines
from partners_crm.tui.screens.import_tables import Places
from partners_crm.tui.widgets.entry import Entry
from partners_crm.tui.widgets.table import VirtualTable
from partners_crm.tui.widgets.text import Line, Sheet

PEOPLE = (2, 3)
"""Further people of a row that columns can be about."""


@dataclass(frozen=True, slots=True)
class Meaning:
    """One thing that a column can mean."""

    target: Target | None
    """None: nothing."""
    words: str
    more: str = ""
    """What it is, or which other names a column of it goes by."""
    has: str = ""
    """The column that means it now."""

    @property
    def sought(self) -> str:
        """What is searched for typed words, folded."""
        return fold(f"{self.words} {self.more} {self.target.text if self.target else ''}".replace("_", " "))


def meanings(crm: Crm, mapping: ColumnMapping) -> list[Meaning]:
    """Everything that a column can mean in this coalition: nothing, the built-in meanings, silos, own fields."""
    has: dict[Target, str] = {}
    for header, use in zip(mapping.headers, mapping.uses, strict=True):
        if use.target is not None:
            has[use.target] = f"{has[use.target]}, {header}" if use.target in has else header

    def meaning(target: Target, words: str, more: str = "") -> Meaning:
        return Meaning(target, words, more, has.get(target, ""))

    found = [Meaning(None, "nothing", "its cells stay in the source rows")]
    targets = list(all_targets())
    found += [meaning(target, target.described, _more(target)) for target in targets]
    for code, name in tuples(crm.db, Silo.select(Silo.code, Silo.name).order_by(Silo.name)):
        found.append(meaning(Target("silo", code), f"mark in silo {name}", "X, yes or 1 in a cell counts"))
    for name in OWN_ENTITIES:
        for field in custom_fields.fields_of(crm.db, BY_NAME[name]):
            found.append(meaning(Target("own", field.key), f"own field {field.label}", f"of {name}s"))
    there = {each.target for each in found}
    for own in mapping.own:
        if (target := Target("own", own.key)) not in there:
            found.append(meaning(target, f"own field {own.label}", f"of {own.entity}s, made by this import"))
    for person in PEOPLE:
        for target in targets:
            if target.kind in {"contact", "role"} or (not target.kind and target.name in PERSONAL):
                other = target._replace(person=person)
                found.append(meaning(other, other.described, _more(target)))
    return found


def _more(target: Target) -> str:
    how = target.declared
    if how is not None:
        return how.help or ", ".join(how.headers[:4])
    return ", ".join(VALUES.get(target.name, ())[:4])


def matching(found: Sequence[Meaning], text: str) -> list[Meaning]:
    """The meanings that hold every typed word as the beginning of a word; where those hold it whole come first."""
    words = fold(text).split()
    kept = []
    for each in found:
        sought = each.sought.split()
        if all(any(part.startswith(word) for part in sought) for word in words):
            own = fold(each.words.replace("_", " ")).split()
            exact = sum(word in own for word in words)
            kept.append((-exact, each))
    return [each for _, each in sorted(kept, key=lambda pair: pair[0])]


class MeaningSource(Places):
    """Meanings to choose from."""

    columns: Sequence[Column] = (
        Column("words", "Meaning", 30),
        Column("has", "Column now", 16),
        Column("more", "In detail", 30),
    )

    def __init__(self, found: Sequence[Meaning]) -> None:
        super().__init__(len(found))
        self.found = found

    def row(self, place: int) -> Sequence[str]:
        """Words, who has it, what it is."""
        each = self.found[place]
        return each.words, each.has, each.more


class ChooseMeaning(Box):
    """Asks what a column means; gives the meaning back."""

    DEFAULT_CSS = "ChooseMeaning Sheet { width: 96; } ChooseMeaning VirtualTable { height: 14; max-height: 55vh; }"
    BINDINGS: ClassVar[list[Any]] = [
        Binding("down", "move(1)", "Next meaning", show=False, id="meaning.down"),
        Binding("up", "move(-1)", "Meaning before", show=False, id="meaning.up"),
        Binding("pagedown", "page(1)", "Meanings down", show=False, id="meaning.page_down"),
        Binding("pageup", "page(-1)", "Meanings up", show=False, id="meaning.page_up"),
    ]

    def __init__(self, header: str, examples: Sequence[str], now: str, found: Sequence[Meaning]) -> None:
        super().__init__()
        self._header = header
        self._examples = examples
        self._now = now
        self._all = found
        self._shown = list(found)

    def compose(self) -> ComposeResult:
        """The column, a line to type in, the meanings, keys."""
        with Sheet():
            yield Line(
                joined([("What does the column ", ""), (self._header or "(no name)", "$accent"), (" mean?", "")])
            )
            said = f"now: {self._now or 'nothing'}"
            if self._examples:
                said += "; such as: " + " | ".join(self._examples)
            yield Line(label(said, "$foreground 70%"), id="said")
            yield Entry(placeholder="type a part of it: zip, title, silo aging", id="words")
            yield VirtualTable(MeaningSource(self._shown), empty="Nothing is called so. f on the column makes a field.")
            yield Line("↑ ↓ move   Enter take it   Esc leave it as it is", classes="keys")

    def on_mount(self) -> None:
        """Begin with the words, on the present meaning."""
        self.query_one("#words", Entry).focus()
        here = next((place for place, each in enumerate(self._all) if each.words == self._now), 0)
        self._table.show_source(MeaningSource(self._shown), keep_id=here)

    @property
    def _table(self) -> VirtualTable:
        return self.query_one(VirtualTable)

    def action_move(self, step: int) -> None:
        """Move through the meanings while the cursor stays in the words."""
        self._table.action_move(step)

    def action_page(self, step: int) -> None:
        """Move by a screenful."""
        self._table.action_page(step)

    def on_input_changed(self, message: Any) -> None:
        """Keep the meanings with the typed words."""
        shown = matching(self._all, message.value)
        if shown == self._shown:
            return
        self._shown = shown
        self._table.show_source(MeaningSource(self._shown), keep_id=0)

    def on_input_submitted(self, message: Any) -> None:
        """Take the meaning under the cursor."""
        message.stop()
        self._table.action_open()

    def on_virtual_table_opened(self, message: VirtualTable.Opened) -> None:
        """Give the meaning back."""
        message.stop()
        if message.record_id < len(self._shown):
            self.dismiss(self._shown[message.record_id])


KIND_WORDS = {"text": "text", "number": "number", "date": "date", "choice": "choice", "yes_no": "yes or no"}
ASKED = ("label", "entity", "kind", "choices", "visibility")
ASKED_WORDS = {"label": "Label", "entity": "Of", "kind": "Kind", "choices": "Choices", "visibility": "Seen by"}
ASKED_HELP = {
    "label": "What people read; the key for queries and files is made of it.",
    "entity": "One of: " + ", ".join(OWN_ENTITIES),
    "kind": "One of: " + ", ".join(KIND_WORDS.values()),
    "choices": "For a choice only: what there is to choose from, with semicolons between.",
    "visibility": "One of: " + ", ".join(VISIBILITIES),
}


class AskOwnField(Lines):
    """Asks for a field of the coalition's own that a column becomes; gives it back."""

    DEFAULT_CSS = """
    AskOwnField Sheet { width: 84; }
    AskOwnField .field { height: 1; }
    AskOwnField .name { width: 10; color: $foreground 70%; }
    AskOwnField .field:focus-within .name { color: $accent; text-style: bold; }
    AskOwnField #help { color: $foreground 60%; margin: 1 0 0 0; }
    AskOwnField #wrong { color: $error; height: auto; }
    """
    PREFIX = "own"
    NAMES = ASKED
    ABOUT = ASKED_HELP

    def __init__(self, header: str, seen: int, field: OwnField, taken: Sequence[str]) -> None:
        super().__init__()
        self._header = header
        self._seen = seen
        self._field = field
        self._taken = frozenset(taken)
        """Keys that other columns of the file make."""

    def compose(self) -> ComposeResult:
        """The column, one line for each thing that is asked, keys."""
        field = self._field
        texts = {
            "label": (field.label, ()),
            "entity": (field.entity, OWN_ENTITIES),
            "kind": (KIND_WORDS[field.kind], tuple(KIND_WORDS.values())),
            "choices": ("; ".join(field.choices), ()),
            "visibility": (field.visibility, VISIBILITIES),
        }
        with Sheet():
            title = [
                ("The column ", ""),
                (self._header or "(no name)", "$accent"),
                (" becomes a field of your own", ""),
            ]
            yield Line(joined(title))
            yield Line(label(f"Its kind is guessed from {self._seen:,} filled cells.", "$foreground 70%"))
            for asked in ASKED:
                text, choices = texts[asked]
                with Horizontal(classes="field"):
                    yield Line(label(ASKED_WORDS[asked]), classes="name")
                    yield Entry(text, choices=choices, id=f"own-{asked}")
            yield Line(id="help")
            yield Line(id="wrong")
            yield Line("Enter, ↓ ↑ the lines   → complete   Ctrl+S make the field   Esc leave", classes="keys")

    def on_mount(self) -> None:
        """Begin with the label."""
        self.query_one("#own-label", Entry).focus()

    def action_save(self) -> None:
        """Check the field against the coalition, and give it back when it can be made."""
        try:
            field = self._read()
        except InvalidValue as error:
            self._refuse(error)
            return
        values = {"applies_to": field.entity, "key": field.key, "kind": field.kind, "choices": "\n".join(field.choices)}

        def check(crm: Crm) -> None:
            custom_fields.check_field(crm.db, values, set(), None)

        self.house.background(check, lambda _fits: self.dismiss(field), self._refuse)

    def _refuse(self, error: PartnersError) -> None:
        if isinstance(error, InvalidValue) and error.field == "Key":
            # The key is made of the label, which is what is asked for here.
            hint = "give it another label, or choose what is there with Enter on the column"
            error = InvalidValue("Label", error.value, error.reason, hint)
        if self.is_attached:
            self.query_one("#wrong", Line).put(label(explained(error), "$error"))

    def _text(self, name: str) -> str:
        return self.query_one(f"#own-{name}", Entry).typed.strip()

    def _read(self) -> OwnField:
        """The field as the lines say.

        Raises:
            InvalidValue: a line says what cannot be.
        """
        text = self._text("label")
        if not text:
            raise InvalidValue("Label", "", "is missing", "name the field")
        key = custom_fields.key_of(text)
        if key in self._taken:
            raise InvalidValue("Label", text, "is the field of another column", "another label makes another field")
        kinds = {fold(words): kind for kind, words in KIND_WORDS.items()} | {fold(kind): kind for kind in OWN_KINDS}
        kind = _one_of("Kind", self._text("kind"), kinds, KIND_WORDS.values())
        choices = tuple(dict.fromkeys(filter(None, (each.strip() for each in self._text("choices").split(";")))))
        if kind == "choice" and not choices:
            raise InvalidValue("Choices", "", "are missing: a choice needs something to choose from", "a; b; c")
        entity = _one_of("Of", self._text("entity"), {fold(each): each for each in OWN_ENTITIES}, OWN_ENTITIES)
        seen_by = _one_of(
            "Seen by", self._text("visibility"), {fold(each): each for each in VISIBILITIES}, VISIBILITIES
        )
        return OwnField(key, text, entity, kind, choices if kind == "choice" else (), seen_by)


def _one_of(line: str, text: str, known: dict[str, str], words: Any) -> str:
    found = known.get(fold(text))
    if found is None:
        raise InvalidValue(line, text, "is none of them", f"one of: {', '.join(words)}")
    return found


def suggested(mapping: ColumnMapping, column: int, header: str, cells: Sequence[str]) -> OwnField:
    """The own field that a column would become: what was chosen before, or guessed from its cells."""
    target = mapping.uses[column].target
    if target is not None and target.kind == "own":
        for each in mapping.own:
            if each.key == target.name:
                return each
    kind, choices = custom_fields.guess_kind(cells)
    text = " ".join(header.split())
    return OwnField(custom_fields.key_of(text), text, "organization", kind, tuple(choices))
