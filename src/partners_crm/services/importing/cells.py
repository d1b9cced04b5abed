"""Reading one cell by what its column means: repairs that are said, words for nothing, marks, districts, dates."""

from __future__ import annotations

import html
import re
from datetime import date, timedelta
from typing import Literal, NamedTuple

from partners_crm.normalize.text import fold, tidy
from partners_crm.services.values import TRUE_WORDS, yes_or_no

STATUS_WORDS = {
    "active": "active",
    "active member": "active",
    "member": "active",
    "current": "active",
    "yes": "active",
    "prospect": "prospect",
    "prospective": "prospect",
    "invited": "invited",
    "lapsed": "lapsed",
    "lapsed member": "lapsed",
    "expired": "lapsed",
    "former": "lapsed",
    "former member": "lapsed",
    "inactive": "lapsed",
    "closed": "closed",
    "paid": "active",
    "good standing": "active",
    "in good standing": "active",
    "current member": "active",
    "dropped": "lapsed",
    "resigned": "lapsed",
    "withdrawn": "lapsed",
    "non member": "prospect",
    "nonmember": "prospect",
    "not a member": "prospect",
    "no": "prospect",
    "applied": "invited",
    "pending": "invited",
    "out of business": "closed",
}
"""Words of spreadsheets for the status of a member, folded."""
_STRETCHED = frozenset(("non member", "nonmember", "not a member", "no", "applied", "pending"))
"""Of these, the ones that no status quite says."""
_STATUSES = frozenset(STATUS_WORDS.values())
OF_MEMBERS_ALONE = frozenset(("lapsed", "prospect", "prospective", "member", "non", "nonmember"))
"""First words of a status that speak of members and of nothing else."""
MAIL_WORDS = {
    "subscribed": "ok",
    "confirmed": "ok",
    "unsubscribed": "unsubscribed",
    "opted out": "unsubscribed",
    "opt out": "unsubscribed",
    "complained": "unsubscribed",
    "spam complaint": "unsubscribed",
    "cleaned": "bounced",
    "bounced": "bounced",
    "bouncing": "bounced",
    "hard bounce": "bounced",
    "invalid": "bounced",
}
"""Words of mail programs for what became of an address, folded."""
UNTAKEN = "kept in the source row"
"""How a remark ends that tells of a cell from which nothing was taken."""
_NOBODY = frozenset(
    (
        *("vacant", "open", "tbd", "tba", "to be determined", "to be announced", "none", "nobody", "no one", "unknown"),
        *("vacancy", "position vacant", "vacant position", "currently vacant", "open position", "position open"),
        *("unfilled", "not filled", "n a", "to be hired", "hiring"),
    )
)
"""Words, folded, in the place of the name of a person, where there is no person."""
_PLACES_OF_MAIL = frozenset(("work", "home", "other", "personal", "business"))
"""What some programs write beside a mail address that is missing."""
_BLANKS = {"n a", "na", "none", "unknown", "tbd", "null", "nil", "not available", "not applicable"}
_LONGEST_BLANK = 20
_BEGIN_BLANKS = frozenset(word[0] for word in _BLANKS)
SPLIT = re.compile(r"\s*(?::::|[;|,\n])\s*")
"""Between several values of one cell."""
_SUFFIXES = {"inc", "nfp", "llc", "ltd", "co", "corp", "incorporated"}
PO_BOX = re.compile(r"\s*p\.?\s*o\.?\s*box\b", re.IGNORECASE)
_WORD = r"(?:state )?(?:house|senate|representative|legislative|sen|rep)|sld[lu]|hd|sd|h|s"
_DISTRICT = re.compile(
    rf"(?:ocd-division/\S+/(?=sld[lu]:)|(?!hd|sd)[a-z]{{2}}-)?"
    rf"(?P<before>{_WORD})?\.?[ :.#-]*(?:district|dist|no)?[ .#]*"
    rf"(?P<number>\d{{1,3}})(?:st|nd|rd|th|\.0)?(?: (?P<after>{_WORD}))?(?: district)?",
    re.IGNORECASE | re.ASCII,
)
_SEVERAL_DISTRICTS = re.compile(r"\s*(?:&|/|,|;|\+|\band\b)\s*", re.IGNORECASE)
_AFTER_A_NUMBER = re.compile(r"(?<=\d)\s+(?=[a-z])", re.IGNORECASE | re.ASCII)
"""Between the districts of `S5 H9`."""
_BEFORE_A_NUMBER = re.compile(r"(?<=[a-z])\s+(?=\d)", re.IGNORECASE | re.ASCII)
"""Between the districts of `5th Senate 10th House`."""
_CHAMBERS = {
    **dict.fromkeys(("house", "representative", "rep", "sldl", "hd", "h"), "house"),
    **dict.fromkeys(("senate", "sen", "sldu", "sd", "s"), "senate"),
}
_EVERYWHERE = frozenset(("statewide", "state wide", "all", "all districts"))
_LOST_DIGITS = re.compile(r"\d(?:\.\d+)?e[+-]?\d+", re.IGNORECASE | re.ASCII)
_SERIAL = re.compile(r"([1-7]\d{4})(?:\.0+)?", re.ASCII)
_ZERO_DAYS = {"0/0/00", "0/0/0000", "1/0/1900", "0000-00-00", "00/00/0000"}
_EIN = re.compile(r"(\d{2})-?(\d{7})", re.ASCII)
_DAMAGED = re.compile(r"[ÃÂ][\x80-\xbf€‚ƒ„…†‡ˆ‰Š‹ŒŽ‘’“”•–—˜™š›œžŸ]|â€")
"""Two of the letters that the bytes of one accented letter become in Windows-1252."""
_TWO_PEOPLE = re.compile(r"\s(?:&|and|/)\s|\w/\w", re.IGNORECASE)
_ZERO_STATES = frozenset(
    (
        *("ct", "ma", "me", "nh", "nj", "pr", "ri", "vi", "vt", "connecticut", "maine", "massachusetts", "mass"),
        *("new hampshire", "new jersey", "puerto rico", "rhode island", "vermont", "virgin islands"),
    )
)
_STATES = frozenset(
    (
        *("al", "ak", "az", "ar", "ca", "co", "ct", "de", "fl", "ga", "hi", "id", "il", "in", "ia"),
        *("ks", "ky", "la", "me", "md", "ma", "mi", "mn", "ms", "mo", "mt", "ne", "nv", "nh", "nj"),
        *("nm", "ny", "nc", "nd", "oh", "ok", "or", "pa", "ri", "sc", "sd", "tn", "tx", "ut", "vt"),
        *("va", "wa", "wv", "wi", "wy", "dc", "pr", "vi", "gu", "as", "mp"),
    )
)
_STATE_WORDS = (
    *("alabama", "alaska", "arizona", "arkansas", "california", "colorado", "connecticut", "delaware", "florida"),
    *("georgia", "hawaii", "idaho", "illinois", "ill", "indiana", "iowa", "kansas", "kentucky", "louisiana", "maine"),
    *("maryland", "massachusetts", "michigan", "minnesota", "mississippi", "missouri", "montana", "nebraska"),
    *("nevada", "new hampshire", "new jersey", "new mexico", "new york", "north carolina", "north dakota", "ohio"),
    *("oklahoma", "oregon", "pennsylvania", "rhode island", "south carolina", "south dakota", "tennessee", "texas"),
    *("utah", "vermont", "virginia", "washington", "west virginia", "wisconsin", "wyoming"),
)
_TOWN_STATE_ZIP = re.compile(
    rf"(?P<town>[A-Z][A-Z .'-]*?)(?:\s*[,/]\s*|\s+)(?P<state>[A-Z]{{2}}|{'|'.join(_STATE_WORDS)})\b\.?"
    r"(?:(?:\s*[,/]\s*|\s+)(?P<zip>\d{5}(?:-?\d{4})?))?(?:,? USA?)?",
    re.ASCII | re.IGNORECASE,
)


class Read(NamedTuple):
    """What a cell was read as."""

    value: str
    said: str = ""
    """What was repaired, or why it was not taken, as the end of a sentence; "" when it was read as it is."""
    serious: bool = False
    """Whether a person should look: the text says something, and it was not taken."""


def is_blank(text: str) -> bool:
    """Whether a cell says nothing, in words or signs."""
    stripped = text.strip()
    if len(stripped) > _LONGEST_BLANK or stripped in TRUE_WORDS:
        return False
    # What begins with a plain letter or digit begins with it folded, too: most cells need no folding.
    if (first := stripped[:1]).isalnum() and first.isascii() and first.lower() not in _BEGIN_BLANKS:
        return False
    folded = fold(stripped)
    return not folded or folded in _BLANKS


def lost_digits(text: str) -> bool:
    """Whether a spreadsheet wrote the number with a power of ten, so that digits of it are gone."""
    return "E" in text.upper() and bool(_LOST_DIGITS.fullmatch(text.strip()))


def read_mark(text: str) -> bool | None:
    """Whether a cell says yes; None where it says neither yes nor no."""
    said = yes_or_no(text)
    return False if said is None and is_blank(text) else said


def plain_name(text: str) -> Read:
    """A name without what a web page or a formula left in it."""
    if "&" in text and (plain := html.unescape(text)) != text:
        return Read(plain, f"was read as {plain}")
    if text.startswith("#") and text.upper() in {"#N/A", "#REF!", "#NAME?", "#VALUE!", "#NULL!", "#DIV/0!"}:
        return Read("", "is an error of a formula")
    return Read(text)


def status(text: str) -> Read:
    """The status of a member by its words, or by the first of them: `Lapsed 2023` is lapsed; "" for a blank."""
    folded = fold(text)
    if code := STATUS_WORDS.get(folded):
        return Read(code, f"was read as {code}" if folded in _STRETCHED else "")
    mark = yes_or_no(text)
    if mark is not None and text.strip():
        code = "active" if mark else "prospect"
        return Read(code, f"was read as {code}")
    if is_blank(text):
        return Read("")
    words = folded.split()
    for count in (3, 2, 1):
        if (code := STATUS_WORDS.get(" ".join(words[:count]))) and len(words) > count:
            return Read(code, f"was read as {code}; the rest of it is {UNTAKEN}")
    return Read(text)


def is_status(text: str) -> bool:
    """Whether a text begins with a word for the status of a member, or says yes or no."""
    return status(text).value in _STATUSES


def is_nobody(name: str, *, is_part: bool = False) -> bool:
    """Whether words in the place of a person's name name nobody; None and Null are names where another part is told."""
    words = fold(name)
    return words in _NOBODY and not (is_part and words in {"none", "open"})


def is_no_mail(text: str) -> bool:
    """Whether a mail cell holds the name of a kind of address, and no address."""
    return fold(text) in _PLACES_OF_MAIL


def doubtful_name(text: str, *, is_person: bool) -> str:
    """Why a name should be looked at by a person; "" when it reads like one."""
    if "\ufffd" in text:
        return "has lost a letter: write it anew"
    if _DAMAGED.search(text):
        return "looks like UTF-8 that was read as something else: write it anew, or export the file as UTF-8"
    if is_person and _TWO_PEOPLE.search(text):
        return "may be two people in one cell; kept as one name"
    return ""


def has_leading_zeros(state: str) -> bool:
    """Whether ZIP codes of a state begin with zero: New England, New Jersey and the islands."""
    return fold(state) in _ZERO_STATES


def postal_code(text: str) -> Read:
    """A ZIP code with its hyphen; lost zeros are put back where an address is read."""
    plain = text.replace("\xa0", " ").strip().removesuffix(".0").rstrip("-").strip()
    if lost_digits(plain):
        return Read("", "has lost digits in a spreadsheet", serious=True)
    if len(plain) in {8, 9} and plain.isdecimal():
        plain = plain.zfill(9)
        plain = f"{plain[:5]}-{plain[5:]}"
        return Read(plain, f"was read as {plain}")
    if re.fullmatch(r"\d{5} ?[-–] ?\d{4}|\d{5} \d{4}", plain, re.ASCII):
        plain = f"{plain[:5]}-{plain[-4:]}"
    return Read(plain)


class Town(NamedTuple):
    """A town with its state and its ZIP code, of which a cell may leave out the last."""

    city: str
    state: str
    postal_code: str


def town_state_zip(text: str) -> Town | None:
    """The parts of `Springfield, IL 62701`, or of `Springfield, IL`; None where a text is no more than one of them."""
    found = _TOWN_STATE_ZIP.fullmatch(" ".join(text.split()))
    if found is None or not (found["zip"] or "," in text or "/" in text):
        return None
    state = found["state"]
    if len(state) == 2 and state.lower() not in _STATES:
        return None
    code = postal_code(found["zip"] or "").value
    return Town(found["town"].strip(" ,"), state.upper() if len(state) == 2 else state, code)


def ein(text: str) -> Read:
    """An EIN as two and seven digits; "" for a blank and for what is none."""
    if is_blank(text):
        return Read("")
    plain = text.strip().removesuffix(".0").replace(" ", "")
    if lost_digits(plain):
        return Read("", "has lost digits in a spreadsheet", serious=True)
    if re.fullmatch(r"\d{7,8}", plain, re.ASCII):
        found = plain.zfill(9)
        return Read(
            f"{found[:2]}-{found[2:]}", f"was read as {found[:2]}-{found[2:]}, with the zeros a spreadsheet drops"
        )
    read = _EIN.fullmatch(plain)
    if read is None:
        return Read("", "is no EIN (two and seven digits); kept in the source row", serious=True)
    return Read(f"{read[1]}-{read[2]}")


def serial_day(text: str, epoch: Literal[1900, 1904]) -> str:
    """The day that a plain number of a spreadsheet means in a date column, as ISO text; "" where it means none.

    Days are counted from 1899-12-30 (its leap day of 1900 never was), or from 1904-01-01.
    """
    read = _SERIAL.fullmatch(text.strip())
    if read is None:
        return ""
    first = date(1904, 1, 1) if epoch == 1904 else date(1899, 12, 30)
    return (first + timedelta(days=int(read[1]))).isoformat()


def is_no_day(text: str) -> bool:
    """Whether a date cell holds a spreadsheet's zero."""
    return text.strip() in _ZERO_DAYS


def read_district(text: str, chamber: str) -> tuple[int, str]:
    """(number, chamber) of a cell in a column of a chamber; number 0 where the text is no district."""
    read = _DISTRICT.fullmatch(text.strip())
    if read is None:
        return 0, chamber
    word = (read["before"] or read["after"] or "").lower().removeprefix("state ")
    return int(read["number"]), _CHAMBERS.get(word, chamber)


def is_area(text: str) -> bool:
    """Whether a cell names where somebody works in general, and no district of a place."""
    return fold(text) in _EVERYWHERE or bool(several_districts(text))


def area(text: str, chamber: str) -> str:
    """An area in words: "Statewide", "Senate 27 & 28"."""
    if fold(text) in _EVERYWHERE:
        return "Statewide"
    return tidy(text) if chamber == "district" else f"{chamber.capitalize()} {tidy(text)}"


def districts_by_chamber(text: str) -> dict[str, int]:
    """The numbers of a cell that names a district of each of several chambers, such as "SD 5 / HD 9"; else empty."""
    read = [read_district(part, "") for part in _district_parts(text)]
    found = {chamber: number for number, chamber in read if number and chamber}
    return found if len(found) == len(read) else {}


def several_districts(text: str) -> tuple[int, ...]:
    """The numbers of a cell that names several districts, such as "27 & 28"; empty when it does not."""
    numbers = tuple(read_district(part, "")[0] for part in _district_parts(text))
    return numbers if len(numbers) > 1 and all(numbers) else ()


def _district_parts(text: str) -> list[str]:
    found: list[str] = []
    for part in filter(None, _SEVERAL_DISTRICTS.split(text.strip())):
        between = _BEFORE_A_NUMBER if part[0].isdecimal() else _AFTER_A_NUMBER
        found += [part] if _DISTRICT.fullmatch(part) else between.split(part)
    return found


def names_in(text: str) -> list[str]:
    """The names in a cell; "Inc." behind a comma is no name of its own."""
    found: list[str] = []
    for part in filter(None, SPLIT.split(text.strip())):
        if found and fold(part) in _SUFFIXES:
            found[-1] += f", {part}"
        elif not is_blank(part):
            found.append(part)
    return found
