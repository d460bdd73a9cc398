"""Models, the types in them, and the definitions of custom fields."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

from ardoqpy import metamodel
from ardoqpy._messages import quote_name, suggest
from ardoqpy.methods.base import Methods

if TYPE_CHECKING:
    from ardoqpy.entities import Attributes, Entity, FieldDefinition, Model

logger = logging.getLogger(__name__)


class ModelMethods(Methods):
    """Read, create and change models, and find types in them."""

    def get_model(self, ws_id: str | None = None, model_id: str | None = None) -> Any:
        """Return a model by its id, or the model of a workspace or, without an id, the list of all models.

        v1: component types are the tree `root`, reference types the dict `referenceTypes` by number as text.
        With `ws_id` it costs two requests, because the workspace names its model. v2: the context of the
        workspace, as `get_context` returns it; v2 has no models with ids of their own. Raise `NotFoundError`
        if there is no such model or workspace, `UnsupportedOperation` on v2 without `ws_id`.
        Source: GET `model/{id}`, `workspace/{id}`, `model`; GET `workspaces/{id}/context` (API v2's
        contract).
        """
        if model_id is not None:
            return self.api.models.get(model_id)
        return self.get_models() if ws_id is None else self.api.models.of_workspace(ws_id)

    def get_models(self, include_common: bool = False) -> list[Model]:  # noqa: FBT001, FBT002
        """Return every model and template of the organisation; `include_common=True` adds Ardoq's own.

        Templates have `useAsTemplate` true. v1 only. Source: GET `model` (0.8.4), with `includeCommon`
        (Java and C# clients).
        """
        return self.api.models.all(include_common=include_common)

    def create_model(self, model: Model | Attributes) -> Model:
        """Create a model and return it as stored.

        `model` needs `name`; `root` is the tree of component types by id, `referenceTypes` the reference
        types by number as text. v1 only. Raise `InvalidInput` if the name is missing. Source: POST `model`.
        """
        return self.api.models.create(model)

    def update_model(self, model_id: str, model: Model | Attributes) -> Model:
        """Replace a model and return it as stored.

        `model` is the whole model as read, with `_version`. Raise `Conflict` if Ardoq holds another version,
        `NotFoundError` if there is no such model. v1 only. Source: PUT `model/{id}` (JavaScript SDK).
        """
        return self.api.models.update(model_id, model)

    def patch_model(self, model_id: str, payload: Model | Attributes) -> Model:
        """Change some attributes of a model, such as `root`, and return it as stored; the last write wins.

        `payload` has the attributes to change. Raise `NotFoundError` if there is no such model. v1 only.
        Source: PATCH `model/{id}` (Kubernetes bridge).
        """
        return self.api.models.patch(model_id, payload)

    def print_model(self, ws_id: str | None = None, model_id: str | None = None) -> None:
        """Print the component types and reference types of a model with their ids, one per line.

        `model_id` is the model's id, `ws_id` that of a workspace that uses it; with neither, every model is
        printed. v2 takes `ws_id` only.
        """
        models = self.get_model(ws_id=ws_id, model_id=model_id)
        for model in models if isinstance(models, list) else [models]:
            print(self.api.models.describe(model))  # noqa: T201  (printing is what it is for)

    def find_component_type(self, ws_id: str, comptype_name: str) -> Attributes | None:
        """Return the first component type of that name in a workspace's model, None if there is none.

        v1: a dict with one entry, {typeId: definition}. v2: the type as the context has it, with its `typeId`
        and `name`. The whole hierarchy is searched, and letter case counts. If there is none, a warning in
        the log `ardoqpy.methods.models` lists similar names. Raise `NotFoundError` if there is no such
        workspace. Source: `get_model`.
        """
        model = self.api.models.of_workspace(ws_id)
        component_type = self.api.models.component_type(model, comptype_name)
        if component_type is None:
            _warn(ws_id, "component type", comptype_name, metamodel.component_type_names(model))
        return component_type

    def find_reference_type(self, ws_id: str, reftype_name: str) -> Attributes | None:
        """Return the first reference type of that name in a workspace's model, None if there is none.

        The `type` of a reference is the definition's `id` on v1, its `type` on v2. Letter case counts. If
        there is none, a warning in the log `ardoqpy.methods.models` lists similar names. Raise
        `NotFoundError` if there is no such workspace. Source: `get_model`.
        """
        model = self.api.models.of_workspace(ws_id)
        reference_type = self.api.models.reference_type(model, reftype_name)
        if reference_type is None:
            _warn(ws_id, "reference type", reftype_name, metamodel.reference_type_names(model))
        return reference_type


class FieldMethods(Methods):
    """Read, create, change and delete the definitions of custom fields: v1 only."""

    def get_field(self, field_id: str | None = None, include_common: bool = False) -> Any:  # noqa: FBT001, FBT002
        """Return the definition of one field or, without an id, the list of all.

        `componentType` and `referenceType` list the types that name the field. If `global` (or `globalref`)
        is true, the field is on all types of its `model`, and the list does not name them.
        `include_common=True` adds Ardoq's own fields. v1 only. Raise `NotFoundError` if there is no such
        field. Source: GET `field/{id}`, `field` (0.8.4), with `includeCommon` (JavaScript SDK).
        """
        if field_id is not None:
            return self.api.fields.get(field_id)
        return self.api.fields.all(include_common=include_common)

    def create_field(self, field: FieldDefinition | Attributes) -> FieldDefinition:
        """Define a custom field and return its definition as stored.

        `field` needs `label` and `model` (a model's id). `name` is the key on entities, derived from the
        label if left out; `type` is `Text`, `Number`, `List` and so on. v1 only. Raise `Conflict` if the
        model has the field already, `InvalidInput` if a needed attribute is missing. Source: POST `field`.
        """
        return self.api.fields.create(field)

    def update_field(self, field_id: str, field: FieldDefinition | Attributes) -> FieldDefinition:
        """Replace the definition of a field and return it as stored.

        `field` is the whole definition as read, with `_version`. v1 only. Raise `Conflict` if Ardoq holds
        another version, `NotFoundError` if there is no such field. Source: PUT `field/{id}` (Java and C#
        clients).
        """
        return self.api.fields.update(field_id, field)

    def del_field(self, field_id: str) -> Entity:
        """Delete the definition of a field and return an empty dict.

        v1 only. Raise `NotFoundError` if there is no such field. Source: DELETE `field/{id}` (Java and C#
        clients).
        """
        return self.api.fields.delete(field_id)


def _warn(ws_id: str, kind: str, name: object, known: list[Any]) -> None:
    # Not an error: scripts for 0.8.4 use it to find out whether there is such a type.
    logger.warning("Workspace %s has no %s %s: %s", ws_id, kind, quote_name(name), suggest(name, known))
