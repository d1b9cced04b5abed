"""What a map says of itself before its borders are known: a plan of the calendar, or one made from options."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date

from partners_crm.districts.calendar import CALENDAR, Plan, plan
from partners_crm.districts.maps import OCD_TYPE, Chamber
from partners_crm.errors import ConfigError

_CODE = re.compile(r"[a-z]{2}-[a-z0-9][a-z0-9-]{0,27}")
_CHAMBER = re.compile(r"(?P<code>[a-z]+)(=(?P<name>[^:=]{1,40}))?(:(?P<districts>[1-9][0-9]{0,2}))?")


def plan_from(
    code: str,
    *,
    name: str = "",
    state_name: str = "",
    chambers: Sequence[str] = (),
    nests: int = 0,
    law: str = "",
    enacted: str = "",
    first_election: str = "",
    seated_from: str = "",
    seated_until: str = "",
) -> Plan:
    """The plan of a code: that of the calendar where it has one, with what is given besides laid over it.

    Args:
        code: Two letters of the state, a hyphen, and any name: ne-2021. A map of the calendar keeps its code.
        name: As people call the map; by default the state and what follows its letters: "Nebraska 2021".
        state_name: Needed for a state that the calendar does not have.
        chambers: Of each chamber `CODE[=NAME][:DISTRICTS]`, where CODE is house (the file's field is SLDLST) or
            senate (SLDUST; the only chamber of a state with one). Without them it is those that the calendar knows of
            the state, else the files decide; without DISTRICTS they are counted.
        nests: How many house districts make one of the senate; 0 where nothing nests.
        law: Its act, in words.
        enacted: YYYY-MM-DD.
        first_election: YYYY.
        seated_from: YYYY-MM-DD, when those elected under it were first seated.
        seated_until: YYYY-MM-DD, the first day it no longer holds; "" while it does.

    Raises:
        ConfigError: one of them is missing or cannot be read.
    """
    known = plan(code)
    if known is None and not _CODE.fullmatch(code):
        raise ConfigError(f"{code!r} is no code of a map", "the state, a hyphen and a name in small letters: ne-2021")
    # A plan of a state that the calendar knows has its chambers, whatever the plan is called.
    of_state = next((each for each in reversed(CALENDAR) if each.state == code[:2]), None)
    if of_state is None and not state_name.strip():
        raise ConfigError(f"the calendar has no map {code}: the name of the state is needed")
    base = known or Plan(
        code,
        "",
        code[:2],
        state_name.strip() or (of_state.state_name if of_state else ""),
        of_state.chambers if of_state else (),
    )
    made = base._replace(
        name=name.strip() or base.name or f"{base.state_name} {code[3:]}",
        state_name=state_name.strip() or base.state_name,
        chambers=_chambers(chambers, nests) if chambers else base.chambers,
        law=law.strip() or base.law,
        enacted=_day("enacted", enacted) or base.enacted,
        first_election=_year(first_election) or base.first_election,
        seated_from=_day("seated from", seated_from) or base.seated_from,
        seated_until=_day("seated until", seated_until) or base.seated_until,
    )
    texts = (made.name, made.state_name, made.law, *(chamber.name for chamber in made.chambers))
    if wrong := [text for text in texts if not text.isprintable()]:
        raise ConfigError(f"{wrong[0]!r} cannot be printed in one line")
    if nests and not chambers:
        raise ConfigError("what nests in what needs both chambers", "chambers: house and senate")
    if made.seated_until and made.seated_until <= made.seated_from:
        raise ConfigError(f"the map ends on {made.seated_until}, before it begins on {made.seated_from}")
    return made


def _chambers(texts: Sequence[str], nests: int) -> tuple[Chamber, ...]:
    found: dict[str, Chamber] = {}
    for text in texts:
        read = _CHAMBER.fullmatch(text.strip())
        if read is None or read["code"] not in OCD_TYPE:
            raise ConfigError(
                f"{text!r} is no chamber", "CODE, CODE=NAME or CODE=NAME:DISTRICTS; codes: " + ", ".join(OCD_TYPE)
            )
        code = read["code"]
        if code in found:
            raise ConfigError(f"the chamber {code} is given twice")
        found[code] = Chamber(code, (read["name"] or code.capitalize()).strip(), int(read["districts"] or 0))
    if nests:
        if set(found) != {"house", "senate"} or nests < 2:
            raise ConfigError("2 or more house districts can make one of the senate", "give both chambers")
        found["house"] = found["house"]._replace(nested_in="senate", per=nests)
    return tuple(sorted(found.values()))


def _day(word: str, text: str) -> str:
    if not text:
        return ""
    try:
        if date.fromisoformat(text).isoformat() == text:
            return text
    except ValueError:
        pass
    raise ConfigError(f"{word}: {text!r} is no day", "write it as YYYY-MM-DD")


def _year(text: str) -> str:
    if text and not re.fullmatch(r"[12][0-9]{3}", text):
        raise ConfigError(f"first election: {text!r} is no year", "write it as YYYY")
    return text
