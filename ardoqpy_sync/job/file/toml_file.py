"""Read a TOML file that people write, such as a job, and check its tables: every mistake has its line."""

from __future__ import annotations

import re
import tomllib
from typing import TYPE_CHECKING, Any

from ardoqpy._http.local_files import open_regular_file
from ardoqpy._messages import describe_type, quote_name, suggest
from ardoqpy_sync.job.file import schema
from ardoqpy_sync.job.file.problems import JobInvalid, Problem, problem_at
from ardoqpy_sync.job.file.toml_lines import find_lines

if TYPE_CHECKING:
    import os
    from pathlib import Path

    from ardoqpy_sync.job.file.schema import Table
    from ardoqpy_sync.job.file.toml_lines import KeyPath, TomlLines, TomlTable

#: A larger file is not a job file, which is written by hand.
MAX_BYTES = 10 * 2**20
#: A key of so many parts, for which tomllib takes a time that grows with the square of their number.
_LONG_KEY = re.compile(r"""(?<![\w"'-])(?:(?:[\w-]++|"[^"\n]*+"|'[^'\n]*+')[ \t]*+\.[ \t]*+){100}""")
#: Keys that somebody may put the token into.
_SECRET = re.compile("token|secret|passw|api.?key", re.IGNORECASE)
NO_TOKEN = (
    "A job file must not contain the token, because it is shared and stored. Set ARDOQ_API_TOKEN, or set "
    "config to a config file that contains it."
)
#: More digits than Python reads as a number.
_MANY_DIGITS = re.compile(r"[\d_]{4301,}", re.ASCII)


def read_toml_text(file: Path, kind: str, remedy: str) -> str:
    """Return the text of a file.

    - `kind`: what messages call it, such as "job file"; `remedy`: what to do if it does not exist.

    Raise `JobInvalid` if it cannot be read, or is not text.
    """
    problem = None
    try:
        with open_regular_file(file) as stream:
            content = stream.read(MAX_BYTES + 1)
        if len(content) > MAX_BYTES:
            problem = "is larger than 10 MB. Check that it is the right file."
        text = content.decode("utf-8-sig")
    except FileNotFoundError:
        problem = f"does not exist. {remedy}"
    except OSError as error:
        problem = f"cannot be read: {error.strerror}."
    except UnicodeDecodeError:
        problem = "is not UTF-8 text."
    except ValueError:
        problem = "has a name that no file can have."
    if problem is not None:
        raise JobInvalid(str(file), [Problem(f"The {kind} {problem}")])
    return text


def parse_toml(text: str, path: str | os.PathLike[str], kind: str) -> tuple[TomlTable, TomlLines]:
    """Return the content of a TOML text, and the lines of its keys.

    - `path`: its file; `kind`: what it has to be, such as "job".

    Raise `JobInvalid` with the line if it is not TOML, or is too deep or too long.
    """
    text = text.replace("\r\n", "\n")
    problem = None
    long_key = _LONG_KEY.search(text)
    if long_key is not None:
        line = text.count("\n", 0, long_key.start()) + 1
        raise JobInvalid(str(path), [Problem(f"Not a valid {kind}: a key has over 100 parts.", line)])
    try:
        content = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        position = re.search(r"\(at line (\d+), column (\d+)\)", str(error))
        line = int(position[1]) if position else text.count("\n") + 1
        reason = re.sub(r"\s*\(at [^)]*\)$", "", str(error))
        problem = Problem(f"Not valid TOML: {reason}.", line)
    except ValueError:  # Python reads no number of so many digits
        digits = _MANY_DIGITS.search(text)
        line = text.count("\n", 0, digits.start()) + 1 if digits else 1
        problem = Problem(f"Not a valid {kind}: a number has too many digits.", line)
    except RecursionError:
        problem = Problem(f"Not a valid {kind}: the file is nested too deeply.")
    if problem is not None:
        raise JobInvalid(str(path), [problem])
    return content, find_lines(text)


class TableChecker:
    """Checks the tables of a file, and collects the problems."""

    def __init__(self, lines: TomlLines, no_token: str = NO_TOKEN) -> None:
        """Start with no problems, in a file with these lines; `no_token` is reported for a token in it."""
        self._lines = lines
        self._no_token = no_token
        self.problems: list[Problem] = []

    def report(self, key_path: KeyPath, message: str) -> None:
        """Report a problem at a position of the file."""
        self.problems.append(problem_at(self._lines, key_path, message))

    def check_table(self, content: Any, table: Table, key_path: KeyPath) -> TomlTable:
        """Return the valid keys of a table; report the others."""
        title = table.header or "the top-level table"
        if not isinstance(content, dict):
            self.report(key_path, f"{title} is {describe_type(content)}: use a table of keys and values.")
            return {}
        valid = {}
        for name, value in content.items():
            if name not in table.keys:
                unknown = f"{quote_name(name)} is not a key of {title}: {suggest(name, table.keys)}"
                self.report((*key_path, name), self._no_token if _SECRET.search(name) else unknown)
                continue
            value_type = table.keys[name].type
            remedy = value_type.check(value)
            if remedy is not None:
                is_scalar = isinstance(value, str | int | float) and not isinstance(value, bool)
                actual = f" is {quote_name(value) if is_scalar else describe_type(value)}"
                # What is wrong within a table is not that it is one.
                actual = "" if remedy and not is_scalar else actual
                remedy = remedy or f"use {value_type.description}."
                self.report((*key_path, name), f"{name}{actual}: {remedy}")
            elif value_type is schema.TEMPLATES:
                templates = schema.Table("", "", dict.fromkeys(value, schema.Key(schema.TEMPLATE, "")))
                valid[name] = self.check_table(value, templates, (*key_path, name))
            else:
                valid[name] = value
        for name, key in table.keys.items():
            if key.required and name not in content:
                self.report(key_path, f"{title} has no key {name}: set it to {key.type.description}.")
        return valid
