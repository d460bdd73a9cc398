"""Write what is stored the way v1 answers it.

The v1 attributes are spelt in three ways (`last-updated`, `createdByName`, `_order`); only this file and
`bodies.py` have to know.
"""

from typing import Any

from ardoqpy.emulator import assumptions
from ardoqpy.emulator.store import Store
from ardoqpy.emulator.table import Row


class Shapes:
    """Shape entities for one answer; what many of them share is looked up once."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._state = store.state
        self._users: dict[str, tuple[str | None, str | None]] = {}
        self._type_names: dict[str, dict[str, str]] = {}
        self._reference_type_names: dict[str, dict[str, str]] = {}

    def _persisted(self, row: Row, ardoq: Row) -> Row:
        created_by, modified_by = row["createdBy"], row["lastModifiedBy"]
        created_name, created_email = self._user(created_by)
        modified_name, modified_email = self._user(modified_by)
        shape = {
            "_id": row["_id"],
            "_version": row["_version"],
            "created": row["created"],
            "last-updated": row["lastUpdated"],
            "created-by": created_by,
            "last-modified-by": modified_by,
            "createdByName": created_name,
            "createdByEmail": created_email,
            "lastModifiedByName": modified_name,
            "lastModifiedByEmail": modified_email,
            "ardoq": ardoq,
        }
        if assumptions.SEND_SECOND_LAST_UPDATED:
            shape["lastupdated"] = row["lastUpdated"]
        if row.get("origin") is not None:
            # The stored form is an ordinary id; v1 writes it without the underscore.
            shape["origin"] = {"id": row["origin"]["_id"], "_version": row["origin"]["_version"]}
        return shape

    def _user(self, user_id: str) -> tuple[str | None, str | None]:
        known = self._users.get(user_id)
        if known is None:
            row = self._state.users.get(user_id)
            known = (row["name"], row["email"]) if row is not None else (None, None)
            self._users[user_id] = known
        return known

    def _type_name(self, row: Row) -> str | None:
        model: str = row["model"]
        names = self._type_names.get(model)
        if names is None:
            names = {type_id: found.name for type_id, found in self._store.models.types(model).items()}
            self._type_names[model] = names
        return names.get(row["typeId"])

    def _reference_type_name(self, row: Row) -> str | None:
        model: str = row["model"]
        names = self._reference_type_names.get(model)
        if names is None:
            types = self._state.models[model]["referenceTypes"]
            names = {number: known["name"] for number, known in types.items()}
            self._reference_type_names[model] = names
        return names.get(str(row["type"]))

    def component(self, row: Row) -> Row:
        """Shape a component; custom values stand flat beside the built-in attributes."""
        state = self._state
        component_id = row["_id"]
        ardoq = {
            "entity-type": "component",
            "persistent": None,
            "incomingReferenceCount": state.references.count("target", component_id),
            "outgoingReferenceCount": state.references.count("source", component_id),
        }
        shape = dict(row["customFields"])
        shape.update(self._persisted(row, ardoq))
        shape.update(
            {
                "name": row["name"],
                "description": row["description"],
                "rootWorkspace": row["rootWorkspace"],
                "model": row["model"],
                "typeId": row["typeId"],
                "type": self._type_name(row),
                "parent": row["parent"],
                "children": state.components.ids("parent", component_id),
                "_order": row["order"],
                "component-key": row["componentKey"],
                "version": row["version"],
                "color": row["color"],
                "shape": row["shape"],
                "icon": row["icon"],
                "image": row["image"],
                "isPublic": row["isPublic"],
            }
        )
        return shape

    def components(self, rows: list[Row]) -> list[Row]:
        """Shape components."""
        return [self.component(row) for row in rows]

    def component_with_references(self, row: Row) -> Row:
        """Shape a component together with the references at it."""
        references = self._state.references
        shape = self.component(row)
        shape["references"] = {
            "in": self.references(references.find("target", row["_id"])),
            "out": self.references(references.find("source", row["_id"])),
        }
        return shape

    def reference(self, row: Row) -> Row:
        """Shape a reference, with the names that belong to it."""
        components = self._state.components
        ardoq = {
            "entity-type": "reference",
            "typeName": self._reference_type_name(row),
            "sourceName": components[row["source"]]["name"],
            "targetName": components[row["target"]]["name"],
        }
        shape = dict(row["customFields"])
        shape.update(self._persisted(row, ardoq))
        shape.update(
            {
                "source": row["source"],
                "target": row["target"],
                "type": row["type"],
                "rootWorkspace": row["rootWorkspace"],
                "targetWorkspace": row["targetWorkspace"],
                "description": row["description"],
                "displayText": row["displayText"],
                "returnValue": row["returnValue"],
                "order": row["order"],
                "model": row["model"],
                "mustBeSaved": None,
            }
        )
        return shape

    def references(self, rows: list[Row]) -> list[Row]:
        """Shape references."""
        return [self.reference(row) for row in rows]

    def workspace(
        self, row: Row, *, with_content_ids: bool = assumptions.WORKSPACE_CARRIES_CONTENT_IDS
    ) -> Row:
        """Shape a workspace."""
        state = self._state
        workspace_id = row["_id"]
        counter = state.counters.get(f"components of {workspace_id}")
        shape = self._persisted(row, {"entity-type": assumptions.ENTITY_TYPE_WORKSPACE})
        shape.update(
            {
                "name": row["name"],
                "description": row["description"],
                "componentModel": row["componentModel"],
                "folder": row["folder"],
                "views": row["views"],
                "startView": row["startView"],
                "defaultPerspective": row["defaultPerspective"],
                "type": assumptions.WORKSPACE_TYPE,
                "workspace-key": row["workspaceKey"],
                "comp-counter": counter["value"] if counter is not None else 0,
                "linked-workspaces": self._linked(workspace_id),
            }
        )
        if assumptions.SEND_ARDOQ_PERSISTENT:
            shape["ardoq-persistent"] = []
        if with_content_ids:
            shape["components"] = state.components.ids("workspace", workspace_id)
            shape["references"] = state.references.ids("workspace", workspace_id)
            shape["tags"] = state.tags.ids("workspace", workspace_id)
        return shape

    def _linked(self, workspace_id: str) -> Row:
        references = self._state.references
        linked = {row["targetWorkspace"]: None for row in references.find("workspace", workspace_id)}
        backlinked = {row["rootWorkspace"]: None for row in references.find("target_workspace", workspace_id)}
        return {
            "linked": [other for other in linked if other != workspace_id],
            "backlinked": [other for other in backlinked if other != workspace_id],
        }

    def workspaces(self, rows: list[Row]) -> list[Row]:
        """Shape workspaces."""
        return [self.workspace(row) for row in rows]

    def summary(self, row: Row) -> Row:
        """Shape a workspace with how much is in it."""
        shape = self.workspace(row, with_content_ids=False)
        shape["componentCount"] = self._state.components.count("workspace", row["_id"])
        shape["referenceCount"] = self._state.references.count("workspace", row["_id"])
        return shape

    def aggregated(self, row: Row) -> Row:
        """Shape a workspace with all that is in it and all that points into it."""
        state = self._state
        workspace_id = row["_id"]
        incoming = [
            reference
            for reference in state.references.find("target_workspace", workspace_id)
            if reference["rootWorkspace"] != workspace_id
        ]
        pointing = dict.fromkeys(reference["source"] for reference in incoming)
        references = self.references(state.references.find("workspace", workspace_id))
        shape = self.workspace(row, with_content_ids=False)
        shape["components"] = self.components(state.components.find("workspace", workspace_id))
        shape["references"] = references or assumptions.AGGREGATED_EMPTY_REFERENCES
        shape["tags"] = self.tags(state.tags.find("workspace", workspace_id))
        shape["incoming-components"] = [self.component(state.components[source]) for source in pointing]
        shape["incoming-references"] = self.references(incoming)
        return shape

    def folder(self, row: Row) -> Row:
        """Shape a folder, with the ids of the workspaces in it."""
        shape = self._persisted(row, {"entity-type": assumptions.ENTITY_TYPE_FOLDER})
        shape.update(
            {
                "name": row["name"],
                "description": row["description"],
                "workspaces": self._state.workspaces.ids("folder", row["_id"]),
            }
        )
        return shape

    def tag(self, row: Row) -> Row:
        """Shape a tag."""
        shape = self._persisted(row, {"entity-type": assumptions.ENTITY_TYPE_TAG})
        shape.update(
            {
                "name": row["name"],
                "description": row["description"],
                "rootWorkspace": row["rootWorkspace"],
                "components": row["components"] or assumptions.TAG_EMPTY_LIST,
                "references": row["references"] or assumptions.TAG_EMPTY_LIST,
            }
        )
        return shape

    def tags(self, rows: list[Row]) -> list[Row]:
        """Shape tags."""
        return [self.tag(row) for row in rows]

    def model(self, row: Row) -> Row:
        """Shape a model."""
        using = self._state.workspaces.find("model", row["_id"])
        numbers = [int(number) for number in row["referenceTypes"]]
        shape = self._persisted(row, {"entity-type": "model"})
        shape.update(
            {
                "createdBy": row["createdBy"],
                "lastModifiedBy": row["lastModifiedBy"],
                "name": row["name"],
                "description": row["description"],
                "root": row["root"],
                "referenceTypes": row["referenceTypes"],
                "maxReferenceTypeKey": max(numbers, default=0),
                "useAsTemplate": row["useAsTemplate"],
                "common": row["common"],
                "flexible": row["flexible"],
                "blankTemplate": row["blankTemplate"],
                "category": row["category"],
                "createdFromTemplate": row["createdFromTemplate"],
                "defaultViews": row["defaultViews"],
                "startView": row["startView"],
                "defaultSort": row["defaultSort"],
                "folder": row["folder"],
                "workspaces": {
                    "restricted": 0,
                    "used-by": [{"_id": workspace["_id"], "name": workspace["name"]} for workspace in using],
                },
            }
        )
        if assumptions.SEND_ARDOQ_PERSISTENT:
            shape["ardoq-persistent"] = []
        return shape

    def field(self, row: Row) -> Row:
        """Shape a field definition."""
        names = ("name", "label", "type", "model", "componentType", "referenceType", "global", "globalref")
        more = ("defaultValue", "description", "required", "dateTimeFields")
        shape = self._persisted(row, {"entity-type": "field"})
        shape.update({name: row[name] for name in (*names, *more)})
        shape["_order"] = row["order"]
        shape["mustBeSaved"] = None
        if row["calculatedFieldSettings"] is not None:
            shape["calculatedFieldSettings"] = row["calculatedFieldSettings"]
        return shape

    def attachment(self, row: Row) -> Row:
        """Shape an attachment, without its bytes."""
        path = f"/api/attachment/{row['resourceType']}/{row['resourceId']}/{row['_id']}"
        return {
            "_id": row["_id"],
            "_version": row["_version"],
            "created": row["created"],
            "created-by": row["createdBy"],
            "last-updated": row["lastUpdated"],
            "content-type": row["contentType"],
            "filename": row["filename"],
            "uri": path,
            "size": row["size"],
        }

    def branch(self, row: Row) -> Row:
        """Shape a branch record."""
        return {
            "_id": row["_id"],
            "created": row["created"],
            "created-by": row["createdBy"],
            "workspace-id": row["workspace"] if assumptions.BRANCH_RECORD_NAMES_BRANCH else row["origin"],
            "branch-name": row["name"],
        }

    def user(self, row: Row) -> Row:
        """Shape a user."""
        return dict(row)

    def exported(self, row: Row) -> dict[str, Any]:
        """Shape a component as a row of a report's export."""
        state = self._state
        workspace = state.workspaces[row["rootWorkspace"]]
        shape = dict(row["customFields"])
        shape.update(
            {
                "_id": row["_id"],
                "id": row["_id"],
                "name": row["name"],
                "description": row["description"],
                "typeName": self._type_name(row),
                "parent": row["parent"],
                "rootWorkspace": row["rootWorkspace"],
                "model": row["model"],
                "component-key": row["componentKey"],
                "ardoq-entity-type": "component",
                "ardoq": {"entity-type": "component", "rootWorkspaceName": workspace["name"]},
            }
        )
        for end, other, direction in (("source", "target", "outgoing"), ("target", "source", "incoming")):
            names: dict[str, list[str]] = {}
            for reference in state.references.find(end, row["_id"]):
                key = f"{self._reference_type_name(reference)}--{direction}"
                names.setdefault(key, []).append(state.components[reference[other]]["name"])
            shape.update({key: assumptions.REPORT_NAME_SEPARATOR.join(found) for key, found in names.items()})
        return shape
