"""What a refused call says."""

from http import HTTPStatus

import pytest

#: Python 3.13 calls it otherwise than 3.11.
UNPROCESSABLE = f"422 {HTTPStatus.UNPROCESSABLE_ENTITY.phrase}"


def sentence_of(kind, function, *args, **keywords):
    """Call a function that has to fail with exactly that kind of error, and return what the error says."""
    with pytest.raises(kind) as caught:
        function(*args, **keywords)
    assert type(caught.value) is kind
    return str(caught.value)
