"""`ardoqpy export`: whole workspaces as one JSON, which seeds the emulator."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ardoqpy.cli.command import Command, add_settings
from ardoqpy.cli.errors import Refusal, complain
from ardoqpy.cli.rows import as_list

if TYPE_CHECKING:
    import argparse

    from ardoqpy.client import ArdoqClient

__all__ = ["COMMANDS"]

FORMAT = 1

Row = dict[str, Any]
Seed = dict[str, Any]


def _arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("workspaces", nargs="+", metavar="WORKSPACE", help="their names or ids")
    parser.add_argument(
        "--output", metavar="FILE", help="write to this file, which appears once all is there; -: no file"
    )
    add_settings(parser)


def _run(options: argparse.Namespace) -> int:
    from ardoqpy.cli.connection import Connection  # noqa: PLC0415
    from ardoqpy.cli.format_json import write_document  # noqa: PLC0415
    from ardoqpy.cli.output import opened  # noqa: PLC0415

    # v1 says more: which model it is, in what order things stand, what tags are on.
    with Connection(options, ("v1", "v2")) as connection, opened(options.output) as stream:
        seed, left_out = connection.ask(lambda client: _exported(client, options.workspaces))
        write_document(seed, stream)
    if left_out:
        complain(
            f"Left out: {left_out} reference{'s'[: left_out - 1]} with an end in another workspace. "
            "Name that workspace, too, to have them."
        )
    return 0


def _exported(client: ArdoqClient, names: list[str]) -> tuple[Seed, int]:
    """Return the seed of some workspaces, and how many references have an end outside of them."""
    from ardoqpy.cli.names import workspace_of  # noqa: PLC0415

    ids = dict.fromkeys(workspace_of(client, name)["_id"] for name in names)
    contents = [client.get_workspace(ws_id, aggregated=True) for ws_id in ids]
    seed: Seed = {
        "format": FORMAT,
        **{
            name: []
            for name in ("models", "fields", "folders", "workspaces", "components", "references", "tags")
        },
    }
    _add_models(client, contents, seed)
    left_out = _add_contents(contents, seed)
    return seed, left_out


def _add_models(client: ArdoqClient, contents: list[Row], seed: Seed) -> None:
    from ardoqpy.cli import seeds  # noqa: PLC0415
    from ardoqpy.errors import UnsupportedOperation  # noqa: PLC0415

    try:
        fields = client.get_field(include_common=True)
    except UnsupportedOperation:
        for one in contents:
            model_id = _model_id(one["_id"])
            context: Any = client.get_context(one["_id"])
            model, its_fields = seeds.model_of_context(context, one.get("name"), model_id)
            seed["models"].append(model)
            seed["fields"] += its_fields
            seed["workspaces"].append(seeds.workspace(one, model_id))
        return
    for one in contents:
        if not one.get("componentModel"):
            raise Refusal(f"Workspace {one.get('name')!r} names no model, so its types cannot be exported.")
    models = {one["componentModel"]: None for one in contents}
    folders = {one["folder"]: None for one in contents if one.get("folder")}
    seed["models"] = [seeds.model(client.get_model(model_id=model_id)) for model_id in models]
    seed["fields"] = [seeds.field(field) for field in fields if field.get("model") in models]
    seed["folders"] = [
        seeds.folder(folder) for folder in as_list(client.get_folder()) if folder["_id"] in folders
    ]
    seed["workspaces"] = [seeds.workspace(one, one["componentModel"]) for one in contents]


def _model_id(ws_id: str) -> str:
    """Return the id for the model of a workspace where v2 does not tell it: the same each time."""
    import hashlib  # noqa: PLC0415

    return hashlib.sha256(f"model of {ws_id}".encode()).hexdigest()[:24]


def _add_contents(contents: list[Row], seed: Seed) -> int:
    from ardoqpy.cli import seeds  # noqa: PLC0415

    seed["components"] = [seeds.component(comp) for one in contents for comp in one.get("components") or []]
    references = [ref for one in contents for ref in one.get("references") or []]
    known = {comp["_id"] for comp in seed["components"]}
    inside = [ref for ref in references if {ref.get("source"), ref.get("target")} <= known]
    seed["references"] = [seeds.reference(ref) for ref in inside]
    known.update(ref["_id"] for ref in inside)
    for one in contents:
        seed["tags"] += [seeds.tag(tag, one["_id"], known) for tag in one.get("tags") or []]
    return len(references) - len(inside)


COMMANDS = (
    Command(
        "export",
        "write whole workspaces as one JSON, which seeds the emulator",
        _arguments,
        _run,
        (
            ("export Apps --output apps.json", "then: ardoqpy emulator --seed apps.json"),
            ("export Apps Servers --api v2", "two, with the references between them"),
        ),
        "Components, references, tags, the model with its types and fields, the folder. Without: files, "
        "branches, and who made or changed something.",
    ),
)
