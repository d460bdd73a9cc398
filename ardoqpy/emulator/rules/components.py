"""Keep components: their place in the tree, their type, and what goes with them when they are removed."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from ardoqpy.emulator import assumptions
from ardoqpy.emulator.errors import Unprocessable
from ardoqpy.emulator.rules.fields import Fields
from ardoqpy.emulator.rules.models import Models
from ardoqpy.emulator.rules.tags import Tags
from ardoqpy.emulator.schema import COMPONENT
from ardoqpy.emulator.state import State, check_version
from ardoqpy.emulator.table import Row


@dataclass(slots=True)
class Removed:
    """List what a removal took: components, references, and the tags that lost ids, each once and in
    order.
    """

    components: list[str] = field(default_factory=list)
    references: list[str] = field(default_factory=list)
    tags: list[str] = field(default_factory=list)


class Components:
    """Create, change and remove components."""

    def __init__(self, state: State, models: Models, fields: Fields, tags: Tags) -> None:
        self._state = state
        self._models = models
        self._fields = fields
        self._tags = tags

    def get(self, component_id: str) -> Row:
        """Return a component, or raise NotFound."""
        return self._state.named(self._state.components, component_id)

    def create(self, given: Row, custom: Row, *, strict: bool = False) -> Row:
        """Make a component in a workspace, below a parent if one is given."""
        state = self._state
        attributes = COMPONENT.new(given)
        workspace = self._settle_place(attributes, None)
        number = state.count(f"components of {workspace['_id']}")
        if attributes["order"] is None:
            attributes["order"] = float(number)
        attributes["componentKey"] = f"{workspace['workspaceKey']}-{number}"
        attributes["model"] = workspace["componentModel"]
        attributes["customFields"] = self._fields.settled(attributes["model"], custom, {}, strict=strict)
        return state.components.put(state.stamped(attributes))

    def update(
        self,
        component_id: str,
        given: Row,
        custom: Row,
        *,
        version: int | None = None,
        replace: bool = False,
        strict: bool = False,
        circles_later: bool = False,
    ) -> Row:
        """Change a component; it cannot leave its workspace.

        Whoever changes many at once has `circles_later`, and calls `refuse_circles` when all is changed.
        """
        row = self.get(component_id)
        check_version("component", row, version)
        if assumptions.REFUSE_COMPONENT_MOVE:
            self._refuse_move(row, given)
        changes = COMPONENT.next(row, {**given, "rootWorkspace": row["rootWorkspace"]}, replace=replace)
        if changes.get("order", 0) is None:
            changes["order"] = row["order"]
        changed = self._state.changed(row, changes)
        self._settle_place(changed, None if circles_later else component_id)
        changed["customFields"] = self._fields.settled(
            row["model"], custom, row["customFields"], replace=replace, strict=strict
        )
        return self._state.components.put(changed)

    def refuse_circles(self, component_ids: Iterable[str]) -> None:
        """Raise Unprocessable if one of the components has come below itself."""
        fine: set[str] = set()
        for component_id in component_ids:
            path: set[str] = set()
            above: str | None = component_id
            while above is not None and above not in fine:
                if above in path:
                    sentence = f"Component {above} cannot be below itself."
                    raise Unprocessable(sentence)
                path.add(above)
                above = self._state.components[above]["parent"]
            fine |= path

    def delete(self, component_ids: list[str]) -> Removed:
        """Remove components with all their descendants and all references that touch any of them."""
        state = self._state
        for component_id in component_ids:
            if assumptions.BULK_DELETE_REFUSES_UNKNOWN or len(component_ids) == 1:
                self.get(component_id)
        doomed = self._with_descendants([known for known in component_ids if known in state.components])
        references = dict.fromkeys(
            reference
            for component in doomed
            for end in ("source", "target")
            for reference in state.references.ids(end, component)
        )
        removed = Removed(doomed, list(references), self._tags.let_go(set(doomed), set(references)))
        for reference in removed.references:
            state.references.remove(reference)
        for component in doomed:
            state.components.remove(component)
        return removed

    def _with_descendants(self, component_ids: list[str]) -> list[str]:
        found = dict.fromkeys(component_ids)
        waiting = list(found)
        for component_id in waiting:
            for child in self._state.components.ids("parent", component_id):
                if child not in found:
                    found[child] = None
                    waiting.append(child)
        return list(found)

    def _refuse_move(self, row: Row, given: Row) -> None:
        wanted = given.get("rootWorkspace") or row["rootWorkspace"]
        if wanted != row["rootWorkspace"]:
            sentence = (
                f"Component {row['_id']} is in workspace {row['rootWorkspace']} and cannot move to {wanted}."
            )
            raise Unprocessable(sentence)

    def _settle_place(self, attributes: Row, component_id: str | None) -> Row:
        state = self._state
        workspace = state.meant(
            state.workspaces, attributes["rootWorkspace"], "'rootWorkspace' of a component"
        )
        parent_type = None
        if attributes["parent"] is not None:
            parent = state.meant(state.components, attributes["parent"], "'parent' of a component")
            self._check_parent(parent, workspace, component_id)
            parent_type = parent["typeId"]
        if attributes["typeId"] is None:
            attributes["typeId"] = self._models.default_type(workspace, parent_type)
        self._models.type_of(workspace, attributes["typeId"])
        return workspace

    def _check_parent(self, parent: Row, workspace: Row, component_id: str | None) -> None:
        if assumptions.PARENT_IN_SAME_WORKSPACE and parent["rootWorkspace"] != workspace["_id"]:
            sentence = (
                f"Component {parent['_id']} is in workspace {parent['rootWorkspace']}"
                f" and cannot be the parent of one in {workspace['_id']}."
            )
            raise Unprocessable(sentence)
        above: str | None = parent["_id"]
        while above is not None and component_id is not None:
            if above == component_id:
                sentence = f"Component {component_id} cannot be below itself (parent {parent['_id']})."
                raise Unprocessable(sentence)
            above = self._state.components[above]["parent"]
