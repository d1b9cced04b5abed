"""The ladder of postures: how an association or agency relates to the coalition, step by step.

A posture is recorded with the day since which it holds, and holds until the next one. That day may be a year or a
month: inside it the posture is possible.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple

Holds = Literal["yes", "possible", "no"]
"""Whether something had begun on the day."""

LEVELS = ("hostile", "wary", "observing", "consulting", "collaborating", "co-leading")
"""The steps, lowest first, as they are shown."""


def level_of(text: str) -> str:
    """A step as it is shown, from how it is stored or typed; "" where it is none."""
    wanted = " ".join(text.casefold().replace("_", " ").replace("-", " ").split())
    return next((level for level in LEVELS if level.replace("-", " ") == wanted), "")


class Recorded(NamedTuple):
    """A posture as it was recorded."""

    id: int
    organization: int
    level: str
    since: str
    """A date that may be a year or a month; "" where it is not known. Its text sorts as the date does."""
    holds: Holds
    """Whether it had begun on the day."""
    evidence: str = ""
    reasons: str = ""
    is_dated: bool = True
    """Whether `since` can be read; where it cannot, the posture may be the latest one."""


class Step(NamedTuple):
    """An entry of a history."""

    recorded: Recorded
    change: int
    """Steps from the posture before: 2 is two up, -1 one down, 0 for the first one and for one that repeats."""


def history(recorded: Iterable[Recorded]) -> list[Step]:
    """The postures of one body in the order in which they began, with the steps between them."""
    found: list[Step] = []
    for each in sorted(recorded, key=lambda one: (not one.is_dated, one.since, one.id)):
        change = _height(each.level) - _height(found[-1].recorded.level) if found else 0
        found.append(Step(each, change))
    return found


@dataclass(frozen=True, slots=True)
class Standing:
    """The posture of a body on a day."""

    level: str = ""
    """"" where none is recorded of the day: it is not known."""
    since: str = ""
    sure: bool = False
    perhaps: str = ""
    """A later posture that may have begun by the day."""
    change: int = 0
    """Steps from the posture before."""
    record: int = 0
    """The id of the record that says so."""

    @property
    def text(self) -> str:
        """In words: wary; possibly wary; wary, possibly observing; unknown."""
        if not self.level:
            return "unknown"
        level = self.level if self.sure else f"possibly {self.level}"
        return f"{level}, possibly {self.perhaps}" if self.perhaps else level


def on_day(recorded: Iterable[Recorded]) -> Standing:
    """The posture of one body on the day: the last one that had begun for certain, and what may have followed.

    Where none had begun for certain, it is the last one that may have.
    """
    steps = [step for step in history(recorded) if step.recorded.holds != "no"]
    if not steps:
        return Standing()
    certain = [place for place, step in enumerate(steps) if step.recorded.holds == "yes"]
    place = certain[-1] if certain else len(steps) - 1
    now, later = steps[place], steps[place + 1 :]
    perhaps = later[-1].recorded.level if later and later[-1].recorded.level != now.recorded.level else ""
    return Standing(now.recorded.level, now.recorded.since, bool(certain), perhaps, now.change, now.recorded.id)


def standings(recorded: Iterable[Recorded]) -> dict[int, Standing]:
    """The posture of each body on the day, where any is recorded."""
    own: dict[int, list[Recorded]] = {}
    for each in recorded:
        own.setdefault(each.organization, []).append(each)
    return {key: on_day(some) for key, some in sorted(own.items())}


def steps_in_words(change: int) -> str:
    """Steps in words: 2 up; 1 down; "" for none."""
    return f"{abs(change)} {'up' if change > 0 else 'down'}" if change else ""


def climbed(steps: Sequence[Step]) -> int:
    """Steps from the first posture of a history to its last: what became of a relation."""
    return sum(step.change for step in steps)


def _height(level: str) -> int:
    return LEVELS.index(level)
