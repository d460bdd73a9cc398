"""Models, the types in them, and the definitions of custom fields."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

from ardoqpy import metamodel
from ardoqpy._messages import quote_name, suggest
from ardoqpy.methods.base import Methods

if TYPE_CHECKING:
    from ardoqpy.entities import Entities, Entity

__all__ = ["FieldMethods", "ModelMethods"]

logger = logging.getLogger(__name__)


class ModelMethods(Methods):
    """Read, create and change models, and look up types in them."""

    def get_model(self, ws_id: str | None = None, model_id: str | None = None) -> Any:
        """Return a model by its id, or the model of a workspace, or, without any id, all models.

        v1: the workspace names its model, so this costs two requests; component types are the tree
        `root`, reference types the object `referenceTypes`. v2: the context of the workspace, as
        `get_context` gives it; models by their own ids are not there. Raise `NotFoundError` where there
        is no such model or workspace, `UnsupportedOperation` on v2 without `ws_id`.
        Source: GET `model/{id}`, `workspace/{id}`, `model`; GET `workspaces/{id}/context` (API v2's
        contract).
        """
        if model_id is not None:
            return self.api.models.get(model_id)
        return self.get_models() if ws_id is None else self.api.models.of_workspace(ws_id)

    def get_models(self, include_common: bool = False) -> Entities:  # noqa: FBT001, FBT002
        """Return every model and template of the organisation; `include_common=True` adds Ardoq's own.

        Templates have `useAsTemplate` true. v1 only. Source: GET `model` (0.8.4), with `includeCommon`
        (Java and C# clients).
        """
        return self.api.models.all(include_common=include_common)

    def create_model(self, model: Entity) -> Entity:
        """Create a model and return it as stored.

        `model` needs `name`; `root` is the tree of component types, `referenceTypes` the reference
        types by their ids as text. v1 only. Source: POST `model`.
        """
        return self.api.models.create(model)

    def update_model(self, model_id: str, model: Entity) -> Entity:
        """Replace a model and return it as stored.

        `model` is the whole model as read, with `_version`. Raise `Conflict` where Ardoq holds another
        version. v1 only. Source: PUT `model/{id}` (JavaScript SDK).
        """
        return self.api.models.update(model_id, model)

    def patch_model(self, model_id: str, payload: Entity) -> Entity:
        """Change some attributes of a model, such as `root`, and return it as stored; the last write wins.

        v1 only. Source: PATCH `model/{id}` (Kubernetes bridge).
        """
        return self.api.models.patch(model_id, payload)

    def print_model(self, ws_id: str | None = None, model_id: str | None = None) -> None:
        """Print the component types and reference types of a model with their ids, a line each.

        Give the model's id, or that of a workspace that uses it; with neither, every model is printed.
        v2 knows the workspace's alone.
        """
        model = self.get_model(ws_id=ws_id, model_id=model_id)
        for one in model if isinstance(model, list) else [model]:
            print(self.api.models.describe(one))  # noqa: T201  (printing is what it is for)

    def find_component_type(self, ws_id: str, comptype_name: str) -> dict[str, Any] | None:
        """Return the first component type of that name in a workspace's model, or None.

        The whole hierarchy is searched, and letter case counts. v1: a dict of one entry,
        {typeId: definition}. v2: the type as the context has it, with its `typeId` and `name`. On both,
        None comes with a warning in the log of `ardoqpy.methods.models` that says which names are near,
        or which there are. Raise `NotFoundError` where there is no such workspace. Source: `get_model`.
        """
        model = self.api.models.of_workspace(ws_id)
        found = self.api.models.component_type(model, comptype_name)
        if found is None:
            _warn(ws_id, "component type", comptype_name, metamodel.component_type_names(model))
        return found

    def find_reference_type(self, ws_id: str, reftype_name: str) -> dict[str, Any] | None:
        """Return the definition of the first reference type of that name in a workspace's model, or None.

        A reference's `type` takes its `id` on v1, its `type` on v2. Letter case counts. On both, None
        comes with a warning in the log of `ardoqpy.methods.models` that says which names are near, or
        which there are. Raise `NotFoundError` where there is no such workspace. Source: `get_model`.
        """
        model = self.api.models.of_workspace(ws_id)
        found = self.api.models.reference_type(model, reftype_name)
        if found is None:
            _warn(ws_id, "reference type", reftype_name, metamodel.reference_type_names(model))
        return found


class FieldMethods(Methods):
    """Read, create, change and delete the definitions of custom fields: v1 only."""

    def get_field(self, field_id: str | None = None, include_common: bool = False) -> Any:  # noqa: FBT001, FBT002
        """Return the definition of one field, or, without an id, the list of all.

        `componentType` and `referenceType` list the types that name the field; with `global` (or
        `globalref`) true it is on all types of its `model`, and the list does not say so.
        `include_common=True` adds Ardoq's own. Raise `NotFoundError` where there is no such field.
        Source: GET `field/{id}`, `field` (0.8.4), with `includeCommon` (JavaScript SDK).
        """
        if field_id is not None:
            return self.api.fields.get(field_id)
        return self.api.fields.all(include_common=include_common)

    def create_field(self, field: Entity) -> Entity:
        """Define a custom field and return its definition as stored.

        `field` needs `label` and `model`; `name` is the key on entities, derived from the label where
        it is left out; `type` is `Text`, `Number`, `List`, ... Raise `Conflict` where the model has the
        field already. Source: POST `field`.
        """
        return self.api.fields.create(field)

    def update_field(self, field_id: str, field: Entity) -> Entity:
        """Replace the definition of a field and return it as stored.

        `field` is the whole definition as read, with `_version`. Raise `Conflict` where Ardoq holds
        another version. Source: PUT `field/{id}` (Java and C# clients).
        """
        return self.api.fields.update(field_id, field)

    def del_field(self, field_id: str) -> Entity:
        """Delete the definition of a field and return an empty dict.

        Source: DELETE `field/{id}` (Java and C# clients).
        """
        return self.api.fields.delete(field_id)


def _warn(ws_id: str, kind: str, name: object, known: list[Any]) -> None:
    # Not an error: scripts of 0.8.4 ask by this whether there is such a type.
    logger.warning("Workspace %s has no %s %s: %s", ws_id, kind, quote_name(name), suggest(name, known))
