"""E-mail and web addresses in the one form under which they are compared and used.

A value that cannot be understood gives an empty form and the reason in words; the caller keeps the typed text.
"""

from __future__ import annotations

import re

MAX_EMAIL = 254
"""Characters of an e-mail address (RFC 5321, 4.5.3.1, less the angle brackets)."""

MAX_WEB = 2000
"""Characters of a web address that browsers and mail programs carry safely."""

_LABEL = r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?"
_HOST = re.compile(rf"(?:{_LABEL}\.)+(?:[a-z]{{2,63}}|xn--[a-z0-9-]{{2,59}})", re.ASCII)
_LOCAL = re.compile(r"[^\s\"(),:;<>@\[\\\]\x00-\x1f\x7f]{1,64}")
_BRACKETED = re.compile(r"<([^<>]*)>")
_WEB = re.compile(r"(?:([a-z][a-z0-9+.-]*):)?(?://)?([^/?#]*)([^#]*)(#.*)?", re.IGNORECASE | re.ASCII)
# Tried in this order: a comma may stand in a display name ("Lee, Ann <...>"), a semicolon hardly ever.
_SEPARATORS = (re.compile(r":::|[;\n|]"), re.compile(r":::|[;,\n|]"), re.compile(r":::|[;,|/]|\s+(?:or|and)\s|\s"))
_MAX_SPLIT = 5000


def normalize_email(raw: str) -> tuple[str, str]:
    """The address in a cell and "", or "" and the reason why there is none.

    The host is written small, the part before the @ as typed; a display name, `mailto:` and a full stop at the
    end are dropped. Letters outside ASCII in the host are refused: they are a look-alike far more often than a
    real name. Never raises.
    """
    text = " ".join(raw.split())
    if not text:
        return "", "empty"
    if len(text) > MAX_EMAIL * 2:
        return "", f"longer than {MAX_EMAIL * 2} characters"
    if found := _BRACKETED.findall(text):
        if len(found) > 1:
            return "", "more than one address"
        text = found[0].strip()
    if text[:7].lower() == "mailto:":
        text = text[7:].partition("?")[0].strip()
    text = text.strip("'\"").rstrip(".,;")
    if text.count("@") > 1:
        return "", "more than one @: is it more than one address?"
    local, at, host = text.partition("@")
    if not at:
        return "", "no e-mail address: it has no @"
    host = host.lower()
    if not host.isascii():
        return "", "the part behind the @ holds letters outside a to z, perhaps look-alikes"
    if not _HOST.fullmatch(host):
        return "", "the part behind the @ is no host name"
    if not _LOCAL.fullmatch(local) or local[0] == "." or local[-1] == "." or ".." in local:
        return "", "the part before the @ is not allowed in an address"
    if not (local.isascii() or local.isprintable()):
        return "", "the part before the @ holds invisible characters"
    value = f"{local}@{host}"
    return (value, "") if len(value) <= MAX_EMAIL else ("", f"longer than {MAX_EMAIL} characters")


def split_emails(raw: str) -> list[str]:
    """The texts of the addresses in a cell; the whole text as one where not every part is an address.

    Separators are `;`, `,`, `:::`, `|`, `/`, line breaks, the words or and and, and blanks. Nothing is lost:
    only separators are dropped, and only where every part can be read. An empty cell gives an empty list.
    """
    text = raw.strip()
    if not text:
        return []
    if text.count("@") < 2 or len(text) > _MAX_SPLIT:
        return [text]
    for separator in _SEPARATORS:
        parts = [part.strip() for part in separator.split(text)]
        parts = [part for part in parts if part]
        if len(parts) > 1 and all(normalize_email(part)[0] for part in parts):
            return parts
    return [text]


def normalize_web(raw: str) -> tuple[str, str]:
    """The web address in a cell and "", or "" and the reason why there is none.

    `Example.org/` gives `https://example.org`: scheme and host small, https where none is written, no lone
    slash at the end; path, query and fragment as typed. Only http and https are taken, so a link built from
    the value cannot run anything. Never raises.
    """
    text = raw.strip().strip("<>").rstrip(".,;")
    if not text:
        return "", "empty"
    if len(text) > MAX_WEB:
        return "", f"longer than {MAX_WEB} characters"
    if not text.isprintable() or " " in text:
        return "", "no web address: it holds a blank or a control character"
    found = _WEB.fullmatch(text)
    if found is None:
        return "", "no web address"
    scheme, host, path, fragment = found.groups()
    if scheme and "." in scheme:  # "example.org:8080" has a host and a port, no scheme
        scheme, host = None, text.partition("/")[0].partition("?")[0].partition("#")[0]
    scheme = (scheme or "https").lower()
    if scheme not in {"http", "https"}:
        return "", f"no web address: {scheme} is not http or https"
    if "@" in host:
        return "", "no web address: it has an @ in the place of the host"
    name, colon, port = host.lower().partition(":")
    if not name.isascii():
        return "", "the host holds letters outside a to z, perhaps look-alikes"
    if not _HOST.fullmatch(name) or (colon and not (port.isascii() and port.isdigit() and 0 < int(port[:6]) < 65536)):
        return "", "no web address: it has no host name"
    tail = ("" if path == "/" and not fragment else path) + (fragment or "")
    return f"{scheme}://{name}{colon}{port}{tail}", ""
