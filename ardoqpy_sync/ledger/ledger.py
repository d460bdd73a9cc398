"""The ledger of a job: its runs, its writes as they were recorded before they left, and what it owns."""

from __future__ import annotations

import getpass
import logging
import os
import socket
import time
import weakref
import zlib
from contextlib import contextmanager, nullcontext, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from ardoqpy._messages import quote_name
from ardoqpy.errors import ConfigurationError, InvalidInput, JobRunning, LedgerError
from ardoqpy_sync.ledger import statements
from ardoqpy_sync.ledger.database import SqliteDatabase
from ardoqpy_sync.ledger.deferred import DeferredRows
from ardoqpy_sync.ledger.encoding import decode, encode
from ardoqpy_sync.ledger.records import OwnedEntity, OwnedVersion, Owner, Run, Write
from ardoqpy_sync.ledger.redact import document_without_values, without_values
from ardoqpy_sync.ledger.remote_database import RemoteDatabase
from ardoqpy_sync.ledger.restore import by_entity, owned_first, renamed, restored_records
from ardoqpy_sync.ledger.statements import TABLES
from ardoqpy_sync.ledger.taken_back import counts_after, taken_back

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
    from contextlib import AbstractContextManager

    from ardoqpy.entities import Attributes
    from ardoqpy_sync.documents import PreviousReport, RunDocument
    from ardoqpy_sync.ledger.database import Database, Values
    from ardoqpy_sync.ledger.encoding import Encoder
    from ardoqpy_sync.ledger.rows import (
        ClosedRow,
        DeletedWithRow,
        EntityRow,
        MissingRow,
        OwnedRow,
        SentRow,
        WriteRow,
    )

logger = logging.getLogger(__name__)

#: What all scripts are called in their ledgers.
SCRIPT_NAME = "script"
#: For how many runs the values before each write, and the run documents, are kept.
KEEP_RUNS = 100
#: More than a ledger has.
_MOST_RUNS = 2**31 - 1
#: If the power fails, a ledger in a file may lack the last creates of single requests, so many at most.
CREATES_AT_RISK = 25


class Ledger:
    """Read and write the ledger of one job.

    Everything about a run that another run or a person asks for later is here. Not safe for threads by
    itself: the client that uses it holds a lock.
    """

    def __init__(self, database: Database | None, job: str, redacted: Collection[str] = ()) -> None:
        """Use a database; without one, the ledger is empty, and stays so: that of a first preview."""
        self._database = database
        self.job = job
        self.redacted = frozenset(redacted)
        self._deferred = DeferredRows(database)
        # A script may end, or drop its client, without closing it.
        weakref.finalize(self, _record_at_last, self._deferred)
        self._is_deferring = False
        #: How many transactions in a row are not on disk for sure.
        self._unsynced = 0
        self._is_in_transaction = False
        self.facts = self._facts()
        #: The number of the current run, None if none has begun; and the process that began it.
        self.run: int | None = None
        #: The run that the current one takes back, None if it is no undo.
        self.undoes: int | None = None
        self.process = 0
        self.has_ended = False
        self._bound: dict[str, str] = {}

    @classmethod
    def open(
        cls,
        location: str | os.PathLike[str] | Mapping[str, Any],
        job: str,
        *,
        redact: Collection[str] = (),
        read_only: bool = False,
    ) -> Self:
        """Open the ledger of a job, and create it if there is none.

        - `location`: the path of an SQLite file, or `{"url_env": NAME}` for a PostgreSQL database whose URL
          is in that environment variable.
        - `job`: the name of the job; several jobs can share a database.
        - `redact`: names of attributes whose values are kept out: they cannot be undone or merged.
        - `read_only`: create and change nothing.

        Raise `ConfigurationError` if it cannot be used, is damaged, or was made by a later version.
        """
        if isinstance(location, str | os.PathLike):
            if read_only and not _is_there(location):
                return cls(None, job, redact)
            return cls(SqliteDatabase(location, read_only=read_only), job, redact)
        return cls(RemoteDatabase(location, read_only=read_only), job, redact)

    @property
    def description(self) -> str:
        """The ledger in messages."""
        return "The ledger" if self._database is None else self._database.description

    def bind(self, host: str, org: str | None) -> None:
        """Check that the ledger is about an Ardoq; a new one is from now on.

        Raise `ConfigurationError` if it is about another one.
        """
        for name, value in (("host", host), ("org", org)):
            known = self.facts.get(name)
            if known is not None and value is not None and known.casefold() != value.casefold():
                raise ConfigurationError(
                    f"{self.description} is about the {name} {quote_name(known)}, and this run writes to "
                    f"{quote_name(value)}. Set ledger to another file: what a job owns in one Ardoq means "
                    "nothing in another."
                )
        self._bound = {"host": host, **({} if org is None else {"org": org})}

    @property
    def is_new(self) -> bool:
        """Whether no run has been recorded yet."""
        return "host" not in self.facts

    def set_fact(self, name: str, value: str) -> None:
        """Keep a fact, such as the name of the user in Ardoq that the job writes as."""
        if self.facts.get(name) != value:
            self.facts[name] = value
            self._execute(statements.SET_FACT, [{"name": name, "value": encode(value)}])

    def close(self) -> None:
        """Record what is deferred, and close the database; raise `LedgerError` if it cannot be written."""
        if self._database is not None:
            try:
                self._deferred.record()
            finally:
                self._database.close()

    # -- runs -----------------------------------------------------------------------------------------------

    def begin(
        self,
        command: str,
        *,
        plan_id: str | None = None,
        approved_by: str | None = None,
        undoes: int | None = None,
    ) -> int:
        """Begin a run, and return its number.

        Raise `JobRunning` if another process runs the job on the same database.
        """
        if self._database is not None and not self._database.lock(self.job):
            raise JobRunning(
                f"Another run of the job {quote_name(self.job)} is writing to the same ledger: wait for it."
            )
        facts = dict(self.facts)
        try:
            with self.transaction():
                for name, value in self._bound.items():
                    self.set_fact(name, value)
                last = self._select(statements.SELECT_LAST_RUN)
                number = (last[0][0] or 0) + 1 if last else 1
                run: Attributes = {"run": number, "started": _now(), "who": _who(), "command": command}
                run |= {"plan_id": plan_id, "approved_by": approved_by, "undoes": undoes}
                self._execute(statements.ADD_RUN, [run])
        except BaseException:
            self.facts = facts
            raise
        self.run, self.process = number, os.getpid()
        self.has_ended, self.undoes = False, undoes
        return number

    def end(self, document: str | None, status: str, counts: Mapping[str, Any], totals: Any) -> None:
        """Record how the current run ended.

        - `document`: its run document as JSON, None for a script.
        - `status`: `success` or `failure`.
        - `counts`: what the next run compares with, as `PreviousReport` has it.
        """
        packed = None if document is None else zlib.compress(document.encode(), 1)
        run = {"run": self.run, "ended": _now(), "status": status, "totals": encode(totals)}
        with self.transaction():
            self._execute(statements.END_RUN, [{**run, "counts": encode(counts), "document": packed}])
        self.has_ended = True

    def prune(self, keep_runs: int = KEEP_RUNS) -> None:
        """Drop run documents and the values before each write of older runs; what the job owns stays."""
        last = (self.run or 0) - keep_runs
        if last > 0:
            with self.transaction():
                self._execute(statements.DROP_WRITES, [{"run": last}])
                self._execute(statements.DROP_REPLACED, [{"run": last}])
                self._execute(statements.DROP_DOCUMENTS, [{"run": last}])
                self.set_fact("dropped", str(last))

    def abandon_undo(self) -> None:
        """Make the current run no undo, because it was refused before it took anything back."""
        if self.undoes is not None:
            self.undoes = None
            self._execute(statements.ABANDON_UNDO, [{"run": self.run}])

    def runs(self) -> list[Run]:
        """Return all runs, the newest first."""
        return [
            Run(number, started, ended, who, command, status, decode(totals), plan_id, approved_by, undoes)
            for number, started, ended, who, command, status, totals, plan_id, approved_by, undoes in (
                self._select(statements.SELECT_RUNS)
            )
        ]

    def jobs(self) -> list[str]:
        """Return the names of all jobs that have runs in the same database."""
        return [job for (job,) in self._select(statements.SELECT_JOBS)]

    def find_run(self, name: str | int) -> Run:
        """Return a run by its number, or the last one for `last`; raise `InvalidInput` if there is none."""
        runs = self.runs()
        wanted = [run for run in runs if name in ("last", run.number, str(run.number))]
        if not wanted:
            known = f"it has the runs {runs[-1].number} to {runs[0].number}" if runs else "it has no run yet"
            raise InvalidInput(f"{self.description} has no run {quote_name(name)}: {known}.")
        return wanted[0]

    def document(self, run: int) -> RunDocument | None:
        """Return the run document of a run, None if it has none any more."""
        rows = self._select(statements.SELECT_DOCUMENT, run=run)
        packed = rows[0][0] if rows else None
        document: RunDocument | None = None if packed is None else decode(zlib.decompress(packed).decode())
        return document

    def previous_report(self) -> PreviousReport:
        """Return what the next run has to know of the last successful one; {} if there is none.

        Undos do not count, nor what they have taken back.
        """
        without_effect = taken_back(self.undos(status=["success"]))
        before = _MOST_RUNS
        while rows := self._select(statements.SELECT_COUNTS, before=before):
            (before, counts), *_ = rows
            if before not in without_effect:
                report: PreviousReport = decode(counts)
                return report
        return {}

    def undos(self, *, status: Collection[str] | None = None) -> dict[int, int]:
        """Return by the number of each undo, or of each that ended with such a status, the run it undoes."""
        rows = self._select(statements.SELECT_UNDOS)
        return {run: undone for run, undone, ended in rows if status is None or ended in status}

    # -- writes ---------------------------------------------------------------------------------------------

    def add_writes(self, rows: Sequence[WriteRow]) -> None:
        """Record writes before they leave.

        Waiting for the disk takes most of the time. A create that is sent alone does not: if the power fails,
        its row finds it in Ardoq again. What was there before an update or a delete is nowhere else.
        """
        is_synced = len(rows) != 1 or rows[0]["before_write"] is not None or self._unsynced >= CREATES_AT_RISK
        with self.transaction(is_synced=is_synced):
            self._execute(statements.ADD_WRITE, rows, run=self.run)

    def close_writes(
        self,
        closed: Sequence[ClosedRow],
        *,
        sent: Sequence[SentRow] = (),
        deleted_with: Sequence[DeletedWithRow] = (),
        run: int | None = None,
    ) -> None:
        """Record the outcomes of writes; what was created for an owner is owned from then on.

        - `sent`: of writes whose values had the ids of pending writes.
        - `deleted_with`: of components with which more was deleted.
        """
        run = self.run if run is None else run
        with self.transaction():
            for statement, rows in (
                (statements.SET_SENT, sent),
                (statements.CLOSE_WRITE, closed),
                (statements.CLOSE_DELETED_WITH, deleted_with),
            ):
                self._execute(statement, rows, run=run)
            if closed:
                numbers = [row["number"] for row in closed]
                span = {"first": min(numbers), "next": max(numbers) + 1, "since": _now()}
                self._execute(statements.OWN_CREATED, [{"run": run, **span}])

    def writes(self, run: int) -> list[Write]:
        """Return the writes of a run, in order."""
        return [_write(*row) for row in self._select(statements.SELECT_WRITES, run=run)]

    def open_writes(self) -> list[tuple[int, Write]]:
        """Return the writes of earlier runs whose outcome is not recorded, each with its run."""
        rows = self._select(statements.SELECT_OPEN_WRITES)
        return [(run, _write(*row)) for *row, run in rows if run != self.run]

    def unfinished_run(self) -> int | None:
        """Return the last run if it has not ended, and is no undo; None otherwise."""
        rows = self._select(statements.SELECT_UNFINISHED)
        return rows[0][0] if rows and rows[0][1] is None and rows[0][2] is None else None

    def later_writes(self, run: int) -> list[tuple[int, Write]]:
        """Return the writes of the runs after a run, each with its run."""
        return [
            (later, _write(*row)) for *row, later in self._select(statements.SELECT_LATER_WRITES, run=run)
        ]

    # -- what the job owns ----------------------------------------------------------------------------------

    def owned_versions(self) -> dict[tuple[str, str], OwnedVersion]:
        """Return all that the job owns, by kind and id."""
        return {
            (kind, entity_id): OwnedVersion(version, given, missing, bool(is_marked))
            for kind, entity_id, version, given, missing, is_marked in (
                self._select(statements.SELECT_OWNED_VERSIONS)
            )
        }

    def owned(self) -> list[OwnedEntity]:
        """Return all that the job owns, with its values."""
        return [_owned(*row) for row in self._select(statements.SELECT_ALL_OWNED)]

    def find_owned(self, kind: str, entity_id: str) -> OwnedEntity | None:
        """Return what the ledger has of an entity, None if the job does not own it."""
        rows = self._select(statements.SELECT_OWNED, kind=kind, entity_id=entity_id)
        return _owned(*rows[0]) if rows else None

    def owned_values(self) -> dict[tuple[str, str], str]:
        """Return by kind and id the values that the job last wrote, each as JSON."""
        return {
            (kind, entity_id): values for kind, entity_id, values in self._select(statements.SELECT_VALUES)
        }

    def marked(self) -> list[OwnedEntity]:
        """Return what the job marked as missing."""
        return [_owned(*row) for row in self._select(statements.SELECT_MARKED)]

    def with_key(self, key: Any) -> list[OwnedEntity]:
        """Return what the job owns under a key, in any mapping."""
        return [_owned(*row) for row in self._select(statements.SELECT_BY_KEY, item_key=encode(key))]

    def set_owned(self, rows: Sequence[OwnedRow], run: int | None = None) -> None:
        """Record what the job owns; what is known of an entity already is replaced, but for its beginning.

        - `run`: the run in which it was written or matched, by default the current one.
        """
        run = self.run if run is None else run
        with self.transaction():
            self._keep_replaced(rows, run)
            self._execute(statements.SET_OWNED, rows, since=_now(), run=run)

    def _keep_replaced(self, rows: Sequence[EntityRow], run: int | None) -> None:
        """Keep what the ledger has of entities, for an undo of the run that changes it."""
        if run is not None:
            keys = [{"kind": row["kind"], "entity_id": row["entity_id"]} for row in rows]
            self._execute(statements.KEEP_REPLACED, keys, current=run)

    def has_learned(self, run: int) -> bool:
        """Return whether what the job owns is as a run has left it, in a part that an undo would restore.

        An undo that was killed has restored nothing of it.
        """
        undos = self.undos(status=["success", "failure"])
        if run <= int(self.facts.get("dropped", "0")) or run in taken_back(undos):
            return False
        return bool(self._select(statements.SELECT_LEARNED, run=run))

    def restore_owned(self, run: int, left_of: Callable[[str, str, Attributes], set[str] | None]) -> None:
        """Have what the ledger had of entities before a run that the current one has taken back.

        - `left_of`: returns, for a kind, an id and the values that the run has sent, the attributes that
          Ardoq holds still as they were sent, which are not taken back; None for what is deleted.

        What the job owns since that run it owns no more, unless a later run has written to it.
        """
        undos = self.undos()
        replaced = [
            (each, dict(zip(TABLES["owned"], record, strict=True)))
            for each, *record in self._select(statements.SELECT_REPLACED, run=run)
        ]
        new_ids: dict[str, str] = {}
        for old_id, new_id in self._select(statements.SELECT_CREATED_AGAIN, run=run):
            new_ids = renamed(new_ids, old_id, new_id)
        in_effect = (record for each, record in replaced if each > run and counts_after(each, run, undos))
        before = by_entity((record for each, record in replaced if each == run), new_ids)
        later = by_entity(in_effect, new_ids)
        rows = self._select(statements.SELECT_OWNED_IN_FULL)
        now = by_entity((dict(zip(TABLES["owned"], row, strict=True)) for row in rows), {})
        written: dict[tuple[str, str], Attributes] = {}
        for kind, entity_id, sent in self._select(statements.SELECT_SENT, run=run):
            written.setdefault((kind, new_ids.get(entity_id, entity_id)), {}).update(decode(sent))
        left = {key: left_of(*key, sent) for key, sent in written.items()}
        restored = restored_records(before, later, now, new_ids, left)
        # What was created and is there still was not taken back.
        stays = [key for key in self._created(run, new_ids) if left.get(key) is not None]
        gone = owned_first(run, now, [*before, *later, *stays])
        gone += [{"kind": record["kind"], "entity_id": record["entity_id"]} for record in restored]
        with self.transaction():
            self.forget(gone)
            self._execute(statements.add_to_table("owned"), restored)

    def _created(self, run: int, new_ids: Mapping[str, str]) -> list[tuple[str, str]]:
        """Return what a run has created, by kind and the id that it has now."""
        rows = self._select(statements.SELECT_CREATED, run=run)
        return [(kind, new_ids.get(entity_id, entity_id)) for kind, entity_id in rows]

    def set_missing(self, rows: Sequence[MissingRow]) -> None:
        """Record in how many runs in a row owned entities were missing."""
        with self.transaction():
            self._keep_replaced(rows, self.run)
            self._execute(statements.SET_MISSING, rows)

    def forget(self, rows: Sequence[EntityRow], run: int | None = None) -> None:
        """Own these entities no more; `run`: the run that has deleted them, by default the current one.

        Without a run, they are given up: no undo brings them back.
        """
        run = self.run if run is None else run
        with self.transaction():
            if run is None:
                self._execute(statements.GIVE_UP, rows)
            self._keep_replaced(rows, run)
            self._execute(statements.FORGET_OWNED, rows)

    def keep_out(self, encoder: Encoder) -> None:
        """Take out what earlier runs have recorded of fields that are redacted now and were not then."""
        known = set(decode(self.facts.get("redacted", "[]")))
        if known == self.redacted:
            return
        with self.transaction():
            for table, statement in statements.SET_ATTRIBUTES.items():
                records = (dict(zip(TABLES[table], row, strict=True)) for row in self.rows_of(table))
                self._execute(statement, without_values(table, records, self.redacted, encoder))
            documents = self._select(statements.SELECT_DOCUMENTS)
            self._execute(
                statements.SET_DOCUMENT,
                [{"run": run, "document": document_without_values(each, encoder)} for run, each in documents],
            )
            self._execute(
                statements.SET_COUNTS,
                [
                    {"run": run, "counts": encode(encoder.entries(decode(counts)))}
                    for run, counts in self._select(statements.SELECT_ALL_COUNTS)
                ],
            )
            self.set_fact("redacted", encode(sorted(self.redacted)))
        if self._database is not None:
            self._database.compact()

    # -- all of it ------------------------------------------------------------------------------------------

    def rows_of(self, table: str) -> list[tuple[Any, ...]]:
        """Return the rows of a table, with the columns of `TABLES`."""
        return self._select(statements.select_table(table))

    def add_rows(self, rows: Mapping[str, Sequence[Values]]) -> None:
        """Add rows to the tables: all of them, or none."""
        with self.transaction():
            for table, values in rows.items():
                self._execute(statements.add_to_table(table), values)
        self.facts = self._facts()

    # -- the database ---------------------------------------------------------------------------------------

    def _facts(self) -> dict[str, str]:
        return {name: decode(value) for name, value in self._select(statements.SELECT_FACTS)}

    def _select(self, statement: str, **values: Any) -> list[tuple[Any, ...]]:
        if self._database is None:
            return []
        if self._deferred and not self._is_in_transaction:
            self._deferred.record()
        return self._database.select(statement, {"job": self.job, **values})

    def _execute(self, statement: str, rows: Sequence[Values], **common: Any) -> None:
        """Execute a statement for rows; `common` are values of all rows that do not have them."""
        if self._database is None or not rows:
            return
        common["job"] = self.job
        execute = self._deferred.add if self._is_deferring else self._database.execute
        execute(statement, [{**common, **row} for row in rows])

    def transaction(self, *, is_synced: bool = True) -> AbstractContextManager[None]:
        """Return a context in which all that is recorded is kept, or nothing of it; contexts can be nested.

        What was deferred is recorded first. With `is_synced`, all of it is kept also if the power fails.
        Raise `LedgerError` if that is not possible.
        """
        if self._database is None or self._is_in_transaction or self._is_deferring:
            return nullcontext()
        return self._transaction(self._database, is_synced=is_synced)

    @contextmanager
    def _transaction(self, database: Database, *, is_synced: bool) -> Iterator[None]:
        with database.transaction(is_synced=is_synced):
            self._is_in_transaction = True
            try:
                self._deferred.execute()
                yield
            finally:
                self._is_in_transaction = False
        self._deferred.clear()
        self._unsynced = 0 if is_synced else self._unsynced + 1

    @contextmanager
    def deferred(self) -> Iterator[None]:
        """Defer what is recorded in this context to the next transaction, or to when the ledger is read."""
        self._is_deferring = True
        try:
            yield
        finally:
            self._is_deferring = False

    def record_deferred(self) -> None:
        """Record what is deferred now; raise `LedgerError` if that is not possible."""
        self._deferred.record()


def _record_at_last(deferred: DeferredRows) -> None:
    """Record what is deferred when nobody is there to catch an error; the next run looks up what is not."""
    try:
        deferred.record()
    except LedgerError as problem:
        logger.warning("%s", problem)


def open_ledger(
    ledger: Ledger | str | os.PathLike[str] | Mapping[str, Any],
    host: str,
    org: str | None,
    *,
    read_only: bool,
) -> Ledger:
    """Return a ledger for an Ardoq, opened if it is given by its location.

    Raise `ConfigurationError` if it cannot be used, or is about another Ardoq.
    """
    if not isinstance(ledger, Ledger):
        ledger = Ledger.open(ledger, SCRIPT_NAME, read_only=read_only)
    ledger.bind(host, org)
    return ledger


def _is_there(path: str | os.PathLike[str]) -> bool:
    """Return whether there is anything under a path but an empty file."""
    try:
        return Path(path).stat().st_size > 0 or not Path(path).is_file()
    except (OSError, ValueError):
        return False


def _write(*row: Any) -> Write:
    number, state, action, kind, entity_id, workspace, before, sent, version, purpose, *owner = row
    mapping, field, key, label, deleted_with, recreates, beside = owner
    return Write(
        number,
        state,
        action,
        kind,
        entity_id,
        workspace,
        decode(before),
        decode(sent),
        version,
        purpose,
        None if mapping is None else Owner(decode(mapping), decode(field), decode(key)),
        decode(label),
        deleted_with,
        recreates,
        decode(beside),
    )


def _owned(*row: Any) -> OwnedEntity:
    kind, entity_id, workspace, mapping, field, key, since, values, given, version, missing, marked = row
    owner = Owner(decode(mapping), decode(field), decode(key))
    value: Attributes = decode(values)
    return OwnedEntity(
        kind, entity_id, workspace, owner, since, value, given, version, missing, decode(marked)
    )


def _now() -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())


def _who() -> str:
    """Return the user and the host of this process."""
    user = "?"
    with suppress(OSError, KeyError, ImportError):  # a container may have no name for its user
        user = getpass.getuser()
    return f"{user}@{socket.gethostname()}".encode("ascii", "backslashreplace").decode()
