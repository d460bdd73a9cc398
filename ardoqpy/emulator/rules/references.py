"""Keep references between components."""

from ardoqpy.emulator import assumptions
from ardoqpy.emulator.errors import Conflict
from ardoqpy.emulator.rows import Attributes, ReferenceRow
from ardoqpy.emulator.rules.base import Rules
from ardoqpy.emulator.rules.models import Models
from ardoqpy.emulator.rules.tags import Tags
from ardoqpy.emulator.schema import REFERENCE
from ardoqpy.emulator.state import State


class References(Rules[ReferenceRow]):
    """Apply the rules of references."""

    kind = REFERENCE

    def __init__(self, state: State, models: Models, tags: Tags) -> None:
        """Look up types in models, and keep tags up to date."""
        super().__init__(state, state.references)
        self._models = models
        self._tags = tags

    def delete(self, row_id: str) -> None:
        """Delete a reference, and remove it from its tags."""
        super().delete(row_id)
        self._tags.remove_ids(set(), {row_id})

    def _complete(self, attributes: Attributes, given: Attributes, before: ReferenceRow | None) -> None:  # noqa: ARG002
        state = self._state
        source = state.resolve(state.components, attributes["source"], "'source' of a reference")
        target = state.resolve(state.components, attributes["target"], "'target' of a reference")
        workspace = state.workspaces[source["rootWorkspace"]]
        self._models.check_reference_type(workspace, attributes["type"])
        attributes["rootWorkspace"] = source["rootWorkspace"]
        attributes["targetWorkspace"] = target["rootWorkspace"]
        attributes["model"] = workspace["componentModel"]
        if before is None and not assumptions.REFERENCE_DUPLICATES_ALLOWED:
            self._check_duplicate(attributes)

    def _check_duplicate(self, attributes: Attributes) -> None:
        for other in self.table.find("source", attributes["source"]):
            if other["target"] == attributes["target"] and other["type"] == attributes["type"]:
                raise Conflict(
                    f"Reference {other['_id']} has this source, target and type already.",
                    {"id": other["_id"]},
                )
