"""A person's own settings: `config.toml` in the platform's config folder."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path

from partners_crm.cli.paths import config_folder
from partners_crm.errors import ConfigError, InvalidValue, NotFound

KNOWN: Mapping[str, tuple[str, tuple[str, ...], str]] = {
    "theme": ("Colours of the terminal UI.", ("dark", "light"), "dark"),
}
"""Setting: (what it does, values it can have, default)."""


def config_file() -> Path:
    """Where the settings are kept; the file need not exist."""
    return config_folder() / "config.toml"


def read() -> dict[str, str]:
    """The settings a person has made.

    Raises:
        ConfigError: the file is no TOML, or holds an unknown setting or value; the line is named where it is known.
    """
    path = config_file()
    if not path.exists():
        return {}
    import tomllib  # most people have no such file

    try:
        found = tomllib.loads(path.read_text("utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, OSError) as error:
        raise ConfigError(f"{path}: {error}", "mend the file, or delete it to start over") from None
    for key, value in found.items():
        try:
            check(key, value)
        except (NotFound, InvalidValue) as error:
            raise ConfigError(f"{path}: {error.message}", error.hint) from None
    return found


def write(key: str, value: str) -> None:
    """Set a setting; the file is replaced whole, with mode 0600.

    Raises:
        NotFound, InvalidValue: there is no such setting, or it cannot have the value.
    """
    check(key, value)
    settings = {**read(), key: value}
    path = config_file()
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    draft = path.with_suffix(".new")
    descriptor = os.open(draft, os.O_CREAT | os.O_TRUNC | os.O_WRONLY, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as stream:
        # A JSON string is a TOML basic string.
        stream.writelines(f"{name} = {json.dumps(text)}\n" for name, text in sorted(settings.items()))
    draft.replace(path)


def check(key: str, value: object) -> None:
    """Refuse an unknown setting or value.

    Raises:
        NotFound, InvalidValue: as the names say.
    """
    if key not in KNOWN:
        raise NotFound(f"there is no setting {key}", f"settings: {', '.join(KNOWN)}")
    _, allowed, _ = KNOWN[key]
    if value not in allowed:
        raise InvalidValue(key, value, "is not a choice", f"one of: {', '.join(allowed)}")
