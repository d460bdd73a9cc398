"""The SQL of a ledger: one set of statements for SQLite and PostgreSQL.

Texts that come from a user or from Ardoq are JSON, without NUL and half characters: PostgreSQL takes no NUL,
and neither database takes half a character.
"""

# ruff: noqa: S608  (only constants are put together)

from __future__ import annotations

#: The version of the tables, and what leads to each version from the one before. `{bytes}` is the database's
#: type for bytes.
MIGRATIONS: tuple[tuple[str, ...], ...] = (
    (
        """CREATE TABLE facts (job TEXT NOT NULL, name TEXT NOT NULL, value TEXT NOT NULL,
            PRIMARY KEY (job, name))""",
        """CREATE TABLE runs (job TEXT NOT NULL, run INTEGER NOT NULL, started TEXT NOT NULL, ended TEXT,
            who TEXT NOT NULL, command TEXT NOT NULL, status TEXT, totals TEXT, counts TEXT, document {bytes},
            plan_id TEXT, approved_by TEXT, undoes INTEGER, PRIMARY KEY (job, run))""",
        """CREATE TABLE writes (job TEXT NOT NULL, run INTEGER NOT NULL, number INTEGER NOT NULL,
            state TEXT NOT NULL, action TEXT NOT NULL, kind TEXT NOT NULL, entity_id TEXT NOT NULL,
            workspace TEXT NOT NULL, before_write TEXT, sent TEXT NOT NULL, given TEXT NOT NULL,
            version BIGINT, purpose TEXT NOT NULL, mapping TEXT, field TEXT, item_key TEXT, label TEXT,
            deleted_with TEXT, recreates TEXT, beside TEXT, PRIMARY KEY (job, run, number))""",
        """CREATE TABLE owned (job TEXT NOT NULL, kind TEXT NOT NULL, entity_id TEXT NOT NULL,
            workspace TEXT NOT NULL, mapping TEXT NOT NULL, field TEXT, item_key TEXT, since TEXT NOT NULL,
            vals TEXT NOT NULL, given TEXT NOT NULL, version BIGINT, missing INTEGER NOT NULL, marked TEXT,
            run INTEGER, PRIMARY KEY (job, kind, entity_id))""",
        """CREATE TABLE replaced (job TEXT NOT NULL, replaced_in INTEGER NOT NULL, kind TEXT NOT NULL,
            entity_id TEXT NOT NULL, workspace TEXT NOT NULL, mapping TEXT NOT NULL, field TEXT,
            item_key TEXT, since TEXT NOT NULL, vals TEXT NOT NULL, given TEXT NOT NULL, version BIGINT,
            missing INTEGER NOT NULL, marked TEXT, run INTEGER,
            PRIMARY KEY (job, replaced_in, kind, entity_id))""",
    ),
)

#: The columns of each table that an export has, without the job.
TABLES: dict[str, tuple[str, ...]] = {
    "facts": ("name", "value"),
    "runs": (
        *("run", "started", "ended", "who", "command", "status", "totals", "counts", "plan_id"),
        *("approved_by", "undoes"),
    ),
    "writes": (
        *("run", "number", "state", "action", "kind", "entity_id", "workspace", "before_write", "sent"),
        *("given", "version", "purpose", "mapping", "field", "item_key", "label", "deleted_with"),
        *("recreates", "beside"),
    ),
    "owned": (
        *("kind", "entity_id", "workspace", "mapping", "field", "item_key", "since", "vals", "given"),
        *("version", "missing", "marked", "run"),
    ),
    "replaced": (
        *("replaced_in", "kind", "entity_id", "workspace", "mapping", "field", "item_key", "since"),
        *("vals", "given", "version", "missing", "marked", "run"),
    ),
}


def select_table(table: str) -> str:
    """Return the statement that selects what an export has of a table."""
    columns = ", ".join(TABLES[table])
    return f"SELECT {columns} FROM {table} WHERE job = :job ORDER BY {', '.join(TABLES[table][:3])}"


def add_to_table(table: str) -> str:
    """Return the statement that adds a row of an export to a table."""
    columns = TABLES[table]
    names = ", ".join(f":{column}" for column in columns)
    return f"INSERT INTO {table} (job, {', '.join(columns)}) VALUES (:job, {names})"


SELECT_FACTS = "SELECT name, value FROM facts WHERE job = :job"
SET_FACT = """INSERT INTO facts (job, name, value) VALUES (:job, :name, :value)
    ON CONFLICT (job, name) DO UPDATE SET value = excluded.value"""

_RUN = "run, started, ended, who, command, status, totals, plan_id, approved_by, undoes"
SELECT_RUNS = f"SELECT {_RUN} FROM runs WHERE job = :job ORDER BY run DESC"
SELECT_UNFINISHED = """SELECT run, ended, undoes FROM runs WHERE job = :job ORDER BY run DESC LIMIT 1"""
SELECT_JOBS = "SELECT DISTINCT job FROM runs ORDER BY job"
SELECT_LAST_RUN = "SELECT max(run) FROM runs WHERE job = :job"
ADD_RUN = """INSERT INTO runs (job, run, started, who, command, plan_id, approved_by, undoes)
    VALUES (:job, :run, :started, :who, :command, :plan_id, :approved_by, :undoes)"""
END_RUN = """UPDATE runs SET ended = :ended, status = :status, totals = :totals, counts = :counts,
    document = :document WHERE job = :job AND run = :run"""
SELECT_UNDOS = "SELECT run, undoes, status FROM runs WHERE job = :job AND undoes IS NOT NULL"
ABANDON_UNDO = "UPDATE runs SET undoes = NULL WHERE job = :job AND run = :run"
SELECT_COUNTS = """SELECT run, counts FROM runs WHERE job = :job AND run < :before AND status = 'success'
    AND counts IS NOT NULL AND undoes IS NULL ORDER BY run DESC LIMIT 1"""
SELECT_DOCUMENT = "SELECT document FROM runs WHERE job = :job AND run = :run"
DROP_DOCUMENTS = """UPDATE runs SET document = NULL
    WHERE job = :job AND run <= :run AND document IS NOT NULL"""
DROP_WRITES = "DELETE FROM writes WHERE job = :job AND run <= :run AND state <> 'open'"

_WRITE = """number, state, action, kind, entity_id, workspace, before_write, sent, version, purpose, mapping,
    field, item_key, label, deleted_with, recreates, beside"""
ADD_WRITE = """INSERT INTO writes (job, run, number, state, action, kind, entity_id, workspace, before_write,
    sent, given, purpose, mapping, field, item_key, label, deleted_with, recreates, beside)
    VALUES (:job, :run, :number, 'open', :action, :kind, :entity_id, :workspace, :before_write, :sent, :given,
    :purpose, :mapping, :field, :item_key, :label, :deleted_with, :recreates, :beside)"""
CLOSE_WRITE = """UPDATE writes SET state = :state, entity_id = :entity_id, version = :version
    WHERE job = :job AND run = :run AND number = :number"""
SET_SENT = "UPDATE writes SET sent = :sent WHERE job = :job AND run = :run AND number = :number"
CLOSE_DELETED_WITH = """UPDATE writes SET state = :state
    WHERE job = :job AND run = :run AND deleted_with = :entity_id AND state = 'open'"""
SELECT_WRITES = f"SELECT {_WRITE} FROM writes WHERE job = :job AND run = :run ORDER BY number"
SELECT_OPEN_WRITES = f"""SELECT {_WRITE}, run FROM writes WHERE job = :job AND state = 'open'
    ORDER BY run, number"""
SELECT_LATER_WRITES = f"""SELECT {_WRITE}, run FROM writes WHERE job = :job AND run > :run
    ORDER BY run, number"""

_OWNED = "kind, entity_id, workspace, mapping, field, item_key, since, vals, given, version, missing, marked"
_ALL_OWNED = f"{_OWNED}, run"
SELECT_OWNED_VERSIONS = """SELECT kind, entity_id, version, given, missing, marked IS NOT NULL
    FROM owned WHERE job = :job"""
SELECT_ALL_OWNED = f"SELECT {_OWNED} FROM owned WHERE job = :job ORDER BY kind, entity_id"
SELECT_OWNED = f"SELECT {_OWNED} FROM owned WHERE job = :job AND kind = :kind AND entity_id = :entity_id"
SELECT_VALUES = "SELECT kind, entity_id, vals FROM owned WHERE job = :job"
SELECT_MARKED = f"SELECT {_OWNED} FROM owned WHERE job = :job AND marked IS NOT NULL"
SELECT_BY_KEY = f"SELECT {_OWNED} FROM owned WHERE job = :job AND item_key = :item_key"
SET_OWNED = """INSERT INTO owned (job, kind, entity_id, workspace, mapping, field, item_key, since, vals,
    given, version, missing, marked, run) VALUES (:job, :kind, :entity_id, :workspace, :mapping, :field,
    :item_key, :since, :vals, :given, :version, :missing, :marked, :run)
    ON CONFLICT (job, kind, entity_id) DO UPDATE SET workspace = excluded.workspace,
    mapping = excluded.mapping, field = excluded.field, item_key = excluded.item_key, vals = excluded.vals,
    given = excluded.given, version = excluded.version, missing = excluded.missing,
    marked = excluded.marked"""
#: What a run created as its rows gave it is owned without another look at each.
OWN_CREATED = """INSERT INTO owned (job, kind, entity_id, workspace, mapping, field, item_key, since, vals,
    given, version, missing, marked, run)
    SELECT job, kind, entity_id, workspace, mapping, field, item_key, CAST(:since AS TEXT), sent, given,
    version, 0, NULL, run FROM writes WHERE job = :job AND run = :run AND number >= :first AND number < :next
    AND action = 'create' AND state = 'done' AND mapping IS NOT NULL
    ON CONFLICT (job, kind, entity_id) DO NOTHING"""
#: What the ledger had of an entity before a run that has changed that; what is new in the run is not there.
KEEP_REPLACED = f"""INSERT INTO replaced (job, replaced_in, {_ALL_OWNED})
    SELECT job, CAST(:current AS INTEGER), {_ALL_OWNED} FROM owned WHERE job = :job AND kind = :kind
    AND entity_id = :entity_id AND (run IS NULL OR run <> :current)
    ON CONFLICT (job, replaced_in, kind, entity_id) DO NOTHING"""
SELECT_REPLACED = f"""SELECT replaced_in, {_ALL_OWNED} FROM replaced WHERE job = :job AND replaced_in >= :run
    ORDER BY replaced_in"""
SELECT_LEARNED = """SELECT 1 FROM owned WHERE job = :job AND run = :run
    UNION ALL SELECT 1 FROM replaced WHERE job = :job AND replaced_in = :run LIMIT 1"""
SELECT_OWNED_IN_FULL = f"SELECT {_ALL_OWNED} FROM owned WHERE job = :job"
SELECT_SENT = """SELECT kind, entity_id, sent FROM writes WHERE job = :job AND run = :run AND state = 'done'
    AND action <> 'delete'"""
SELECT_CREATED = """SELECT kind, entity_id FROM writes WHERE job = :job AND run = :run AND state = 'done'
    AND action = 'create'"""
SELECT_CREATED_AGAIN = """SELECT recreates, entity_id FROM writes WHERE job = :job AND run > :run
    AND recreates IS NOT NULL AND state = 'done' ORDER BY run, number"""
#: By table: sets what may have values of redacted fields.
SET_ATTRIBUTES = {
    "owned": """UPDATE owned SET vals = :vals, marked = :marked, item_key = :item_key
        WHERE job = :job AND kind = :kind AND entity_id = :entity_id""",
    "replaced": """UPDATE replaced SET vals = :vals, marked = :marked, item_key = :item_key
        WHERE job = :job AND replaced_in = :replaced_in AND kind = :kind AND entity_id = :entity_id""",
    "writes": """UPDATE writes SET before_write = :before_write, sent = :sent, item_key = :item_key
        WHERE job = :job AND run = :run AND number = :number""",
}
SELECT_DOCUMENTS = "SELECT run, document FROM runs WHERE job = :job AND document IS NOT NULL"
SET_DOCUMENT = "UPDATE runs SET document = :document WHERE job = :job AND run = :run"
SELECT_ALL_COUNTS = "SELECT run, counts FROM runs WHERE job = :job AND counts IS NOT NULL"
SET_COUNTS = "UPDATE runs SET counts = :counts WHERE job = :job AND run = :run"
GIVE_UP = "DELETE FROM replaced WHERE job = :job AND kind = :kind AND entity_id = :entity_id"
DROP_REPLACED = "DELETE FROM replaced WHERE job = :job AND replaced_in <= :run"
SET_MISSING = """UPDATE owned SET missing = :missing WHERE job = :job AND kind = :kind
    AND entity_id = :entity_id"""
FORGET_OWNED = "DELETE FROM owned WHERE job = :job AND kind = :kind AND entity_id = :entity_id"
