"""`ardoqpy-sync test`: the tests in a job run without Ardoq, and show how a run differs from them."""

import json
import re

import pytest
from nightly import MODEL, SEED, TESTS, job_text

from ardoqpy_sync.job import load_job

KEYED = """\
format = 1
[guard]
share = 0.5
[sources.apps]
file = "no-such-file.csv"
formats = { decimal = "," }
[[components]]
rows = "apps"
workspace = "Apps"
type = "Application"
key = "cmdb_id"
name = "{Name}"
description = "{Purpose}"
parent = { value = "{Part of}" }
missing = "delete"
[components.fields]
cmdb_id = "{Id}"
cost = "{Cost}"
"""
RENAME = """
[[tests]]
name = "A new name renames the application"
model = "model.json"
rows.apps = [{ Id = "1", Name = "Shop", Cost = "1,5" }]
before = [{ type = "Application", name = "Web shop", fields = { "CMDB id" = "1" } }]
"""


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """Change to a folder with a model, and no Ardoq in the environment."""
    for name in ("ARDOQ_API_HOST", "ARDOQ_API_TOKEN", "ARDOQ_ORG_LABEL"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.chdir(tmp_path)
    (tmp_path / "model.json").write_text(json.dumps(SEED), encoding="utf-8")
    return tmp_path


@pytest.fixture
def run_tests(folder, run):
    """Return a function that writes a job with tests, and runs them."""

    def run_job_tests(tests, job=KEYED):
        (folder / "job.toml").write_text(f"{job}\n{tests}", encoding="utf-8")
        return run("test job.toml")

    return run_job_tests


def line_of(folder, text):
    """Return the number of the line of the job that contains a text."""
    lines = (folder / "job.toml").read_text(encoding="utf-8").splitlines()
    return next(number for number, line in enumerate(lines, 1) if text in line)


@pytest.mark.parametrize("version", ["v1", "v2"])
def test_a_test_that_passes(run_tests, version):
    """A test passes without Ardoq, without its token and without its sources, on both versions."""
    ran = run_tests(TESTS, job_text(version).replace("apps.csv", "no-such-file.csv"))
    assert ran == (
        0,
        "passed: An application that needs another one has a reference to it\n1 test passed.\n",
        "",
    )


def test_the_tests_of_a_job_reach_no_ardoq(ardoq, run_tests):
    """The Ardoq in the environment and in the job gets no request, and its config file is not read."""
    named = f'[ardoq]\nhost = "{ardoq.url}"\norg = "mine"\nconfig = "no-such.cfg"\n'
    assert run_tests(TESTS, job_text().replace('[ardoq]\nversion = "v2"\n', named)).status == 0
    assert ardoq.requests == []


def test_other_commands_ignore_the_tests(home, run):
    """A run of the job does not need the model of its tests."""
    (home / "job.toml").write_text(f"{job_text()}\n{TESTS}")
    assert run("check job.toml").status == 0
    assert run("plan job.toml").status == 2


@pytest.mark.parametrize(
    ("changes", "lines"),
    [
        ('[{ update = "Shop", set = { name = "Shop", "Yearly cost" = 1.5 } }]', []),
        ('[{ update = "Shop" }]', []),
        ('[{ update = "Shop", type = "application" }]', []),
        (
            '[{ update = "Shop", set = { name = "Shop" } }]',
            [
                "  - update Shop (Application): name = Shop",
                "  + update Shop (Application): cost = 1.5, name = Shop  [apps row 1]",
            ],
        ),
        (
            '[{ update = "Shop", set = { name = "Shop", cost = 2 } }]',
            [
                "  - update Shop (Application): cost = 2, name = Shop",
                "  + update Shop (Application): cost = 1.5, name = Shop  [apps row 1]",
            ],
        ),
        ("[]", ["  + update Shop (Application): cost = 1.5, name = Shop  [apps row 1]"]),
        (
            '[{ create = "Shop", set = { cost = 1 } }]',
            [
                "  - create Shop: cost = 1",
                "  + update Shop (Application): cost = 1.5, name = Shop  [apps row 1]",
            ],
        ),
        (
            '[{ update = "Shop" }, { update = "Shop" }]',
            ["  - update Shop"],
        ),
    ],
)
def test_changes_are_compared(folder, run_tests, changes, lines):
    """All changes and no others are expected; what is not as expected is shown beside what happened."""
    ran = run_tests(f"{RENAME}changes = {changes}\n")
    if not lines:
        assert ran == (0, "passed: A new name renames the application\n1 test passed.\n", "")
        return
    head = f"FAILED: A new name renames the application  [job.toml line {line_of(folder, '[[tests]]')}]"
    end = "1 of 1 test failed (- expected, + what the run did)."
    assert ran == (1, "\n".join([head, *lines, end, ""]), "")


def test_a_parent_and_what_is_emptied(run_tests):
    """A parent is compared by name, and an empty text stands for a value that is removed."""
    ran = run_tests(
        """
[[tests]]
name = "Below"
model = "model.json"
rows.apps = [{ Id = "1", Name = "Shop" }, { Id = "2", Name = "Till", "Part of" = "Shop" }]
before = [
    { type = "Application", name = "Shop", description = "Sells", fields = { cmdb_id = "1" } },
    { type = "Application", name = "Old", parent = "Shop", fields = { cmdb_id = "2" } },
    { type = "depends on", source = "Old", target = "Shop" },
]
changes = [
    { update = "Shop", set = { description = "" } },
    { update = "Till", set = { name = "Till" } },
]
[[tests]]
name = "To the top"
rows.apps = [{ Id = "2", Name = "Till" }, { Id = "1", Name = "Shop", "Part of" = "Till" }]
before = [{ type = "Application", name = "Till", fields = { cmdb_id = "2" } }]
changes = [{ create = "Shop", set = { cmdb_id = "1", parent = "Till" } }]
"""
    )
    assert (ran.status, ran.out.splitlines()[-1]) == (0, "2 tests passed.")


GONE = """
[[tests]]
name = "Gone"
model = "model.json"
rows.apps = [{ Id = "1", Name = "Shop" }, { Id = "2", Name = "Till" }]
before = [
    { type = "Application", name = "Shop", fields = { cmdb_id = "1" } },
    { type = "Application", name = "Till", fields = { cmdb_id = "2" } },
    { type = "Application", name = "Fax", fields = { cmdb_id = "3" } },
]
"""


TOO_MANY = (
    "1 of the 3 components of type Application in workspace ... would be deleted, more than share=0.1. "
    "To allow it, set share = 0.34 under [guard] in the job file."
)


@pytest.mark.parametrize(
    ("expected", "job", "lines"),
    [
        ('changes = [{ delete = "Fax" }]', KEYED, []),
        ('changes = [{ delete = "Fax" }]\nmissing = []', KEYED, []),
        ('missing = ["Fax"]', KEYED.replace('"delete"', '"report"'), []),
        ('missing = ["Fax", "Shop"]', KEYED.replace('"delete"', '"report"'), ["  - missing: Shop"]),
        ("missing = []", KEYED.replace('"delete"', '"report"'), ["  + missing: Fax"]),
        ("blocked = true", KEYED.replace("0.5", "0.1"), []),
        ('changes = [{ delete = "Fax" }]\nblocked = true', KEYED, ["  - the delete guard blocks the run"]),
        ("", KEYED, ["  + delete Fax (Application)"]),
        (
            "",
            KEYED.replace("0.5", "0.1"),
            [f"  + the delete guard blocks the run: {TOO_MANY}"],
        ),
    ],
)
def test_what_is_missing_and_the_delete_guard(run_tests, expected, job, lines):
    """What is missing, deleted or blocked is compared, and the reasons of the guard are printed."""
    ran = run_tests(f"{GONE}{expected}\n", job)
    shown = [line for line in ran.out.splitlines() if line.startswith("  ")]
    shown = [re.sub(r"in workspace .*? would", "in workspace ... would", line) for line in shown]
    shown = [re.sub(r"  \[.*\]$", "", line) for line in shown]
    assert (ran.status, shown) == (1 if lines else 0, lines)


MUCH = (
    "'much' is not a valid number for field 'Yearly cost' (cost). "
    "Use only digits and a decimal sign, such as 1234.5."
)


@pytest.mark.parametrize(
    ("failed", "lines"),
    [
        ('["\'much\' is not a valid number"]', []),
        ("[]", [f"  + a row fails: {MUCH.replace('4.5', '4,5')}  [apps row 1]"]),
        ('["valid number", "much"]', ["  - a row fails: much"]),
    ],
)  # fmt: skip
def test_failed_rows_are_compared(run_tests, failed, lines):
    """Each row that fails has to be expected, by a part of its reason."""
    ran = run_tests(
        f"""
[[tests]]
name = "Bad"
model = "model.json"
rows.apps = [{{ Id = "1", Name = "Shop", Cost = "much" }}]
failed = {failed}
"""
    )
    assert (ran.status, [line for line in ran.out.splitlines() if line.startswith("  ")]) == (
        1 if lines else 0,
        lines,
    )


ROWS = 'rows is a dict: use a table such as { apps = [{ Name = "Web shop" }] }.'
FAILED = 'failed is 1: use a list of names, such as ["owner", "cost"].'
ACTION = 'A change needs one of the keys create, update and delete, such as { create = "Web shop" }.'


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("rows.apps", "rows.aps", "No mapping reads a source 'aps': did you mean 'apps'?"),
        ("Cost =", "Costs =", "No mapping reads a column 'Costs' of the source 'apps': did you mean 'Cost'?"),
        ("rows.apps = [", "rows.apps = [1, ", ROWS),
        ('name = "A new', 'nam = "A new', "'nam' is not a key of [[tests]]: did you mean 'name'?"),
        ("model =", "failed = 1 #", FAILED),
        (', name = "Web', ', nme = "Web', "'nme' is not a key of [[tests.before]]: did you mean 'name'?"),
        ('name = "Web shop"', 'source = "Web shop"', "A reference needs both ends: set source and target."),
        ("update =", "updated =", ACTION),
    ],
)
def test_a_mistake_in_a_test_has_its_line(folder, run_tests, run, old, new, message):
    """A mistake in a test is one sentence with its line, for every command that loads the job."""
    ran = run_tests(f'{RENAME}changes = [{{ update = "Shop" }}]\n'.replace(old, new))
    sentence = f"job.toml line {line_of(folder, new)}: {message}"
    assert ran.status == 1
    assert f"ardoqpy-sync: {sentence}" in ran.err.splitlines()
    assert sentence in run("check job.toml").out.splitlines()


NO_TYPE = "No workspace has a component type 'Aplication': did you mean 'Application'?"
NO_FILE = "The file 'no.json' cannot be read: No such file or directory."
NO_MODEL = (
    "The file 'list.json' is no model: use a model file, or a JSON object as `ardoqpy export` writes it."
)


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ('before = [{ type = "App', 'before = [{ type = "Ap', NO_TYPE),
        ('"CMDB id" =', '"CMDB" =', "Workspace 'Apps' has no field 'CMDB': did you mean 'CMDB id'?"),
        ("set = { cost", "set = { costs", "Workspace 'Apps' has no field 'costs': did you mean 'cost'?"),
        ("cost = 2", 'cost = "much"', MUCH),
        ('"model.json"', '"no.json"', NO_FILE),
        ('"model.json"', '"list.json"', NO_MODEL),
        ('"model.json"', '"bad.json"', 'bad.json: A seed needs "format": 1; this one has null.'),
    ],
)
def test_what_does_not_fit_the_model_has_its_line(folder, run_tests, old, new, message):
    """A name that the model does not have, and a file that is no model, fail the test with the line."""
    (folder / "list.json").write_text("[]")
    (folder / "bad.json").write_text("{}")
    tests = f'{RENAME}changes = [{{ update = "Shop", set = {{ cost = 2 }} }}]\n'
    ran = run_tests(tests.replace(old, new))
    assert ran.status == 1
    (line,) = [line for line in ran.out.splitlines() if line.startswith("    ")]
    number = int(re.search(r"line (\d+):", line)[1])
    assert line == f"    job.toml line {number}: {message}"
    assert number in (line_of(folder, new), line_of(folder, "[[tests]]"))


def test_a_type_that_the_model_lacks_fails_the_test(run_tests):
    """A job whose names the model does not have fails its tests with the lines of the job."""
    ran = run_tests(f"{RENAME}changes = []\n", KEYED.replace('type = "Application"', 'type = "Server"'))
    assert ran.status == 1
    assert "    job.toml line 10: Workspace 'Apps' has no component type 'Server'" in ran.out


def test_the_first_test_needs_a_model(folder, run_tests):
    """A later test has the model of the one before it; the first one has to name one."""
    ran = run_tests(TESTS.replace('model = "model.json"\n', ""), job_text())
    assert ran.status == 1
    assert (
        f"job.toml line {line_of(folder, '[[tests]]')}: The first of the [[tests]] has no key model"
        in ran.err
    )


def test_a_job_without_tests_does_not_pass(run_tests):
    """Without a test, the exit code is 1, so that nobody takes it for a passed one."""
    ran = run_tests("")
    assert ran.status == 1
    assert ran.err == (
        "ardoqpy-sync: The job 'job.toml' has no tests. Add [[tests]], each with name, rows and changes.\n"
    )


def test_two_workspaces_with_one_type(folder, run_tests):
    """If two workspaces have the type of a component, the test has to say in which it is."""
    other = {"_id": "e" * 24, "name": "Other", "componentModel": MODEL}
    seed = {**SEED, "workspaces": [*SEED["workspaces"], other]}
    (folder / "model.json").write_text(json.dumps(seed))
    ran = run_tests(f'{RENAME}changes = [{{ update = "Shop" }}]\n')
    assert "Workspaces 'Apps', 'Other' have the type 'Application'. Set workspace to one of them." in ran.out
    named = RENAME.replace('{ type = "Application"', '{ workspace = "Apps", type = "Application"')
    assert run_tests(f'{named}changes = [{{ update = "Shop" }}]\n').status == 0


def test_a_job_keeps_its_tests_as_data(folder, run_tests):
    """The tests of a loaded job have their rows, what is before, and the model of the one before."""
    run_tests(f'{RENAME}\n[[tests]]\nname = "Nothing"\n')
    first, second = load_job(folder / "job.toml").tests
    assert first.rows == {"apps": ({"Id": "1", "Name": "Shop", "Cost": "1,5"},)}
    assert (second.model, second.changes, second.missing) == ("model.json", (), None)


NESTED = """\
format = 1
[sources.apps]
file = "no-such-file.json"
[[components]]
rows = "apps"
workspace = "Apps"
type = "Application"
name = "{meta.name}"
description = "{meta.note.text}"
where = { "meta.tags[].text" = { blank = true } }
"""


def test_a_nested_value_that_a_row_leaves_out_is_blank(run_tests):
    """A path that a row does not have is blank, as a column is, also if it has other values of the object."""
    ran = run_tests(
        """
[[tests]]
name = "An application without tags"
model = "model.json"
rows.apps = [{ meta = { name = "Shop" } }]
changes = [{ create = "Shop" }]
[[tests]]
name = "A key of the whole name"
rows.apps = [{ "meta.name" = "Shop", meta = { note = { text = "web" } } }]
changes = [{ create = "Shop", set = { description = "web" } }]
""",
        NESTED,
    )
    assert ran.out.endswith("2 tests passed.\n"), ran.out


@pytest.mark.parametrize(
    ("row", "path"),
    [
        ('{ meta = { nme = "Shop" } }', "meta.nme"),
        ('{ meta = { name = "Shop", tags = [{ text = "a" }, { txt = "b" }] } }', "meta.tags[1].txt"),
    ],
)
def test_a_nested_value_that_no_mapping_reads_has_its_line(folder, run_tests, row, path):
    """A misspelled key within a value is reported with its line: otherwise it would count as blank."""
    ran = run_tests(f'\n[[tests]]\nname = "Any"\nmodel = "model.json"\nrows.apps = [{row}]\n', NESTED)
    assert f"No mapping reads a column '{path}' of the source 'apps'" in ran.err
    assert f"job.toml line {line_of(folder, row)}: " in ran.err
