"""What becomes of each plugin before anything is imported: which may be loaded, and why the others may not."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from partners_crm.errors import ConfigError
from partners_crm.plugins import discovery, scan_cache
from partners_crm.plugins.consent import Consent, Said
from partners_crm.plugins.discovery import Candidate, folded
from partners_crm.plugins.groups import INFO_HOOK
from partners_crm.plugins.policy import Plugin, Policy
from partners_crm.plugins.running import left_running


@dataclass(frozen=True, slots=True)
class Decided:
    """Every plugin there is, by name, and what a person should know at once."""

    plugins: tuple[Plugin, ...]
    notices: tuple[str, ...] = ()


def decided(policy: Policy) -> Decided:
    """Every plugin there is, with whether it may be loaded; nothing is imported.

    Raises:
        ConfigError: a plugins folder is none, or what was said about plugins cannot be read or kept.
    """
    if policy.none:
        return Decided(())
    candidates = candidates_of(policy)
    said = dict(policy.consent.said()) if policy.consent else {}
    killed = _killed(policy, said, {each.name for each in candidates if each.is_bundled})
    notices = [
        f"the plugin {name} was running when the program ended without a word; it is off now: "
        f"partners plugins enable {name} turns it on again"
        for name in sorted(killed)
    ]
    notices += _unknown(policy, candidates)
    found: list[Plugin] = []
    for name, some in sorted(discovery.by_name(candidates).items()):
        chosen = said.get(name)
        some = _picked(policy, some, chosen)
        if len(some) > 1 and not (chosen is not None and chosen.state == "disabled"):
            names = " and ".join(each.whose for each in some)
            reason = f"{names} both bring it: partners plugins enable {name} --distribution ONE"
            found += [Plugin(each, "conflict", reason) for each in some]
        else:
            found += [_decided(policy, each, chosen) for each in some]
    return Decided(tuple(found), tuple(notices))


def candidates_of(policy: Policy) -> list[Candidate]:
    """Every plugin there is, installed or in a plugins folder.

    Raises:
        ConfigError: a plugins folder is none.
    """
    candidates = scan_cache.installed(policy.path, policy.cache_file)
    folders: dict[Path, None] = dict.fromkeys(policy.folders)
    for folder in folders:
        candidates += discovery.in_folder(folder)
    return candidates


def _killed(policy: Policy, said: dict[str, Said], bundled: Collection[str]) -> frozenset[str]:
    """Who was running when a program ended without a word; kept as said, so that they are off from now on.

    What comes with the program is not blamed: whoever ends an import with a signal wants to import again.
    """
    if policy.state_folder is None:
        return frozenset()
    consent = policy.consent
    found: set[str] = set()

    def record(names: Collection[str]) -> None:
        names = set(names) - set(bundled)
        found.update(names)
        for name in sorted(names):
            before = said.get(name)
            said[name] = Said("killed", before.distribution if before else "")
            if consent is not None:
                consent.say(name, said[name])

    # Where the folder of what was said refuses, they are off for this run, and the next start finds the same again.
    with suppress(ConfigError):
        left_running(policy.state_folder, record)
    return frozenset(found)


def _unknown(policy: Policy, candidates: Sequence[Candidate]) -> list[str]:
    known = {folded(name) for each in candidates for name in (each.name, each.distribution)}
    missing = [name for name in policy.only or () if folded(name) not in known]
    return [f"PARTNERS_PLUGINS names {name}, which is not installed" for name in missing]


def _picked(policy: Policy, some: list[Candidate], chosen: Said | None) -> list[Candidate]:
    """Of several with one name the one that was picked, or that PARTNERS_PLUGINS names by its distribution."""
    if len(some) > 1 and policy.only is not None:
        names = {folded(each) for each in policy.only}
        if folded(some[0].name) not in names:
            some = [each for each in some if folded(each.distribution) in names] or some
    if len(some) > 1 and chosen is not None and chosen.distribution:
        some = [each for each in some if each.distribution == chosen.distribution] or some
    return some


def _decided(policy: Policy, candidate: Candidate, said: Said | None) -> Plugin:
    if said is not None and not said.is_about(candidate.distribution):
        said = None
    if said is not None and said.state == "disabled":
        return Plugin(candidate, "disabled", f"turn it on: partners plugins enable {candidate.name}")
    if said is not None and said.state == "killed":
        reason = f"it was running when the program ended without a word: partners plugins enable {candidate.name}"
        return Plugin(candidate, "killed", reason)
    if candidate.fault:
        return Plugin(candidate, "failed", candidate.fault)
    if candidate.is_local:
        return _allowed(candidate)
    if policy.bundled_only and not candidate.is_bundled:
        return Plugin(candidate, "left out", "only the plugins that come with the program were asked for")
    if policy.only is not None:
        names = {folded(each) for each in policy.only}
        if not names & {folded(candidate.name), folded(candidate.distribution)}:
            return Plugin(candidate, "left out", "PARTNERS_PLUGINS does not name it")
        return _allowed(candidate)
    if said is not None and said.state == "allowed":
        return _allowed(candidate)
    if candidate.is_bundled:
        return _bundled(candidate)
    answer = policy.ask(candidate) if policy.ask is not None else None
    if answer is None:
        return Plugin(candidate, "not allowed yet", f"allow it: partners plugins enable {candidate.name}")
    if policy.consent is not None:
        policy.consent.say(candidate.name, Said("allowed" if answer else "disabled", candidate.distribution))
    if answer:
        return _allowed(candidate)
    return Plugin(candidate, "disabled", f"turn it on: partners plugins enable {candidate.name}")


def _bundled(candidate: Candidate) -> Plugin:
    if folded(candidate.distribution) == discovery.TEMPLATE:
        return Plugin(candidate, "disabled", f"it is there to be copied: partners plugins enable {candidate.name}")
    return _allowed(candidate)


def _allowed(candidate: Candidate) -> Plugin:
    if candidate.path is None and not candidate.headless and not candidate.screen:
        return Plugin(candidate, "empty", EMPTY)
    return Plugin(candidate, "loaded")


EMPTY = "it is installed but declares no hook: a function with @hookimpl in the module that its entry point names"


def seen_empty(plugin: Plugin) -> bool:
    """Whether the text of a plugin that may be loaded shows that it declares nothing."""
    source = plugin.candidate.source
    return plugin.status == "loaded" and source.whole and not set(source.hooks) - {INFO_HOOK}


def say_of(consent: Consent, name: str, said: Said) -> None:
    """Write down what a person said; what was picked of two stays picked.

    Raises:
        ConfigError: the file cannot be read, or the folder refuses.
    """
    before: Mapping[str, Said] = consent.said()
    if not said.distribution and name in before:
        said = Said(said.state, before[name].distribution)
    consent.say(name, said)
