"""Branch workspaces: copy one with what is in it, and remember where every copy came from."""

from ardoqpy.emulator import assumptions
from ardoqpy.emulator.errors import Unprocessable
from ardoqpy.emulator.rules.workspaces import Workspaces
from ardoqpy.emulator.schema import COMPONENT, REFERENCE, TAG, WORKSPACE
from ardoqpy.emulator.state import State
from ardoqpy.emulator.table import Row


class Branches:
    """Make and list branches of workspaces."""

    def __init__(self, state: State, workspaces: Workspaces) -> None:
        self._state = state
        self._workspaces = workspaces

    def of(self, workspace_id: str) -> list[Row]:
        """Return the branches that were taken from a workspace."""
        self._workspaces.get(workspace_id)
        return [
            row
            for row in self._state.branches.find("workspace", workspace_id)
            if row["origin"] == workspace_id
        ]

    def create(self, workspace_id: str, name: str | None) -> Row:
        """Make a workspace of this name that starts as a copy of another one, with the same model."""
        state = self._state
        origin = self._workspaces.get(workspace_id)
        if not name:
            raise Unprocessable("A branch needs a 'branch-name'.")
        given = {key: origin[key] for key in WORKSPACE.attributes}
        workspace = self._workspaces.create({**given, "name": name}, model=origin["componentModel"])
        workspace = state.workspaces.put({**workspace, "origin": _origin(origin)})
        state.branches.put(
            state.stamped({"name": name, "origin": workspace_id, "workspace": workspace["_id"]})
        )
        if assumptions.BRANCH_COPIES_CONTENT:
            self._copy_content(workspace_id, workspace)
        return workspace

    def _copy_content(self, origin_id: str, workspace: Row) -> None:
        state = self._state
        components = state.components.find("workspace", origin_id)
        references = state.references.find("workspace", origin_id)
        new_ids = {row["_id"]: state.new_id() for row in (*components, *references)}
        for row in components:
            number = state.count(f"components of {workspace['_id']}")
            copy = {key: row[key] for key in (*COMPONENT.attributes, "model", "customFields")}
            copy["rootWorkspace"] = workspace["_id"]
            copy["parent"] = new_ids.get(row["parent"])
            copy["componentKey"] = f"{workspace['workspaceKey']}-{number}"
            copy["origin"] = _origin(row)
            state.components.put(state.stamped(copy, new_ids[row["_id"]]))
        for row in references:
            copy = {key: row[key] for key in (*REFERENCE.attributes, "model", "customFields")}
            copy["source"] = new_ids[row["source"]]
            copy["target"] = new_ids.get(row["target"], row["target"])
            copy["rootWorkspace"] = workspace["_id"]
            copy["targetWorkspace"] = state.components[copy["target"]]["rootWorkspace"]
            copy["origin"] = _origin(row)
            state.references.put(state.stamped(copy, new_ids[row["_id"]]))
        for row in state.tags.find("workspace", origin_id):
            copy = {key: row[key] for key in TAG.attributes}
            copy["rootWorkspace"] = workspace["_id"]
            copy["components"] = [new_ids.get(held, held) for held in row["components"]]
            copy["references"] = [new_ids.get(held, held) for held in row["references"]]
            copy["origin"] = _origin(row)
            state.tags.put(state.stamped(copy))


def _origin(row: Row) -> Row:
    return {"_id": row["_id"], "_version": row["_version"]}
