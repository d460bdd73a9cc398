"""Write what is stored the way v2 answers it."""

from typing import Any

from ardoqpy.emulator import assumptions
from ardoqpy.emulator.rules.models import ComponentType
from ardoqpy.emulator.store import Store
from ardoqpy.emulator.table import Row
from ardoqpy.emulator.values import options_of

_STYLE = ("color", "icon", "image", "shape")


class Shapes:
    """Shape entities for one answer; what many of them share is looked up once."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._state = store.state
        self._users: dict[str, tuple[str, str]] = {}

    def _entity(self, row: Row) -> Row:
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
        known = self._users.get(user_id)
        if known is None:
            row = self._state.users.get(user_id) or {}
            known = (
                row.get("name") or assumptions.V2_UNKNOWN_USER_NAME,
                row.get("email") or assumptions.V2_UNKNOWN_USER_EMAIL,
            )
            self._users[user_id] = known
        return known

    def component(self, row: Row) -> Row:
        """Shape a component."""
        found = self._store.models.types(row["model"]).get(row["typeId"])
        return {
            **self._entity(row),
            "rootWorkspace": row["rootWorkspace"],
            "typeId": row["typeId"],
            "type": found.name if found is not None else row["typeId"],
            "name": row["name"],
            "componentKey": row["componentKey"],
            "parent": row["parent"],
            "description": row["description"],
            **{name: row[name] for name in _STYLE},
            "customFields": row["customFields"],
        }

    def reference(self, row: Row) -> Row:
        """Shape a reference."""
        return {
            **self._entity(row),
            "source": row["source"],
            "target": row["target"],
            "type": row["type"],
            "rootWorkspace": row["rootWorkspace"],
            "targetWorkspace": row["targetWorkspace"],
            "displayText": row["displayText"],
            "description": row["description"],
            "customFields": row["customFields"],
        }

    def workspace(self, row: Row) -> Row:
        """Shape a workspace; its model is not in it."""
        return {
            **self._entity(row),
            "name": row["name"],
            "description": row["description"],
            "workspaceKey": row["workspaceKey"],
            "views": row["views"],
            "startView": row["startView"],
        }

    def attachment(self, row: Row) -> Row:
        """Shape an attachment; its version is a number with a fraction."""
        return {
            **self._entity(row),
            "_version": float(row["_version"]),
            "filename": row["filename"],
            "folder": row["folder"],
            "resource": {"resource-type": row["resourceType"], "resource-id": row["resourceId"]},
        }

    def report(self, row: Row) -> Row:
        """Shape a report without its rows."""
        return {
            **self._entity(row),
            "name": row["name"],
            "description": row["description"],
            "columns": self.columns(row),
            "datasource": row["datasource"],
        }

    def columns(self, report: Row) -> list[Row]:
        """Shape the columns of a report."""
        return [{"key": column["key"], "label": column["label"]} for column in report["columns"]]

    def cells(self, report: Row, row: Row) -> list[Any]:
        """Return a component's values for the columns of a report; None is a missing one."""
        shape = self.component(row)
        values = {**shape.pop("_meta"), **shape.pop("customFields"), **shape}
        return [values.get(column["key"]) for column in report["columns"]]

    def context(self, workspace: Row) -> Row:
        """Shape what can be in a workspace: types, fields and tags."""
        state = self._state
        model = state.models[workspace["componentModel"]]
        types = self._store.models.types(model["_id"])
        fields = state.fields.find("model", model["_id"])
        return {
            "rootWorkspace": workspace["_id"],
            "componentTypes": [_component_type(found, types, fields) for found in types.values()],
            "referenceTypes": [
                {
                    "type": int(number),
                    "name": known["name"],
                    "customFields": [
                        field["name"]
                        for field in fields
                        if field["globalref"] or number in field["referenceType"]
                    ],
                }
                for number, known in model["referenceTypes"].items()
            ],
            "customFields": [_field(field) for field in fields],
            "tags": [{"name": tag["name"]} for tag in state.tags.find("workspace", workspace["_id"])],
        }


def _component_type(found: ComponentType, types: dict[str, ComponentType], fields: list[Row]) -> Row:
    style = {name: found.definition.get(name) for name in _STYLE}
    shape: Row = {
        "typeId": found.type_id,
        "name": found.name,
        "customFields": [
            field["name"] for field in fields if field["global"] or found.type_id in field["componentType"]
        ],
        **{name: value if isinstance(value, str) else None for name, value in style.items()},
    }
    if found.parent is not None:
        shape["parent"] = {"name": types[found.parent].name, "typeId": found.parent}
    return shape


def _field(field: Row) -> Row:
    calculated = field["calculatedFieldSettings"] is not None
    shape = {
        "apiKey": field["name"],
        "label": field["label"],
        "type": field["type"],
        "description": field["description"],
        "defaultValue": field["defaultValue"],
        "calculated": calculated,
        "readOnly": calculated,
    }
    if field["type"] in {"List", "SelectMultipleList"}:
        shape["options"] = options_of(field)
        if assumptions.V2_OPTIONS_LEAVE_NO_DEFAULT:
            shape["defaultValue"] = None
    return shape
