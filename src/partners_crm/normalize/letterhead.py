"""A line of contact details as letterheads print it: an address, phones with their uses, mail and web addresses."""

from __future__ import annotations

import re
from dataclasses import dataclass

from partners_crm.normalize.addresses import MAX_ADDRESS, Address, parse_address
from partners_crm.normalize.contact_values import normalize_email, normalize_web
from partners_crm.normalize.phones import Phone, split_phones

_SIGN = re.compile(r"[•·|\n\r;]")
_PARTS = re.compile(r"\s*[•·|\n\r;]\s*")


@dataclass(frozen=True, slots=True)
class Letterhead:
    """What a line of contact details says."""

    address: Address | None
    phones: tuple[Phone, ...]
    emails: tuple[str, ...]
    webs: tuple[str, ...]
    rest: tuple[str, ...]
    """Parts that were none of these, as typed: nothing is lost."""

    def points(self) -> list[dict[str, str]]:
        """The ways to reach somebody, each as the values of a contact point."""
        found = [{"kind": "phone", "raw": phone.raw, "use": phone.use} for phone in self.phones]
        found += [{"kind": "email", "raw": text} for text in self.emails]
        return found + [{"kind": "web", "raw": text} for text in self.webs]


def address_in(line: str) -> str:
    """The address of a line of contact details; the whole line where it has no other parts."""
    if not _SIGN.search(line):
        return line
    found = parse_letterhead(line)
    others = found.phones or found.emails or found.webs
    return found.address.raw if found.address is not None and others else line


def parse_letterhead(line: str) -> Letterhead:
    """Read a line such as "560 West Lake Street, 6th Floor, Chicago, IL 60661 • 312-906-2364 p • 312-876-0721 f"."""
    address: Address | None = None
    phones: list[Phone] = []
    emails: list[str] = []
    webs: list[str] = []
    rest: list[str] = []
    for part in _PARTS.split(line.strip()):
        if not part:
            continue
        email, no_email = normalize_email(part)
        read = split_phones(part)
        if not no_email:
            emails.append(email)
        elif read and all(phone.valid for phone in read):
            phones.extend(read)
        elif not re.search(r"\s", part) and not normalize_web(part)[1]:
            webs.append(normalize_web(part)[0])
        elif address is None and len(part) <= MAX_ADDRESS and (found := parse_address(part)).parsed and found.street:
            address = found
        else:
            rest.append(part)
    return Letterhead(address, tuple(phones), tuple(emails), tuple(webs), tuple(rest))
