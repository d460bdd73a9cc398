"""Parse an option of the command line that is written as key=value,key=value."""


def parse_key_values(text: str, kind: str, *, secret: bool = False) -> dict[str, str]:
    """Return the values by their keys, or raise ValueError.

    `kind` names in messages what the option describes, as in "fault". If the text is `secret`, the messages
    do not repeat it.
    """
    given: dict[str, str] = {}
    for number, part in enumerate(text.split(","), 1):
        key, equals, value = (piece.strip() for piece in part.partition("="))
        if not equals or not key or not value:
            name = f"part {number}" if secret else f"'{part}'"
            raise ValueError(f"A {kind} is written as key=value,key=value; {name} is not of that form.")
        if key in given:
            name = "" if secret else f" '{text}'"
            raise ValueError(f"'{key}' is given twice in the {kind}{name}.")
        given[key] = value
    return given
