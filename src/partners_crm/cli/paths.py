"""Where the program keeps its files, and which database a command is about."""

from __future__ import annotations

import os
from pathlib import Path

APP = "partners-crm"


def data_folder() -> Path:
    """The platform's folder for a person's data."""
    from platformdirs import user_data_path  # not needed when --db or PARTNERS_DB is given

    return user_data_path(APP, appauthor=False)


def config_folder() -> Path:
    """The platform's folder for a person's configuration."""
    from platformdirs import user_config_path

    return user_config_path(APP, appauthor=False)


def cache_folder() -> Path:
    """The platform's folder for what can be made again."""
    from platformdirs import user_cache_path

    return user_cache_path(APP, appauthor=False)


def plugin_state() -> Path:
    """Where it is kept who was running and what failed, and where plugins have their own folders."""
    return data_folder() / "plugins"


def named_database(option: str | None) -> tuple[Path, str] | None:
    """The database named by the option or by PARTNERS_DB, and which of them named it."""
    if option:
        return Path(option).expanduser(), "--db"
    if variable := os.environ.get("PARTNERS_DB"):
        return Path(variable).expanduser(), "PARTNERS_DB"
    return None


def database(option: str | None) -> Path:
    """The database of a command: the named one, else the person's own."""
    named = named_database(option)
    return named[0] if named else data_folder() / "coalition.db"


def demo_database(option: str | None, size: str) -> Path:
    """The file of a demo: the named one, else one of its own beside the coalition."""
    named = named_database(option)
    return named[0] if named else own_demo(size)


def own_demo(size: str) -> Path:
    """The file of a demo in the person's data folder."""
    return data_folder() / f"demo-{size}.db"
