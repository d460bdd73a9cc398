"""Complete, add and parse users: people and service accounts, each with a token if they call the API."""

import re
from collections.abc import Iterable, Mapping
from typing import Any, cast

from ardoqpy.emulator import assumptions
from ardoqpy.emulator.errors import Unprocessable
from ardoqpy.emulator.key_values import parse_key_values
from ardoqpy.emulator.rows import Attributes, UserRow
from ardoqpy.emulator.state import State

_KEYS = ("name", "token", "email", "_id", "serviceAccount")
_FLAGS = {"true": True, "false": False}


def parse_user(text: str) -> Attributes:
    """Parse a user as in "name=Anna Berg,token=t-anna", or raise ValueError.

    The keys are those of a user in a seed. No message contains the token.
    """
    given: Attributes = dict(parse_key_values(text, "user", secret=True))
    if "serviceAccount" in given:
        flag = _FLAGS.get(given["serviceAccount"].casefold())
        if flag is None:
            raise ValueError("'serviceAccount' of a user has to be true or false.")
        given["serviceAccount"] = flag
    return given


def complete_user(state: State, given: Attributes) -> UserRow:
    """Return a user of a seed with its defaults, or raise Unprocessable.

    A user without a token keeps every key as it is. A user with a token needs a name. Without an e-mail
    address, the address is derived from the name.
    """
    if given.get("token") is None:
        default_name, default_email = assumptions.DEFAULT_USER_NAME, assumptions.DEFAULT_USER_EMAIL
        row_id = given.get("_id") or _default_id(state)
        return cast("UserRow", {"_id": row_id, "name": default_name, "email": default_email, **given})
    _check(given)
    row_id = given.get("_id") or state.new_id()
    row = {"_id": row_id, "email": _email(given), "serviceAccount": False, **given}
    for other in state.users.rows():
        if other["_id"] == row_id or other.get("token") is None:
            continue
        for key, label in (("token", "token"), ("email", "e-mail address")):
            if cast("Attributes", other)[key] == row[key]:
                raise Unprocessable(f"its {label} is that of {other['name']}; each user needs another one.")
    return cast("UserRow", row)


def ensure_default_user(state: State) -> None:
    """Add a user without a token if there is none, because the token of the emulator belongs to one."""
    if all(row.get("token") is not None for row in state.users.rows()):
        state.users.put(complete_user(state, {}))


def put_users(state: State, users: Iterable[Mapping[str, Any]]) -> None:
    """Add users with a token, or change the users that have the same id, token or e-mail address.

    Raise Unprocessable, with the number and name of the user, if one of them is invalid.
    """
    written: dict[str, int] = {}
    for number, given in enumerate(users, 1):
        try:
            row = _merged(state, dict(given), written)
        except Unprocessable as error:
            name = given.get("name")
            label = f"User {number} ({name})" if isinstance(name, str) else f"User {number}"
            raise Unprocessable(f"{label}: {error.message}") from error
        written[row["_id"]] = number
        if state.users.get(row["_id"]) != row:
            state.users.put(row)
    ensure_default_user(state)


def _merged(state: State, given: Attributes, written: Mapping[str, int]) -> UserRow:
    _check(given)
    unknown = [key for key in given if key not in _KEYS]
    if unknown:
        raise Unprocessable(f"there is no '{unknown[0]}'; a user has {', '.join(_KEYS)}.")
    stored = _stored(state, given)
    if stored is None and any(given.get("_id") in table for table in state.tables.values()):
        raise Unprocessable(f"the id {given['_id']} is not that of a user.")
    if stored is not None and stored["_id"] in written:
        raise Unprocessable(f"it has the id, token or e-mail address of user {written[stored['_id']]}.")
    return complete_user(state, {**cast("Attributes", stored or {}), **given})


def _stored(state: State, given: Attributes) -> UserRow | None:
    """Return the stored user that is meant: by id if one is given, else by token, else by e-mail address."""
    if "_id" in given:
        return state.users.get(given["_id"])
    email = _email(given)
    with_email = (row for row in state.users.rows() if row["email"] == email)
    return state.users.first("token", given["token"]) or next(with_email, None)


def _email(given: Attributes) -> str:
    """Return the given e-mail address of a user, or one derived from the name."""
    email: str | None = given.get("email")
    local_part = ".".join(re.findall(r"\w+", given["name"].casefold()))
    return email or f"{local_part or 'user'}@{assumptions.DEFAULT_EMAIL_DOMAIN}"


def _check(given: Attributes) -> None:
    """Raise Unprocessable if an attribute of a user with a token is invalid."""
    for key in ("name", "token", "email", "_id"):
        value = given.get(key)
        needed = key in {"name", "token"} or key in given
        if needed and (not isinstance(value, str) or not value.strip()):
            raise Unprocessable(f"a user with a token needs '{key}' as text.")
    if not re.fullmatch(r"[!#-~]+", given["token"]):
        raise Unprocessable("'token' has to be ASCII characters without blanks and quotes.")
    if not isinstance(given.get("serviceAccount", False), bool):
        raise Unprocessable("'serviceAccount' has to be true or false.")


def _default_id(state: State) -> str:
    default = assumptions.DEFAULT_USER_ID
    return state.new_id() if default in state.reserved_ids or default in state.users else default
