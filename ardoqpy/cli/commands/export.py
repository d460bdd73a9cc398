"""Run `ardoqpy export`: whole workspaces as one JSON file, a seed for the emulator."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from ardoqpy.cli import seeds
from ardoqpy.cli.connection import Connection
from ardoqpy.cli.errors import CommandError, print_error
from ardoqpy.cli.format_json import write_document
from ardoqpy.cli.names import find_workspace
from ardoqpy.cli.output import open_output
from ardoqpy.cli.rows import as_list
from ardoqpy.errors import UnsupportedOperation

if TYPE_CHECKING:
    import argparse

    from ardoqpy.client import ArdoqClient
    from ardoqpy.entities import Entities


def run(options: argparse.Namespace) -> int:
    """Export workspaces and return the exit code."""
    # v1 comes first, since it returns more: the model, the order, and what tags are on.
    with Connection(options, ("v1", "v2")) as connection, open_output(options.output) as stream:
        seed, left_out = connection.ask(lambda client: _export(client, options.workspaces))
        write_document(seed, stream)
    if left_out:
        print_error(
            f"Left out: {left_out} reference{'s'[: left_out - 1]} with an end in another workspace. "
            "To include them, name that workspace, too."
        )
    return 0


def _export(client: ArdoqClient, names: list[str]) -> tuple[seeds.Seed, int]:
    """Return the seed of some workspaces, and how many references have an end outside of them."""
    ids = dict.fromkeys(find_workspace(client, name)["_id"] for name in names)
    workspaces = [client.get_workspace(ws_id, aggregated=True) for ws_id in ids]
    seed: seeds.Seed = {
        "format": seeds.FORMAT,
        "models": [],
        "fields": [],
        "folders": [],
        "workspaces": [],
        "components": [],
        "references": [],
        "tags": [],
    }
    _add_models(client, workspaces, seed)
    return seed, _add_contents(workspaces, seed)


def _add_models(client: ArdoqClient, workspaces: Entities, seed: seeds.Seed) -> None:
    try:
        fields = client.get_field(include_common=True)
    except UnsupportedOperation:
        for workspace in workspaces:
            model_id = _model_id(workspace["_id"])
            context = client.get_context(workspace["_id"])
            model, its_fields = seeds.model_of_context(context, workspace.get("name"), model_id)
            seed["models"].append(model)
            seed["fields"] += its_fields
            seed["workspaces"].append(seeds.workspace(workspace, model_id))
        return
    for workspace in workspaces:
        if not workspace.get("componentModel"):
            name = workspace.get("name")
            raise CommandError(f"The workspace {name!r} has no model, so its types cannot be exported.")
    models = dict.fromkeys(workspace["componentModel"] for workspace in workspaces)
    folders = {workspace["folder"] for workspace in workspaces if workspace.get("folder")}
    seed["models"] = [seeds.model(client.get_model(model_id=model_id)) for model_id in models]
    seed["fields"] = [seeds.field(field) for field in fields if field.get("model") in models]
    seed["folders"] = [
        seeds.folder(folder) for folder in as_list(client.get_folder()) if folder["_id"] in folders
    ]
    seed["workspaces"] = [seeds.workspace(workspace, workspace["componentModel"]) for workspace in workspaces]


def _model_id(ws_id: str) -> str:
    """Return an id for the model of a workspace on v2, which returns none: always the same."""
    return hashlib.sha256(f"model of {ws_id}".encode()).hexdigest()[:24]


def _add_contents(workspaces: Entities, seed: seeds.Seed) -> int:
    """Add components, references and tags; return how many references are left out."""
    seed["components"] = [
        seeds.component(component)
        for workspace in workspaces
        for component in workspace.get("components") or []
    ]
    references = [ref for workspace in workspaces for ref in workspace.get("references") or []]
    exported = {component["_id"] for component in seed["components"]}
    inside = [ref for ref in references if {ref.get("source"), ref.get("target")} <= exported]
    seed["references"] = [seeds.reference(ref) for ref in inside]
    exported.update(ref["_id"] for ref in inside)
    seed["tags"] = [
        seeds.tag(tag, workspace["_id"], exported)
        for workspace in workspaces
        for tag in workspace.get("tags") or []
    ]
    return len(references) - len(inside)
