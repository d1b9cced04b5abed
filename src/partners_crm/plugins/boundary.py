"""The one boundary: every call of a plugin passes it, and nothing that a plugin does gets past it.

A call runs in a daemon thread of its own, with a time limit; its result is consumed and checked in that thread, so
that a generator which raises later raises inside. `SystemExit` and the like are failures too. The third failure of a
plugin turns it off for the run. A call that hangs is left to itself: Python cannot end a thread, and a daemon thread
does not hold up the end of the program. What no boundary in one process can stop is a loop in C that never lets go of
the interpreter, and `os._exit`: for these, who is being called is written beside (`running`), and a plugin that was
running when its program ended without a word is off at the next start.
"""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from typing import Generic, TypeVar, cast

from partners_crm.errors import PartnersError
from partners_crm.plugins import wanted
from partners_crm.plugins.answers import Misfit, is_ours, one, reason_of, sealed, taken, where_in
from partners_crm.plugins.failures import PluginFailed, PluginFailure, Stage
from partners_crm.plugins.running import Running

R = TypeVar("R")

LIMIT = 10.0
"""Seconds that a call may take where nobody waits at a screen."""
SCREEN_LIMIT = 2.0
"""Seconds after which a screen shows that a plugin failed to answer."""
GIVEN_UP = "nobody waits for it any more"
"""Why a call has no answer when the program ends, or plugins are loaded anew."""
TURNED_OFF = "it was turned off after earlier failures"
"""Why a plugin is not called any more in a run."""
STRIKES = 3
"""Failures after which a plugin is off for the run."""
THREAD = "plugin "
"""What the names of the threads of calls begin with."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Owner:
    """Whose code is called."""

    plugin: str
    distribution: str = ""
    version: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Traced:
    """One call, as it is told to who traces."""

    plugin: str
    hook: str
    seconds: float
    failed: bool


@dataclass(slots=True)
class Outcome(Generic[R]):
    """How a call ended: with a value, or with a failure or an error of ours that the plugin passed on."""

    value: R | None = None
    error: PartnersError | None = None


@dataclass(slots=True)
class Boundary:
    """Calls plugins, counts their failures, and knows which are off."""

    strikes: int = STRIKES
    open: bool = False
    """For authors: exceptions come out as they are, in the calling thread, without a limit."""
    running: Running = field(default_factory=lambda: Running(None))
    on_failure: Callable[[PluginFailure], None] = lambda _failure: None
    """Is told of each failure, in whichever thread it happened."""
    on_call: Callable[[Traced], None] | None = None
    failures: list[PluginFailure] = field(default_factory=list)
    off: set[str] = field(default_factory=set)
    """Plugins that are not called any more in this run."""
    ended: bool = False
    """Whether nobody waits for an answer any more."""
    _struck: Counter[str] = field(default_factory=Counter)
    _underway: dict[int, Callable[[], None]] = field(default_factory=dict)
    """How to give up each call that has not ended."""
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def call(
        self,
        owner: Owner,
        hook: str,
        work: Callable[[], R],
        *,
        limit: float = LIMIT,
        around: Callable[[], AbstractContextManager[object]] = nullcontext,
        stage: Stage = "call",
        refusals: bool = True,
    ) -> R:
        """The result of a call, waited for; `work` consumes and checks what the plugin answers.

        Without `refusals` an error of ours that the plugin raises is a failure like any other: there is nothing that
        it could refuse while it is loaded or says what it offers.

        Raises:
            PluginFailed: it raised, took longer than the limit, or the plugin is off.
            PartnersError: the plugin raised one of ours on purpose: a fault of a file, a query it cannot answer.
        """
        if self.open:
            with self._timed(owner, hook or stage), around():
                return work()
        done = threading.Event()
        found: list[Outcome[R]] = []

        def take(outcome: Outcome[R]) -> None:
            found.append(outcome)
            done.set()

        call = _Call(self, owner, hook, work, take, around, stage, refusals)
        try:
            if call.begin() and not done.wait(limit):  # who waits needs no timer beside
                call.late(limit)
            done.wait()
        except BaseException:
            call.give_up()  # a person has interrupted it: it must not write behind their back
            raise
        outcome = found[0]
        if outcome.error is not None:
            raise outcome.error
        return cast("R", outcome.value)

    def begin(
        self,
        owner: Owner,
        hook: str,
        work: Callable[[], R],
        take: Callable[[Outcome[R]], None],
        *,
        limit: float = SCREEN_LIMIT,
        around: Callable[[], AbstractContextManager[object]] = nullcontext,
        stage: Stage = "call",
        refusals: bool = True,
    ) -> Callable[[], None]:
        """Begin a call and return at once; `take` gets how it ended, once, in another thread.

        Gives what gives it up, without blaming anybody. With the boundary open there is no limit, and what is raised is
        shown with its traceback.
        """
        call = _Call(self, owner, hook, work, take, around, stage, refusals)
        if call.begin() and not self.open:
            call.end_after(limit)
        return call.give_up

    def end(self) -> None:
        """Give up every call that is under way, so that no thread of ours waits for one when the program ends.

        It is no failure of a plugin's. What begins from now on is refused.
        """
        self.ended = True
        with self._lock:
            some = list(self._underway.values())
        for give_up in some:
            give_up()

    def count(self, failure: PluginFailure) -> None:
        """Take a failure down; the third one of a plugin turns it off for the run.

        That two plugins want the same name is a failure of neither's code: it is told, and not held against them.
        """
        with self._lock:
            self.failures.append(failure)
            self._struck[failure.plugin] += failure.stage != "conflict"
            if self._struck[failure.plugin] >= self.strikes and not self.open:
                self.off.add(failure.plugin)
        self.on_failure(failure)

    def told(self, owner: Owner, hook: str, started: float, failed: bool) -> None:
        """Tell who traces of a call that has ended."""
        if self.on_call is not None:
            seconds = time.monotonic() - started
            self.on_call(Traced(plugin=owner.plugin, hook=hook, seconds=seconds, failed=failed))

    def _timed(self, owner: Owner, hook: str) -> AbstractContextManager[object]:
        return _Timed(self, owner, hook)


@dataclass(slots=True)
class _Timed:
    """A call with the boundary open: its time is told all the same."""

    boundary: Boundary
    owner: Owner
    hook: str
    started: float = 0.0

    def __enter__(self) -> None:
        self.started = time.monotonic()

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        self.boundary.told(self.owner, self.hook, self.started, kind is not None)


@dataclass(slots=True)
class _Call(Generic[R]):
    """One call on its way."""

    boundary: Boundary
    owner: Owner
    hook: str
    work: Callable[[], R]
    take: Callable[[Outcome[R]], None]
    around: Callable[[], AbstractContextManager[object]]
    stage: Stage
    refusals: bool
    started: float = 0.0
    timer: threading.Timer | None = None
    ended: bool = False
    wanted: wanted.Wanted = field(default_factory=wanted.Wanted)
    once: threading.Lock = field(default_factory=threading.Lock)

    def begin(self) -> bool:
        """Call it, in a thread of its own; False where it is not called at all, and `take` was told why."""
        boundary, plugin = self.boundary, self.owner.plugin
        self.started = time.monotonic()
        if boundary.ended or plugin in boundary.off:
            self._give_up(GIVEN_UP if boundary.ended else TURNED_OFF)
            return False
        with boundary._lock:
            boundary._underway[id(self)] = self.give_up
        threading.Thread(target=self._run, name=f"{THREAD}{plugin}", daemon=True).start()
        return True

    def end_after(self, limit: float) -> None:
        """Have it fail in so many seconds, unless it has ended by then."""
        self.timer = threading.Timer(limit, self.late, (limit,))
        self.timer.daemon = True
        self.timer.start()
        if self.ended:
            self.timer.cancel()

    def late(self, limit: float) -> None:
        """It has taken too long; an answer that comes now is dropped."""
        self.wanted.end()
        reason = unanswered(limit, has_written=self.wanted.has_written)
        failure = failure_of(self.owner, self.hook, self.stage, reason)
        self._end(Outcome(error=PluginFailed(failure)), failure)

    def _run(self) -> None:
        wanted.begin(self.wanted)
        failure: PluginFailure | None = None
        raised: BaseException | None = None
        try:
            # Who is called is written down first: a plugin that ends the process has been named by then.
            with self.boundary.running.during(self.owner.plugin), self.around():
                outcome: Outcome[R] = Outcome(value=self.work())
        except BaseException as error:  # SystemExit of a plugin must not end the program
            if is_ours(error) and (self.refusals or type(error) is PluginFailed):
                outcome = Outcome(error=cast("PartnersError", error))  # or of another plugin that this one asked
            else:
                # What is refused while a plugin says what it offers is about its own words, not about a record.
                told: Stage = "hooks" if not self.refusals and isinstance(error, PartnersError) else self.stage
                failure = failure_of(self.owner, self.hook, self.stage, reason_of(error, told), where_in(error))
                outcome = Outcome(error=PluginFailed(failure))
                cast("PluginFailed", outcome.error).__cause__ = error
            raised = error if type(error) is not PluginFailed else None
        self._end(outcome, failure)
        if raised is not None and self.boundary.open:
            raise raised

    def give_up(self) -> None:
        """End it without an answer, and without blaming anybody."""
        self._give_up(GIVEN_UP)

    def _give_up(self, why: str) -> None:
        self._end(Outcome(error=PluginFailed(failure_of(self.owner, self.hook, self.stage, why))), None)

    def _end(self, outcome: Outcome[R], failure: PluginFailure | None) -> None:
        if not self.once.acquire(blocking=False):
            return  # it came too late, and was told of already
        self.wanted.end()
        with self.boundary._lock:
            self.boundary._underway.pop(id(self), None)
        if self.timer is not None:
            self.timer.cancel()
        try:
            if failure is not None:
                self.boundary.count(failure)
                cast("PluginFailed", outcome.error).is_told = True
            self.boundary.told(self.owner, self.hook or self.stage, self.started, outcome.error is not None)
        finally:
            self.take(outcome)


def left_behind() -> tuple[str, ...]:
    """The plugins that are still being called; at the end of a program those that hang."""
    return tuple(each.name.removeprefix(THREAD) for each in threading.enumerate() if each.name.startswith(THREAD))


def unanswered(limit: float, *, has_written: bool) -> str:
    """Why a call failed that took too long."""
    return f"it did not answer within {limit:.3g} s{', and what it wrote before is saved' if has_written else ''}"


def failure_of(owner: Owner, hook: str, stage: Stage, reason: str, detail: str = "") -> PluginFailure:
    """A failure of somebody's code."""
    return PluginFailure(
        plugin=owner.plugin,
        distribution=owner.distribution,
        version=owner.version,
        hook=hook,
        stage=stage,
        reason=reason,
        detail=detail,
    )


__all__ = [
    "LIMIT",
    "SCREEN_LIMIT",
    "STRIKES",
    "Boundary",
    "Misfit",
    "Outcome",
    "Owner",
    "Traced",
    "failure_of",
    "left_behind",
    "one",
    "reason_of",
    "sealed",
    "taken",
    "unanswered",
    "where_in",
]
