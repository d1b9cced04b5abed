"""Whether somebody still waits for a call: one that was given up writes nothing any more, and holds nothing up.

Python cannot end a thread. What can be had is that the thread of such a call is refused the commit, and that what it
has begun to write is taken back at once, by whoever gave it up.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from partners_crm.errors import PluginError

COMMITTING = 1.0
"""Seconds that a commit which is under way is waited for."""


class Wanted:
    """Of one call: whether its answer is waited for, and how what it writes is taken back."""

    def __init__(self) -> None:
        self.has_written = False
        """Whether a unit of work of the call was committed."""
        self._is_over = False
        self._take_back: Callable[[], None] | None = None
        self._lock = threading.Lock()

    def refuse_late(self) -> None:
        """Refuse what a call begins that nobody waits for any more.

        Raises:
            PluginError: so it is.
        """
        if self._is_over:
            raise PluginError("the call of the plugin was given up: it writes nothing any more")

    @contextmanager
    def writing(self, take_back: Callable[[], None]) -> Iterator[None]:
        """While a unit of work is open: `take_back` is called, in another thread, when the call is given up."""
        with self._lock:
            self.refuse_late()
            self._take_back = take_back
        try:
            yield
        finally:
            with self._lock:
                self._take_back = None

    @contextmanager
    def committing(self) -> Iterator[None]:
        """While a unit of work is committed: the call is given up before, and nothing is written, or after.

        Raises:
            PluginError: it was before.
        """
        with self._lock:
            self.refuse_late()
            yield
            self.has_written = True

    def end(self) -> None:
        """Nobody waits any more, in whichever way the call ended."""
        is_free = self._lock.acquire(timeout=COMMITTING)
        try:
            self._is_over = True
            take_back, self._take_back = self._take_back, None
            if take_back is not None:
                take_back()
        finally:
            if is_free:
                self._lock.release()


_of_thread = threading.local()


def begin(wanted: Wanted) -> None:
    """The calling thread is that of a call, and of nothing else."""
    _of_thread.wanted = wanted


def now() -> Wanted:
    """Of the call whose thread this is; elsewhere of one that is always waited for."""
    found: Wanted | None = getattr(_of_thread, "wanted", None)
    return Wanted() if found is None else found
