"""Materialize the assets of each folder that is named, in one process; the last line is what Dagster kept.

python dagster_assets.py FOLDER TOKEN_VARIABLE FOLDER TOKEN_VARIABLE ...
"""

import json
import os
import sys
from pathlib import Path

from dagster import DagsterInstance, EnvVar, asset, materialize

from ardoqpy_sync.integrations.dagster import ArdoqResource, ardoq_asset


@asset
def orders():
    """Return rows, as an asset that reads a source does."""
    return [{"Id": "works", "Name": "Sales", "Cost": 5}]


@asset(deps=["apps"])
def downstream():
    """Run after the job."""


def materialize_folder(folder, token_variable, instance):
    """Materialize the jobs of a folder, and return what Dagster kept of it."""
    apps = ardoq_asset(str(folder / "apps.toml"), report=str(folder / "reports" / "{run_id}.html"))
    from_asset = ardoq_asset(str(folder / "from_asset.toml"), rows={"apps": "orders"})
    ardoq = ArdoqResource(host=EnvVar("ARDOQ_TEST_HOST"), token=EnvVar(token_variable))
    result = materialize(
        [orders, apps, from_asset, downstream],
        resources={"ardoq": ardoq},
        instance=instance,
        raise_on_error=False,
    )
    made = {
        event.asset_key.to_user_string(): event.materialization.metadata
        for event in result.get_asset_materialization_events()
    }
    return {
        "succeeded": result.success,
        "metadata": {
            name: {key: value.value for key, value in metadata.items()} for name, metadata in made.items()
        },
        "checks": {
            check.asset_key.to_user_string(): [check.passed, check.description]
            for check in result.get_asset_check_evaluations()
        },
        "failures": {
            event.step_key: event.step_failure_data.error_display_string
            for event in result.all_events
            if event.is_step_failure
        },
    }


def materialize_page(code, instance):
    """Run the code of the page, materialize its assets, and return the status and the metadata of each."""
    definitions = {}
    exec(compile(code, "dagster.md", "exec"), definitions)
    result = definitions["defs"].resolve_job_def("nightly").execute_in_process(instance=instance)
    events = result.get_asset_materialization_events()
    return {event.asset_key.to_user_string(): list(event.materialization.metadata) for event in events}


connection = ArdoqResource(host="https://a.example", token=os.environ[sys.argv[2]])
sys.stdout.write(f"{connection!r} {connection}\n")
with DagsterInstance.get() as instance:
    kept = [
        materialize_folder(Path(folder), variable, instance)
        for folder, variable in zip(sys.argv[1::2], sys.argv[2::2], strict=True)
    ]
    page = materialize_page(Path(os.environ["TEST_PAGE"]).read_text(encoding="utf-8"), instance)
sys.stdout.write(json.dumps([*kept, page], default=str))
