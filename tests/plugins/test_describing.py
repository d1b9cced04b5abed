"""Whether a description is sound: everything it holds, all the way down, for others use it without looking."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from partners_crm.plugins import (
    Action,
    Choice,
    Column,
    Command,
    Exporter,
    Option,
    PluginCheck,
    PluginInfo,
    Report,
    RuleTerm,
    Setting,
    Tab,
    Verb,
    View,
)
from partners_crm.plugins.answers import Misfit
from partners_crm.plugins.describing import check
from tests.plugins.bad_plugins import write_plugin
from tests.plugins.conftest import Registry


def run(*_: Any) -> Any:
    """What none of these is asked to do."""


def odd(*values: Any) -> Any:
    """A tuple of something else."""
    return values


def report(**more: Any) -> Report:
    return Report(name="dues", title="Dues", run=run, **more)


def checking(*terms: Any) -> PluginCheck:
    return PluginCheck(name="dues", about="Dues.", run=run, terms=terms)


SOUND: tuple[object, ...] = (
    View(name="a", title="A", blocks=run, choices=(Choice(name="c", label="C", values=(("x", "X"),)),)),
    report(options=(Option(name="o", help="O", choices=("x", "y")),)),
    Command(name="b", about="B", verbs=(Verb(name="go", about="Go.", run=run),)),
    Action(name="c", title="C", run=run, scopes=("organizations",)),
    checking(RuleTerm("days", "Days.", allowed=("1", "2"))),
    PluginInfo(title="A", about="A.", settings=(Setting(name="s", label="S"),)),
    Tab(name="d", entity="organization", title="D", blocks=run),
    Column(name="e", entity="organization", label="E", values=run),
)


@pytest.mark.parametrize("item", SOUND, ids=lambda item: type(item).__name__)
def test_a_sound_description_is_taken(item: object) -> None:
    check((item,))


@pytest.mark.parametrize(
    ("make", "reason"),
    [
        (lambda: View(name="a", title="A", blocks=run, choices=odd("spring")), "the choices of View a holds str"),
        (lambda: report(options=("x",)), "the options of Report dues holds str instead of Option"),
        (lambda: report(options=(Option(name="o", help="O", choices=odd(1)),)), "the choices of Option o holds"),
        (lambda: Command(name="b", about="B", verbs=odd("x")), "the verbs of Command b holds str instead of Verb"),
        (lambda: Action(name="c", title="C", run=run, scopes=odd(1)), "the scopes of Action c holds something"),
        (lambda: Action(name="c", title="C", run=run, inputs=odd("x")), "the inputs of Action c holds str"),
        (lambda: Exporter(name="e", title="E", suffixes=odd(3), write=run), "the suffixes of Exporter e holds"),
        (lambda: checking("days"), "the terms of PluginCheck dues holds str instead of RuleTerm"),
        (lambda: checking(RuleTerm(*odd("days", 3))), "the about of a RuleTerm in the terms of PluginCheck dues"),
        (lambda: checking(RuleTerm("days", "", allowed=odd(3))), "the allowed of a RuleTerm in the terms of"),
        (lambda: PluginInfo(title="A", about="A.", settings=odd("s")), "the settings of PluginInfo holds str"),
    ],
)  # fmt: skip
def test_a_tuple_that_holds_something_else_is_refused(make: Callable[[], object], reason: str) -> None:
    with pytest.raises(Misfit) as caught:
        check((make(),))
    assert str(caught.value).startswith(reason)


def test_a_description_that_cannot_be_used_fails_its_hook_and_no_other(registry: Registry, site: Any) -> None:
    text = """from partners_crm.plugins import *
@hookimpl
def register_reports():
    return [Report(name="dues", title="Dues", run=print, options=("x",))]
@hookimpl
def register_commands():
    return [Command(name="dues", about="Dues.", verbs=(Verb(name="go", about="Go.", run=print),))]
"""
    write_plugin(site, "acme", text)
    found = registry()
    assert (found.reports(), [each.full_name for each in found.commands()]) == ((), ["acme.dues"])
    assert [(each.hook, each.reason) for each in found.failures] == [
        ("register_reports", "the options of Report dues holds str instead of Option")
    ]
