"""Sort components so that parents are created before their children."""

from typing import Any

from ardoqpy.emulator.errors import Unprocessable


def parents_first(named: list[tuple[str | None, Any]]) -> list[int]:
    """Return the positions of (name, parent) pairs, each parent before its children."""
    positions = {name: position for position, (name, _) in enumerate(named) if name is not None}
    order: dict[int, None] = {}
    for start in range(len(named)):
        path: dict[int, None] = {}
        position: int | None = start
        while position is not None and position not in order:
            name, parent = named[position]
            if position in path:
                raise Unprocessable(f"The component '{name}' would be below itself.")
            path[position] = None
            position = positions.get(parent) if isinstance(parent, str) else None
        order.update(dict.fromkeys(reversed(path)))
    return list(order)
