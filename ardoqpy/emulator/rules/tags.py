"""Keep tags: names in a workspace, with the components and references that carry them."""

from ardoqpy.emulator.errors import Conflict, Unprocessable
from ardoqpy.emulator.rows import Attributes, TagRow
from ardoqpy.emulator.rules.base import Rules
from ardoqpy.emulator.schema import TAG
from ardoqpy.emulator.state import tag_key


class Tags(Rules[TagRow]):
    """Apply the rules of tags."""

    kind = TAG

    def create(self, given: Attributes, custom: Attributes | None = None, *, strict: bool = False) -> TagRow:
        """Return the workspace's tag of that name as it is, or create it."""
        attributes = self.new_attributes(given)
        existing = self.table.first("name", tag_key(attributes["rootWorkspace"], attributes["name"]))
        return existing or super().create(given, custom, strict=strict)

    def remove_ids(self, components: set[str], references: set[str]) -> list[str]:
        """Remove the ids of components and references from all tags; return the ids of the changed tags."""
        changed = {tag for component in components for tag in self.table.ids("component", component)}
        changed |= {tag for reference in references for tag in self.table.ids("reference", reference)}
        in_order = [tag for tag in self.table.rows() if tag["_id"] in changed] if changed else []
        for tag in in_order:
            changes = {
                "components": [row_id for row_id in tag["components"] if row_id not in components],
                "references": [row_id for row_id in tag["references"] if row_id not in references],
            }
            self._state.update(self.table, tag, changes)
        return [tag["_id"] for tag in in_order]

    def _complete(self, attributes: Attributes, given: Attributes, before: TagRow | None) -> None:  # noqa: ARG002
        state = self._state
        if before is not None and attributes["rootWorkspace"] != before["rootWorkspace"]:
            raise Unprocessable(
                f"Tag {before['_id']} is in workspace {before['rootWorkspace']} and cannot move."
            )
        state.resolve(state.workspaces, attributes["rootWorkspace"], "'rootWorkspace' of a tag")
        for component in attributes["components"]:
            state.resolve(state.components, component, "'components' of a tag")
        for reference in attributes["references"]:
            state.resolve(state.references, reference, "'references' of a tag")
        attributes["components"] = list(dict.fromkeys(attributes["components"]))
        attributes["references"] = list(dict.fromkeys(attributes["references"]))
        other = self.table.first("name", tag_key(attributes["rootWorkspace"], attributes["name"]))
        if before is not None and other is not None and other["_id"] != before["_id"]:
            raise Conflict(
                f"Tag {other['_id']} of the same workspace is called '{attributes['name']}' already.",
                {"id": other["_id"]},
            )
