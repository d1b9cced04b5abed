"""What a person has said about plugins: allowed, disabled, which of two; kept in `plugins.json` of the config folder.

Consent is about knowing what runs, not a sandbox: a plugin that runs can do what its user can.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Literal

from partners_crm.errors import ConfigError
from partners_crm.plugins.kept_files import read_json, turn, write_json

FILE = "plugins.json"
SCHEMA_VERSION = 1
State = Literal["allowed", "disabled", "killed"]
"""`killed`: it was running when its program ended without a word."""
_STATES: Mapping[object, State] = {"allowed": "allowed", "disabled": "disabled", "killed": "killed"}


@dataclass(frozen=True, slots=True)
class Said:
    """What was said about one plugin."""

    state: State
    distribution: str = ""
    """The distribution it was said about; another one that brings the name is asked about anew. "" for any."""

    def is_about(self, distribution: str) -> bool:
        """Whether it was said about what a distribution brings."""
        return self.distribution in ("", distribution)


class Consent:
    """The file of what was said."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / FILE

    def said(self) -> Mapping[str, Said]:
        """What was said, by the name of the plugin.

        Raises:
            ConfigError: the file cannot be read as what it should be.
        """
        try:
            found = read_json(self.path)
            if found["schema_version"] != SCHEMA_VERSION:
                raise ValueError("a version that is none")
            return {name: _said(value) for name, value in found["plugins"].items()}
        except FileNotFoundError:
            return {}
        except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
            reason = (isinstance(error, OSError) and error.strerror) or "it is damaged, or from a newer version"
            raise ConfigError(
                f"{self.path} says which plugins you allow, and cannot be read: {reason}",
                "go on without plugins: --no-plugins; begin anew: partners plugins disable NAME, or delete the file",
            ) from None

    def say(self, name: str, said: Said | None) -> None:
        """Write down what is said of a plugin, or with None take it back; the file is replaced whole, with mode 0600.

        Raises:
            ConfigError: the file cannot be read, or the folder refuses.
        """
        try:
            with turn(self.path):
                known = {**self.said()}
                known.pop(name, None)
                if said is not None:
                    known[name] = said
                plugins = {each: asdict(known[each]) for each in sorted(known)}
                write_json(self.path, {"schema_version": SCHEMA_VERSION, "plugins": plugins})
        except OSError as error:
            raise ConfigError(
                f"{self.path} cannot be written: {error.strerror}", "give yourself write permission on its folder"
            ) from None

    def set_aside(self) -> Path | None:
        """Put a file that cannot be read out of the way; gives its new place, or None where it is in order.

        Raises:
            ConfigError: the folder refuses.
        """
        try:
            self.said()
        except ConfigError:
            place = self.path.with_name(f"{FILE}.damaged")
            try:
                self.path.replace(place)
            except OSError as error:
                raise ConfigError(f"{self.path} cannot be put aside: {error.strerror}", "delete it") from None
            return place
        return None


def _said(value: Mapping[str, object]) -> Said:
    return Said(_STATES[value["state"]], str(value.get("distribution", "")))
