"""Keep components: their parent, their type, and what is deleted with them."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from ardoqpy.emulator import assumptions
from ardoqpy.emulator.errors import Unprocessable
from ardoqpy.emulator.rows import Attributes, ComponentRow, WorkspaceRow
from ardoqpy.emulator.rules.base import Rules
from ardoqpy.emulator.rules.models import Models
from ardoqpy.emulator.rules.tags import Tags
from ardoqpy.emulator.schema import COMPONENT
from ardoqpy.emulator.state import State


@dataclass(slots=True)
class Deleted:
    """List the ids of deleted components and references, and of the tags that had them."""

    components: list[str] = field(default_factory=list)
    references: list[str] = field(default_factory=list)
    tags: list[str] = field(default_factory=list)


class Components(Rules[ComponentRow]):
    """Apply the rules of components."""

    kind = COMPONENT

    def __init__(self, state: State, models: Models, tags: Tags) -> None:
        """Look up types in models, and keep tags up to date."""
        super().__init__(state, state.components)
        self._models = models
        self._tags = tags

    def update(
        self,
        row_id: str,
        given: Attributes,
        custom: Attributes | None = None,
        *,
        version: int | None = None,
        replace: bool = False,
        strict: bool = False,
        defer_cycle_check: bool = False,
    ) -> ComponentRow:
        """Change a component; it cannot leave its workspace.

        With `defer_cycle_check`, the caller changes several components and then calls `check_cycles`.
        """
        workspace_id = self._in_version(row_id, version)["rootWorkspace"]
        wanted = given.get("rootWorkspace") or workspace_id
        if assumptions.REJECT_COMPONENT_MOVE and wanted != workspace_id:
            raise Unprocessable(
                f"Component {row_id} is in workspace {workspace_id} and cannot move to {wanted}."
            )
        given = {**given, "rootWorkspace": workspace_id}
        changed = super().update(row_id, given, custom, version=version, replace=replace, strict=strict)
        if not defer_cycle_check:
            self.check_cycles([row_id])
        return changed

    def check_cycles(self, component_ids: Iterable[str]) -> None:
        """Raise Unprocessable if one of the components is below itself."""
        checked: set[str] = set()
        for component_id in component_ids:
            path: set[str] = set()
            above: str | None = component_id
            while above is not None and above not in checked:
                parent = self.table[above]["parent"]
                if above in path:
                    raise Unprocessable(f"Component {above} cannot be below itself (parent {parent}).")
                path.add(above)
                above = parent
            checked |= path

    def delete(self, row_id: str) -> None:
        """Delete a component, its descendants, and all their references."""
        self.delete_many([row_id])

    def delete_many(self, component_ids: list[str]) -> Deleted:
        """Delete components, their descendants, and all their references; return what was deleted."""
        state = self._state
        for component_id in component_ids:
            if assumptions.BULK_DELETE_REJECTS_UNKNOWN or len(component_ids) == 1:
                self.get(component_id)
        components = self._with_descendants(
            [component_id for component_id in component_ids if component_id in self.table]
        )
        references = dict.fromkeys(
            reference
            for component in components
            for end in ("source", "target")
            for reference in state.references.ids(end, component)
        )
        tags = self._tags.remove_ids(set(components), set(references))
        for reference in references:
            state.references.remove(reference)
        for component in components:
            self.table.remove(component)
        return Deleted(components, list(references), tags)

    def _with_descendants(self, component_ids: list[str]) -> list[str]:
        descendants = dict.fromkeys(component_ids)
        queue = list(descendants)
        for component_id in queue:
            for child in self.table.ids("parent", component_id):
                if child not in descendants:
                    descendants[child] = None
                    queue.append(child)
        return list(descendants)

    def _complete(self, attributes: Attributes, given: Attributes, before: ComponentRow | None) -> None:  # noqa: ARG002
        state = self._state
        workspace = state.resolve(
            state.workspaces, attributes["rootWorkspace"], "'rootWorkspace' of a component"
        )
        parent_type = None
        if attributes["parent"] is not None:
            parent = state.resolve(self.table, attributes["parent"], "'parent' of a component")
            self._check_parent(parent, workspace)
            parent_type = parent["typeId"]
        if attributes["typeId"] is None:
            attributes["typeId"] = self._models.default_type(workspace, parent_type)
        self._models.type_of(workspace, attributes["typeId"])
        if before is None:
            number = state.next_number(f"components of {workspace['_id']}")
            if attributes["order"] is None:
                attributes["order"] = float(number)
            attributes["componentKey"] = f"{workspace['workspaceKey']}-{number}"
            attributes["model"] = workspace["componentModel"]
        elif attributes["order"] is None:
            attributes["order"] = before["order"]

    def _check_parent(self, parent: ComponentRow, workspace: WorkspaceRow) -> None:
        if assumptions.PARENT_IN_SAME_WORKSPACE and parent["rootWorkspace"] != workspace["_id"]:
            raise Unprocessable(
                f"Component {parent['_id']} is in workspace {parent['rootWorkspace']}"
                f" and cannot be the parent of one in {workspace['_id']}."
            )
