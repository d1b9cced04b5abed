"""Hostile queries: whatever is typed, a query runs or is refused in one line, within stated bounds of work."""

from __future__ import annotations

import random
from collections.abc import Callable
from contextlib import suppress

import pytest

from partners_crm.crm import Crm
from partners_crm.errors import QueryError
from partners_crm.model import ENTITIES, Contact, Organization, Site, Table
from partners_crm.store.queries.asked import Asked
from partners_crm.store.queries.fields import names_of
from partners_crm.store.queries.grammar import MAX_TERMS
from partners_crm.store.queries.steps import steps

COUNT = 10_000
STEPS_OF_A_TERM = 120_000
"""Steps of SQLite's machine, of a thousand each counted as one, that one term may take on a coalition of this size.

A term looks at each relation of an entity at most once (some 15 of them, each of less than 200 records here, with some
hundreds of districts), and a query has at most `MAX_TERMS` of them; nothing is ever a product of two relations.
"""
BAD = [
    "\x00", "\ud800", "\udfff", "\u202e", "\ufdd0", "﷽", "ÅÅ", "😀", "'", "''", '"', "`", ";", "--", "/*", "*/",
    "%", "_", "\\", "?", "?1", ":x", "@x", "$x", "#", "*", "^", "~", "+", "{", "}", "[", "]", "|", "||", "&", "!",
    "=", "\n", "\t", "\r\n", "SELECT", "DROP TABLE organization", "' OR 1=1 --", "NEAR(a b)", "NEAR",
    "a AND NOT b", "col:", "name : a", "^a", "a*", '"a" * ', "rowid:1", "rank:1", "uid:x", "version:1", "NULL",
    "NaN", "1e999", "-0", "0x10", "9" * 400, "a" * 400, "..", "<", ">=", "2010..", "..2012", "99999y", "0000",
    "2011-02-30", "today", "this-week", "ever", "(" * 30, ")" * 30, "-" * 30, "," * 30, "OR", "AND", "NOT",
    "saved:", "saved:x", "has:", "is:", "by:%", "id:-1", "id:<", "sites:>-1", "1" * 25,
]  # fmt: skip


def names(crm: Crm, table: type[Table]) -> list[str]:
    own = [name for name, _ in names_of(Asked(crm.db, "il-2021", crm.today), table)]
    return [
        *own,
        *(f"{step}.{name}" for step in steps(table) for name in ("name", "title", "silo", "since", "id", "has")),
    ]


def a_query(chance: random.Random, fields: list[str]) -> str:
    """A text between a plain query and noise."""
    if chance.random() < 0.15:
        return "".join(chance.choice(BAD) for _ in range(chance.randint(1, 12)))[: chance.choice([60, 500, 520])]
    if chance.random() < 0.05:
        return "".join(chr(chance.choice([chance.randint(0, 0x7F), chance.randint(0, 0x10FFFF)])) for _ in range(500))

    def value() -> str:
        plain = [
            "a",
            "house",
            "housing",
            "active",
            "sldl:9",
            "hd:1",
            ">2010",
            "1",
            "yes",
            "2010..2012",
            '"a b"',
            "Food,lobby",
            "alpha",
        ]
        return chance.choice(plain if chance.random() < 0.6 else BAD)

    def term(depth: int) -> str:
        kind = chance.random()
        if kind < 0.2 and depth < 5:
            inner = chance.choice([" ", " OR ", " AND "]).join(term(depth + 1) for _ in range(chance.randint(1, 3)))
            return f"{chance.choice(['', '-', 'NOT '])}({inner})"
        if kind < 0.45:
            return f"{chance.choice(['', '-'])}{value()}"
        field = chance.choice(fields)
        if chance.random() < 0.15:
            field += chance.choice(["@2010", "@ever", "@x", "@"])
        return f"{chance.choice(['', '', '-'])}{field}:{value()}"

    return chance.choice([" ", " ", " OR "]).join(term(0) for _ in range(chance.choice([1, 1, 2, 3, 8, 33])))


@pytest.mark.parametrize(
    "table", [Organization, Contact, Site, None], ids=["organizations", "contacts", "sites", "others"]
)
def test_hostile_queries(house: Crm, scale: Callable[[int], int], table: type[Table] | None) -> None:
    """A quarter of the count each; whole and while typed, listed and explained in words."""
    chance = random.Random(f"queries on {table}")  # the same ones every time
    others = [each for each in ENTITIES if each not in {Organization, Contact, Site}]
    fields = {each: names(house, each) for each in ENTITIES}
    taken = [0]

    def step() -> int:
        taken[0] += 1
        return 0

    house.db.driver.set_progress_handler(step, 1000)
    ran = refused = 0
    try:
        for _ in range(scale(COUNT) // 4):
            on = table or chance.choice(others)
            query = a_query(chance, fields[on])
            taken[0] = 0
            try:
                listing = house.listing(on, query, typing=chance.random() < 0.3)
                listing.ids(house.db)
                ran += 1
            except QueryError:
                refused += 1
            assert taken[0] * 1000 <= STEPS_OF_A_TERM * MAX_TERMS, query
            house.complete(on, query)
            try:
                assert house.sentence(on, query).startswith(("all ", on.entity.plural.replace("_", " ")))
            except QueryError:
                assert ran + refused
    finally:
        house.db.driver.set_progress_handler(None, 0)
    assert min(ran, refused) > (ran + refused) // 10


def test_the_largest_query_stays_in_its_bounds(house: Crm) -> None:
    """As many words, and as many relations, as a query may have."""
    taken = [0]

    def step() -> int:
        taken[0] += 1
        return 0

    house.db.driver.set_progress_handler(step, 1000)
    try:
        for query in (
            " ".join(["ho"] * MAX_TERMS),
            " OR ".join(["-ho"] * MAX_TERMS),
            "silo:" + ",".join(["housing"] * MAX_TERMS),
            " OR ".join(["-sites:>0"] * MAX_TERMS),
            " ".join(["changed:<9d"] * MAX_TERMS),
            "-(" * 3 + " OR ".join(["ho"] * 20) + ")" * 3,
            "".join(f"(a{number} OR " for number in range(4)) + "(-ho b)" + ")" * 4,
            (
                "-tag.organization.contact.tag:food OR -(a (b OR (c (d OR -tag.organization.contact.tag:food)))) OR "
                "-organization_by_parent.contact.organization.district:sldl:9"
            ),
        ):
            taken[0] = 0
            house.organizations(query)
            assert taken[0] * 1000 <= STEPS_OF_A_TERM * MAX_TERMS, query
    finally:
        house.db.driver.set_progress_handler(None, 0)


def test_nothing_typed_is_sql_or_a_full_text_query(house: Crm) -> None:
    for query in ("name:%", "name:_", "tag:%", "phone:*", "by:_", "address:' '"):
        with pytest.raises(QueryError, match=r"says nothing|is no tag"):
            house.organizations(query)
    everyone = len(house.organizations())
    for query in ("a*", '"zz" OR *', "NEAR(a, b)", "^house", "' OR 1=1 --", "name:' city:'", "x' UNION SELECT 1"):
        found = 0
        with suppress(QueryError):
            found = len(house.organizations(query))
        assert found < everyone
