"""Whether something dated holds on the day, where a stored date may be none: then it is not known, and possible."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from partners_crm.errors import InvalidValue
from partners_crm.plugins import PluginContext
from partners_crm_associations.ladder import Holds

ANY_DAY = "unknown"
"""An end that may have been on any day."""


@dataclass(frozen=True, slots=True)
class Dates:
    """Judges dated records on the day of a context, and keeps what was wrong with any."""

    context: PluginContext
    findings: dict[str, None] = field(default_factory=dict)
    """What is wrong with a record, in the order in which it was seen: posture 5: since '2026-13' is no date."""

    def is_date(self, text: str) -> bool:
        """Whether a text is a date that can be read: a day, a month, a year, or nothing."""
        try:
            self.context.holds(text, "")
        except InvalidValue:
            return False
        return True

    def holds(self, record: str, since: str, until: str, recorded_on: str = "") -> Holds:
        """Whether a record holds on the day; a date that is none is kept as a finding, and leaves it possible.

        `record` is what the record is called: posture 5. `recorded_on` is the day from which on an unknown beginning is
        certain.
        """
        try:
            return self.context.holds(since, until, recorded_on)
        except InvalidValue:
            pass
        wrong = self.wrong(record, {"since": since, "until": until, "confirmed_on": recorded_on})
        # Nothing is certain of it, but an end or a beginning that can be read still rules days out.
        return self.context.holds("" if "since" in wrong else since, ANY_DAY if "until" in wrong else until)

    def wrong(self, record: str, dates: Mapping[str, str]) -> list[str]:
        """The names of the dates of a record that are none; each becomes a finding."""
        names = [name for name, text in dates.items() if text != ANY_DAY and not self.is_date(text)]
        for name in names:
            self.find(f"{record}: {name} {dates[name]!r} is no date")
        return names

    def find(self, finding: str) -> None:
        """Keep that something is wrong with a record, once."""
        self.findings[finding] = None
