"""What the README says, held against what there is."""

import re
from pathlib import Path

import pytest

from ardoqpy import ArdoqClient
from ardoqpy.testing import emulator

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
LINKING = [*PAGES, ROOT / "CHANGELOG.md", *sorted(ROOT.glob("examples/**/*.md"))]


def blocks(page, language):
    """Return the fenced blocks of one language in a page."""
    fenced = re.compile(rf"^```{language}\n(.*?)^```$", re.DOTALL | re.MULTILINE)
    return fenced.findall(page.read_text(encoding="utf-8"))


def test_the_two_commands_are_one_line_each():
    """The first two shell blocks are the commands that the gate runs word for word."""
    job, tests = blocks(ROOT / "README.md", "sh")
    for command in (job, tests):
        assert command.count("\n") == 1
        assert command.startswith("python3 -m venv .venv && ")
    assert job.endswith("testclient.py\n")
    assert "-m pytest" in tests


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_the_code_in_it_is_python(page):
    """Every Python block compiles."""
    for code in blocks(page, "python"):
        compile(code, page.name, "exec")


def anchors(page):
    """Return the names of the headings of a page, as links spell them."""
    text = re.sub(r"^```.*?^```$", "", page.read_text(encoding="utf-8"), flags=re.DOTALL | re.MULTILINE)
    titles = re.findall(r"^#+ (.*)$", text, re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles}


@pytest.mark.parametrize("page", LINKING, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_its_links_lead_somewhere(page):
    """Every link to a file of the project names one that is there, and a heading that is in it."""
    for link in re.findall(r"\]\((?!https?://)([^)\s]+)", page.read_text(encoding="utf-8")):
        path, _, anchor = link.partition("#")
        target = page.parent / path if path else page
        assert target.exists(), link
        assert not anchor or anchor in anchors(target), link


def test_every_page_is_in_the_index():
    """The README links every page below docs, and the examples' page every example."""
    for page in PAGES[1:]:
        assert f"](docs/{page.name})" in README, page.name
    index = (ROOT / "examples" / "README.md").read_text(encoding="utf-8")
    for path in ROOT.glob("examples/*/README.md"):
        assert f"]({path.parent.name}/README.md)" in index, path


def test_the_sync_in_it_runs():
    """The example of a sync runs as it stands, but for its host and token, and reports what it says."""
    (code,) = [code for code in blocks(ROOT / "README.md", "python") if "ArdoqSyncClient" in code]
    model = {"_id": "a" * 24, "root": {"p1": {"name": "App"}, "p2": {"name": "Data"}}}
    seed = {
        "format": 1,
        "models": [model | {"name": "Apps", "referenceTypes": {"2": {"name": "uses"}}}],
        "workspaces": [{"_id": "b" * 24, "name": "Apps", "componentModel": "a" * 24}],
    }
    with emulator(seed=seed) as server:
        code = code.replace("https://yourorg.ardoq.com", server.url).replace('"..."', repr(server.token))
        names = {"apps": "b" * 24}
        exec(compile(code, "README.md", "exec"), names)
        assert {request.method for request in server.requests} == {"GET"}
    report = names["ardoq"].get_report()
    assert (report["new_comps"], report["new_refs"]) == (2, 1)
    for key in re.findall(r"^\| `(\w+)`", README, re.MULTILINE):
        assert key in report


def test_the_two_clients_side_by_side_run():
    """The example of both versions in one script runs as it stands, but for its host and token."""
    (code,) = blocks(ROOT / "docs" / "v1-or-v2.md", "python")
    with emulator() as server:
        code = code.replace("https://yourorg.ardoq.com", server.url).replace('"..."', repr(server.token))
        names = {}
        exec(compile(code, "v1-or-v2.md", "exec"), names)
        (component,) = names["v2"].get_component(names["apps"])
        (tag,) = names["v1"].get_tag(names["apps"])
        assert (component["name"], tag["components"]) == ("Web shop", [component["_id"]])
        versions = {request.path.startswith("/api/v2/") for request in server.requests}
        assert versions == {True, False}


def test_the_deleting_in_its_page_runs(capsys):
    """The example of deleting runs as it stands, but for its host and token, and says why it refuses."""
    code, marking = blocks(ROOT / "docs" / "deleting.md", "python")
    model = {"_id": "a" * 24, "name": "Apps", "root": {"p1": {"name": "Application"}}}
    component = {"rootWorkspace": "b" * 24, "typeId": "p1"}
    seed = {
        "format": 1,
        "models": [model],
        "workspaces": [{"_id": "b" * 24, "name": "Apps", "componentModel": "a" * 24}],
        "components": [{"_id": name[:1] * 24, "name": name, **component} for name in ("Web shop", "Till")],
    }
    with emulator(seed=seed) as server:
        code = code.replace("https://yourorg.ardoq.com", server.url).replace('"..."', repr(server.token))
        exec(compile(code, "deleting.md", "exec"), names := {"apps": "b" * 24})
        exec(compile(marking.replace("0.2", "0.5"), "deleting.md", "exec"), names)
        assert names["ardoq"].report["updated_comps"] == 1
        exec(compile(code.replace("0.2", "0.5"), "deleting.md", "exec"), {"apps": "b" * 24})
    refused, done = capsys.readouterr().out.split("Would have been deleted:")
    assert "1 of the 2 components of type Application in workspace Apps" in refused
    assert "share=0.5" in refused
    assert done.count("Till") == 2


def test_the_reports_in_their_page_are_made(tmp_path, monkeypatch):
    """The examples of a report run as they stand, but for host and token, and leave a page each."""
    model = {"_id": "a" * 24, "name": "Apps", "root": {"p1": {"name": "Application"}}}
    component = {"rootWorkspace": "b" * 24, "typeId": "p1"}
    seed = {
        "format": 1,
        "models": [model],
        "fields": [{"name": "cost", "label": "Cost", "type": "Number", "model": "a" * 24}],
        "workspaces": [{"_id": "b" * 24, "name": "Apps", "componentModel": "a" * 24}],
        "components": [{"_id": name[:1] * 24, "name": name, **component} for name in ("Web shop", "Till")],
    }
    monkeypatch.chdir(tmp_path)
    with emulator(seed=seed) as server:
        for code, said in zip(
            blocks(ROOT / "docs" / "report-page.md", "python"),
            ("1 change would be made; nothing was written.", "Say share=0.5 to allow it."),
            strict=True,
        ):
            here = code.replace("https://yourorg.ardoq.com", server.url).replace('"..."', repr(server.token))
            exec(compile(here, "report-page.md", "exec"), {"apps": "b" * 24})
            page = (tmp_path / "report.html").read_text(encoding="utf-8")
            assert said in re.sub("<[^>]*>", "", page)
            assert "<h1>Applications from the CMDB</h1>" in page


def test_the_map_names_every_file():
    """Every module of the two packages is on the map, by itself or by its folder."""
    rows = re.findall(
        r"^\| (`.*?) \|",
        (ROOT / "docs" / "design.md").read_text(encoding="utf-8").split("## The map")[1].split("\n## ")[0],
        re.MULTILINE,
    )
    named = [part for row in rows for part in re.findall(r"`([^`]+)`", row)]
    on_the_map = {(part if "/" in part else f"ardoqpy/{part}") for part in named}
    on_the_map |= {f"ardoqpy_sync/{part}" for part in named if "/" not in part}
    for path in [*ROOT.glob("ardoqpy/**/*.py"), *ROOT.glob("ardoqpy_sync/*.py")]:
        place = path.relative_to(ROOT).as_posix()
        folders = [f"{parent}/" for parent in path.relative_to(ROOT).parents]
        known = {"ardoqpy_sync/__init__.py", "ardoqpy/_version.py"}
        assert place in on_the_map | known or on_the_map & set(folders), place
    for part in on_the_map:
        assert (
            (ROOT / part).exists()
            or (ROOT / part.replace("ardoqpy/", "ardoqpy_sync/", 1)).exists()
            or (ROOT / part.replace("ardoqpy_sync/", "ardoqpy/", 1)).exists()
        ), part


def test_the_plan_in_the_page_is_made_and_applied(tmp_path, monkeypatch, capsys):
    """The example of a plan runs as it stands, but for its host and token, and prints what the page shows."""
    page = ROOT / "docs" / "plans.md"
    model, apps, fields = "5f00aa00bb00cc00dd000010", "5f00aa00bb00cc00dd000020", {"cost": "Number"}
    held = {"Orders": ("5f00aa00bb00cc00dd000031", 1100), "Billing": ("5f00aa00bb00cc00dd000032", 300)}
    held["Fax"] = ("5f00aa00bb00cc00dd000033", None)
    root, types = {"p1": {"name": "Application"}}, {"2": {"name": "uses"}}
    seed = {
        "format": 1,
        "models": [{"_id": model, "name": "Apps", "root": root, "referenceTypes": types}],
        "fields": [{"name": name, "label": name, "type": of, "model": model} for name, of in fields.items()],
        "workspaces": [{"_id": apps, "name": "Apps", "componentModel": model}],
        "components": [
            {"_id": key, "name": name, "typeId": "p1", "rootWorkspace": apps, "customFields": {"cost": cost}}
            for name, (key, cost) in held.items()
        ],
        "references": [{"source": held["Orders"][0], "target": held["Fax"][0], "type": 2}],
    }
    monkeypatch.chdir(tmp_path)
    with emulator(seed=seed) as server:
        names = {"apps": apps, "orders": held["Orders"][0]}
        for code, shown in zip(blocks(page, "python"), blocks(page, "text"), strict=True):
            here = code.replace("https://yourorg.ardoq.com", server.url).replace('"..."', repr(server.token))
            exec(compile(here, page.name, "exec"), names)
            said = capsys.readouterr().out.replace(server.url, "https://yourorg.ardoq.com")
            times = re.compile(r"\d{4}-\d\d-\d\dT[\d:.]+Z")
            assert times.sub("now", said) == times.sub("now", shown)
            if shown.startswith("plan"):
                ArdoqClient(server.url, server.token).patch_component(
                    held["Billing"][0], payload={"cost": 350}
                )
