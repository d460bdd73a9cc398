"""Golden requests and answers, written by hand from what is known of Ardoq's API.

Each file below `v1/` and `v2/` is a list of cases about one kind of thing. None is recorded, neither from the
emulator nor from the client: what both of them get wrong in the same way must not be able to hide here. They
are put right where somebody has seen the real answer, and nowhere else.

- `endpoint`: verb and path, `{}` for what the caller fills in, as in `tests/endpoints.py`
- `source`: where it is known from: a section of the facts that were gathered from Ardoq's guides and others'
  clients, the sheet of which is not part of this project, and a path of v2's contract
- `uncertain`: what in it nobody knows
- `call`: the flat method, its arguments and keywords; `{"bytes": ...}` among them stands for these bytes
- `request`: what has to go out, whole: method, path, query, headers that matter, JSON body; or `part`, the
  one part of a multipart body
- `response`: status, headers, JSON body; or `text`, a body that is none; `any_status`: others that would do
- `followed_by`: the next page, as it is asked for and answered; `page_size`: how the emulator gets to have it
- `returns`: what the flat method makes of it: "the body", "the values" of a page, "a batch", or a `value` or
  `bytes` of its own; or `raises`, the error that it becomes; `untouched`: the data is as it was
- `may_also_have`: keys, anywhere in the answer, that may come besides ("*": any); `by_type`: keys whose
  values nobody knows, of which the type counts alone
- `besides`: what the emulator holds for this case alone, besides `seed.json`, a seed
"""

import json
import re
from pathlib import Path

HERE = Path(__file__).parent
TOKEN = "golden-token"

_ID = re.compile(r"[0-9a-f]{24}")
_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:?\d\d)")


def cases():
    """Return all cases as (name, version, case)."""
    listed = []
    for path in sorted(HERE.glob("v*/*.json")):
        for number, case in enumerate(json.loads(path.read_text(encoding="utf-8"))):
            listed.append(
                (f"{path.parent.name} {path.stem}[{number}] {case['endpoint']}", path.parent.name, case)
            )
    return listed


def seed_of(case):
    """Return the seed of the case."""
    seed = json.loads((HERE / "seed.json").read_text(encoding="utf-8"))
    for name, rows in case.get("besides", {}).items():
        seed[name] = seed.get(name, []) + rows
    return seed


def known_ids():
    """Return the ids of the seed: those are compared, all others are the server's to give."""
    text = (HERE / "seed.json").read_text(encoding="utf-8")
    return frozenset(_ID.findall(text + json.dumps([case.get("besides", {}) for _, _, case in cases()])))


def differences(case, golden, answer, known):
    """Return where an answer has not the form of a golden one, as sentences; one rule for all of them.

    Keys are the same but for those that may also be there; types are the same (a whole number is a number);
    values are equal but for times, ids of what was just made, and what goes by its type. Lists have the same
    length, and the same order but for entities, which are compared by id where both have the same ids.
    """
    may, by_type = set(case.get("may_also_have", ())), set(case.get("by_type", ()))
    return list(_differences("answer", golden, answer, may, by_type, known))


def _differences(where, golden, answer, may, by_type, known):
    if _type(golden) != _type(answer):
        yield f"{where} is {_type(answer)}, and not {_type(golden)}"
    elif isinstance(golden, dict):
        missing, more = golden.keys() - answer.keys() - may, answer.keys() - golden.keys() - may
        if missing:
            yield f"{where} has no {', '.join(sorted(missing))}"
        if more and "*" not in may:
            yield f"{where} has {', '.join(sorted(more))}, which nothing speaks of"
        for key in sorted(golden.keys() & answer.keys()):
            pair = (
                (type(golden[key])(), type(answer[key])()) if key in by_type else (golden[key], answer[key])
            )
            yield from _differences(f"{where}.{key}", *pair, may, by_type, known)
    elif isinstance(golden, list):
        if len(golden) != len(answer):
            yield f"{where} has {len(answer)} items, and not {len(golden)}"
            return
        for number, pair in enumerate(zip(*_in_order(golden, answer), strict=True)):
            yield from _differences(f"{where}[{number}]", *pair, may, by_type, known)
    elif golden != answer and not _both_of_the_server(golden, answer, known):
        yield f"{where} is {answer!r}, and not {golden!r}"


def _type(value):
    if value is None or isinstance(value, bool):
        return type(value).__name__
    return "a number" if isinstance(value, int | float) else type(value).__name__


def _in_order(golden, answer):
    def ids(entities):
        return [item.get("_id") if isinstance(item, dict) else None for item in entities]

    if None not in ids(golden) and sorted(ids(golden)) == sorted(map(str, ids(answer))):
        return sorted(golden, key=lambda entity: entity["_id"]), sorted(
            answer, key=lambda entity: entity["_id"]
        )
    return golden, answer


def _both_of_the_server(golden, answer, known):
    if not isinstance(golden, str):
        return False
    if _TIME.fullmatch(golden):
        return _TIME.fullmatch(answer) is not None
    new = _ID.fullmatch(golden) and golden not in known
    return bool(new and _ID.fullmatch(answer) and answer not in known)
