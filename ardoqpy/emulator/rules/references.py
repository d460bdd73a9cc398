"""Keep references between components."""

from ardoqpy.emulator import assumptions
from ardoqpy.emulator.errors import Conflict
from ardoqpy.emulator.rules.fields import Fields
from ardoqpy.emulator.rules.models import Models
from ardoqpy.emulator.rules.tags import Tags
from ardoqpy.emulator.schema import REFERENCE
from ardoqpy.emulator.state import State, check_version
from ardoqpy.emulator.table import Row


class References:
    """Create, change and remove references."""

    def __init__(self, state: State, models: Models, fields: Fields, tags: Tags) -> None:
        self._state = state
        self._models = models
        self._fields = fields
        self._tags = tags

    def get(self, reference_id: str) -> Row:
        """Return a reference, or raise NotFound."""
        return self._state.named(self._state.references, reference_id)

    def create(self, given: Row, custom: Row, *, strict: bool = False) -> Row:
        """Make a reference between two components that exist."""
        attributes = REFERENCE.new(given)
        self._settle_ends(attributes)
        self._refuse_duplicate(attributes)
        attributes["customFields"] = self._fields.settled(attributes["model"], custom, {}, strict=strict)
        return self._state.references.put(self._state.stamped(attributes))

    def update(
        self,
        reference_id: str,
        given: Row,
        custom: Row,
        *,
        version: int | None = None,
        replace: bool = False,
        strict: bool = False,
    ) -> Row:
        """Change a reference, its ends and type included."""
        row = self.get(reference_id)
        check_version("reference", row, version)
        changed = self._state.changed(row, REFERENCE.next(row, given, replace=replace))
        self._settle_ends(changed)
        changed["customFields"] = self._fields.settled(
            changed["model"], custom, row["customFields"], replace=replace, strict=strict
        )
        return self._state.references.put(changed)

    def delete(self, reference_id: str) -> None:
        """Remove a reference, from the tags that held it, too."""
        state = self._state
        self.get(reference_id)
        state.references.remove(reference_id)
        self._tags.let_go(set(), {reference_id})

    def _settle_ends(self, attributes: Row) -> None:
        state = self._state
        source = state.meant(state.components, attributes["source"], "'source' of a reference")
        target = state.meant(state.components, attributes["target"], "'target' of a reference")
        workspace = state.workspaces[source["rootWorkspace"]]
        self._models.check_reference_type(workspace, attributes["type"])
        attributes["rootWorkspace"] = source["rootWorkspace"]
        attributes["targetWorkspace"] = target["rootWorkspace"]
        attributes["model"] = workspace["componentModel"]

    def _refuse_duplicate(self, attributes: Row) -> None:
        if assumptions.REFERENCE_DUPLICATES_ALLOWED:
            return
        ends = ("source", "target", "type")
        for other in self._state.references.find("source", attributes["source"]):
            if all(other[end] == attributes[end] for end in ends):
                sentence = f"Reference {other['_id']} has this source, target and type already."
                raise Conflict(sentence, {"id": other["_id"]})
