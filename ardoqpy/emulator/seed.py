"""Read and write everything that the emulated Ardoq knows as one JSON object.

A dump is a complete seed. A seed written by hand may leave out whatever has a default; its entities may name
one another by the ids that it gives them.
"""

import json
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, Final

from ardoqpy.emulator import assumptions
from ardoqpy.emulator import schema as kinds
from ardoqpy.emulator.errors import Problem, Unprocessable
from ardoqpy.emulator.rules.fields import name_from_label
from ardoqpy.emulator.rules.models import tidied
from ardoqpy.emulator.rules.parent_order import parents_first
from ardoqpy.emulator.rules.reports import DEFAULT_COLUMNS, check_report
from ardoqpy.emulator.store import Store
from ardoqpy.emulator.table import Row
from ardoqpy.emulator.values import FIELD_TYPES, field_type

FORMAT: Final = 1

_BOOKKEEPING = ("_id", "_version", "created", "createdBy", "lastUpdated", "lastModifiedBy", "origin")


class SeedError(ValueError):
    """Say in one sentence what is wrong with a seed."""


def read_seed(path: str | Path) -> dict[str, Any]:
    """Read a seed from a file."""
    try:
        seed = json.loads(Path(path).read_text(encoding="utf-8"))
    except OSError as error:
        sentence = f"The seed {path} cannot be read: {error.strerror}."
        raise SeedError(sentence) from error
    except (ValueError, RecursionError) as error:
        sentence = f"The seed {path} is not JSON."
        raise SeedError(sentence) from error
    if not isinstance(seed, dict):
        sentence = f"The seed {path} has to be a JSON object."
        raise SeedError(sentence)
    return seed


def dump(store: Store) -> dict[str, Any]:
    """Return everything that the store holds, in a form that can seed another one."""
    with store.state.lock:
        rows = {name: table.rows() for name, table in store.state.tables.items()}
    copied: dict[str, Any] = json.loads(json.dumps(rows))
    return {"format": FORMAT, **copied}


def load(store: Store, seed: dict[str, Any]) -> None:
    """Replace everything that the store holds by a seed; a wrong seed changes nothing."""
    sections = _sections(store, seed)
    loader = _Loader(store, sections)
    with store.transaction():
        for table in store.state.tables.values():
            for row in table.rows():
                table.remove(row["_id"])
        loader.load()


def _sections(store: Store, seed: dict[str, Any]) -> dict[str, list[Row]]:
    if not isinstance(seed, dict):
        raise SeedError("A seed has to be a JSON object.")
    if seed.get("format") != FORMAT:
        sentence = f'A seed needs "format": {FORMAT}; this one has {json.dumps(seed.get("format"))}.'
        raise SeedError(sentence)
    unknown = [key for key in seed if key != "format" and key not in store.state.tables]
    if unknown:
        sentence = f"A seed has no '{unknown[0]}'; it has {', '.join(store.state.tables)}."
        raise SeedError(sentence)
    sections: dict[str, list[Row]] = {}
    seen: set[str] = set()
    for name in store.state.tables:
        rows = seed.get(name, [])
        if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
            sentence = f"'{name}' of a seed has to be a list of objects."
            raise SeedError(sentence)
        for row in rows:
            row_id = row.get("_id", "no id")
            if not isinstance(row_id, str) or not row_id:
                sentence = f"'{name}' of the seed has an '_id' that is no string: {json.dumps(row_id)}."
                raise SeedError(sentence)
            if "_id" in row and row_id in seen:
                sentence = f"The id {row_id} is in the seed twice."
                raise SeedError(sentence)
            if "_id" in row:
                seen.add(row_id)
        # What is stored must not be shared with the caller.
        sections[name] = json.loads(json.dumps(rows))
    return sections


class _Loader:
    """Complete the rows of a seed, table by table, in an order in which each finds what it points to."""

    def __init__(self, store: Store, sections: dict[str, list[Row]]) -> None:
        self._store = store
        self._state = store.state
        self._sections = sections

    def load(self) -> None:
        state = self._state
        given = {row["_id"] for rows in self._sections.values() for row in rows if "_id" in row}
        state.reserved_ids = frozenset(given)
        try:
            self._each("counters", self._counter)
            self._each("users", self._user)
            if not len(state.users):
                state.users.put(self._user({}))
            self._each("models", self._model)
            self._store.furnish()
            self._each("fields", self._field)
            self._each("folders", self._folder)
            self._each("workspaces", self._workspace)
            self._count_given_keys()
            self._components()
            self._each("references", self._reference)
            self._each("tags", self._tag)
            self._each("attachments", self._attachment)
            self._each("branches", self._branch)
            self._each("reports", self._report)
        finally:
            state.reserved_ids = frozenset()

    def _each(self, name: str, complete: Callable[[Row], Row]) -> None:
        for position, given in enumerate(self._sections[name]):
            row = self._completed(name, position, given, complete)
            self._state.tables[name].put(row)

    def _completed(self, name: str, position: int, given: Row, complete: Callable[[Row], Row]) -> Row:
        try:
            return complete(given)
        except SeedError as error:
            sentence = f"{_place(name, position, given)}: {error}"
            raise SeedError(sentence) from error
        except Problem as problem:
            sentence = f"{_place(name, position, given)}: {problem.message}"
            raise SeedError(sentence) from problem
        except (KeyError, TypeError, AttributeError) as error:
            sentence = f"{_place(name, position, given)}: it is incomplete or malformed ({error!r})."
            raise SeedError(sentence) from error

    def _kept(self, given: Row, new: Row, derived: Iterable[str] = ()) -> Row:
        """Return a complete row of what is given and what is new; keys that mean nothing are refused."""
        known = {*_BOOKKEEPING, *new, *derived}
        unknown = [key for key in given if key not in known]
        if unknown:
            sentence = f"it has the unknown key '{unknown[0]}'"
            custom = "; custom values belong into 'customFields'." if "customFields" in new else "."
            raise SeedError(sentence + custom)
        version = given.get("_version", 1)
        if isinstance(version, bool) or not isinstance(version, int):
            raise SeedError("'_version' has to be an integer.")
        written = {key: given[key] for key in _BOOKKEEPING if key in given}
        return {**self._state.stamped({}, given.get("_id")), **new, **written}

    def _counter(self, given: Row) -> Row:
        return {"_id": given["_id"], "value": int(given["value"])}

    def _user(self, given: Row) -> Row:
        defaults = {
            "_id": assumptions.DEFAULT_USER_ID,
            "name": assumptions.DEFAULT_USER_NAME,
            "email": assumptions.DEFAULT_USER_EMAIL,
        }
        return {**defaults, **given}

    def _model(self, given: Row) -> Row:
        new = tidied(kinds.MODEL.new(given))
        new["common"] = bool(given.get("common", False))
        new["createdFromTemplate"] = given.get("createdFromTemplate")
        return self._kept(given, new)

    def _field(self, given: Row) -> Row:
        new = kinds.FIELD.new({"label": given.get("name"), **given})
        new["name"] = new["name"] or name_from_label(new["label"])
        canonical = field_type(new["type"])
        if canonical is None:
            sentence = f"there is no field type '{new['type']}'; there are {', '.join(FIELD_TYPES)}."
            raise SeedError(sentence)
        new["type"] = canonical
        self._state.meant(self._state.models, new["model"], "'model'")
        return self._kept(given, new)

    def _folder(self, given: Row) -> Row:
        return self._kept(given, kinds.FOLDER.new(given))

    def _workspace(self, given: Row) -> Row:
        state = self._state
        new = kinds.WORKSPACE.new(given)
        if new["folder"] is not None:
            state.meant(state.folders, new["folder"], "'folder'")
        model = given.get("componentModel")
        if model is None:
            template = given.get("componentTemplate") or assumptions.DEFAULT_TEMPLATE
            model = self._store.models.clone(template, new["name"])["_id"]
        new["componentModel"] = state.meant(state.models, model, "'componentModel'")["_id"]
        new["workspaceKey"] = given.get("workspaceKey") or self._store.workspaces.free_key(new["name"])
        new["origin"] = None
        return self._kept(given, new, ("componentTemplate",))

    def _count_given_keys(self) -> None:
        """Let the counters go on after the highest component key that the seed gives."""
        highest: dict[str, int] = {}
        for given in self._sections["components"]:
            workspace = given.get("rootWorkspace")
            digits = str(given.get("componentKey")).rpartition("-")[2]
            if isinstance(workspace, str) and digits.isdecimal():
                highest[workspace] = max(highest.get(workspace, 0), int(digits))
        for workspace, number in highest.items():
            counter = f"components of {workspace}"
            stored = self._state.counters.get(counter)
            if stored is None or stored["value"] < number:
                self._state.counters.put({"_id": counter, "value": number})

    def _components(self) -> None:
        given = self._sections["components"]
        try:
            order = parents_first([(row.get("_id"), row.get("parent")) for row in given])
        except Problem as problem:
            raise SeedError(problem.message) from problem
        complete: dict[int, Row] = {}
        by_id: dict[str, Row] = {}
        for position in order:
            row = self._completed(
                "components", position, given[position], lambda one: self._component(one, by_id)
            )
            complete[position] = by_id[row["_id"]] = row
        for position in range(len(given)):
            self._state.components.put(complete[position])

    def _component(self, given: Row, by_id: dict[str, Row]) -> Row:
        state = self._state
        new = kinds.COMPONENT.new(given)
        workspace = state.meant(state.workspaces, new["rootWorkspace"], "'rootWorkspace'")
        parent = by_id.get(new["parent"]) if new["parent"] is not None else None
        if new["parent"] is not None and parent is None:
            sentence = f"'parent': n{state.nothing_has(state.components, new['parent'])[1:]}"
            raise Unprocessable(sentence)
        if parent is not None and parent["rootWorkspace"] != workspace["_id"]:
            raise SeedError("its parent is in another workspace.")
        if new["typeId"] is None:
            new["typeId"] = self._store.models.default_type(
                workspace, parent["typeId"] if parent is not None else None
            )
        self._store.models.type_of(workspace, new["typeId"])
        new["model"] = workspace["componentModel"]
        new["customFields"] = _custom(given)
        new["componentKey"] = given.get("componentKey")
        if new["componentKey"] is None or new["order"] is None:
            # The counter only moves for components that do not bring their own key.
            counted = new["componentKey"] is None
            number = state.count(f"components of {workspace['_id']}") if counted else 0
            new["componentKey"] = new["componentKey"] or f"{workspace['workspaceKey']}-{number}"
            new["order"] = float(number) if new["order"] is None else new["order"]
        return self._kept(given, new)

    def _reference(self, given: Row) -> Row:
        state = self._state
        new = kinds.REFERENCE.new(given)
        source = state.meant(state.components, new["source"], "'source'")
        target = state.meant(state.components, new["target"], "'target'")
        workspace = state.workspaces[source["rootWorkspace"]]
        self._store.models.check_reference_type(workspace, new["type"])
        new["rootWorkspace"] = source["rootWorkspace"]
        new["targetWorkspace"] = target["rootWorkspace"]
        new["model"] = workspace["componentModel"]
        new["customFields"] = _custom(given)
        return self._kept(given, new)

    def _tag(self, given: Row) -> Row:
        state = self._state
        new = kinds.TAG.new(given)
        state.meant(state.workspaces, new["rootWorkspace"], "'rootWorkspace'")
        for component in new["components"]:
            state.meant(state.components, component, "'components'")
        for reference in new["references"]:
            state.meant(state.references, reference, "'references'")
        return self._kept(given, new)

    def _attachment(self, given: Row) -> Row:
        new = {
            "resourceType": given.get("resourceType", "workspace"),
            "resourceId": given["resourceId"],
            "filename": given["filename"],
            "contentType": given.get("contentType", "application/octet-stream"),
            "content": given["content"],
            "folder": given.get("folder"),
        }
        new["size"] = given.get("size", len(given["content"]) * 3 // 4 - given["content"].count("="))
        if new["resourceType"] == "workspace":
            self._state.meant(self._state.workspaces, new["resourceId"], "'resourceId'")
        return self._kept(given, new)

    def _branch(self, given: Row) -> Row:
        # A branch's "origin" is the id of the workspace that it was taken from.
        new = {"name": given["name"], "origin": given["origin"], "workspace": given["workspace"]}
        self._state.meant(self._state.workspaces, new["workspace"], "'workspace'")
        return self._kept(given, new)

    def _report(self, given: Row) -> Row:
        new: Row = {
            "name": given.get("name"),
            "description": given.get("description"),
            "query": given.get("query", {}),
            "datasource": given.get("datasource", assumptions.REPORT_DEFAULT_DATASOURCE),
            "columns": given.get("columns", [{"key": key, "label": label} for key, label in DEFAULT_COLUMNS]),
        }
        check_report(self._state, new)
        return self._kept(given, new)


def _custom(given: Row) -> Row:
    custom = given.get("customFields", {})
    if not isinstance(custom, dict):
        raise SeedError("'customFields' has to be an object.")
    return {name: value for name, value in custom.items() if value is not None}


def _place(name: str, position: int, given: Row) -> str:
    called = given.get("_id") or given.get("name")
    return f"Seed, {name}[{position}]" + (f" ({called})" if called else "")
