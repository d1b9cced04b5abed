"""Exporting: the records a query means as a table, or the whole coalition as lines that can be loaded again."""
