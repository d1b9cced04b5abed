"""`partners duplicates merge`: the plan, the merge and its refusals."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from tests.services.merged import add, two

from partners_crm.crm import Crm
from partners_crm.model import (
    Contact,
    ContactPoint,
    DistinctPair,
    Organization,
)
from partners_crm.services.source_rows import rows_about
from partners_crm.store.read import by_id, where

# -------------------------------------------------------------------- the command


def test_the_command_shows_the_plan_and_merges(partners: Callable[..., Any], crm: Crm) -> None:
    keep, lose = two(crm, {"kind": "provider"}, {"kind": "advocacy"})
    add(crm, ContactPoint, organization=lose, raw="312-555-0142")
    shown = partners("duplicates", "merge", keep, lose, "--dry-run")
    assert shown.code == 0
    assert "would merge: organization 2" in shown.out
    assert "contact point (organization): 1 moved" in shown.out
    assert "other name: Alder Homes" in shown.out
    assert "look at this: kind: Provider and Advocacy group" in shown.err
    assert by_id(crm.db, Organization, lose)
    cells = partners("duplicates", "merge", keep, lose, "--dry-run", "--format", "csv").out.splitlines()
    assert cells[1] == f'"{lose}","Name","Alder House","Alder Homes","kept","the survivor\'s stays"'
    done = partners("duplicates", "merge", "Alder House", "Alder Homes", "--take", "kind=other", "--format", "json")
    told = json.loads(done.out)
    assert (done.code, told["merged"], told["merges"][0]["lose"]) == (0, True, lose)
    assert by_id(crm.db, Organization, keep).kind == "advocacy"
    gone = partners("show", "organization", lose)
    assert "merged into organization 1" in gone.err


def test_the_command_tells_what_is_not_taken_whoever_said_it(partners: Callable[..., Any], crm: Crm) -> None:
    keep, lose = two(crm, {"kind": "provider"}, {"kind": "advocacy"})
    for body, status in ((keep, "former"), (lose, "bounced")):
        add(crm, ContactPoint, organization=body, raw="312-555-0142", status=status)
    arguments = ("duplicates", "merge", keep, lose, "--take", "name=other", "--take", "note=other")
    shown = partners(*arguments, "--dry-run")
    assert "not taken, and kept in the history and on the card: name, kind" in shown.out
    assert "into 1: Status becomes Bounced instead of No longer in use" in shown.out
    told = json.loads(partners(*arguments, "--format", "json").out)["merges"][0]
    assert told["not_taken"] == {"Name, the survivor's": "Alder House", "Kind": "Advocacy group"}
    assert "not taken: Name, the survivor's: Alder House" in partners("show", "organization", keep).out


def test_the_command_says_that_there_is_nothing_to_take(partners: Callable[..., Any], crm: Crm) -> None:
    keep, lose = two(crm, {"note": "mine"})
    cells = partners("duplicates", "merge", keep, lose, "--take", "note=other", "--dry-run", "--format", "csv").out
    why = "the other says nothing; the survivor's stays"
    assert f'"{lose}","Note","mine","","kept","{why}"' in cells.splitlines()


def test_the_command_refuses_what_was_declared_not_the_same(partners: Callable[..., Any], crm: Crm) -> None:
    keep, lose = two(crm)
    add(crm, DistinctPair, organization=keep, other_organization=lose, reason="two towns")
    refused = [partners("duplicates", "merge", keep, lose, *more) for more in ((), ("--dry-run",))]
    assert [each.code for each in refused] == [refused[0].code] * 2
    assert refused[0].code != 0
    assert all("two towns" in each.err for each in refused)
    assert "would merge" in refused[1].out
    assert partners("duplicates", "merge", keep, lose, "--force").code == 0
    bad = partners("duplicates", "merge", keep, lose, "--take", "name")
    assert bad.code == 2


def test_a_merge_of_other_entities_by_the_command(partners: Callable[..., Any], crm: Crm) -> None:
    keep, lose = add(crm, Contact, name="Dana Reyes"), add(crm, Contact, name="Dana Reyes")
    done = partners("duplicates", "merge", keep.id, lose.id, "--entity", "contacts")
    assert done.code == 0
    assert [each.id for each in where(crm.db, Contact)] == [keep.id]
    assert rows_about(crm.db, by_id(crm.db, Contact, keep.id)) == ()
