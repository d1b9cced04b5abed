"""The screens of the gardens."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Mapping
from importlib import import_module

from partners_crm.plugins import (
    Action,
    Choice,
    Column,
    Open,
    PluginContext,
    Record,
    Said,
    Selection,
    Show,
    Tab,
    View,
    blocks,
    hookimpl,
)

called = import_module(__name__.rpartition(".")[0]).called
PAGES: list[tuple[int, ...]] = []
"""The ids of every call of the column."""
HELD = threading.Event()
"""Set: calls answer at once. A test that looks at the waiting clears it for a while."""
HELD.set()
GOES_WRONG: list[str] = []
"""What raises from now on, by name."""


def _begin(name: str) -> None:
    called()
    HELD.wait(10)
    if name in GOES_WRONG:
        raise ValueError("Dana Reyes of 12 Water St")


def grown(context: PluginContext, answers: Mapping[str, str]) -> Iterable[blocks.Block]:
    """A table of organizations, one bar, and a form."""
    _begin("grown")
    records = context.records("organization")
    rows = tuple(
        blocks.TableRow(cells=(each["name"], answers["season"]), ref=blocks.Ref("organization", each.id))
        for each in records
    )
    headings = (blocks.Heading(label="Organization"), blocks.Heading(label="Season"))
    yield blocks.Table(headings=headings, rows=rows, title="Gardens")
    yield blocks.Card(title="[@click=app.quit]Rake[/]", words="Of all gardens.", key="rake")
    note = blocks.Input(name="label", label="Label", required=True)
    of = blocks.Input(name="organization", label="Organization", kind="record", entity="organization", required=True)
    yield blocks.Form(title="Dig a bed", inputs=(note, of), action="dig", save="Dig")


def chosen(context: PluginContext, selection: Selection, answers: Mapping[str, str]) -> Show | None:
    """The rake is shown; a record is opened by the core."""
    _begin("chosen")
    if selection.key == "rake":
        return Show(title="The rake", blocks=(blocks.Card(title="Rake", words=f"For {answers['season']}."),))
    return None


def plant(context: PluginContext, refs: tuple[blocks.Ref, ...], answers: Mapping[str, str]) -> Said:
    """A bed for each organization."""
    _begin("plant")
    with context.changes(f"plant {answers['what']}") as unit:
        for ref in refs:
            unit.add("garden_bed", label=answers["what"], organization=ref.id)
    return Said(text=f"planted {answers['what']} {len(refs)} times")


def dig(context: PluginContext, refs: tuple[blocks.Ref, ...], answers: Mapping[str, str]) -> Open:
    """One bed, by the form."""
    _begin("dig")
    with context.changes("dig a bed") as unit:
        bed = unit.add("garden_bed", label=answers["label"], organization=int(answers["organization"]))
    return Open(entity="garden_bed", id=bed.id)


def beds(context: PluginContext, record: Record) -> Iterable[blocks.Block]:
    """The beds of an organization; no tab without one."""
    _begin("beds")
    some = [each for each in context.records("garden_bed") if each["organization"] == record.id]
    if some:
        yield blocks.Table(
            headings=(blocks.Heading(label="Bed"),),
            rows=tuple(blocks.TableRow(cells=(each["label"],), ref=blocks.Ref("garden_bed", each.id)) for each in some),
        )


def counted(context: PluginContext, ids: tuple[int, ...]) -> Mapping[int, blocks.Text]:
    """How many letters each name has, for a page at once."""
    PAGES.append(ids)
    _begin("counted")
    names = context.values_of("organization", ids, "name")
    return {key: blocks.Cell(text=str(len(name)), tone="good") for key, (name,) in names.items()}


@hookimpl
def register_views() -> list[View]:
    """One for everyone, one for staff."""
    called()
    season = Choice(name="season", label="Season", values=(("spring", "Spring"), ("fall", "Fall")), key_hint="b")
    secret = blocks.Card(title="Where the roses are")
    return [
        View(name="grown", title="What grows", blocks=grown, select=chosen, choices=(season,)),
        View(name="roses", title="Roses", blocks=lambda _context, _answers: [secret], staff_only=True),
    ]


@hookimpl
def register_tabs() -> list[Tab]:
    """Beds."""
    called()
    return [Tab(name="beds", entity="organization", title="Beds", blocks=beds)]


@hookimpl
def register_columns() -> list[Column]:
    """Letters."""
    called()
    return [Column(name="letters", entity="organization", label="Letters", values=counted, width=9, align="right")]


@hookimpl
def register_actions() -> list[Action]:
    """Planting, digging, mowing."""
    called()
    what = blocks.Input(name="what", label="What", required=True, help="Roses, beans.")
    return [
        Action(
            name="plant",
            title="Plant",
            run=plant,
            scopes=("organizations", "organization", "view:grown"),
            key_hint="p",
            confirm="Plant in {count} gardens?",
            inputs=(what,),
        ),
        Action(name="dig", title="Dig", run=dig),
        Action(
            name="mow",
            title="Mow",
            run=lambda _context, refs, _answers: Said(text=f"mowed {len(refs)}"),
            scopes=("organizations",),
            key_hint="d",
            dangerous=True,
        ),
    ]
