"""Parsing of job files, and the message for each mistake."""

import textwrap

import pytest

from ardoqpy.errors import ConfigurationError
from ardoqpy_sync.job import JobInvalid, load_job, parse_job

COMPLETE = """
format = 1
name = "Applications"

[ardoq]
host = "https://yourorg.ardoq.com"
version = "v2"

[guard]
share = 0.3

[sources.apps]
file = "apps.csv"

[[components]]
rows = "apps"
workspace = "Apps"
type = "Application"
key = "cmdb_id"
name = "{Name}"
description = "Owned by {Owner}"
parent = { value = "{Parent}" }
where = { Kind = ["App", 5, true] }
create_only = ["lifecycle"]
never_null = true
missing = { set = { lifecycle = "Retired" } }
[components.fields]
cmdb_id = "{Id}"
lifecycle = "Live"

[[references]]
rows = "apps"
workspace = "Apps"
type = "depends on"
source = { type = "Application", value = "{Name}" }
target = { type = "Server", workspace = "Servers", value = "{Host}", split = "," }
"""


def problems_of(text):
    """Return the problems of a job as (line, key, message)."""
    with pytest.raises(JobInvalid) as error:
        parse_job(textwrap.dedent(text).lstrip("\n"), "job.toml")
    return [(problem.line, problem.key, problem.message) for problem in error.value.problems]


def test_parsed_job_has_the_content_of_the_file():
    """A job has the names and templates of its file, and defaults for the rest."""
    job = parse_job(COMPLETE, "folder/job.toml")
    assert (job.name, job.ardoq["version"], job.guard) == ("Applications", "v2", {"share": 0.3})
    (components,), (references,) = job.components, job.references
    assert (components.rows, components.workspace, components.type) == ("apps", "Apps", "Application")
    assert (components.key, components.parent.value.columns) == ("cmdb_id", ("Parent",))
    assert components.parent.types == ("Application",)
    assert components.where == {"Kind": ("App", "5", "true")}
    assert components.never_null is True
    assert (components.missing.action, components.missing.values) == ("set", {"lifecycle": "Retired"})
    assert (references.source.workspace, references.target.workspace) == ("Apps", "Servers")
    assert references.target.split == ","
    assert references.missing.action == "report"


def test_default_name_is_the_name_of_the_file(tmp_path):
    """The name is optional; a byte order mark and Windows line ends are accepted."""
    text = COMPLETE.replace('name = "Applications"\n', "").replace("\n", "\r\n")
    (tmp_path / "cmdb.toml").write_bytes(b"\xef\xbb\xbf" + text.encode())
    assert load_job(tmp_path / "cmdb.toml").name == "cmdb"


@pytest.mark.parametrize(
    ("old", "new", "line", "key", "message"),
    [
        ("format = 1", "format = 2", 2, "format", "format is 2: this version of ardoqpy reads format 1."),
        ("format = 1", 'format = "1"', 2, "format", "format is '1': use 1."),
        ("format = 1\n", "", None, "", "the top-level table has no key format: set it to 1."),
        ("name = ", "nmae = ", 3, "nmae", "'nmae' is not a key of the top-level table: did you mean 'name'?"),
        ('"v2"', '"v3"', 7, "ardoq.version", "version is 'v3': there are 'v1' and 'v2'."),
        ("0.3", "30", 10, "guard.share", "share is 30: use a number from 0 to 1, such as 0.2."),
        ("apps.csv", "apps.xyz", 13, "sources.apps.file",
         "The source has no type, and the name of the file 'app"),
        ("file =", "fiel =", 12, "sources.apps", "The source has no type: there are 'csv'"),
        ('rows = "apps"\nworkspace', 'rows = "aps"\nworkspace', 16, "components.1.rows",
         "There is no source 'aps': did you mean 'apps'?"),
        ("{Name}", "{Name", 20, "components.1.name",
         "name is '{Name': it has a single '{'. Write a column as {Name}, and a brace as {{."),
        ('key = "cmdb_id"', 'key = "id"', 19, "components.1.key",
         "The key 'id' is not in the fields of this mapping. Add it to fields, or set key = \"name\"."),
        ('["lifecycle"]', '["lifecycel"]', 24, "components.1.create_only.1",
         "create_only has 'lifecycel', which is not mapped: did you mean 'lifecycle'?"),
        ('["App", 5, true]', "{}", 23, "components.1.where",
         "where is a dict: use a table such as"),
        ('{ value = "{Parent}" }', '{ vlaue = "{Parent}" }', 22, "components.1.parent.vlaue",
         "'vlaue' is not a key of [components.parent]: did you mean 'value'?"),
        ('{ value = "{Parent}" }', '{ value = "{Parent}", split = "," }', 22, "components.1.parent.split",
         "'split' is not a key of [components.parent]"),
        ('"Retired"', '"{Name}"', 26, "components.1.missing",
         "missing: the values to set are constants, without columns."),
        ('{ set = { lifecycle = "Retired" } }', '"remove"', 26, "components.1.missing",
         "missing is 'remove': there are 'report' and 'delete'."),
        ('workspace = "Apps"\ntype = "depends on"', 'type = "depends on"', 34, "references.1.source",
         "source has no workspace: set workspace here, or in the mapping for both ends."),
        ('cmdb_id = "{Id}"', "cmdb_id = { a = 1 }", 28, "components.1.fields.cmdb_id",
         "cmdb_id is a dict: use a column such as"),
    ],
)  # fmt: skip
def test_problem_has_line_key_and_remedy(old, new, line, key, message):
    """Each mistake gives a message with a remedy, its line and its key."""
    assert old in COMPLETE
    problem = problems_of("#" + COMPLETE.replace(old, new, 1) if line else COMPLETE.replace(old, new, 1))[0]
    assert problem[:2] == (line, key)
    assert problem[2].startswith(message)


def test_all_problems_are_reported():
    """All mistakes are reported in the order of their lines, as text and as data."""
    text = COMPLETE.replace('"v2"', '"v3"').replace("{Name}", "{Name").replace("share", "shore")
    with pytest.raises(JobInvalid) as error:
        parse_job(text, "job.toml")
    lines = str(error.value).splitlines()
    assert [line.partition(":")[0] for line in lines] == [
        "job.toml line 7", "job.toml line 10", "job.toml line 20", "job.toml line 35"
    ]  # fmt: skip
    assert isinstance(error.value, ConfigurationError)
    assert error.value.problems[0]._asdict() == {
        "line": 7, "key": "ardoq.version", "message": "version is 'v3': there are 'v1' and 'v2'."
    }  # fmt: skip


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ('file = "apps.csv"', 'file = "apps.csv"\nspelling = {}', "has no key 'spelling': there are "),
        (
            'file = "apps.csv"',
            'file = "apps.csv"\nformat = {}',
            "has no key 'format': did you mean 'formats'?",
        ),
        (
            "[guard]",
            '[run]\nmemory = "x"\n[guard]',
            "there are 'on_error', 'ledger', 'keep_runs', 'redact', 'lock_file' and 'lock_stale_after'.",
        ),
    ],
)
def test_renamed_keys_are_unknown(old, new, message):
    """Former names of keys are unknown keys, with a suggestion."""
    ((_, _, problem),) = problems_of(COMPLETE.replace(old, new))
    assert message in problem


@pytest.mark.parametrize("key", ["token", "api_key", "password"])
def test_token_in_a_job_is_rejected(key):
    """A token is rejected with a remedy, and the message does not repeat it."""
    text = COMPLETE.replace("[ardoq]", f'[ardoq]\n{key} = "s3cret-token"')
    ((line, reported_key, message),) = problems_of(text)
    assert (line, reported_key) == (5, f"ardoq.{key}")
    assert "Set ARDOQ_API_TOKEN" in message
    assert "s3cret" not in message


def test_batches_need_v2():
    """A job on v1 with batches is rejected."""
    ((_, key, message),) = problems_of(COMPLETE.replace('version = "v2"', 'version = "v1"\nbatch = true'))
    assert (key, message) == ("ardoq.batch", 'API v1 has no batches. Remove batch, or set version = "v2".')


def test_job_without_mappings_or_sources_is_rejected():
    """A job needs at least one mapping and one source."""
    without_mappings = problems_of('format = 1\n[sources.a]\nfile = "a.csv"')
    assert without_mappings[0][2] == "The job does nothing. Add [[components]] or [[references]]."
    assert "the top-level table has no key sources" in problems_of("format = 1")[0][2]
    assert "There is no source. Add a table for each" in problems_of("format = 1\n[sources]")[0][2]


def test_invalid_toml_is_reported_with_its_line():
    """An error of the TOML parser is reported with its line."""
    assert problems_of("format = 1\nname = Apps\n") == [(2, "", "Not valid TOML: Invalid value.")]
    assert problems_of("a = " + "[" * 5000)[0][2].startswith("Not a valid job")
    many_digits = (2, "", "Not a valid job: a number has too many digits.")
    assert problems_of(f"format = 1\ncount = {'9' * 5000}\n") == [many_digits]


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda _: None, "does not exist. Write a first one with `ardoqpy-sync init`."),
        (lambda path: path.mkdir(), "cannot be read: Is a directory."),
        (lambda path: path.write_bytes(b"\xff\xfe\x00"), "is not UTF-8 text."),
        (lambda path: path.write_bytes(b" " * (10 * 2**20 + 1)), "is larger than 10 MB."),
    ],
)
def test_unreadable_job_file_is_rejected(tmp_path, make, message):
    """A missing file, a folder, another encoding and a huge file are rejected with a message each."""
    path = tmp_path / "job.toml"
    make(path)
    with pytest.raises(JobInvalid) as error:
        load_job(path)
    assert str(error.value).startswith(f"{path}: The job file {message}")


@pytest.mark.parametrize(
    "text",
    ["a." * 20_000 + "b = 1", "[" + "a . " * 20_000 + "b]", "x = {" + '"a".' * 20_000 + "b = 1}"],
)
def test_key_of_many_parts_is_refused(text, monkeypatch):
    """A key of thousands of parts is one sentence with its line, and tomllib, too slow for it, not called."""
    monkeypatch.setattr("tomllib.loads", None)
    ((line, _, problem),) = problems_of(f"format = 1\n{text}")
    assert (line, problem) == (2, "Not a valid job: a key has over 100 parts.")


def test_long_texts_with_dots_are_no_keys():
    """Sentences, addresses and long words in a text are not taken for a key of many parts."""
    words = "One sentence. Another one. " * 100 + "10.0.0.1, " * 200 + "x" * 300_000
    job = parse_job(COMPLETE.replace('name = "Applications"', f'name = "{words}"'), "job.toml")
    assert job.name == words
