"""E-mail and web addresses: one form to use, or a reason; nothing a link could run."""

from __future__ import annotations

import re
from collections.abc import Callable
from urllib.parse import urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.normalize.strings import texts

from partners_crm.normalize.contact_values import MAX_EMAIL, MAX_WEB, normalize_email, normalize_web, split_emails

PIECES = (
    *"abzAZ019._-+@:/?#<>()[]\"', ;|\n%=&é",
    *(
        "dana",
        "@example.org",
        "example.org",
        "www.",
        ".com",
        "http://",
        "https:",
        "mailto:",
        "javascript:",
        " or ",
        "xn--",
    ),
)


@pytest.mark.parametrize(
    ("raw", "value"),
    [
        ("dana@example.org", "dana@example.org"),
        ("  Dana.Reyes@EXAMPLE.org  ", "Dana.Reyes@example.org"),
        ("Dana Reyes <dana@example.org>", "dana@example.org"),
        ("mailto:dana@example.org?subject=x", "dana@example.org"),
        ("dana@example.org.", "dana@example.org"),
        ("'dana@example.org'", "dana@example.org"),
        ("dana+lobby@mail.example.co.uk", "dana+lobby@mail.example.co.uk"),
        ("josé@example.org", "josé@example.org"),
        ("dana@xn--bcher-kva.example", "dana@xn--bcher-kva.example"),
        ("o'neill@example.org", "o'neill@example.org"),
    ],
)
def test_an_e_mail_address_is_understood(raw: str, value: str) -> None:
    assert normalize_email(raw) == (value, "")


@pytest.mark.parametrize(
    ("raw", "reason"),
    [
        ("", "empty"),
        ("dana", "it has no @"),
        ("dana@", "no host name"),
        ("@example.org", "before the @"),
        ("dana@example", "no host name"),
        ("dana@-example.org", "no host name"),
        ("dana@example..org", "no host name"),
        ("dana@127.0.0.1", "no host name"),
        ("dana reyes@example.org", "before the @"),
        (".dana@example.org", "before the @"),
        ("da..na@example.org", "before the @"),
        ("dana@example.org, lee@example.org", "more than one @"),
        ("<dana@example.org> <lee@example.org>", "more than one address"),
        ("dana@exаmple.org", "look-alikes"),
        ("da\u200bna\u200bé@example.org", "invisible"),
        ("x" * 65 + "@example.org", "before the @"),
        ("dana@" + "x" * 64 + ".org", "no host name"),
        ("dana@" + ".".join(["x" * 60] * 5) + ".org", f"longer than {MAX_EMAIL}"),
        ("x" * 600, f"longer than {MAX_EMAIL * 2}"),
    ],
)
def test_what_is_no_e_mail_address_says_why(raw: str, reason: str) -> None:
    value, said = normalize_email(raw)
    assert value == ""
    assert reason in said


@pytest.mark.parametrize(
    ("raw", "value"),
    [
        ("Example.org/", "https://example.org"),
        ("example.org", "https://example.org"),
        ("http://Example.org", "http://example.org"),
        ("HTTPS://WWW.Example.ORG/Us?A=B#C", "https://www.example.org/Us?A=B#C"),
        ("//example.org/a", "https://example.org/a"),
        ("<https://example.org/>", "https://example.org"),
        ("example.org:8080", "https://example.org:8080"),
        ("https://example.org:8080/x", "https://example.org:8080/x"),
        ("https://example.org/#top", "https://example.org/#top"),
        ("example.org?x=1", "https://example.org?x=1"),
    ],
)
def test_a_web_address_is_understood(raw: str, value: str) -> None:
    assert normalize_web(raw) == (value, "")


@pytest.mark.parametrize(
    ("raw", "reason"),
    [
        ("", "empty"),
        ("javascript:alert(1)", "javascript is not http or https"),
        ("data:text/html,x", "data is not http or https"),
        ("file:///etc/passwd", "file is not http or https"),
        ("ftp://example.org", "ftp is not http or https"),
        ("https://dana@example.org", "@ in the place of the host"),
        ("https://example.org:99999", "no host name"),
        ("https://example.org:0", "no host name"),
        ("https://localhost", "no host name"),
        ("https://127.0.0.1", "no host name"),
        ("https://", "no host name"),
        ("n/a", "no host name"),
        ("https://exаmple.org", "look-alikes"),
        ("example.org/a b", "a blank or a control character"),
        ("example.org/\x1b[2J", "a blank or a control character"),
        ("example.org/\u202e", "a blank or a control character"),
        ("example.org/" + "x" * MAX_WEB, f"longer than {MAX_WEB}"),
    ],
)
def test_what_is_no_web_address_says_why(raw: str, reason: str) -> None:
    value, said = normalize_web(raw)
    assert value == ""
    assert reason in said


@pytest.mark.parametrize(
    ("raw", "parts"),
    [
        ("", []),
        (" \n", []),
        ("dana@example.org", ["dana@example.org"]),
        ("dana@example.org; lee@example.org", ["dana@example.org", "lee@example.org"]),
        ("dana@example.org:::lee@example.org", ["dana@example.org", "lee@example.org"]),
        ("dana@example.org or lee@example.org", ["dana@example.org", "lee@example.org"]),
        ("dana@example.org/lee@example.org", ["dana@example.org", "lee@example.org"]),
        ("dana@example.org lee@example.org", ["dana@example.org", "lee@example.org"]),
        ('"Reyes, Dana" <dana@example.org>; lee@example.org', ['"Reyes, Dana" <dana@example.org>', "lee@example.org"]),
        ("Reyes, Dana <dana@example.org>, lee@example.org", ["Reyes, Dana <dana@example.org>, lee@example.org"]),
        ("dana@example.org; lee@", ["dana@example.org; lee@"]),
        ("call Dana", ["call Dana"]),
    ],
)
def test_the_addresses_of_a_cell(raw: str, parts: list[str]) -> None:
    assert split_emails(raw) == parts


def test_no_text_is_too_strange_for_an_e_mail_address(scale: Callable[[int], int]) -> None:
    found = 0
    for text in (*texts(scale(100_000), 51), *texts(scale(200_000), 52, PIECES, 6)):
        value, reason = normalize_email(text)
        assert bool(value) is not bool(reason)
        if value:
            found += 1
            assert normalize_email(value) == (value, "")
            assert value.count("@") == 1
            assert len(value) <= MAX_EMAIL
            assert value.partition("@")[0] in text
        parts = split_emails(text)
        assert bool(parts) is bool(text.strip())
        assert len(parts) < 2 or all(normalize_email(part)[0] for part in parts)
        assert "".join(re.findall(r"[0-9@]", "".join(parts))) == "".join(re.findall(r"[0-9@]", text))
    assert found > scale(200_000) // 500


def test_no_text_is_too_strange_for_a_web_address(scale: Callable[[int], int]) -> None:
    found = 0
    for text in (*texts(scale(100_000), 53), *texts(scale(200_000), 54, PIECES, 6)):
        value, reason = normalize_web(text)
        assert bool(value) is not bool(reason)
        if value:
            found += 1
            # Signs around an address are cut off once; what stands behind them then is part of it.
            assert normalize_web(value) == (value, "") or value[-1] in "<>.,;"
            parts = urlsplit(value)
            assert parts.scheme in {"http", "https"}
            assert re.fullmatch(r"[a-z0-9.-]+", parts.hostname or "")
            assert parts.username is None
            assert value.isprintable()
    assert found > scale(200_000) // 500


@given(st.text(st.characters(exclude_categories=()), max_size=600))
def test_any_text_gives_a_value_or_a_reason(text: str) -> None:
    for normalize in (normalize_email, normalize_web):
        value, reason = normalize(text)
        assert bool(value) is not bool(reason)
