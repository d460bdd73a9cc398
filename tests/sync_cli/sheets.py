"""Two workspaces of a company, and the files of its CMDB: with titles, other languages and other formats."""

import openpyxl

APPS, SERVERS, APP_MODEL, SERVER_MODEL = "a" * 24, "b" * 24, "c" * 24, "d" * 24


def _field(name, label, kind, model, **more):
    return {"name": name, "label": label, "type": kind, "model": model, "global": True, **more}


SEED = {
    "format": 1,
    "models": [
        {
            "_id": APP_MODEL,
            "name": "Applications",
            "root": {"p1": {"name": "Application"}},
            "referenceTypes": {"1": {"name": "Depends on"}, "2": {"name": "Runs on"}},
        },
        {
            "_id": SERVER_MODEL,
            "name": "Servers",
            "root": {"p2": {"name": "Server"}},
            "referenceTypes": {"1": {"name": "Connects to"}},
        },
    ],
    "workspaces": [
        {"_id": APPS, "name": "Apps", "componentModel": APP_MODEL},
        {"_id": SERVERS, "name": "Infrastructure", "componentModel": SERVER_MODEL},
    ],
    "fields": [
        _field("cmdb_id", "CMDB id", "Text", APP_MODEL),
        _field("lifecycle", "Livssyklus", "List", APP_MODEL, defaultValue="Live,Planned,Retired"),
        _field("yearly_cost", "Yearly cost", "Number", APP_MODEL),
        _field("live_since", "Live since", "DateTime", APP_MODEL),
        _field("critical", "Kritisk", "Checkbox", APP_MODEL),
        _field("os", "OS", "Text", SERVER_MODEL),
    ],
}
HEADER = [
    *(
        "CMDB-id",
        "Navn",
        "Beskrivelse",
        "Livssyklus",
        "Årlig\nrabatt",
        "Yearly costs",
        "Live since",
        "Kritisk",
    ),
    *("Overordnet", "Runs on", "Kaller"),
]
APPLICATIONS = [
    ["A-1", "Polise", "Poliser", "Live", 5, "2 350 000,50", "01.03.2014", "ja", None, "srv1, srv2", "Rating"],
    ["A-2", "Skade", None, "live", None, "1.234", "13.05.2016", "nei", "Polise", "srv2", "Polise; Rating"],
    ["A-3", "Rating", "Priser", "Planned", 7, "412.500,75", "02.11.2019", "ja", "Polise", "srv1", None],
]


def write_workbook(path):
    """Write a workbook of applications below a title and a group row, servers, integrations, and a note."""
    book = openpyxl.Workbook()
    sheet = book.active
    sheet.title = "Applications"
    sheet.append(["Oversikt over applikasjoner pr. 1. mai 2024"])
    sheet.append([])
    sheet.append(["Identitet", None, None, "Forvaltning"])
    sheet.merge_cells("A3:C3")
    sheet.merge_cells("D3:K3")
    for row in (HEADER, *APPLICATIONS):
        sheet.append(row)
    sheet = book.create_sheet("Servers")
    for row in (["Hostname", "OS"], ["srv1", "RHEL 9"], ["srv2", "RHEL 9"]):
        sheet.append(row)
    sheet = book.create_sheet("Integrations")
    for row in (["Fra", "Til", "Protokoll"], ["Polise", "Skade", "REST"], ["Polise", "Rating", "REST"]):
        sheet.append(row)
    book.create_sheet("Notes").append(["Husk å oppdatere arket."])
    book.create_sheet("Hidden").append(["Name", "Secret"])
    book["Hidden"].sheet_state = "hidden"
    book.save(path)
