"""The rows of a person's own spreadsheet: what goes into each cell."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from partners_crm.model import ServiceLine, Site, Table
from partners_crm.normalize.neutral import restored
from partners_crm.normalize.text import fold, tidy
from partners_crm.services.exporting import own_cells as cells
from partners_crm.services.exporting.own_facts import Body, Facts
from partners_crm.services.exporting.own_headers import NAMES, Cells, Columns, name_kind
from partners_crm.services.exporting.own_sharing import Person, Sharing, Slot, shown
from partners_crm.services.exporting.own_slots import Seating
from partners_crm.services.importing.cells import SPLIT, ein, names_in, read_district
from partners_crm.services.importing.mapping import ColumnMapping
from partners_crm.services.importing.targets import Target
from partners_crm.services.placing import ROOFTOP


class Arranger:
    """Makes the rows of organizations under one mapping."""

    def __init__(self, mapping: ColumnMapping, facts: Facts, private: frozenset[int] = frozenset()) -> None:
        """`private` are the columns that stay blank because not everyone may see them."""
        self.facts = facts
        self._columns = Columns(mapping)
        self._sharing = Sharing(self._columns)
        self._seating = Seating(self._columns, self._sharing)
        self._private = private
        self._numbers: tuple[tuple[Target, str, Callable[[str], str]], ...] = (
            (Target("identifier", "value"), "ein", lambda text: ein(text).value),
            (Target("", "member_id"), mapping.source, lambda text: tidy(text).removesuffix(".0")),
        )
        self._several = [target for target, number in self._columns.counts.items() if number > 1]
        self._silos = {
            fold(word.replace("_", " "))
            for silo in facts.silos.values()
            for word in (silo.code, silo.name, silo.label)
            if word
        }

    @property
    def names_people(self) -> bool:
        """Whether any column holds the name of a person."""
        return self._columns.names_people

    def rows(self, body: Body) -> list[list[str]]:
        """The rows of an organization, or of a person of none; no two of them say the same."""
        slots = self._seating.slots(body)
        self._sharing.give_phones(body, slots)
        self._sharing.give_mails(body, slots)
        self._sharing.give_lines(body, slots)
        self._sharing.give_others(body, slots)
        found = (tuple(self._texts(body, slot)) for slot in slots)
        return [list(row) for row in dict.fromkeys(found) if any(row)]

    def _texts(self, body: Body, slot: Slot) -> Iterator[str]:
        """The text of each column of a row."""
        found: Cells = {**self._organization(body, slot), **self._site(body, slot), **slot.phones, **slot.more}
        for number, person in enumerate(slot.people, 1):
            found |= self._person(person, number)
        for name in ServiceLine.declarations():
            target = Target("service_line", name)
            if slot.lines and self._columns.count(target):
                found[target] = [shown(line, name) for line in slot.lines]
        self._own(body, slot, found)
        places = self._columns.places
        found |= {target: self._in_place(body, target, found[target]) for target in self._several if target in found}
        for number, meant in enumerate(self._columns.targets):
            if number in self._private:
                yield ""
            elif meant is None:
                yield self._as_it_came(slot, number)
            else:
                texts = found.get(meant, [])
                text = texts[places[number]] if places[number] < len(texts) else ""
                yield text or self._unread(slot, number, meant)

    def _in_place(self, body: Body, target: Target, texts: list[str]) -> list[str]:
        """Texts for the columns of one target, each in the column where a file had it, the others in what is left."""
        seen: dict[str, int] = {}
        for came in body.came:
            for place, text in enumerate(self._columns.all_said(came, target)):
                seen.setdefault(_same(target, text), place)
        found = [""] * self._columns.count(target)
        left = []
        for text in texts:
            place = seen.get(_same(target, text), -1)
            if place >= 0 and not found[place]:
                found[place] = text
            else:
                left.append(text)
        for place, text in enumerate(found):
            if not text and left:
                found[place] = left.pop(0)
        return found

    def _organization(self, body: Body, slot: Slot) -> Cells:
        own = body.organization
        found: Cells = {Target("", "tag"): [cells.joined(body.tags, SPLIT.split)]}
        if own is None:
            return found
        for record in filter(None, (own, body.membership)):
            found |= self._declared(record)
        names = [self.facts.silos[key].name for key in body.silos]
        codes = [self.facts.silos[key].code for key in body.silos]
        text = cells.SEPARATOR.join(names)
        found[Target("", "silo")] = [text if SPLIT.split(text) == names else cells.SEPARATOR.join(codes)]
        found |= {Target("silo", code): [cells.MARK] for code in codes}
        found[Target("", "association")] = [cells.joined(body.associations, names_in)]
        for target, system, read in self._numbers:
            numbers = body.numbers.get(system, [])
            said = [read(text) for text in self._columns.said(slot.came[0], target)] if slot.came else []
            found[target] = [each for each in said if each in numbers][:1] or numbers[:1]
        found[Target("identifier", "system")] = ["ein"] if "ein" in body.numbers else []
        return found

    def _declared(self, record: Table, person: int = 1) -> Cells:
        kind = type(record).entity.name
        found: Cells = {}
        for name, how in type(record).declarations().items():
            target = Target(kind, name, person)
            if self._columns.count(target) and how.kind != "link":
                found[target] = [cells.value_text(how, record[name])]
        return found

    def _site(self, body: Body, slot: Slot) -> Cells:
        site = slot.site
        if site is None:
            return {}
        found = self._declared(site)
        has = frozenset(target.name for target in self._columns.counts if target.kind == "site")
        if has & set(cells.PLACE):
            found |= {Target("site", name): [""] for name in cells.PLACE}
            found |= {Target("site", name): [text] for name, text in cells.place_cells(site, has).items()}
        is_rough = site.match_level is not None and site.match_level < ROOFTOP
        if is_rough and not self._columns.has("site", "match_level"):
            # Without its level it would count as the place itself.
            found |= {Target("site", name): [] for name in ("latitude", "longitude")}
        chambers = frozenset(target.name for target in self._columns.counts if target.name in {"house", "senate"})
        area = "" if self._columns.has("site", "service_area") else site.service_area
        came = {} if not slot.came else {chamber: self._came(slot, Target("", chamber)) for chamber in chambers}
        told = cells.district_cells(self._districts(body, slot, site), area, chambers, came)
        if self._columns.has("", "district"):
            both = cells.district_cells(self._districts(body, slot, site), area, frozenset(("house", "senate")), {})
            codes = {"house": "HD", "senate": "SD"}
            parts = [f"{codes[name]} {text}" if text.isdecimal() else text for name, text in both.items() if text]
            found[Target("", "district")] = [" / ".join(dict.fromkeys(parts))]
        return found | {Target("", chamber): [text] for chamber, text in told.items()}

    def _districts(self, body: Body, slot: Slot, site: Site) -> dict[str, int]:
        """The districts of a site; where files state several, those that the row itself came with."""
        stated = body.districts.get(site.id, {})
        if all(len(numbers) == 1 for numbers in stated.values()):
            return {chamber: numbers[0] for chamber, numbers in stated.items()}
        found = {}
        for chamber, numbers in stated.items():
            for text in self._columns.said(slot.came[0], Target("", chamber)) if slot.came else ():
                number = read_district(text, chamber)[0]
                if number in numbers:
                    found[chamber] = number
        return found

    def _person(self, person: Person | None, number: int) -> Cells:
        if person is None:
            return {}
        found: Cells = {
            Target("", "email", number): person.emails,
            Target("", "contact_phone", number): person.phones,
        }
        contact = person.contact
        if contact is not None:
            found |= self._declared(contact, number)
            has = frozenset(name for name in NAMES if self._columns.count(Target(name_kind(name), name, number)))
            parts = cells.name_cells(contact.name, contact.given_name, contact.family_name, has)
            for name in NAMES:
                found[Target(name_kind(name), name, number)] = [parts.get(name, "")]
            if person.role is not None:
                found |= self._declared(person.role, number)
        is_silent = "unsubscribed" in person.wish
        refuses = contact.do_not_contact if contact is not None else is_silent and not self._columns.wishes
        found[Target("", "do_not_contact", number)] = [cells.MARK] if refuses else []
        found[Target("", "unsubscribed", number)] = [cells.MARK] if is_silent else []
        words = person.wish.partition(" ")[0]
        if is_silent and "unsubscribed" not in self._columns.wishes:
            words = "unsubscribed"
        found[Target("", "email_status", number)] = [words or "subscribed"] if person.emails else []
        return found

    def _came(self, slot: Slot, target: Target) -> str:
        """What the newest source row of a row says in the columns of a target."""
        return next(iter(self._columns.said(slot.came[0], target)), "") if slot.came else ""

    def _own(self, body: Body, slot: Slot, found: Cells) -> None:
        contact = next((person.contact for person in slot.people if person and person.contact), None)
        for owner in (body.organization, slot.site, contact):
            if owner is not None:
                for key, text in body.own.get((type(owner).entity.name, owner.id), {}).items():
                    found[Target("own", key)] = [text]

    def _as_it_came(self, slot: Slot, number: int) -> str:
        """The cell of a column that means nothing, from the newest row that had such a column."""
        name = self._columns.names[number]
        return restored(next((came.cells[name] for came in slot.came if name in came.cells), ""))

    def _unread(self, slot: Slot, number: int, target: Target) -> str:
        """What the import took nothing from."""
        text = restored(slot.came[0].cells.get(self._columns.names[number], "")) if slot.came else ""
        if text.strip() and cells.is_unread(target, text.strip(), self._silos, self.facts.own):
            return text
        return ""


def _same(target: Target, text: str) -> str:
    """What two spellings of a value in a column share."""
    if text and target.name in {"phone", "fax", "contact_phone"}:
        numbers = [number + extension for number, extension, _ in cells.phones_in(text)]
        return "; ".join(numbers) if all(numbers) else fold(text)
    return text.lower() if target.name == "email" else fold(text)
