"""Keep tags: names in a workspace that hold components and references."""

from ardoqpy.emulator.errors import Conflict, Unprocessable
from ardoqpy.emulator.schema import TAG
from ardoqpy.emulator.state import State, check_version, tag_key
from ardoqpy.emulator.table import Row


class Tags:
    """Find, create, change and remove tags."""

    def __init__(self, state: State) -> None:
        self._state = state

    def get(self, tag_id: str) -> Row:
        """Return a tag, or raise NotFound."""
        return self._state.named(self._state.tags, tag_id)

    def find_or_create(self, given: Row) -> Row:
        """Return the workspace's tag of that name as it is, or make it."""
        attributes = TAG.new(given)
        self._check(attributes)
        there = self._state.tags.first("name", tag_key(attributes["rootWorkspace"], attributes["name"]))
        return there or self._state.tags.put(self._state.stamped(attributes))

    def update(self, tag_id: str, given: Row, *, version: int | None = None, replace: bool = False) -> Row:
        """Change a tag; it stays in its workspace."""
        row = self.get(tag_id)
        check_version("tag", row, version)
        changed = self._state.changed(row, TAG.next(row, given, replace=replace))
        if changed["rootWorkspace"] != row["rootWorkspace"]:
            sentence = f"Tag {tag_id} is in workspace {row['rootWorkspace']} and cannot move."
            raise Unprocessable(sentence)
        self._check(changed)
        other = self._state.tags.first("name", tag_key(changed["rootWorkspace"], changed["name"]))
        if other is not None and other["_id"] != tag_id:
            sentence = f"Tag {other['_id']} of the same workspace is called '{changed['name']}' already."
            raise Conflict(sentence, {"id": other["_id"]})
        return self._state.tags.put(changed)

    def delete(self, tag_id: str) -> None:
        """Remove a tag; what it held stays."""
        self.get(tag_id)
        self._state.tags.remove(tag_id)

    def let_go(self, components: set[str], references: set[str]) -> list[str]:
        """Take ids out of every tag that holds one of them, and return the ids of those tags."""
        tags = self._state.tags
        touched = {tag for component in components for tag in tags.ids("component", component)}
        touched |= {tag for reference in references for tag in tags.ids("reference", reference)}
        in_order = [tag for tag in tags.rows() if tag["_id"] in touched] if touched else []
        for tag in in_order:
            changes = {
                "components": [held for held in tag["components"] if held not in components],
                "references": [held for held in tag["references"] if held not in references],
            }
            tags.put(self._state.changed(tag, changes))
        return [tag["_id"] for tag in in_order]

    def _check(self, attributes: Row) -> None:
        state = self._state
        state.meant(state.workspaces, attributes["rootWorkspace"], "'rootWorkspace' of a tag")
        for component in attributes["components"]:
            state.meant(state.components, component, "'components' of a tag")
        for reference in attributes["references"]:
            state.meant(state.references, reference, "'references' of a tag")
        attributes["components"] = list(dict.fromkeys(attributes["components"]))
        attributes["references"] = list(dict.fromkeys(attributes["references"]))
