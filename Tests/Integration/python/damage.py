"""Copies a ledger as it is, and once more with one note changed behind the ledger's back."""

import sqlite3
import sys

source, sound, damaged = sys.argv[1:]
with sqlite3.connect(f"file:{source}?mode=ro", uri=True) as live:
    for path in (sound, damaged):
        with sqlite3.connect(path) as copy:
            live.backup(copy)

copy = sqlite3.connect(damaged)
for (name,) in copy.execute("SELECT name FROM sqlite_schema WHERE type = 'trigger'").fetchall():
    copy.execute(f"DROP TRIGGER {name}")
copy.execute("UPDATE transactions SET note = 'edited' WHERE seq = 2")
copy.commit()
