"""Keep workspace folders. A workspace knows its folder; a folder stores no list of workspaces."""

from ardoqpy.emulator import assumptions
from ardoqpy.emulator.rows import FolderRow
from ardoqpy.emulator.rules.base import Rules
from ardoqpy.emulator.rules.workspaces import Workspaces
from ardoqpy.emulator.schema import FOLDER
from ardoqpy.emulator.state import State


class Folders(Rules[FolderRow]):
    """Apply the rules of folders."""

    kind = FOLDER

    def __init__(self, state: State, workspaces: Workspaces) -> None:
        """Move workspaces by their own rules."""
        super().__init__(state, state.folders)
        self._workspaces = workspaces

    def set_workspaces(self, folder_id: str, workspaces: list[str]) -> None:
        """Make these the workspaces of a folder, if a PUT of the folder may do so."""
        if assumptions.FOLDER_PUT_MOVES_WORKSPACES:
            for workspace_id in set(self._state.workspaces.ids("folder", folder_id)) - set(workspaces):
                self._workspaces.move(workspace_id, None)
            self._move_into(folder_id, workspaces)

    def add(self, folder_id: str, workspaces: list[str]) -> FolderRow:
        """Move workspaces into a folder."""
        row = self.get(folder_id)
        self._move_into(folder_id, workspaces)
        return self._state.update(self.table, row, {})

    def delete(self, row_id: str) -> None:
        """Delete a folder; its workspaces stay, without a folder."""
        self.get(row_id)
        for workspace_id in self._state.workspaces.ids("folder", row_id):
            self._workspaces.move(workspace_id, None)
        super().delete(row_id)

    def _move_into(self, folder_id: str, workspaces: list[str]) -> None:
        for workspace_id in workspaces:
            workspace = self._state.resolve(self._state.workspaces, workspace_id, "'workspaces' of a folder")
            if workspace["folder"] != folder_id:
                self._workspaces.move(workspace_id, folder_id)
