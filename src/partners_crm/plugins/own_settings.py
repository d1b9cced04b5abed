"""The settings of plugins: kept by a person in `plugin-settings.json` of the config folder, never in the coalition.

So no export, no backup and no shared file holds a secret, and what a plugin may do is each person's own matter.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING

from partners_crm.errors import ConfigError, InvalidValue
from partners_crm.plugins.kept_files import read_json, turn, write_json

if TYPE_CHECKING:
    from partners_crm.plugins.headless import Setting

FILE = "plugin-settings.json"
SCHEMA_VERSION = 1
MAX_CHARACTERS = 4000
"""Of one value."""
HIDDEN = "****"
"""What stands for a secret that is set."""
YES = frozenset({"yes", "true", "on", "1"})
NO = frozenset({"no", "false", "off", "0", ""})


class OwnSettings:
    """The file of what a person has set."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / FILE

    def read(self) -> Mapping[str, Mapping[str, str]]:
        """What was set: values by the name of the setting, by the plugin.

        Raises:
            ConfigError: the file cannot be read as what it should be.
        """
        try:
            found = read_json(self.path)
            if found["schema_version"] != SCHEMA_VERSION:
                raise ValueError("a version that is none")
            return {
                plugin: {str(name): str(value) for name, value in values.items()}
                for plugin, values in found["settings"].items()
            }
        except FileNotFoundError:
            return {}
        except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
            reason = (isinstance(error, OSError) and error.strerror) or "it is damaged, or from a newer version"
            raise ConfigError(
                f"{self.path} holds the settings of plugins, and cannot be read: {reason}",
                "mend the file, or delete it and set them again",
            ) from None

    def write(self, plugin: str, name: str, value: str) -> None:
        """Set a setting; "" takes it back to its default. The file is replaced whole, with mode 0600.

        Raises:
            ConfigError: the file cannot be read, or the folder refuses.
        """
        try:
            with turn(self.path):
                known = {each: dict(values) for each, values in self.read().items()}
                values = known.setdefault(plugin, {})
                values.pop(name, None)
                if value:
                    values[name] = value
                kept = {each: dict(sorted(values.items())) for each, values in sorted(known.items()) if values}
                write_json(self.path, {"schema_version": SCHEMA_VERSION, "settings": kept})
        except OSError as error:
            raise ConfigError(
                f"{self.path} cannot be written: {error.strerror}", "give yourself write permission on its folder"
            ) from None


def checked(setting: Setting, label: str, value: str) -> str:
    """A value as it is kept.

    Raises:
        InvalidValue: it does not fit the kind of the setting; a secret is not repeated.
    """
    shown = HIDDEN if setting.kind == "secret" else value
    if len(value) > MAX_CHARACTERS:
        raise InvalidValue(label, shown[:20], f"is longer than {MAX_CHARACTERS} characters")
    if setting.kind == "whole":
        try:
            return str(int(value))
        except ValueError:
            raise InvalidValue(label, shown, "is no whole number") from None
    if setting.kind == "flag":
        if value.lower() not in YES | NO:
            raise InvalidValue(label, shown, "is neither yes nor no")
        return "yes" if value.lower() in YES else "no"
    if setting.kind == "choice" and value not in setting.choices:
        raise InvalidValue(label, shown, "is not a choice", f"one of: {', '.join(setting.choices)}")
    return value


def with_defaults(settings: tuple[Setting, ...], own: Mapping[str, str]) -> Mapping[str, str]:
    """The value of every setting of a plugin: a person's own, else its default.

    A value that no longer fits, because the plugin has changed, is its default again.
    """
    found = {}
    for each in settings:
        try:
            found[each.name] = checked(each, each.name, own[each.name]) if each.name in own else each.default
        except InvalidValue:
            found[each.name] = each.default
    return MappingProxyType(found)
