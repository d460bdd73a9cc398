"""`ardoqpy-sync init`: maps for values that are not quite the options of a field, or the names of types."""

import copy
import re

import pytest
from sheets import APP_MODEL, SEED

from ardoqpy import ArdoqClient
from ardoqpy_sync.job import load_job
from ardoqpy_sync.job.scaffold import scaffold_job
from ardoqpy_sync.job.scaffold.value_maps import find_meaning

LIFECYCLES = ("Live", "Planned", "Phasing out", "Retired")


def seed():
    """Return the organisation of the other tests, with two more component types and two more list fields."""
    organisation = copy.deepcopy(SEED)
    organisation["models"][0]["root"] |= {"p3": {"name": "Interface"}, "p4": {"name": "Team"}}
    shared = {"model": APP_MODEL, "global": True}
    organisation["fields"] += [
        {"name": name, "label": label, "type": kind, "defaultValue": options, **shared}
        for name, label, kind, options in (
            ("markets", "Markeder", "SelectMultipleList", "Danmark,Norge,Sverige"),
            ("importance", "Viktighet", "List", "Høy,Middels,Lav"),
        )
    ]
    return organisation


@pytest.fixture
def init(ardoq, tmp_path, monkeypatch, run):
    """Return a function that writes CSV files by name, and runs `init` on them."""
    ardoq.load(seed())
    monkeypatch.chdir(tmp_path)

    def init(**files):
        for name, lines in files.items():
            (tmp_path / f"{name}.csv").write_text("\n".join(lines), encoding="utf-8")
        options = " ".join(f"--source {name}.csv" for name in files)
        done = run(f"init --workspace Apps {options}")
        assert (done.status, done.err) == (0, "")
        return done.out, (tmp_path / "job.toml").read_text(encoding="utf-8")

    return init


@pytest.fixture
def edit(tmp_path):
    """Return a function that replaces texts in the job."""

    def edit(replacements):
        path = tmp_path / "job.toml"
        text = path.read_text(encoding="utf-8")
        for old, new in replacements.items():
            assert text.count(old) == 1, (old, text)
            text = text.replace(old, new)
        path.write_text(text, encoding="utf-8")

    return edit


def stored(ardoq):
    """Return the custom fields of the stored components by name."""
    return {component["name"]: component.get("customFields", {}) for component in ardoq.dump()["components"]}


@pytest.mark.parametrize(
    ("value", "options", "meaning"),
    [
        ("Live", LIFECYCLES, "Live"),
        ("LIVE", LIFECYCLES, "Live"),
        ("live", ("Live", "LIVE"), None),
        ("LIVE", ("Live", "LIVE"), "LIVE"),
        ("PhasingOut", LIFECYCLES, "Phasing out"),
        ("phasing  out", LIFECYCLES, "Phasing out"),
        ("Hoy", ("Høy", "Lav"), "Høy"),
        ("MÜNCHEN", ("Munchen",), "Munchen"),
        ("Retird", LIFECYCLES, "Retired"),
        ("Rteired", LIFECYCLES, "Retired"),
        ("Retiredd", LIFECYCLES, "Retired"),
        ("Rtird", LIFECYCLES, None),
        ("Pahsign out", LIFECYCLES, "Phasing out"),
        ("Phasing uot", LIFECYCLES, None),
        ("Lve", LIFECYCLES, None),
        ("Untired", LIFECYCLES, None),
        ("Supported", ("Unsupported",), None),
        ("Typical", ("Atypical",), None),
        ("Not live", LIFECYCLES, None),
        ("Tier 1", ("Tier 2",), None),
        ("Tier1", ("Tier2",), None),
        ("Phase II", ("Phase I",), None),
        ("Band", ("Bond", "Bard"), None),
        ("C++", ("C",), None),
        ("Tier 1.5", ("Tier 15",), None),
        ("On-premise", ("Onpremise",), "Onpremise"),
        ("on prem", ("On-Prem", "On Prem"), "On Prem"),
        ("on/prem", ("On-Prem", "On Prem"), None),
        ("I drift", LIFECYCLES, None),
        ("-", LIFECYCLES, None),
        ("", LIFECYCLES, None),
    ],
)
def test_a_value_means_a_name_only_if_it_is_sure(value, options, meaning):
    """A value means the one name with its letters or a typing error, but none in numbers and short words."""
    assert find_meaning(value, options) == meaning


def test_dashes_and_words_for_nothing_are_blank(init, ardoq, run):
    """Cells that are sure to stand for nothing are blank in the job, and in no guess about their columns."""
    out, text = init(
        apps=["Navn,Livssyklus,Yearly cost", "Shop,LIVE,N/A", "Till,-,5", "Fax,,\u2013", "Web,Live,k. a."]
    )
    assert "4 rows, cells that stand for nothing: 'N/A', '-', '\u2013', 'k. a.'.\n" in out
    assert 'blank = ["N/A", "-", "\u2013", "k. a."]\n' in text
    assert "map" not in text.partition("format = 1")[2]
    assert run("apply job.toml").status == 0
    assert stored(ardoq)["Till"].get("lifecycle") is None
    assert (stored(ardoq)["Till"]["yearly_cost"], stored(ardoq)["Shop"].get("yearly_cost")) == (5, None)


def test_near_values_are_a_map_and_the_others_are_comments(init, edit, ardoq, run):
    """Near values are mapped, the others are comments to be filled in; then no row fails."""
    out, text = init(
        apps=["Navn,Livssyklus", "Shop,LIVE", "Till,Retird", "Fax,I drift", "Web,Planned", "Db,?"]
    )
    assert "apps.csv: values of 'Livssyklus' need a map: 2 mapped to near names, 2 to be filled in.\n" in out
    assert (
        "[sources.rows.columns.Livssyklus]\n"
        'otherwise = "keep"\n'
        "[sources.rows.columns.Livssyklus.map]\n"
        '# Values can stand for "Live", "Planned", "Retired". Check what they are mapped to.\n'
        '"LIVE" = "Live"\n'
        '"Retird" = "Retired"\n'
        '# Write what these stand for, "" for nothing, and remove the signs #:\n'
        '# "I drift" = "..."\n'
        '# "?" = "..."\n'
    ) in text
    assert "2 rows with such a problem: apps.csv line 4, apps.csv line 6.\n" in run("check job.toml").out
    edit({'# "I drift" = "..."': '"I drift" = "Live"', '# "?" = "..."': '"?" = ""'})
    assert run("apply job.toml").status == 0
    assert {name: fields.get("lifecycle") for name, fields in stored(ardoq).items()} == {
        "Shop": "Live",
        "Till": "Retired",
        "Fax": "Live",
        "Web": "Planned",
        "Db": None,
    }


def test_values_that_need_no_map(init, tmp_path):
    """Options in another letter case, and values of a field without options, get no map."""
    _, text = init(apps=["Navn,Livssyklus,CMDB-id", "Shop,LIVE,A1", "Till,retired,A2"])
    assert "columns" not in load_job(tmp_path / "job.toml").sources["rows"]
    assert "otherwise" not in text


def test_a_map_without_a_near_value_is_a_comment_as_a_whole(init, edit, ardoq, run):
    """If no value is near, all of the map is a comment, and is valid once the signs are removed."""
    _, text = init(apps=["Navn,Livssyklus", "Shop,I drift", "Till,Live"])
    block = text.partition("# [sources.rows.columns.Livssyklus]")[2].partition("\n\n")[0]
    edit(
        {
            block: re.sub(r"^# (?=\[|otherwise|\")", "", block, flags=re.MULTILINE).replace("...", "Live"),
            "# [sources.rows.columns.Livssyklus]": "[sources.rows.columns.Livssyklus]",
        }
    )
    assert run("apply job.toml").status == 0
    assert {fields["lifecycle"] for fields in stored(ardoq).values()} == {"Live"}


def test_several_values_in_a_cell(init, ardoq, run):
    """The cells of a field with several values are split, and each value is mapped."""
    _, text = init(apps=["Navn,Markeder", "Shop,Norge; Danmrk", "Till,Sverige", "Fax,SVERIGE;Norge"])
    assert 'split = ";"\n' in text
    assert run("apply job.toml").status == 0
    assert {name: fields["markets"] for name, fields in stored(ardoq).items()} == {
        "Shop": ["Norge", "Danmark"],
        "Till": ["Sverige"],
        "Fax": ["Sverige", "Norge"],
    }


def test_a_column_of_another_name_with_the_values_of_a_field(init, edit, ardoq, run):
    """A column with the values of one field has a map, and the field is a comment: it may be another."""
    _, text = init(apps=["Navn,Grad", "Shop,Hoy", "Till,Lav"])
    assert (
        '# importance = "{Grad}"    # its values are options of Viktighet: remove the sign # if it is that\n'
        in text
    )
    edit({"# importance =": "importance ="})
    assert run("apply job.toml").status == 0
    assert {name: fields["importance"] for name, fields in stored(ardoq).items()} == {
        "Shop": "Høy",
        "Till": "Lav",
    }


def test_a_near_field_fits_by_its_near_values(init, tmp_path):
    """A column that is only similar to a list field fits if most of its values are near the options."""
    init(apps=["Navn,Livssykluser", "Shop,Liive", "Till,Retird"])
    (mapping,) = load_job(tmp_path / "job.toml").components
    assert mapping.fields["lifecycle"].raw == "{Livssykluser}"


def test_a_column_with_the_type_of_each_row(init, edit, ardoq, run):
    """The type comes from a column of types; near ones are mapped, and one to be filled in fails its row."""
    rows = ["Shop,aplication,,Api", "Till,Application,Shop,Api", "Api,Interface,Shop,", "X,Note,,Shop"]
    out, text = init(apps=["Navn,Slag,Overordnet,Depends on", *rows])
    assert "rows are components of the types in column 'Slag', Application, Interface, Team, in" in out
    assert 'type = "{Slag}"\n' in text
    assert 'parent = { type = ["Application", "Interface", "Team"], value = "{Overordnet}" }\n' in text
    assert '"aplication" = "Application"\n' in text
    assert "Workspace 'Apps' has no component type 'Note'" in run("check job.toml").out
    edit({'# "Note" = "..."': '"Note" = "Team"'})
    assert run("apply job.toml").status == 0
    types = {component["name"]: component["typeId"] for component in ardoq.dump()["components"]}
    assert types == {"Shop": "p1", "Till": "p1", "Api": "p3", "X": "p4"}
    assert len(ardoq.dump()["references"]) == 3


def test_rows_of_references_with_a_column_of_types(init, ardoq, run):
    """The type of references comes from a column, through a map; their list field has a map, too."""
    init(
        apps=["Navn", "Shop", "Till", "Web"],
        links=[
            "Fra,Til,Relasjon,Viktighet",
            "Shop,Till,depends on,Hoy",
            "Till,Web,Rnus on,Lav",
            "Shop,Web,Runs on,Lav",
            "Web,Till,Runs on,Hoy",
        ],
    )
    assert run("apply job.toml").status == 0
    references = ardoq.dump()["references"]
    names = {component["_id"]: component["name"] for component in ardoq.dump()["components"]}
    assert {
        (names[each["source"]], names[each["target"]], each["type"], each["customFields"]["importance"])
        for each in references
    } == {
        ("Shop", "Till", 1, "Høy"),
        ("Till", "Web", 2, "Lav"),
        ("Shop", "Web", 2, "Lav"),
        ("Web", "Till", 2, "Høy"),
    }


def test_the_rules_that_a_source_has_already_are_kept(tmp_path, ardoq):
    """A source from Python keeps the rules of its columns; a map that it has already gets comments alone."""
    ardoq.load(seed())
    (tmp_path / "apps.csv").write_text(
        "Navn,Livssyklus,Viktighet\nShop,x Retird,I drift\nTill,x Live,Lav\n", encoding="utf-8"
    )
    columns = {"Livssyklus": {"strip": "x"}, "Viktighet": {"map": {"I drift": "Stor"}, "otherwise": "keep"}}
    with ArdoqClient(ardoq.url, ardoq.token, version="v2") as client:
        text = scaffold_job(client, "Apps", {"file": "apps.csv", "columns": columns}, tmp_path)
    (tmp_path / "job.toml").write_text(text, encoding="utf-8")
    assert load_job(tmp_path / "job.toml").sources["rows"]["columns"] == {
        "Livssyklus": {"strip": "x", "otherwise": "keep", "map": {"Retird": "Retired"}},
        "Viktighet": columns["Viktighet"],
    }
    assert '# "Stor" = "..."\n' in text
