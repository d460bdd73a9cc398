"""The error message of a refused call."""

from http import HTTPStatus

import pytest

#: Python 3.13 uses another phrase than 3.11.
UNPROCESSABLE = f"422 {HTTPStatus.UNPROCESSABLE_ENTITY.phrase}"


def sentence_of(kind, function, *args, **keywords):
    """Call a function that must raise exactly this class of error, and return the message."""
    with pytest.raises(kind) as caught:
        function(*args, **keywords)
    assert type(caught.value) is kind
    return str(caught.value)
