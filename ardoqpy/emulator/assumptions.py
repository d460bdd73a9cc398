"""List the assumptions about Ardoq that the known facts do not settle.

Each constant is an assumption, not a fact: nobody has run this library against a real Ardoq. The comment
names the subject and what is not known. If you learn what Ardoq really does, change the constant here.
"""

from typing import Final, Literal

TextMatch = Literal["prefix", "substring"]

# --- errors ---

# Errors: no error body has been recorded. Clients read "message", and some also "data".
ERROR_MESSAGE_KEY: Final = "message"
ERROR_DATA_KEY: Final = "data"

# Organisations: a wrong "org" or "X-org" is rejected with 403. Without one, only the token decides.
CHECK_ORG_WHEN_GIVEN: Final = True

# Organisations: the label to answer if none is configured.
DEFAULT_ORG: Final = "emulator"

# Concurrency: a v1 PUT without "_version" is rejected with 400 (False: it replaces any stored version).
PUT_NEEDS_VERSION: Final = True

# Concurrency: "_version" in a v1 PATCH is not compared. Known clients never send it; the last write wins.
PATCH_COMPARES_VERSION: Final = False

# PUT: attributes that are left out are reset to their default, custom values included (False: they stay).
PUT_RESETS_OMITTED: Final = True

# --- success codes ---

# Folders, models, batch, bulk delete: known clients disagree about the codes, or do not check them.
STATUS_FOLDER_CREATED: Final = 201
STATUS_FOLDER_DELETED: Final = 204
STATUS_MODEL_CREATED: Final = 201
STATUS_BATCH_CREATED: Final = 200
STATUS_EMAIL_SENT: Final = 200

# --- attributes of every entity ---

# Shared attributes: one client knows "lastupdated" beside "last-updated" on every kind.
SEND_BOTH_LAST_UPDATED_KEYS: Final = True

# Shared attributes: the content of "ardoq-persistent" in workspaces and models is unknown.
SEND_ARDOQ_PERSISTENT: Final = True

# Shared attributes: "entity-type" has been recorded for components, references, fields and models only.
ENTITY_TYPE_WORKSPACE: Final = "workspace"
ENTITY_TYPE_FOLDER: Final = "workspacefolder"
ENTITY_TYPE_TAG: Final = "tag"

# --- workspaces ---

# Workspace search: it matches the start of a name. Whether it ignores the letter case is unknown.
WORKSPACE_SEARCH_MATCH: Final[TextMatch] = "prefix"
WORKSPACE_SEARCH_IGNORES_CASE: Final = True

# Workspace: old clients read lists of ids in it, a newer one does not list them. Additional keys do no harm.
WORKSPACE_INCLUDES_CONTENT_IDS: Final = True

# Workspace: the only value ever seen for "type", marked as not verified.
WORKSPACE_TYPE: Final = "1"

# Workspace creation: without a template and without a model, this common template is cloned.
DEFAULT_TEMPLATE: Final = "54d38789e4b0dcc89b8d8e13"

# Workspace creation: a cloned model has the name of its template (False: of the workspace).
CLONED_MODEL_KEEPS_NAME: Final = True

# Workspace creation: the fields of the template are cloned with it.
CLONE_COPIES_FIELDS: Final = True

# Workspace key: the initials of several words, this many letters of one word, or this without letters.
WORKSPACE_KEY_LETTERS: Final = 3
WORKSPACE_KEY_FALLBACK: Final = "WS"

# Aggregated workspace: "references" is null if there are none, the other lists are [].
AGGREGATED_EMPTY_REFERENCES: Final = None

# Workspace deletion: references from other workspaces into the workspace are deleted, too.
WORKSPACE_DELETE_REMOVES_INCOMING_REFERENCES: Final = True

# Workspace deletion: the model stays. Other workspaces may use it, and no source says that it is deleted.
WORKSPACE_DELETE_REMOVES_MODEL: Final = False

# Branches: the new workspace gets copies of the components, references and tags, and shares the model.
BRANCH_COPIES_CONTENT: Final = True

# Branches: "workspace-id" of a branch record is the new workspace (False: the workspace that was copied).
BRANCH_RECORD_NAMES_BRANCH: Final = True

# --- folders ---

# Folders: "workspaces" in a PUT is ignored. "/add" and the workspace's own "folder" move workspaces.
FOLDER_PUT_MOVES_WORKSPACES: Final = False

# Folders: moving a workspace into or out of a folder increments the "_version" of the workspace.
FOLDER_MOVE_INCREMENTS_WORKSPACE_VERSION: Final = True

# --- components ---

# Component search: "name" is known not to be exact. Prefix or substring, and the letter case, are unknown.
COMPONENT_SEARCH_MATCH: Final[TextMatch] = "substring"
COMPONENT_SEARCH_IGNORES_CASE: Final = True

# Component search: a client sends "field" with "value". The meaning is unknown: assumed as in fieldsearch.
COMPONENT_SEARCH_FILTERS_BY_FIELD: Final = True

# Component fieldsearch: "workspace" is a filter (one client removed it as unused).
FIELDSEARCH_FILTERS_BY_WORKSPACE: Final = True

# Component fieldsearch: "5" matches the number 5 (and 5.0), "true" matches the boolean.
FIELDSEARCH_COMPARES_AS_TEXT: Final = True

# Component type: without "typeId", a child gets the first child type of its parent's type, if there is one.
# Any other component gets the root type with the lowest index (False: every component does).
DEFAULT_TYPE_FOLLOWS_PARENT: Final = True

# Component PUT without "typeId": the type stays, because a component cannot be without a type.
PUT_KEEPS_TYPE: Final = True

# Component PUT with another "rootWorkspace": rejected with 422, no known client does it (False: ignored).
REJECT_COMPONENT_MOVE: Final = True

# Component parent: it has to be in the same workspace.
PARENT_IN_SAME_WORKSPACE: Final = True

# Component: "isPublic" and "_order" are writable. A new component is the last of its workspace.
# v1 sends these attributes only if they are set, as clients have them as optional (empty: always).
V1_OMITS_UNSET: Final = ("isPublic", "version", "icon", "image", "shape")

# Component bulk delete: "componentIds" of the answer includes deleted descendants.
BULK_DELETE_LISTS_DESCENDANTS: Final = True

# --- references ---

# Reference list: "workspace" filters by the workspace of the source.
REFERENCE_LIST_FILTERS_BY_WORKSPACE: Final = True

# References: several with the same source, target and type may exist.
REFERENCE_DUPLICATES_ALLOWED: Final = True

# References: the "order" if none is sent.
REFERENCE_DEFAULT_ORDER: Final = 0

# --- tags, models, fields ---

# Tags: empty lists are [] (known clients also accept null).
TAG_EMPTY_LIST: Final[list[str]] = []

# Tags: names within a workspace are compared exactly.
TAG_NAMES_IGNORE_CASE: Final = False

# Model update: removing a component or reference type that is in use is rejected with 422.
REJECT_REMOVAL_OF_USED_TYPES: Final = True

# Model creation: the category if none is sent.
MODEL_DEFAULT_CATEGORY: Final = "other"

# Model list and field list: those of common templates are left out unless "includeCommon=true".
LISTS_EXCLUDE_COMMON: Final = True

# Field creation: the type if none is sent.
FIELD_DEFAULT_TYPE: Final = "Text"

# Field creation: without a label the name is the label. Without both, the request is rejected with 422.
FIELD_LABEL_FROM_NAME: Final = True

# Field deletion: the stored values stay (a definition only controls their display).
FIELD_DELETE_KEEPS_VALUES: Final = True

# Fields: a type that is not known here, such as that of a date range, is rejected in a request and kept in a
# seed. Any value fits it. What "dateTimeFields" names, and the name with these endings, is a DateTime.
DATE_RANGE_ENDINGS: Final = ("_start_date", "_end_date")

# Field options: the allowed values of list types are in the default value, separated by this.
FIELD_OPTION_SEPARATOR: Final = ","

# Custom values: a value is stored as the type of its field, if there is one ("5" in a Number becomes 5).
CONVERT_DEFINED_FIELDS: Final = True

# Custom values: v1 stores a value that does not fit the field's type as given (False: rejected with 422).
V1_STORES_INVALID_VALUES: Final = True

# Custom values: v1 accepts and ignores a value for a calculated field (False: rejected with 422).
V1_IGNORES_CALCULATED_VALUES: Final = True

# Custom values: a field without a value is sent as null, as recorded on v2 and in exported reports; on v1 it
# is assumed. Only the types that show a field have it (False: fields without a value are absent).
SEND_NULL_FOR_EMPTY_FIELDS: Final = True

# Custom values: v1 stores a number in a Text or TextArea as text, 5 as "5". The vendor's bridge relies on it.
V1_CONVERTS_NUMBERS_TO_TEXT: Final = True

# Custom values: a DateTime comes back as it was sent. Whether Ardoq rewrites it is not known
# (True: it comes back in UTC with milliseconds, and one without an offset is in UTC).
REWRITE_DATE_TIMES: Final = False

# --- users, attachments, batch, reports ---

# Users: the current user has not been recorded. This is the user of the token if the seed has none.
DEFAULT_USER_ID: Final = "5f00aa00bb00cc00dd000001"
DEFAULT_USER_NAME: Final = "Emulator User"
DEFAULT_USER_EMAIL: Final = "user@emulator.example"

# Users: the domain of the e-mail address of a user with a token, if none is given.
DEFAULT_EMAIL_DOMAIN: Final = "emulator.example"

# Users: whether Ardoq's API tells a service account from a person is not known. For a user who has a token
# in the emulator, v1's current user has "serviceAccount", true or false (False: it is left out).
CURRENT_USER_SHOWS_SERVICE_ACCOUNT: Final = True

# Attachments: a second upload of the same file name replaces the first and keeps its id.
UPLOAD_REPLACES_SAME_NAME: Final = True

# Batch: an item without "batchId" could not be named in the answer, and is rejected with 422.
BATCH_NEEDS_IDS: Final = True

# Bulk delete: an id that is not a component fails the whole call with 404.
BULK_DELETE_REJECTS_UNKNOWN: Final = True

# Report export: references are shown as the ids of their other ends, joined by this. Without any, the key of
# the reference type is absent. Both are recorded.
REPORT_ID_SEPARATOR: Final = ","

# Organisation switch: it redirects to the root of the emulator, which has only one domain.
SWITCH_ORG_STATUS: Final = 302

# Reports: the datasource and the columns if the seed has none.
REPORT_DEFAULT_DATASOURCE: Final = "advancedSearch"
REPORT_DEFAULT_COLUMNS: Final[list[dict[str, str]]] = [
    {"key": "name", "label": "Name"},
    {"key": "type", "label": "Type"},
    {"key": "rootWorkspace", "label": "Workspace"},
]

# --- v2: bodies ---

# Bodies: unknown and read-only keys are accepted and ignored. A known client sends "type" when it updates
# references (False: rejected with 422). "rootWorkspace" and "typeId" in an update are such keys, too.
V2_IGNORES_OTHER_KEYS: Final = True

# Bodies: a content type other than JSON is rejected with 415. A body without a content type is read as JSON.
V2_REJECTS_OTHER_CONTENT_TYPES: Final = True

# Custom values: a key without a field is rejected with 422, so that a typing error is not lost
# (False: stored as on v1). A value that v1 has stored under such a key can be changed and cleared.
V2_REJECTS_UNDEFINED_FIELDS: Final = True

# Custom values: a value for a calculated field is rejected with 422. The guides say never to send one.
V2_REJECTS_CALCULATED_VALUES: Final = True

# Custom values: the guides name a JSON type for each field type, so "5" is not a number, nor 5 a text
# (True: they are converted).
V2_CONVERTS_OTHER_JSON_TYPES: Final = False

# --- v2: listings ---

# Paging: a page has at least 254 entities, as somebody got so many at once. How many is not published.
DEFAULT_PAGE_SIZE: Final = 500

# Paging: no parameter is published. The next link has a parameter of this name, which no client should build.
V2_CURSOR_PARAMETER: Final = "cursor"

# Filters: text is compared exactly.
V2_FILTERS_IGNORE_CASE: Final = False

# Filters: a filter without a value is ignored, as on v1 (False: it is compared with the empty string).
V2_IGNORES_EMPTY_FILTERS: Final = True

# --- v2: batch ---

# Batch delete: a "match" without a result does nothing (True: the whole batch fails with 422).
V2_DELETE_MATCH_REQUIRES_RESULT: Final = False

# Batch upsert: an existing entity keeps its type. Another type is rejected with 422 (False: ignored).
V2_UPSERT_REJECTS_TYPE_CHANGE: Final = True

# Batch answer: an upsert that has changed an entity is listed with its batchId. The contract has no such key.
V2_UPDATED_INCLUDES_BATCH_ID: Final = False

# Batch answer: "deleted" lists the descendants and references that are deleted with an entity.
V2_DELETED_LISTS_CASCADES: Final = True

# Batch expand: the answer has no "aliases", because it no longer uses them.
V2_EXPANDED_INCLUDES_ALIASES: Final = False

# --- v2: answers ---

# Me: the name of the organisation. Only its label is configured (None: the label is the name).
V2_ORG_NAME: Final[str | None] = None

# Shared attributes: the name and e-mail of an unknown user. The contract requires strings.
V2_UNKNOWN_USER_NAME: Final = "Unknown user"
V2_UNKNOWN_USER_EMAIL: Final = "unknown@emulator.example"

# Context: the options of list fields are taken from the default value, which is then null.
V2_OPTIONS_REPLACE_DEFAULT_VALUE: Final = True

# --- assumptions without a constant, built into the emulator ---
#
# Errors: an unknown id is 404 in a path and 422 in a body. In a query it has no result (200).
# Errors: a value of the wrong JSON type is 400. A missing, empty or contradictory value is 422.
# PUT: an "_id" in the body is ignored, the path decides.
# Versions: every change of an attribute increments the version. So does losing ids (tags) and getting
#   workspaces (folders). A parent keeps its version when it gets a child, because "children" is derived.
# Shared attributes: custom values never hide a built-in key of the same name.
# Components: "state", "value" and "targetValue", seen in 2014 only, are ordinary custom keys.
# Components: the type tree does not restrict which type may be below which.
# References: "rootWorkspace" and "targetWorkspace" follow from the ends. Values in a request are ignored.
# Models: a PATCH of "root" replaces the whole tree. The model of a workspace cannot be changed.
# Fields: a new or changed definition does not change stored values.
# Batch: one transaction. An error leaves everything as it was.
# Attachments: "org" accepts any id.
# Users: the token of the emulator belongs to the first user without a token. What is written with a token is
#   by its user, with the name and e-mail address that the user has now, not those at the time of the write.
# Users: a service account has an id, a name and an e-mail address like a person, and writes like one.
# Users: an e-mail is returned as it came, and not sent.
# Organisation switch: the label is only checked as in every other call.
#
# v2 errors: in a batch an unknown "id" is 404, an outdated version 409, and anything else 422.
# v2 components and references: "name", "source" and "target" cannot be null, nor "displayText" in a request.
# v2 components: the contract does not type "typeId". Anything but the id of a type is 422.
# v2 PATCH: keys that are left out stay, those of "customFields" too. Null clears a custom value.
# v2 filters: a custom value is compared as the type of its field in each model. A value that does not fit the
#   type only matches what v1 has stored unconverted. A multiple list is compared as one text, with commas.
# v2 filters: "type" of references is the number as text. Two equal filters must both match.
# v2 filters and aliases: a field applies to a whole model, whichever types show it.
# v2 paging: entities are sorted by creation. A cursor names the entity after which to continue; with
#   `paging="offset"`, it is the number of entities before the page.
# v2 batch: components are created and upserted, then updated, then references, then everything is deleted.
#   Aliases and matches refer to the state before. Writing and deleting the same entity is rejected with 422.
# v2 batch: two components may exchange parents. Cycles are checked at the end.
# v2 batch: "uniqueBy" of references accepts "rootWorkspace", as in the contract (which wins), and
#   "source.rootWorkspace", as in the guides. Both are the workspace of the source. The body needs a value for
#   each attribute that it names.
# v2 batch: aliases may also stand for "source" and "target" of a match. A batchId cannot be an "id".
# v2 reports: a column is an attribute of a component under its v2 name, or else a custom value.
# v2 context: a type has the fields that are global or name it. "customFields" has all fields of the model. In
#   place of a date range it has the two DateTimes that "dateTimeFields" names.
