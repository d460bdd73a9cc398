"""Output formats: tables, JSON, and CSV; streaming, and files."""

import csv
import io
import itertools
import json
import os
import shlex
import stat
import sys
import unicodedata

import pytest
from organisation import NASTY, SEED, SHOP

from ardoqpy import ArdoqClient, ServiceUnavailable
from ardoqpy._terminal import display_width
from ardoqpy.cli import main
from ardoqpy.cli.format_csv import spreadsheet_text
from ardoqpy.cli.rows import cell_text
from ardoqpy.entities import flatten

ESCAPED = r"Evil\x1b[31m\x9b2J\x07\u202e\nline"
APPS_IN_ORDER = [component["name"] for component in SEED["components"]][:-1]


def names_in(folder):
    """Return the names of the files in a folder."""
    return sorted(path.name for path in folder.iterdir())


def rows_of(text):
    """Read a CSV as dicts."""
    return list(csv.DictReader(io.StringIO(text)))


def test_table_columns(ardoq, run):
    """A table has the same columns on both versions, whatever its rows are."""
    head = "name  type         key    _id"
    new, old = (run(f"components --workspace Apps --limit 1 --api {api}").out for api in ("v2", "v1"))
    assert new == old
    assert new.splitlines() == ["name      type         key    _id", f"Web shop  Application  APP-1  {SHOP}"]
    assert run("components --name Nothing").out.split() == head.split()


def test_control_characters_are_escaped(ardoq, run, on_a_terminal):
    """Control characters are escaped in a pipe, on a terminal, and in an error."""
    for output in (run("components --workspace Apps").out, on_a_terminal("components --workspace Apps", 200)):
        assert ESCAPED in output
        assert not [item for item in output if unicodedata.category(item)[0] == "C" and item != "\n"]
    ran = run(["components", "--workspace", "x\x1b[2J\ny"])
    assert ran.err == "ardoqpy: There is no workspace 'x\\x1b[2J\\ny': there are 'Apps' and 'Servers'.\n"


@pytest.mark.parametrize("columns", [10, 24, 40, 60, 79, 80, 200])
def test_table_fits_terminal(ardoq, on_a_terminal, columns):
    """No line is wider than the terminal; wide characters count as two columns."""
    lines = on_a_terminal("components --workspace Apps", columns).splitlines()
    assert len(lines) == len(APPS_IN_ORDER) + 1
    assert max(display_width(line) for line in lines) <= columns


def test_ids_are_cut_last(ardoq, on_a_terminal):
    """Names are cut, with an ellipsis, before ids are; wide characters keep the columns aligned."""
    lines = on_a_terminal("components --workspace Apps", 60).splitlines()
    assert all(
        line.endswith(component["_id"])
        for line, component in zip(lines[1:], SEED["components"], strict=False)
    )
    assert "…" in "".join(lines)
    uncut = on_a_terminal("components --workspace Apps", 200).splitlines()
    widths = {display_width(line.rpartition("5f00")[0]) for line in uncut[1:]}
    assert widths == {display_width(uncut[0].rpartition("_id")[0])}


def test_pipe_is_not_cut(ardoq, run, monkeypatch):
    """In a pipe nothing is cut, however narrow COLUMNS is."""
    monkeypatch.setenv("COLUMNS", "20")
    assert SHOP in run("components --workspace Apps").out
    assert "…" not in run("components --workspace Apps").out


@pytest.mark.parametrize("api", ["v1", "v2"])
def test_json_has_unchanged_entities(ardoq, run, api):
    """JSON and NDJSON have the entities unchanged, with control characters escaped."""
    listing = run(f"components --format json --api {api}").out
    lines = run(f"components --format ndjson --api {api}").out
    assert json.loads(listing) == [json.loads(line) for line in lines.splitlines()]
    assert [entity["name"] for entity in json.loads(listing)][4] == NASTY
    for text in (listing, lines):
        assert not [item for item in text if unicodedata.category(item)[0] == "C" and item != "\n"]
        assert "東京" in text


def test_single_entity(ardoq, run):
    """One entity is an object in JSON, a line in NDJSON, a row in CSV, and lines in a table."""
    entity = json.loads(run(f"get {SHOP} --format json").out)
    assert entity == json.loads(run(f"get {SHOP} --format ndjson").out)
    (row,) = rows_of(run(f"get {SHOP} --format csv").out)
    assert (row["name"], row["users"], row["_meta.createdByName"]) == ("Web shop", "1600", "Emulator User")
    assert ["users", "1600"] in [line.split() for line in run(f"get {SHOP}").out.splitlines()]
    assert run(f"get {SHOP} --columns name,users").out.splitlines() == ["name      users", "Web shop  1600"]


def test_no_rows(ardoq, run):
    """Without rows, JSON is [], NDJSON is empty, and CSV is a header if one is known."""
    assert run("components --name Nothing --format json").out == "[]\n"
    assert run("components --name Nothing --format ndjson").out == ""
    assert run("components --name Nothing --format csv --columns name,users").out == "name,users\n"


@pytest.mark.parametrize("first", [*"=+-@\t\r\n", *"\uff1d\uff0b\uff0d\uff20"])
def test_formula_is_escaped(first):
    """Text that starts like a formula gets an apostrophe; so does such a list."""
    assert spreadsheet_text(f"{first}cmd|' /C calc'!A0") == f"'{first}cmd|' /C calc'!A0"
    assert spreadsheet_text([f"{first}1", "x"]) == f"'{first}1,x"


@pytest.mark.parametrize(
    ("value", "text"),
    [
        *[(-5, "-5"), (-5.25, "-5.25"), ("-5", "-5"), ("-5,25", "-5,25"), (0, "0")],
        *[("-2+3", "'-2+3"), ("+47 12", "'+47 12"), ("-", "'-"), ("a=b", "a=b"), ("", "")],
        *[(True, "true"), (None, ""), ([], ""), (["a", "b"], "a,b"), ([{"a": 1}], '[{"a": 1}]')],
        *[({"a": [1]}, '{"a": [1]}'), (12345678901234567890, "12345678901234567890")],
    ],
)
def test_numbers_are_not_escaped(value, text):
    """A number stays as it is, negative or not; text that only starts like one is escaped."""
    assert spreadsheet_text(value) == text


def test_raw(ardoq, run):
    """--raw writes text as it is; without it names, values and headers are escaped."""
    (row,) = rows_of(run("components --key APP-6 --format csv").out)
    assert (row["name"], row["description"]) == ("'=cmd|' /C calc'!A0", "'-2+3")
    (row,) = rows_of(run("components --key APP-6 --format csv --raw").out)
    assert (row["name"], row["description"]) == ("=cmd|' /C calc'!A0", "-2+3")
    assert run(["components", "--key", "APP-6", "--format", "csv", "--columns", "=1+1"]).out == '\'=1+1\n""\n'


@pytest.mark.parametrize("line", ["components", "components --workspace Apps"])
@pytest.mark.parametrize("api", ["v1", "v2"])
def test_csv_has_all_attributes(ardoq, run, api, line):
    """Custom fields are columns by name, and every value of every row is in the CSV."""
    rows = rows_of(run(f"{line} --format csv --raw --api {api}").out)
    entities = json.loads(run(f"{line} --format json --api {api}").out)
    assert list(rows[0])[:2] == ["name", "type"]
    for row, entity in zip(rows, entities, strict=True):
        assert {name: value for name, value in row.items() if value} == {
            name: cell_text(value) for name, value in flatten(entity).items() if cell_text(value)
        }
        assert row["lifecycle"] in ("Active", "Phased out")


def test_csv_on_terminal_is_escaped(ardoq, on_a_terminal):
    """On a terminal a CSV is escaped; in a file it has what Ardoq has."""
    output = on_a_terminal("components --workspace Apps --format csv --columns name", 80)
    assert ESCAPED in output
    assert "\x1b" not in output


def test_field_with_built_in_name():
    """A custom field with the name of a built-in attribute does not hide it."""
    assert flatten({"name": "a", "customFields": {"type": "x", "cost": 5}, "_meta": {"created": "t"}}) == {
        "name": "a",
        "customFields.type": "x",
        "cost": 5,
        "_meta.created": "t",
    }


def test_value_without_column(ardoq, run, tmp_path):
    """A value without a column in the header already written is reported."""
    dump = ardoq.dump()
    dump["components"][2]["customFields"]["stray"] = "here"
    ardoq.load(dump)
    ran = run("components --workspace Apps --format csv")
    assert (ran.status, len(ran.out.splitlines())) == (1, len(APPS_IN_ORDER) + 2)
    assert ran.err == (
        "ardoqpy: Some rows have attributes without a column: stray. Name them in --columns, or write to a "
        "file with --output FILE, which waits until all columns are known.\n"
    )
    assert run(f"components --workspace Apps --output {tmp_path}/a.csv").status == 0
    assert "stray" in rows_of((tmp_path / "a.csv").read_text())[0]
    assert run("components --workspace Apps --format csv --columns stray").out.split() == [
        "stray",
        *['""'] * 2,
        "here",
        *['""'] * 4,
    ]


@pytest.mark.parametrize(
    "line",
    [
        "components --format ndjson",
        "components --format json",
        "components --workspace Apps --format ndjson",
        "components --workspace Apps --format csv",
        "components --format csv --columns name,users",
        "report run 'All applications' --format csv",
        "request components --all --format ndjson",
    ],
)
def test_rows_are_streamed(ardoq, monkeypatch, line):
    """The rows of a page are written before the next page is requested."""
    seen = []

    class Watched(io.StringIO):
        def flush(self):
            seen.append((len(ardoq.requests), self.tell()))

    monkeypatch.setattr(sys, "stdout", Watched())
    assert main(shlex.split(line)) == 0
    written_at = {}
    for asked, written in seen:
        written_at.setdefault(asked, written)
    assert len(written_at) >= 4
    assert sorted(written_at.values()) == list(written_at.values())
    assert len(set(written_at.values())) == len(written_at)


def test_limit_stops_requests(ardoq, run):
    """--limit requests no more pages than it needs."""
    run("components --format ndjson --limit 3")
    assert len(ardoq.requests) == 2


@pytest.mark.parametrize(
    ("name", "first"),
    [("a.csv", "name,type"), ("a.json", "["), ("a.ndjson", "{"), ("a.jsonl", "{"), ("a.txt", "name")],
)
def test_output_file_format(ardoq, run, tmp_path, name, first):
    """--output writes UTF-8 to the file, in the format of its ending, and nothing elsewhere."""
    ran = run(f"components --output {tmp_path / name}")
    assert ran == (0, "", "")
    text = (tmp_path / name).read_bytes().decode("utf-8")
    assert text.startswith(first)
    assert "東京" in text
    assert "\r" not in text
    assert run(f"components --limit 1 --output {tmp_path / name} --format json").status == 0
    assert (tmp_path / name).read_text().startswith("[")


def test_output_file_is_atomic(ardoq, run, tmp_path):
    """If reading fails, the file is as it was before, and no other file is left."""
    target = tmp_path / "a.ndjson"
    target.write_text("before")
    target.chmod(0o600)
    iter_components = ArdoqClient.iter_components

    def breaking_off(self, **filters):
        yield from itertools.islice(iter_components(self, **filters), 3)
        raise ServiceUnavailable("It broke off.")

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(ArdoqClient, "iter_components", breaking_off)
        assert run(f"components --output {target}") == (1, "", "ardoqpy: It broke off.\n")
        assert len(run("components --format ndjson").out.splitlines()) == 3
    assert (target.read_text(), names_in(tmp_path)) == ("before", ["a.ndjson"])
    with target.open() as reader:
        assert run(f"components --output {target}").status == 0
        assert reader.read() == "before"  # who has it open reads on in the one that was there
    assert (stat.S_IMODE(target.stat().st_mode), names_in(tmp_path)) == (0o600, ["a.ndjson"])


def test_links_and_devices_are_not_replaced(ardoq, run, tmp_path):
    """A link is followed and stays a link; a pipe or device is written to."""
    (tmp_path / "link.json").symlink_to(tmp_path / "there.json")
    assert run(f"me --output {tmp_path}/link.json").status == 0
    assert (tmp_path / "link.json").is_symlink()
    assert json.loads((tmp_path / "there.json").read_text())["org"]["label"] == "emulator"
    os.mkfifo(tmp_path / "pipe")
    reader = os.open(tmp_path / "pipe", os.O_RDONLY | os.O_NONBLOCK)
    assert run(f"me --format json --output {tmp_path}/pipe").status == 0
    assert json.loads(os.read(reader, 1 << 16))["org"]["label"] == "emulator"
    os.close(reader)
    assert stat.S_ISFIFO((tmp_path / "pipe").stat().st_mode)


@pytest.mark.parametrize("path", ["/nowhere/at/all.json", "."])
def test_unwritable_file(ardoq, run, path):
    """A file that cannot be written is one sentence and exit code 1."""
    ran = run(f"me --output {path}")
    assert ran.status == 1
    assert ran.err.startswith(f"ardoqpy: The file '{path}' cannot be written: ")


def test_unknown_column(ardoq, run):
    """A misspelt column is empty, and the error suggests a similar one."""
    ran = run("components --workspace Apps --columns name,livecycle")
    assert (ran.status, ran.err) == (0, "ardoqpy: No row has 'livecycle': did you mean 'lifecycle'?\n")
    assert run("components --workspace Apps --columns key,lifecycle").err == ""


def test_terminal_without_unicode(ardoq, monkeypatch):
    """A terminal that cannot show a character gets an escape, not an error."""

    class Narrow(io.TextIOWrapper):
        def isatty(self):
            return True

    written = io.BytesIO()
    monkeypatch.setattr(sys, "stdout", Narrow(written, encoding="ascii"))
    assert main(["components", "--workspace", "Apps"]) == 0
    sys.stdout.flush()
    assert b"Zo\\xeb \\u6771\\u4eac" in written.getvalue()


def test_pipe_is_utf_8(ardoq, monkeypatch):
    """A pipe gets UTF-8 whatever the locale is."""
    written = io.BytesIO()
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(written, encoding="ascii"))
    assert main(["components", "--workspace", "Apps", "--format", "csv"]) == 0
    sys.stdout.flush()
    assert "Zoë 東京" in written.getvalue().decode("utf-8")
