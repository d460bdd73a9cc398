"""Measure the rows of a run with nothing to do, and `get_workspace(aggregated=True)`; print JSON.

The workspace is loaded and the rows are ready, with the ids of their ends, before the clock starts.
"""

from __future__ import annotations

import argparse
import gc
import json
import time

from admin_api import TOKEN
from rows import WORKSPACE_ID, component_rows, reference_rows

from ardoqpy import ArdoqSyncClient


def main() -> None:
    """Load the workspace, then measure the rows."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("url")
    parser.add_argument("components", type=int)
    parser.add_argument("references", type=int)
    options = parser.parse_args()
    components = component_rows(options.components)
    references = reference_rows(components, options.references)
    with ArdoqSyncClient(hosturl=options.url, token=TOKEN) as client:
        client.load_workspaces([WORKSPACE_ID])
        id_of = {comp["name"]: comp["_id"] for comp in client.find_component(WORKSPACE_ID, comp_name="")}
        for row in references:
            row["source"], row["target"] = id_of[row["source"]], id_of[row["target"]]
        gc.collect()
        started = time.process_time()
        for row in components:
            client.create_component(row)
        for row in references:
            client.create_reference(row)
        decide = time.process_time() - started
        report = client.report
        started = time.process_time()
        client.get_workspace(WORKSPACE_ID, aggregated=True)
        aggregated = time.process_time() - started
    if (report["cache_hit_comps"], report["cache_hit_refs"]) != (options.components, options.references):
        raise SystemExit("The run had something to do.")
    print(json.dumps({"decide": decide, "aggregated": aggregated}))


if __name__ == "__main__":
    main()
