"""Check a built wheel: all files of both packages, the licence, the entry points, a single dependency."""

import configparser
import sys
import zipfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
PACKAGES = ("ardoqpy", "ardoqpy_sync")
ENTRY_POINTS = {
    "console_scripts": {"ardoqpy": "ardoqpy.cli:main", "ardoqpy-sync": "ardoqpy_sync.cli:main"},
    "apache_airflow_provider": {
        "provider_info": "ardoqpy_sync.integrations.airflow_provider:get_provider_info"
    },
    "pytest11": {"ardoqpy": "ardoqpy.pytest_plugin"},
}

expected = {
    path.relative_to(ROOT).as_posix()
    for package in PACKAGES
    for path in (ROOT / package).rglob("*")
    if path.is_file() and "__pycache__" not in path.parts
}
with zipfile.ZipFile(sys.argv[1]) as wheel:
    names = wheel.namelist()
    metadata_files = {name for name in names if name.startswith("ardoqpy-")}
    problems = [f"lacks {name}" for name in sorted(expected.difference(names))]
    problems += [f"contains {name}" for name in sorted(set(names) - expected - metadata_files)]
    problems += [] if any(name.endswith("LICENSE") for name in names) else ["lacks the licence"]
    (entry_points_file,) = (name for name in names if name.endswith(".dist-info/entry_points.txt"))
    entry_points = configparser.ConfigParser()
    entry_points.read_string(wheel.read(entry_points_file).decode())
    for section, entries in ENTRY_POINTS.items():
        if dict(entry_points[section]) != entries:
            problems.append(f"has other {section}: {dict(entry_points[section])}")
    metadata = wheel.read(entry_points_file.replace("entry_points.txt", "METADATA")).decode()
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
