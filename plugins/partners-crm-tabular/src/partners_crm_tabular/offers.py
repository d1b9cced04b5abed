"""The formats that the plugin reads and writes; what reads or writes one is loaded with the first file of it."""

from __future__ import annotations

from pathlib import Path

from partners_crm.plugins import (
    Exporter,
    Importer,
    InputFile,
    Known,
    Page,
    PluginContext,
    Progress,
    Reading,
    ReadOptions,
    Written,
)
from partners_crm_tabular import recognizing


def importers() -> list[Importer]:
    """What reads files."""
    return [
        Importer(name="csv", title="Delimited text (CSV, TSV)", recognizes=_is_text, read=_read_text, yields=True),
        Importer(name="jsonl", title="JSON Lines", recognizes=_is_json, read=_read_json),
        Importer(name="xlsx", title="Workbook", recognizes=_is_workbook, read=_read_workbook),
    ]


def exporters() -> list[Exporter]:
    """What writes files."""
    return [
        Exporter(name="csv", title="CSV", suffixes=("csv",), write=_write_csv, takes_mark=True, is_described=True),
        Exporter(name="jsonl", title="JSON Lines", suffixes=("jsonl",), write=_write_json, keyed=True),
        Exporter(name="xlsx", title="Workbook", suffixes=("xlsx",), write=_write_workbook, streams=False),
    ]


def _is_text(_context: PluginContext, file: InputFile, options: ReadOptions) -> bool:
    return recognizing.is_text(file.start, options)


def _is_json(_context: PluginContext, file: InputFile, options: ReadOptions) -> bool:
    return recognizing.is_json(file.start, options)


def _is_workbook(_context: PluginContext, file: InputFile, _options: ReadOptions) -> bool:
    return recognizing.is_workbook(file.start)


def _read_text(
    _context: PluginContext, file: InputFile, options: ReadOptions, known: Known, progress: Progress | None
) -> Reading:
    from partners_crm_tabular.text_files import read_text

    return read_text(file, options, known, progress)


def _read_json(
    _context: PluginContext, file: InputFile, options: ReadOptions, _known: Known, progress: Progress | None
) -> Reading:
    from partners_crm_tabular.json_rows import read_json

    return read_json(file, options, progress)


def _read_workbook(
    _context: PluginContext, file: InputFile, options: ReadOptions, known: Known, progress: Progress | None
) -> Reading:
    from partners_crm_tabular.workbooks import read_workbook

    return read_workbook(file, options, known, progress)


def _write_csv(_context: PluginContext, page: Page, path: Path) -> Written:
    from partners_crm_tabular.csv_writer import write_csv

    return write_csv(page, path)


def _write_json(_context: PluginContext, page: Page, path: Path) -> Written:
    from partners_crm_tabular.json_writer import write_json_lines

    return write_json_lines(page, path)


def _write_workbook(_context: PluginContext, page: Page, path: Path) -> Written:
    from partners_crm_tabular.workbook_writer import write_workbook

    return write_workbook(page, path)
