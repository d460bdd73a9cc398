"""A job reads paths into nested values: in names, keys, fields, ends and `where`."""

import json

import pytest
from job_seed import stored, stored_references, writes

from ardoqpy.errors import InvalidInput
from ardoqpy_sync.job import run_job

JOB = """
[sources.pods]
file = "pods.json"
path = "items"
[[components]]
rows = "pods"
workspace = "Apps"
type = "Application"
name = "{metadata.name}"
key = "cmdb_id"
where = { "metadata.namespace" = { not = "test" } }
[components.fields]
cmdb_id = "{metadata.namespace}/{metadata.name}"
lifecycle = "{status.phase}"
[[references]]
rows = "pods"
workspace = "Apps"
type = "depends on"
source = { value = "{metadata.namespace}/{metadata.name}", key = "cmdb_id" }
target = { value = "{spec.needs[].name}" }
where = { "metadata.namespace" = "prod" }
"""


def pod(name, namespace, *needs, phase="Live"):
    """Return a pod as kubectl prints it."""
    return {
        "metadata": {"name": name, "namespace": namespace},
        "spec": {"needs": [{"name": need} for need in needs]},
        "status": {"phase": phase},
    }


@pytest.fixture
def pods(tmp_path):
    """Return a function that writes the source."""

    def write(*items):
        (tmp_path / "pods.json").write_text(json.dumps({"kind": "List", "items": items}))

    return write


def test_paths_are_columns(ardoq, make_job, new_client, pods):
    """Names, keys, fields, ends and filters use paths; a second run changes nothing."""
    pods(pod("web", "prod", "db", "queue"), pod("db", "prod"), pod("queue", "data"), pod("x", "test"))
    run_job(make_job(JOB), new_client())
    comps = stored(ardoq)
    assert {name: (comp["cmdb_id"], comp["lifecycle"]) for name, comp in comps.items()} == {
        "web": ("prod/web", "Live"), "db": ("prod/db", "Live"), "queue": ("data/queue", "Live")
    }  # fmt: skip
    pairs = [(source, target) for source, target, _ in stored_references(ardoq)]
    assert pairs == [("web", "db"), ("web", "queue")]
    ardoq.clear_requests()
    run_job(make_job(JOB), new_client())
    assert writes(ardoq) == []


def test_path_that_no_row_has_names_the_line_of_the_job(make_job, new_client, pods, ardoq):
    """A misspelled path stops the run before anything is written, with its line and similar paths."""
    pods(pod("web", "prod"))
    job = make_job(JOB.replace("{status.phase}", "{status.phsae}"))
    message = "job.toml line 15: pods.json has no column 'status.phsae': did you mean 'status.phase'"
    with pytest.raises(InvalidInput, match=r"status\.phsae") as caught:
        run_job(job, new_client())
    assert (str(caught.value).startswith(message), writes(ardoq)) == (True, [])
    assert str(run_job(job, new_client(simulate=True)).failure) == str(caught.value)


def test_inner_items_see_what_is_around_them(ardoq, make_job, new_client, tmp_path):
    """Inner items become components, with values of the item around them."""
    (tmp_path / "pods.json").write_text(
        '{"hosts": [{"name": "h1", "apps": [{"name": "a"}, {"name": "b"}]}, {"name": "h2", "apps": []}]}'
    )
    job = make_job(
        '[sources.apps]\nfile = "pods.json"\npath = "hosts[].apps[]"\n[[components]]\nrows = "apps"\n'
        'workspace = "Apps"\ntype = "Application"\nname = "{hosts.name}/{name}"\n'
    )
    run_job(job, new_client())
    assert list(stored(ardoq)) == ["h1/a", "h1/b"]
