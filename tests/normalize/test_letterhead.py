"""Letterheads: a line understood whole, and no part of any line lost."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from tests.normalize.strings import whole_texts

from partners_crm.normalize.letterhead import parse_letterhead


def test_a_letterhead_is_understood_whole() -> None:
    found = parse_letterhead("560 West Lake Street, 6th Floor, Chicago, IL 60661 • 312-906-2364 p • 312-876-0721 f")
    assert found.address is not None
    address = found.address
    assert (address.street, address.unit) == ("560 W Lake St", "Fl 6")
    assert (address.city, address.state, address.postal_code) == ("Chicago", "IL", "60661")
    assert (address.kind, address.parsed, address.reason) == ("street", True, "")
    assert [(phone.e164, phone.use) for phone in found.phones] == [
        ("+13129062364", "voice"),
        ("+13128760721", "fax"),
    ]
    assert (found.emails, found.webs, found.rest) == ((), (), ())


@pytest.mark.parametrize("mark", ["•", "·", "|", "\n", "\r\n", ";", " • "])
def test_any_mark_parts_a_letterhead(mark: str) -> None:
    line = mark.join(("PO Box 12, Peoria, IL 61602", "fax 309-555-0142", "dana@example.org", "www.Example.org/us"))
    found = parse_letterhead(line)
    assert found.address is not None
    assert (found.address.street, found.address.city) == ("PO Box 12", "Peoria")
    assert [phone.use for phone in found.phones if phone.e164] == ["fax"]
    assert found.emails == ("dana@example.org",)
    assert found.webs == ("https://www.example.org/us",)
    assert found.rest == ()


def test_what_is_not_understood_stays_as_typed() -> None:
    found = parse_letterhead("Founded 1911 • 999 9999999 • dana@ • 1 Main St, Alton, IL • 2 Elm St, Alton, IL")
    assert found.address is not None
    assert found.address.street == "1 Main St"
    assert "999 9999999" in found.rest
    assert "dana@" in found.rest
    assert "2 Elm St, Alton, IL" in found.rest


def test_an_empty_line_says_nothing() -> None:
    for line in ("", "  ", " • | ;\n"):
        found = parse_letterhead(line)
        assert (found.address, found.phones, found.emails, found.webs, found.rest) == (None, (), (), (), ())


def test_no_line_is_too_strange_and_no_part_is_lost(scale: Callable[[int], int]) -> None:
    for text in whole_texts(scale(5_000), 31):
        found = parse_letterhead(text)
        parts = [part for part in re.split(r"\s*[•·|\n\r;]\s*", text.strip()) if part]
        kept = [*(phone.raw for phone in found.phones), *found.rest]
        assert len(found.phones) + len(found.emails) + len(found.webs) + len(found.rest) + (
            found.address is not None
        ) >= len(parts)
        assert all(raw in text for raw in kept)
