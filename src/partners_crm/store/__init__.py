"""The database: the only floor that opens a connection, writes a row or runs a query."""
