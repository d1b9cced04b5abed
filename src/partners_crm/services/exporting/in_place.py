"""Files that are written beside their place and get their name when they are whole; what is streamed, likewise."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import BinaryIO

from partners_crm.errors import StoreUnavailable
from partners_crm.services.formats import Page, Writer, Written
from partners_crm.store.files import draft_beside, put_in_place, refuse_over, refused, sync


class Draft:
    """A file that is being written."""

    def __init__(self, path: Path) -> None:
        self.path = path
        """Where it lies meanwhile: in the folder of its place."""
        self.kept = True
        """Whether it gets its name at the end of the block."""


@contextmanager
def draft_of(path: Path, database: Path, *, force: bool = False) -> Iterator[Draft]:
    """An empty file of mode 0600 beside a path, which takes that name at the end of the block unless it raises.

    A file of that name is refused, or with `force` replaced; never the coalition, which is at `database`, nor what
    belongs to it.

    Raises:
        ConfigError: something is there, or the path is a URL.
        StoreUnavailable, PermissionRefused: the folder or its disk refuses; nothing is left behind.
    """
    refuse_present(path, database, force)
    draft = Draft(draft_beside(path))
    try:
        try:
            yield draft
        except OSError as error:
            raise refused(path, error) from None
        if draft.kept:
            sync(draft.path)
            refuse_present(path, database, force)  # it may have come meanwhile
            put_in_place(draft.path, path)
    finally:
        draft.path.unlink(missing_ok=True)


def refuse_present(path: Path, database: Path, force: bool) -> None:
    """Refuse a path that something is at; with `force` an ordinary file may be, unless it belongs to a coalition.

    Raises:
        ConfigError: it cannot be written there.
    """
    refuse_over(path, database, replaces=lambda _: force, hint="--force replaces it; or name another file")


def streamed(writer: Writer, page: Page, stream: BinaryIO) -> Written:
    """Write a page into a private file without a name, and then into a stream; nothing where the format cannot hold it.

    Raises:
        StoreUnavailable: the folder for temporary files has no room.
    """
    with ExitStack() as kept:
        try:
            held = kept.enter_context(tempfile.TemporaryFile())
            written = writer.write(page, Path(f"/dev/fd/{held.fileno()}"))
        except OSError as error:
            raise StoreUnavailable(
                f"{tempfile.gettempdir()} cannot hold the export: {error.strerror}",
                "free some space there, or name another folder in TMPDIR",
            ) from None
        if not written.problems:
            held.seek(0)
            shutil.copyfileobj(held, stream)
    return written
