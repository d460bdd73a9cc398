"""Hold the common templates that every organisation finds in place."""

from typing import Final

from ardoqpy.emulator import assumptions
from ardoqpy.emulator.table import Row


def _type(type_id: str, name: str, index: int, **children: Row) -> Row:
    return {"id": type_id, "name": name, "index": index, "children": children}


def _reference_type(number: int, name: str, line: str, ending: str, color: str, *, returns: bool) -> Row:
    return {
        "id": number,
        "name": name,
        "line": line,
        "lineEnding": ending,
        "color": color,
        "svgStyle": None,
        "returnsValue": returns,
    }


# "Implicit" is number 2 because clients create references of type 2 without looking.
_REFERENCE_TYPES: Final = {
    "0": _reference_type(0, "Asynchronous", "dotted", "bottom", "blue", returns=True),
    "1": _reference_type(1, "Synchronous", "solid", "both", "black", returns=True),
    "2": _reference_type(2, "Implicit", "dashed", "none", "red", returns=False),
}

COMMON_TEMPLATES: Final[tuple[Row, ...]] = (
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
            "p1434104432900": _type(
                "p1434104432900",
                "Application",
                1,
                p1434104432901=_type("p1434104432901", "Service", 1),
            ),
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
        "root": {"p1434104432910": _type("p1434104432910", "Component", 1)},
    },
)
