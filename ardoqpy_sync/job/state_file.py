"""The state file of a job: the row counts of its last run, and the attributes that are not converging.

The file is JSON with `"kind": "ardoqpy state"` and `"format": 1`. It contains `at` (UTC), the `job`, the
`host`, the number of `rows` by kind, and `not_converging` as in the report. It contains no token.
"""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ardoqpy._http.local_files import is_special_file
from ardoqpy.errors import ConfigurationError, InvalidInput
from ardoqpy_sync import json_file
from ardoqpy_sync.deletion.delete_missing import count_rows
from ardoqpy_sync.documents import KINDS
from ardoqpy_sync.json_file import as_json_value

if TYPE_CHECKING:
    import os
    from collections.abc import Mapping

    from ardoqpy_sync.documents import PreviousReport

KIND, FORMAT = "ardoqpy state", 1
#: A larger file is not a state file: it has two counts, and an entry for each value that Ardoq changes back.
MAX_BYTES = 64 * 2**20
_NOT_CONVERGING_KEYS = {"_id", "attribute", "stored", "wanted"}


def read_state(path: str | os.PathLike[str]) -> PreviousReport:
    """Return the state of a job's last run for `previous_report=`; {} if the file does not exist.

    Raise `ConfigurationError` if the file is damaged, or is not a state file.
    """
    if not Path(path).exists():
        return {}
    if is_special_file(path):
        raise ConfigurationError(
            f"The state file {str(path)!r} is not a regular file. Set state_file to a file of this job."
        )
    try:
        data, _ = json_file.read(path, "state", MAX_BYTES)
        if _is_valid(data):
            rows = data["rows"]
            return {
                "cache_hit_comps": rows["component"],
                "cache_hit_refs": rows["reference"],
                "not_converging": data["not_converging"],
            }
        problem = f"The file {str(path)!r} is not the state file of a job"
    except InvalidInput as error:
        problem = str(error).rstrip(".")
    raise ConfigurationError(
        f"{problem}. Delete it to start without a state: the next run then cannot detect that a source has "
        "become much smaller."
    )


def write_state(path: str | os.PathLike[str], report: Mapping[str, Any], *, job: str, host: str) -> None:
    """Replace the state file of a job with the state after a run.

    - `report`: as `get_report` returns it.
    - `job`: the name of the job; `host`: the URL of the Ardoq that it wrote to.

    The file is written under another name first. Raise `InvalidInput` if it cannot be written.
    """
    now = datetime.now(UTC).isoformat(timespec="seconds").removesuffix("+00:00")
    data = {
        "kind": KIND,
        "format": FORMAT,
        "at": f"{now}Z",
        "job": job,
        "host": host,
        "rows": count_rows(report),
        "not_converging": as_json_value(report["not_converging"]),
    }
    json_file.write(path, data, "state")


def _is_valid(data: Any) -> bool:
    if not isinstance(data, dict) or (data.get("kind"), data.get("format")) != (KIND, FORMAT):
        return False
    rows, not_converging = data.get("rows"), data.get("not_converging")
    return (
        isinstance(rows, dict)
        and all(type(rows.get(kind)) is int and rows[kind] >= 0 for kind in KINDS)
        and isinstance(not_converging, list)
        and all(isinstance(item, dict) and item.keys() >= _NOT_CONVERGING_KEYS for item in not_converging)
    )
