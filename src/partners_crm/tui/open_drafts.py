"""What stands in open forms: written down while it is typed, and taken up at the next start."""

from __future__ import annotations

from datetime import UTC
from typing import TYPE_CHECKING

from partners_crm.errors import PartnersError
from partners_crm.tui.drafts import Draft, drop, keep, kept

if TYPE_CHECKING:
    from partners_crm.tui.app import PartnersApp

EVERY = 1.0
"""Seconds after which what is typed is written down, for the case that the program is killed."""


class OpenDrafts:
    """The drafts of one run of the program."""

    def __init__(self, house: PartnersApp) -> None:
        self._house = house
        self.coalition = ""
        """What the open coalition is known by: the uid of its first operation; "" where that is lost."""
        self._waiting: list[Draft] = []
        """Drafts of before whose form is not open yet."""
        self._taken: Draft | None = None
        """The draft of before whose form is open."""
        self._written: list[Draft] = []
        """Drafts as the file has them."""
        self._fault = False

    def write_down(self) -> None:
        """Write down what stands in open forms, when that is something else than what is written down."""
        house = self._house
        if house.draft_folder is None:
            return
        from partners_crm.tui.screens.form import Form  # a program without an open form does not pay for it

        now = house.clock().astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        forms = [screen for screen in house.screens_open if isinstance(screen, Form)]
        drafts = [draft for form in forms if (draft := form.draft(now)) is not None]
        if self._taken is not None and not any(self._taken.is_about(each) for each in drafts):
            drafts.append(self._taken)  # its form is not there yet
        drafts += self._waiting
        written = self._written
        if len(drafts) == len(written) and all(one.says(other) for one, other in zip(drafts, written, strict=True)):
            return
        if not drafts:
            drop(house.draft_folder, house.path)
        elif not keep(house.draft_folder, house.path, drafts) and not self._fault:
            self._fault = True
            house.notice("what is typed cannot be kept for the next time: the disk refuses", error=True)
        self._written = drafts

    def take_up(self) -> None:
        """Open the forms that were not saved when the program ended, one after the other."""
        house = self._house
        if house.draft_folder is None:
            return
        self.coalition = house.crm.operations()[-1].uid
        found = kept(house.draft_folder, house.path)
        own = [draft for draft in found if draft.coalition in ("", self.coalition)]
        if len(own) < len(found):
            house.notice("what was typed in another coalition of this place is kept until that one is opened again")
        self._waiting, self._written = found, found
        self._open_next()
        house.set_interval(EVERY, self.write_down)

    def _open_next(self) -> None:
        """Open the form of the first draft of this coalition that waits."""
        from partners_crm.tui.screens.base import table_of  # a program without drafts does without the forms
        from partners_crm.tui.screens.form import Form, edit

        house = self._house
        # What was typed for a record type that is gone by now stays kept.
        known = house.crm.db.by_name if self._waiting else ()
        mine = (each for each in self._waiting if each.coalition in ("", self.coalition) and each.entity in known)
        first = next(mine, None)
        if first is None:
            return
        table = table_of(house.crm, first.entity)
        self._waiting = [each for each in self._waiting if each is not first]
        self._taken = first

        def then(_record: int | None) -> None:
            self._taken = None
            self.write_down()
            self._open_next()

        def gone(_error: PartnersError) -> None:
            texts = "; ".join(f"{name}: {text}" for name, text in first.typed.items())
            house.notice(f"the {first.entity} {first.record} is gone; what was typed for it: {texts}", error=True)
            then(None)

        if first.record is None:
            house.push_screen(Form(table, preset=first.preset, draft=first), then)
        else:
            edit(house, table, first.record, then, first, gone)
