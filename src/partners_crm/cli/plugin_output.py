"""Standard output belongs to the command: what plugins print in their threads goes to standard error, as words.

The terminal UI needs nothing of its own: while it has the terminal, Textual takes what any thread prints, and shows
none of it.
"""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable
from typing import Any, TextIO, cast

from partners_crm.cli.output import say
from partners_crm.normalize.text import show


class _OfCommand:
    """Standard output for one thread alone, with all that a stream has; for the others it is standard error."""

    def __init__(self, stream: TextIO, hook: Callable[[threading.ExceptHookArgs], object]) -> None:
        self.stream = stream
        self.hook = hook
        """What told of the end of a thread before."""
        self._thread = threading.get_ident()

    def write(self, text: str) -> int:
        """Write what the command says as it is, and what others say as words."""
        if threading.get_ident() == self._thread:
            return self.stream.write(text)
        sys.stderr.write("\n".join(map(show, text.split("\n"))))
        return len(text)

    def writelines(self, lines: Any) -> None:
        """Write many texts."""
        for line in lines:
            self.write(line)

    def __getattr__(self, name: str) -> Any:
        is_ours = threading.get_ident() == self._thread
        return getattr(self.stream if is_ours else sys.stderr, name)


def divert() -> None:
    """Keep standard output for the calling thread, and have an error that ends a plugin's own thread told in a line."""
    if not isinstance(sys.stdout, _OfCommand):
        sys.stdout = cast("TextIO", _OfCommand(sys.stdout, threading.excepthook))
        threading.excepthook = _told


def give_back() -> None:
    """End that."""
    ours: object = sys.stdout
    if isinstance(ours, _OfCommand):
        sys.stdout, threading.excepthook = ours.stream, ours.hook


def _told(ended: threading.ExceptHookArgs) -> None:
    """One line without values, for they may be of records; `SystemExit` ends a thread as it always does."""
    if ended.exc_type is not SystemExit:
        name = type.__getattribute__(ended.exc_type, "__name__")
        say(f"partners: a thread that was started by a plugin ended: it raised {name}")
