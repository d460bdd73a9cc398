"""List what is emulated, and find the handler for a request."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field

from ardoqpy.emulator.errors import MethodNotAllowed, NotFound
from ardoqpy.emulator.messages import Request, Response
from ardoqpy.emulator.store import Store
from ardoqpy.emulator.v1 import (
    attachments,
    batch,
    components,
    fields,
    folders,
    models,
    organisation,
    references,
    tags,
    workspaces,
)
from ardoqpy.emulator.v2 import batch as v2_batch
from ardoqpy.emulator.v2 import components as v2_components
from ardoqpy.emulator.v2 import organisation as v2_organisation
from ardoqpy.emulator.v2 import references as v2_references
from ardoqpy.emulator.v2 import reports as v2_reports
from ardoqpy.emulator.v2 import workspaces as v2_workspaces

Handler = Callable[[Store, Request], Response]


@dataclass(frozen=True, slots=True)
class Route:
    """Bind a verb and a path pattern to a handler; segments in braces are named."""

    method: str
    pattern: str
    handler: Handler


ROUTES: tuple[Route, ...] = (
    Route("GET", "/api/workspace", workspaces.list_all),
    Route("GET", "/api/workspace/summary", workspaces.summary),
    Route("GET", "/api/workspace/search", workspaces.search),
    Route("GET", "/api/workspace/by-name", workspaces.by_name),
    Route("GET", "/api/workspace/{workspace_id}", workspaces.get),
    Route("GET", "/api/workspace/{workspace_id}/aggregated", workspaces.aggregated),
    Route("GET", "/api/workspace/{workspace_id}/component", workspaces.components),
    Route("GET", "/api/workspace/{workspace_id}/reference", workspaces.references),
    Route("GET", "/api/workspace/{workspace_id}/all-references", workspaces.all_references),
    Route("GET", "/api/workspace/{workspace_id}/branch", workspaces.branches),
    Route("POST", "/api/workspace/{workspace_id}/branch/create", workspaces.create_branch),
    Route("POST", "/api/workspace", workspaces.create),
    Route("PUT", "/api/workspace/{workspace_id}", workspaces.update),
    Route("DELETE", "/api/workspace/{workspace_id}", workspaces.delete),
    Route("GET", "/api/workspacefolder", folders.list_all),
    Route("GET", "/api/workspacefolder/{folder_id}", folders.get),
    Route("POST", "/api/workspacefolder", folders.create),
    Route("PUT", "/api/workspacefolder/{folder_id}", folders.update),
    Route("PUT", "/api/workspacefolder/{folder_id}/add", folders.add),
    Route("DELETE", "/api/workspacefolder/{folder_id}", folders.delete),
    Route("GET", "/api/component", components.list_all),
    Route("GET", "/api/component/search", components.search),
    Route("GET", "/api/component/fieldsearch", components.fieldsearch),
    Route("GET", "/api/component/{component_id}", components.get),
    Route("POST", "/api/component", components.create),
    Route("PUT", "/api/component/{component_id}", components.update),
    Route("PATCH", "/api/component/{component_id}", components.patch),
    Route("DELETE", "/api/component/{component_id}", components.delete),
    Route("DELETE", "/api/component", components.delete_many),
    Route("GET", "/api/reference", references.list_all),
    Route("GET", "/api/reference/{reference_id}", references.get),
    Route("POST", "/api/reference", references.create),
    Route("PUT", "/api/reference/{reference_id}", references.update),
    Route("PATCH", "/api/reference/{reference_id}", references.patch),
    Route("DELETE", "/api/reference/{reference_id}", references.delete),
    Route("GET", "/api/tag", tags.list_all),
    Route("GET", "/api/tag/workspace/{workspace_id}", tags.of_workspace),
    Route("GET", "/api/tag/{tag_id}", tags.get),
    Route("POST", "/api/tag", tags.create),
    Route("PUT", "/api/tag/{tag_id}", tags.update),
    Route("DELETE", "/api/tag/{tag_id}", tags.delete),
    Route("GET", "/api/model", models.list_all),
    Route("GET", "/api/model/{model_id}", models.get),
    Route("POST", "/api/model", models.create),
    Route("PUT", "/api/model/{model_id}", models.update),
    Route("PATCH", "/api/model/{model_id}", models.patch),
    Route("GET", "/api/field", fields.list_all),
    Route("GET", "/api/field/{field_id}", fields.get),
    Route("POST", "/api/field", fields.create),
    Route("PUT", "/api/field/{field_id}", fields.update),
    Route("DELETE", "/api/field/{field_id}", fields.delete),
    Route("GET", "/api/user/current_user", organisation.current_user),
    Route("POST", "/api/user/notify/email", organisation.notify_by_email),
    Route("GET", "/api/attachment/{resource_type}/{resource_id}", attachments.list_all),
    Route("POST", "/api/attachment/{resource_type}/{resource_id}/upload", attachments.upload),
    Route("GET", "/api/attachment/{resource_type}/{resource_id}/{filename}", attachments.download),
    Route("DELETE", "/api/attachment/{resource_type}/{resource_id}/{filename}", attachments.delete),
    Route("POST", "/api/batch", batch.create),
    Route("GET", "/api/report/{report_id}/export-data", organisation.export_report),
    Route("GET", "/api/switchOrg", organisation.switch),
    Route("GET", "/api/v2/me", v2_organisation.me),
    Route("GET", "/api/v2/workspaces", v2_workspaces.list_all),
    Route("GET", "/api/v2/workspaces/{workspace_id}", v2_workspaces.get),
    Route("GET", "/api/v2/workspaces/{workspace_id}/context", v2_workspaces.context),
    Route("GET", "/api/v2/components", v2_components.list_all),
    Route("POST", "/api/v2/components", v2_components.create),
    Route("GET", "/api/v2/components/{component_id}", v2_components.get),
    Route("PATCH", "/api/v2/components/{component_id}", v2_components.update),
    Route("DELETE", "/api/v2/components/{component_id}", v2_components.delete),
    Route("GET", "/api/v2/references", v2_references.list_all),
    Route("POST", "/api/v2/references", v2_references.create),
    Route("GET", "/api/v2/references/{reference_id}", v2_references.get),
    Route("PATCH", "/api/v2/references/{reference_id}", v2_references.update),
    Route("DELETE", "/api/v2/references/{reference_id}", v2_references.delete),
    Route("POST", "/api/v2/batch", v2_batch.execute),
    Route("POST", "/api/v2/batch/expand", v2_batch.expand),
    Route("GET", "/api/v2/reports", v2_reports.list_all),
    Route("GET", "/api/v2/reports/{report_id}", v2_reports.get),
    Route("GET", "/api/v2/reports/{report_id}/run/objects", v2_reports.run_objects),
    Route("GET", "/api/v2/reports/{report_id}/run/tabular", v2_reports.run_tabular),
    Route("GET", "/api/v2/attachments", v2_organisation.list_attachments),
    Route("GET", "/api/v2/attachments/{attachment_id}", v2_organisation.get_attachment),
)


@dataclass(slots=True)
class _Node:
    literal: dict[str, "_Node"] = field(default_factory=dict)
    named: "_Node | None" = None
    routes: dict[str, tuple[Route, tuple[str, ...]]] = field(default_factory=dict)


class Router:
    """Find routes by walking a tree of path segments; a literal segment goes before a named one."""

    def __init__(self, routes: Iterable[Route] = ROUTES) -> None:
        self._top = _Node()
        for route in routes:
            node = self._top
            names: list[str] = []
            for segment in route.pattern.strip("/").split("/"):
                if segment.startswith("{"):
                    names.append(segment.strip("{}"))
                    node.named = node.named or _Node()
                    node = node.named
                else:
                    node = node.literal.setdefault(segment, _Node())
            node.routes[route.method] = (route, tuple(names))

    def find(self, method: str, segments: tuple[str, ...]) -> tuple[Handler, Mapping[str, str]]:
        """Return the handler and the named segments, or raise NotFound or MethodNotAllowed."""
        path = "/" + "/".join(segments)
        allowed: dict[str, None] = {}
        for node, values in _walk(self._top, segments, ()):
            known = node.routes.get(method)
            if known is not None:
                route, names = known
                return route.handler, dict(zip(names, values, strict=True))
            allowed.update(dict.fromkeys(node.routes))
        if allowed:
            verbs = tuple(allowed)
            sentence = f"{path} is not for {method}; it is for {', '.join(verbs)}."
            raise MethodNotAllowed(sentence, verbs)
        sentence = f"There is nothing at {path}."
        raise NotFound(sentence)


def _walk(
    node: _Node, segments: tuple[str, ...], values: tuple[str, ...]
) -> Iterable[tuple[_Node, tuple[str, ...]]]:
    if not segments:
        yield node, values
        return
    first, rest = segments[0], segments[1:]
    literal = node.literal.get(first)
    if literal is not None:
        yield from _walk(literal, rest, values)
    if node.named is not None and first:
        yield from _walk(node.named, rest, (*values, first))
