"""A job held against Ardoq: names become ids, and everything that does not exist there is told at once."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ardoqpy._messages import quote_name
from ardoqpy.errors import InvalidInput
from ardoqpy.metamodel import Field
from ardoqpy_sync.job.landscape import Landscape
from ardoqpy_sync.sources.cell_conversion import convert

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from ardoqpy.client import ArdoqClient
    from ardoqpy_sync.job.model import ComponentMapping, End, Job, ReferenceMapping, RowMapping
    from ardoqpy_sync.job.problems import Problem
    from ardoqpy_sync.job.template import Template
    from ardoqpy_sync.job.toml_lines import Path as Place

__all__ = ["Bound", "BoundComponents", "BoundEnd", "BoundReferences", "Group", "bind"]

#: Kind, workspace id, type id: what is missing is told by these.
Group = tuple[str, str, Any]
#: How the attributes that are no custom fields take their cells.
_TEXT = {
    "name": Field("name", "name", "Text"),
    "description": Field("description", "description", "TextArea"),
    "displayText": Field("displayText", "displayText", "Text"),
}


@dataclass(frozen=True, slots=True)
class BoundEnd:
    """Which component a row names: `field` is the custom field that it is found by, None for its name."""

    end: End
    ws_id: str
    type_id: str
    field: str | None
    title: str


@dataclass(frozen=True, slots=True)
class Bound:
    """A mapping with ids in place of names.

    - `cells`: what a row writes, each as (field, template).
    - `marks`: what those that are missing are given, where that is to be set.
    - `create_only`, `fill_if_empty`, `never_null`: names of attributes as Ardoq has them.
    """

    mapping: RowMapping
    ws_id: str
    type_id: Any
    cells: tuple[tuple[Field, Template], ...]
    create_only: frozenset[str]
    fill_if_empty: frozenset[str]
    never_null: frozenset[str]
    marks: Mapping[str, Any]

    @property
    def group(self) -> Group:
        """What is missing is of these."""
        return self.mapping.kind, self.ws_id, self.type_id


@dataclass(frozen=True, slots=True)
class BoundComponents(Bound):
    """Rows that become components; `key` is the field that they are matched by, None for the name."""

    key: str | None
    parent: BoundEnd | None


@dataclass(frozen=True, slots=True)
class BoundReferences(Bound):
    """Rows that become references."""

    source: BoundEnd
    target: BoundEnd


def bind(
    job: Job, client: ArdoqClient, troubles: list[Problem]
) -> tuple[list[BoundComponents], list[BoundReferences]]:
    """Return the mappings of a job with ids in place of names, and add to `troubles` all that is wrong.

    Raise `ArdoqClientException` where Ardoq does not answer.
    """
    binder = _Binder(job, client, troubles)
    components = [bound for one in job.components if (bound := binder.components(one)) is not None]
    references = [ties for one in job.references if (ties := binder.references(one)) is not None]
    binder.agree([*components, *references])
    return components, references


class _Binder:
    def __init__(self, job: Job, client: ArdoqClient, troubles: list[Problem]) -> None:
        self._job = job
        self._known = Landscape(client)
        self._troubles = troubles

    def components(self, mapping: ComponentMapping) -> BoundComponents | None:
        before = len(self._troubles)
        place = mapping.place
        ws_id = self._try((*place, "workspace"), self._known.workspace, mapping.workspace)
        if ws_id is None:
            return None
        type_id = self._try((*place, "type"), self._known.component_type, ws_id, mapping.type)
        cells, names = self._cells(mapping, ws_id)
        names["parent"] = "parent"
        key = None if mapping.key == "name" else names.get(mapping.key)
        parent = self._end(mapping.parent, ws_id) if mapping.parent else None
        marks = self._marks(mapping, ws_id)
        if len(self._troubles) > before:
            return None
        owned = self._owned(mapping, names)
        return BoundComponents(mapping, ws_id, type_id, cells, **owned, marks=marks, key=key, parent=parent)

    def references(self, mapping: ReferenceMapping) -> BoundReferences | None:
        before = len(self._troubles)
        ends = []
        for end in (mapping.source, mapping.target):
            place = (*end.place, "workspace")
            if place not in self._job.places:  # it is said once, for both
                place = (*mapping.place, "workspace")
            at = self._try(place, self._known.workspace, end.workspace)
            ends.append(None if at is None else self._end(end, at))
        if ends[0] is None or ends[1] is None:
            return None
        ws_id = ends[0].ws_id
        type_id = self._try((*mapping.place, "type"), self._known.reference_type, ws_id, mapping.type)
        cells, names = self._cells(mapping, ws_id)
        if len(self._troubles) > before:
            return None
        owned = self._owned(mapping, names)
        source, target = ends[0], ends[1]
        return BoundReferences(
            mapping, ws_id, type_id, cells, **owned, marks={}, source=source, target=target
        )

    def agree(self, mappings: list[BoundComponents | BoundReferences]) -> None:
        """See to it that mappings of the same type say the same of what is missing."""
        said: dict[Group, RowMapping] = {}
        for one in mappings:
            first = said.setdefault(one.group, one.mapping)
            if first.missing != one.mapping.missing:
                self._trouble(
                    (*one.mapping.place, "missing"),
                    f"two mappings of type {quote_name(one.mapping.type)} in one workspace say different "
                    "things of what is missing: say the same in both.",
                )

    # -- parts ----------------------------------------------------------------------------------------------

    def _end(self, end: End, ws_id: str) -> BoundEnd | None:
        before = len(self._troubles)
        type_id = self._try((*end.place, "type"), self._known.component_type, ws_id, end.type)
        field = None
        if end.key != "name":
            field = self._try((*end.place, "key"), self._known.field, ws_id, end.key)
        if len(self._troubles) > before:
            return None
        what = "name" if field is None else field.name
        title = f"component of type {quote_name(end.type)} with the {what} {{}} in workspace {{}}"
        title = title.format(
            "{}", quote_name(self._known.workspace_name(ws_id)).replace("{", "{{").replace("}", "}}")
        )
        return BoundEnd(end, ws_id, type_id, None if field is None else field.name, title)

    def _cells(
        self, mapping: RowMapping, ws_id: str
    ) -> tuple[tuple[tuple[Field, Template], ...], dict[str, str]]:
        """Return what a row writes, and by the names that the job uses those that Ardoq uses."""
        cells = [(_TEXT[name], template) for name, template in mapping.attributes.items()]
        names = {name: name for name in mapping.attributes}
        for name, template in mapping.fields.items():
            place = (*mapping.place, "fields", name)
            field = self._try(place, self._known.field, ws_id, name)
            if field is None:
                continue
            names[name] = field.name
            if field.name in [other.name for other, _ in cells]:
                self._trouble(place, f"the field {quote_name(field.name)} is mapped twice.")
            cells.append((field, template))
        for field, template in cells:
            if template.constant or field.read_only:
                place = (
                    *mapping.place,
                    *(() if field.name in _TEXT else ("fields",)),
                    _key_of(names, field.name),
                )
                self._try(place, convert, template.getter()({}), field)
        return tuple(cells), names

    def _marks(self, mapping: RowMapping, ws_id: str) -> Mapping[str, Any]:
        marks = {}
        for name, told in mapping.missing.marks.items():
            place = (*mapping.place, "missing", "set", name)
            field = (
                _TEXT[name]
                if name in ("name", "description")
                else self._try(place, self._known.field, ws_id, name)
            )
            if field is not None:
                marks[field.name] = self._try(place, convert, told, field)
        return marks

    def _owned(self, mapping: RowMapping, names: Mapping[str, str]) -> dict[str, frozenset[str]]:
        listed = {
            "create_only": mapping.create_only,
            "fill_if_empty": mapping.fill_if_empty,
            "never_null": names if mapping.never_null is True else mapping.never_null or (),
        }
        return {key: frozenset(names[name] for name in some if name in names) for key, some in listed.items()}

    def _try(self, place: Place, question: Callable[..., Any], *asked: Any) -> Any:
        try:
            return question(*asked)
        except InvalidInput as problem:
            self._trouble(place, str(problem))
            return None

    def _trouble(self, place: Place, sentence: str) -> None:
        self._troubles.append(self._job.trouble(place, sentence))


def _key_of(names: Mapping[str, str], name: str) -> str:
    return next(key for key, value in names.items() if value == name)
