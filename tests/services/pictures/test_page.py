"""The coverage page: complete, harmless, the same every time, and a real browser prints it without a complaint."""

from __future__ import annotations

import base64
import hashlib
import re
import shutil
import subprocess
from collections import Counter
from pathlib import Path
from xml.etree import ElementTree

import pytest
from tests.services.pictures.conftest import HOSTILE, Matches, made_up

from partners_crm.districts.maps import DistrictMap
from partners_crm.normalize.text import ranges, show
from partners_crm.services.coverage import Coverage
from partners_crm.services.pictures import coverage_page
from partners_crm.services.pictures.page import EN_DASH

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")


def read(page: str) -> ElementTree.Element:
    """The page as a tree: it is written so that a reader of XML takes it too."""
    start, _, rest = page.partition("\n")
    assert start == "<!DOCTYPE html>"
    return ElementTree.fromstring(rest)


def text_of(element: ElementTree.Element) -> str:
    return "".join(element.itertext())


def test_the_page_of_the_demo_looks_as_it_did(demo: Coverage, illinois: DistrictMap, matches: Matches) -> None:
    page = coverage_page(demo, illinois, "Prairie Partners (demo)")
    # The pictures have golden files of their own.
    words = re.sub(
        r'<svg xmlns[^>]*class="picture (\w+).*?</svg>\n</section>', r"[\1]\n</section>", page, flags=re.DOTALL
    )
    matches("demo-page.html", words)
    assert page == coverage_page(demo, illinois, "Prairie Partners (demo)")


def test_the_page_says_what_it_claims_and_under_which_terms(demo: Coverage, illinois: DistrictMap) -> None:
    root = read(coverage_page(demo, illinois, "Prairie Partners (demo)", note="Printed for the board."))
    words = text_of(root)
    for chamber in demo.chambers:
        assert demo.sentence(chamber) in words
        assert "{} of {}".format(*demo.total(chamber)) in words
    for fact in (demo.map_sha256, demo.map_code, "24 November 2026", "Printed for the board.", illinois.info.source):
        assert fact in words
    assert root.get("lang") == "en"
    assert [each.tag for each in root.iter() if each.tag in {"h1", "main", "header"}] == ["header", "h1", "main"]
    assert [text_of(each) for each in root.iter("h1")] == ["District coverage of Prairie Partners (demo)"]


def test_every_district_and_every_organization_has_its_row(demo: Coverage, illinois: DistrictMap) -> None:
    root = read(coverage_page(demo, illinois))
    rows = {text_of(row[0]): row for body in root.iter("tbody") for row in body if row[0].tag == "th"}
    assert list(rows) == [each.name for each in demo.districts]
    for each in demo.districts:
        cells = [text_of(cell) for cell in rows[each.name]]
        outer = illinois.info.chamber(each.chamber).parent(each.number)
        assert cells[1:-1] == [
            *([str(outer)] if outer else []),
            each.state,
            str(len(each.organizations) or "–"),
            str(len(each.possible) or "–"),
        ]
        for _, name in (*each.organizations, *each.possible):
            assert name in cells[-1]
    loose = [text_of(row) for body in root.iter("tbody") for row in body if row[0].tag == "td"]
    assert loose == [name for _, name in demo.unassigned]
    heads = [cell for head in root.iter("thead") for cell in head.iter("th")]
    assert heads
    assert all(cell.get("scope") == "col" for cell in heads)


def test_the_page_loads_nothing_and_runs_nothing(demo: Coverage, illinois: DistrictMap) -> None:
    page = coverage_page(demo, illinois)
    root = read(page)
    tags = Counter(each.tag.rpartition("}")[2] for each in root.iter())
    assert not {"script", "link", "img", "iframe", "object", "embed", "form", "a", "use", "image"} & set(tags)
    assert tags["style"] == 1
    for element in root.iter():
        for name in element.attrib:
            assert not name.lower().startswith("on")
            assert name.rpartition("}")[2] not in {"href", "src", "style"}
    assert "@import" not in page
    assert all(target.startswith("#") for target in re.findall(r"url\(([^)]*)\)", page))
    assert not re.findall(r"https?://(?!www\.w3\.org/2000/svg\")", page)
    (policy,) = (each.get("content") or "" for each in root.iter("meta") if each.get("http-equiv"))
    digest = base64.b64encode(hashlib.sha256((root.findtext("head/style") or "").encode()).digest()).decode()
    assert policy == f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"


def test_a_hostile_name_stands_there_as_it_is(single: DistrictMap) -> None:
    coverage = made_up(single, names=HOSTILE)
    page = coverage_page(coverage, single, HOSTILE[0], note=HOSTILE[1])
    root = read(page)
    names = {text_of(each) for each in root.iter("bdi")}
    assert names == {show(name) for name in HOSTILE}
    tags = {each.tag.rpartition("}")[2] for each in root.iter()}
    assert not {"script", "img", "b><svg"} & tags
    assert not set(page) & set("\x00\x07\x08\x1b\u202e\ud800\uffff")
    page.encode()
    assert show(HOSTILE[0]) in text_of(root)


def test_pages_of_other_states(single: DistrictMap, apart: DistrictMap) -> None:
    for chosen, maps in ((single, 1), (apart, 2)):
        coverage = made_up(chosen)
        root = read(coverage_page(coverage, chosen))
        pictures = [each.get("class") for each in root.iter("{http://www.w3.org/2000/svg}svg") if "role" in each.attrib]
        assert [each.split()[1] for each in pictures if each] == ["tiles", *["outline"] * maps]
        rows = [row for body in root.iter("tbody") for row in body if row[0].tag == "th"]
        assert len(rows) == len(coverage.districts)
        ids = [each.get("id") for each in root.iter() if "id" in each.attrib]
        assert len(ids) == len(set(ids))


@pytest.mark.parametrize(
    ("numbers", "words"),
    [([], ""), ([4], "4"), ([1, 2, 3, 5, 8, 9], "1–3, 5, 8–9")],
)
def test_gaps_are_named_as_ranges(numbers: list[int], words: str) -> None:
    assert ranges(numbers, EN_DASH) == words
    assert ranges(numbers) == words.replace(EN_DASH, "-")


@pytest.mark.skipif(CHROMIUM is None, reason="no chromium on this machine")
def test_a_browser_prints_the_page_without_a_complaint(single: DistrictMap, tmp_path: Path) -> None:
    page, printed = tmp_path / "coverage.html", tmp_path / "coverage.pdf"
    page.write_text(coverage_page(made_up(single, names=HOSTILE), single, "Test Coalition"), "utf-8")
    options = (
        "--headless --no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking"
        " --disable-component-update --disable-sync --disable-dev-shm-usage --no-pdf-header-footer"
        " --enable-logging=stderr"
    )
    command = [str(CHROMIUM), *options.split(), f"--user-data-dir={tmp_path / 'profile'}"]
    result = subprocess.run(
        [*command, f"--print-to-pdf={printed}", page.as_uri()],
        capture_output=True,
        text=True,
        timeout=90,
        check=False,
    )
    # What a page logs, a breach of its policy among it, comes as a line of CONSOLE.
    assert "CONSOLE" not in result.stderr
    data = printed.read_bytes()
    assert data.startswith(b"%PDF-")
    assert len(re.findall(rb"/Type /Page\b", data)) >= 1
