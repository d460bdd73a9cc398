"""Keep workspace folders; which workspaces are in one is known by the workspaces."""

from ardoqpy.emulator import assumptions
from ardoqpy.emulator.rules.workspaces import Workspaces
from ardoqpy.emulator.schema import FOLDER
from ardoqpy.emulator.state import State, check_version
from ardoqpy.emulator.table import Row


class Folders:
    """Create, fill, change and remove folders."""

    def __init__(self, state: State, workspaces: Workspaces) -> None:
        self._state = state
        self._workspaces = workspaces

    def get(self, folder_id: str) -> Row:
        """Return a folder, or raise NotFound."""
        return self._state.named(self._state.folders, folder_id)

    def create(self, given: Row) -> Row:
        """Make a folder."""
        return self._state.folders.put(self._state.stamped(FOLDER.new(given)))

    def update(
        self,
        folder_id: str,
        given: Row,
        workspaces: list[str] | None = None,
        *,
        version: int | None = None,
        replace: bool = False,
    ) -> Row:
        """Change a folder, and what is in it where a list of workspaces counts."""
        row = self.get(folder_id)
        check_version("folder", row, version)
        changed = self._state.folders.put(self._state.changed(row, FOLDER.next(row, given, replace=replace)))
        if workspaces is not None and assumptions.FOLDER_PUT_MOVES_WORKSPACES:
            for gone in set(self._state.workspaces.ids("folder", folder_id)) - set(workspaces):
                self._workspaces.move(gone, None)
            self._fill(folder_id, workspaces)
        return changed

    def add(self, folder_id: str, workspaces: list[str]) -> Row:
        """Move workspaces into a folder."""
        row = self.get(folder_id)
        self._fill(folder_id, workspaces)
        return self._state.folders.put(self._state.changed(row, {}))

    def delete(self, folder_id: str) -> None:
        """Remove a folder; the workspaces in it are in none afterwards."""
        self.get(folder_id)
        for workspace in self._state.workspaces.ids("folder", folder_id):
            self._workspaces.move(workspace, None)
        self._state.folders.remove(folder_id)

    def _fill(self, folder_id: str, workspaces: list[str]) -> None:
        for workspace_id in workspaces:
            workspace = self._state.meant(self._state.workspaces, workspace_id, "'workspaces' of a folder")
            if workspace["folder"] != folder_id:
                self._workspaces.move(workspace_id, folder_id)
