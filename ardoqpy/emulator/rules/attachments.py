"""Keep uploaded files of workspaces and of the organisation."""

import base64

from ardoqpy.emulator import assumptions
from ardoqpy.emulator.errors import Conflict, NotFound, Unprocessable
from ardoqpy.emulator.rows import AttachmentRow
from ardoqpy.emulator.rules.base import Rules


class Attachments(Rules[AttachmentRow]):
    """Apply the rules of attachments; a file name is unique within its workspace or organisation."""

    def of_resource(self, resource_type: str, resource_id: str) -> list[AttachmentRow]:
        """Return the attachments of a workspace or of the organisation."""
        if resource_type == "workspace":
            self._state.require(self._state.workspaces, resource_id)
        elif resource_type != "org":
            raise NotFound(
                f"Attachments belong to a 'workspace' or to the 'org', not to a '{resource_type}'."
            )
        return self.table.find("resource", (resource_type, resource_id))

    def get_file(self, resource_type: str, resource_id: str, name_or_id: str) -> AttachmentRow:
        """Return one attachment by its file name or its id, or raise NotFound."""
        for row in self.of_resource(resource_type, resource_id):
            if name_or_id in {row["filename"], row["_id"]}:
                return row
        raise NotFound(f"{resource_type.capitalize()} {resource_id} has no attachment '{name_or_id}'.")

    def upload(
        self, resource_type: str, resource_id: str, filename: str, content_type: str, content: bytes
    ) -> AttachmentRow:
        """Store a file, and replace a file of the same name."""
        if not filename:
            raise Unprocessable("An attachment needs a file name.")
        attributes = {
            "resourceType": resource_type,
            "resourceId": resource_id,
            "filename": filename,
            "contentType": content_type,
            "size": len(content),
            "content": base64.b64encode(content).decode("ascii"),
        }
        for row in self.of_resource(resource_type, resource_id):
            if row["filename"] == filename:
                if assumptions.UPLOAD_REPLACES_SAME_NAME:
                    return self._state.update(self.table, row, attributes)
                raise Conflict(f"There is an attachment '{filename}' already.", {"id": row["_id"]})
        return self._state.insert(self.table, {**attributes, "folder": None})

    def delete_file(self, resource_type: str, resource_id: str, name_or_id: str) -> None:
        """Delete one attachment by its file name or its id."""
        self.table.remove(self.get_file(resource_type, resource_id, name_or_id)["_id"])


def content_of(attachment: AttachmentRow) -> bytes:
    """Return the bytes of an attachment."""
    return base64.b64decode(attachment["content"])
