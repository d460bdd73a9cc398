"""Look into a built wheel: what must be in it, and what must not."""

import configparser
import sys
import zipfile

NEEDED = [
    "ardoqpy/__init__.py",
    "ardoqpy/_http/__init__.py",
    "ardoqpy/api/__init__.py",
    "ardoqpy/cli/__init__.py",
    "ardoqpy/cli/commands/__init__.py",
    "ardoqpy/py.typed",
    "ardoqpy/emulator/__init__.py",
    "ardoqpy/emulator/rules/__init__.py",
    "ardoqpy/emulator/v1/__init__.py",
    "ardoqpy/emulator/v2/__init__.py",
    "ardoqpy/methods/__init__.py",
    "ardoqpy_sync/__init__.py",
    "ardoqpy_sync/compare/__init__.py",
    "ardoqpy_sync/deletion/__init__.py",
    "ardoqpy_sync/plans/__init__.py",
    "ardoqpy_sync/writing/__init__.py",
    "ardoqpy_sync/reporting/__init__.py",
    *(
        f"ardoqpy_sync/reporting/assets/{name}"
        for name in (
            "entries.js",
            "graph.js",
            "layout.js",
            "list.js",
            "page.css",
            "page.html",
            "page.js",
            "picture.html",
            "text.js",
        )
    ),
    "ardoqpy_sync/py.typed",
    "ardoqpy_sync/sources/__init__.py",
    "ardoqpy_sync/cli/__init__.py",
    "ardoqpy_sync/job/__init__.py",
]
TOP = ("ardoqpy/", "ardoqpy_sync/", "ardoqpy-")
ENTRY_POINTS = {
    "console_scripts": {"ardoqpy": "ardoqpy.cli:main", "ardoqpy-sync": "ardoqpy_sync.cli:main"},
    "pytest11": {"ardoqpy": "ardoqpy.pytest_plugin"},
}

with zipfile.ZipFile(sys.argv[1]) as wheel:
    names = wheel.namelist()
    problems = [f"lacks {name}" for name in NEEDED if name not in names]
    problems += [f"holds {name}" for name in names if not name.startswith(TOP) or "/test_" in name]
    problems += [] if any(name.endswith("LICENSE") for name in names) else ["lacks the licence"]
    (information,) = (name for name in names if name.endswith(".dist-info/entry_points.txt"))
    entry_points = configparser.ConfigParser()
    entry_points.read_string(wheel.read(information).decode())
    for section, entries in ENTRY_POINTS.items():
        if dict(entry_points[section]) != entries:
            problems.append(f"has other {section}: {dict(entry_points[section])}")
    metadata = wheel.read(information.replace("entry_points.txt", "METADATA")).decode()
    needs = [
        line for line in metadata.splitlines() if line.startswith("Requires-Dist:") and "extra ==" not in line
    ]
    if [line.split()[1].split(">")[0] for line in needs] != ["requests"]:
        problems.append(f"needs {needs}")

print(
    f"{sys.argv[1].rsplit('/', 1)[-1]}: {len(names)} files"
    + "".join(f"\n  {problem}" for problem in problems)
)
sys.exit(bool(problems))
