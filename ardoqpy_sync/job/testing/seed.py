"""What is in Ardoq before a test, as a seed of the emulator."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from ardoqpy import metamodel
from ardoqpy._messages import is_similar, quote_name, suggest
from ardoqpy.errors import InvalidInput
from ardoqpy.name_lookup import ID_OR_NAME, NAME, resolve_name
from ardoqpy_sync.sources.cell_conversion import convert_cell

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from ardoqpy.entities import Attributes, Entity
    from ardoqpy.metamodel import Field
    from ardoqpy_sync.job.file.toml_lines import KeyPath
    from ardoqpy_sync.job.testing.model import ItemBefore

#: The parts of a seed that a test uses; it says itself which components and references there are.
MODEL_PARTS = ("format", "models", "fields", "folders", "workspaces")


class Mistake(NamedTuple):
    """What is wrong with a test, and where."""

    key_path: KeyPath
    message: str


def only_model(seed: Mapping[str, Any]) -> Attributes:
    """Return the parts of a seed that are no components, references or tags."""
    return {name: seed[name] for name in MODEL_PARTS if name in seed}


class ModelSeed:
    """The workspaces, types and fields of a seed, and a seed with components and references in them."""

    def __init__(self, seed: Mapping[str, Any]) -> None:
        """Keep the model of a seed that an emulator has completed."""
        self.seed = only_model(seed)
        self._workspaces = {str(row.get("_id")): row for row in self.seed.get("workspaces", [])}
        self._models = {str(row.get("_id")): row for row in self.seed.get("models", [])}

    def fields(self, ws_id: str) -> list[Field]:
        """Return the custom fields of a workspace."""
        model_id = self._workspaces[ws_id].get("componentModel")
        rows = [row for row in self.seed.get("fields", []) if row.get("model") == model_id]
        return list(metamodel.with_date_ranges((metamodel.field_of_model(row), row) for row in rows).values())

    def field(self, ws_id: str, wanted: str) -> Field:
        """Return a custom field of a workspace, by name or label; raise `InvalidInput` if there is none."""
        fields = self.fields(ws_id)
        for attribute in ("name", "label"):
            for fold in (str, str.casefold):
                matches = [field for field in fields if fold(getattr(field, attribute)) == fold(wanted)]
                if matches:
                    return matches[0]
        known = [field.label for field in fields]
        known += [field.name for field in fields if not is_similar(field.name, field.label)]
        raise InvalidInput(
            f"Workspace {quote_name(self._workspaces[ws_id].get('name'))} has no field {quote_name(wanted)}: "
            f"{suggest(wanted, known)}"
        )

    def with_items(self, items: Sequence[ItemBefore]) -> tuple[Attributes, list[Mistake]]:
        """Return the seed with components and references, and the mistakes in them."""
        builder = _Builder(self)
        for is_reference in (False, True):
            for item in items:
                if item.is_reference is is_reference:
                    builder.add(item)
        more = {"components": builder.components, "references": builder.references}
        return {**self.seed, **more}, builder.mistakes

    def workspace(self, item: ItemBefore) -> str:
        """Return the id of the workspace of a component; raise `InvalidInput` if it is not known."""
        known = [(ws_id, row.get("name")) for ws_id, row in self._workspaces.items()]
        if item.workspace is not None:
            return str(resolve_name(item.workspace, known, "workspace", matches=ID_OR_NAME))
        having = [ws_id for ws_id in self._workspaces if item.type in self._component_types(ws_id).values()]
        if len(having) == 1:
            return having[0]
        if having:
            listed = ", ".join(quote_name(self._workspaces[ws_id].get("name")) for ws_id in having)
            raise InvalidInput(
                f"Workspaces {listed} have the type {quote_name(item.type)}. Set workspace to one of them."
            )
        names = {name for ws_id in self._workspaces for name in self._component_types(ws_id).values()}
        raise InvalidInput(
            f"No workspace has a component type {quote_name(item.type)}: {suggest(item.type, names)}"
        )

    def component_type(self, ws_id: str, name: str) -> Any:
        """Return the id of a component type; raise `InvalidInput` if there is none of that name."""
        return self._resolve(ws_id, name, self._component_types(ws_id), "component type")

    def reference_type(self, ws_id: str, name: str) -> Any:
        """Return the id of a reference type; raise `InvalidInput` if there is none of that name."""
        types = {number: kind.get("name") for number, kind in metamodel.reference_types(self._model(ws_id))}
        return self._resolve(ws_id, name, types, "reference type")

    def _resolve(self, ws_id: str, name: str, types: Mapping[Any, Any], kind: str) -> Any:
        owner = f"Workspace {quote_name(self._workspaces[ws_id].get('name'))}"
        return resolve_name(name, types.items(), kind, owner=owner, matches=NAME)

    def _component_types(self, ws_id: str) -> dict[str, Any]:
        types = metamodel.component_types(self._model(ws_id))
        return {item.id: item.definition.get("name") for item in types}

    def _model(self, ws_id: str) -> Entity:
        model: Entity = self._models.get(str(self._workspaces[ws_id].get("componentModel")), {})
        return model


class _Builder:
    """Make the rows of a seed, components before references, and collect the mistakes."""

    def __init__(self, model: ModelSeed) -> None:
        self._model = model
        self.components: list[Attributes] = []
        self.references: list[Attributes] = []
        self.mistakes: list[Mistake] = []

    def add(self, item: ItemBefore) -> None:
        try:
            if item.is_reference:
                self.references.append(self._reference(item))
            else:
                self.components.append(self._component(item))
        except InvalidInput as error:
            self.mistakes.append(Mistake(item.key_path, str(error)))

    def _component(self, item: ItemBefore) -> Attributes:
        ws_id = self._model.workspace(item)
        row = {
            "_id": f"7e57{len(self.components) + 1:020x}",
            "name": item.name,
            "rootWorkspace": ws_id,
            "typeId": self._model.component_type(ws_id, item.type),
            "customFields": self._values(item, ws_id),
            **item.attributes,
        }
        if item.parent is not None:
            row["parent"] = self._component_named(item.parent, ws_id)["_id"]
        return row

    def _reference(self, item: ItemBefore) -> Attributes:
        source, target = (self._component_named(str(name)) for name in (item.source, item.target))
        ws_id = source["rootWorkspace"]
        return {
            "_id": f"7e58{len(self.references) + 1:020x}",
            "source": source["_id"],
            "target": target["_id"],
            "type": self._model.reference_type(ws_id, item.type),
            "customFields": self._values(item, ws_id),
            **item.attributes,
        }

    def _component_named(self, name: str, ws_id: str | None = None) -> Attributes:
        """Return the component of a name; raise `InvalidInput` if it is not before, or several are."""
        known = [
            (position, component["name"])
            for position, component in enumerate(self.components)
            if ws_id is None or component["rootWorkspace"] == ws_id
        ]
        position: int = resolve_name(name, known, "component", owner="before", matches=NAME)
        return self.components[position]

    def _values(self, item: ItemBefore, ws_id: str) -> Attributes:
        values = {}
        for name, value in item.fields.items():
            try:
                field = self._model.field(ws_id, name)
                values[field.name] = convert_cell(value, field)
            except InvalidInput as error:
                self.mistakes.append(Mistake((*item.key_path, "fields", name), str(error)))
        return values
