"""peewee, loaded without the database drivers that are not in use.

peewee imports every driver it finds on the machine, and an installed psycopg triples its import time. A coverage
check from cron must not pay for that, so the drivers are hidden while peewee loads. Everything that needs peewee
imports it from here.
"""

from __future__ import annotations

import logging
import sys

_DRIVERS = ("psycopg2cffi", "psycopg2", "psycopg", "pymysql", "MySQLdb", "pysqlite3")

if "peewee" not in sys.modules:
    _hidden = [name for name in _DRIVERS if name not in sys.modules]
    # A None entry makes `import name` raise ImportError, which is how peewee learns that a driver is absent.
    sys.modules.update(dict.fromkeys(_hidden))  # type: ignore[arg-type]  # None is what the import system documents
    try:
        import peewee
    finally:
        for _name in _hidden:
            del sys.modules[_name]
else:
    import peewee


def _without_values(record: logging.LogRecord) -> bool:
    """Leave the SQL of a log record, and take what people are called and where they live out of it."""
    if isinstance(record.msg, tuple):
        record.msg = record.msg[0]
    return True


logging.getLogger("peewee").addFilter(_without_values)

__all__ = ["peewee"]
