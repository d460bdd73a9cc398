"""One run of a job at a time: a lock file that says who runs it, on which host and since when.

The operating system holds the lock, not the file: it lets go however a process ends, `kill -9` included, and
gives it to one of two that ask at the same moment. What the file says is for those who are refused, and for
what the system cannot tell: whether another host, from which the file is seen as well, still runs the job.
"""

from __future__ import annotations

import json
import logging
import os
import socket
import stat
import sys
import time
import weakref
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple, Self

from ardoqpy.errors import ConfigurationError, InvalidInput, JobRunning

if sys.platform == "win32":
    import msvcrt
else:
    import fcntl

if TYPE_CHECKING:
    from types import TracebackType

__all__ = ["JobLock"]

_log = logging.getLogger(__name__)

_ON_WINDOWS = sys.platform == "win32"
#: The byte that is locked on Windows, where nobody can read what another has locked: behind the text.
_FAR = 1 << 30
#: A lock file is smaller than this; what is larger is something else, and stays as it is.
_LARGEST = 4096
#: How every lock file begins, also one that was cut off.
_BEGINNING = b'{"kind": "ardoqpy lock", '
#: How long to wait for one that has just begun to say who it is, in seconds.
_PATIENCE, _PAUSE = 1.0, 0.01


class JobLock:
    """Hold a job's lock for a `with` block, or raise `JobRunning` where another run of the job holds it.

    - `path`: the lock file, one for each job, in a folder that is there; deleted at the end. On a disk of
      this machine if it can be: between hosts, a lock is as good as the file system that they share.
    - `job`: the job's name, for those who are refused.
    - `stale_after`: after how many seconds what another host holds is taken for left behind. Whether its
      process still runs nobody can tell from here: without this, it is refused until the file is deleted.

    What a process of this host has left behind, killed or crashed, is taken over, with a warning in the log
    (`ardoqpy_sync.lock`); so is a file that is empty or cut off. One that is no lock file is left as it is.
    A forked child does not hold its parent's lock, and does not let go of it. SIGTERM ends a Python process
    at once unless a handler is set: then the file stays, and the next run takes it over.

    Raise `JobRunning` where the job runs, `ConfigurationError` where the file cannot be used, `InvalidInput`
    for a path that is none or a `stale_after` that is no time.
    """

    def __init__(
        self, path: str | os.PathLike[str], *, job: str = "", stale_after: float | None = None
    ) -> None:
        if not isinstance(path, str | os.PathLike):
            raise InvalidInput(f"The lock file is {path!r}: give its path.")
        if stale_after is not None and not (
            isinstance(stale_after, int | float) and not isinstance(stale_after, bool) and stale_after > 0
        ):
            raise InvalidInput(
                f"stale_after is {stale_after!r}: give seconds, more than 0, or None for never."
            )
        self.path = Path(path)
        self.job = str(job)[:200]
        self.stale_after = stale_after
        self._handle: int | None = None

    def __repr__(self) -> str:
        return f"JobLock({str(self.path)!r}, job={self.job!r})"

    def __enter__(self) -> Self:
        until = time.monotonic() + _PATIENCE
        while True:
            with ExitStack() as undo:
                handle, new = self._opened()
                undo.callback(os.close, handle)
                try:
                    mine = _try_to_lock(handle)
                except OSError as problem:
                    raise self._useless(f"cannot be locked ({problem.strerror})") from problem
                if mine and _goes_by(handle, self.path):
                    if not new:
                        self._look_at(_read(handle))
                    _write(handle, self._myself())
                    undo.pop_all()
                    self._handle = handle
                    _HELD.add(self)
                    return self
                found = _read(handle)
            # Who has just locked it has not yet written its name, or not yet over that of the dead.
            named = isinstance(found, _Holder) and not (found.is_here() and found.runs() is False)
            if not mine and (named or time.monotonic() > until):
                raise self._refused(found)
            time.sleep(_PAUSE)

    def __exit__(
        self,
        kind: type[BaseException] | None,
        problem: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        handle, self._handle = self._handle, None
        if handle is None:  # in a forked child
            return
        _HELD.discard(self)
        # Whoever opened the file before it goes finds that it has no name any more, and opens another.
        # Windows deletes nothing that is open: there it goes last.
        try:
            os.ftruncate(handle, 0)
            if not _ON_WINDOWS:
                self._delete()
        finally:
            os.close(handle)
        if _ON_WINDOWS:
            self._delete()

    def _delete(self) -> None:
        try:
            self.path.unlink(missing_ok=True)
        except OSError as problem:
            # Somebody has it open, on Windows, or may write to it and not to its folder; nobody holds it.
            _log.debug("The lock file %s stays, empty: %s.", self.path, problem.strerror)

    def _opened(self) -> tuple[int, bool]:
        """Return the file, open, and whether it was made just now."""
        how = os.O_RDWR | os.O_CREAT
        try:
            try:
                return os.open(self.path, how | os.O_EXCL, 0o644), True
            except FileExistsError:
                handle = os.open(self.path, how, 0o644)
        except (OSError, ValueError) as problem:
            raise self._useless(f"cannot be opened ({getattr(problem, 'strerror', problem)})") from problem
        facts = os.fstat(handle)
        if not stat.S_ISREG(facts.st_mode) or facts.st_size > _LARGEST:
            os.close(handle)
            raise self._useless("is something else, and was left as it is")
        return handle, False

    def _look_at(self, found: _Holder | str) -> None:
        """Raise unless what the file says, now that the lock is ours, lets us take it."""
        if found is _OTHER:
            raise self._useless("is something else, and was left as it is")
        if not isinstance(found, _Holder):
            _log.warning("The lock file %s is empty or cut off, and nobody holds it: taken over.", self.path)
            return
        if found.is_here():
            # A process that has become another program (os.execv) is still here, and holds nothing any more.
            if found.runs() and found.pid != os.getpid():
                # It is free, says the system, and the process is there: a file system that forgets locks.
                raise self._refused(found)
            _log.warning(
                "The lock file %s was left by process %d, which took it at %s and is gone: taken over.",
                *(self.path, found.pid, found.since),
            )
            return
        if self.stale_after is None or found.age() < self.stale_after:
            raise self._refused(found)
        _log.warning(
            "The lock file %s was taken by process %d on host %s at %s, over %g seconds ago: taken over.",
            *(self.path, found.pid, found.host, found.since, self.stale_after),
        )

    def _myself(self) -> _Holder:
        since = datetime.now(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
        return _Holder(socket.gethostname(), os.getpid(), since, self.job, _started(os.getpid()))

    def _refused(self, found: _Holder | str) -> JobRunning:
        job = f"The job {self.job!r}" if self.job else "This job"
        holder, remedy = None, "wait for it to end, or end it"
        who = "a process that has not said who it is holds"
        if isinstance(found, _Holder):
            holder = found._asdict()
            del holder["started"]
            ours = "" if found.job == self.job else f" for the job {found.job!r}"
            who = f"process {found.pid} on host {found.host} has since {found.since} held{ours}"
            if not found.is_here():
                remedy = (
                    "whether that is still so cannot be seen from this host: if it is not, delete the file, "
                    "or say as stale_after= after how many seconds it may be taken over"
                )
        return JobRunning(
            f"{job} is running already: {who} the lock file {self.path}; {remedy}.",
            lock_file=str(self.path),
            holder=holder,
        )

    def _useless(self, why: str) -> ConfigurationError:
        return ConfigurationError(
            f"The lock file {self.path} {why}: name a file of its own, in a folder that is there, "
            "that this user may write to and whose file system knows locks."
        )


#: What is held in this process.
_HELD: weakref.WeakSet[JobLock] = weakref.WeakSet()


def _let_go_in_a_child() -> None:
    for lock in list(_HELD):
        handle, lock._handle = lock._handle, None  # noqa: SLF001 - its own module
        if handle is not None:
            # Closed and not unlocked: what is locked is the file as the parent has opened it.
            os.close(handle)
    _HELD.clear()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_let_go_in_a_child)


def _try_to_lock(handle: int) -> bool:
    """Return whether an open file is now locked by us, not by another; raise OSError where none can."""
    try:
        if sys.platform == "win32":
            os.lseek(handle, _FAR, os.SEEK_SET)
            msvcrt.locking(handle, msvcrt.LK_NBLCK, 1)
        else:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except (BlockingIOError, PermissionError):
        return False
    return True


def _goes_by(handle: int, path: Path) -> bool:
    """Return whether an open file is the one of that name, and was not deleted meanwhile."""
    try:
        return os.path.samestat(os.fstat(handle), path.stat())
    except FileNotFoundError:
        return False


# -- what the file says ---------------------------------------------------------------------------------

#: What a file may say that names no holder: what was cut off, and what never was a lock.
_DAMAGED, _OTHER = "damaged", "other"


class _Holder(NamedTuple):
    """Who holds a lock, as its file says."""

    host: str
    pid: int
    since: str
    job: str
    started: str | None

    def is_here(self) -> bool:
        return self.host == socket.gethostname()

    def runs(self) -> bool | None:
        """Return whether this very process, none that got its pid later, runs; None where nobody tells."""
        return None if self.started is None else _started(self.pid) == self.started

    def age(self) -> float:
        return (datetime.now(UTC) - datetime.fromisoformat(self.since)).total_seconds()


def _write(handle: int, holder: _Holder) -> None:
    os.ftruncate(handle, 0)
    os.lseek(handle, 0, os.SEEK_SET)
    text = _BEGINNING + json.dumps(holder._asdict()).encode().removeprefix(b"{")
    os.write(handle, text)
    os.fsync(handle)


def _read(handle: int) -> _Holder | str:
    """Return who holds a file, or _DAMAGED, or _OTHER."""
    os.lseek(handle, 0, os.SEEK_SET)
    text = os.read(handle, _LARGEST).strip(b"\0 \r\n")
    if not (text.startswith(_BEGINNING) or _BEGINNING.startswith(text)):
        return _OTHER
    try:
        stored = json.loads(text)
        del stored["kind"]
        holder = _Holder(**stored)
        holder.age()
        return holder._replace(pid=int(holder.pid))
    except (ValueError, TypeError, RecursionError):
        return _DAMAGED


def _started(pid: int) -> str | None:
    """Return when a process began, in words that no other shares; None where the system does not tell."""
    try:
        boot = Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
        # The name of the program, in brackets, may hold anything; the start is the 20th word after it.
        words = Path(f"/proc/{pid}/stat").read_bytes().rpartition(b")")[2].split()
        return f"{boot} {int(words[19])}"
    except (OSError, ValueError, IndexError):
        return None
