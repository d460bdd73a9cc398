"""Keep uploaded files, with what they are attached to."""

import base64

from ardoqpy.emulator import assumptions
from ardoqpy.emulator.errors import Conflict, NotFound, Unprocessable
from ardoqpy.emulator.state import State
from ardoqpy.emulator.table import Row


class Attachments:
    """Store, find and remove files."""

    def __init__(self, state: State) -> None:
        self._state = state

    def of(self, resource_type: str, resource_id: str) -> list[Row]:
        """Return the attachments of a workspace or of the organisation."""
        self._check_resource(resource_type, resource_id)
        return self._state.attachments.find("resource", (resource_type, resource_id))

    def get(self, resource_type: str, resource_id: str, name_or_id: str) -> Row:
        """Return one attachment by its file name or its id, or raise NotFound."""
        for row in self.of(resource_type, resource_id):
            if name_or_id in {row["filename"], row["_id"]}:
                return row
        sentence = f"{resource_type.capitalize()} {resource_id} has no attachment '{name_or_id}'."
        raise NotFound(sentence)

    def by_id(self, attachment_id: str) -> Row:
        """Return one attachment by its id alone, or raise NotFound."""
        return self._state.named(self._state.attachments, attachment_id)

    def store(
        self, resource_type: str, resource_id: str, filename: str, content_type: str, content: bytes
    ) -> Row:
        """Keep a file."""
        if not filename:
            raise Unprocessable("An attachment needs a file name.")
        state = self._state
        attributes = {
            "resourceType": resource_type,
            "resourceId": resource_id,
            "filename": filename,
            "contentType": content_type,
            "size": len(content),
            "content": base64.b64encode(content).decode("ascii"),
        }
        for row in self.of(resource_type, resource_id):
            if row["filename"] == filename:
                if assumptions.UPLOAD_REPLACES_SAME_NAME:
                    return state.attachments.put(state.changed(row, attributes))
                sentence = f"There is an attachment '{filename}' already."
                raise Conflict(sentence, {"id": row["_id"]})
        return state.attachments.put(state.stamped({**attributes, "folder": None}))

    def delete(self, resource_type: str, resource_id: str, name_or_id: str) -> None:
        """Remove a file."""
        self._state.attachments.remove(self.get(resource_type, resource_id, name_or_id)["_id"])

    def _check_resource(self, resource_type: str, resource_id: str) -> None:
        if resource_type == "workspace":
            self._state.named(self._state.workspaces, resource_id)
        elif resource_type != "org":
            sentence = f"Attachments belong to a 'workspace' or to the 'org', not to a '{resource_type}'."
            raise NotFound(sentence)


def content_of(attachment: Row) -> bytes:
    """Return the bytes of an attachment."""
    return base64.b64decode(attachment["content"])
