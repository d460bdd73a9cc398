"""Integrations where their engines are not installed, and their sizes."""

import ast
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path

import pytest

import ardoqpy_sync.integrations
from ardoqpy import ConfigurationError

FOLDER = Path(ardoqpy_sync.integrations.__file__).parent


@pytest.mark.parametrize(("engine", "name"), [("airflow", "Airflow"), ("dagster", "Dagster"), ("dlt", "dlt")])
def test_a_missing_engine_is_one_sentence(engine, name):
    """Importing an integration without its engine raises one sentence with the command that installs it."""
    if find_spec(engine):
        pytest.skip(f"{name} is installed")
    with pytest.raises(ConfigurationError) as error:
        import_module(f"ardoqpy_sync.integrations.{engine}")
    assert str(error.value) == (
        f"The integration for {name} needs the package '{engine}', which is not installed: "
        f"pip install 'ardoqpy[{engine}]'."
    )


@pytest.mark.parametrize("path", sorted(FOLDER.glob("*.py")), ids=lambda path: path.stem)
def test_an_integration_is_thin(path):
    """No integration has more than 150 lines of code: the engine of ardoqpy decides and writes, not it."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    documented = (ast.Module, ast.ClassDef, ast.FunctionDef)
    docstrings = {
        line
        for node in ast.walk(tree)
        if isinstance(node, documented) and ast.get_docstring(node) is not None
        for line in range(node.body[0].lineno, node.body[0].end_lineno + 1)
    }
    code = {
        line
        for node in ast.walk(tree)
        if isinstance(node, ast.stmt | ast.expr | ast.arg)
        for line in range(node.lineno, node.end_lineno + 1)
    }
    assert len(code - docstrings) <= 150
