"""Branch workspaces: copy a workspace with its content, and record the origin of every copy."""

from ardoqpy.emulator import assumptions
from ardoqpy.emulator.errors import Unprocessable
from ardoqpy.emulator.rows import BranchRow, EntityRow, Version, WorkspaceRow, copy_values
from ardoqpy.emulator.rules.workspaces import Workspaces
from ardoqpy.emulator.schema import COMPONENT, REFERENCE, TAG, WORKSPACE
from ardoqpy.emulator.state import State


class Branches:
    """Create and list branches of workspaces."""

    def __init__(self, state: State, workspaces: Workspaces) -> None:
        """Create workspaces by their rules."""
        self._state = state
        self._workspaces = workspaces

    def of_workspace(self, workspace_id: str) -> list[BranchRow]:
        """Return the branches of a workspace."""
        self._workspaces.get(workspace_id)
        rows = self._state.branches.find("workspace", workspace_id)
        return [row for row in rows if row["origin"] == workspace_id]

    def create(self, workspace_id: str, name: str | None) -> WorkspaceRow:
        """Create a workspace of this name as a copy of another workspace, with the same model."""
        state = self._state
        origin = self._workspaces.get(workspace_id)
        if not name:
            raise Unprocessable("A branch needs a 'branch-name'.")
        given = copy_values(origin, *WORKSPACE.attributes, "componentModel")
        workspace = self._workspaces.create({**given, "name": name})
        workspace = state.workspaces.put({**workspace, "origin": _version(origin)})
        state.insert(state.branches, {"name": name, "origin": workspace_id, "workspace": workspace["_id"]})
        if assumptions.BRANCH_COPIES_CONTENT:
            self._copy_content(workspace_id, workspace)
        return workspace

    def _copy_content(self, origin_id: str, workspace: WorkspaceRow) -> None:
        state = self._state
        components = state.components.find("workspace", origin_id)
        references = state.references.find("workspace", origin_id)
        ids = [*(row["_id"] for row in components), *(row["_id"] for row in references)]
        new_ids = {row_id: state.new_id() for row_id in ids}
        for component in components:
            number = state.next_number(f"components of {workspace['_id']}")
            copy = copy_values(component, *COMPONENT.attributes, "model", "customFields")
            copy["rootWorkspace"] = workspace["_id"]
            copy["parent"] = new_ids.get(component["parent"]) if component["parent"] else None
            copy["componentKey"] = f"{workspace['workspaceKey']}-{number}"
            copy["origin"] = _version(component)
            state.insert(state.components, copy, new_ids[component["_id"]])
        for reference in references:
            copy = copy_values(reference, *REFERENCE.attributes, "model", "customFields")
            copy["source"] = new_ids[reference["source"]]
            copy["target"] = new_ids.get(reference["target"], reference["target"])
            copy["rootWorkspace"] = workspace["_id"]
            copy["targetWorkspace"] = state.components[copy["target"]]["rootWorkspace"]
            copy["origin"] = _version(reference)
            state.insert(state.references, copy, new_ids[reference["_id"]])
        for tag in state.tags.find("workspace", origin_id):
            copy = copy_values(tag, *TAG.attributes)
            copy["rootWorkspace"] = workspace["_id"]
            copy["components"] = [new_ids.get(row_id, row_id) for row_id in tag["components"]]
            copy["references"] = [new_ids.get(row_id, row_id) for row_id in tag["references"]]
            copy["origin"] = _version(tag)
            state.insert(state.tags, copy)


def _version(row: EntityRow) -> Version:
    return {"_id": row["_id"], "_version": row["_version"]}
