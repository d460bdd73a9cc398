"""A lock for one run of a job at a time, with a file that names the process that holds it.

The operating system holds the lock, not the file: it releases it however a process ends, `kill -9` included,
and gives it to only one of two processes that ask at the same moment. The text in the file is for messages,
and for what the system does not know: whether a process on another host, which shares the file, still runs.
So the holder renews the file while it runs, by its time of modification: that is of the clock of the file
system, which all hosts share.
"""

from __future__ import annotations

import json
import logging
import os
import socket
import stat
import sys
import threading
import time
import weakref
from contextlib import ExitStack, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple, Self

from ardoqpy._http.local_files import open_regular_file, remove_leftovers, temporary_path
from ardoqpy.errors import ConfigurationError, InvalidInput, JobRunning, LockHolder

if sys.platform == "win32":
    import msvcrt
else:
    import fcntl

if TYPE_CHECKING:
    from types import TracebackType

__all__ = ["JobLock"]

_log = logging.getLogger(__name__)

_ON_WINDOWS = sys.platform == "win32"
#: The byte that is locked on Windows: far behind the text, since locked bytes cannot be read there.
_LOCKED_BYTE = 1 << 30
#: A lock file is smaller than this; a larger file is something else, and is left as it is.
_MAX_BYTES = 4096
#: How every lock file starts, also one that was cut off.
_PREFIX = b'{"kind": "ardoqpy lock", '
#: How long to wait until a process that has just taken the lock has written its name, in seconds.
_NAME_TIMEOUT, _PAUSE = 1.0, 0.01
#: How often the holder renews the file, in seconds; more often if `stale_after` is short.
_RENEWAL = 30.0


class JobLock:
    """Hold the lock of a job for a `with` block.

    - `path`: the lock file, one for each job, in an existing folder; deleted at the end. Prefer a local disk:
      between hosts, a lock is only as reliable as the file system they share.
    - `job`: the name of the job, for the message of a second run.
    - `stale_after`: after so many seconds without a renewal, a lock of another host is taken over. The holder
      renews it every 30 seconds, or four times in `stale_after`. With None, such a lock is respected until
      the file is deleted: this host cannot see whether that process still runs.
    - `take_over`: take over a lock of another host at once. A process of this host that runs keeps its lock.

    Call `check()` before each write: it raises `JobRunning` after another host has taken the lock over.

    A lock that a killed or crashed process of this host left behind is taken over, with a warning in the log
    (`ardoqpy_sync.lock`); so is a file that is empty or cut off. A file that is not a lock file is left as it
    is. A forked child does not hold the lock of its parent, and does not release it. SIGTERM ends a Python
    process at once unless it has a handler: then the file stays, and the next run takes it over.

    Raise `InvalidInput` for a wrong argument; entering the block raises `JobRunning` if another run of the
    job holds the lock, and `ConfigurationError` if the file cannot be used.
    """

    def __init__(
        self,
        path: str | os.PathLike[str],
        *,
        job: str = "",
        stale_after: float | None = None,
        take_over: bool = False,
    ) -> None:
        """Keep the arguments; the class describes them."""
        if not isinstance(path, str | os.PathLike):
            raise InvalidInput(f"The lock file is {path!r}: pass its path.")
        if stale_after is not None and not (
            isinstance(stale_after, int | float) and not isinstance(stale_after, bool) and stale_after > 0
        ):
            raise InvalidInput(
                f"stale_after is {stale_after!r}: pass a number of seconds above 0, or None for never."
            )
        self.path = Path(path)
        self.job = str(job)[:200]
        self.stale_after = stale_after
        self.take_over = take_over
        self._handle: int | None = None
        #: What this process has written into the file.
        self._text = b""
        self._renewing: threading.Thread | None = None
        self._released = threading.Event()

    def __repr__(self) -> str:
        """Return the path and the job."""
        return f"JobLock({str(self.path)!r}, job={self.job!r})"

    def __enter__(self) -> Self:
        """Take the lock."""
        deadline = time.monotonic() + _NAME_TIMEOUT
        while True:
            with ExitStack() as undo:
                handle, is_new = self._open()
                undo.callback(os.close, handle)
                try:
                    locked = _try_to_lock(handle)
                except OSError as problem:
                    raise self._unusable(f"cannot be locked ({problem.strerror})") from problem
                if locked and _is_file_at(handle, self.path):
                    if not is_new:
                        _log.warning("%s", self._check_takeover(_read(handle), handle))
                    self._text = _encode(self._this_process())
                    try:
                        _write(handle, self._text)
                    except OSError as problem:  # such as a full disk
                        if is_new:
                            self._delete()
                        raise self._unusable(f"cannot be written ({problem.strerror})") from problem
                    undo.pop_all()
                    self._handle = handle
                    _HELD.add(self)
                    self._start_renewing(handle)
                    return self
                holder = _read(handle)
                # A process that has just taken the lock may not have written its name over the last one yet.
                is_named = isinstance(holder, _Holder) and not (
                    holder.is_on_this_host() and holder.runs() is False
                )
                if not locked and isinstance(holder, _Holder) and not holder.is_on_this_host():
                    # The file system keeps the lock of another host, which may be down, or cut off.
                    warning = self._check_takeover(holder, handle)
                    self._replace(handle)
                    _log.warning("%s", warning)
                    continue
            if not locked and (is_named or time.monotonic() > deadline):
                raise self._already_running(holder)
            time.sleep(_PAUSE)

    def try_out(self) -> None:
        """Raise what entering the block would raise now, and leave the file and its lock as they are."""
        if not os.path.lexists(self.path):
            if not os.access(self.path.parent, os.W_OK | os.X_OK):
                raise self._unusable("cannot be created")
            return
        handle, _ = self._open()
        try:
            locked = _try_to_lock(handle)
            holder = _read(handle)
            if not locked and not (isinstance(holder, _Holder) and not holder.is_on_this_host()):
                raise self._already_running(holder)
            self._check_takeover(holder, handle)
        except OSError as problem:
            raise self._unusable(f"cannot be locked ({problem.strerror})") from problem
        finally:
            os.close(handle)

    def check(self) -> None:
        """Raise `JobRunning` if this process has lost the lock: call it before each write.

        The lock is lost if another host has taken it over, or the file was deleted. If the file cannot be
        read now, nothing is raised.
        """
        if self._handle is None or self._is_held():
            return
        holder: _Holder | str = _DAMAGED
        with suppress(OSError), open_regular_file(self.path) as file:
            holder = _parse(file.read(_MAX_BYTES))
        raise self._lost(holder)

    def __exit__(
        self,
        kind: type[BaseException] | None,
        problem: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Release the lock and delete its file."""
        handle, self._handle = self._handle, None
        if handle is None:  # in a forked child
            return
        _HELD.discard(self)
        self._released.set()
        if self._renewing is not None:
            self._renewing.join(timeout=_NAME_TIMEOUT)  # a shared file system may hang
        if not self._is_held():  # the file is another's now
            os.close(handle)
            return
        # A process that opened the file before it is deleted sees that it is no longer at its path, and opens
        # another. Windows does not delete open files: there it is deleted after it is closed.
        try:
            os.ftruncate(handle, 0)
            if not _ON_WINDOWS:
                self._delete()
        finally:
            os.close(handle)
        if _ON_WINDOWS:
            self._delete()

    def _is_held(self) -> bool:
        """Return whether the file is still as this process wrote it, or cannot be read now."""
        try:
            with open_regular_file(self.path) as file:
                return file.read(_MAX_BYTES) == self._text
        except FileNotFoundError:
            return False
        except OSError:
            return True

    def _start_renewing(self, handle: int) -> None:
        self._released = threading.Event()
        pause = _RENEWAL if self.stale_after is None else min(_RENEWAL, self.stale_after / 4)
        arguments = (handle, pause, self._released)
        self._renewing = threading.Thread(target=self._renew, args=arguments, name="JobLock", daemon=True)
        try:
            self._renewing.start()
        except RuntimeError:  # no more threads: the run goes on
            self._renewing = None
            _log.warning("The lock file %s is not renewed, because no thread can be started.", self.path)

    def _renew(self, handle: int, pause: float, released: threading.Event) -> None:
        """Renew the file until the lock is released, or lost."""
        target = handle if os.utime in os.supports_fd else self.path
        while not released.wait(pause):
            if not self._is_held():
                _log.warning("The lock file %s was taken over or deleted: this run stops.", self.path)
                return
            with suppress(OSError):  # it may work the next time
                os.utime(target)

    def _replace(self, handle: int) -> None:
        """Delete the file that another host has locked; its process sees that, and stops before it writes."""
        try:
            if _is_file_at(handle, self.path):
                self.path.unlink()
        except OSError as problem:
            raise self._unusable(f"cannot be deleted ({problem.strerror})") from problem

    def _age(self, handle: int) -> float:
        """Return for how many seconds a file was not renewed, by the clock of its file system."""
        probe = temporary_path(self.path)
        try:
            with probe.open("xb") as file:
                remove_leftovers(probe)
                return os.fstat(file.fileno()).st_mtime - os.fstat(handle).st_mtime
        except OSError as problem:
            raise self._unusable(
                f"has no writable folder, to compare its age ({problem.strerror})"
            ) from problem
        finally:
            with suppress(OSError):
                probe.unlink()

    def _delete(self) -> None:
        try:
            self.path.unlink(missing_ok=True)
        except OSError as problem:
            # On Windows another process has it open; elsewhere the folder is read-only. It is not locked.
            _log.debug("The lock file %s is not deleted, but empty: %s.", self.path, problem.strerror)

    def _open(self) -> tuple[int, bool]:
        """Return the open file, and whether it is new."""
        # Without blocking: a pipe would wait for a process at its other end.
        flags = os.O_RDWR | os.O_CREAT | getattr(os, "O_NONBLOCK", 0)
        try:
            try:
                return os.open(self.path, flags | os.O_EXCL, 0o644), True
            except FileExistsError:
                handle = os.open(self.path, flags, 0o644)
        except (OSError, ValueError) as problem:
            raise self._unusable(f"cannot be opened ({getattr(problem, 'strerror', problem)})") from problem
        status = os.fstat(handle)
        if not stat.S_ISREG(status.st_mode) or status.st_size > _MAX_BYTES:
            os.close(handle)
            raise self._unusable(_NOT_A_LOCK_FILE)
        return handle, False

    def _check_takeover(self, holder: _Holder | str, handle: int) -> str:
        """Return the warning to log when a file is taken over; raise if its holder may still run."""
        if holder is _OTHER:
            raise self._unusable(_NOT_A_LOCK_FILE)
        if not isinstance(holder, _Holder):
            return f"The lock file {self.path} is empty or cut off, and not locked: taken over."
        if holder.is_on_this_host():
            # This process may have been another program that held the lock (os.execv).
            if holder.runs() and holder.pid != os.getpid():
                # The system says that the lock is free: the file system does not keep locks.
                raise self._already_running(holder)
            return (
                f"The lock file {self.path} was left by process {holder.pid}, which took it at "
                f"{holder.since} and has ended: taken over."
            )
        age = self._age(handle)
        if not self.take_over and (self.stale_after is None or age < self.stale_after):
            raise self._already_running(holder, age)
        return (
            f"The lock file {self.path} is held by process {holder.pid} on host {holder.host} since "
            f"{holder.since}, and was last renewed {_describe_seconds(age)} ago: taken over. If that process "
            "still runs, it stops before its next write."
        )

    def _this_process(self) -> _Holder:
        since = datetime.now(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
        return _Holder(socket.gethostname(), os.getpid(), since, self.job, _start_of(os.getpid()))

    def _already_running(self, holder: _Holder | str, age: float = 0.0) -> JobRunning:
        job = f"The job {self.job!r}" if self.job else "This job"
        details, remedy = None, "Wait for it to end, or end it."
        process = f"a process that has not written its name holds the lock file {self.path}"
        if isinstance(holder, _Holder):
            details = holder.details()
            other_job = "" if holder.job == self.job else f" for the job {holder.job!r}"
            process = (
                f"process {holder.pid} on host {holder.host} has held the lock file {self.path}{other_job} "
                f"since {holder.since}"
            )
            if not holder.is_on_this_host():
                remedy = (
                    f"It renewed the lock {_describe_seconds(age)} ago, and does so every "
                    f"{_RENEWAL:g} seconds. If that process does not run any more, delete the file, or pass "
                    "take_over=True."
                )
        return JobRunning(
            f"{job} is already running: {process}. {remedy}", lock_file=str(self.path), holder=details
        )

    def _lost(self, holder: _Holder | str) -> JobRunning:
        cause, details = "was deleted or overwritten", None
        if isinstance(holder, _Holder):
            details = holder.details()
            cause = f"was taken over by process {holder.pid} on host {holder.host} at {holder.since}"
        return JobRunning(
            f"This run stopped before its next write, because its lock file {self.path} {cause}.",
            lock_file=str(self.path),
            holder=details,
        )

    def _unusable(self, why: str) -> ConfigurationError:
        return ConfigurationError(
            f"The lock file {self.path} {why}: name a file for this lock alone, in an existing folder that "
            "this user may write to, on a file system that supports locks."
        )


#: The locks that this process holds.
_HELD: weakref.WeakSet[JobLock] = weakref.WeakSet()


def _forget_locks_in_child() -> None:
    for lock in list(_HELD):
        handle, lock._handle = lock._handle, None  # noqa: SLF001 - its own module
        if handle is not None:
            # Closed, not unlocked: the lock belongs to the open file, which parent and child share.
            os.close(handle)
    _HELD.clear()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget_locks_in_child)


def _try_to_lock(handle: int) -> bool:
    """Return whether an open file is now locked by this process; raise OSError if locks do not work."""
    try:
        if sys.platform == "win32":
            os.lseek(handle, _LOCKED_BYTE, os.SEEK_SET)
            msvcrt.locking(handle, msvcrt.LK_NBLCK, 1)
        else:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except (BlockingIOError, PermissionError):
        return False
    return True


def _is_file_at(handle: int, path: Path) -> bool:
    """Return whether an open file is still the one at a path, and was not deleted in the meantime."""
    try:
        return os.path.samestat(os.fstat(handle), path.stat())
    except FileNotFoundError:
        return False


# -- the text of the file -------------------------------------------------------------------------------

#: Files without a holder: a lock file that is empty or cut off, and a file that is not a lock file.
_DAMAGED, _OTHER = "damaged", "other"
_NOT_A_LOCK_FILE = "is not a lock file, and was left as it is"


class _Holder(NamedTuple):
    """The process that holds a lock, as the file names it."""

    host: str
    pid: int
    since: str
    job: str
    started: str | None

    def is_on_this_host(self) -> bool:
        """Return whether the process is one of this host."""
        return self.host == socket.gethostname()

    def runs(self) -> bool | None:
        """Return whether the process still runs, and not another with its pid; None if that is not known."""
        return None if self.started is None else _start_of(self.pid) == self.started

    def details(self) -> LockHolder:
        """Return the process as errors name it."""
        return LockHolder(host=self.host, pid=self.pid, since=self.since, job=self.job)


def _encode(holder: _Holder) -> bytes:
    return _PREFIX + json.dumps(holder._asdict()).encode().removeprefix(b"{")


def _write(handle: int, text: bytes) -> None:
    os.ftruncate(handle, 0)
    os.lseek(handle, 0, os.SEEK_SET)
    while text:
        text = text[os.write(handle, text) :]
    os.fsync(handle)


def _read(handle: int) -> _Holder | str:
    """Return the holder in a file, or _DAMAGED, or _OTHER."""
    os.lseek(handle, 0, os.SEEK_SET)
    return _parse(os.read(handle, _MAX_BYTES))


def _parse(text: bytes) -> _Holder | str:
    """Return the holder in the text of a file, or _DAMAGED, or _OTHER."""
    text = text.strip(b"\0 \r\n")
    if not (text.startswith(_PREFIX) or _PREFIX.startswith(text)):
        return _OTHER
    try:
        stored = json.loads(text)
        del stored["kind"]
        holder = _Holder(**stored)
        datetime.fromisoformat(holder.since)
        return holder._replace(pid=int(holder.pid))
    except (ValueError, TypeError, RecursionError):
        return _DAMAGED


def _describe_seconds(seconds: float) -> str:
    """Return a number of seconds in words; a clock that was set back makes it negative."""
    seconds = max(0.0, seconds)
    for unit, length in (("hours", 3600), ("minutes", 60)):
        if seconds >= 2 * length:
            return f"{seconds / length:.0f} {unit}"
    return f"{seconds:.0f} seconds"


def _start_of(pid: int) -> str | None:
    """Return a text that is unique to the start of a process; None if the system does not provide it."""
    try:
        boot = Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
        # The name of the program, in brackets, may contain anything; the start is the 20th word after it.
        words = Path(f"/proc/{pid}/stat").read_bytes().rpartition(b")")[2].split()
        return f"{boot} {int(words[19])}"
    except (OSError, ValueError, IndexError):
        return None
