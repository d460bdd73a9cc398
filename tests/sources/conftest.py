"""A folder for the files of a test, and a PostgreSQL where one is named."""

import os

import pytest
from reading import Folder

POSTGRESQL = "ARDOQPY_TEST_POSTGRESQL"


@pytest.fixture
def folder(tmp_path):
    """Give an empty folder that sources can be opened in."""
    return Folder(tmp_path)


@pytest.fixture
def postgresql():
    """Give the URL of a PostgreSQL with a password in it; nothing is written there."""
    url = os.environ.get(POSTGRESQL)
    if not url:
        pytest.skip(
            f"no PostgreSQL is named: set {POSTGRESQL} to a URL such as postgresql+psycopg://u:p@host/db"
        )
    return url
