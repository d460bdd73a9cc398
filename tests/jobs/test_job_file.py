"""What a job file may say, and the sentence that a person gets for what it may not."""

import textwrap

import pytest

from ardoqpy.errors import ConfigurationError
from ardoqpy_sync.job import JobInvalid, load_job, parse_job

WHOLE = """
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


def told(text):
    """Return what is wrong with a job: each trouble as (line, key, sentence)."""
    with pytest.raises(JobInvalid) as refused:
        parse_job(textwrap.dedent(text).lstrip("\n"), "job.toml")
    return [(one.line, one.key, one.sentence) for one in refused.value.troubles]


def test_a_job_is_plain_data():
    """What a file says is in the job, names and templates as they stand there."""
    job = parse_job(WHOLE, "night/job.toml")
    assert (job.name, job.ardoq["version"], job.guard) == ("Applications", "v2", {"share": 0.3})
    (components,), (references,) = job.components, job.references
    assert (components.rows, components.workspace, components.type) == ("apps", "Apps", "Application")
    assert (components.key, components.parent.value.columns) == ("cmdb_id", ("Parent",))
    assert components.parent.type == "Application"
    assert components.where == {"Kind": ("App", "5", "true")}
    assert components.never_null is True
    assert (components.missing.deed, components.missing.marks) == ("set", {"lifecycle": "Retired"})
    assert (references.source.workspace, references.target.workspace) == ("Apps", "Servers")
    assert references.target.split == ","
    assert references.missing.deed == "report"


def test_without_a_name_a_job_is_called_as_its_file(tmp_path):
    """The name may be left out; a byte order mark and Windows line ends do no harm."""
    text = WHOLE.replace('name = "Applications"\n', "").replace("\n", "\r\n")
    (tmp_path / "cmdb.toml").write_bytes(b"\xef\xbb\xbf" + text.encode())
    assert load_job(tmp_path / "cmdb.toml").name == "cmdb"


@pytest.mark.parametrize(
    ("old", "new", "line", "key", "sentence"),
    [
        ("format = 1", "format = 2", 2, "format", "Format is 2: this version of ardoqpy reads format 1."),
        ("format = 1", 'format = "1"', 2, "format", "Format is '1': give 1."),
        ("format = 1\n", "", None, "", "The top of a job has no format: give 1."),
        ("name = ", "nmae = ", 3, "nmae", "'nmae' is no key of the top of a job: did you mean 'name'?"),
        ('"v2"', '"v3"', 7, "ardoq.version", "Version is 'v3': there is 'v1' and 'v2'."),
        ("0.3", "30", 10, "guard.share", "Share is 30: give a number from 0 to 1, such as 0.2."),
        ("apps.csv", "apps.xyz", 12, "sources.apps", "The source has no type, and the file 'apps.xyz'"),
        ("file =", "fiel =", 12, "sources.apps", "The source has no type: there is 'csv'"),
        ('rows = "apps"\nworkspace', 'rows = "aps"\nworkspace', 16, "components.1.rows",
         "There is no source 'aps': did you mean 'apps'?"),
        ("{Name}", "{Name", 20, "components.1.name",
         "Name is '{Name': it has a '{' alone: write a column as {Name}, a brace as {{."),
        ('key = "cmdb_id"', 'key = "id"', 19, "components.1.key",
         "The key 'id' is not among the fields of this mapping: map it in fields, or say key = \"name\"."),
        ('["lifecycle"]', '["lifecycel"]', 24, "components.1.create_only.1",
         "Create_only names 'lifecycel', which is not mapped: did you mean 'lifecycle'?"),
        ('["App", 5, true]', "{}", 23, "components.1.where",
         "Where is a dict: give a table such as"),
        ('{ value = "{Parent}" }', '{ vlaue = "{Parent}" }', 22, "components.1.parent.vlaue",
         "'vlaue' is no key of [components.parent]: did you mean 'value'?"),
        ('{ value = "{Parent}" }', '{ value = "{Parent}", split = "," }', 22, "components.1.parent.split",
         "'split' is no key of [components.parent]"),
        ('"Retired"', '"{Name}"', 26, "components.1.missing",
         "Missing is a dict: what is set is the same for each, so it names no column."),
        ('{ set = { lifecycle = "Retired" } }', '"remove"', 26, "components.1.missing",
         "Missing is 'remove': there is 'report' and 'delete'."),
        ('workspace = "Apps"\ntype = "depends on"', 'type = "depends on"', 34, "references.1.source",
         "Source has no workspace: give it here, or for both ends as workspace."),
        ('cmdb_id = "{Id}"', "cmdb_id = { a = 1 }", 28, "components.1.fields.cmdb_id",
         "Cmdb_id is a dict: give a column such as"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_told_with_its_line(old, new, line, key, sentence):
    """Each mistake is one sentence that names the thing and the remedy, with its line and its key."""
    assert old in WHOLE
    troubles = told("#" + WHOLE.replace(old, new, 1) if line else WHOLE.replace(old, new, 1))
    assert troubles[0][0] == line
    assert troubles[0][1] == key
    assert troubles[0][2].startswith(sentence)


def test_everything_is_told_at_once():
    """Several mistakes are all told, in the order of their lines, as text and as data."""
    text = WHOLE.replace('"v2"', '"v3"').replace("{Name}", "{Name").replace("share", "shore")
    with pytest.raises(JobInvalid) as refused:
        parse_job(text, "job.toml")
    lines = str(refused.value).splitlines()
    assert [line.partition(":")[0] for line in lines] == [
        "job.toml line 7", "job.toml line 10", "job.toml line 20", "job.toml line 35"
    ]  # fmt: skip
    assert isinstance(refused.value, ConfigurationError)
    assert refused.value.troubles[0].as_dict() == {
        "line": 7, "key": "ardoq.version", "sentence": "Version is 'v3': there is 'v1' and 'v2'."
    }  # fmt: skip


@pytest.mark.parametrize("key", ["token", "api_key", "password"])
def test_the_token_does_not_belong_in_a_job(key):
    """Whoever writes it there is told where it belongs, and the sentence does not repeat it."""
    text = WHOLE.replace("[ardoq]", f'[ardoq]\n{key} = "s3cret-token"')
    ((line, where, sentence),) = told(text)
    assert (line, where) == (5, f"ardoq.{key}")
    assert "set ARDOQ_API_TOKEN" in sentence
    assert "s3cret" not in sentence


def test_transactions_need_v2():
    """A job on v1 that asks for batches is refused before Ardoq would be."""
    ((_, key, sentence),) = told(WHOLE.replace('version = "v2"', 'version = "v1"\nbatch = true'))
    assert (key, sentence) == (
        "ardoq.batch", 'API v1 has no transactions: leave batch out, or say version = "v2".'
    )  # fmt: skip


def test_a_job_that_does_nothing_is_refused():
    """Without a mapping there is nothing to do; without a source there is nothing to read."""
    assert (
        "neither [[components]] nor [[references]]" in told('format = 1\n[sources.a]\nfile = "a.csv"')[0][2]
    )
    assert "The top of a job has no sources" in told("format = 1")[0][2]
    assert "There is no source: give each a table" in told("format = 1\n[sources]")[0][2]


def test_text_that_is_no_toml_is_told_with_its_line():
    """What the reader of TOML says is told as a line of the job."""
    assert told("format = 1\nname = Apps\n") == [(2, "", "this is no TOML: invalid value.")]
    assert told("a = " + "[" * 5000)[0][2].startswith("this is no")


@pytest.mark.parametrize(
    ("make", "sentence"),
    [
        (lambda _: None, "is not there: `ardoqpy-sync init` writes a first one."),
        (lambda path: path.mkdir(), "cannot be read: Is a directory."),
        (lambda path: path.write_bytes(b"\xff\xfe\x00"), "is not UTF-8 text."),
        (lambda path: path.write_bytes(b" " * (10 * 2**20 + 1)), "is larger than any job"),
    ],
)
def test_a_file_that_is_no_job(tmp_path, make, sentence):
    """A missing file, a folder, another encoding and a huge file are each refused in a sentence."""
    path = tmp_path / "job.toml"
    make(path)
    with pytest.raises(JobInvalid) as refused:
        load_job(path)
    assert str(refused.value).startswith(f"{path}: The job file {sentence}")
