"""List the emulated endpoints, and find the handler for a request."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field

from ardoqpy.emulator.errors import MethodNotAllowed, NotFound
from ardoqpy.emulator.messages import Request, Response
from ardoqpy.emulator.store import Store
from ardoqpy.emulator.v1 import attachments, batch, components, folders, organisation, workspaces
from ardoqpy.emulator.v1.crud import COMPONENTS, FIELDS, FOLDERS, MODELS, REFERENCES, TAGS, WORKSPACES
from ardoqpy.emulator.v2 import batch as v2_batch
from ardoqpy.emulator.v2 import crud as v2
from ardoqpy.emulator.v2 import organisation as v2_organisation
from ardoqpy.emulator.v2 import reports as v2_reports

Handler = Callable[[Store, Request], Response]


@dataclass(frozen=True, slots=True)
class Route:
    """Bind a method and a path pattern to a handler; the segments in braces are parameters."""

    method: str
    pattern: str
    handler: Handler


ROUTES: tuple[Route, ...] = (
    Route("GET", "/api/workspace", WORKSPACES.list_all),
    Route("GET", "/api/workspace/summary", workspaces.summary),
    Route("GET", "/api/workspace/search", workspaces.search),
    Route("GET", "/api/workspace/by-name", workspaces.by_name),
    Route("GET", "/api/workspace/{workspace_id}", WORKSPACES.get),
    Route("GET", "/api/workspace/{workspace_id}/aggregated", workspaces.aggregated),
    Route("GET", "/api/workspace/{workspace_id}/component", workspaces.components),
    Route("GET", "/api/workspace/{workspace_id}/reference", workspaces.references),
    Route("GET", "/api/workspace/{workspace_id}/all-references", workspaces.all_references),
    Route("GET", "/api/workspace/{workspace_id}/branch", workspaces.branches),
    Route("POST", "/api/workspace/{workspace_id}/branch/create", workspaces.create_branch),
    Route("POST", "/api/workspace", WORKSPACES.create),
    Route("PUT", "/api/workspace/{workspace_id}", WORKSPACES.update),
    Route("DELETE", "/api/workspace/{workspace_id}", WORKSPACES.delete),
    Route("GET", "/api/workspacefolder", FOLDERS.list_all),
    Route("GET", "/api/workspacefolder/{folder_id}", FOLDERS.get),
    Route("POST", "/api/workspacefolder", FOLDERS.create),
    Route("PUT", "/api/workspacefolder/{folder_id}", folders.update),
    Route("PUT", "/api/workspacefolder/{folder_id}/add", folders.add),
    Route("DELETE", "/api/workspacefolder/{folder_id}", FOLDERS.delete),
    Route("GET", "/api/component", COMPONENTS.list_all),
    Route("GET", "/api/component/search", components.search),
    Route("GET", "/api/component/fieldsearch", components.fieldsearch),
    Route("GET", "/api/component/{component_id}", components.get),
    Route("POST", "/api/component", COMPONENTS.create),
    Route("PUT", "/api/component/{component_id}", COMPONENTS.update),
    Route("PATCH", "/api/component/{component_id}", COMPONENTS.patch),
    Route("DELETE", "/api/component/{component_id}", COMPONENTS.delete),
    Route("DELETE", "/api/component", components.delete_many),
    Route("GET", "/api/reference", REFERENCES.list_all),
    Route("GET", "/api/reference/{reference_id}", REFERENCES.get),
    Route("POST", "/api/reference", REFERENCES.create),
    Route("PUT", "/api/reference/{reference_id}", REFERENCES.update),
    Route("PATCH", "/api/reference/{reference_id}", REFERENCES.patch),
    Route("DELETE", "/api/reference/{reference_id}", REFERENCES.delete),
    Route("GET", "/api/tag", TAGS.list_all),
    Route("GET", "/api/tag/workspace/{workspace_id}", workspaces.tags),
    Route("GET", "/api/tag/{tag_id}", TAGS.get),
    Route("POST", "/api/tag", TAGS.create),
    Route("PUT", "/api/tag/{tag_id}", TAGS.update),
    Route("DELETE", "/api/tag/{tag_id}", TAGS.delete),
    Route("GET", "/api/model", MODELS.list_all),
    Route("GET", "/api/model/{model_id}", MODELS.get),
    Route("POST", "/api/model", MODELS.create),
    Route("PUT", "/api/model/{model_id}", MODELS.update),
    Route("PATCH", "/api/model/{model_id}", MODELS.patch),
    Route("GET", "/api/field", FIELDS.list_all),
    Route("GET", "/api/field/{field_id}", FIELDS.get),
    Route("POST", "/api/field", FIELDS.create),
    Route("PUT", "/api/field/{field_id}", FIELDS.update),
    Route("DELETE", "/api/field/{field_id}", FIELDS.delete),
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
    Route("GET", "/api/v2/workspaces", v2.WORKSPACES.list_all),
    Route("GET", "/api/v2/workspaces/{workspace_id}", v2.WORKSPACES.get),
    Route("GET", "/api/v2/workspaces/{workspace_id}/context", v2_organisation.workspace_context),
    Route("GET", "/api/v2/components", v2.COMPONENTS.list_all),
    Route("POST", "/api/v2/components", v2.COMPONENTS.create),
    Route("GET", "/api/v2/components/{component_id}", v2.COMPONENTS.get),
    Route("PATCH", "/api/v2/components/{component_id}", v2.COMPONENTS.update),
    Route("DELETE", "/api/v2/components/{component_id}", v2.COMPONENTS.delete),
    Route("GET", "/api/v2/references", v2.REFERENCES.list_all),
    Route("POST", "/api/v2/references", v2.REFERENCES.create),
    Route("GET", "/api/v2/references/{reference_id}", v2.REFERENCES.get),
    Route("PATCH", "/api/v2/references/{reference_id}", v2.REFERENCES.update),
    Route("DELETE", "/api/v2/references/{reference_id}", v2.REFERENCES.delete),
    Route("POST", "/api/v2/batch", v2_batch.execute),
    Route("POST", "/api/v2/batch/expand", v2_batch.expand),
    Route("GET", "/api/v2/reports", v2.REPORTS.list_all),
    Route("GET", "/api/v2/reports/{report_id}", v2.REPORTS.get),
    Route("GET", "/api/v2/reports/{report_id}/run/objects", v2_reports.run_objects),
    Route("GET", "/api/v2/reports/{report_id}/run/tabular", v2_reports.run_tabular),
    Route("GET", "/api/v2/attachments", v2.ATTACHMENTS.list_all),
    Route("GET", "/api/v2/attachments/{attachment_id}", v2.ATTACHMENTS.get),
)


@dataclass(slots=True)
class _Node:
    literal: dict[str, "_Node"] = field(default_factory=dict)
    parameter: "_Node | None" = None
    routes: dict[str, tuple[Route, tuple[str, ...]]] = field(default_factory=dict)


class Router:
    """Find routes in a tree of path segments; a literal segment wins over a parameter."""

    def __init__(self, routes: Iterable[Route] = ROUTES) -> None:
        """Build the tree."""
        self._root = _Node()
        for route in routes:
            node = self._root
            names: list[str] = []
            for segment in route.pattern.strip("/").split("/"):
                if segment.startswith("{"):
                    names.append(segment.strip("{}"))
                    node.parameter = node.parameter or _Node()
                    node = node.parameter
                else:
                    node = node.literal.setdefault(segment, _Node())
            node.routes[route.method] = (route, tuple(names))

    def find(self, method: str, segments: tuple[str, ...]) -> tuple[Handler, Mapping[str, str]]:
        """Return the handler and the values of the parameters, or raise NotFound or MethodNotAllowed."""
        path = "/" + "/".join(segments)
        allowed: dict[str, None] = {}
        for node, values in _walk(self._root, segments, ()):
            known = node.routes.get(method)
            if known is not None:
                route, names = known
                return route.handler, dict(zip(names, values, strict=True))
            allowed.update(dict.fromkeys(node.routes))
        if allowed:
            raise MethodNotAllowed(
                f"{path} does not support {method}; it supports {', '.join(allowed)}.", tuple(allowed)
            )
        raise NotFound(f"There is nothing at {path}.")


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
    if node.parameter is not None and first:
        yield from _walk(node.parameter, rest, (*values, first))
