"""List the intended differences between this library and 0.8.4 for the same script, with reasons."""

from typing import Any

from comparison import NOTHING, Difference, same


def was(before: Any, now: Any):
    """Expect exactly these values before and now."""
    return lambda theirs, ours: same(theirs, before) and same(ours, now)


def raised(*families: str):
    """Expect an error of one of these families before, and another result now."""
    return lambda theirs, ours: family(theirs) in families and family(ours) not in families


def only_the_family(theirs: Any, ours: Any) -> bool:
    """Expect the same error by status, reason and body, of this library's classes."""
    return (
        family(theirs) == "HTTPError"
        and family(ours) == "ArdoqClientException"
        and same({**theirs, "raised": None}, {**ours, "raised": None})
    )


def rejected_now(theirs: Any, ours: Any) -> bool:
    """Expect an answer before, and an error before anything is sent now."""
    return family(theirs) is None and ours == {"raised": "ArdoqClientException"}


def family(fact: Any) -> str | None:
    """Return the family of an error, None for any other value."""
    return fact.get("raised") if isinstance(fact, dict) else None


def nothing_before(now):
    """Expect None or no fact before, and a value that `now` accepts."""
    return lambda theirs, ours: theirs in (None, NOTHING) and now(ours)


def first_page(theirs: Any, ours: Any) -> bool:
    """Expect the envelope of the first page before, and the list of all pages now."""
    values = theirs["values"]
    has_more = "next" in theirs["_links"]
    return isinstance(ours, list) and same(values, ours[: len(values)]) and has_more == (ours != values)


def one_page_of_all(theirs: Any, ours: Any) -> bool:
    """Expect the first page before, and a page with the values of all pages now."""
    more = len(ours["values"]) - len(theirs["values"])
    return more > 0 and first_page(theirs, ours["values"]) and ours.keys() == theirs.keys()


def more_in_it(theirs: Any, ours: Any, but: tuple[str, ...] = ()) -> bool:
    """Expect a dict with additional keys now."""
    return theirs.keys() - but <= ours.keys() and all(
        same(theirs[key], ours[key]) for key in theirs.keys() - but
    )


def as_if_stored(theirs: Any, ours: Any) -> bool:
    """Expect a row or the changed cached entity before, and the entity as it would be stored now."""
    version = theirs.get("_version", 0) + 1
    return more_in_it(theirs, ours, but=("_version",)) and ours["_version"] in (version, version + 1)


def named(before: list[str], now: list[str]):
    """Expect entities of these names before and now."""
    return lambda theirs, ours: (
        ([item["name"] for item in theirs], [item["name"] for item in ours]) == (before, now)
    )


def each(fits):
    """Expect lists of equal length whose items differ as `fits` says."""
    return lambda theirs, ours: len(theirs) == len(ours) and all(map(fits, theirs, ours))


# -- ArdoqClient -----------------------------------------------------------------------------------------

_NO_ID = "`get_model()` and `get_folder()` without an id raised"
_DROPPED = "`create_model` and `create_field` return what was created; 0.8.4 returned None."
_KEEPS = "Replace `client.workspaces`, `client.workspace`, `client.model`"
_PATCH = "`patch_component` on v1 sends a PATCH to v1's path"


def _patched(theirs: Any, ours: Any) -> bool:
    return theirs["code"] == 404 and (ours["description"], ours["_version"]) == ("patched", 3)


def _patches(theirs: list[str], ours: list[str]) -> bool:
    (at,) = (at for at, write in enumerate(theirs) if write.startswith("PATCH /api/components/"))
    mended = theirs[at].replace("components", "component").replace("404", "200")
    return ours == [*theirs[:at], mended, *theirs[at + 1 :]]


ON_V1 = (
    Difference(
        "the level of the root logger",
        was(10, 30),
        "how much is logged is up to the script",
        "Importing it set up the root logger at DEBUG",
    ),
    Difference(
        "create_model",
        nothing_before(lambda model: model["name"] == "Shop landscape"),
        "the answer was dropped",
        _DROPPED,
    ),
    Difference(
        "create_field",
        nothing_before(lambda field: field["name"] == "cost"),
        "the answer was dropped",
        _DROPPED,
    ),
    Difference(
        "print_model",
        lambda theirs, ours: (
            [line for line in ours if not line.startswith("  ")] == theirs
            and [line for line in ours if line not in theirs] == ["  name: Service - id: p2"]
        ),
        "types below the root have ids that are asked for, too",
        "`print_model` prints the types of every level, indented",
    ),
    Difference(
        "get_model without an id",
        lambda theirs, ours: family(theirs) and next(iter(ours))["name"] == "Shop landscape",
        "its README promised it",
        _NO_ID,
    ),
    Difference(
        "get_folder without an id",
        lambda theirs, ours: family(theirs) and [folder["name"] for folder in ours] == ["Landscape"],
        "its README promised it",
        _NO_ID,
    ),
    Difference("patch_component", _patched, "v1 has another path for it than v2", _PATCH),
    Difference("writes", _patches, "v1 has another path for it than v2", _PATCH),
    Difference(
        "the workspace of the last get_model",
        lambda theirs, ours: isinstance(theirs, str) and family(ours) == "AttributeError",
        "an answer kept is an answer out of date",
        _KEEPS,
    ),
    Difference(
        "kept answers", was([True] * 3, [False] * 3), "an answer kept is an answer out of date", _KEEPS
    ),
)

_LISTS = "On v2, listings are lists, not envelopes."
_ON_V2 = "What only v1 has (`find_component`, creates, deletes, ...) went to paths that v2 doesn't have."
_IGNORED = "`summary=True` raises `UnsupportedOperation`; `aggregated=True` adds the content"
_BOTH = "`ws_id` together with `params` is another filter"


def _new_rows(theirs: Any, ours: Any) -> bool:
    return theirs == NOTHING and ours["name"] == "New"


def _v2_writes(theirs: list[str], ours: list[str]) -> bool:
    kept = [write for write in theirs if write != "POST /api/v2/component 404"]
    # The last is the patch of what cannot be changed, which is not sent.
    return ours == [*kept[:-1], "POST /api/v2/components 201"] and kept[-1].startswith("PATCH ")


ON_V2 = (
    Difference("get_workspaces", first_page, "an answer that lacks pages is half an answer", _LISTS),
    Difference("get_component of *workspace", first_page, "the same", _LISTS),
    Difference("get_component by *", first_page, "the same", _LISTS),
    Difference("get_reference of a workspace", first_page, "the same", _LISTS),
    Difference("get_reference by *", first_page, "the same", _LISTS),
    Difference(
        "find_reference_type",
        lambda theirs, ours: (
            family(theirs) == "AttributeError" and (ours["type"], ours["name"]) == (1, "depends on")
        ),
        "the context has a list where v1's model has a dict",
        "On v2, `find_reference_type` raised `AttributeError`.",
    ),
    Difference(
        "find_component",
        lambda theirs, ours: theirs["code"] == 404 and [comp["name"] for comp in ours] == ["Web shop 2"],
        "v2 finds by filters",
        _ON_V2,
    ),
    Difference(
        "create_component",
        lambda theirs, ours: theirs["code"] == 404 and ours["name"] == "New",
        "v2 creates",
        _ON_V2,
    ),
    Difference("held: components * New", _new_rows, "v2 creates", _ON_V2),
    Difference(
        "get_models",
        lambda theirs, ours: theirs["code"] == 404 and ours == {"raised": "ArdoqClientException"},
        "v2 has no such call: said without asking",
        _ON_V2,
    ),
    Difference("get_workspaces in short", rejected_now, "v2 has no short form", _IGNORED),
    Difference(
        "get_workspace with all in it",
        lambda theirs, ours: more_in_it(theirs, ours) and len(ours["components"]) == 2,
        "what is asked for is answered",
        _IGNORED,
    ),
    Difference(
        "get_reference into a workspace",
        lambda theirs, ours: len(theirs["values"]) == 1 and ours == [],
        "an argument that is given counts",
        _BOTH,
    ),
    Difference(
        "get_reference without a workspace",
        lambda theirs, ours: family(theirs) and len(ours) == 1,
        "so the other workspaces can be asked for",
        _BOTH,
    ),
    Difference(
        "patch_component with what cannot be changed",
        rejected_now,
        "Ardoq may drop it without a word, and the script would believe it done",
        "On v2, don't send attributes that cannot be changed",
    ),
    Difference(
        "held: components * App 0",
        lambda theirs, ours: (theirs["_version"], ours["_version"]) == (2, 1),
        "the same patch",
        "On v2, don't send attributes that cannot be changed",
    ),
    Difference("writes", _v2_writes, "creates go to v2's path, and the patch is not sent", _ON_V2),
)

# -- API and Batch ---------------------------------------------------------------------------------------

_ERRORS = "with errors instead of `sys.exit`"
_HTTP = "catch this library's errors instead of `urllib.error.HTTPError`"
_DELETE = "deletes that don't fail on Ardoq's 204"


def _body(theirs: Any, ours: Any) -> bool:
    new = {"aliases": {"components": {}, "references": {}}}
    for kind in ("components", "references"):
        new[kind] = {**theirs[kind], "upsert": []}
    return same(ours, {**theirs, **new})


PORTAL = (
    *(
        Difference(where, only_the_family, "one tree of errors for the whole library", _HTTP)
        for where in (
            "* and read",
            "a * that is not *",
            "* of a version that is past",
            "another organisation",
        )
    ),
    *(
        Difference(where, only_the_family, "one tree of errors for the whole library", _HTTP)
        for where in ("a version that is past", "a component without a name")
    ),
    Difference(
        "delete_* answers",
        was("nothing that is JSON", "something"),
        "a delete that has succeeded is no error",
        _DELETE,
    ),
    Difference(
        "the body of a new batch",
        _body,
        "the portal's newer client has them, too",
        "a `Batch` with upserts and aliases",
    ),
    Difference(
        "report_run *",
        one_page_of_all,
        "a script that reads one page has all rows",
        "all pages of reports and their rows",
    ),
    Difference("without a *", raised("SystemExit"), "a library does not end the process", _ERRORS),
    Difference(
        "batch with what cannot be changed",
        rejected_now,
        "Ardoq may drop it without a word, and the script would believe it done",
        "On v2, don't send attributes that cannot be changed",
    ),
    Difference(
        "held: references *",
        lambda theirs, ours: (theirs["_version"], ours["_version"]) == (2, 1),
        "the same batch",
        "On v2, don't send attributes that cannot be changed",
    ),
    Difference(
        "writes",
        lambda theirs, ours: theirs == [*ours, "POST /api/v2/batch 200"],
        "the same batch",
        "On v2, don't send attributes that cannot be changed",
    ),
)

# -- ArdoqSyncClient -------------------------------------------------------------------------------------

_REPORT = "Read in the report what changed, attribute by attribute, what is missing, what is ambiguous"
_SIMULATED = "A preview returns dicts in the shape of a stored entity, with a numbered id"
_BY_FIELD = "`find_component(field_name=...)` of the sync client searches the cache"
_WITHOUT_SAYING = "were counted without saying which"
_CACHE = "What a preview created could not be found."
_COMPUTED = (
    "ambiguous",
    "conflicts",
    "edits",
    "not_converging",
    "changes",
    "failed_comps",
    "failed_comps_l",
    "failed_refs",
)


def _misses(*names: str):
    return named([], list(names))


def _typed(theirs: Any, ours: Any) -> bool:
    types = {"p1": "Application", "p2": "Service", "p3": "Server"}
    return same({**theirs, "type": types[theirs["type"]]}, ours)


def _with_changes(theirs: Any, ours: Any) -> bool:
    return more_in_it(theirs, ours) and ours.keys() - theirs.keys() == {"changes"} and ours["changes"]


def _stale_counts(theirs: Any, ours: Any) -> bool:
    return more_in_it(theirs, ours, but=("ardoq", "children"))


NIGHTS = (
    *(
        Difference(
            f"*: report {key}", nothing_before(lambda fact: fact is not None), "the report says more", _REPORT
        )
        for key in (*_COMPUTED, "failed_refs_l", "new_refs_l", "updated_refs_l", "del_refs_l")
    ),
    *(
        Difference(f"{night}: report cache_miss_comps", _misses(*names), "the list was never filled", _REPORT)
        for night, names in (
            ("preview", ["Left over"]),
            ("first night", ["Left over"]),
            ("second night", ["Left over"]),
            ("preview of the change", ["Left over", "host-2"]),
            ("night of the change", ["Left over", "host-2"]),
            ("night after", ["Left over", "host-2"]),
        )
    ),
    *(
        Difference(
            f"{night}: report cache_miss_refs", _misses("General ledger -> host-2"), "the same", _REPORT
        )
        for night in ("preview of the change", "night of the change", "night after")
    ),
    *(
        Difference(
            f"{night}: report updated_comps_l", each(_with_changes), "what has changed is said", _REPORT
        )
        for night in ("first night", "night of the change")
    ),
    *(
        Difference(
            f"{night}: find_component by field",
            each(_stale_counts),
            "the cache is as Ardoq was when it was loaded or last written, in what Ardoq counts itself",
            _BY_FIELD,
        )
        for night in ("first night", "night of the change")
    ),
    Difference(
        "preview*: report new_comps_l",
        each(_typed),
        "the report of a preview is that of the night",
        "Its report names the types",
    ),
    Difference(
        "preview*: report updated_comps_l",
        lambda theirs, ours: theirs == [] and len(ours) in (1, 5),
        "the report of a preview is that of the night",
        _WITHOUT_SAYING,
    ),
    Difference("preview*: component *", as_if_stored, "later steps of a script may look into it", _SIMULATED),
    Difference("preview*: update_*", as_if_stored, "the same", _SIMULATED),
    Difference("preview*: reference *", as_if_stored, "the same", _SIMULATED),
    Difference(
        "preview*: del_reference *",
        lambda theirs, ours: isinstance(theirs, str) and ours == {},
        "the same as when it is done",
        "`del_component` and `del_reference` return {}",
    ),
    Difference(
        "preview: find_component by field",
        named([], ["Web", "Web shop"]),
        "what is simulated can be found",
        _CACHE,
    ),
    Difference(
        "preview of the change: find_component by field",
        named(["Web", "Web shop"], ["WEB SHOP"]),
        "what is simulated can be found",
        _CACHE,
    ),
    Difference("preview: find_component", named(["Web"], ["Web", "Web shop"]), "the same", _CACHE),
    Difference("preview*: find_component exactly", each(as_if_stored), "the same", _SIMULATED),
    Difference("preview of the change: find_component", each(as_if_stored), "the same", _SIMULATED),
    Difference(
        "preview*: names in ws",
        lambda theirs, ours: set(theirs) < set(ours),
        "what is simulated can be found",
        _CACHE,
    ),
)

_NIGHTLY = "caused the same update every night"
_ONLY_WHAT_DIFFERS = "write only what differs; 0.8.4 sent the whole entity each time"
_CONFLICT = "what someone else changed meanwhile is re-read and compared again"
_TWICE = "A preview counted the same new component twice"
_OWN = "Results were the cache itself"

ODDITIES = (
    Difference(
        "del_component",
        was({"raised": "KeyError"}, {}),
        "it had succeeded",
        "The sync client's `del_component` raised",
    ),
    Difference("update_component of nothing", was(2, 1), "nothing was to be written", _ONLY_WHAT_DIFFERS),
    Difference(
        "update_component of nothing is counted",
        was({"new_comps": 1, "updated_comps": 1}, {"new_comps": 1, "cache_hit_comps": 1}),
        "nothing was to be written",
        _ONLY_WHAT_DIFFERS,
    ),
    Difference("*: versions after three nights", was(3, 1), "nothing was to be written", _NIGHTLY),
    Difference(
        "two spellings",
        was(["Spelt", "SPELT"], ["Spelt", "Spelt"]),
        "else the two take turns every night",
        "Two names that differ only in letter case in one run are one component, under the first name.",
    ),
    Difference("somebody else was faster", raised("ArdoqClientException"), "both may be right", _CONFLICT),
    Difference(
        "what became of it",
        was(
            {"_version": 2, "owner": "somebody else", "description": None},
            {"_version": 3, "owner": "somebody else", "description": "mine"},
        ),
        "both may be right",
        _CONFLICT,
    ),
    Difference(
        "the row afterwards",
        was(["_id", "name", "rootWorkspace", "typeId"], ["name", "rootWorkspace", "typeId"]),
        "a row is the script's",
        "Rows were changed: a preview put `_id` into them.",
    ),
    Difference(
        "the same twice in a simulation",
        was({"new_comps": 2}, {"new_comps": 1, "cache_hit_comps": 1}),
        "it would be made once",
        _TWICE,
    ),
    Difference("find_component of what is simulated", was([], ["Imagined"]), "it would be there", _CACHE),
    Difference(
        "create_tag in a simulation",
        rejected_now,
        "a preview writes nothing",
        "it rejects every write, also of workspaces, tags and fields",
    ),
    Difference(
        "tags in Ardoq",
        was(["new"], []),
        "a preview writes nothing",
        "it rejects every write, also of workspaces, tags and fields",
    ),
    Difference(
        "the cache after a change of what it gave",
        was(before=False, now=True),
        "the cache is what Ardoq holds",
        _OWN,
    ),
    Difference("a report after it was taken", was(2, 1), "a report is of the time it was taken", _OWN),
    Difference(
        "deleted and wanted again",
        was({"new_comps": 2, "new_refs": 1, "del_refs": 1}, {"new_comps": 2, "new_refs": 2, "del_refs": 1}),
        "what is missing is created again",
        "Deleted entries stayed in the cache.",
    ),
    Difference(
        "wanted again and there",
        was(0, 1),
        "what is missing is created again",
        "Deleted entries stayed in the cache.",
    ),
    Difference(
        "create_component by a field",
        was({"raised": "KeyError"}, "Numbered"),
        "a component without the field is another one",
        "`create_component` with `field_name` raised `KeyError` at the first component without that field.",
    ),
)

IMPORTS = (
    Difference(
        "from ardoqpy_sync import ArdoqSyncClient as found",
        was({"raised": "ModuleNotFoundError"}, "ArdoqSyncClient"),
        "its README said so",
        "`from ardoqpy_sync import ArdoqSyncClient`, as in its README, found no such module.",
    ),
)
