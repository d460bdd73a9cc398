"""Hold every decision that the known facts about Ardoq do not settle.

Each constant is a choice of the emulator, not a fact. The comment says what it settles and which subject of
Ardoq's API leaves it open. Whoever sees the real answer puts it right here.
"""

from typing import Final, Literal

TextMatch = Literal["prefix", "substring"]

# --- errors ---

# Errors: no recorded error body exists. Clients read "message", some also "data".
ERROR_MESSAGE_KEY: Final = "message"
ERROR_DATA_KEY: Final = "data"

# Organisations: a wrong "org" or "X-org" is refused with 403; without one, the token decides alone.
CHECK_ORG_WHEN_GIVEN: Final = True

# Organisations: the label that is shown where one is needed and none was configured.
DEFAULT_ORG: Final = "emulator"

# Concurrency: a v1 PUT without "_version" is refused with 400 (False: it is taken as "whatever is stored").
PUT_NEEDS_VERSION: Final = True

# Concurrency: a "_version" in a v1 PATCH is not compared; peers never send one, the last write wins.
PATCH_COMPARES_VERSION: Final = False

# PUT semantics: what a PUT leaves out is reset to its default, custom values included (False: it stays).
PUT_RESETS_OMITTED: Final = True

# --- success codes ---

# Folders, models, batch, bulk: peers disagree or say nothing about the codes.
STATUS_FOLDER_CREATED: Final = 201
STATUS_FOLDER_DELETED: Final = 204
STATUS_MODEL_CREATED: Final = 201
STATUS_BATCH_CREATED: Final = 200
STATUS_EMAIL_SENT: Final = 200

# --- persisted block ---

# Shared attributes: one peer models "lastupdated" beside "last-updated" on every type.
SEND_SECOND_LAST_UPDATED: Final = True

# Shared attributes: the content of "ardoq-persistent" on workspaces and models is unknown.
SEND_ARDOQ_PERSISTENT: Final = True

# Shared attributes: entity types are recorded for component, reference, field and model only.
ENTITY_TYPE_WORKSPACE: Final = "workspace"
ENTITY_TYPE_FOLDER: Final = "workspacefolder"
ENTITY_TYPE_TAG: Final = "tag"

# --- workspaces ---

# Workspace search is a prefix match; whether it minds case is open.
WORKSPACE_SEARCH_MATCH: Final[TextMatch] = "prefix"
WORKSPACE_SEARCH_IGNORES_CASE: Final = True

# Workspace object: old clients read arrays of ids in it, a newer one does not list them. More does no harm.
WORKSPACE_CARRIES_CONTENT_IDS: Final = True

# Workspace object: the only value ever seen for "type", marked as not verified.
WORKSPACE_TYPE: Final = "1"

# Workspace creation: with neither a template nor a model, this common template is cloned.
DEFAULT_TEMPLATE: Final = "54d38789e4b0dcc89b8d8e13"

# Workspace creation: a cloned model is called like its template (False: like the workspace).
CLONED_MODEL_KEEPS_NAME: Final = True

# Workspace creation: the fields that belong to the template are cloned with it.
CLONE_COPIES_FIELDS: Final = True

# Workspace key: initials of several words, this many letters of a single word, this without letters.
WORKSPACE_KEY_LETTERS: Final = 3
WORKSPACE_KEY_FALLBACK: Final = "WS"

# Aggregated workspace: "references" is null when there are none, the other lists are [].
AGGREGATED_EMPTY_REFERENCES: Final = None

# Workspace deletion: references of other workspaces that pointed into it go too.
WORKSPACE_DELETE_TAKES_INCOMING_REFERENCES: Final = True

# Workspace deletion: the model stays (it may have other users, and nothing says that it goes).
WORKSPACE_DELETE_TAKES_MODEL: Final = False

# Branches: the new workspace gets copies of the components, references and tags, and shares the model.
BRANCH_COPIES_CONTENT: Final = True

# Branches: "workspace-id" of a branch record names the new workspace (False: the one it was taken from).
BRANCH_RECORD_NAMES_BRANCH: Final = True

# --- folders ---

# Folders: "workspaces" in a folder's PUT is ignored; "/add" and the workspace's own "folder" move things.
FOLDER_PUT_MOVES_WORKSPACES: Final = False

# Folders: a workspace that is put into or loses its folder has changed, so its "_version" goes up.
FOLDER_MOVE_CHANGES_WORKSPACE_VERSION: Final = True

# --- components ---

# Component search: "name" is known not to be exact; prefix or substring, and case, are open.
COMPONENT_SEARCH_MATCH: Final[TextMatch] = "substring"
COMPONENT_SEARCH_IGNORES_CASE: Final = True

# Component search: "field" with "value" is sent by a peer, its meaning unknown: read as a fieldsearch pair.
COMPONENT_SEARCH_HONOURS_FIELD: Final = True

# Component fieldsearch: "workspace" is honoured as a filter (one peer dropped it as unused).
FIELDSEARCH_HONOURS_WORKSPACE: Final = True

# Component fieldsearch: "5" finds the number 5 (and 5.0), "true" finds the boolean.
FIELDSEARCH_COMPARES_AS_TEXT: Final = True

# Component type: without "typeId" a child takes the first child type of its parent's type, if that has one;
# everything else takes the root-level type with the lowest index (False: always the root-level one).
DEFAULT_TYPE_FOLLOWS_PARENT: Final = True

# Component PUT without "typeId": the type stays, since a component cannot be without one.
PUT_KEEPS_TYPE: Final = True

# Component PUT with another "rootWorkspace": refused with 422, no peer does it (False: ignored).
REFUSE_COMPONENT_MOVE: Final = True

# Component parent: has to be in the same workspace.
PARENT_IN_SAME_WORKSPACE: Final = True

# Component "isPublic" and "_order" can be written; a new component is put last among all of its workspace.
COMPONENT_DEFAULT_IS_PUBLIC: Final = False

# Component bulk delete: "componentIds" in the answer lists descendants that went too.
BULK_DELETE_LISTS_DESCENDANTS: Final = True

# --- references ---

# Reference list: "workspace" filters on the workspace of the source.
REFERENCE_LIST_HONOURS_WORKSPACE: Final = True

# Reference duplicates: several with equal source, target and type may exist.
REFERENCE_DUPLICATES_ALLOWED: Final = True

# Reference "order" when none is sent.
REFERENCE_DEFAULT_ORDER: Final = 0

# --- tags, models, fields ---

# Tag lists are [] when empty (peers guard against null).
TAG_EMPTY_LIST: Final[list[str]] = []

# Tag names within a workspace are compared exactly.
TAG_NAMES_IGNORE_CASE: Final = False

# Model update: a component or reference type that is in use cannot be removed: 422.
REFUSE_REMOVAL_OF_USED_TYPES: Final = True

# Model creation: a category that is not given.
MODEL_DEFAULT_CATEGORY: Final = "other"

# Model list and field list: common ones are left out unless "includeCommon=true".
LISTS_LEAVE_OUT_COMMON: Final = True

# Field creation: a type that is not given.
FIELD_DEFAULT_TYPE: Final = "Text"

# Field creation: without a label the name serves as one; with neither it is refused with 422.
FIELD_LABEL_FROM_NAME: Final = True

# Field deletion: the stored values stay (a definition only controls display).
FIELD_DELETE_KEEPS_VALUES: Final = True

# Field options: the allowed values of list types are the default value, separated by this.
FIELD_OPTION_SEPARATOR: Final = ","

# Custom values: where a field is defined, values are stored as that type ("5" in a Number field becomes 5).
NORMALISE_DEFINED_FIELDS: Final = True

# Custom values: what cannot be read as the field's type is stored as given on v1 (False: refused with 422).
V1_STORES_UNREADABLE_VALUES: Final = True

# Custom values: a value for a calculated field is accepted and ignored on v1 (False: refused with 422).
V1_IGNORES_CALCULATED_VALUES: Final = True

# Custom values: a DateTime without an offset is taken as UTC.
NAIVE_TIMES_ARE_UTC: Final = True

# --- users, attachments, batch, reports ---

# Users: the shape of the current user is not recorded; this is who the token belongs to without a seed.
DEFAULT_USER_ID: Final = "5f00aa00bb00cc00dd000001"
DEFAULT_USER_NAME: Final = "Emulator User"
DEFAULT_USER_EMAIL: Final = "user@emulator.example"

# Attachments: a second upload of the same file name replaces the first and keeps its id.
UPLOAD_REPLACES_SAME_NAME: Final = True

# Batch: an item without "batchId" could not be named in the answer: 422.
BATCH_NEEDS_IDS: Final = True

# Bulk delete: an id that is no component fails the whole call with 404.
BULK_DELETE_REFUSES_UNKNOWN: Final = True

# Report export: references are shown as the names of the other ends, joined by this.
REPORT_NAME_SEPARATOR: Final = ", "

# Organisation switch: a redirect to the root of the emulator, since it has no other domain.
SWITCH_ORG_STATUS: Final = 302

# Reports: where a report searches, when it does not say.
REPORT_DEFAULT_DATASOURCE: Final = "advancedSearch"

# --- v2: bodies ---

# Bodies: keys that are unknown or only read are accepted and ignored; a peer sends "type" in updates of
# references (False: refused with 422). A later "rootWorkspace" or "typeId" is such a key, too.
V2_IGNORES_OTHER_KEYS: Final = True

# Bodies: one that says it is something else than JSON is refused with 415; without a content type it is read.
V2_REFUSES_OTHER_CONTENT_TYPES: Final = True

# Custom values: a key without a definition is refused with 422, so that a misspelt one is not lost unseen
# (False: stored like on v1). What v1 has stored under such a key can be changed and cleared.
V2_REFUSES_UNDEFINED_FIELDS: Final = True

# Custom values: a value for a calculated field is refused with 422; clients are told never to send one.
V2_REFUSES_CALCULATED_VALUES: Final = True

# Custom values: the guides name a JSON type for each field type, so "5" is no number (True: it becomes 5).
V2_TAKES_TEXT_FOR_OTHER_TYPES: Final = False

# --- v2: listings ---

# Paging: no parameter is published; the next link carries one of this name, and nobody should build it.
V2_CURSOR_PARAMETER: Final = "cursor"

# Filters: text is compared exactly.
V2_FILTERS_IGNORE_CASE: Final = False

# Filters: one without a value counts as not given, as on v1 (False: it is compared with the empty string).
V2_EMPTY_FILTERS_ARE_NONE: Final = True

# --- v2: batch ---

# Batch delete: a "match" that finds nothing does nothing (True: the whole batch fails with 422).
V2_MATCH_NEEDS_A_HIT: Final = False

# Batch upsert: what it finds keeps its type; another type in the body is refused with 422 (False: ignored).
V2_UPSERT_REFUSES_ANOTHER_TYPE: Final = True

# Batch answer: an upsert that has changed something is listed with its batchId; the contract has no such key.
V2_UPDATED_CARRIES_BATCH_ID: Final = False

# Batch answer: "deleted" lists what went along, descendants and references.
V2_DELETED_LISTS_CASCADES: Final = True

# Batch expand: the answer has no "aliases" any more, since nothing in it needs them.
V2_EXPANDED_KEEPS_ALIASES: Final = False

# --- v2: shapes ---

# Me: the name of the organisation; only its label is configured (None: the label serves as name).
V2_ORG_NAME: Final[str | None] = None

# Shared attributes: a user that is not known any more; the contract wants strings.
V2_UNKNOWN_USER_NAME: Final = "Unknown user"
V2_UNKNOWN_USER_EMAIL: Final = "unknown@emulator.example"

# Context: the options of list-like fields are split out of the default value, which then is null.
V2_OPTIONS_LEAVE_NO_DEFAULT: Final = True

# --- settled by how the emulator is built; there is no switch for these ---
#
# Errors: an id in a path that names nothing is 404; in a body it is 422; in a query it finds nothing (200).
# Errors: a value of the wrong JSON type is 400; a missing, empty or contradictory one is 422.
# PUT semantics: an "_id" in a body is ignored, the path counts.
# Versions: whatever changes an attribute counts. Tags that lose ids and folders that are filled get a version
#   more; a parent does not when it gets a child, because "children" is derived.
# Shared attributes: custom values never hide a built-in key of the same name.
# Components: "state", "value" and "targetValue", seen only in 2014, are ordinary custom keys.
# Components: the type tree does not restrict which type may be below which.
# References: "rootWorkspace" and "targetWorkspace" follow from the ends; what a request says is ignored.
# Models: a PATCH of "root" replaces the whole tree. A workspace's model cannot be changed afterwards.
# Fields: a new or changed definition does not touch the values that are stored already.
# Batch: one transaction; anything wrong leaves everything as it was.
# Attachments: for "org" any id is taken.
# Users: every token belongs to the first user. An e-mail is answered as it came, nothing is sent.
# Organisation switch: the label is not looked at beyond the check that every call gets.
#
# v2 errors: in a batch an unknown "id" is 404, a stale version 409, and whatever else cannot be done 422.
# v2 components and references: "name", "source" and "target" cannot be null, nor "displayText" in a request.
# v2 components: the contract leaves "typeId" untyped; anything but the id of a type is 422.
# v2 PATCH: keys left out stay, those of "customFields" too; null clears a custom value.
# v2 filters: a custom value is read by the type of its field in each model; what cannot be read finds nothing
#   but what v1 has stored unread. A value of a multiple list is the whole list, joined by commas.
# v2 filters: "type" of references is the number as text. The same filter twice means both.
# v2 filters and aliases: which types show a field does not matter, the model has it or not.
# v2 paging: entities come in the order in which they were made. A cursor says after which one to go on.
# v2 batch: components are created and upserted, then updated, then references, then everything is deleted.
#   Aliases and matches speak of what was stored before. Writing and deleting the same entity is refused, 422.
# v2 batch: parents may be exchanged within one batch; whether one is below itself is looked at in the end.
# v2 batch: "uniqueBy" of references knows "rootWorkspace", as the contract shows it (the contract wins), and
#   "source.rootWorkspace", as the guides want it; both are the workspace of the source. What it names has to
#   be in the body.
# v2 batch: aliases may stand for "source" and "target" of a match, too. A batchId cannot be an "id".
# v2 reports: a column is an attribute of a component under its v2 name, or else a custom value.
# v2 context: a type has the fields that are global or name it; "customFields" has all fields of the model.
