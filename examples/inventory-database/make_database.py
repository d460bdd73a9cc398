"""Create inventory.db, the database that the job reads, from inventory.sql.

python make_database.py
"""

import sqlite3
from contextlib import closing
from pathlib import Path

HERE = Path(__file__).parent

if __name__ == "__main__":
    database = HERE / "inventory.db"
    database.unlink(missing_ok=True)
    with closing(sqlite3.connect(database)) as connection:
        connection.executescript((HERE / "inventory.sql").read_text(encoding="utf-8"))
