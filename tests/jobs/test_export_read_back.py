"""What `ardoqpy` exports as CSV or JSON is read back by a job without a change."""

import io
import json

import pytest
from command_line import runner
from hypothesis import example, given
from hypothesis import strategies as st
from job_seed import component, stored, writes

from ardoqpy._terminal import escape_formula, unescape_formula
from ardoqpy.cli.format_csv import write_csv
from ardoqpy.cli.format_json import write_lines, write_list
from ardoqpy.cli.main import main
from ardoqpy.cli.rows import Listing
from ardoqpy.metamodel import Field
from ardoqpy_sync.job import run_job
from ardoqpy_sync.sources import open_source
from ardoqpy_sync.sources.cell_conversion import convert_cell

#: The signs that quotes, delimiters and formulas are made of are drawn more often.
SIGNS = st.sampled_from("'\"=+-@;,\t\r\n|0 x\uff1d")
TEXTS = st.text(st.characters(codec="utf-8", exclude_characters="\0") | SIGNS, max_size=12)
NAMES = st.text(st.characters(codec="utf-8", exclude_characters="\0\ufeff") | SIGNS, min_size=1, max_size=6)
NUMBERS = st.integers(-(10**6), 10**6) | st.floats(-1e6, 1e6) | st.sampled_from([1.234, -12.345])


@given(text=TEXTS)
@example("'=")
@example("''-5")
@example("'-5")
@example("a;'=1\t=2")
def test_escaped_text_is_read_back(text):
    """No two texts are escaped alike, and escaped text has no part that a spreadsheet takes for a formula."""
    escaped = escape_formula(text)
    assert unescape_formula(escaped) == text
    parts = [part for part in escaped.replace("\t", ";").split(";") if part]
    assert all(part[0] not in "=+-@" for part in parts) or escaped == text == f"-{text[1:]}"


@st.composite
def tables(draw):
    """Draw the rows of an export, with text in each column."""
    names = draw(st.lists(NAMES.map(str.strip).filter(bool), min_size=1, max_size=4, unique=True))
    return draw(st.lists(st.fixed_dictionaries(dict.fromkeys(names, TEXTS)), min_size=1, max_size=4))


@given(rows=tables())
def test_any_text_in_a_csv_is_read_back(tmp_path_factory, rows):
    """A CSV has any text unchanged, in names and in cells; empty rows are skipped."""
    folder = tmp_path_factory.mktemp("export")
    with (folder / "out.csv").open("w", encoding="utf-8", newline="") as stream:
        write_csv(Listing(iter(rows), ()), stream, raw=False, streaming=False)
    with open_source({"file": "out.csv"}, folder) as source:
        read = [row.values for row in source]
    assert read == [row for row in rows if any(map(str.strip, row.values()))]


@given(numbers=st.lists(NUMBERS, min_size=1, max_size=5))
def test_any_number_in_a_csv_is_read_back(tmp_path_factory, numbers):
    """A CSV has numbers that are read in one way."""
    folder = tmp_path_factory.mktemp("export")
    with (folder / "out.csv").open("w", encoding="utf-8", newline="") as stream:
        write_csv(Listing(({"n": number} for number in numbers), ()), stream, raw=False, streaming=False)
    with open_source({"file": "out.csv"}, folder) as source:
        assert [convert_cell(row.values["n"], Field("n", "n", "Number")) for row in source] == numbers


@given(rows=tables())
def test_any_text_in_json_is_read_back(tmp_path_factory, rows):
    """JSON and NDJSON have any text unchanged."""
    folder = tmp_path_factory.mktemp("export")
    for name, write in (("out.json", write_list), ("out.ndjson", write_lines)):
        with (folder / name).open("w", encoding="utf-8", newline="") as stream:
            write(rows, stream)
        with open_source({"file": name}, folder) as source:
            assert [row.values for row in source] == [
                row for row in rows if any(map(str.strip, row.values()))
            ]


def test_custom_fields_in_json_are_columns(tmp_path):
    """An entity in JSON has the columns that it has in a CSV; other objects are left as they are."""
    entity = {"_id": "1", "name": "a", "customFields": {"ext": "x", "type": "y"}, "_meta": {"created": "t"}}
    (tmp_path / "out.json").write_text(json.dumps([entity, {"customFields": {"ext": "x"}}]))
    with open_source({"file": "out.json"}, tmp_path) as source:
        first, second = (row.values for row in source)
    assert first == {**entity, "ext": "x", "customFields.type": "y", "_meta.created": "t"}
    assert second == {"customFields": {"ext": "x"}}


COMPONENTS = [
    component(
        "1" * 24, "-legacy-", cmdb_id="X1", lifecycle="Live", cost=1.234, description="@owner; =1\r\n- a"
    ),
    component("2" * 24, "Web", cmdb_id="+47 1", cost=-12, critical=True, description="'=A1"),
    component("3" * 24, "'quoted'", cmdb_id='="0341"', description="'"),
    component("4" * 24, 'a;=b,"c"', cmdb_id="0341", cost=1e-05, critical=False),
]
JOB = """
[sources.apps]
file = "out.{suffix}"
[[components]]
rows = "apps"
workspace = "Apps"
type = "Application"
key = "cmdb_id"
name = "{{name}}"
description = "{{description}}"
[components.fields]
cmdb_id = "{{cmdb_id}}"
lifecycle = "{{lifecycle}}"
cost = "{{cost}}"
critical = "{{critical}}"
"""
COLUMNS = "--columns name,description,cmdb_id,lifecycle,cost,critical"


@pytest.mark.parametrize("suffix", ["csv", "json", "ndjson"])
@pytest.mark.parametrize("columns", ["", COLUMNS])
def test_export_read_back_by_a_job_changes_nothing(
    ardoq, make_job, new_client, way, tmp_path, monkeypatch, capsys, suffix, columns
):
    """A job that reads an export writes nothing, whatever the text in it looks like."""
    ardoq.load({**ardoq.dump(), "components": COMPONENTS})
    monkeypatch.setenv("ARDOQ_API_HOST", ardoq.url)
    monkeypatch.setenv("ARDOQ_API_TOKEN", ardoq.token)
    line = f"components --workspace Apps --output {tmp_path}/out.{suffix} --api {way['version']} {columns}"
    assert runner(main, capsys)(line).status == 0
    before = stored(ardoq)
    ardoq.clear_requests()
    result = run_job(make_job(JOB.format(suffix=suffix)), new_client())
    assert result.sources == [{"name": "apps", "rows": 4, "skipped": 0, "failed": 0}]
    assert writes(ardoq) == []
    assert stored(ardoq) == before


def test_exported_workspace_is_a_source(ardoq, make_job, new_client, way, tmp_path, monkeypatch, capsys):
    """A job reads the components of `ardoqpy export`, and writes nothing."""
    ardoq.load({**ardoq.dump(), "components": COMPONENTS})
    monkeypatch.setenv("ARDOQ_API_HOST", ardoq.url)
    monkeypatch.setenv("ARDOQ_API_TOKEN", ardoq.token)
    line = f"export Apps --output {tmp_path}/out.json --api {way['version']}"
    assert runner(main, capsys)(line).status == 0
    ardoq.clear_requests()
    job = JOB.format(suffix="json").replace('.json"', '.json"\npath = "components"')
    run_job(make_job(job), new_client())
    assert writes(ardoq) == []


def test_streamed_csv_is_read_back(tmp_path):
    """A CSV that is written row by row has the same escapes."""
    stream = io.StringIO()
    rows = [{"a;b": "=1", "c": "x\ry"}]
    write_csv(Listing(iter(rows), (), lambda: ["a;b", "c"]), stream, raw=False, streaming=True)
    (tmp_path / "out.csv").write_text(stream.getvalue(), newline="")
    with open_source({"file": "out.csv"}, tmp_path) as source:
        assert [row.values for row in source] == rows
