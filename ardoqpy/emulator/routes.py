"""List the emulated endpoints, and find the handler for a request."""

from collections.abc import Callable, Iterable, Iterator, Mapping
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


#: The method of each operation on a resource, and whether the path names one entity.
_OPERATIONS = {
    "list_all": ("GET", False),
    "get": ("GET", True),
    "create": ("POST", False),
    "update": ("PUT", True),
    "patch": ("PATCH", True),
    "delete": ("DELETE", True),
}


def _operations(path: str, parameter: str, resource: object, *operations: str) -> Iterator[Route]:
    """Yield the routes of operations that are methods of a resource."""
    for operation in operations:
        method, names_entity = _OPERATIONS[operation]
        pattern = f"{path}/{{{parameter}}}" if names_entity else path
        yield Route(method, pattern, getattr(resource, operation))


_READ = ("list_all", "get")
_V1 = (*_READ, "create", "update", "delete")
_V2 = (*_READ, "create", "patch", "delete")

ROUTES: tuple[Route, ...] = (
    *_operations("/api/workspace", "workspace_id", WORKSPACES, *_V1),
    Route("GET", "/api/workspace/summary", workspaces.summary),
    Route("GET", "/api/workspace/search", workspaces.search),
    Route("GET", "/api/workspace/by-name", workspaces.by_name),
    Route("GET", "/api/workspace/{workspace_id}/aggregated", workspaces.aggregated),
    Route("GET", "/api/workspace/{workspace_id}/component", workspaces.components),
    Route("GET", "/api/workspace/{workspace_id}/reference", workspaces.references),
    Route("GET", "/api/workspace/{workspace_id}/all-references", workspaces.all_references),
    Route("GET", "/api/workspace/{workspace_id}/branch", workspaces.branches),
    Route("POST", "/api/workspace/{workspace_id}/branch/create", workspaces.create_branch),
    *_operations("/api/workspacefolder", "folder_id", FOLDERS, *_READ, "create"),
    Route("PUT", "/api/workspacefolder/{folder_id}", folders.update),
    *_operations("/api/workspacefolder", "folder_id", FOLDERS, "delete"),
    Route("PUT", "/api/workspacefolder/{folder_id}/add", folders.add),
    *_operations("/api/component", "component_id", COMPONENTS, "list_all", "create"),
    Route("GET", "/api/component/search", components.search),
    Route("GET", "/api/component/fieldsearch", components.fieldsearch),
    Route("GET", "/api/component/{component_id}", components.get),
    *_operations("/api/component", "component_id", COMPONENTS, "update", "patch", "delete"),
    Route("DELETE", "/api/component", components.delete_many),
    *_operations("/api/reference", "reference_id", REFERENCES, *_READ, "create", "update", "patch", "delete"),
    *_operations("/api/tag", "tag_id", TAGS, *_V1),
    Route("GET", "/api/tag/workspace/{workspace_id}", workspaces.tags),
    *_operations("/api/model", "model_id", MODELS, *_READ, "create", "update", "patch"),
    *_operations("/api/field", "field_id", FIELDS, *_V1),
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
    *_operations("/api/v2/workspaces", "workspace_id", v2.WORKSPACES, *_READ),
    Route("GET", "/api/v2/workspaces/{workspace_id}/context", v2_organisation.workspace_context),
    *_operations("/api/v2/components", "component_id", v2.COMPONENTS, *_V2),
    *_operations("/api/v2/references", "reference_id", v2.REFERENCES, *_V2),
    Route("POST", "/api/v2/batch", v2_batch.execute),
    Route("POST", "/api/v2/batch/expand", v2_batch.expand),
    *_operations("/api/v2/reports", "report_id", v2.REPORTS, *_READ),
    Route("GET", "/api/v2/reports/{report_id}/run/objects", v2_reports.run_objects),
    Route("GET", "/api/v2/reports/{report_id}/run/tabular", v2_reports.run_tabular),
    *_operations("/api/v2/attachments", "attachment_id", v2.ATTACHMENTS, *_READ),
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
