"""Define the common templates that every organisation has."""

from typing import Final

from ardoqpy.emulator import assumptions
from ardoqpy.emulator.rows import ModelRow, ReferenceTypeDefinition

# "Implicit" is number 2 because clients create references of type 2 without a look-up.
_REFERENCE_TYPES: Final[dict[str, ReferenceTypeDefinition]] = {
    "0": {
        "name": "Asynchronous",
        "line": "dotted",
        "lineEnding": "bottom",
        "color": "blue",
        "returnsValue": True,
    },
    "1": {
        "name": "Synchronous",
        "line": "solid",
        "lineEnding": "both",
        "color": "black",
        "returnsValue": True,
    },
    "2": {"name": "Implicit", "line": "dashed", "lineEnding": "none", "color": "red", "returnsValue": False},
}

COMMON_TEMPLATES: Final[tuple[ModelRow, ...]] = (
    {
        "_id": assumptions.DEFAULT_TEMPLATE,
        "name": "Application Service",
        "description": "Applications and the services that they offer.",
        "category": "Application",
        "useAsTemplate": True,
        "common": True,
        "defaultViews": ["blockdiagram", "componenttree", "reader"],
        "startView": "blockdiagram",
        "referenceTypes": _REFERENCE_TYPES,
        "root": {
            "p1434104432900": {
                "name": "Application",
                "children": {"p1434104432901": {"name": "Service"}},
            },
        },
    },
    {
        "_id": "54d38789e4b0dcc89b8d8e14",
        "name": "Blank",
        "description": "One kind of component, to begin with.",
        "category": "other",
        "useAsTemplate": True,
        "common": True,
        "blankTemplate": True,
        "flexible": True,
        "referenceTypes": _REFERENCE_TYPES,
        "root": {"p1434104432910": {"name": "Component"}},
    },
)
