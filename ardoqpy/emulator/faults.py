"""Inject faults: failures that a test asks for, one by one or at random."""

import random
import threading
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, fields, replace
from fnmatch import fnmatchcase
from typing import Any, Self

from ardoqpy.emulator.key_values import parse_key_values
from ardoqpy.emulator.rows import Attributes

KINDS = ("status", "reset", "drop-before", "drop-after", "cut-off", "html", "wait", "wait-after")
#: The kinds of random faults by default: statuses and kinds that do not delay a call.
RANDOM_FAULT_KINDS = ("429", "500", "502", "503", "drop-before", "drop-after", "cut-off", "html")

_INTEGERS = frozenset({"times", "status", "retry_after"})


@dataclass(frozen=True, slots=True)
class Fault:
    """Describe a failure of the next calls that match.

    - status: answer with `status`, and with Retry-After if `retry_after` is given; execute nothing
    - reset: reset the connection before the request is executed, as a crash or a firewall does
    - drop-before: close the connection before the request is executed
    - drop-after: execute the request, then close the connection without an answer
    - cut-off: execute the request, then send the headers and only half of the body
    - html: answer 200 with a login page; execute nothing
    - wait: sleep for `seconds`, then execute the request, even if the client has given up
    - wait-after: execute the request, then sleep for `seconds` before the answer

    `method` and `path` (a pattern such as "/api/component*") select the calls, `times` is their number.
    """

    kind: str = "status"
    times: int = 1
    status: int = 503
    retry_after: int | None = None
    method: str | None = None
    path: str | None = None
    seconds: float | None = None

    def __post_init__(self) -> None:
        """Raise ValueError for a value that makes no sense."""
        if self.kind not in KINDS:
            raise ValueError(f"There is no kind of fault '{self.kind}'; there are {', '.join(KINDS)}.")
        for name in ("times", "status", "retry_after"):
            value = getattr(self, name)
            optional = name == "retry_after" and value is None
            if not optional and (isinstance(value, bool) or not isinstance(value, int)):
                raise ValueError(f"'{name}' of a fault has to be a whole number, not {value!r}.")
        if self.times < 1:
            raise ValueError(f"'times' of a fault has to be at least 1, not {self.times}.")
        if not 200 <= self.status <= 599:
            raise ValueError(f"'status' of a fault has to be from 200 to 599, not {self.status}.")
        for name in ("method", "path"):
            if not isinstance(getattr(self, name), str | None):
                raise ValueError(f"'{name}' of a fault has to be a string.")  # noqa: TRY004 (one exception for every mistake)
        self._check_seconds()

    def _check_seconds(self) -> None:
        seconds = self.seconds
        if self.kind in {"wait", "wait-after"} and seconds is None:
            raise ValueError(f"A fault of kind '{self.kind}' needs 'seconds'.")
        is_number = isinstance(seconds, int | float) and not isinstance(seconds, bool)
        if seconds is not None and (not is_number or not 0 <= seconds < float("inf")):
            raise ValueError(f"'seconds' of a fault has to be a number from 0 up, not {seconds!r}.")

    @classmethod
    def from_mapping(cls, given: Mapping[str, Any]) -> Self:
        """Create a fault from its fields by name, or raise ValueError."""
        known = [item.name for item in fields(cls)]
        unknown = [key for key in given if key not in known]
        if unknown:
            raise ValueError(f"A fault has no '{unknown[0]}'; it has {', '.join(known)}.")
        return cls(**given)

    @classmethod
    def parse(cls, text: str) -> Self:
        """Parse a fault as in "kind=status,status=503,times=2,method=POST", or raise ValueError."""
        given = parse_key_values(text, "fault")
        return cls.from_mapping({key: _number(key, value) for key, value in given.items()})

    def matches(self, method: str, path: str) -> bool:
        """Return whether the fault applies to a call."""
        return (self.method is None or self.method.upper() == method) and (
            self.path is None or fnmatchcase(path, self.path)
        )

    def as_mapping(self) -> Attributes:
        """Return the fields of the fault by name."""
        return asdict(self)


def _number(key: str, value: str) -> Any:
    try:
        if key in _INTEGERS:
            return int(value)
        if key == "seconds":
            return float(value)
    except ValueError as error:
        raise ValueError(f"'{key}' of a fault has to be a number, not '{value}'.") from error
    return value


class RandomFaults:
    """Fail a share of all calls, each in one of several ways; the same seed fails the same calls.

    `injected` counts the faults that have happened, by kind or status.
    """

    def __init__(
        self,
        share: float = 0.2,
        kinds: Sequence[str] = RANDOM_FAULT_KINDS,
        seed: int = 0,
        *,
        retry_after: int | None = 0,
        seconds: float | None = None,
        method: str | None = None,
        path: str | None = None,
    ) -> None:
        """Draw from these faults, or raise ValueError.

        - share: the share of the matching calls that fail, from 0 to 1
        - kinds: statuses such as "503", and kinds of `Fault`; a kind that is listed twice is twice as likely
        - seed: where the random numbers start
        - retry_after: the seconds of Retry-After in a 429
        - seconds: the seconds of "wait" and "wait-after"
        - method, path: which calls may fail, as in `Fault`
        """
        if isinstance(share, bool) or not isinstance(share, int | float) or not 0 <= share <= 1:
            raise ValueError(f"'share' of random faults has to be a number from 0 to 1, not {share!r}.")
        if isinstance(kinds, str) or not kinds:
            raise ValueError(f"'kinds' of random faults has to be a list of kinds, not {kinds!r}.")
        self._share = share
        self._random = random.Random(seed)  # noqa: S311 (repeatable, not secret)
        self._condition = Fault(method=method, path=path)
        self._faults = [_random_fault(str(kind), retry_after, seconds) for kind in kinds]
        self.injected: dict[str, int] = {}

    def take(self, method: str, path: str) -> Fault | None:
        """Return the fault for a call, or None if the call succeeds."""
        if not self._condition.matches(method, path) or self._random.random() >= self._share:
            return None
        fault = self._random.choice(self._faults)
        name = str(fault.status) if fault.kind == "status" else fault.kind
        self.injected[name] = self.injected.get(name, 0) + 1
        return fault


def _random_fault(kind: str, retry_after: int | None, seconds: float | None) -> Fault:
    if kind.isdecimal():
        return Fault(status=int(kind), retry_after=retry_after if kind == "429" else None)
    return Fault(kind, seconds=seconds)


class Faults:
    """Queue the faults of an emulator in the order in which they were added; thread-safe."""

    def __init__(self, faults: Iterable[Fault] = ()) -> None:
        """Start with these faults."""
        self._lock = threading.Lock()
        self._pending = list(faults)
        self._random: RandomFaults | None = None

    def add(self, *faults: Fault) -> None:
        """Add faults."""
        with self._lock:
            self._pending.extend(faults)

    def take(self, method: str, path: str) -> Fault | None:
        """Return the first fault that matches a call and count it down, else a random fault or None."""
        with self._lock:
            for position, fault in enumerate(self._pending):
                if fault.matches(method, path):
                    if fault.times > 1:
                        self._pending[position] = replace(fault, times=fault.times - 1)
                    else:
                        del self._pending[position]
                    return fault
            return self._random.take(method, path) if self._random is not None else None

    def set_random(self, faults: RandomFaults) -> None:
        """Start random faults, in place of any others."""
        with self._lock:
            self._random = faults

    def clear(self) -> None:
        """Remove the faults that have not happened yet, and stop random faults."""
        with self._lock:
            self._pending.clear()
            self._random = None

    def pending(self) -> list[Fault]:
        """Return the faults that have not happened yet."""
        with self._lock:
            return list(self._pending)
