"""Fetch the answers of the last run again and parse them, and print what that alone takes as JSON.

Whatever a sync client does, it cannot take less.
"""

from __future__ import annotations

import argparse
import json
import time

import requests
from admin_api import TOKEN, requests_seen
from memory import memory_now


def main() -> None:
    """Measure fetching and parsing apart."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("url")
    url = parser.parse_args().url
    seen = [f"{url}{one['path']}?{one['query']}" for one in requests_seen(url) if one["method"] == "GET"]
    with requests.Session() as session:
        session.trust_env = False
        session.headers["Authorization"] = f"Token token={TOKEN}"
        begun = time.process_time()
        answers = [session.get(address).content for address in seen]
        fetched = time.process_time()
    memory = memory_now()
    parsing = time.process_time()
    parsed = [json.loads(answer) for answer in answers]
    parse = time.process_time() - parsing
    memory = memory_now() - memory
    if not all(parsed):
        raise SystemExit("An answer is empty.")
    figures = {
        "parse": parse,
        "fetch_and_parse": fetched - begun + parse,
        "bytes": sum(map(len, answers)),
        "memory": memory,
    }
    print(json.dumps(figures))


if __name__ == "__main__":
    main()
