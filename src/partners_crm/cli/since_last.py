"""What `partners coverage check --since-last` prints: the districts lost and gained since the last such run."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC

from partners_crm.cli.output import out, out_csv, out_json, say
from partners_crm.cli.paths import data_folder
from partners_crm.crm import Crm
from partners_crm.errors import ConfigError
from partners_crm.services import last_runs
from partners_crm.services.coverage import SCHEMA_VERSION, Coverage, DistrictCoverage, Rule
from partners_crm.services.last_runs import Run, Subject
from partners_crm.services.settings import zone
from partners_crm.services.times import local

FORMATS = ("table", "json", "csv")
KIND = "coverage check"
"""Keeps these runs apart from those of `partners check`."""

Keyed = dict[str, tuple[str, DistrictCoverage]]
"""By key: the silo, "" where it is not asked for, and the district."""


def check_format(form: str) -> None:
    """Refuse a format that changes have not.

    Raises:
        ConfigError: changes are printed in three formats only.
    """
    if form not in FORMATS:
        raise ConfigError(f"--since-last has no format {form}", f"one of: {', '.join(FORMATS)}")


def earlier(crm: Crm, rule: Rule, as_of: str) -> tuple[Subject, Run | None]:
    """What a rule is known by on this machine, and its last run if there was one; `as_of` is a day that was named."""
    coalition = last_runs.coalition_uid(crm.db)
    path = last_runs.file_of(data_folder() / last_runs.FOLDER, crm.path, coalition)
    before, word = last_runs.recall(path, coalition)
    if word:
        say(f"warning: {word}")
    subject = Subject("", KIND, rule.text, as_of)
    return subject, before.get(subject)


def write_changes(crm: Crm, found: Mapping[str, Coverage], before: Run, form: str, *, quiet: bool) -> None:
    """Print the districts lost and gained since a run; with `quiet` nothing where nothing changed."""
    keyed, now = _keyed(found), run_of(crm, found)
    compared = last_runs.compare(before, now)
    lost, gained = ([keyed[key] for key in keyed if key in some] for some in (compared.lost, compared.gained))
    if quiet and not lost and not gained:
        return
    since = local(before.at, zone(crm.db))
    statements = [each.sentence(chamber) for each in found.values() for chamber in each.chambers]
    if form == "json":
        sides = {
            word: [{"silo": silo or None, "ocd_id": each.ocd_id, "state": each.state} for silo, each in some]
            for word, some in (("lost", lost), ("gained", gained))
        }
        first = next(iter(found.values()))
        out_json(
            {
                "schema_version": SCHEMA_VERSION,
                "as_of": first.as_of.isoformat(),
                "map": {"id": first.map_code, "sha256": first.map_sha256},
                "since": before.at,
                "statements": statements,
                **sides,
            }
        )
    elif form == "csv":
        rows = [
            (word, silo, each.ocd_id, each.state)
            for word, some in (("lost", lost), ("gained", gained))
            for silo, each in some
        ]
        out_csv(["change", "silo", "ocd_id", "state"], rows)
    else:
        for word, some in (("lost", lost), ("gained", gained)):
            for silo, each in some:
                out(f"{word:7} {silo and f'{silo}: '}{each.name}: {_told(each)}")
        out(f"{len(lost)} lost, {len(gained)} gained since {since}")
        if len(found) == 1:
            for statement in statements:
                out(statement)


def run_of(crm: Crm, found: Mapping[str, Coverage]) -> Run:
    """What a check leaves open."""
    keyed = _keyed(found)
    return Run(
        crm.clock().astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        frozenset(key for key, (_, each) in keyed.items() if each.state == "gap"),
        frozenset(key for key, (_, each) in keyed.items() if each.state == "possible"),
    )


def remember(crm: Crm, subject: Subject, run: Run) -> None:
    """Keep a run for the next one to be compared with."""
    coalition = last_runs.coalition_uid(crm.db)
    path = last_runs.file_of(data_folder() / last_runs.FOLDER, crm.path, coalition)
    if word := last_runs.remember(path, coalition, {subject: run}):
        say(f"warning: {word}")


def _keyed(found: Mapping[str, Coverage]) -> Keyed:
    return {
        f"{silo} {each.ocd_id}".strip(): (silo, each) for silo, answer in found.items() for each in answer.districts
    }


def _told(each: DistrictCoverage) -> str:
    if each.state == "confirmed":
        names = ", ".join(name for _, name in each.organizations[:2])
        return f"covered by {names}" + (
            f" and {len(each.organizations) - 2} more" if len(each.organizations) > 2 else ""
        )
    return "possible, not certain" if each.state == "possible" else "no member"
