"""
What a refused call says.
"""

import pytest


def sentence_of(kind, function, *args, **keywords):
    """
    Call a function that has to fail with exactly that kind of error, and return what the error says.
    """
    with pytest.raises(kind) as caught:
        function(*args, **keywords)
    assert type(caught.value) is kind
    return str(caught.value)
