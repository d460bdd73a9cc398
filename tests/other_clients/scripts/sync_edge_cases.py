"""Show what 0.8.4's ArdoqSyncClient did in ways that this library does not keep, each with a new client.

python sync_edge_cases.py URL TOKEN WORKSPACE
"""

import sys

from recorder import Story

from ardoqpy import ArdoqClient, ArdoqSyncClient

COUNTS = (
    "new_comps",
    "updated_comps",
    "del_comps",
    "cache_hit_comps",
    "new_refs",
    "updated_refs",
    "del_refs",
)


class Oddities:
    """Create clients and rows, and record the counts of reports."""

    def __init__(self, url, token, ws):
        self.settings = {"hosturl": url, "token": token}
        self.ws = ws
        self.story = Story(ArdoqSyncClient)
        self.plain = ArdoqClient(**self.settings)

    def sync(self, **options):
        """Create a client with nothing loaded."""
        return ArdoqSyncClient(**self.settings, **options)

    def row(self, name, **attributes):
        """Return a row."""
        return {"name": name, "typeId": "p1", "rootWorkspace": self.ws, **attributes}

    def counted(self, step, ardoq):
        """Record the counts of a client's report."""
        report = ardoq.get_report()
        self.story(step, {key: report[key] for key in COUNTS if report[key]})


def deleting(odd):
    """Delete a component through the sync."""
    ardoq = odd.sync()
    comp = ardoq.create_component(odd.row("Deleted"))
    odd.story.attempt("del_component", ardoq.del_component, comp_id=comp["_id"])
    odd.story.attempt("del_component has deleted", odd.plain.get_component, comp_id=comp["_id"])
    odd.counted("del_component is counted", ardoq)


def matching_by_a_field(odd):
    """Match by a field that not every component has."""
    ardoq = odd.sync()
    ardoq.create_component(odd.row("Without a number"))
    numbered = odd.row("Numbered", number=7)
    call = {"comp": numbered, "field_name": "number", "field_value": 7}
    odd.story.attempt("create_component by a field", lambda: ardoq.create_component(**call)["name"])


def nothing_to_update(odd):
    """Update by id with the values that Ardoq has."""
    ardoq = odd.sync()
    comp = ardoq.create_component(odd.row("As it is"))
    again = ardoq.update_component(comp_id=comp["_id"], comp=comp)
    odd.story("update_component of nothing", again["_version"])
    odd.counted("update_component of nothing is counted", ardoq)


def every_night(odd, name, **attributes):
    """Send the same row on three nights."""
    for _ in range(3):
        ardoq = odd.sync()
        stored = ardoq.create_component(odd.row(name, **attributes))
    odd.story(f"{name}: versions after three nights", stored["_version"])


def two_spellings(odd):
    """Send two rows for one component, in different letter case."""
    ardoq = odd.sync()
    odd.story("two spellings", [ardoq.create_component(odd.row(name))["name"] for name in ("Spelt", "SPELT")])


def somebody_else(odd):
    """Update what another client has changed since it was loaded."""
    ardoq = odd.sync()
    comp = ardoq.create_component(odd.row("Contested"))
    odd.plain.update_component(comp["_id"], {**comp, "owner": "somebody else"})
    mine = odd.row("Contested", description="mine")
    odd.story.attempt("somebody else was faster", lambda: written(ardoq.create_component(mine)))
    odd.story("what became of it", written(odd.plain.get_component(comp_id=comp["_id"])))


def written(comp):
    """Return what the two clients have written."""
    return {key: comp.get(key) for key in ("_version", "owner", "description")}


def simulated(odd):
    """Simulate a run."""
    ardoq = odd.sync(simulate=True)
    row = odd.row("Imagined")
    ardoq.create_component(row)
    odd.story("the row afterwards", sorted(row))
    ardoq.create_component(odd.row("Imagined"))
    odd.counted("the same twice in a simulation", ardoq)
    odd.story(
        "find_component of what is simulated",
        [comp["name"] for comp in ardoq.find_component(ws_id=odd.ws, comp_name="Imagined")],
    )
    odd.story.attempt(
        "create_tag in a simulation", ardoq.create_tag, {"name": "new", "rootWorkspace": odd.ws}
    )
    odd.story("tags in Ardoq", [tag["name"] for tag in odd.plain.get_tag(ws_id=odd.ws)])


def handed_out(odd):
    """Change what a sync has returned, without a call."""
    ardoq = odd.sync()
    comp = ardoq.create_component(odd.row("Handed out"))
    comp["name"] = "Changed by the script"
    odd.story(
        "the cache after a change of what it gave", odd.row("Handed out")["name"] in names(ardoq, odd.ws)
    )
    report = ardoq.get_report()
    ardoq.create_component(odd.row("Deleted and made"))
    odd.story("a report after it was taken", report["new_comps"])


def deleted_and_wanted(odd):
    """Delete a reference, then ensure it again."""
    ardoq = odd.sync()
    ends = [ardoq.create_component(odd.row(f"End {number}"))["_id"] for number in (1, 2)]
    row = {"rootWorkspace": odd.ws, "source": ends[0], "target": ends[1], "type": 1}
    ref = ardoq.create_reference(row)
    ardoq.del_reference(ref_id=ref["_id"])
    ardoq.create_reference(row)
    odd.counted("deleted and wanted again", ardoq)
    held = [item for item in odd.plain.get_reference(ws_id=odd.ws) if item["source"] == ends[0]]
    odd.story("wanted again and there", len(held))


def names(ardoq, ws):
    """Return the names of the components in the cache."""
    return [comp["name"] for comp in ardoq.ws[ws]["components"]]


def main(url, token, ws):
    """Run all of them; the last ones are those after which ids differ."""
    odd = Oddities(url, token, ws)
    deleting(odd)
    nothing_to_update(odd)
    every_night(odd, "Null against absent", owner=None)
    every_night(odd, "A number as text", cost="5")
    two_spellings(odd)
    somebody_else(odd)
    simulated(odd)
    handed_out(odd)
    deleted_and_wanted(odd)
    matching_by_a_field(odd)
    odd.story.end()


if __name__ == "__main__":
    main(*sys.argv[1:])
