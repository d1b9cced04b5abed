"""A call of a plugin that may ask the calling thread for something meanwhile: the next rows, a word about its progress.

The plugin runs in a thread of its own, as ever; what it asks for is done in the thread that waits for it, which has the
connection and the state that is being read, and may have been told to stop. The limit is about silence: it counts from
the last answer, so that a long work that says how far it is may take its time.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from queue import Empty, SimpleQueue
from typing import Any, Protocol, TypeVar, cast

from partners_crm.plugins.boundary import Outcome, failure_of, unanswered
from partners_crm.plugins.context import PluginContext
from partners_crm.plugins.failures import PluginFailed
from partners_crm.plugins.policy import Owned
from partners_crm.plugins.registry import PluginRegistry, what

R = TypeVar("R")
A = TypeVar("A")

LEAVING = 2.0
"""Seconds that a call gets to end when nobody wants its answer any more."""


class Ask(Protocol):
    """Has something done in the calling thread; gives its result."""

    def __call__(self, work: Callable[[], A], /) -> A:
        """The result; raises where nobody wants the answer of the call any more."""


class _Gone(BaseException):
    """Nobody waits for the call any more: no error of the plugin's, and none that it should catch."""


def attended(
    registry: PluginRegistry,
    owned: Owned[Any],
    work: Callable[[PluginContext, Ask], R],
    *,
    limit: Callable[[], float] | None = None,
) -> R:
    """Call a described object and wait, doing what it asks for; `limit` gives the seconds that it may be silent.

    What is raised by something that it asks for is raised here, when the call has ended.

    Raises:
        PluginFailed: the plugin failed, or was silent for too long.
        PartnersError: it refused in our words.
    """
    if registry.boundary.open:
        return registry.call(owned, lambda context: work(context, _at_once))
    talk = _Talk()

    def run(context: PluginContext) -> R | None:
        try:
            return work(context, talk.ask)
        except _Gone:
            return None

    give_up = registry.begin(owned, run, talk.said.put, limit=threading.TIMEOUT_MAX)
    seconds = limit or (lambda: registry.policy.limit)
    try:
        outcome = talk.attend(seconds)
    except BaseException:
        talk.leave(LEAVING)
        give_up()
        raise
    if outcome is None:
        talk.leave(0)
        give_up()
        failure = failure_of(owned.owner, what(owned.item), "call", unanswered(seconds(), has_written=False))
        registry.boundary.count(failure)
        raise PluginFailed(failure)
    if outcome.error is not None:
        raise outcome.error
    return cast("R", outcome.value)


def _at_once(work: Callable[[], A], /) -> A:
    return work()


class _Talk:
    """What two threads say to each other during a call."""

    def __init__(self) -> None:
        self.said: SimpleQueue[Callable[[], object] | Outcome[Any]] = SimpleQueue()
        """What the plugin asks for, and in the end how its call ended."""
        self._answers: SimpleQueue[object] = SimpleQueue()
        self._is_left = threading.Event()

    def ask(self, work: Callable[[], A], /) -> A:
        """In the thread of the plugin."""
        if self._is_left.is_set():
            raise _Gone
        self.said.put(work)
        answer = self._answers.get()
        if self._is_left.is_set():
            raise _Gone
        return cast("A", answer)

    def attend(self, limit: Callable[[], float]) -> Outcome[Any] | None:
        """In the calling thread: do what is asked for until the call ends; None when it is silent for too long."""
        while True:
            try:
                said = self.said.get(timeout=limit())
            except Empty:
                return None
            if isinstance(said, Outcome):
                return said
            self._answers.put(said())

    def leave(self, seconds: float) -> None:
        """Let the call end, and give it some time to."""
        self._is_left.set()
        self._answers.put(None)
        until = time.monotonic() + seconds
        while (left := until - time.monotonic()) > 0:
            try:
                if isinstance(self.said.get(timeout=left), Outcome):
                    return
            except Empty:
                return
