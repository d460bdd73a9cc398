"""A folder for the files of a test, and the PostgreSQL that the environment names."""

import os

import pytest
from reading import Folder

POSTGRESQL = "ARDOQPY_TEST_POSTGRESQL"


@pytest.fixture
def folder(tmp_path):
    """Return an empty folder in which sources can be opened."""
    return Folder(tmp_path)


@pytest.fixture
def postgresql():
    """Return the URL of a PostgreSQL, with a password; the tests write nothing there."""
    url = os.environ.get(POSTGRESQL)
    if not url:
        pytest.skip(f"{POSTGRESQL} is not set: set it to a URL such as postgresql+psycopg://u:p@host/db")
    return url
