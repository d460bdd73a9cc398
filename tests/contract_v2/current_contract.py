"""Return the contract in force: the vendor's if it is available, else ours, both with the errors.

The vendor's is looked for beside the repository, at ../shared/openapi-v2.json, or in the file that the
environment variable ARDOQPY_VENDOR_CONTRACT names.
"""

import copy
import json
import os
from pathlib import Path
from typing import Any

import openapi

Json = dict[str, Any]

_BESIDE = Path(__file__).parents[2].parent / "shared" / "openapi-v2.json"


def vendor_contract() -> Json | None:
    """Return the vendor's contract as it is, or None."""
    path = Path(os.environ.get("ARDOQPY_VENDOR_CONTRACT", _BESIDE))
    if not path.is_file():
        return None
    contract: Json = json.loads(path.read_text(encoding="utf-8"))
    return contract


def current_contract() -> Json:
    """Return the contract to check the emulator against."""
    contract = copy.deepcopy(vendor_contract() or openapi.contract())
    contract["components"]["schemas"]["Refusal"] = openapi.contract()["components"]["schemas"]["Refusal"]
    for operations in contract["paths"].values():
        for operation in operations.values():
            operation["responses"] |= openapi.errors()
    return contract
