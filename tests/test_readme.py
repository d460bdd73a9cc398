"""The README and the pages in docs/: their code runs, their outputs are real, and their links work."""

import re
from pathlib import Path

import pytest
from shell_sessions import play, reach, sessions
from test_layout import RANKS

from ardoqpy import ArdoqClient
from ardoqpy.testing import emulator

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
PAGES += sorted((ROOT / "docs" / "integrations").glob("*.md"))
LINKING = [*PAGES, ROOT / "CHANGELOG.md", ROOT / "benchmarks" / "README.md"]
LINKING += [*sorted(ROOT.glob("docs/reference/*.md")), *sorted(ROOT.glob("examples/**/*.md"))]
#: The headings of the README, in the order in which a reader needs them.
HEADINGS = [
    "Install",
    "Two commands",
    "From a spreadsheet to a report in five minutes",
    "Ten lines of Python",
    "Moving from 0.8.4",
    "Documentation",
]
APPS = "b" * 24


def blocks(page, language):
    """Return the fenced blocks of one language in a page."""
    fenced = re.compile(rf"^```{language}\n(.*?)^```$", re.DOTALL | re.MULTILINE)
    return fenced.findall(page.read_text(encoding="utf-8"))


def run(code, page, server, names=()):
    """Run the code of a page against an emulator, and return its variables."""
    code = code.replace("https://yourorg.ardoq.com", server.url).replace('"..."', repr(server.token))
    variables = dict(names)
    exec(compile(code, page, "exec"), variables)
    return variables


def workspace(*components, **model):
    """Return a seed with the workspace Apps, which has the type Application, and components by name."""
    row = {"rootWorkspace": APPS, "typeId": "p1"}
    return {
        "format": 1,
        "models": [{"_id": "a" * 24, "name": "Apps", "root": {"p1": {"name": "Application"}}, **model}],
        "fields": [{"name": "cost", "label": "Cost", "type": "Number", "model": "a" * 24}],
        "workspaces": [{"_id": APPS, "name": "Apps", "componentModel": "a" * 24}],
        "components": [{"_id": name[:1] * 24, "name": name, **row} for name in components],
    }


def test_the_readme_is_short_and_in_order():
    """The README has at most 170 lines, and its sections come in the order of a reader's questions."""
    assert len(README.splitlines()) <= 170
    assert re.findall(r"^## (.*)$", README, re.MULTILINE) == HEADINGS
    _, purpose, unknown, _ = README.split("\n\n", 3)
    assert len(re.findall(r"[.](?=\s|$)", purpose)) == 3
    assert "nobody has run this library against a real Ardoq" in unknown


def test_the_two_commands_are_one_line_each():
    """The only two shell blocks are the commands that the gate runs word for word."""
    job, tests = blocks(ROOT / "README.md", "sh")
    for command in (job, tests):
        assert command.count("\n") == 1
        assert command.startswith("python3 -m venv .venv && ")
    assert job.endswith("testclient.py\n")
    assert "-m pytest" in tests


def test_the_five_minutes_of_the_readme(tmp_path, monkeypatch, capsys):
    """From an empty folder, the commands print what the README shows, and leave a job and a report."""
    monkeypatch.chdir(tmp_path)
    with emulator(seed=str(ROOT / "examples" / "cmdb-spreadsheet" / "organisation.json")) as server:
        reach(server, monkeypatch)
        part = README.split(f"## {HEADINGS[2]}")[1].split("\n## ")[0]
        prepare, commands = sessions(part)
        play([command for command in prepare if "emulator" not in command[0]], capsys)
        play(commands, capsys)
    assert {path.name for path in tmp_path.iterdir()} >= {"servers.csv", "job.toml", "report.html"}


def test_the_ten_lines_of_python_run(capsys):
    """The README's Python previews two components and a reference, as its report shows."""
    (code,) = blocks(ROOT / "README.md", "python")
    assert len(code.splitlines()) <= 10
    with emulator(seed=workspace(referenceTypes={"2": {"name": "uses"}})) as server:
        report = run(code, "README.md", server)["ardoq"].get_report()
        assert {request.method for request in server.requests} == {"GET"}
    assert (report["new_comps"], report["new_refs"]) == (2, 1)
    assert "Web shop (Application)" in capsys.readouterr().out


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_python_blocks_compile(page):
    """Every Python block compiles."""
    for code in blocks(page, "python"):
        compile(code, page.name, "exec")


def anchors(page):
    """Return the anchors of the headings of a page."""
    text = re.sub(r"^```.*?^```$", "", page.read_text(encoding="utf-8"), flags=re.DOTALL | re.MULTILINE)
    titles = re.findall(r"^#+ (.*)$", text, re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles}


@pytest.mark.parametrize("page", LINKING, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_links_work(page):
    """Every link to a file of the project names a file that exists, and a heading in it."""
    for link in re.findall(r"\]\((?!https?://)([^)\s]+)", page.read_text(encoding="utf-8")):
        path, _, anchor = link.partition("#")
        target = page.parent / path if path else page
        assert target.exists(), link
        assert not anchor or anchor in anchors(target), link


def test_every_page_is_linked():
    """The README links every page in docs/, and the page of the examples links every example."""
    for page in PAGES[1:]:
        assert f"]({page.relative_to(ROOT).as_posix()})" in README, page.name
    index = (ROOT / "examples" / "README.md").read_text(encoding="utf-8")
    for path in ROOT.glob("examples/*/README.md"):
        assert f"]({path.parent.name}/README.md)" in index, path


def test_the_page_on_python_runs(capsys):
    """The page on Python lists the workspaces, previews the sync, and names keys that a report has."""
    page = ROOT / "docs" / "python.md"
    listing, sync = blocks(page, "python")
    types = {"p1": {"name": "App"}, "p2": {"name": "Data"}}
    with emulator(seed=workspace(root=types, referenceTypes={"2": {"name": "uses"}})) as server:
        run(listing, page.name, server)
        assert capsys.readouterr().out == f"{APPS} Apps\n"
        report = run(sync, page.name, server, {"apps": APPS})["ardoq"].get_report()
        assert {request.method for request in server.requests} == {"GET"}
    assert (report["new_comps"], report["new_refs"]) == (2, 1)
    rows = re.findall(r"^\| (`.*?) \|", page.read_text(encoding="utf-8"), re.MULTILINE)
    keys = [key for row in rows for key in re.findall(r"`(\w+)`", row)]
    assert len(keys) >= 10
    assert [key for key in keys if key not in report] == []


def test_the_page_on_v1_and_v2_runs():
    """The script with a client of each version creates a component on v2 and a tag on v1."""
    (code,) = blocks(ROOT / "docs" / "v1-or-v2.md", "python")
    with emulator() as server:
        names = run(code, "v1-or-v2.md", server)
        (component,) = names["v2"].get_component(names["apps"])
        (tag,) = names["v1"].get_tag(names["apps"])
        assert (component["name"], tag["components"]) == ("Web shop", [component["_id"]])
        versions = {request.path.startswith("/api/v2/") for request in server.requests}
        assert versions == {True, False}


def test_the_page_on_deleting_runs(capsys):
    """The delete guard blocks the example, with the reason; with a higher share it deletes and marks."""
    page = "deleting.md"
    deleting, marking = blocks(ROOT / "docs" / page, "python")
    with emulator(seed=workspace("Web shop", "Till")) as server:
        names = run(deleting, page, server, {"apps": APPS})
        run(marking.replace("0.2", "0.5"), page, server, names)
        assert names["ardoq"].report["updated_comps"] == 1
        run(deleting.replace("0.2", "0.5"), page, server, {"apps": APPS})
    blocked, done = capsys.readouterr().out.split("Would have been deleted:")
    assert "1 of the 2 components of type Application in workspace Apps" in blocked
    assert "share=0.5" in blocked
    assert done.count("Till") == 2


def test_the_page_on_reports_runs(tmp_path, monkeypatch):
    """Each example of the report page writes a report with its title and its last sentence."""
    page = ROOT / "docs" / "report-page.md"
    monkeypatch.chdir(tmp_path)
    with emulator(seed=workspace("Web shop", "Till")) as server:
        for code, sentence in zip(
            blocks(page, "python"),
            ("1 to update", "To allow it, set share=0.5."),
            strict=True,
        ):
            run(code, page.name, server, {"apps": APPS})
            html = (tmp_path / "report.html").read_text(encoding="utf-8")
            assert sentence in re.sub("<[^>]*>", "", html)
            assert "<h1>Applications from the CMDB</h1>" in html


def test_the_map_names_every_file():
    """The map in design.md has every module, and every file that the page names exists."""
    design = (ROOT / "docs" / "design.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| (`.*?) \|", design.split("## The map")[1].split("\n## ")[0], re.MULTILINE)
    named = {name for row in rows for name in re.findall(r"`([^`]+)`", row)}
    files = set(re.findall(r"`((?:[\w.-]+/)*[\w.-]+\.(?:py|md)|(?:\w+/)+)`", design)) | named
    packages = [ROOT / "ardoqpy", ROOT / "ardoqpy_sync"]
    roots = [ROOT, *(folder for package in packages for folder in package.glob("**/"))]
    assert len(files) > 60
    assert [name for name in sorted(files) if not any((root / name).exists() for root in roots)] == []
    for path in [*ROOT.glob("ardoqpy/**/*.py"), *ROOT.glob("ardoqpy_sync/**/*.py")]:
        module = path.relative_to(ROOT)
        folders = {f"{parent.as_posix()}/" for parent in module.parents}
        assert module.as_posix() in named or named & folders, module


def test_the_drawing_shows_the_layers_that_are_checked():
    """The drawing in design.md has the layers in the order in which test_layout.py checks imports."""
    drawing = (ROOT / "docs" / "design.md").read_text(encoding="utf-8").split("```text")[1].split("```")[0]
    paths = re.findall(r"^ (ardoqpy[\w/]*(?:/|\.py))", drawing, re.MULTILINE)
    assert len(paths) >= 15
    layers = [re.sub(r"(/|\.py)$", "", path).replace("/", ".") for path in paths]
    assert layers == sorted(layers, key=RANKS.__getitem__)


def test_the_page_on_plans_runs(tmp_path, monkeypatch, capsys):
    """The examples of the plans page run in order, and print what it shows."""
    page = ROOT / "docs" / "plans.md"
    model, apps = "5f00aa00bb00cc00dd000010", "5f00aa00bb00cc00dd000020"
    stored = {"Orders": ("5f00aa00bb00cc00dd000031", 1100), "Billing": ("5f00aa00bb00cc00dd000032", 300)}
    stored["Fax"] = ("5f00aa00bb00cc00dd000033", None)
    root, types = {"p1": {"name": "Application"}}, {"2": {"name": "uses"}}
    seed = {
        "format": 1,
        "models": [{"_id": model, "name": "Apps", "root": root, "referenceTypes": types}],
        "fields": [{"name": "cost", "label": "cost", "type": "Number", "model": model}],
        "workspaces": [{"_id": apps, "name": "Apps", "componentModel": model}],
        "components": [
            {"_id": key, "name": name, "typeId": "p1", "rootWorkspace": apps, "customFields": {"cost": cost}}
            for name, (key, cost) in stored.items()
        ],
        "references": [{"source": stored["Orders"][0], "target": stored["Fax"][0], "type": 2}],
    }
    monkeypatch.chdir(tmp_path)
    times = re.compile(r"\d{4}-\d\d-\d\dT[\d:.]+Z")
    with emulator(seed=seed) as server:
        names = {"apps": apps, "orders": stored["Orders"][0]}
        for code, expected in zip(blocks(page, "python"), blocks(page, "text"), strict=True):
            names = run(code, page.name, server, names)
            printed = capsys.readouterr().out.replace(server.url, "https://yourorg.ardoq.com")
            assert times.sub("now", printed) == times.sub("now", expected)
            if expected.startswith("plan"):
                other = ArdoqClient(server.url, server.token)
                other.patch_component(stored["Billing"][0], payload={"cost": 350})
