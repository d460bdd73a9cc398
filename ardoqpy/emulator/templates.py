"""Define the common templates that every organisation has."""

from typing import Final

from ardoqpy.emulator import assumptions
from ardoqpy.emulator.rows import ModelRow, ReferenceTypeDefinition


def _reference_type(
    number: int, name: str, line: str, ending: str, color: str, *, returns: bool
) -> ReferenceTypeDefinition:
    return {
        "id": number,
        "name": name,
        "line": line,
        "lineEnding": ending,
        "color": color,
        "svgStyle": None,
        "returnsValue": returns,
    }


# "Implicit" is number 2 because clients create references of type 2 without a look-up.
_REFERENCE_TYPES: Final = {
    "0": _reference_type(0, "Asynchronous", "dotted", "bottom", "blue", returns=True),
    "1": _reference_type(1, "Synchronous", "solid", "both", "black", returns=True),
    "2": _reference_type(2, "Implicit", "dashed", "none", "red", returns=False),
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
                "id": "p1434104432900",
                "name": "Application",
                "index": 1,
                "children": {
                    "p1434104432901": {"id": "p1434104432901", "name": "Service", "index": 1, "children": {}}
                },
            }
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
        "root": {"p1434104432910": {"id": "p1434104432910", "name": "Component", "index": 1, "children": {}}},
    },
)
