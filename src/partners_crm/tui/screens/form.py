"""The form of a record: one line for each field it declares, checked where it stands."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from textual import events
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Horizontal, VerticalScroll

from partners_crm.crm import Crm
from partners_crm.errors import Conflict, InvalidValue, NotFound, PartnersError, StoreReplaced
from partners_crm.model import CustomField, Declared, Table, Tag
from partners_crm.normalize.text import show, show_lines
from partners_crm.services import custom_fields, records
from partners_crm.services.values import read_value, show_value
from partners_crm.store.read import by_id, by_ids, title_of, titles
from partners_crm.tui.display import explained, joined, label, stacked
from partners_crm.tui.drafts import Draft
from partners_crm.tui.screens.alike import Alike
from partners_crm.tui.screens.base import Box
from partners_crm.tui.widgets.entry import Entry, Notes
from partners_crm.tui.widgets.text import Line, Sheet

OFFERED = 2000
"""Names offered for a link at most."""
Edited = Callable[[int | None], None]


@dataclass(frozen=True, slots=True)
class Own:
    """The coalition's own fields of an entity, and what one record said in them when they were read."""

    fields: tuple[CustomField, ...]
    said: Mapping[str, str]
    """As stored, by key."""

    @classmethod
    def read(cls, crm: Crm, table: type[Table], record_id: int | None = None) -> Own:
        """The fields as they are now; a new record says nothing yet."""
        fields = custom_fields.fields_of(crm.db, table)
        ids = [record_id] if fields and record_id is not None else []
        said = custom_fields.values_of(crm.db, table, ids)
        return cls(fields, said.get(record_id, {}) if record_id is not None else {})


def edit(
    house: Any,
    table: type[Table],
    record_id: int,
    then: Edited,
    draft: Draft | None = None,
    failed: Callable[[PartnersError], object] | None = None,
) -> None:
    """Read a record and put it into a form, with what was typed before; `then` gets its id, None when it is left."""

    def work(crm: Crm) -> tuple[Table, dict[str, str], Own]:
        record = by_id(crm.db, table, record_id)
        if draft is not None and draft.uid and record.uid != draft.uid:
            raise NotFound(f"there is no {table.entity.name} {record_id} any more as it was")
        return record, _texts(crm, record), Own.read(crm, table, record_id)

    def done(found: tuple[Table, dict[str, str], Own]) -> None:
        record, texts, own = found
        house.push_screen(Form(table, record=record, texts=texts, own=own, draft=draft), then)

    house.background(work, done, failed)


class Form(Box):
    """Adds a record, or changes one; gives its id back when it is saved."""

    DEFAULT_CSS = """
    Form .field { height: auto; }
    Form .name { width: 22; color: $foreground 70%; }
    Form .field:focus-within .name { color: $accent; text-style: bold; }
    Form .alike { padding: 0 0 0 22; }
    Form #fields { height: auto; max-height: 55vh; margin: 1 0 0 0; }
    Form #kept { height: auto; }
    Form #help { color: $foreground 60%; margin: 1 0 0 0; }
    Form Sheet { max-height: 100%; }
    """
    BINDINGS: ClassVar[list[Any]] = [
        Binding("ctrl+s", "save", "Save", show=False, priority=True, id="form.save"),
        Binding("down", "next", "Next field", show=False, id="form.next"),
        Binding("up", "previous", "Field before", show=False, id="form.previous"),
        Binding("ctrl+o", "alike", "Open whom it looks like", show=False, priority=True, id="form.alike"),
    ]

    def __init__(
        self,
        table: type[Table],
        *,
        preset: Mapping[str, Any] | None = None,
        record: Table | None = None,
        texts: Mapping[str, str] | None = None,
        own: Own | None = None,
        draft: Draft | None = None,
    ) -> None:
        super().__init__()
        self._draft = draft
        self.table = table
        self.preset = dict(preset or {})
        self.record = record
        self._fields = _asked(table, self.preset, record)
        # What was put into each line: a line that still holds it is not written, so nothing stored is respelled.
        texts = texts or {name: show_value(how, _default(table, name)) for name, how in self._fields.items()}
        self._given = {name: _harmless(how, texts.get(name, "")) for name, how in self._fields.items()}
        self._own = Own((), {})
        if own is not None:
            self._take_own(own)
        self._warned = False
        self._saving = False
        self._alike = Alike(self, self._fields)

    def _take_own(self, own: Own) -> None:
        """Ask for the coalition's own fields too, after the others."""
        self._own = own
        for each in own.fields:
            how = self._fields.setdefault(each.key, custom_fields.declared_of(each))
            self._given.setdefault(each.key, _harmless(how, own.said.get(each.key, "")))

    def compose(self) -> ComposeResult:
        """One line for each field, help, keys."""
        if self.record is None:
            # Read here, for who opens a new form has nothing else to read.
            try:
                self._take_own(Own.read(self.crm, self.table))
            except PartnersError as error:
                self.house.fault(error)
        name = self.table.entity.name.replace("_", " ")
        title = f"New {name}" if self.record is None else f"{name.capitalize()} {self.record.id}"
        with Sheet():
            yield Line(title, classes="title")
            yield Line(id="kept")
            with VerticalScroll(id="fields", can_focus=False):
                for field, how in self._fields.items():
                    with Horizontal(classes="field"):
                        yield Line(how.label + (" *" if how.required else ""), classes="name")
                        if how.kind == "note":
                            yield Notes(self._given[field], id=f"field-{field}")
                        else:
                            yield Entry(self._given[field], choices=_choices(how), id=f"field-{field}")
                    if field in self._alike.fields:
                        yield Line(id=f"alike-{field}", classes="alike")
                    yield Line(id=f"error-{field}", classes="error")
            yield Line(id="help")
            yield Line("Ctrl+S save   Tab next   Esc leave", classes="keys")

    def on_mount(self) -> None:
        """Begin with the first field; no room is taken for what there is not to say."""
        for line in self.query(".error, .alike"):
            line.display = False
        self._field(next(iter(self._fields))).focus()
        self.query_one("#kept", Line).display = False
        if self._draft is not None:
            self._take_up(self._draft)
        if any(how.kind == "link" for how in self._fields.values()):
            self.house.background(self._read_names, self._offer)

    def _take_up(self, draft: Draft) -> None:
        """Put what was typed before into its lines again."""
        lines = [label(f"Typed on {draft.at[:16].replace('T', ' ')} UTC and not saved.", "bold $warning")]
        for name, text in draft.typed.items():
            if name in self._fields:
                self._field(name).put(text)
                if self._given[name] != draft.given.get(name, ""):
                    lines.append(label(f"{self._fields[name].label} is now: {self._given[name] or '(empty)'}"))
        lines.append(label("Ctrl+S saves it, Esc twice gives it up."))
        self.query_one("#kept", Line).put(stacked(lines))
        self.query_one("#kept", Line).display = True

    def draft(self, now: str) -> Draft | None:
        """What was typed and not saved, with the instant; None when nothing was."""
        if not self.is_mounted or not (typed := self.changed_texts()):
            return None
        given = {name: self._given[name] for name in typed}
        key, uid = (self.record.id, self.record.uid) if self.record else (None, "")
        return Draft(self.table.entity.name, key, self.preset, given, typed, now, uid, self.house.drafts.coalition)

    def _read_names(self, crm: Crm) -> dict[str, list[str]]:
        """What each link can point to, by name; a long list is offered in part, and any name can be typed."""
        links = self.table.links()
        return {name: titles(crm.db, links[name], OFFERED) for name, how in self._fields.items() if how.kind == "link"}

    def _offer(self, names: dict[str, list[str]]) -> None:
        for field, some in names.items():
            widget = self._field(field)
            if isinstance(widget, Entry):
                widget.offer(some)

    def _field(self, name: str) -> Entry | Notes:
        widget = self.query_one(f"#field-{name}")
        assert isinstance(widget, Entry | Notes)
        return widget

    def on_descendant_focus(self, event: events.DescendantFocus) -> None:
        """Say what the field is about, and what it can hold."""
        how = self._fields.get((event.widget.id or "").removeprefix("field-"))
        if how is None:
            return
        parts = [(how.help or _KIND_HELP.get(how.kind, ""), "")]
        if how.choices:
            parts.append(("one of: " + ", ".join(text for _, text in how.choices), "$accent"))
        self.query_one("#help", Line).put(joined([part for part in parts if part[0]], "  "))

    def on_input_changed(self, message: Any) -> None:
        """Compare what is typed with who is known, once the typing rests."""
        self._alike.typed((message.input.id or "").removeprefix("field-"))

    def on_screen_resume(self) -> None:
        """A card above may have changed whom it looks like."""
        self._alike.wait()

    def action_alike(self) -> None:
        """Open the card of whom it looks like; what is typed stays."""
        self._alike.open()

    @property
    def asked(self) -> Sequence[str]:
        """The names of the fields that are asked for."""
        return tuple(self._fields)

    def text_of(self, name: str) -> str:
        """What stands in a field."""
        return self._field(name).typed

    def on_input_submitted(self, message: Any) -> None:
        """Enter goes to the next field, and saves from the last one."""
        names = list(self._fields)
        place = names.index(message.input.id.removeprefix("field-"))
        if place + 1 == len(names):
            self.action_save()
        else:
            self._field(names[place + 1]).focus()

    def action_next(self) -> None:
        """Go to the next field."""
        self.focus_next()

    def action_previous(self) -> None:
        """Go to the field before."""
        self.focus_previous()

    def action_close(self) -> None:
        """Leave; what was typed is given up only when Esc is pressed again."""
        if self._saving:
            return
        if self.changed_texts() and not self._warned:
            self._warned = True
            self.query_one("#help", Line).put(
                label("Not saved yet. Ctrl+S saves, Esc again gives it up.", "bold $warning")
            )
            return
        self.dismiss(None)

    def changed_texts(self) -> dict[str, str]:
        """What was typed into fields that held something else, by field."""
        texts = {name: self._field(name).typed for name in self._fields}
        return {name: text for name, text in texts.items() if text != self._given[name]}

    # ---------------------------------------------------------------- saving

    def action_save(self) -> None:
        """Check every field, and save when all of them hold."""
        if self._saving:
            return
        texts = self.changed_texts()
        if self.record is not None and not texts:
            self.dismiss(None)
            return
        self._saving = True
        self.query_one("#help", Line).put("Saving…")
        self.house.background(lambda crm: self._save(crm, texts), self._saved, self._not_saved)

    def _save(self, crm: Crm, texts: Mapping[str, str]) -> int | dict[str, PartnersError]:
        """The id of the saved record, or what is wrong by field; "" for the record as a whole."""
        values, wrong = dict(self.preset), dict[str, PartnersError]()
        asked = {each.key: each for each in self._own.fields}
        own = dict[str, str]()
        for name, text in texts.items():
            try:
                if name in asked:
                    own[name] = custom_fields.read_custom(asked[name], text)
                    continue
                values[name] = read_value(crm.db, self.table, name, self._fields[name], text)
            except NotFound as error:
                if self.table.links().get(name) is Tag:
                    values[name] = text.strip()  # a new tag is made by using it
                else:
                    wrong[name] = error
            except PartnersError as error:
                wrong[name] = error
        if wrong:
            return wrong
        try:
            return self._write(crm, values, own)
        except InvalidValue as error:
            fields = [name for name, how in self._fields.items() if how.label == error.field]
            return {fields[0] if fields else "": error}
        except (Conflict, NotFound) as error:
            return {"": error}

    def _write(self, crm: Crm, values: Mapping[str, Any], own: Mapping[str, str]) -> int:
        entity = self.table.entity.name
        if self.record is None:
            with crm.changes(f"add {entity}") as unit:
                if isinstance(values.get("tag"), str):
                    values = {**values, "tag": records.add(unit, Tag, name=values["tag"]).id}
                record = records.add(unit, self.table, **values)
                custom_fields.set_values(unit, record, own)
                unit.title = f"add {records.describe(record)}"
        else:
            with crm.changes(f"edit {records.describe(self.record)}") as unit:
                record = records.edit(unit, self.record, **values)
                custom_fields.set_values(unit, record, own, seen=self._own.said)
        return record.id

    def _not_saved(self, error: PartnersError) -> None:
        """The database refused: what was typed stays."""
        self._saving = False
        lines = [label(explained(error), "bold $error")]
        if isinstance(error, StoreReplaced):
            lines.append(
                label("What you typed stays here: F5 opens the file that is there now, Ctrl+S saves.", "$warning")
            )
        self.query_one("#help", Line).put(stacked(lines))

    def _saved(self, result: int | dict[str, PartnersError]) -> None:
        self._saving = False
        if isinstance(result, int):
            word = "added" if self.record is None else "saved"
            self.house.notice(f"{word}: {self.table.entity.name.replace('_', ' ')} {result}", "u takes it back")
            self.dismiss(result)
            self.house.changed()
            return
        for name in self._fields:
            error = result.get(name)
            line = self.query_one(f"#error-{name}", Line)
            line.display = error is not None
            if error is not None:
                line.put(explained(error))
        self.query_one("#help", Line).put("")
        whole = result.get("")
        if whole is not None:
            self.query_one("#help", Line).put(label(explained(whole), "bold $error"))
            if isinstance(whole, Conflict) and self.record is not None:
                self._take_newest(whole)
        else:
            self._field(next(iter(result))).focus()

    def _take_newest(self, conflict: Conflict) -> None:
        """After a conflict: say what stands there now; the next Ctrl+S writes over it, knowingly."""
        assert self.record is not None
        record_id = self.record.id

        def work(crm: Crm) -> tuple[Table, dict[str, str], Own]:
            record = by_id(crm.db, self.table, record_id)
            return record, _texts(crm, record), Own.read(crm, self.table, record_id)

        def done(found: tuple[Table, dict[str, str], Own]) -> None:
            self.record, texts, self._own = found
            texts = {**self._own.said, **texts}
            lines = [label(conflict.message, "bold $error")]
            for name, how in self._fields.items():
                text = _harmless(how, texts.get(name, ""))
                if name in self.changed_texts() and text != self._given[name]:
                    lines.append(label(f"{how.label} is now: {text or '(empty)'}"))
            lines.append(label("Ctrl+S writes yours over it, Esc twice leaves it as it is.", "$warning"))
            self.query_one("#help", Line).put(stacked(lines))

        self.house.background(work, done)


_KIND_HELP = {
    "day": "A date, or part of one: 2011, 2011-07, 2011-07-14, 7/14/2011.",
    "flag": "yes or no",
    "whole": "A whole number.",
    "decimal": "A number.",
    "link": "A number, or a name.",
}


def _asked(table: type[Table], preset: Mapping[str, Any], record: Table | None) -> dict[str, Declared]:
    """The fields a form asks for: not the derived ones, not what is preset, not the owners a record does not have."""
    asked = {}
    for name, how in table.declarations().items():
        if how.derived or name in preset:
            continue
        owner = how.kind == "link" and how.on_delete == "cascade" and not how.required
        if owner and ((record is None and preset) or (record is not None and record[name] is None)):
            continue
        asked[name] = how
    return asked


def _default(table: type[Table], name: str) -> Any:
    return table._meta.fields[name].default


def _texts(crm: Crm, record: Table) -> dict[str, str]:
    """What a person reads in each field; a link by the name of what it points to."""
    texts = {name: show_value(how, record[name]) for name, how in type(record).declarations().items()}
    for name, target in type(record).links().items():
        found = by_ids(crm.db, target, [record[name]]) if record[name] is not None else {}
        texts[name] = title_of(found[record[name]]) if found else ""
    return texts


def _harmless(how: Declared, text: str) -> str:
    return "\n".join(show_lines(text, 100_000, 10_000)) if how.kind == "note" else show(text, 100_000)


def _choices(how: Declared) -> tuple[str, ...]:
    if how.kind == "flag":
        return ("yes", "no")
    return tuple(text for _, text in how.choices)
