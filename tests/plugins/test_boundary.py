"""The one boundary: whatever a call does, its caller gets a value, a refusal in our words, or a failure with a name."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from queue import SimpleQueue
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from partners_crm.errors import FileRefused, PartnersError, QueryError
from partners_crm.plugins.answers import Misfit, sealed, taken, where_in
from partners_crm.plugins.boundary import Boundary, Outcome, Owner, Traced, failure_of, left_behind
from partners_crm.plugins.failures import PluginFailed, PluginFailure

ACME = Owner(plugin="acme", distribution="partners-crm-acme", version="1.2")
OTHER = Owner(plugin="other")


def wild(raised: BaseException) -> Callable[[], Any]:
    def work() -> None:
        raise raised

    return work


def join_others(before: set[threading.Thread]) -> None:
    """Wait for the threads that were begun since; those that other tests left hanging are not ours."""
    for thread in set(threading.enumerate()) - before:
        thread.join(5)


class Odd(BaseException):
    def __str__(self) -> str:
        raise RuntimeError("not even its text can be had")


@pytest.mark.parametrize(
    ("raised", "reason"),
    [
        (ValueError("Dana Reyes"), "it raised ValueError"),
        (SystemExit(0), "it tried to end the program (SystemExit)"),
        (KeyboardInterrupt(), "it tried to interrupt the program (KeyboardInterrupt)"),
        (GeneratorExit(), "it raised GeneratorExit"),
        (MemoryError(), "it raised MemoryError"),
        (RecursionError("deep"), "it raised RecursionError"),
        (Odd(), "it raised Odd"),
        (Misfit("it answered int instead of a text"), "it answered int instead of a text"),
    ],
)
def test_whatever_is_raised_becomes_a_failure_with_a_name(raised: BaseException, reason: str) -> None:
    told: list[PluginFailure] = []
    boundary = Boundary(on_failure=told.append)
    with pytest.raises(PluginFailed) as caught:
        boundary.call(ACME, "view dues", wild(raised))
    failure = caught.value.failure
    assert (failure.plugin, failure.distribution, failure.version) == ("acme", "partners-crm-acme", "1.2")
    assert (failure.hook, failure.stage, failure.reason) == ("view dues", "call", reason)
    assert caught.value.message == f"the plugin acme failed in view dues: {reason}"
    assert told == boundary.failures == [failure]
    assert "Dana" not in f"{failure}"


@pytest.mark.parametrize("refusal", [FileRefused("no vCard"), QueryError("no such word")])
def test_a_refusal_in_our_words_passes_where_there_is_something_to_refuse(refusal: PartnersError) -> None:
    boundary = Boundary()
    with pytest.raises(type(refusal)) as caught:
        boundary.call(ACME, "importer vcf", wild(refusal))
    assert caught.value is refusal
    assert boundary.failures == []
    with pytest.raises(PluginFailed):
        boundary.call(ACME, "register_importers", wild(refusal), refusals=False)
    # There is no record yet, so that the words, which its author needs, are those of the plugin.
    assert [each.reason for each in boundary.failures] == [f"it raised {type(refusal).__name__}: {refusal.message}"]


def test_while_a_plugin_is_loaded_the_words_of_its_error_are_kept() -> None:
    boundary = Boundary()
    with pytest.raises(PluginFailed):
        boundary.call(ACME, "", wild(ImportError("no\nmodule x")), stage="imported")
    with pytest.raises(PluginFailed):
        boundary.call(ACME, "", wild(Odd()), stage="imported")
    assert [each.reason for each in boundary.failures] == ["it raised ImportError: no module x", "it raised Odd"]


def test_a_call_that_hangs_fails_in_time_and_its_late_answer_is_dropped() -> None:
    before = set(threading.enumerate())
    wake, boundary, ended = threading.Event(), Boundary(), list[Outcome[Any]]()
    with pytest.raises(PluginFailed, match=r"it did not answer within 0\.05 s"):
        boundary.call(ACME, "view dues", wake.wait, limit=0.05)
    done = threading.Event()

    def take(outcome: Outcome[Any]) -> None:
        ended.append(outcome)
        done.set()

    boundary.begin(ACME, "view dues", wake.wait, take, limit=0.05)
    assert done.wait(5)
    wake.set()
    join_others(before)
    assert len(ended) == 1
    assert isinstance(ended[0].error, PluginFailed)
    assert len(boundary.failures) == 2


def test_beginning_a_call_does_not_wait_for_it() -> None:
    wake, boundary, ended = threading.Event(), Boundary(), list[Outcome[Any]]()
    done = threading.Event()

    def take(outcome: Outcome[Any]) -> None:
        ended.append(outcome)
        done.set()

    boundary.begin(ACME, "view dues", lambda: wake.wait(10) and 7, take)
    assert not done.is_set()
    wake.set()
    assert done.wait(5)
    assert (ended[0].value, ended[0].error) == (7, None)


def test_the_third_failure_turns_a_plugin_off_and_no_other() -> None:
    called: list[str] = []
    boundary = Boundary()

    def work() -> None:
        called.append("acme")
        raise ValueError

    for _ in range(5):
        with pytest.raises(PluginFailed):
            boundary.call(ACME, "view dues", work)
    assert called == ["acme"] * 3
    assert len(boundary.failures) == 3
    assert boundary.off == {"acme"}
    assert boundary.call(OTHER, "view dues", lambda: 7) == 7
    with pytest.raises(PluginFailed, match="it was turned off after earlier failures"):
        boundary.call(ACME, "view dues", lambda: 7)
    ended: list[Outcome[int]] = []
    boundary.begin(ACME, "view dues", lambda: 7, ended.append)
    assert isinstance(ended[0].error, PluginFailed)


def test_that_two_want_one_name_is_told_and_not_held_against_them() -> None:
    boundary = Boundary()
    for number in range(5):
        boundary.count(failure_of(ACME, f"exporter x{number}", "conflict", "other offers the same name"))
    assert len(boundary.failures) == 5
    assert boundary.off == set()


def test_the_failure_of_a_plugin_that_was_asked_by_another_is_counted_once() -> None:
    boundary = Boundary()

    def asks() -> None:
        boundary.call(OTHER, "importer vcf", wild(ValueError()))

    with pytest.raises(PluginFailed) as caught:
        boundary.call(ACME, "view dues", asks)
    assert caught.value.failure.plugin == "other"
    assert [each.plugin for each in boundary.failures] == ["other"]


def test_a_call_is_surrounded_in_its_own_thread() -> None:
    seen: list[str] = []

    @contextmanager
    def around() -> Iterator[None]:
        seen.append(threading.current_thread().name)
        yield
        seen.append("left")

    with pytest.raises(PluginFailed):
        Boundary().call(ACME, "view dues", wild(ValueError()), around=around)
    assert seen == ["plugin acme"]  # the error passes through it
    assert Boundary().call(ACME, "view dues", lambda: 7, around=around) == 7
    assert seen[1:] == ["plugin acme", "left"]


def test_every_call_is_told_with_its_time() -> None:
    told: list[Traced] = []
    boundary = Boundary(on_call=told.append)
    boundary.call(ACME, "view dues", lambda: time.sleep(0.02))
    with pytest.raises(PluginFailed):
        boundary.call(ACME, "", wild(ValueError()), stage="imported")
    assert [(each.plugin, each.hook, each.failed) for each in told] == [
        ("acme", "view dues", False),
        ("acme", "imported", True),
    ]
    assert told[0].seconds >= 0.02


def test_with_the_boundary_open_errors_come_out_as_they_are() -> None:
    told: list[Traced] = []
    boundary = Boundary(open=True, on_call=told.append)
    raised = ValueError("Dana Reyes")
    with pytest.raises(ValueError, match="Dana Reyes") as caught:
        boundary.call(ACME, "view dues", wild(raised))
    assert caught.value is raised
    assert boundary.call(ACME, "view dues", threading.current_thread) is threading.main_thread()
    assert [each.failed for each in told] == [True, False]


def test_with_the_boundary_open_a_begun_call_has_no_limit_and_shows_its_error(monkeypatch: pytest.MonkeyPatch) -> None:
    before, shown = set(threading.enumerate()), list[BaseException | None]()
    monkeypatch.setattr(threading, "excepthook", lambda found: shown.append(found.exc_value))
    boundary, done, raised = Boundary(open=True), threading.Event(), ValueError("Dana Reyes")
    boundary.begin(ACME, "view dues", wild(raised), lambda _: done.set(), limit=0)
    assert done.wait(5)
    join_others(before)
    assert shown == [raised]
    assert [each.reason for each in boundary.failures] == ["it raised ValueError"]


# -------------------------------------------------------------------- answers and inputs


@pytest.mark.parametrize("wrong", [42, "dues", b"dues", {"a": 1}, object(), 1.5])
def test_what_is_no_list_is_a_failure(wrong: object) -> None:
    with pytest.raises(Misfit, match=f"it answered {type(wrong).__name__} instead of a list of views"):
        taken(wrong, int, "views")


def test_a_list_with_something_else_in_it_is_a_failure() -> None:
    assert taken(None, int, "views") == ()
    assert taken((each for each in (1, 2)), int, "views") == (1, 2)
    with pytest.raises(Misfit, match="it answered a list with str in it, instead of views"):
        taken([1, "two"], int, "views")


def test_a_coroutine_is_closed_and_refused() -> None:
    async def answer() -> list[int]:
        return [1]

    with pytest.raises(Misfit, match="views are asked for in a plain function, without async"):
        taken(answer(), int, "views")


def test_where_it_failed_names_files_and_functions_without_values() -> None:
    def inner(name: str) -> None:
        raise ValueError(name)

    try:
        inner("Dana Reyes")
    except ValueError as error:
        where = where_in(error).splitlines()
    assert where[0].startswith("test_boundary.py:")
    assert where[0].endswith(" in inner")
    assert "Dana" not in "".join(where)


VALUES = st.recursive(
    st.integers() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner) | st.sets(st.integers()),
    max_leaves=20,
)


@given(VALUES)
def test_nothing_that_is_sealed_can_be_changed(value: Any) -> None:
    def look(found: Any) -> None:
        assert not isinstance(found, (list, set, dict))
        inner = found.values() if hasattr(found, "values") else found if isinstance(found, tuple) else ()
        for each in inner:
            look(each)

    look(sealed(value))
    assert sealed(sealed(value)) == sealed(value)


def test_whoever_waits_for_a_call_is_let_go_when_the_run_ends() -> None:
    boundary, held, found = Boundary(), threading.Event(), []

    def wait() -> None:
        try:
            boundary.call(Owner(plugin="acme"), "view dues", lambda: held.wait(30))
        except PluginFailed as error:
            found.append(error.failure.reason)

    waiting = threading.Thread(target=wait)
    waiting.start()
    while not boundary._underway:
        time.sleep(0.01)
    boundary.end()
    waiting.join(5)
    held.set()
    assert found == ["nobody waits for it any more"]
    assert boundary.failures == []
    with pytest.raises(PluginFailed, match="nobody waits"):
        boundary.call(Owner(plugin="acme"), "view dues", lambda: 1)


def test_at_the_end_of_a_run_nobody_waits_and_nobody_is_blamed() -> None:
    wake, boundary, ended = threading.Event(), Boundary(), SimpleQueue[Outcome[Any]]()
    waiting = threading.Thread(target=lambda: boundary.begin(ACME, "view dues", wake.wait, ended.put, limit=60))
    waiting.start()
    waiting.join(5)
    boundary.end()
    assert str(ended.get(timeout=5).error).startswith("the plugin acme failed in view dues: nobody waits for it")
    boundary.begin(ACME, "view dues", lambda: 7, ended.put)
    assert ended.get(timeout=5).value is None
    with pytest.raises(PluginFailed, match="nobody waits for it any more"):
        boundary.call(ACME, "view dues", lambda: 7)
    assert boundary.failures == []
    assert "acme" in left_behind()
    wake.set()


# -------------------------------------------------------------------- errors that are not as we make them


class NoInit(PartnersError):
    def __init__(self, held: str) -> None:
        self.held = held


class EndsTheProgram(PartnersError):
    @property
    def message(self) -> str:
        raise SystemExit

    @message.setter
    def message(self, text: str) -> None:
        pass


class Disguised(Misfit):
    def __str__(self) -> str:
        raise SystemExit


class Nameless(type):
    @property
    def __name__(cls) -> str:  # type: ignore[override]  # as a plugin may
        raise SystemExit


class Hidden(ValueError, metaclass=Nameless):
    pass


def hollow() -> QueryError:
    error = QueryError("no such word")
    error.message = 7  # type: ignore[assignment]  # as a plugin may
    return error


def forged() -> PluginFailed:
    error = PluginFailed(failure_of(OTHER, "view dues", "call", "it raised ValueError"))
    error.failure = None  # type: ignore[assignment]  # as a plugin may
    return error


@pytest.mark.parametrize("way", ["waited for", "begun"])
@pytest.mark.parametrize(
    ("raised", "reason"),
    [
        (NoInit("Dana Reyes"), "it raised NoInit"),
        (EndsTheProgram("Dana Reyes"), "it raised EndsTheProgram"),
        (hollow(), "it raised QueryError"),
        (forged(), "it raised PluginFailed"),
        (Disguised("Dana Reyes"), "it raised Disguised"),
        (Hidden("Dana Reyes"), "it raised an error of which nothing can be told"),
    ],
    ids=["no init", "message", "hollow", "forged", "disguised", "hidden"],
)
def test_an_error_that_is_not_as_we_make_it_is_a_failure(raised: BaseException, reason: str, way: str) -> None:
    boundary, ended = Boundary(), SimpleQueue[Outcome[Any]]()
    if way == "begun":
        boundary.begin(ACME, "view dues", wild(raised), ended.put, limit=10)
        error = ended.get(timeout=10).error
    else:
        with pytest.raises(PluginFailed) as caught:
            boundary.call(ACME, "view dues", wild(raised), limit=10)
        error = caught.value
    assert error is not None
    assert (error.message, [each.reason for each in boundary.failures]) == (
        f"the plugin acme failed in view dues: {reason}",
        [reason],
    )


def test_what_another_plugin_failed_in_is_handed_on_and_counted_once() -> None:
    boundary = Boundary()

    def ask() -> None:
        boundary.call(OTHER, "view dues", wild(ValueError()))

    with pytest.raises(PluginFailed, match="the plugin other failed"):
        boundary.call(ACME, "view dues", ask)
    assert [each.plugin for each in boundary.failures] == ["other"]
