"""Serialize stored rows as v2 answers them."""

from typing import Any

from ardoqpy.emulator import assumptions
from ardoqpy.emulator.rows import (
    AttachmentRow,
    Attributes,
    Column,
    ComponentRow,
    EntityRow,
    FieldRow,
    ReferenceRow,
    ReportRow,
    WorkspaceRow,
    copy_values,
)
from ardoqpy.emulator.rules.empty_fields import EmptyFields
from ardoqpy.emulator.rules.models import ComponentType
from ardoqpy.emulator.store import Store
from ardoqpy.emulator.values import field_options

_STYLE = ("color", "icon", "image", "shape")


class Serializer:
    """Serialize the rows of one answer; caches the names of users."""

    def __init__(self, store: Store) -> None:
        """Look up names in a store."""
        self._store = store
        self._state = store.state
        self._users: dict[str, tuple[str, str]] = {}
        self._empty_fields = EmptyFields(store.fields)

    def _entity(self, row: EntityRow) -> Attributes:
        created_name, created_email = self._user(row["createdBy"])
        modified_name, modified_email = self._user(row["lastModifiedBy"])
        return {
            "_id": row["_id"],
            "_version": row["_version"],
            "_meta": {
                "created": row["created"],
                "createdBy": row["createdBy"],
                "createdByName": created_name,
                "createdByEmail": created_email,
                "lastUpdated": row["lastUpdated"],
                "lastModifiedBy": row["lastModifiedBy"],
                "lastModifiedByName": modified_name,
                "lastModifiedByEmail": modified_email,
            },
        }

    def _user(self, user_id: str) -> tuple[str, str]:
        if user_id not in self._users:
            user = self._state.users.get(user_id) or {}
            name = user.get("name") or assumptions.V2_UNKNOWN_USER_NAME
            self._users[user_id] = (name, user.get("email") or assumptions.V2_UNKNOWN_USER_EMAIL)
        return self._users[user_id]

    def component(self, row: ComponentRow) -> Attributes:
        """Serialize a component."""
        component_type = self._store.models.types(row["model"]).get(row["typeId"])
        return {
            **self._entity(row),
            **copy_values(row, "rootWorkspace", "typeId"),
            "type": component_type.name if component_type is not None else row["typeId"],
            **copy_values(row, "name", "componentKey", "parent", "description", "color", "icon", "image"),
            "shape": row["shape"],
            "customFields": {**self._empty_fields.of_component(row), **row["customFields"]},
        }

    def reference(self, row: ReferenceRow) -> Attributes:
        """Serialize a reference."""
        return {
            **self._entity(row),
            **copy_values(row, "source", "target", "type", "rootWorkspace", "targetWorkspace"),
            **copy_values(row, "displayText", "description"),
            "customFields": {**self._empty_fields.of_reference(row), **row["customFields"]},
        }

    def workspace(self, row: WorkspaceRow) -> Attributes:
        """Serialize a workspace, without its model."""
        return {
            **self._entity(row),
            **copy_values(row, "name", "description", "workspaceKey", "views", "startView"),
        }

    def attachment(self, row: AttachmentRow) -> Attributes:
        """Serialize an attachment; its version is a float, as in the contract."""
        return {
            **self._entity(row),
            "_version": float(row["_version"]),
            **copy_values(row, "filename", "folder"),
            "resource": {"resource-type": row["resourceType"], "resource-id": row["resourceId"]},
        }

    def report(self, row: ReportRow) -> Attributes:
        """Serialize a report, without its rows."""
        return {
            **self._entity(row),
            **copy_values(row, "name", "description"),
            "columns": self.columns(row),
            "datasource": row["datasource"],
        }

    def columns(self, report: ReportRow) -> list[Column]:
        """Serialize the columns of a report."""
        return [{"key": column["key"], "label": column["label"]} for column in report["columns"]]

    def cells(self, report: ReportRow, row: ComponentRow) -> list[Any]:
        """Return a component's values for the columns of a report, None where a value is missing."""
        component = self.component(row)
        values = {**component.pop("_meta"), **component.pop("customFields"), **component}
        return [values.get(column["key"]) for column in report["columns"]]

    def context(self, workspace: WorkspaceRow) -> Attributes:
        """Serialize the types, fields and tags of a workspace."""
        state = self._state
        model = state.models[workspace["componentModel"]]
        types = self._store.models.types(model["_id"])
        fields = self._store.fields.in_model(model["_id"])
        return {
            "rootWorkspace": workspace["_id"],
            "componentTypes": [_component_type(item, types, fields) for item in types.values()],
            "referenceTypes": [
                {
                    "type": int(number),
                    "name": reference_type["name"],
                    "customFields": [
                        field["name"]
                        for field in fields
                        if field["globalref"] or number in field["referenceType"]
                    ],
                }
                for number, reference_type in model["referenceTypes"].items()
            ],
            "customFields": [_field(field) for field in fields],
            "tags": [{"name": tag["name"]} for tag in state.tags.find("workspace", workspace["_id"])],
        }


def _component_type(
    component_type: ComponentType, types: dict[str, ComponentType], fields: list[FieldRow]
) -> Attributes:
    type_id, definition = component_type.type_id, component_type.definition
    values = {name: definition.get(name) for name in _STYLE}
    answer: Attributes = {
        "typeId": type_id,
        "name": component_type.name,
        "customFields": [
            field["name"] for field in fields if field["global"] or type_id in field["componentType"]
        ],
        **{name: value if isinstance(value, str) else None for name, value in values.items()},
    }
    parent = component_type.parent
    if parent is not None:
        answer["parent"] = {"name": types[parent].name, "typeId": parent}
    return answer


def _field(field: FieldRow) -> Attributes:
    calculated = field["calculatedFieldSettings"] is not None
    answer: Attributes = {
        "apiKey": field["name"],
        **copy_values(field, "label", "type", "description", "defaultValue"),
        "calculated": calculated,
        "readOnly": calculated,
    }
    if field["type"] in {"List", "SelectMultipleList"}:
        answer["options"] = field_options(field)
        if assumptions.V2_OPTIONS_REPLACE_DEFAULT_VALUE:
            answer["defaultValue"] = None
    return answer
