"""Check the names of the fields whose values the ledger of a job does not keep."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ardoqpy._messages import did_you_mean, quote_name, suggest
from ardoqpy.errors import InvalidInput
from ardoqpy.name_lookup import NameLookup
from ardoqpy_sync.compare.entity_kinds import kinds_of
from ardoqpy_sync.job.file.problems import JobInvalid

if TYPE_CHECKING:
    from ardoqpy.client import ArdoqClient
    from ardoqpy.metamodel import Field
    from ardoqpy_sync.job.file.model import Job
    from ardoqpy_sync.job.file.problems import Problem


def check_redacted(job: Job, client: ArdoqClient) -> None:
    """Raise `JobInvalid` for names in `redact` that are no fields of the job's workspaces.

    For runs that do not resolve the names in a job: an undo, and a plan that is applied. Nothing is read if
    the job redacts nothing.
    """
    problems = find_unknown_redacted(job, client, NameLookup(client))
    if problems:
        raise JobInvalid(job.path.name, problems)


def find_unknown_redacted(job: Job, client: ArdoqClient, lookup: NameLookup) -> list[Problem]:
    """Return a problem for each name in `redact` that is no field of the job's workspaces.

    A name that is only misspelt, or a label, would keep nothing out of the ledger. If the token cannot read
    the fields of a workspace, any name may be one of them.
    """
    built_in = frozenset().union(*(kind.built_in for kind in kinds_of(client.api)))
    names = [name for name in job.run.get("redact", ()) if name not in built_in]
    if not names:
        return []
    ws_ids = _workspaces_of(job, lookup)
    problems = []
    for name in names:
        fields = [field for ws_id in ws_ids if (field := _find(lookup, ws_id, name)) is not None]
        if not ws_ids or any(field.name == name for field in fields):
            continue
        if fields:
            remedy = f"is the label of a field: give its API name, {quote_name(fields[0].name)}."
        else:
            known = {field for ws_id in ws_ids for field in lookup.fields(ws_id)}
            similar = did_you_mean(name, known | built_in) or suggest(name, known)
            remedy = f"is no field in the workspaces of this job: {similar}"
        problems.append(job.problem_at(("run", "redact"), f"redact: {quote_name(name)} {remedy}"))
    return problems


def _workspaces_of(job: Job, lookup: NameLookup) -> list[str]:
    """Return the ids of the workspaces that the mappings of a job name, as far as they exist."""
    names: dict[str | None, None] = {mapping.workspace: None for mapping in job.components}
    names |= {end.workspace: None for each in job.references for end in (each.source, each.target)}
    found = []
    for name in filter(None, names):
        try:
            found.append(lookup.workspace(name))
        except InvalidInput:  # reported with the mapping
            continue
    return found


def _find(lookup: NameLookup, ws_id: str, name: str) -> Field | None:
    try:
        return lookup.field(ws_id, name)
    except InvalidInput:
        return None
