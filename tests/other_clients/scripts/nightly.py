"""Run a nightly job with 0.8.4's ArdoqSyncClient: write applications and their hosts from a file to Ardoq.

python nightly.py URL TOKEN SOURCE.json [--simulate]
"""

import argparse
import json
from pathlib import Path

from recorder import Story

from ardoqpy import ArdoqSyncClient


def main():
    """Run one night."""
    parser = argparse.ArgumentParser()
    parser.add_argument("url")
    parser.add_argument("token")
    parser.add_argument("source", type=Path)
    parser.add_argument("--simulate", action="store_true")
    options = parser.parse_args()
    source = json.loads(options.source.read_text(encoding="utf-8"))
    story = Story(ArdoqSyncClient)
    ardoq = ArdoqSyncClient(hosturl=options.url, token=options.token, simulate=options.simulate)
    story("settings", [ardoq.simulate, ardoq.version, dict(ardoq.ws)])
    ids = {ws["name"]: ws["_id"] for ws in ardoq.get_workspaces(summary=True)}
    apps, hosts = ids["Apps"], ids["Hosts"]
    loaded = ardoq.get_workspace(ws_id=apps)
    story("get_workspace", [loaded["name"], sorted(comp["name"] for comp in loaded["components"])])
    kept = components(story, ardoq, source, {"app": apps, "service": apps, "host": hosts})
    references(story, ardoq, source, apps, kept)
    read(story, ardoq, apps)
    change_and_delete(story, ardoq, source, apps, kept)
    report = ardoq.get_report()
    for key in report:
        story(f"report {key}", report[key])
    ardoq.init_report()
    ardoq.create_component(
        comp={**source["components"][0]["attributes"], **row_of_first_component(kept, source)}
    )
    report = ardoq.get_report()
    story(
        "a report begun anew", {key: report[key] for key in ("new_comps", "updated_comps", "cache_hit_comps")}
    )
    story.end()


def row_of_first_component(kept, source):
    """Return a function that creates a row of the first component."""
    comp = kept[source["components"][0]["name"]]
    return {key: comp[key] for key in ("name", "typeId", "rootWorkspace")}


def components(story, ardoq, source, workspaces):
    """Ensure a component for each row, and return them by name."""
    names = {"app": "Application", "service": "Service", "host": "Server"}
    types = {
        kind: next(iter(ardoq.find_component_type(ws_id=workspaces[kind], comptype_name=name)))
        for kind, name in names.items()
    }
    kept = {}
    for row in source["components"]:
        comp = {
            "name": row["name"],
            "typeId": types[row["kind"]],
            "rootWorkspace": workspaces[row["kind"]],
            **row.get("attributes", {}),
        }
        if "parent" in row:
            comp["parent"] = kept[row["parent"]]["_id"]
        if "match" in row:
            row_of_first_component = ardoq.create_component(
                comp=comp, field_name=row["match"], field_value=comp[row["match"]]
            )
        else:
            row_of_first_component = ardoq.create_component(comp=comp)
        kept[row["name"]] = story(f"component {row['name']}", row_of_first_component)
    return kept


def references(story, ardoq, source, apps, kept):
    """Ensure a reference for each use in the source."""
    for row in source["references"]:
        uses = ardoq.find_reference_type(ws_id=apps, reftype_name=row["type"])
        ref = {
            "rootWorkspace": apps,
            "source": kept[row["from"]]["_id"],
            "target": kept[row["to"]]["_id"],
            "targetWorkspace": kept[row["to"]]["rootWorkspace"],
            "type": uses["id"],
            **row.get("attributes", {}),
        }
        story(f"reference {row['from']} {row['type']} {row['to']}", ardoq.create_reference(ref=ref))


def read(story, ardoq, apps):
    """Read what is loaded."""
    story("find_component", ardoq.find_component(ws_id=apps, comp_name="Web"))
    story("find_component in other letters", ardoq.find_component(ws_id=apps, comp_name="web shop"))
    story("find_component exactly", ardoq.find_component(ws_id=apps, comp_name="Web", exact=True))
    story("find_component by field", ardoq.find_component(ws_id=apps, field_name="owner", field_value="Ann"))
    story("names in ws", sorted(comp["name"] for comp in ardoq.ws[apps]["components"]))


def change_and_delete(story, ardoq, source, apps, kept):
    """Change by id what the source changes, and delete what it deletes."""
    for name, attributes in source["updates"].items():
        (comp,) = ardoq.find_component(ws_id=apps, comp_name=name, exact=True)
        story(f"update_component {name}", ardoq.update_component(comp["_id"], {**comp, **attributes}))
    for row in source["reference updates"]:
        for ref in list(ardoq.ws[apps]["references"] or []):
            if (ref["source"], ref["target"]) == (kept[row["from"]]["_id"], kept[row["to"]]["_id"]):
                changed = {**ref, **row["attributes"]}
                updated = ardoq.update_reference(ref_id=ref["_id"], ref=changed)
                story(f"update_reference {row['from']} {row['to']}", updated)
    for row in source["deleted"]:
        wanted = kept[row["from"]]["_id"], kept[row["to"]]["_id"]
        for ref in list(ardoq.ws[apps]["references"] or []):
            if (ref["source"], ref["target"]) == wanted:
                story(f"del_reference {row['from']} {row['to']}", ardoq.del_reference(ref_id=ref["_id"]))


if __name__ == "__main__":
    main()
