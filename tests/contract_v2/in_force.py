"""Which contract is in force: the vendor's where it is at hand, else our own, both with the refusals in it.

The vendor's is looked for beside the repository, at ../shared/openapi-v2.json, or where the environment
variable ARDOQPY_VENDOR_CONTRACT says (for a checkout that is somewhere else).
"""

import copy
import json
import os
from pathlib import Path
from typing import Any

import openapi

Json = dict[str, Any]

_BESIDE = Path(__file__).parents[2].parent / "shared" / "openapi-v2.json"


def vendors() -> Json | None:
    """Return the vendor's contract as it stands, if it is at hand."""
    path = Path(os.environ.get("ARDOQPY_VENDOR_CONTRACT", _BESIDE))
    if not path.is_file():
        return None
    found: Json = json.loads(path.read_text(encoding="utf-8"))
    return found


def in_force() -> Json:
    """Return the contract to hold the emulator to."""
    contract = copy.deepcopy(vendors() or openapi.contract())
    contract["components"]["schemas"]["Refusal"] = openapi.contract()["components"]["schemas"]["Refusal"]
    for operations in contract["paths"].values():
        for operation in operations.values():
            operation["responses"] |= openapi.refusals()
    return contract
