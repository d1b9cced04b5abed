"""The way from each released schema to the next: one file for each, named by the schema it leads to.

Each is run once, in a transaction of its own, by `store/migrating`. A file that was released is never changed: its
checksum lies in every database it was applied to. Tables are made STRICT; a column is added nullable, because
playhouse rebuilds a table for anything else and forgets STRICT with it, which a test would show.
"""
