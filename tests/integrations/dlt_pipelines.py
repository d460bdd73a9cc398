"""Pipelines of a test, in a process of their own; the last line is what happened.

python dlt_pipelines.py FOLDER PAGE ...
"""

import json
import runpy
import sys
from pathlib import Path

import dlt
from dlt.pipeline.exceptions import PipelineStepFailed

from ardoqpy import ArdoqClientException
from ardoqpy_sync.integrations.dlt import ardoq_destination, run_resources

FOLDER = Path(sys.argv[1])


def whole(*rows):
    """Return a resource with all rows of a source, each as id, name and cost."""
    items = [dict(zip(("Id", "Name", "Cost"), row, strict=True)) for row in rows]
    return dlt.resource(items, name="apps", columns={"Cost": {"data_type": "bigint"}})


@dlt.resource(name="apps")
def changed(at=dlt.sources.incremental("At", initial_value=1)):  # noqa: B008  (as dlt has it)
    """Yield what changed since the last run."""
    yield [{"Id": "2", "Name": "Billing", "Cost": 8, "At": at.last_value + 1}]


def load(resource, job, destination="ardoq"):
    """Run a pipeline into Ardoq, and return its error; None if it has none."""
    pipeline = dlt.pipeline(
        f"{job}_{destination}",
        destination=ardoq_destination(
            str(FOLDER / f"{job}.toml"), reports=str(FOLDER / "reports"), name=destination
        ),
        pipelines_dir=str(FOLDER / "pipelines"),
    )
    sys.stdout.write(f"{pipeline} {pipeline.destination!r}\n")
    try:
        sys.stdout.write(f"{pipeline.run(resource)}\n")
    except PipelineStepFailed as error:
        return str(error)
    return None


def run(job, resources):
    """Run a job with resources, and return the headline of its report, or its error."""
    try:
        return run_resources(str(FOLDER / f"{job}.toml"), resources).document["totals"]["component"]
    except ArdoqClientException as error:
        return str(error)


for page in sys.argv[2:]:
    runpy.run_path(page, run_name="__main__")
kept = {
    "whole": run("whole", whole(("1", "Orders", 5), ("2", "Billing", None))),
    "changed": run("whole", changed()),
    "shrunk": run("whole", [whole(("9", "New", 9))]),
    "loaded": load(whole(("10", "Loaded", 1), ("11", "Too", 2)), "loaded"),
    "loaded_again": load(whole(("10", "Loaded", 3)), "loaded"),
    "bad_row": load(whole(("12", None, 3), ("13", "Good", 4)), "bad_row"),
    "without_access": load(whole(("14", "Never", 5)), "loaded", "wrong"),
}
sys.stdout.write(json.dumps(kept))
