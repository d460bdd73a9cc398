"""`ardoqpy get`: one thing by its id, whatever it is."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ardoqpy.cli.command import reading
from ardoqpy.cli.errors import Refusal
from ardoqpy.cli.rows import Document, record

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable

    from ardoqpy.cli.connection import Connection
    from ardoqpy.client import ArdoqClient

__all__ = ["COMMANDS"]

#: Every kind of thing that has an id, in the order in which it is asked for: the most likely at first.
KINDS: dict[str, Callable[[ArdoqClient, str], Any]] = {
    "component": lambda client, wanted: client.get_component(comp_id=wanted),
    "reference": lambda client, wanted: client.get_reference(ref_id=wanted),
    "workspace": lambda client, wanted: client.get_workspace(wanted),
    "report": lambda client, wanted: client.get_report_definition(wanted),
    "attachment": lambda client, wanted: client.get_attachment(wanted),
    "folder": lambda client, wanted: client.get_folder(wanted),
    "model": lambda client, wanted: client.get_model(model_id=wanted),
    "field": lambda client, wanted: client.get_field(wanted),
    "tag": lambda client, wanted: client.get_tag(tag_id=wanted),
}


def _arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("id", metavar="ID", help="the id of anything")
    parser.add_argument("--kind", choices=tuple(KINDS), help="what it is, where you know")
    parser.add_argument(
        "--references", action="store_true", help="a component: with the references that end and start at it"
    )


def _get(connection: Connection, options: argparse.Namespace) -> Document:
    from ardoqpy.errors import BadRequest, NotFoundError, UnsupportedOperation  # noqa: PLC0415

    kinds = [options.kind] if options.kind else list(KINDS)
    missing: dict[str, None] = {}
    for client in connection.clients():
        for kind in [kind for kind in kinds if kind not in missing]:
            try:
                found = KINDS[kind](client, options.id)
            except UnsupportedOperation:
                continue  # the next version may have it
            except (NotFoundError, BadRequest):
                missing[kind] = None
                continue
            if kind == "component" and options.references:
                found = client.get_component(comp_id=options.id, incl_refs=True)
            return record(found, kind=kind)
    if not missing:
        raise UnsupportedOperation(f"API {options.api} has no {options.kind}s: leave --api out.")
    looked = list(missing)
    kinds_asked = f"{', '.join(looked[:-1])} or {looked[-1]}" if len(looked) > 1 else looked[0]
    raise Refusal(f"There is no {kinds_asked} with the id {options.id!r}, or the token may not see it.")


COMMANDS = (
    reading(
        "get",
        "show one thing by its id: a component, reference, workspace, ...",
        _get,
        (
            ("get 5f00aa00bb00cc00dd00ee10", "asks what it is: one request for each kind of thing"),
            ("get 5f00aa00bb00cc00dd00ee10 --kind component --references --format json", "asks once"),
        ),
        arguments=_arguments,
    ),
)
