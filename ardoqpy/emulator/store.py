"""Bring the tables and the rules together: everything that the emulated Ardoq knows and can do.

The store knows neither HTTP nor API versions. Custom values are kept apart from built-in attributes, under
"customFields". Changes are made inside `with store.transaction():` and are all taken back when it fails.
"""

from contextlib import AbstractContextManager

from ardoqpy.emulator import assumptions
from ardoqpy.emulator.clock import Clock, utc_now
from ardoqpy.emulator.rules.attachments import Attachments
from ardoqpy.emulator.rules.batch_create import Batch
from ardoqpy.emulator.rules.batch_execution import Changes
from ardoqpy.emulator.rules.branches import Branches
from ardoqpy.emulator.rules.components import Components
from ardoqpy.emulator.rules.fields import Fields
from ardoqpy.emulator.rules.folders import Folders
from ardoqpy.emulator.rules.matcher import Matching
from ardoqpy.emulator.rules.models import Models, tidied
from ardoqpy.emulator.rules.pagination import Pages
from ardoqpy.emulator.rules.references import References
from ardoqpy.emulator.rules.reports import Reports
from ardoqpy.emulator.rules.tags import Tags
from ardoqpy.emulator.rules.workspaces import Workspaces
from ardoqpy.emulator.schema import MODEL
from ardoqpy.emulator.state import State
from ardoqpy.emulator.templates import COMMON_TEMPLATES


class Store:
    """Offer each kind of entity with its rules, over one state."""

    def __init__(self, clock: Clock = utc_now) -> None:
        self.state = State(clock)
        self.models = Models(self.state)
        self.fields = Fields(self.state)
        self.tags = Tags(self.state)
        self.references = References(self.state, self.models, self.fields, self.tags)
        self.components = Components(self.state, self.models, self.fields, self.tags)
        self.workspaces = Workspaces(self.state, self.models, self.tags)
        self.folders = Folders(self.state, self.workspaces)
        self.branches = Branches(self.state, self.workspaces)
        self.attachments = Attachments(self.state)
        self.reports = Reports(self.state)
        self.batch = Batch(self.components, self.references)
        self.matching = Matching(self.state, self.fields)
        self.pages = Pages()
        self.changes = Changes(self.state, self.components, self.references, self.matching)

    def transaction(self) -> AbstractContextManager[None]:
        """Keep everybody else out, and take back all changes if the block ends with an exception."""
        return self.state.transaction()

    def furnish(self) -> None:
        """Put in place what every organisation has: a user and the common templates."""
        state = self.state
        if not len(state.users):
            user = {"name": assumptions.DEFAULT_USER_NAME, "email": assumptions.DEFAULT_USER_EMAIL}
            state.users.put({"_id": assumptions.DEFAULT_USER_ID, **user})
        for template in COMMON_TEMPLATES:
            if template["_id"] not in state.models:
                attributes = tidied(
                    MODEL.new({key: template[key] for key in MODEL.attributes if key in template})
                )
                attributes |= {"common": True, "createdFromTemplate": None}
                state.models.put(state.stamped(attributes, template["_id"]))
