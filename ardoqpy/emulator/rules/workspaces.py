"""Keep workspaces: their model, their folder, their key, and everything that goes with them."""

import re

from ardoqpy.emulator import assumptions
from ardoqpy.emulator.errors import BadRequest
from ardoqpy.emulator.rules.models import Models
from ardoqpy.emulator.rules.tags import Tags
from ardoqpy.emulator.schema import WORKSPACE
from ardoqpy.emulator.state import State, check_version
from ardoqpy.emulator.table import Row

_WORD = re.compile(r"[^\W\d_]+")


class Workspaces:
    """Create, find, change and remove workspaces."""

    def __init__(self, state: State, models: Models, tags: Tags) -> None:
        self._state = state
        self._models = models
        self._tags = tags

    def get(self, workspace_id: str) -> Row:
        """Return a workspace, or raise NotFound."""
        return self._state.named(self._state.workspaces, workspace_id)

    def called(self, name: str) -> list[Row]:
        """Return the workspaces of exactly this name."""
        return self._state.workspaces.find("name", name)

    def search(self, name: str) -> list[Row]:
        """Return the workspaces whose name matches loosely."""
        wanted = _folded(name)
        if assumptions.WORKSPACE_SEARCH_MATCH == "prefix":
            return [row for row in self._state.workspaces.rows() if _folded(row["name"]).startswith(wanted)]
        return [row for row in self._state.workspaces.rows() if wanted in _folded(row["name"])]

    def create(self, given: Row, *, template: str | None = None, model: str | None = None) -> Row:
        """Make a workspace with an existing model, or with a new one after a template."""
        state = self._state
        attributes = WORKSPACE.new(given)
        self._check_folder(attributes)
        for name, value in (("componentTemplate", template), ("componentModel", model)):
            if not isinstance(value, str | None):
                sentence = f"'{name}' of a workspace has to be a string."
                raise BadRequest(sentence)
        if model is not None:
            attributes["componentModel"] = state.meant(state.models, model, "'componentModel'")["_id"]
        else:
            clone = self._models.clone(template or assumptions.DEFAULT_TEMPLATE, attributes["name"])
            attributes["componentModel"] = clone["_id"]
        attributes["workspaceKey"] = self.free_key(attributes["name"])
        attributes["origin"] = None
        return state.workspaces.put(state.stamped(attributes))

    def update(
        self, workspace_id: str, given: Row, *, version: int | None = None, replace: bool = False
    ) -> Row:
        """Change a workspace; its model and key stay."""
        row = self.get(workspace_id)
        check_version("workspace", row, version)
        changed = self._state.changed(row, WORKSPACE.next(row, given, replace=replace))
        self._check_folder(changed)
        return self._state.workspaces.put(changed)

    def move(self, workspace_id: str, folder_id: str | None) -> None:
        """Put a workspace into a folder, or take it out with None."""
        row = self._state.workspaces[workspace_id]
        if assumptions.FOLDER_MOVE_CHANGES_WORKSPACE_VERSION:
            row = self._state.changed(row, {})
        self._state.workspaces.put({**row, "folder": folder_id})

    def delete(self, workspace_id: str) -> None:
        """Remove a workspace with its components, references, tags, attachments and branch records."""
        state = self._state
        workspace = self.get(workspace_id)
        components = set(state.components.ids("workspace", workspace_id))
        references = set(state.references.ids("workspace", workspace_id))
        incoming = set(state.references.ids("target_workspace", workspace_id)) - references
        if assumptions.WORKSPACE_DELETE_TAKES_INCOMING_REFERENCES:
            references |= incoming
        for tag in state.tags.ids("workspace", workspace_id):
            state.tags.remove(tag)
        self._tags.let_go(components, references)
        for reference in references:
            state.references.remove(reference)
        for component in components:
            state.components.remove(component)
        for attachment in state.attachments.ids("resource", ("workspace", workspace_id)):
            state.attachments.remove(attachment)
        for branch in state.branches.ids("workspace", workspace_id):
            state.branches.remove(branch)
        if f"components of {workspace_id}" in state.counters:
            state.counters.remove(f"components of {workspace_id}")
        state.workspaces.remove(workspace_id)
        self._remove_model(workspace["componentModel"])

    def free_key(self, name: str) -> str:
        """Return a workspace key made of the letters of a name, that no workspace has."""
        words = _WORD.findall(name)
        if len(words) > 1:
            letters = "".join(word[0] for word in words)
        else:
            letters = "".join(words)[: assumptions.WORKSPACE_KEY_LETTERS]
        stem = letters.upper() or assumptions.WORKSPACE_KEY_FALLBACK
        key, number = stem, 1
        while self._state.workspaces.count("key", key):
            number += 1
            key = f"{stem}{number}"
        return key

    def _check_folder(self, attributes: Row) -> None:
        if attributes["folder"] is not None:
            self._state.meant(self._state.folders, attributes["folder"], "'folder' of a workspace")

    def _remove_model(self, model_id: str) -> None:
        state = self._state
        if assumptions.WORKSPACE_DELETE_TAKES_MODEL and not state.workspaces.count("model", model_id):
            for field in state.fields.ids("model", model_id):
                state.fields.remove(field)
            state.models.remove(model_id)


def _folded(name: str) -> str:
    return name.casefold() if assumptions.WORKSPACE_SEARCH_IGNORES_CASE else name
