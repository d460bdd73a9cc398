"""Another client that writes while a job runs; a seed decides what it writes, and when."""

from __future__ import annotations

import random
import threading
from typing import TYPE_CHECKING, Any

from fault_jobs import RETRIES, TOKEN

from ardoqpy import ArdoqClient
from ardoqpy.errors import ArdoqClientException

if TYPE_CHECKING:
    from ardoqpy.testing import Emulator


class ConcurrentWriter:
    """Write between a job's request and its answer; pass it to an emulator as its recorder.

    - `owner`: by id what the field `owner`, which no job gives, was last set to
    - `costs`: by id and version what the field `cost` was set to
    - `parents`, `described`: by id where a component was moved, and how a reference was described
    - `touched`: the ids of what was renamed, moved away or deleted; `made`: the names of created components
    """

    def __init__(self) -> None:
        self._busy = threading.Lock()
        self._server: Emulator | None = None
        self._share = 0.0
        self.begin(None, 0, 0.0)

    def begin(
        self, server: Emulator | None, number: int, share: float, next_names: list[str] | None = None
    ) -> None:
        """Write at a share of all requests from now on; `next_names` are those that the job will create."""
        self._draw = random.Random(number)
        self._server, self._share = server, share
        self._next_names = list(next_names or ())
        self.owner: dict[str, str] = {}
        self.costs: dict[tuple[str, int], int] = {}
        self.parents: dict[str, str] = {}
        self.described: dict[str, str] = {}
        self.touched: set[str] = set()
        self.made: list[str] = []
        self.writes = 0

    def stop(self) -> None:
        """Stop writing, and keep the records."""
        self._server = None

    def __call__(self, _exchange: object) -> None:
        """Perhaps write, unless the request is this client's."""
        if self._server is None or not self._busy.acquire(blocking=False):
            return
        try:
            if self._draw.random() < self._share:
                with ArdoqClient(self._server.url, TOKEN, retries=RETRIES) as other:
                    self._write_something(other, self._server.dump())
                self.writes += 1
        finally:
            self._busy.release()

    def _write_something(self, other: ArdoqClient, dump: dict[str, Any]) -> None:
        comps, refs = dump["components"], dump["references"]
        if refs and self._draw.random() < 0.2:
            self._draw.choice((self._describe, self._describe, self._delete_reference))(
                other, self._draw.choice(refs)
            )
            return
        write = self._draw.choice(
            (self._edit_ours, self._edit_theirs, self._edit_theirs, self._rename, self._move)
        )
        write = self._draw.choice((write, write, write, self._delete, self._create))
        if write == self._create:
            self._create(other, {})
        elif comps:
            write(other, self._draw.choice(comps))

    def _edit_theirs(self, other: ArdoqClient, comp: dict[str, Any]) -> None:
        owner = f"owner {self._draw.randint(0, 9999)}"
        other.patch_component(comp["_id"], payload={"owner": owner})
        self.owner[comp["_id"]] = owner

    def _edit_ours(self, other: ArdoqClient, comp: dict[str, Any]) -> None:
        cost = self._draw.randint(5000, 9999)
        stored = other.patch_component(comp["_id"], payload={"cost": cost})
        self.costs[comp["_id"], stored["_version"]] = cost

    def _rename(self, other: ArdoqClient, comp: dict[str, Any]) -> None:
        other.patch_component(comp["_id"], payload={"name": f"Renamed {self.writes}"})
        self.touched.add(comp["_id"])

    def _move(self, other: ArdoqClient, comp: dict[str, Any]) -> None:
        above = other.create_component(
            {"name": f"Group {self.writes}", "typeId": "app", "rootWorkspace": "ws1"}
        )
        other.patch_component(comp["_id"], payload={"parent": above["_id"]})
        self.parents[comp["_id"]] = above["_id"]

    def _delete(self, other: ArdoqClient, comp: dict[str, Any]) -> None:
        try:
            other.del_component(comp["_id"])
        except ArdoqClientException:
            return
        self.touched.add(comp["_id"])

    def _describe(self, other: ArdoqClient, ref: dict[str, Any]) -> None:
        text = f"described {self._draw.randint(0, 9999)}"
        other.patch_reference(ref["_id"], payload={"description": text})
        self.described[ref["_id"]] = text

    def _delete_reference(self, other: ArdoqClient, ref: dict[str, Any]) -> None:
        try:
            other.del_reference(ref["_id"])
        except ArdoqClientException:
            return
        self.touched.add(ref["_id"])

    def _create(self, other: ArdoqClient, _: dict[str, Any]) -> None:
        if self._next_names:
            name = self._next_names.pop(self._draw.randrange(len(self._next_names)))
            other.create_component({"name": name, "typeId": "app", "rootWorkspace": "ws1"})
            self.made.append(name)


def violations(writer: ConcurrentWriter, dump: dict[str, Any], report: dict[str, Any]) -> list[str]:
    """Return each change by the writer that a run has overwritten or misreported."""
    comps = {comp["_id"]: comp for comp in dump["components"]}
    complaints = [
        f"the owner of {comps[entity_id]['name']} was changed from {owner}"
        for entity_id, owner in writer.owner.items()
        if entity_id in comps and comps[entity_id]["customFields"].get("owner") != owner
    ]
    complaints += [
        f"{comps[entity_id]['name']} was moved away from {parent}"
        for entity_id, parent in writer.parents.items()
        if entity_id in comps and parent in comps and comps[entity_id]["parent"] != parent
    ]
    refs = {ref["_id"]: ref for ref in dump["references"]}
    complaints += [
        f"the description of {refs[entity_id]['_id']} was changed from {text}"
        for entity_id, text in writer.described.items()
        if entity_id in refs and refs[entity_id]["description"] != text
    ]
    for change in report["changes"]:
        cost = change["attributes"].get("cost") if change["action"] == "update" else None
        theirs = writer.costs.get((change["_id"], change["version"]))
        if cost and theirs is not None and cost["old"] != theirs:
            complaints.append(
                f"{change['name']} had the cost {theirs}, and not {cost['old']}, when it was written"
            )
        if "owner" in change["attributes"]:
            complaints.append(f"the owner of {change['name']} is in the report")
    return complaints
