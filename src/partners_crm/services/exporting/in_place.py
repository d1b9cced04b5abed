"""Files that are written beside their place and get their name when they are whole."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from partners_crm.errors import ConfigError
from partners_crm.store.files import put_in_place, refuse_url, refused, sync


class Draft:
    """A file that is being written."""

    def __init__(self, path: Path) -> None:
        self.path = path
        """Where it lies meanwhile: in the folder of its place."""
        self.kept = True
        """Whether it gets its name at the end of the block."""


@contextmanager
def draft_of(path: Path, *, force: bool = False) -> Iterator[Draft]:
    """An empty file of mode 0600 beside a path, which takes that name at the end of the block unless it raises.

    A file of that name is refused, or with `force` replaced.

    Raises:
        ConfigError: something is there, or the path is a URL.
        StoreUnavailable, PermissionRefused: the folder or its disk refuses; nothing is left behind.
    """
    refuse_url(path, "name a file on this machine")
    refuse_present(path, force)
    draft = Draft(path.with_name(f".{path.name}.{os.urandom(4).hex()}.new"))
    try:
        os.close(os.open(draft.path, os.O_CREAT | os.O_EXCL | os.O_WRONLY | os.O_NOFOLLOW, 0o600))
    except OSError as error:
        raise refused(path, error) from None
    try:
        try:
            yield draft
        except OSError as error:
            raise refused(path, error) from None
        if draft.kept:
            sync(draft.path)
            refuse_present(path, force)  # it may have come meanwhile
            put_in_place(draft.path, path)
    finally:
        draft.path.unlink(missing_ok=True)


def refuse_present(path: Path, force: bool) -> None:
    """Refuse a path that something is at; with `force` an ordinary file may be.

    Raises:
        ConfigError: it cannot be written there.
    """
    try:
        mode = path.lstat().st_mode
    except OSError:
        return
    if not stat.S_ISREG(mode):
        what = "a folder" if stat.S_ISDIR(mode) else "a symbolic link" if stat.S_ISLNK(mode) else "no ordinary file"
        raise ConfigError(f"{path} is {what}", "name a new file")
    if not force:
        raise ConfigError(f"{path} exists already", "--force replaces it; or name another file")
