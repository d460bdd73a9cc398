"""Run `ardoqpy get`: one entity by its id, whatever its kind."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ardoqpy.cli.connection import Connection
from ardoqpy.cli.errors import CommandError
from ardoqpy.cli.output import write
from ardoqpy.cli.rows import Document, entity_document
from ardoqpy.errors import BadRequest, NotFoundError, UnsupportedOperation

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable

    from ardoqpy.client import ArdoqClient

#: How each kind of entity is read, the most likely kind first, as `--kind` lists them.
READS: dict[str, Callable[[ArdoqClient, str], Any]] = {
    "component": lambda client, entity_id: client.get_component(comp_id=entity_id),
    "reference": lambda client, entity_id: client.get_reference(ref_id=entity_id),
    "workspace": lambda client, entity_id: client.get_workspace(entity_id),
    "report": lambda client, entity_id: client.get_report_definition(entity_id),
    "attachment": lambda client, entity_id: client.get_attachment(entity_id),
    "folder": lambda client, entity_id: client.get_folder(entity_id),
    "model": lambda client, entity_id: client.get_model(model_id=entity_id),
    "field": lambda client, entity_id: client.get_field(entity_id),
    "tag": lambda client, entity_id: client.get_tag(tag_id=entity_id),
}


def run(options: argparse.Namespace) -> int:
    """Show one entity and return the exit code."""
    with Connection(options, ("v2", "v1")) as connection:
        write(_get(connection, options), options)
    return 0


def _get(connection: Connection, options: argparse.Namespace) -> Document:
    kinds = [options.kind] if options.kind else list(READS)
    missing: dict[str, None] = {}
    for client in connection.clients():
        for kind in [kind for kind in kinds if kind not in missing]:
            try:
                entity = READS[kind](client, options.id)
            except UnsupportedOperation:
                continue  # the next version may support it
            except (NotFoundError, BadRequest):
                missing[kind] = None
                continue
            if kind == "component" and options.references:
                entity = client.get_component(comp_id=options.id, incl_refs=True)
            return entity_document(entity, kind=kind)
    if not missing:
        raise UnsupportedOperation(f"API {options.api} has no {options.kind}s: leave --api out.")
    *others, last = missing
    listed = f"{', '.join(others)} or {last}" if others else last
    raise CommandError(f"There is no {listed} with the id {options.id!r}, or the token has no access to it.")
