"""Workspaces, their branches, and the folders they lie in."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ardoqpy._validation import given
from ardoqpy.errors import InvalidInput
from ardoqpy.methods.base import Methods

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ardoqpy.entities import Entities, Entity

__all__ = ["FolderMethods", "WorkspaceMethods"]


class WorkspaceMethods(Methods):
    """Read, create, change, branch and delete workspaces."""

    def get_workspaces(
        self,
        summary: bool = False,  # noqa: FBT001, FBT002  (as in 0.8.4)
        *,
        name: str | None = None,
        componentModel: str | None = None,
    ) -> Entities:
        """Return every workspace that the token may see and that fits all the filters, as a list.

        `name` and `componentModel` (a model's id) are compared by Ardoq; v2 takes them, v1 none. v2
        pages: all of them are read. `summary=True` asks v1 for the short form with counts instead; rely
        on `_id` and `name` in it only. Raise `UnsupportedOperation` for a filter on v1 and for the short
        form on v2, `InvalidInput` for both together.
        Source: GET `workspaces` (API v2's contract); GET `workspace`, `workspace/summary` (undocumented),
        as 0.8.4 calls them.
        """
        if not summary:
            return list(self.iter_workspaces(name=name, componentModel=componentModel))
        if name is not None or componentModel is not None:
            raise InvalidInput("The short form takes no filters: give summary or filters, not both.")
        return self.api.workspaces.all(summary=True)

    def iter_workspaces(
        self, *, name: str | None = None, componentModel: str | None = None
    ) -> Iterator[Entity]:
        """Yield what `get_workspaces` returns, one by one: v2 holds a page at a time, v1 reads the list.

        Arguments and errors are those of `get_workspaces`; an error of the wire may come at any step.
        Source: GET `workspaces` (API v2's contract); GET `workspace`.
        """
        return self.api.workspaces.iterate(given(name=name, componentModel=componentModel))

    def find_workspace(self, ws_name: str, exact: bool = False) -> Entities:  # noqa: FBT001, FBT002
        """Return the workspaces whose name begins with `ws_name`, or, with `exact=True`, is that name.

        v1: whether letter case counts is not known. v2 compares whole names only, so for a beginning
        every workspace is read, and letter case does not count.
        Source: GET `workspace/search`, `workspace/by-name`, as the official C# and Java clients call
        them; GET `workspaces` (API v2's contract).
        """
        return self.api.workspaces.find(ws_name, exact=exact)

    def get_workspace(self, ws_id: str, aggregated: bool = False) -> Entity:  # noqa: FBT001, FBT002
        """Return one workspace.

        `aggregated=True` adds everything in it. v1, in one answer: `components`, `references` (null where
        there are none), `tags`, `incoming-components`, `incoming-references`. v2 has no such call:
        workspace, `components`, `references` and the context's `tags` (names alone) are read side by
        side, at most three requests at a time.
        Raise `NotFoundError` where there is no such workspace, `InvalidInput` where `ws_id` is no id.
        Source: GET `workspaces/{id}` (API v2's contract); GET `workspace/{id}`,
        `workspace/{id}/aggregated`, as all clients call them.
        """
        return self.api.workspaces.aggregated(ws_id) if aggregated else self.api.workspaces.get(ws_id)

    def get_context(self, ws_id: str) -> Entity:
        """Return what can be used in a workspace: types of components and references, fields, tags.

        A dict with `rootWorkspace`, `componentTypes` (a flat list, where a type that lies below another
        names it as `parent`), `referenceTypes`, `customFields` and `tags`. v2 only; on v1 the nearest is
        `get_model(ws_id)`. Raise `NotFoundError` where there is no such workspace.
        Source: GET `workspaces/{id}/context` (API v2's contract).
        """
        return self.api.workspaces.context(ws_id)

    def get_workspace_components(self, ws_id: str) -> Entities:
        """Return the components of one workspace.

        v1: an older path than the one behind `get_component(ws_id)`; raise `NotFoundError` where there is
        no such workspace. v2 gives an empty list there.
        Source: GET `workspace/{id}/component` (Java and C# clients); GET `components` (API v2's contract).
        """
        return self.api.workspaces.components(ws_id)

    def get_workspace_references(self, ws_id: str, *, incoming: bool = False) -> Entities:
        """Return the references that start in one workspace; with `incoming=True` also those that end there.

        v1: raise `NotFoundError` where there is no such workspace. v2 gives an empty list there, and
        needs a second listing for what ends there.
        Source: GET `workspace/{id}/reference`, `workspace/{id}/all-references` (C# client's tests); GET
        `references` (API v2's contract).
        """
        return self.api.workspaces.references(ws_id, incoming=incoming)

    def create_workspace(self, ws: Entity) -> Entity:
        """Create a workspace and return it as stored.

        `ws` needs `name`. `componentTemplate` names a model to clone, `componentModel` one to use as it
        is; `folder`, `description` and `views` may be given. Raise `InvalidInput` where the name is
        missing, `BadRequest` where Ardoq refuses. v1 only. Source: POST `workspace`.
        """
        return self.api.workspaces.create(ws)

    def update_workspace(self, ws_id: str, ws: Entity) -> Entity:
        """Replace the attributes of a workspace and return it as stored.

        `ws` is the whole workspace as read, with `_version`. Raise `Conflict` where Ardoq holds another
        version, `NotFoundError` where it is gone. v1 only. Source: PUT `workspace/{id}`.
        """
        return self.api.workspaces.update(ws_id, ws)

    def del_workspace(self, ws_id: str) -> Entity:
        """Delete a workspace with everything in it and return an empty dict.

        Raise `NotFoundError` where there is none. v1 only. Source: DELETE `workspace/{id}`.
        """
        return self.api.workspaces.delete(ws_id)

    def get_branches(self, ws_id: str) -> Entities:
        """Return the branches of a workspace: `_id`, `workspace-id`, `branch-name`, who made each and when.

        v1 only. Source: GET `workspace/{id}/branch` (Java client).
        """
        return self.api.workspaces.branches(ws_id)

    def create_branch(self, ws_id: str, branch_name: str) -> Entity:
        """Branch a workspace and return the new workspace, whose `origin` names this one.

        v1 only. Source: POST `workspace/{id}/branch/create` (Java and C# clients).
        """
        return self.api.workspaces.create_branch(ws_id, branch_name)


class FolderMethods(Methods):
    """Read, create, change and delete folders, and move workspaces into them."""

    def get_folder(self, folder_id: str | None = None) -> Entity | Entities:
        """Return one folder, or, without an id, the list of all folders.

        Raise `NotFoundError` where there is no such folder. v1 only.
        Source: GET `workspacefolder`, `workspacefolder/{id}`.
        """
        return self.api.folders.all() if folder_id is None else self.api.folders.get(folder_id)

    def create_folder(self, folder: Entity) -> Entity:
        """Create a folder and return it as stored; `folder` needs `name`, and may have `description`.

        Raise `InvalidInput` where the name is missing. v1 only. Source: POST `workspacefolder`.
        """
        return self.api.folders.create(folder)

    def update_folder(self, folder_id: str, folder: Entity) -> Entity:
        """Replace the attributes of a folder and return it as stored.

        `folder` is the whole folder as read, with `_version`. Raise `Conflict` where Ardoq holds another
        version. v1 only. Source: PUT `workspacefolder/{id}` (C# client).
        """
        return self.api.folders.update(folder_id, folder)

    def move_workspace(self, folder_id: str, ws_list: list[str]) -> Entity:
        """Move workspaces, given by their ids, into a folder and return what Ardoq answers.

        The form of the answer is not known. Raise `NotFoundError` where the folder or a workspace is
        not there. v1 only. Source: PUT `workspacefolder/{id}/add`, as 0.8.4 calls it.
        """
        return self.api.folders.add(folder_id, ws_list)

    def del_folder(self, folder_id: str) -> Entity:
        """Delete a folder and return an empty dict; what becomes of the workspaces in it is not known.

        v1 only. Source: DELETE `workspacefolder/{id}` (C# client).
        """
        return self.api.folders.delete(folder_id)
