"""The contract of geocoders."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

from partners_crm.plugins import Address, Found, Geocoder, PluginContext
from partners_crm.plugins.policy import Owned
from partners_crm.testing.contract import Contract
from partners_crm.testing.hostile import TEXTS
from partners_crm.testing.stage import Stage

_MANY = 500
"""Addresses that are asked for at once."""


class GeocoderContract(Contract):
    """What holds for every geocoder.

    The tests use no network, and a geocoder that does fails them: where it asks a service, give the tests a recorded
    answer by a setting (`plugin_settings`), such as the address of a file.
    """

    hook = "geocoders"
    known: ClassVar[Sequence[Address]] = ()
    """Addresses that it finds."""

    def test_it_finds_what_is_there(self, empty_stage: Stage, owned: Owned[Geocoder]) -> None:
        assert self.known, f"{type(self).__name__} names no address that is found: known = (Address(...),)"
        for address, found in zip(self.known, places(empty_stage, owned.item, self.known), strict=True):
            assert found is not None, f"it does not find {address}"
            assert found.matched.strip(), f"{address}: say which address was matched"

    def test_the_answers_are_in_the_order_of_the_addresses(self, empty_stage: Stage, owned: Owned[Geocoder]) -> None:
        nowhere = nonsense("no such street")
        mixed = [each for address in self.known for each in (nowhere, address)]
        alone = [places(empty_stage, owned.item, [address])[0] for address in self.known]
        found = places(empty_stage, owned.item, mixed)
        assert found[::2] == [None] * len(self.known), "an address that is not found is None, in its place"
        assert found[1::2] == alone, "an answer depends on what else is asked for"

    def test_nothing_is_asked_and_nothing_answered(self, empty_stage: Stage, owned: Owned[Geocoder]) -> None:
        assert places(empty_stage, owned.item, []) == []

    def test_nonsense_is_found_nowhere(self, empty_stage: Stage, owned: Owned[Geocoder]) -> None:
        asked = [nonsense(text) for text in ("", *TEXTS)]
        found = places(empty_stage, owned.item, asked)
        wrong = [address for address, place in zip(asked, found, strict=True) if place is not None]
        assert not wrong, f"it finds places for what is none: {wrong}"

    def test_many_are_answered_one_by_one(self, empty_stage: Stage, owned: Owned[Geocoder]) -> None:
        asked = [(*self.known, nonsense("nowhere"))[number % (len(self.known) + 1)] for number in range(_MANY)]
        assert len(places(empty_stage, owned.item, asked)) == _MANY


def nonsense(text: str) -> Address:
    """An address that is none."""
    return Address("0", text, text, "ZZ", text)


def places(stage: Stage, geocoder: Geocoder, addresses: Sequence[Address]) -> list[Found | None]:
    """What a geocoder answers, one for each address."""
    asked = tuple(addresses)

    def work(context: PluginContext) -> list[Any]:
        return list(geocoder.find(context, asked))

    found = stage.call(work)
    assert len(found) == len(asked), f"{len(found)} answers to {len(asked)} addresses: one each, None where not found"
    for each in found:
        assert each is None or isinstance(each, Found), f"it answered {type(each).__name__}, not Found or None"
        if each is not None:
            assert -90 <= each.latitude <= 90, f"{each.latitude} is no latitude: is it the longitude?"
            assert -180 <= each.longitude <= 180, f"{each.longitude} is no longitude"
            assert 0 <= each.match_level <= 100, f"{each.match_level} is no match level: 100 rooftop, 80 street"
    return found
