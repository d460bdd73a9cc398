"""Read what Ardoq holds of a model file, and add what lacks: nothing is removed, renamed or retyped.

A model or field is read whole, extended, and written at the version that was read. If somebody else has
written it since, it is read and decided again.
"""

from __future__ import annotations

import time
from dataclasses import replace
from typing import TYPE_CHECKING, Any, NamedTuple

from ardoqpy import metamodel
from ardoqpy._messages import quote_name
from ardoqpy.errors import ArdoqClientException, Conflict, UnexpectedAnswer
from ardoqpy_sync.job.file.problems import Problem, problem_at
from ardoqpy_sync.job.model_file.decide import (
    Decision,
    Difference,
    WorkspaceState,
    decide,
    describe_extension,
    describe_field,
    extended_field,
    merge_types,
    new_field,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from ardoqpy.client import ArdoqClient
    from ardoqpy.entities import FieldDefinition, Model, Workspace
    from ardoqpy_sync.job.model_file.spec import ModelFile, WorkspaceSpec

#: How often a workspace is read and decided again after somebody else has written it.
ATTEMPTS = 8


class ModelResult(NamedTuple):
    """What was added, or would be, a line each; and what differs, each with its line in the file.

    - `failure`: the error that ended it early; None if it was carried out to its end.
    """

    additions: list[str]
    differences: list[Problem]
    failure: ArdoqClientException | None = None


def plan_model(client: ArdoqClient, model: ModelFile) -> ModelResult:
    """Return what a model file would add, and what differs; nothing is written.

    - `client`: a client of API v1.

    Raise `ArdoqClientException` if Ardoq does not answer, or lacks what has to be read first.
    """
    additions: list[str] = []
    differences: list[Problem] = []
    for spec in model.workspaces:
        decision = decide(spec, _read(client, spec))
        additions += decision.describe()
        differences += _problems(model, decision)
    return ModelResult(additions, differences)


def apply_model(
    client: ArdoqClient, model: ModelFile, on_addition: Callable[[str], object] = lambda _line: None
) -> ModelResult:
    """Add what a model file has and Ardoq lacks; return what was added, and what differs.

    - `client`: a client of API v1.
    - `on_addition`: called with the line of each addition, once it is written.

    An error ends it early, and is in the result. What a write without an answer has done is not known then:
    the next run looks for it first.
    """
    result = ModelResult([], [])

    def add(line: str) -> None:
        result.additions.append(line)
        on_addition(line)

    for spec in model.workspaces:
        try:
            decision = _apply(client, spec, add)
        except ArdoqClientException as error:
            return result._replace(failure=error)
        result.differences.extend(_problems(model, decision))
    return result


def _problems(model: ModelFile, decision: Decision) -> list[Problem]:
    return [problem_at(model.lines, *difference) for difference in decision.differences]


# -- reading ----------------------------------------------------------------------------------------------


def _read(client: ArdoqClient, spec: WorkspaceSpec) -> WorkspaceState:
    """Return what Ardoq holds of a workspace."""
    workspaces = client.get_workspaces()
    named = [ws for ws in workspaces if ws.get("name") == spec.name]
    others = [ws for ws in workspaces if str(ws.get("name")).casefold() == spec.name.casefold()]
    if len(named) > 1 or (others and not named):
        names = ", ".join(f"{quote_name(ws.get('name'))} ({ws.get('_id')})" for ws in named or others)
        message = (
            f"It is not known which workspace {quote_name(spec.name)} means: there is {names}. Rename one."
        )
        difference = Difference((*spec.key_path, "name"), message)
        return WorkspaceState(None, None, [], differences=(difference,))
    if not named:
        left = _left_model(client, spec, workspaces)
        return WorkspaceState(None, left, _fields(client, left))
    ws_id = str(named[0]["_id"])
    model: Model = client.get_model(ws_id=ws_id)
    if model.get("common") or model.get("useAsTemplate"):
        message = f"Workspace {quote_name(spec.name)} has a template as its model, which others use, too."
        return WorkspaceState(ws_id, model, [], differences=(Difference(spec.key_path, message),))
    same = [ws for ws in workspaces if ws.get("componentModel") == model["_id"] and ws["_id"] != ws_id]
    shared_with = tuple(str(ws.get("name")) for ws in same)
    return WorkspaceState(ws_id, model, _fields(client, model), shared_with)


def _fields(client: ArdoqClient, model: Model | None) -> list[FieldDefinition]:
    if model is None:
        return []
    return [field for field in client.get_field() if field.get("model") == model["_id"]]


def _left_model(client: ArdoqClient, spec: WorkspaceSpec, workspaces: Sequence[Workspace]) -> Model | None:
    """Return the model that an earlier run made for a workspace, and got no further; None if there is none.

    It has the name of the workspace, no workspace uses it, and the file has all of its types.
    """
    used = {ws.get("componentModel") for ws in workspaces}
    types = {kind.name for kind in spec.component_types}
    left = [
        model
        for model in client.get_models()
        if model.get("name") == spec.name
        and model.get("_id") not in used
        and not (model.get("common") or model.get("useAsTemplate"))
        and {item.definition.get("name") for item in metamodel.component_types(model)} <= types
    ]
    return left[0] if len(left) == 1 else None


# -- writing ----------------------------------------------------------------------------------------------


def _apply(client: ArdoqClient, spec: WorkspaceSpec, add: Callable[[str], None]) -> Decision:
    """Add what a workspace lacks; return the last decision, which adds nothing."""
    for attempt in range(ATTEMPTS):
        state = _read(client, spec)
        decision = decide(spec, state)
        if not any(decision.describe()):
            return decision
        try:
            _write(client, decision, state, add)
        except Conflict:
            if attempt == ATTEMPTS - 1:
                raise
    decision = decide(spec, _read(client, spec))
    left = next(decision.describe(), None)
    if left is not None:
        raise UnexpectedAnswer(
            f"Ardoq does not keep what is written: after {ATTEMPTS} attempts, it lacks: {left}."
        )
    return decision


def _write(
    client: ArdoqClient, decision: Decision, state: WorkspaceState, add: Callable[[str], None]
) -> None:
    """Write the first step that a decision needs: the types, then the fields, which name the types."""
    spec = decision.spec
    if decision.is_new or decision.changes_model:
        model = _write_model(client, decision, state)
        if decision.is_new:
            client.create_workspace({"name": spec.name, "componentModel": model["_id"]})
        for line in replace(decision, fields=[], extensions=[]).describe():
            add(line)
        return
    model = _known(state.model)
    for field in decision.fields:
        client.create_field(new_field(field, model))
        add(describe_field(field, decision.workspace_label))
    for extension in decision.extensions:
        definition = extension.definition
        client.update_field(str(definition["_id"]), extended_field(extension, model))
        for line in describe_extension(extension, decision.workspace_label):
            add(line)


def _write_model(client: ArdoqClient, decision: Decision, state: WorkspaceState) -> Mapping[str, Any]:
    """Create or extend the model of a workspace, and return it."""
    first_id = time.time_ns() // 1_000_000
    if state.model is None:
        empty = {"name": decision.spec.name, "root": {}, "referenceTypes": {}}
        return client.create_model(merge_types(empty, decision, first_id))
    if not decision.changes_model:
        return state.model
    version = state.model.get("_version")
    if not isinstance(version, int):
        raise UnexpectedAnswer(
            f"Ardoq's answer has no version of the model of workspace {quote_name(decision.spec.name)}. It "
            "is not known what a write would replace, and nothing is written to the workspace."
        )
    return client.update_model(str(state.model["_id"]), merge_types(state.model, decision, first_id))


def _known(model: Model | None) -> Model:
    if model is None:
        raise UnexpectedAnswer("A workspace has no model.")
    return model
