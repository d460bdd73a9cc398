"""Read and write everything that an emulator stores as one JSON object.

A dump is a complete seed. A hand-written seed may leave out whatever has a default. Its entities may refer to
one another by the ids that the seed gives them.
"""

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, Final, cast

from ardoqpy.emulator import schema as kinds
from ardoqpy.emulator.errors import ApiError, Unprocessable
from ardoqpy.emulator.rows import Attributes, Seed
from ardoqpy.emulator.rules.base import Rules
from ardoqpy.emulator.rules.fields import name_from_label
from ardoqpy.emulator.rules.models import normalize_types
from ardoqpy.emulator.rules.parent_order import parents_first
from ardoqpy.emulator.store import Store
from ardoqpy.emulator.users import complete_user, ensure_default_user, put_users
from ardoqpy.emulator.values import canonical_field_type

FORMAT: Final = 1

_BOOKKEEPING = ("_id", "_version", "created", "createdBy", "lastUpdated", "lastModifiedBy", "origin")


class SeedError(ValueError):
    """Report what is wrong with a seed."""


def read_seed(path: str | Path) -> Attributes:
    """Read a seed from a JSON file, or raise SeedError."""
    try:
        seed = json.loads(Path(path).read_text(encoding="utf-8"))
    except OSError as error:
        raise SeedError(f"The seed {path} cannot be read: {error.strerror}.") from error
    except (ValueError, RecursionError) as error:
        raise SeedError(f"The seed {path} is not JSON.") from error
    if not isinstance(seed, dict):
        raise SeedError(f"The seed {path} has to be a JSON object.")
    return seed


def dump(store: Store) -> Seed:
    """Return everything that the store holds, as a seed for another store."""
    with store.state.lock:
        rows = {name: table.rows() for name, table in store.state.tables.items()}
    copied: Attributes = json.loads(json.dumps(rows))
    return cast("Seed", {"format": FORMAT, **copied})


def load(store: Store, seed: Mapping[str, Any], users: Sequence[Mapping[str, Any]] = ()) -> None:
    """Replace everything that the store holds, and add users.

    An invalid seed or user raises SeedError and changes nothing.
    """
    sections = _sections(store, seed)
    loader = _Loader(store, sections)
    with store.transaction():
        for table in store.state.tables.values():
            for row in table.rows():
                table.remove(row["_id"])
        loader.load()
        add_users(store, users)


def add_users(store: Store, users: Sequence[Mapping[str, Any]]) -> None:
    """Add users with a token, or change those with the same id, token or e-mail address.

    An invalid user raises SeedError and changes nothing.
    """
    if not all(isinstance(user, dict) for user in users):
        raise SeedError("A user has to be an object.")
    with store.transaction():
        try:
            put_users(store.state, users)
        except ApiError as error:
            raise SeedError(error.message) from error


def _sections(store: Store, seed: Mapping[str, Any]) -> dict[str, list[Attributes]]:
    if not isinstance(seed, dict):
        raise SeedError("A seed has to be a JSON object.")
    if seed.get("format") != FORMAT:
        raise SeedError(f'A seed needs "format": {FORMAT}; this one has {json.dumps(seed.get("format"))}.')
    unknown = [key for key in seed if key != "format" and key not in store.state.tables]
    if unknown:
        raise SeedError(f"A seed has no '{unknown[0]}'; it has {', '.join(store.state.tables)}.")
    sections: dict[str, list[Attributes]] = {}
    seen: set[str] = set()
    for name in store.state.tables:
        rows = seed.get(name, [])
        if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
            raise SeedError(f"'{name}' of a seed has to be a list of objects.")
        for row in rows:
            row_id = row.get("_id", "no id")
            if not isinstance(row_id, str) or not row_id:
                raise SeedError(
                    f"'{name}' of the seed has an '_id' that is not a string: {json.dumps(row_id)}."
                )
            if "_id" in row and row_id in seen:
                raise SeedError(f"The seed uses the id {row_id} twice.")
            if "_id" in row:
                seen.add(row_id)
        # The stored rows must not be shared with the caller.
        sections[name] = json.loads(json.dumps(rows))
    return sections


class _Loader:
    """Complete the rows of a seed, in an order in which a row's references are loaded before it."""

    def __init__(self, store: Store, sections: dict[str, list[Attributes]]) -> None:
        """Load sections, which are the rows by table, into a store."""
        self._store = store
        self._state = store.state
        self._sections = sections

    def load(self) -> None:
        """Put all rows into the tables, or raise SeedError."""
        state = self._state
        given = {row["_id"] for rows in self._sections.values() for row in rows if "_id" in row}
        state.reserved_ids = frozenset(given)
        try:
            self._each("counters", self._counter)
            self._each("users", self._user)
            ensure_default_user(state)
            self._store.add_common_templates(but=given)
            self._each("models", self._model)
            self._each("fields", self._field)
            self._each("folders", self._plain(self._store.folders))
            self._each("workspaces", self._workspace)
            self._raise_counters()
            self._components()
            self._each("references", self._reference)
            self._each("tags", self._plain(self._store.tags))
            self._each("attachments", self._attachment)
            self._each("branches", self._branch)
            self._each("reports", self._plain(self._store.reports))
        finally:
            state.reserved_ids = frozenset()

    def _each(self, name: str, complete: Callable[[Attributes], Attributes]) -> None:
        for position, given in enumerate(self._sections[name]):
            row = self._completed(name, position, given, complete)
            self._state.tables[name].put(row)

    def _completed(
        self, name: str, position: int, given: Attributes, complete: Callable[[Attributes], Attributes]
    ) -> Attributes:
        try:
            return complete(given)
        except (ApiError, SeedError) as error:
            raise SeedError(f"{_location(name, position, given)}: {error}") from error
        except (KeyError, TypeError, AttributeError) as error:
            raise SeedError(
                f"{_location(name, position, given)}: it is incomplete or malformed ({error!r})."
            ) from error

    def _complete_row(self, given: Attributes, new: Attributes, derived: Iterable[str] = ()) -> Attributes:
        """Return a complete row of given and derived attributes, or raise SeedError for an unknown key."""
        known = {*_BOOKKEEPING, *new, *derived}
        unknown = [key for key in given if key not in known]
        if unknown:
            sentence = f"it has the unknown key '{unknown[0]}'"
            custom = "; put custom values into 'customFields'." if "customFields" in new else "."
            raise SeedError(sentence + custom)
        version = given.get("_version", 1)
        if isinstance(version, bool) or not isinstance(version, int):
            raise SeedError("'_version' has to be an integer.")
        written = {key: given[key] for key in _BOOKKEEPING if key in given}
        return {**self._state.new_row({}, given.get("_id")), **new, **written}

    def _plain(self, rules: Rules[Any]) -> Callable[[Attributes], Attributes]:
        """Return how rows are completed whose kind needs no more than its rules."""
        return lambda given: self._complete_row(given, rules.new_attributes(given))

    def _counter(self, given: Attributes) -> Attributes:
        return {"_id": given["_id"], "value": int(given["value"])}

    def _user(self, given: Attributes) -> Attributes:
        return cast("Attributes", complete_user(self._state, given))

    def _model(self, given: Attributes) -> Attributes:
        new = normalize_types(kinds.MODEL.new(given))
        new["common"] = bool(given.get("common", False))
        new["createdFromTemplate"] = given.get("createdFromTemplate")
        return self._complete_row(given, new)

    def _field(self, given: Attributes) -> Attributes:
        new = kinds.FIELD.new({"label": given.get("name"), **given})
        new["name"] = new["name"] or name_from_label(new["label"])
        new["type"] = canonical_field_type(new["type"]) or new["type"]
        for key in ("componentType", "referenceType"):
            new[key] = [str(item) for item in new[key]]
        self._state.resolve(self._state.models, new["model"], "'model'")
        return self._complete_row(given, new)

    def _workspace(self, given: Attributes) -> Attributes:
        new = self._store.workspaces.new_attributes(given)
        new["workspaceKey"] = given.get("workspaceKey") or new["workspaceKey"]
        return self._complete_row(given, new, ("componentTemplate",))

    def _raise_counters(self) -> None:
        """Raise each counter to the highest component key of the seed."""
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
        except ApiError as error:
            raise SeedError(error.message) from error
        complete: dict[int, Attributes] = {}
        by_id: dict[str, Attributes] = {}
        for position in order:
            row = self._completed(
                "components", position, given[position], lambda row: self._component(row, by_id)
            )
            complete[position] = by_id[row["_id"]] = row
        for position in range(len(given)):
            self._state.tables["components"].put(complete[position])

    def _component(self, given: Attributes, by_id: dict[str, Attributes]) -> Attributes:
        state = self._state
        new = kinds.COMPONENT.new(given)
        workspace = state.resolve(state.workspaces, new["rootWorkspace"], "'rootWorkspace'")
        parent = by_id.get(new["parent"]) if new["parent"] is not None else None
        if new["parent"] is not None and parent is None:
            raise Unprocessable(
                f"'parent': n{state.describe_unknown_id(state.components, new['parent'])[1:]}"
            )
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
            # Only components without a key of their own take a number from the counter.
            needs_key = new["componentKey"] is None
            number = state.next_number(f"components of {workspace['_id']}") if needs_key else 0
            new["componentKey"] = new["componentKey"] or f"{workspace['workspaceKey']}-{number}"
            new["order"] = float(number) if new["order"] is None else new["order"]
        return self._complete_row(given, new)

    def _reference(self, given: Attributes) -> Attributes:
        new = self._store.references.new_attributes(given)
        new["customFields"] = _custom(given)
        return self._complete_row(given, new)

    def _attachment(self, given: Attributes) -> Attributes:
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
            self._state.resolve(self._state.workspaces, new["resourceId"], "'resourceId'")
        return self._complete_row(given, new)

    def _branch(self, given: Attributes) -> Attributes:
        # The "origin" of a branch is the id of the workspace that it was copied from.
        new = {"name": given["name"], "origin": given["origin"], "workspace": given["workspace"]}
        self._state.resolve(self._state.workspaces, new["workspace"], "'workspace'")
        return self._complete_row(given, new)


def _custom(given: Attributes) -> Attributes:
    custom = given.get("customFields", {})
    if not isinstance(custom, dict):
        raise SeedError("'customFields' has to be an object.")
    return {name: value for name, value in custom.items() if value is not None}


def _location(name: str, position: int, given: Attributes) -> str:
    label = given.get("_id") or given.get("name")
    return f"Seed, {name}[{position}]" + (f" ({label})" if label else "")
