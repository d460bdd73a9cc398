"""Workspaces, their branches, and the folders that contain them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Unpack, cast

from ardoqpy._messages import describe_type
from ardoqpy.errors import InvalidInput
from ardoqpy.methods.base import Methods, WorkspaceFilters, given_filters

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ardoqpy.entities import Attributes, Branch, Context, Entities, Entity, Folder, Workspace


class WorkspaceMethods(Methods):
    """Read, create, change, branch and delete workspaces."""

    def get_workspaces(
        self,
        summary: bool = False,  # noqa: FBT001, FBT002  (as in 0.8.4)
        **filters: Unpack[WorkspaceFilters],
    ) -> list[Workspace]:
        """Return every workspace that the token may see and that matches all filters, as a list.

        - `name`: text that has to be equal; `componentModel`: a model's id. v2 takes them, v1 none.
        - `summary=True`: v1's short form with counts instead; rely on `_id` and `name` in it only.

        v2 is read to the last page. Raise `UnsupportedOperation` for a filter on v1 and for the short form on
        v2, `InvalidInput` for both together, and `TypeError` for an unknown filter.
        Source: GET `workspaces` (API v2's contract); GET `workspace`, `workspace/summary` (undocumented),
        as 0.8.4 calls them.
        """
        if not summary:
            return list(self.iter_workspaces(**filters))
        if given_filters(filters, WorkspaceFilters):
            raise InvalidInput("The short form takes no filters: give summary or filters, not both.")
        return self.api.workspaces.all(summary=True)

    def iter_workspaces(self, **filters: Unpack[WorkspaceFilters]) -> Iterator[Workspace]:
        """Yield what `get_workspaces` returns; v2 keeps one page at a time, v1 reads the whole list.

        Arguments and errors are those of `get_workspaces`; a connection error may come at any step.
        Source: GET `workspaces` (API v2's contract); GET `workspace`.
        """
        return self.api.workspaces.iterate(given_filters(filters, WorkspaceFilters))

    def find_workspace(self, ws_name: str, exact: bool = False) -> list[Workspace]:  # noqa: FBT001, FBT002
        """Return the workspaces whose name begins with `ws_name` or, with `exact=True`, is that name.

        v1: it is not known whether letter case counts. v2 compares whole names only, so without `exact`
        every workspace is read, and letter case does not count. Raise `InvalidInput` if `ws_name` is no text.
        Source: GET `workspace/search`, `workspace/by-name`, as the official C# and Java clients call
        them; GET `workspaces` (API v2's contract).
        """
        if not isinstance(ws_name, str):
            raise InvalidInput(f"ws_name is {describe_type(ws_name)}: give the name, or its beginning.")
        return self.api.workspaces.find(ws_name, exact=exact)

    def get_workspace(self, ws_id: str, aggregated: bool = False) -> Attributes:  # noqa: FBT001, FBT002
        """Return one workspace by its id; `aggregated=True` adds everything in it.

        v1, in one answer: the lists `components`, `references` (null if there are none), `tags`,
        `incoming-components` and `incoming-references`. v2 has no such call: the workspace, its `components`
        and `references`, and its context with the names of its `tags` are read with at most three requests
        at a time. See `ardoqpy.entities.Workspace` and `AggregatedWorkspace` for the keys. Raise
        `NotFoundError` if there is no such workspace, `InvalidInput` if `ws_id` is not an id.
        Source: GET `workspaces/{id}` (API v2's contract); GET `workspace/{id}`,
        `workspace/{id}/aggregated`, as all clients call them.
        """
        get = self.api.workspaces.aggregated if aggregated else self.api.workspaces.get
        return cast("Attributes", get(ws_id))

    def get_context(self, ws_id: str) -> Context:
        """Return what can be used in a workspace: types of components and references, fields, tags.

        A dict with `rootWorkspace` and the lists `componentTypes` (flat: a type below another one names it as
        `parent`), `referenceTypes`, `customFields` and `tags`. v2 only; on v1 use `get_model(ws_id)`. Raise
        `NotFoundError` if there is no such workspace.
        Source: GET `workspaces/{id}/context` (API v2's contract).
        """
        return self.api.workspaces.context(ws_id)

    def get_workspace_components(self, ws_id: str) -> Entities:
        """Return the components of one workspace as a list.

        v1: an older path than that of `get_component(ws_id)`. Raise `NotFoundError` if there is no such
        workspace; v2 returns an empty list.
        Source: GET `workspace/{id}/component` (Java and C# clients); GET `components` (API v2's contract).
        """
        return self.api.workspaces.components(ws_id)

    def get_workspace_references(self, ws_id: str, *, incoming: bool = False) -> Entities:
        """Return the references that start in one workspace; `incoming=True` adds those that end there.

        v2 needs a second listing for `incoming`. Raise `NotFoundError` if there is no such workspace; v2
        returns an empty list.
        Source: GET `workspace/{id}/reference`, `workspace/{id}/all-references` (C# client's tests); GET
        `references` (API v2's contract).
        """
        return self.api.workspaces.references(ws_id, incoming=incoming)

    def create_workspace(self, ws: Workspace | Attributes) -> Workspace:
        """Create a workspace and return it as stored.

        `ws` needs `name`. `componentTemplate` is the id of a model to clone, `componentModel` that of one to
        use as it is; `folder` (a folder's id), `description` and `views` are optional. v1 only. Raise
        `InvalidInput` if the name is missing, `BadRequest` if Ardoq rejects it. Source: POST `workspace`.
        """
        return self.api.workspaces.create(ws)

    def update_workspace(self, ws_id: str, ws: Workspace | Attributes) -> Workspace:
        """Replace the attributes of a workspace and return it as stored.

        `ws` is the whole workspace as read, with `_version`. v1 only. Raise `Conflict` if Ardoq holds another
        version, `NotFoundError` if there is no such workspace. Source: PUT `workspace/{id}`.
        """
        return self.api.workspaces.update(ws_id, ws)

    def del_workspace(self, ws_id: str) -> Entity:
        """Delete a workspace with everything in it and return an empty dict.

        v1 only. Raise `NotFoundError` if there is no such workspace. Source: DELETE `workspace/{id}`.
        """
        return self.api.workspaces.delete(ws_id)

    def get_branches(self, ws_id: str) -> list[Branch]:
        """Return the branches of a workspace: `_id`, `workspace-id`, `branch-name`, who made each and when.

        v1 only. Source: GET `workspace/{id}/branch` (Java client).
        """
        return self.api.workspaces.branches(ws_id)

    def create_branch(self, ws_id: str, branch_name: str) -> Workspace:
        """Branch a workspace and return the new workspace, whose `origin` names this one.

        v1 only. Source: POST `workspace/{id}/branch/create` (Java and C# clients).
        """
        return self.api.workspaces.create_branch(ws_id, branch_name)


class FolderMethods(Methods):
    """Read, create, change and delete folders, and move workspaces into them: v1 only."""

    def get_folder(self, folder_id: str | None = None) -> Folder | list[Folder]:
        """Return one folder or, without an id, the list of all folders.

        v1 only. Raise `NotFoundError` if there is no such folder.
        Source: GET `workspacefolder`, `workspacefolder/{id}`.
        """
        return self.api.folders.all() if folder_id is None else self.api.folders.get(folder_id)

    def create_folder(self, folder: Folder | Attributes) -> Folder:
        """Create a folder and return it as stored; `folder` needs `name`, and may have `description`.

        v1 only. Raise `InvalidInput` if the name is missing. Source: POST `workspacefolder`.
        """
        return self.api.folders.create(folder)

    def update_folder(self, folder_id: str, folder: Folder | Attributes) -> Folder:
        """Replace the attributes of a folder and return it as stored.

        `folder` is the whole folder as read, with `_version`. v1 only. Raise `Conflict` if Ardoq holds
        another version, `NotFoundError` if there is no such folder. Source: PUT `workspacefolder/{id}` (C#
        client).
        """
        return self.api.folders.update(folder_id, folder)

    def move_workspace(self, folder_id: str, ws_list: list[str]) -> Entity:
        """Move workspaces, given by their ids, into a folder and return Ardoq's answer.

        The form of the answer is not known. v1 only. Raise `NotFoundError` if there is no such folder or
        workspace. Source: PUT `workspacefolder/{id}/add`, as 0.8.4 calls it.
        """
        return self.api.folders.add(folder_id, ws_list)

    def del_folder(self, folder_id: str) -> Entity:
        """Delete a folder and return an empty dict; it is not known what happens to the workspaces in it.

        v1 only. Raise `NotFoundError` if there is no such folder. Source: DELETE `workspacefolder/{id}` (C#
        client).
        """
        return self.api.folders.delete(folder_id)
