"""Serialize stored rows as v1 answers them.

The names of v1 follow three styles (`last-updated`, `createdByName`, `_order`). Only this file and
`bodies.py` know them.
"""

from ardoqpy.emulator import assumptions
from ardoqpy.emulator.rows import (
    AttachmentRow,
    Attributes,
    BranchRow,
    ComponentRow,
    EntityRow,
    FieldRow,
    FolderRow,
    ModelRow,
    ReferenceRow,
    TagRow,
    WorkspaceRow,
    copy_values,
)
from ardoqpy.emulator.rules.empty_fields import EmptyFields
from ardoqpy.emulator.store import Store


class Serializer:
    """Serialize the rows of one answer; caches the names of users and types."""

    def __init__(self, store: Store) -> None:
        """Look up names in a store."""
        self._store = store
        self._state = store.state
        self._users: dict[str, tuple[str | None, str | None]] = {}
        self._type_names: dict[str, dict[str, str]] = {}
        self._empty_fields = EmptyFields(store.fields)

    def _persisted(self, row: EntityRow, ardoq: Attributes) -> Attributes:
        created_name, created_email = self._user(row["createdBy"])
        modified_name, modified_email = self._user(row["lastModifiedBy"])
        answer: Attributes = {
            **copy_values(row, "_id", "_version", "created"),
            "last-updated": row["lastUpdated"],
            "created-by": row["createdBy"],
            "last-modified-by": row["lastModifiedBy"],
            "createdByName": created_name,
            "createdByEmail": created_email,
            "lastModifiedByName": modified_name,
            "lastModifiedByEmail": modified_email,
            "ardoq": ardoq,
        }
        if assumptions.SEND_BOTH_LAST_UPDATED_KEYS:
            answer["lastupdated"] = row["lastUpdated"]
        origin = row.get("origin")
        if origin is not None:
            # v1 writes this id without the underscore.
            answer["origin"] = {"id": origin["_id"], "_version": origin["_version"]}
        return answer

    def _user(self, user_id: str) -> tuple[str | None, str | None]:
        if user_id not in self._users:
            row = self._state.users.get(user_id)
            self._users[user_id] = (row["name"], row["email"]) if row is not None else (None, None)
        return self._users[user_id]

    def _type_name(self, row: ComponentRow) -> str | None:
        model = row["model"]
        if model not in self._type_names:
            types = self._store.models.types(model)
            self._type_names[model] = {type_id: item.name for type_id, item in types.items()}
        return self._type_names[model].get(row["typeId"])

    def _reference_type_name(self, row: ReferenceRow) -> str | None:
        definition = self._state.models[row["model"]]["referenceTypes"].get(str(row["type"]))
        return definition["name"] if definition is not None else None

    def component(self, row: ComponentRow) -> Attributes:
        """Serialize a component; custom values are at the top level, beside the built-in attributes."""
        state = self._state
        component_id = row["_id"]
        ardoq = {
            "entity-type": "component",
            "persistent": None,
            "incomingReferenceCount": state.references.count("target", component_id),
            "outgoingReferenceCount": state.references.count("source", component_id),
        }
        unset = [name for name in assumptions.V1_OMITS_UNSET if row.get(name) in (None, "")]
        answer = {
            **self._empty_fields.of_component(row),
            **row["customFields"],
            **self._persisted(row, ardoq),
            **copy_values(row, "name", "description", "rootWorkspace", "model", "typeId"),
            "type": self._type_name(row),
            "parent": row["parent"],
            "children": state.components.ids("parent", component_id),
            "_order": row["order"],
            "component-key": row["componentKey"],
            **copy_values(row, "version", "color", "shape", "icon", "image", "isPublic"),
        }
        for name in unset:
            del answer[name]
        return answer

    def components(self, rows: list[ComponentRow]) -> list[Attributes]:
        """Serialize components."""
        return [self.component(row) for row in rows]

    def component_with_references(self, row: ComponentRow) -> Attributes:
        """Serialize a component with its incoming and outgoing references."""
        find = self._state.references.find
        ends = {"in": "target", "out": "source"}
        references = {key: self.references(find(end, row["_id"])) for key, end in ends.items()}
        return {**self.component(row), "references": references}

    def reference(self, row: ReferenceRow) -> Attributes:
        """Serialize a reference, with the names of its type, source and target."""
        components = self._state.components
        ardoq = {
            "entity-type": "reference",
            "typeName": self._reference_type_name(row),
            "sourceName": components[row["source"]]["name"],
            "targetName": components[row["target"]]["name"],
        }
        return {
            **self._empty_fields.of_reference(row),
            **row["customFields"],
            **self._persisted(row, ardoq),
            **copy_values(row, "source", "target", "type", "rootWorkspace", "targetWorkspace"),
            **copy_values(row, "description", "displayText", "returnValue", "order", "model"),
            "mustBeSaved": None,
        }

    def references(self, rows: list[ReferenceRow]) -> list[Attributes]:
        """Serialize references."""
        return [self.reference(row) for row in rows]

    def workspace(
        self, row: WorkspaceRow, *, with_content_ids: bool = assumptions.WORKSPACE_INCLUDES_CONTENT_IDS
    ) -> Attributes:
        """Serialize a workspace."""
        state = self._state
        workspace_id = row["_id"]
        counter = state.counters.get(f"components of {workspace_id}")
        answer: Attributes = {
            **self._persisted(row, {"entity-type": assumptions.ENTITY_TYPE_WORKSPACE}),
            **copy_values(row, "name", "description", "componentModel", "folder", "views", "startView"),
            "defaultPerspective": row["defaultPerspective"],
            "type": assumptions.WORKSPACE_TYPE,
            "workspace-key": row["workspaceKey"],
            "comp-counter": counter["value"] if counter is not None else 0,
            "linked-workspaces": self._linked(workspace_id),
        }
        if assumptions.SEND_ARDOQ_PERSISTENT:
            answer["ardoq-persistent"] = []
        if with_content_ids:
            for table in (state.components, state.references, state.tags):
                answer[table.name] = table.ids("workspace", workspace_id)
        return answer

    def _linked(self, workspace_id: str) -> Attributes:
        references = self._state.references
        linked = {row["targetWorkspace"]: None for row in references.find("workspace", workspace_id)}
        backlinked = {row["rootWorkspace"]: None for row in references.find("target_workspace", workspace_id)}
        return {
            "linked": [other for other in linked if other != workspace_id],
            "backlinked": [other for other in backlinked if other != workspace_id],
        }

    def workspaces(self, rows: list[WorkspaceRow]) -> list[Attributes]:
        """Serialize workspaces."""
        return [self.workspace(row) for row in rows]

    def summary(self, row: WorkspaceRow) -> Attributes:
        """Serialize a workspace with the numbers of its components and references."""
        return {
            **self.workspace(row, with_content_ids=False),
            "componentCount": self._state.components.count("workspace", row["_id"]),
            "referenceCount": self._state.references.count("workspace", row["_id"]),
        }

    def aggregated(self, row: WorkspaceRow) -> Attributes:
        """Serialize a workspace with its content, and the references that point into it."""
        state = self._state
        workspace_id = row["_id"]
        incoming = [
            reference
            for reference in state.references.find("target_workspace", workspace_id)
            if reference["rootWorkspace"] != workspace_id
        ]
        pointing = dict.fromkeys(reference["source"] for reference in incoming)
        references = self.references(state.references.find("workspace", workspace_id))
        answer = self.workspace(row, with_content_ids=False)
        answer["components"] = self.components(state.components.find("workspace", workspace_id))
        answer["references"] = references or assumptions.AGGREGATED_EMPTY_REFERENCES
        answer["tags"] = self.tags(state.tags.find("workspace", workspace_id))
        answer["incoming-components"] = [self.component(state.components[source]) for source in pointing]
        answer["incoming-references"] = self.references(incoming)
        return answer

    def folder(self, row: FolderRow) -> Attributes:
        """Serialize a folder, with the ids of its workspaces."""
        return {
            **self._persisted(row, {"entity-type": assumptions.ENTITY_TYPE_FOLDER}),
            **copy_values(row, "name", "description"),
            "workspaces": self._state.workspaces.ids("folder", row["_id"]),
        }

    def tag(self, row: TagRow) -> Attributes:
        """Serialize a tag."""
        return {
            **self._persisted(row, {"entity-type": assumptions.ENTITY_TYPE_TAG}),
            **copy_values(row, "name", "description", "rootWorkspace"),
            "components": row["components"] or assumptions.TAG_EMPTY_LIST,
            "references": row["references"] or assumptions.TAG_EMPTY_LIST,
        }

    def tags(self, rows: list[TagRow]) -> list[Attributes]:
        """Serialize tags."""
        return [self.tag(row) for row in rows]

    def model(self, row: ModelRow) -> Attributes:
        """Serialize a model."""
        using = self._state.workspaces.find("model", row["_id"])
        numbers = [int(number) for number in row["referenceTypes"]]
        answer: Attributes = {
            **self._persisted(row, {"entity-type": "model"}),
            **copy_values(row, "createdBy", "lastModifiedBy", "name", "description", "root"),
            "referenceTypes": row["referenceTypes"],
            "maxReferenceTypeKey": max(numbers, default=0),
            **copy_values(row, "useAsTemplate", "common", "flexible", "blankTemplate", "category"),
            **copy_values(row, "createdFromTemplate", "defaultViews", "startView", "defaultSort", "folder"),
        }
        used_by = [{"_id": workspace["_id"], "name": workspace["name"]} for workspace in using]
        answer["workspaces"] = {"restricted": 0, "used-by": used_by}
        if assumptions.SEND_ARDOQ_PERSISTENT:
            answer["ardoq-persistent"] = []
        return answer

    def field(self, row: FieldRow) -> Attributes:
        """Serialize a field definition."""
        answer: Attributes = {
            **self._persisted(row, {"entity-type": "field"}),
            **copy_values(row, "name", "label", "type", "model", "componentType", "referenceType", "global"),
            **copy_values(row, "globalref", "defaultValue", "description", "required", "dateTimeFields"),
            "_order": row["order"],
            "mustBeSaved": None,
        }
        if row["calculatedFieldSettings"] is not None:
            answer["calculatedFieldSettings"] = row["calculatedFieldSettings"]
        return answer

    def attachment(self, row: AttachmentRow) -> Attributes:
        """Serialize an attachment, without its bytes."""
        return {
            **copy_values(row, "_id", "_version", "created"),
            "created-by": row["createdBy"],
            "last-updated": row["lastUpdated"],
            "content-type": row["contentType"],
            "filename": row["filename"],
            "uri": f"/api/attachment/{row['resourceType']}/{row['resourceId']}/{row['_id']}",
            "size": row["size"],
        }

    def branch(self, row: BranchRow) -> Attributes:
        """Serialize a branch record."""
        return {
            **copy_values(row, "_id", "created"),
            "created-by": row["createdBy"],
            "workspace-id": row["workspace"] if assumptions.BRANCH_RECORD_NAMES_BRANCH else row["origin"],
            "branch-name": row["name"],
        }

    def report_row(self, row: ComponentRow) -> Attributes:
        """Serialize a component as a row of an exported report."""
        state = self._state
        workspace = state.workspaces[row["rootWorkspace"]]
        answer = {
            **self._empty_fields.of_component(row),
            **row["customFields"],
            "_id": row["_id"],
            "id": row["_id"],
            **copy_values(row, "name", "description"),
            "typeName": self._type_name(row),
            **copy_values(row, "parent", "rootWorkspace", "model"),
            "component-key": row["componentKey"],
            "ardoq-entity-type": "component",
            "ardoq": {"entity-type": "component", "rootWorkspaceName": workspace["name"]},
        }
        ids: dict[str, list[str]] = {}
        for reference in state.references.find("source", row["_id"]):
            key = f"{self._reference_type_name(reference)}--outgoing"
            ids.setdefault(key, []).append(reference["target"])
        for reference in state.references.find("target", row["_id"]):
            key = f"{self._reference_type_name(reference)}--incoming"
            ids.setdefault(key, []).append(reference["source"])
        answer.update({key: assumptions.REPORT_ID_SEPARATOR.join(values) for key, values in ids.items()})
        return answer
