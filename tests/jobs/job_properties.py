"""The guarantees of design.md for one world of `job_worlds.py`, each as a function that asserts it.

`python tests/jobs/job_properties.py FIRST LAST [v1|v2|batched ...]` checks the worlds of these seeds, and
prints what is wrong with each.
"""

from job_seed import writes
from job_worlds import content, outcome, shuffled, wrongly_deleted

from ardoqpy import ArdoqClientException
from ardoqpy_sync import ArdoqSyncClient
from ardoqpy_sync.job import parse_job, run_job


def run(server, way, world, *, simulate=False, on_error="collect"):
    """Run the job of a world, and return its report and its result."""
    sources = "".join(f'\n[sources.{name}]\ntype = "rows"\nrows = []\n' for name in world.rows)
    job = parse_job(f"format = 1\n{world.job}{sources}", "job.toml")
    with ArdoqSyncClient(server.url, server.token, on_error=on_error, simulate=simulate, **way) as client:
        result = run_job(job, client, sources=world.rows)
        return client.get_report(), result


def changes_of(report):
    """Return the changes of a report without the rows that failed."""
    return [change for change in report["changes"] if change["action"] != "failed"]


def failed_rows(report):
    """Return the labels of the rows that failed."""
    return sorted(str(change["label"]) for change in report["changes"] if change["action"] == "failed")


def is_blocked_as_new(result):
    """Return whether the guard found a type of which the run named nothing that Ardoq held.

    The next run names what this one created, so the guard then has less reason to block.
    """
    reasons = [reason["sentence"] for error in result.blocked for reason in error.reasons]
    return any(reason.startswith("No row of this run named anything there is of the") for reason in reasons)


def check_runs(server, way, world):
    """Check that a preview reports what the run does, which leaves nothing to do (G2, G3, G8).

    The rows that fail are the same in each run, unless what they named is deleted.
    """
    server.load(world.seed)
    before = server.dump()
    preview = run(server, way, world, simulate=True)
    assert server.dump() == before, "the preview wrote"
    report, result = run(server, way, world)
    assert result.failure is None, result.failure
    previewed, done = outcome(*preview), outcome(report, result)
    assert previewed == done, f"previewed {previewed}\ndone {done}"
    wrong = wrongly_deleted(world, before, server.dump())
    assert wrong == [], wrong
    again, _ = run(server, way, world)
    if is_blocked_as_new(result):
        return
    assert changes_of(again) == [], changes_of(again)
    if not report["del_comps"]:
        assert failed_rows(again) == failed_rows(report), (failed_rows(again), failed_rows(report))


def has_conflict(report):
    """Return whether a row failed because another one contradicts it."""
    reasons = [change.get("note") or "" for change in report["changes"] if change["action"] == "failed"]
    return any("conflicts with" in reason for reason in reasons)


def check_order(server, way, world, random):
    """Check that the order of rows and mappings changes nothing, unless two rows contradict (G10).

    Of these the first is used. In one of the orders, another reason may come before the contradiction.
    """
    server.load(world.seed)
    report, _ = run(server, way, world)
    if has_conflict(report):
        return
    first = content(server.dump())
    server.load(world.seed)
    report, _ = run(server, way, shuffled(random, world))
    if has_conflict(report):
        return
    assert content(server.dump()) == first, f"{content(server.dump())}\ninstead of {first}"


def check_raise(server, way, world):
    """Check that with on_error = "raise" a run is the same, or writes nothing if a row fails."""
    server.load(world.seed)
    collected, _ = preview = run(server, way, world, simulate=True)
    server.clear_requests()
    report, result = run(server, way, world, on_error="raise")
    if failed_rows(collected):
        assert result.failure is not None
        assert writes(server) == []
    else:
        assert outcome(report, result) == outcome(*preview)


if __name__ == "__main__":
    import sys
    import traceback
    from random import Random

    from job_seed import SEED, WAYS
    from job_worlds import make_world

    from ardoqpy.testing import emulator

    first, last, *chosen = sys.argv[1:]
    wrong = 0
    with emulator(seed=SEED, token="a-token", page_size=5) as running:
        for name in chosen or WAYS:
            wrong_here = within = 0
            for number in range(int(first), int(last)):
                made = make_world(Random(number))
                within += any(mapping.within for mapping in made.mappings)
                try:
                    check_runs(running, WAYS[name], made)
                    check_order(running, WAYS[name], made, Random(number))
                    check_raise(running, WAYS[name], made)
                except (
                    AssertionError,
                    ArdoqClientException,
                ):  # whatever is wrong with a world is printed, and the next one checked
                    wrong_here += 1
                    sys.stdout.write(f"{name} {number}: {traceback.format_exc()}\n")
            wrong += wrong_here
            sys.stdout.write(f"{name}: {wrong_here} worlds with problems; {within} have rows within others\n")
    sys.exit(bool(wrong))
