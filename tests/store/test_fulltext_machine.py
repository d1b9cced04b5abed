"""Whatever happens to a coalition, or to its index meanwhile, a word finds what looking at every record finds."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import invariant, rule, run_state_machine_as_test
from tests.searched import SEARCHED
from tests.services.machine import Machine
from tests.services.test_everything_machine import SOME, Everything

from partners_crm.errors import Conflict, InvalidValue
from partners_crm.model import Contact, CustomField, Organization
from partners_crm.services import records
from partners_crm.store import files, fulltext, health
from partners_crm.store.indexed import holds, texts
from partners_crm.store.read import tuples

GARBAGE = st.sampled_from([b"", b"no index", b"SQLite format 3\0" + bytes(4000)])


class Searched(Everything):
    """A coalition to which anything may happen, and to its index too."""

    @rule(place=SOME, other=SOME, kind=st.sampled_from([Organization, Contact]))
    def merge(self, place: int, other: int, kind: Any) -> None:
        keep, lose = self.pick(kind, place), self.pick(kind, other)
        if keep is not None and keep.id != lose.id:
            try:
                self.crm.merge(kind, keep.id, lose.id)
            except (Conflict, InvalidValue):
                return

    @rule(who=st.sampled_from(["everyone", "staff", "author"]))
    def show_to(self, who: str) -> None:
        field = self.pick(CustomField, 0)
        if field is not None:
            self.write("show", lambda unit: records.edit(unit, field, visibility=who))

    @rule(data=GARBAGE)
    def break_index(self, data: bytes) -> None:
        files.side(self.crm.path, fulltext.SUFFIX).write_bytes(data)

    @rule()
    def delete_index(self) -> None:
        files.side(self.crm.path, fulltext.SUFFIX).unlink(missing_ok=True)

    @rule()
    def make_anew(self) -> None:
        assert fulltext.rebuild(self.crm.db)

    @invariant()
    def each_word_finds_what_every_record_says(self) -> None:
        for table in SEARCHED:
            forms = dict(texts(self.crm.db, table))
            words = sorted({word for form in forms.values() for word in form.split() if word.isalnum()})
            for word in words[:40]:
                for asked, prefix in ((word, False), (word[:3], True)):
                    expected = [key for key, form in forms.items() if holds(form, [asked], prefix=prefix)]
                    found = tuples(self.crm.db, fulltext.mentions(self.crm.db, table, asked, prefix=prefix))
                    assert sorted(key for (key,) in found) == expected, (table, asked)

    def teardown(self) -> None:
        """The index says what the records say; that everything can be taken back is told elsewhere."""
        try:
            assert fulltext.catch_up(self.crm.db)
            with health.snapshot(self.crm.db):
                assert list(fulltext.astray(self.crm.db)) == []
        finally:
            Machine.teardown(self)


def test_any_history_is_found_as_if_every_record_were_looked_at(scale: Callable[[int], int]) -> None:
    run_state_machine_as_test(
        Searched, settings=settings(max_examples=scale(100), stateful_step_count=12, deadline=None)
    )
