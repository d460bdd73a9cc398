"""Describe failures on demand as data, and hand them out to the calls that they are meant for."""

import random
import threading
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, fields, replace
from fnmatch import fnmatchcase
from typing import Any, Self

KINDS = ("status", "reset", "drop-before", "drop-after", "cut-off", "html", "wait", "wait-after")
#: What a storm is made of unless it is told: no call hangs.
WEATHER = ("429", "500", "502", "503", "drop-before", "drop-after", "cut-off", "html")

_INTEGERS = frozenset({"times", "status", "retry_after"})


@dataclass(frozen=True, slots=True)
class Fault:
    """Describe what goes wrong with the next calls that match.

    - status: answer with `status`, without handling, and with Retry-After if `retry_after` is given
    - reset: reset the connection before handling, as a crash or a firewall does
    - drop-before: close the connection before handling
    - drop-after: handle, then close the connection without an answer
    - cut-off: handle, then send the headers and only half of the body
    - html: answer 200 with a login page, without handling
    - wait: sleep for `seconds`, then handle: a client that gave up meanwhile has no part in it
    - wait-after: handle, then sleep for `seconds` before the answer

    `method` and `path` (a pattern such as "/api/component*") narrow it down; it happens `times` times.
    """

    kind: str = "status"
    times: int = 1
    status: int = 503
    retry_after: int | None = None
    method: str | None = None
    path: str | None = None
    seconds: float | None = None

    def __post_init__(self) -> None:
        if self.kind not in KINDS:
            sentence = f"There is no kind of fault '{self.kind}'; there are {', '.join(KINDS)}."
            raise ValueError(sentence)
        for name in ("times", "status", "retry_after"):
            value = getattr(self, name)
            optional = name == "retry_after" and value is None
            if not optional and (isinstance(value, bool) or not isinstance(value, int)):
                sentence = f"'{name}' of a fault has to be a whole number, not {value!r}."
                raise ValueError(sentence)
        if self.times < 1:
            sentence = f"'times' of a fault has to be at least 1, not {self.times}."
            raise ValueError(sentence)
        if not 200 <= self.status <= 599:
            sentence = f"'status' of a fault has to be from 200 to 599, not {self.status}."
            raise ValueError(sentence)
        for name in ("method", "path"):
            if not isinstance(getattr(self, name), str | None):
                sentence = f"'{name}' of a fault has to be a string."
                raise ValueError(sentence)  # noqa: TRY004 (one exception for every nonsense)
        self._check_seconds()

    def _check_seconds(self) -> None:
        seconds = self.seconds
        if self.kind in {"wait", "wait-after"} and seconds is None:
            sentence = f"A fault of kind '{self.kind}' needs 'seconds'."
            raise ValueError(sentence)
        is_number = isinstance(seconds, int | float) and not isinstance(seconds, bool)
        if seconds is not None and (not is_number or not 0 <= seconds < float("inf")):
            sentence = f"'seconds' of a fault has to be a number from 0 up, not {seconds!r}."
            raise ValueError(sentence)

    @classmethod
    def from_mapping(cls, given: Mapping[str, Any]) -> Self:
        """Make a fault of named values, or raise ValueError with a sentence."""
        known = [item.name for item in fields(cls)]
        unknown = [key for key in given if key not in known]
        if unknown:
            sentence = f"A fault has no '{unknown[0]}'; it has {', '.join(known)}."
            raise ValueError(sentence)
        return cls(**given)

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read a fault as written on a command line: "kind=status,status=503,times=2,method=POST"."""
        given: dict[str, Any] = {}
        for part in text.split(","):
            key, equals, value = (piece.strip() for piece in part.partition("="))
            if not equals or not key or not value:
                sentence = f"A fault is written as key=value,key=value; '{part}' is not of that form."
                raise ValueError(sentence)
            if key in given:
                sentence = f"'{key}' stands twice in the fault '{text}'."
                raise ValueError(sentence)
            given[key] = _number(key, value)
        return cls.from_mapping(given)

    def matches(self, method: str, path: str) -> bool:
        """Say whether a call is one that this fault is meant for."""
        return (self.method is None or self.method.upper() == method) and (
            self.path is None or fnmatchcase(path, self.path)
        )

    def as_mapping(self) -> dict[str, Any]:
        """Return the fault as named values."""
        return asdict(self)


def _number(key: str, value: str) -> Any:
    try:
        if key in _INTEGERS:
            return int(value)
        if key == "seconds":
            return float(value)
    except ValueError as error:
        sentence = f"'{key}' of a fault has to be a number, not '{value}'."
        raise ValueError(sentence) from error
    return value


class Storm:
    """Let a share of all calls go wrong, each in one of several ways, drawn by a seed.

    - share: how many of the calls that match, from 0 to 1
    - kinds: statuses such as "503", and kinds of faults; one that stands twice is twice as likely
    - retry_after: what a 429 of it asks for; seconds: how long its waits are; method, path: as of a fault

    Calls that come one after the other meet the same weather at each run with the same seed.
    """

    def __init__(
        self,
        share: float = 0.2,
        kinds: Sequence[str] = WEATHER,
        seed: int = 0,
        *,
        retry_after: int | None = 0,
        seconds: float | None = None,
        method: str | None = None,
        path: str | None = None,
    ) -> None:
        if isinstance(share, bool) or not isinstance(share, int | float) or not 0 <= share <= 1:
            sentence = f"'share' of a storm has to be a number from 0 to 1, not {share!r}."
            raise ValueError(sentence)
        if isinstance(kinds, str) or not kinds:
            sentence = f"'kinds' of a storm has to be a list of kinds, not {kinds!r}."
            raise ValueError(sentence)
        self._share = share
        self._random = random.Random(seed)  # noqa: S311 (to be repeated, not to be secret)
        self._narrow = Fault(method=method, path=path)
        self._faults = [_of_a_storm(str(kind), retry_after, seconds) for kind in kinds]
        self.happened: dict[str, int] = {}

    def take(self, method: str, path: str) -> Fault | None:
        """Draw what goes wrong with a call, most often nothing."""
        if not self._narrow.matches(method, path) or self._random.random() >= self._share:
            return None
        fault = self._random.choice(self._faults)
        name = str(fault.status) if fault.kind == "status" else fault.kind
        self.happened[name] = self.happened.get(name, 0) + 1
        return fault


def _of_a_storm(kind: str, retry_after: int | None, seconds: float | None) -> Fault:
    if kind.isdecimal():
        return Fault(status=int(kind), retry_after=retry_after if kind == "429" else None)
    return Fault(kind, seconds=seconds)


class Faults:
    """Keep faults in the order in which they were asked for; any thread may ask and take."""

    def __init__(self, faults: Iterable[Fault] = ()) -> None:
        self._lock = threading.Lock()
        self._pending = list(faults)
        self._storm: Storm | None = None

    def add(self, *faults: Fault) -> None:
        """Ask for failures."""
        with self._lock:
            self._pending.extend(faults)

    def take(self, method: str, path: str) -> Fault | None:
        """Return the first fault that is meant for a call, and count it down; else what a storm has for
        it.
        """
        with self._lock:
            for position, fault in enumerate(self._pending):
                if fault.matches(method, path):
                    if fault.times > 1:
                        self._pending[position] = replace(fault, times=fault.times - 1)
                    else:
                        del self._pending[position]
                    return fault
            return self._storm.take(method, path) if self._storm is not None else None

    def brew(self, storm: Storm) -> None:
        """Let a storm begin, in place of one that goes on."""
        with self._lock:
            self._storm = storm

    def clear(self) -> None:
        """Forget all failures that have not happened, and end the storm."""
        with self._lock:
            self._pending.clear()
            self._storm = None

    def pending(self) -> list[Fault]:
        """Return the failures still to happen, with how often."""
        with self._lock:
            return list(self._pending)
