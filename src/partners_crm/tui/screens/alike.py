"""Whom a record looks like that is being typed into a form: said quietly under the field, once typing rests."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from textual.timer import Timer

from partners_crm.crm import Crm
from partners_crm.errors import PartnersError
from partners_crm.model import Contact, ContactPoint, Identifier, Organization, OtherName, Site, Table
from partners_crm.tui.display import joined
from partners_crm.tui.widgets.text import Line

if TYPE_CHECKING:
    from partners_crm.services.lookalikes import Lookalike  # a form that is only looked at compares nothing
    from partners_crm.tui.screens.form import Form

REST_S = 0.15
"""Seconds the typing rests before it is compared."""
WATCHED: Mapping[type[Table], tuple[str, ...]] = {
    Organization: ("name",),
    Contact: ("name", "given_name", "family_name"),
    Site: ("address", "city", "postal_code"),
    Identifier: ("value", "system"),
    OtherName: ("name",),
    ContactPoint: ("raw", "kind"),
}
"""The fields that tell a record from another one."""


class Alike:
    """What a form says of known records that look like what is typed; it asks nothing, and stops nobody from saving.

    One question is under way at most. Its answer is shown only while what it is about still stands in the form.
    """

    def __init__(self, form: Form, fields: Mapping[str, Any]) -> None:
        self._form = form
        self.fields = tuple(name for name in WATCHED.get(form.table, ()) if name in fields)
        """The fields that are watched, each with a line `alike-NAME` under it."""
        self.found: tuple[Lookalike, ...] = ()
        """Whom what is typed looks like, the likeliest first."""
        self._at = self.fields[0] if self.fields else ""
        """The field that was typed into last."""
        self._rest: Timer | None = None
        self._asking = False

    def typed(self, name: str) -> None:
        """A field was typed into: what was said holds no longer, and is asked anew once the typing rests."""
        if name not in self.fields:
            return
        self.found = ()
        self._line(self._at).put("")  # its room stays until it is known whether anything takes it
        self._at = name
        self.wait()

    def wait(self) -> None:
        """Ask once nothing was typed for a moment."""
        if self._rest is not None:
            self._rest.stop()
        if self.fields:
            self._rest = self._form.set_timer(REST_S, self._ask)

    def _line(self, name: str) -> Line:
        return self._form.query_one(f"#alike-{name}", Line)

    def _texts(self) -> dict[str, str]:
        """What is typed; {} while nothing was changed."""
        changed = self._form.changed_texts()
        if not any(name in changed for name in self.fields):
            return {}
        return {name: self._form.text_of(name) for name in self._form.asked}

    def _ask(self) -> None:
        form = self._form
        if not form.is_running or not form.is_current:
            return  # asked again when it comes back
        if self._asking:
            return  # when the answer comes it is asked anew
        texts = self._texts()
        if not texts:
            self._show(())
            return
        self._asking = True
        form.house.background(
            lambda crm: alike(crm, form.table, form.record, form.preset, texts),
            lambda found: self._answered(texts, found),
            lambda _error: self._answered(texts, ()),  # who only types is not told of it
            always=True,
        )

    def _answered(self, texts: Mapping[str, str], found: tuple[Lookalike, ...]) -> None:
        self._asking = False
        if not self._form.is_running:
            return
        if texts == self._texts():
            self._show(found)
        else:
            self._ask()

    def _show(self, found: tuple[Lookalike, ...]) -> None:
        self.found = found
        for name in self.fields:
            line = self._line(name)
            line.display = bool(found) and name == self._at
        if found:
            first = found[0]
            more = f", and like {len(found) - 1} more" if len(found) > 1 else ""
            self._line(self._at).put(
                joined(
                    [
                        ("looks like ", "$foreground 70%"),
                        (first.title, "bold"),
                        (f" ({first.entity} {first.id}): {', '.join(first.why)}{more}", "$foreground 70%"),
                        ("  Ctrl+O shows them" if len(found) > 1 else "  Ctrl+O opens it", "$accent"),
                    ]
                )
            )

    def open(self) -> None:
        """Open the card of whom it looks like; of several the one that is chosen."""
        from partners_crm.tui.screens.card import CardScreen
        from partners_crm.tui.screens.question import Choose

        house, found = self._form.house, self.found

        def chosen(place: int | None) -> None:
            if place is not None:
                house.push_screen(CardScreen(found[place].entity, found[place].id))

        if not found:
            house.notice("nobody is known who looks like this")
        elif len(found) == 1:
            chosen(0)
        else:
            names = [f"{each.title} ({each.entity} {each.id}): {', '.join(each.why)}" for each in found]
            house.push_screen(Choose("It looks like", names), chosen)


def alike(
    crm: Crm, table: type[Table], record: Table | None, preset: Mapping[str, Any], texts: Mapping[str, str]
) -> tuple[Lookalike, ...]:
    """Whom the texts of a form look like; `preset` are the links that the form does not ask for.

    Raises:
        StoreError: the coalition cannot be read.
    """
    from partners_crm.services.lookalikes import draft_of, lookalikes
    from partners_crm.services.values import read_value

    values: dict[str, Any] = {**texts, **preset}
    for name, how in table.declarations().items():
        if name not in texts:
            if record is not None and how.kind == "link":
                values[name] = record[name]
        elif how.kind in {"link", "choice"}:
            try:
                values[name] = read_value(crm.db, table, name, how, texts[name])
            except PartnersError:
                values[name] = None  # a name that is still being typed
    draft = draft_of(crm.db, table, values, None if record is None else record.id)
    return lookalikes(crm.db, draft) if draft is not None else ()
