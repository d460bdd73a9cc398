"""What a job remembers of its last run: how many rows there were, and what Ardoq did not keep as it was sent.

The file is JSON with `"kind": "ardoqpy memory"` and `"format": 1`. It holds `at` (UTC), the `job`, the
`host`, by kind the number of `rows`, and `not_converging` as in the report. It holds no token.
"""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ardoqpy.errors import ConfigurationError, InvalidInput
from ardoqpy_sync import json_file
from ardoqpy_sync.deletion.delete_missing import rows_of
from ardoqpy_sync.json_file import as_json_value

if TYPE_CHECKING:
    import os
    from collections.abc import Mapping

__all__ = ["read_memory", "write_memory"]

KIND, FORMAT = "ardoqpy memory", 1
#: As a report counts rows that were left alone.
_COUNTED = {"component": "cache_hit_comps", "reference": "cache_hit_refs"}
_STUBBORN = {"_id", "attribute", "stored", "wanted"}


def read_memory(path: str | os.PathLike[str]) -> dict[str, Any]:
    """Return what a job remembers, for `previous_report=`; nothing where there is no such file yet.

    Raise `ConfigurationError` where the file is damaged, or something else.
    """
    if not Path(path).exists():
        return {}
    trouble = None
    try:
        data, _ = json_file.read(path, "memory")
        if _makes_sense(data):
            rows = {counted: data["rows"][kind] for kind, counted in _COUNTED.items()}
            return {**rows, "not_converging": data["not_converging"]}
        trouble = f"The file {str(path)!r} is no memory of a job"
    except InvalidInput as problem:
        trouble = str(problem).rstrip(".")
    raise ConfigurationError(
        f"{trouble}. It is what the job remembers of its last run: delete it, and the next run begins anew, "
        "without seeing whether its sources have become suddenly small."
    )


def write_memory(path: str | os.PathLike[str], report: Mapping[str, Any], *, job: str, host: str) -> None:
    """Have a job remember a run, by its report as `get_report` gives it, in place of what it remembered.

    The file is written beside its place first. Raise `InvalidInput` where it cannot be written.
    """
    now = datetime.now(UTC).isoformat(timespec="seconds").removesuffix("+00:00")
    data = {
        "kind": KIND,
        "format": FORMAT,
        "at": f"{now}Z",
        "job": job,
        "host": host,
        "rows": rows_of(report),
        "not_converging": as_json_value(report["not_converging"]),
    }
    json_file.write(path, data, "memory")


def _makes_sense(data: Any) -> bool:
    if not isinstance(data, dict) or (data.get("kind"), data.get("format")) != (KIND, FORMAT):
        return False
    rows, stubborn = data.get("rows"), data.get("not_converging")
    return (
        isinstance(rows, dict)
        and all(type(rows.get(kind)) is int and rows[kind] >= 0 for kind in _COUNTED)
        and isinstance(stubborn, list)
        and all(isinstance(one, dict) and one.keys() >= _STUBBORN for one in stubborn)
    )
