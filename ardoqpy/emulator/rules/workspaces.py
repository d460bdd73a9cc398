"""Keep workspaces: their model, their folder, their key, and what is deleted with them."""

import re

from ardoqpy.emulator import assumptions
from ardoqpy.emulator.errors import BadRequest
from ardoqpy.emulator.rows import Attributes, WorkspaceRow
from ardoqpy.emulator.rules.base import Rules
from ardoqpy.emulator.rules.models import Models
from ardoqpy.emulator.rules.tags import Tags
from ardoqpy.emulator.schema import WORKSPACE
from ardoqpy.emulator.state import State

_WORD = re.compile(r"[^\W\d_]+")


class Workspaces(Rules[WorkspaceRow]):
    """Apply the rules of workspaces.

    A new workspace has the model "componentModel", or a clone of the template "componentTemplate". Its model
    and its key never change.
    """

    kind = WORKSPACE

    def __init__(self, state: State, models: Models, tags: Tags) -> None:
        """Create models by their rules, and keep tags up to date."""
        super().__init__(state, state.workspaces)
        self._models = models
        self._tags = tags

    def with_name(self, name: str) -> list[WorkspaceRow]:
        """Return the workspaces of exactly this name."""
        return self.table.find("name", name)

    def search(self, name: str) -> list[WorkspaceRow]:
        """Return the workspaces whose name starts with a text, in any letter case."""
        wanted = _folded(name)
        if assumptions.WORKSPACE_SEARCH_MATCH == "prefix":
            return [row for row in self.table.rows() if _folded(row["name"]).startswith(wanted)]
        return [row for row in self.table.rows() if wanted in _folded(row["name"])]

    def move(self, workspace_id: str, folder_id: str | None) -> None:
        """Move a workspace into a folder, or out of its folder with None."""
        row = self.table[workspace_id]
        if assumptions.FOLDER_MOVE_INCREMENTS_WORKSPACE_VERSION:
            self._state.update(self.table, row, {"folder": folder_id})
        else:
            self.table.put({**row, "folder": folder_id})

    def delete(self, row_id: str) -> None:
        """Delete a workspace with its components, references, tags, attachments and branch records."""
        state = self._state
        workspace = self.get(row_id)
        components = set(state.components.ids("workspace", row_id))
        references = set(state.references.ids("workspace", row_id))
        incoming = set(state.references.ids("target_workspace", row_id)) - references
        if assumptions.WORKSPACE_DELETE_REMOVES_INCOMING_REFERENCES:
            references |= incoming
        for tag in state.tags.ids("workspace", row_id):
            state.tags.remove(tag)
        self._tags.remove_ids(components, references)
        for reference in references:
            state.references.remove(reference)
        for component in components:
            state.components.remove(component)
        for attachment in state.attachments.ids("resource", ("workspace", row_id)):
            state.attachments.remove(attachment)
        for branch in state.branches.ids("workspace", row_id):
            state.branches.remove(branch)
        if f"components of {row_id}" in state.counters:
            state.counters.remove(f"components of {row_id}")
        self.table.remove(row_id)
        self._remove_model(workspace["componentModel"])

    def free_key(self, name: str) -> str:
        """Return an unused workspace key that is derived from a name."""
        words = _WORD.findall(name)
        if len(words) > 1:
            letters = "".join(word[0] for word in words)
        else:
            letters = "".join(words)[: assumptions.WORKSPACE_KEY_LETTERS]
        stem = letters.upper() or assumptions.WORKSPACE_KEY_FALLBACK
        key, number = stem, 1
        while self.table.count("key", key):
            number += 1
            key = f"{stem}{number}"
        return key

    def _complete(self, attributes: Attributes, given: Attributes, before: WorkspaceRow | None) -> None:
        state = self._state
        if attributes["folder"] is not None:
            state.resolve(state.folders, attributes["folder"], "'folder' of a workspace")
        if before is not None:
            return
        for name in ("componentTemplate", "componentModel"):
            if not isinstance(given.get(name), str | None):
                raise BadRequest(f"'{name}' of a workspace has to be a string.")
        template, model = given.get("componentTemplate"), given.get("componentModel")
        if model is not None:
            attributes["componentModel"] = state.resolve(state.models, model, "'componentModel'")["_id"]
        else:
            clone = self._models.clone(template or assumptions.DEFAULT_TEMPLATE, attributes["name"])
            attributes["componentModel"] = clone["_id"]
        attributes["workspaceKey"] = self.free_key(attributes["name"])
        attributes["origin"] = None

    def _remove_model(self, model_id: str) -> None:
        state = self._state
        if assumptions.WORKSPACE_DELETE_REMOVES_MODEL and not self.table.count("model", model_id):
            for field in state.fields.ids("model", model_id):
                state.fields.remove(field)
            state.models.remove(model_id)


def _folded(name: str) -> str:
    return name.casefold() if assumptions.WORKSPACE_SEARCH_IGNORES_CASE else name
