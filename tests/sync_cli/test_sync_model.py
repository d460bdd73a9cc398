"""`ardoqpy-sync model`: what a model file has and Ardoq lacks is added, and all else stays as it is."""

import copy
import re

import pytest
from sheets import APP_MODEL, SEED, write_workbook

from ardoqpy import ArdoqClient
from ardoqpy.testing import emulator
from ardoqpy_sync.job.model_file import apply as apply_module

NEW = """\
format = 1
[[workspaces]]
name = "New"
component_types = [{ name = "Application" }, { name = "Module", parent = "Application" }]
reference_types = [{ name = "Depends on" }]
[[workspaces.fields]]
label = "Yearly cost"
type = "Number"
[[workspaces.fields]]
label = "Lifecycle"
type = "List"
options = ["Live", "Retired"]
description = "Where it is"
component_types = ["Module"]
reference_types = ["Depends on"]
"""
NEW_LINES = [
    "  - create workspace New",
    "  - create component type Application in workspace New",
    "  - create component type Module below Application in workspace New",
    "  - create reference type Depends on in workspace New",
    "  - create field Yearly cost (yearly_cost) in workspace New: Number",
    "  - create field Lifecycle (lifecycle) in workspace New: List, options Live, Retired",
]
#: What an existing workspace lacks: a type of each kind, an option, a field.
MORE = """\
format = 1
[[workspaces]]
name = "Apps"
component_types = [{ name = "Application" }, { name = "Module", parent = "Application" }, { name = "Team" }]
reference_types = [{ name = "Runs on" }, { name = "Owns" }]
[[workspaces.fields]]
label = "Livssyklus"
name = "lifecycle"
type = "List"
options = ["Live", "Phasing out"]
[[workspaces.fields]]
label = "Owner"
type = "Email"
"""
MORE_LINES = [
    "  - create component type Module below Application in workspace Apps",
    "  - create component type Team in workspace Apps",
    "  - create reference type Owns in workspace Apps",
    "  - create field Owner (owner) in workspace Apps: Email",
    "  - add options to field Livssyklus (lifecycle) in workspace Apps: Phasing out",
]


@pytest.fixture
def folder(ardoq, tmp_path, monkeypatch):
    """Load two workspaces, and change to an empty folder."""
    ardoq.load(SEED)
    ardoq.clear_requests()
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def model(folder, run):
    """Return a function that writes a model file, and plans or applies it."""

    def run_model(command, text):
        (folder / "model.toml").write_text(text, encoding="utf-8")
        return run(f"model {command} model.toml")

    return run_model


def additions(ran):
    """Return the lines of what was added."""
    return [line for line in ran.out.splitlines() if line.startswith("  - ")]


def differences(ran):
    """Return the lines of what differs."""
    return [line for line in ran.out.splitlines() if line.startswith("model.toml line")]


def writes(ardoq):
    """Return the requests that write, as method and path without ids."""
    requests = [request for request in ardoq.requests if request.method != "GET"]
    return [f"{request.method} {re.sub('/[0-9a-f]{24}', '/ID', request.path)}" for request in requests]


def model_of(ardoq, name):
    """Return the model of a workspace, and its fields by name."""
    dump = ardoq.dump()
    (workspace,) = [row for row in dump["workspaces"] if row["name"] == name]
    (row,) = [row for row in dump["models"] if row["_id"] == workspace["componentModel"]]
    return row, {field["name"]: field for field in dump["fields"] if field["model"] == row["_id"]}


def test_a_field_of_references_alone(ardoq, model, run):
    """A field with no component types is on its reference types alone; on nothing at all, it is a mistake."""
    on_references = NEW.replace('component_types = ["Module"]', "component_types = []")
    assert model("apply", on_references).status == 0
    row, fields = model_of(ardoq, "New")
    (number,) = row["referenceTypes"]
    field = fields["lifecycle"]
    assert (field["global"], field["componentType"], field["referenceType"]) == (False, [], [number])
    assert (run("model plan model.toml").status, fields["yearly_cost"]["global"]) == (0, True)
    ran = model("plan", on_references.replace('reference_types = ["Depends on"]\n', ""))
    assert (ran.status, "model.toml line 14: The field is on no type: set reference_types" in ran.err) == (
        1,
        True,
    )


def test_a_new_workspace(ardoq, model):
    """A plan writes nothing and lists all; apply makes the same of it; a second one sends no write."""
    planned = model("plan", NEW)
    assert (planned.status, additions(planned), writes(ardoq)) == (2, NEW_LINES, [])
    assert planned.out.endswith("6 additions would be made; nothing was written.\n")
    applied = model("apply", NEW)
    assert (applied.status, additions(applied)) == (0, NEW_LINES)
    assert applied.out.endswith("6 additions were made.\n")
    row, fields = model_of(ardoq, "New")
    ((type_id, top),) = row["root"].items()
    ((below_id, below),) = top["children"].items()
    assert (top["name"], below["name"], below["level"]) == ("Application", "Module", 2)
    assert type_id != below_id
    assert {number: kind["name"] for number, kind in row["referenceTypes"].items()} == {"1": "Depends on"}
    assert (fields["yearly_cost"]["type"], fields["yearly_cost"]["global"]) == ("Number", True)
    lifecycle = fields["lifecycle"]
    assert (lifecycle["defaultValue"], lifecycle["description"]) == ("Live,Retired", "Where it is")
    assert (lifecycle["componentType"], lifecycle["referenceType"]) == ([below_id], ["1"])
    ardoq.clear_requests()
    again = model("apply", NEW)
    assert (again.status, additions(again), writes(ardoq)) == (0, [], [])
    assert model("plan", NEW).status == 0


def test_an_existing_workspace_is_only_added_to(ardoq, model):
    """Types, styles, options and fields that the file does not have stay, at the version that was read."""
    before, fields_before = copy.deepcopy(model_of(ardoq, "Apps"))
    assert additions(model("plan", MORE)) == MORE_LINES
    applied = model("apply", MORE)
    assert (applied.status, additions(applied)) == (0, MORE_LINES)
    after, fields = model_of(ardoq, "Apps")
    assert after["_version"] == before["_version"] + 1
    application = after["root"]["p1"]
    assert {**application, "children": {}} == before["root"]["p1"]
    assert [kind["name"] for kind in application["children"].values()] == ["Module"]
    assert {number: after["referenceTypes"][number] for number in ("1", "2")} == before["referenceTypes"]
    assert after["referenceTypes"]["3"]["name"] == "Owns"
    assert {key: after[key] for key in ("name", "category", "flexible")} == {
        key: before[key] for key in ("name", "category", "flexible")
    }
    assert fields["lifecycle"]["defaultValue"] == "Live,Planned,Retired,Phasing out"
    assert {name: fields[name] for name in ("cmdb_id", "critical")} == {
        name: fields_before[name] for name in ("cmdb_id", "critical")
    }
    assert writes(ardoq) == ["PUT /api/model/ID", "POST /api/field", "PUT /api/field/ID"]


def test_what_differs_is_reported_and_left(ardoq, model):
    """What Ardoq has in another form has the line of the file, is not changed, and makes the exit code 1."""
    types = '{ name = "Application" }, { name = "Module", parent = "Application" }'
    text = (
        MORE.replace(types, '{ name = "application" }')
        .replace('"Runs on"', '"runs on"')
        .replace('"List"\noptions = ["Live", "Phasing out"]', '"Text"')
    )  # fmt: skip
    before = model_of(ardoq, "Apps")
    field = "field 'Livssyklus' (lifecycle)"
    expected = [
        "model.toml line 4: Workspace 'Apps' spells the component type 'application' as 'Application'.",
        "model.toml line 5: Workspace 'Apps' spells the reference type 'runs on' as 'Runs on'.",
        f"model.toml line 6: Workspace 'Apps' has the {field} with the type List, not Text.",
    ]
    remedy = " Change it in Ardoq, or in this file."
    for command in ("plan", "apply"):
        ran = model(command, text)
        assert (ran.status, differences(ran)) == (1, [f"{line}{remedy}" for line in expected])
    row, fields = model_of(ardoq, "Apps")
    assert [kind["name"] for kind in row["root"].values()] == ["Application", "Team"]
    assert fields["lifecycle"] == before[1]["lifecycle"]


OWNER = {"name": "owner", "label": "Owner", "type": "Email", "model": APP_MODEL}
SPELLED = "spells the option 'live' of the field 'Livssyklus' as 'Live'"


@pytest.mark.parametrize(
    ("change", "text", "message"),
    [
        (
            {"fields": [OWNER | {"label": "Owner of it"}]},
            MORE,
            "has the field 'Owner' (owner) with the label 'Owner of it'",
        ),
        (
            {"fields": [OWNER | {"name": "mail"}]},
            MORE.replace('"Owner"', '"Owner"\nname = "owner"'),
            "has the field 'Owner' (mail) with another name than 'owner'",
        ),
        (
            {"fields": [OWNER | {"calculatedFieldSettings": {"storedQueryId": "a"}}]},
            MORE,
            "has the field 'Owner' (owner) as a calculated one, which nobody can write",
        ),
        (
            {"fields": [OWNER | {"name": name} for name in "ab"]},
            MORE,
            "has 2 fields with the label 'Owner'",
        ),
        (
            {"root": {"p1": {"name": "Application", "children": {"p9": {"name": "Team"}}}}},
            MORE,
            "has the component type 'Team' below 'Application', not at the top",
        ),
        (
            {"root": {"p1": {"name": "Application"}, "p8": {"name": "Team"}, "p9": {"name": "Team"}}},
            MORE,
            "has 2 component types with the name 'Team'",
        ),
        (
            {"root": {"p1": {"name": "Application"}, "p8": {"name": "Application"}}},
            MORE,
            "has no component type 'Application', or several, to put 'Module' below",
        ),
        (
            {"referenceTypes": {"1": {"name": "Owns"}, "2": {"name": "Owns"}}},
            MORE,
            "has 2 reference types with the name 'Owns'",
        ),
        ({}, MORE.replace('"Live", ', '"live", '), SPELLED),
    ],
)  # fmt: skip
def test_every_difference_is_one_sentence(ardoq, model, change, text, message):
    """Each kind of difference is one sentence, and the others are still added."""
    seed = copy.deepcopy(SEED)
    seed["fields"] = [*change.pop("fields", []), *seed["fields"]]
    seed["models"][0] |= change
    ardoq.load(seed)
    ran = model("apply", text)
    assert ran.status == 1
    assert f"Workspace 'Apps' {message}. Change it in Ardoq, or in this file." in ran.out
    assert "create reference type" in ran.out or "Owns" in message
    assert additions(model("plan", text)) == []


def test_a_field_on_some_types_gets_the_others(ardoq, model):
    """A field that is not on a type of the file is added to it, and stays on those that it is on."""
    seed = copy.deepcopy(SEED)
    seed["models"][0]["root"]["p2"] = {"name": "Team"}
    seed["fields"].append(OWNER | {"componentType": ["p2"]})
    ardoq.load(seed)
    ran = model("apply", MORE)
    assert "  - show field Owner (owner) in workspace Apps on Application, Module" in additions(ran)
    row, fields = model_of(ardoq, "Apps")
    (module,) = row["root"]["p1"]["children"]
    assert fields["owner"]["componentType"] == ["p2", "p1", module]
    assert model("plan", MORE).status == 0


@pytest.mark.parametrize("key", ["root", "referenceTypes"])
def test_types_that_were_not_read_are_not_replaced(ardoq, model, monkeypatch, key):
    """If an answer has no types, nobody knows which there are: one sentence, and no write."""
    get_model = ArdoqClient.get_model

    def without(self, *arguments, **names):
        return {name: value for name, value in get_model(self, *arguments, **names).items() if name != key}

    monkeypatch.setattr(ArdoqClient, "get_model", without)
    for command in ("plan", "apply"):
        ran = model(command, MORE)
        assert ran.status == 1
        assert ran.err == (
            f"ardoqpy-sync: Ardoq's answer has no {key} in the model of workspace 'Apps'. It is not known "
            "which types there are, and nothing is written to the workspace.\n"
        )
    assert writes(ardoq) == []


def test_a_model_without_a_version_is_not_written(ardoq, model, monkeypatch):
    """Without the version that was read, a write could replace what somebody else has written."""
    get_model = ArdoqClient.get_model
    monkeypatch.setattr(
        ArdoqClient,
        "get_model",
        lambda self, **names: {k: v for k, v in get_model(self, **names).items() if k != "_version"},
    )
    ran = model("apply", MORE)
    assert (ran.status, writes(ardoq)) == (1, [])
    assert "has no version of the model of workspace 'Apps'" in ran.err


def test_somebody_elses_types_are_kept(ardoq, model, monkeypatch):
    """A model that is written between the read and the write is read and decided again: both stay."""
    update, other_writes = ArdoqClient.update_model, []

    def after_another(self, model_id, changed):
        if not other_writes:
            other_writes.append(model_id)
            theirs = ArdoqClient.get_model(self, model_id=model_id)
            theirs["root"]["p77"] = {"id": "p77", "name": "Theirs", "children": {}}
            theirs["referenceTypes"]["3"] = {"id": 3, "name": "Owns"}
            update(self, model_id, theirs)
        return update(self, model_id, changed)

    monkeypatch.setattr(ArdoqClient, "update_model", after_another)
    ran = model("apply", MORE)
    assert ran.status == 0
    assert additions(ran) == [line for line in MORE_LINES if "Owns" not in line]
    row, _ = model_of(ardoq, "Apps")
    assert {kind["name"] for kind in row["root"].values()} == {"Application", "Theirs", "Team"}
    assert [kind["name"] for kind in row["referenceTypes"].values()] == ["Depends on", "Runs on", "Owns"]


def test_somebody_elses_field_and_options_are_kept(ardoq, model, monkeypatch):
    """A field that somebody else creates or extends meanwhile is read and decided again."""
    create, update, seen = ArdoqClient.create_field, ArdoqClient.update_field, set()

    def create_after_another(self, field):
        if "create" not in seen:
            seen.add("create")
            create(self, {**field, "description": "theirs"})
        return create(self, field)

    def update_after_another(self, field_id, field):
        if "update" not in seen:
            seen.add("update")
            theirs = ArdoqClient.get_field(self, field_id)
            update(self, field_id, {**theirs, "defaultValue": f"{theirs['defaultValue']},Theirs"})
        return update(self, field_id, field)

    monkeypatch.setattr(ArdoqClient, "create_field", create_after_another)
    monkeypatch.setattr(ArdoqClient, "update_field", update_after_another)
    assert model("apply", MORE).status == 0
    _, fields = model_of(ardoq, "Apps")
    assert fields["owner"]["description"] == "theirs"
    assert fields["lifecycle"]["defaultValue"] == "Live,Planned,Retired,Theirs,Phasing out"


def test_endless_conflicts_end(ardoq, model):
    """If somebody else writes again and again, the command ends with the error, after some attempts."""
    ardoq.fail("status", status=409, method="PUT", path="/api/model*", times=100)
    ran = model("apply", MORE)
    assert (ran.status, additions(ran), ran.err.count("\n")) == (1, [], 1)
    assert writes(ardoq) == ["PUT /api/model/ID"] * apply_module.ATTEMPTS


def test_what_ardoq_does_not_keep_is_reported(ardoq, model, monkeypatch):
    """If Ardoq accepts a write and does not keep it, the command ends and says what lacks."""
    update = ArdoqClient.update_model

    def forget(self, model_id, changed):
        return update(self, model_id, {**ArdoqClient.get_model(self, model_id=model_id)})

    monkeypatch.setattr(ArdoqClient, "update_model", forget)
    ran = model("apply", MORE)
    assert ran.status == 1
    assert (
        "Ardoq does not keep what is written: after 8 attempts, it lacks: create component type Module"
        in ran.err
    )


@pytest.mark.parametrize(
    ("path", "kind"),
    [("/api/workspace", "drop-after"), ("/api/model", "drop-after"), ("/api/field", "drop-after")],
)
def test_a_create_without_an_answer_is_looked_for(ardoq, model, path, kind):
    """A create without an answer ends the run; the next one finds what it made, and makes nothing twice."""
    ardoq.fail(kind, method="POST", path=path)
    first = model("apply", NEW)
    assert (first.status, first.err.count("\n")) == (1, 1)
    assert model("apply", NEW).status == 0
    dump = ardoq.dump()
    assert [row["name"] for row in dump["workspaces"]].count("New") == 1
    assert [row["name"] for row in dump["models"]].count("New") == 1
    assert [row["label"] for row in dump["fields"]].count("Lifecycle") == 1
    assert model("plan", NEW).status == 0


def test_a_model_that_is_somebody_elses_is_not_taken(ardoq, model):
    """A model of the same name with other types is not what an earlier run made: a new one is made."""
    seed = copy.deepcopy(SEED)
    seed["models"].append({"_id": "9" * 24, "name": "New", "root": {"p1": {"name": "Theirs"}}})
    ardoq.load(seed)
    assert model("apply", NEW).status == 0
    (theirs,) = [row for row in ardoq.dump()["models"] if row["_id"] == "9" * 24]
    assert theirs["_version"] == 1


def test_a_shared_model_and_a_template(ardoq, model):
    """Another workspace with the same model is named; a template is never written."""
    seed = copy.deepcopy(SEED)
    seed["workspaces"].append({"_id": "8" * 24, "name": "Twin", "componentModel": APP_MODEL})
    ardoq.load(seed)
    ran = model("plan", MORE)
    assert "create component type Team in workspace Apps and Twin, which have the same model" in ran.out
    seed["models"][0]["useAsTemplate"] = True
    ardoq.load(seed)
    ran = model("apply", MORE)
    assert ran.status == 1
    assert differences(ran) == [
        "model.toml line 2: Workspace 'Apps' has a template as its model, which others use, too."
    ]


@pytest.mark.parametrize("names", [["apps"], ["Apps", "Apps"]])
def test_a_workspace_that_is_not_certain(ardoq, model, names):
    """Two workspaces of the name, or one in another letter case, is one sentence, and nothing is created."""
    seed = copy.deepcopy(SEED)
    seed["workspaces"] = [
        {"_id": str(number) * 24, "name": name, "componentModel": APP_MODEL}
        for number, name in enumerate(names, 1)
    ]
    ardoq.load(seed)
    ran = model("apply", MORE)
    assert ran.status == 1
    assert "model.toml line 3: It is not known which workspace 'Apps' means: there is" in ran.out
    assert len(ardoq.dump()["workspaces"]) == len(names)


NO_PARENT = "There is no component type 'Aplication' before this one: did you mean 'Application'?"
BUILT_IN = "No field can have the name 'version', which is that of a built-in attribute. Set another name."
COMMA = (
    "The option 'Old, gone' has a comma, or a blank at an end. API v1 has the options of a list as one text "
    "with commas."
)
NO_REFERENCE = "This workspace has no reference type 'Depend on': did you mean 'Depends on'?"
TOKEN = "A model file must not contain the token, because it is shared and stored. Set ARDOQ_API_TOKEN."
NO_OPTIONS = "A field of type Number has no options: remove them, or use List."
TWO_TYPES = '{ name = "A" }, { name = "a" }'


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("format = 1", "format = 2", "format is 2: this version of ardoqpy reads format 1."),
        ('name = "New"', 'nme = "New"', "'nme' is not a key of [[workspaces]]: did you mean 'name'?"),
        ('parent = "App', 'parent = "Ap', NO_PARENT),
        ('{ name = "Depends on" }', TWO_TYPES, "The reference type 'a' is in this file twice."),
        ('label = "Lifecycle"', 'label = "Yearly cost"', "The field 'yearly_cost' is in this file twice."),
        ('label = "Lifecycle"', 'label = "Version"', BUILT_IN),
        (
            'label = "Lifecycle"',
            'label = "%"',
            "'' is not valid as the name of a field: use letters, digits and _.",
        ),
        ('"Number"', '"Nmber"', "type is 'Nmber': did you mean 'Number'?"),
        ('"Number"', '"Number"\noptions = ["1"]', NO_OPTIONS),
        ('"Retired"', '"Old, gone"', COMMA),
        ('["Module"]', '["Modul"]', "This workspace has no component type 'Modul': did you mean 'Module'?"),
        ('= ["Depends on"]', '= ["Depend on"]', NO_REFERENCE),
        ("[[workspaces.fields]]", 'token = "x"\n[[workspaces.fields]]', TOKEN),
        ("format = 1", "format = ", "Not valid TOML: Invalid value."),
    ],
)
def test_a_mistake_in_the_file_has_its_line(folder, ardoq, model, old, new, message):
    """A mistake in the file is one sentence with its line, and no request is sent."""
    text = NEW.replace(old, new, 1)
    ran = model("apply", text)
    assert (ran.status, ran.out, ardoq.requests) == (1, "", [])
    found = re.findall(r"^ardoqpy-sync: model\.toml line (\d+): (.*)$", ran.err, re.MULTILINE)
    assert len(found) == len(ran.err.splitlines())
    (number,) = [number for number, sentence in found if sentence == message]
    first = next(index for index, line in enumerate(text.splitlines(), 1) if new.splitlines()[0] in line)
    assert first <= int(number) + 1


def test_a_model_file_that_does_not_exist(folder, run):
    """A missing file is one sentence that says how to write one."""
    assert run("model plan model.toml").err == (
        "ardoqpy-sync: model.toml: The model file does not exist. Write a first one with `ardoqpy-sync init "
        "--model`.\n"
    )


def test_it_is_labelled_experimental(run, model):
    """The help of both commands, and what they print, says that they are experimental."""
    for page in ("--help", "model --help", "model plan --help", "model apply --help"):
        assert "experimental" in run(page).out.lower()
    assert "API v1 (experimental)" in model("plan", NEW).out


# -- from a sheet -----------------------------------------------------------------------------------------


def test_from_a_workbook_to_a_report_without_an_account(tmp_path, monkeypatch, run):
    """On an empty emulator, a messy workbook needs four commands and no edit; the model is made offline."""
    monkeypatch.chdir(tmp_path)
    write_workbook(tmp_path / "cmdb.xlsx")
    with emulator() as server:
        monkeypatch.setenv("ARDOQ_API_HOST", server.url)
        monkeypatch.setenv("ARDOQ_API_TOKEN", server.token)
        ran = run("init --model --workspace 'My company' --source cmdb.xlsx")
        assert (ran.status, ran.err, server.requests) == (0, "", [])
        assert run("model apply model.toml").status == 0
        assert run("init --workspace 'My company' --source cmdb.xlsx").status == 0
        assert run("check job.toml").out.endswith("no problems found.\n")
        assert run("apply job.toml").status == 0
        dump = server.dump()
        assert (len(dump["components"]), len(dump["references"])) == (5, 9)
        assert run("plan job.toml").status == 0
    fields = {field["label"]: field["type"] for field in dump["fields"]}
    assert fields == {
        "CMDB-id": "Text",
        "Livssyklus": "Text",
        "Årlig rabatt": "Number",
        "Yearly costs": "Number",
        "Live since": "DateTime",
        "Kritisk": "Checkbox",
        "OS": "Text",
        "Protokoll": "Text",
    }
    (protocol,) = [field for field in dump["fields"] if field["label"] == "Protokoll"]
    assert (protocol["global"], protocol["componentType"]) == (False, [])


def test_types_of_fields_are_guessed_from_all_cells(folder, run):
    """Each column is a field of a type that all its cells have; a name that is a built-in one is another."""
    lines = ["Name,Code,Version,Mail,Page,Notes,State,On,Plus,"]
    lines += [
        f"App {number},{number:03},1.{number},a{number}@example.org,https://x/{number},{'long ' * 60},"
        f"{'Live' if number % 2 else 'Retired'},{'yes' if number % 2 else 'no'},,{number}"
        for number in range(1, 6)
    ]
    (folder / "apps.csv").write_text("\n".join(lines), encoding="utf-8")
    ran = run("init --model --workspace W --source apps.csv --output -")
    assert ran.status == 0
    fields = re.findall(r'label = "(.*)"\n(?:name = "(.*)"\n)?type = "(.*)"\n(?:options = (.*)\n)?', ran.out)
    assert fields == [
        ("Code", "", "Text", ""),
        ("Version", "version_value", "Number", ""),
        ("Mail", "", "Email", ""),
        ("Page", "", "Url", ""),
        ("Notes", "", "TextArea", ""),
        ("State", "", "List", '["Live", "Retired"]'),
        ("On", "", "Checkbox", ""),
        ("Plus", "", "Text", ""),
    ]


def test_codes_are_texts(folder, run):
    """What a number would change, such as 0341, +47 or 2.10 beside 2.1, is text."""
    lines = [
        "Name,Zip,Phone,Centre,Release,Cost",
        "A,0341,+4790000001,12E4,2.10,10.50",
        "B,7010,+4790000002,12E5,2.1,9",
    ]
    (folder / "apps.csv").write_text("\n".join(lines), encoding="utf-8")
    ran = run("init --model --workspace W --source apps.csv --output -")
    fields = dict(re.findall(r'label = "(.*)"\ntype = "(.*)"', ran.out))
    assert fields == {"Zip": "Text", "Phone": "Text", "Centre": "Text", "Release": "Text", "Cost": "Number"}


def test_nested_values_are_fields_by_their_paths(folder, ardoq, run):
    """Values within objects of JSON get a field each, and can be names; lists become no field."""
    (folder / "pods.json").write_text(
        '[{"meta": {"name": "a", "labels": {"k8s.io/app": "x"}}, "spec": {"n": 2}, "tags": ["t"]},'
        ' {"meta": {"name": "b", "labels": {}}, "spec": {"n": 3}, "tags": []}]'
    )
    ran = run("init --model --workspace W --source pods.json")
    assert "2 rows, lists in 'tags'.\n" in ran.out
    for command in ("model apply model.toml", "init --workspace W --source pods.json", "apply job.toml"):
        assert run(command).status == 0
    stored = {each["name"]: each["customFields"] for each in ardoq.dump()["components"]}
    assert (stored["a"]["meta_labels_k8s_io_app"], stored["a"]["spec_n"]) == ("x", 2)
    assert stored["b"]["spec_n"] == 3


@pytest.mark.parametrize("header", ["Name,Cost a,%,Cost-a,&", "Name,Cost-a,&,Cost a,%"])
def test_columns_that_differ_in_signs_only(folder, ardoq, run, header):
    """Columns without a letter, or of one name but for signs, have a field each, and `init` maps them so."""
    columns = header.split(",")
    (folder / "apps.csv").write_text(f"{header}\nShop,{','.join(columns[1:])}\n", encoding="utf-8")
    for command in ("init --model", "model apply model.toml", "init", "apply job.toml"):
        assert run(f"{command} --workspace W --source apps.csv" if "init" in command else command).status == 0
    fields = {field["label"]: field["name"] for field in ardoq.dump()["fields"]}
    (stored,) = (each["customFields"] for each in ardoq.dump()["components"] if each["name"] == "Shop")
    assert {label: stored[fields[label]] for label in columns[1:]} == {label: label for label in columns[1:]}


def test_a_model_is_made_for_one_workspace(folder, run):
    """Two workspaces for a model file are one sentence."""
    (folder / "apps.csv").write_text("Name\nShop\n", encoding="utf-8")
    ran = run("init --model --workspace A --workspace B --source apps.csv")
    assert ran.err == "ardoqpy-sync: A model file is made for one workspace: give --workspace once.\n"


def test_a_model_file_is_the_model_of_the_tests_of_a_job(folder, run):
    """A test of a job can name a model file: its types are those of an empty emulator with the model."""
    (folder / "model.toml").write_text(NEW, encoding="utf-8")
    (folder / "job.toml").write_text(
        """
format = 1
[sources.apps]
file = "apps.csv"
[[components]]
rows = "apps"
workspace = "New"
type = "Module"
name = "{Name}"
[components.fields]
Lifecycle = "{Status}"
[[tests]]
name = "Any letter case"
model = "model.toml"
rows.apps = [{ Name = "Shop", Status = "LIVE" }]
changes = [{ create = "Shop", type = "Module", set = { Lifecycle = "Live" } }]
""",
        encoding="utf-8",
    )
    assert run("test job.toml") == (0, "passed: Any letter case\n1 test passed.\n", "")
    (folder / "model.toml").write_text(NEW.replace('"Number"', '"Nmber"'), encoding="utf-8")
    ran = run("test job.toml")
    assert ran.status == 1
    assert "    job.toml line 14: model.toml line 8: type is 'Nmber': did you mean 'Number'?\n" in ran.out
