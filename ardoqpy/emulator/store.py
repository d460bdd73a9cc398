"""Combine the tables with the rules of each kind of entity.

The store knows neither HTTP nor API versions. Rows keep custom values apart from built-in attributes, under
"customFields". Changes are made inside `with store.transaction():`, which undoes all of them on an error.
"""

from collections.abc import Collection
from contextlib import AbstractContextManager

from ardoqpy.emulator.clock import Clock, utc_now
from ardoqpy.emulator.rules.attachments import Attachments
from ardoqpy.emulator.rules.batch_execution import BatchExecutor
from ardoqpy.emulator.rules.branches import Branches
from ardoqpy.emulator.rules.components import Components
from ardoqpy.emulator.rules.fields import Fields
from ardoqpy.emulator.rules.folders import Folders
from ardoqpy.emulator.rules.matcher import Matcher
from ardoqpy.emulator.rules.models import Models, normalize_types
from ardoqpy.emulator.rules.pagination import Paginator
from ardoqpy.emulator.rules.references import References
from ardoqpy.emulator.rules.reports import Reports
from ardoqpy.emulator.rules.tags import Tags
from ardoqpy.emulator.rules.workspaces import Workspaces
from ardoqpy.emulator.schema import MODEL
from ardoqpy.emulator.state import State
from ardoqpy.emulator.templates import COMMON_TEMPLATES


class Store:
    """Give access to each kind of entity by its rules, over one state."""

    def __init__(self, clock: Clock = utc_now) -> None:
        """Start empty; `clock` returns the current time."""
        self.state = State(clock)
        self.models = Models(self.state)
        self.fields = Fields(self.state, self.state.fields)
        self.tags = Tags(self.state, self.state.tags)
        self.references = References(self.state, self.models, self.tags)
        self.components = Components(self.state, self.models, self.tags)
        self.workspaces = Workspaces(self.state, self.models, self.tags)
        self.folders = Folders(self.state, self.workspaces)
        self.branches = Branches(self.state, self.workspaces)
        self.attachments = Attachments(self.state, self.state.attachments)
        self.reports = Reports(self.state, self.state.reports)
        self.matcher = Matcher(self.state)
        self.paginator = Paginator()
        self.batch = BatchExecutor(self.state, self.components, self.references, self.matcher)

    def transaction(self) -> AbstractContextManager[None]:
        """Lock the store, and undo all changes if the block raises an exception."""
        return self.state.transaction()

    def add_common_templates(self, but: Collection[str] = ()) -> None:
        """Add the templates that every organisation has, but those with these ids, or that are there."""
        state = self.state
        for template in COMMON_TEMPLATES:
            if template["_id"] not in state.models and template["_id"] not in but:
                attributes = normalize_types(MODEL.new({**template}))
                attributes |= {"common": True, "createdFromTemplate": None}
                state.insert(state.models, attributes, template["_id"])
