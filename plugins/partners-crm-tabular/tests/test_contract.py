"""The contracts of importers and exporters, and of the plugin as a whole."""

from __future__ import annotations

import io
import zipfile

from partners_crm.testing import ExporterContract, ImporterContract, PluginContract

LIST = (
    "Organization,City,Phone,Email\nPrairie Friends,Peoria,217-555-0142,office@example.org\nRock River Bridge,Dixon,,\n"
)
MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
PACKAGE = "http://schemas.openxmlformats.org/package/2006"
SHEET = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml"


def workbook(*rows: tuple[str, ...]) -> bytes:
    """A workbook of one sheet with these texts, the same bytes each time."""
    lines = ""
    for line, row in enumerate(rows, 1):
        places = [f"{chr(65 + column)}{line}" for column in range(len(row))]
        cells = zip(places, row, strict=True)
        texts = "".join(f'<c r="{place}" t="inlineStr"><is><t>{cell}</t></is></c>' for place, cell in cells)
        lines += f'<row r="{line}">{texts}</row>'
    parts = {
        "[Content_Types].xml": f'<Types xmlns="{PACKAGE}/content-types"><Default Extension="rels" ContentType="x"/>'
        f'<Override PartName="/xl/workbook.xml" ContentType="{SHEET}"/></Types>',
        "_rels/.rels": f'<Relationships xmlns="{PACKAGE}/relationships"><Relationship Id="rId1" '
        f'Type="{OFFICE}/officeDocument" Target="xl/workbook.xml"/></Relationships>',
        "xl/workbook.xml": f'<workbook xmlns="{MAIN}" xmlns:r="{OFFICE}"><sheets>'
        '<sheet name="Members" sheetId="1" r:id="rId1"/></sheets></workbook>',
        "xl/_rels/workbook.xml.rels": f'<Relationships xmlns="{PACKAGE}/relationships"><Relationship Id="rId1" '
        f'Type="{OFFICE}/worksheet" Target="worksheets/sheet1.xml"/></Relationships>',
        "xl/worksheets/sheet1.xml": f'<worksheet xmlns="{MAIN}"><sheetData>{lines}</sheetData></worksheet>',
    }
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in parts.items():
            archive.writestr(zipfile.ZipInfo(name), text)
    return held.getvalue()


class TestPlugin(PluginContract):
    """The plugin as a whole."""


class TestText(ImporterContract):
    """Delimited text."""

    name = "csv"
    files = {
        "members.csv": LIST.encode(),
        "semicolons.csv": LIST.replace(",", ";").encode("utf-8-sig"),
        "members.tsv": LIST.replace(",", "\t").replace("Dixon", "Peñón").encode("utf-16"),
        "latin.csv": LIST.replace("Dixon", "Peñón").encode("cp1252"),
    }


class TestJsonLines(ImporterContract):
    """JSON Lines."""

    name = "jsonl"
    files = {"members.jsonl": b'{"Organization": "Prairie Friends", "City": "Peoria"}\n{"Organization": "Rock Hub"}\n'}


class TestWorkbook(ImporterContract):
    """Workbooks."""

    name = "xlsx"
    files = {
        "members.xlsx": workbook(
            ("Organization", "City"), ("Prairie Friends", "Peoria"), ("Rock River Bridge", "Dixon")
        )
    }


class TestCsvWriter(ExporterContract):
    """CSV files."""

    name = "csv"


class TestJsonLinesWriter(ExporterContract):
    """JSON Lines."""

    name = "jsonl"
    reads_back = "jsonl"


class TestWorkbookWriter(ExporterContract):
    """Workbooks."""

    name = "xlsx"
