"""Fetch the answers of the last run again, parse them, and print the cost as JSON.

This is the lower bound for any sync client.
"""

from __future__ import annotations

import argparse
import gc
import json
import time

import requests
from admin_api import TOKEN, requests_received
from memory import memory_now


def main() -> None:
    """Measure fetching and parsing separately."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("url")
    url = parser.parse_args().url
    received = [request for request in requests_received(url) if request["method"] == "GET"]
    addresses = [f"{url}{request['path']}?{request['query']}" for request in received]
    with requests.Session() as session:
        session.trust_env = False
        session.headers["Authorization"] = f"Token token={TOKEN}"
        started = time.process_time()
        answers = [session.get(address).content for address in addresses]
        fetched = time.process_time()
    memory = memory_now()
    parsing = time.process_time()
    parsed = [json.loads(answer) for answer in answers]
    parse = time.process_time() - parsing
    memory = memory_now() - memory
    gc.disable()
    parsing = time.process_time()
    parsed = [json.loads(answer) for answer in answers]
    parse_without_gc = time.process_time() - parsing
    if not all(parsed):
        raise SystemExit("An answer is empty.")
    figures = {
        "parse": parse,
        "parse_without_gc": parse_without_gc,
        "fetch_and_parse": fetched - started + parse,
        "bytes": sum(map(len, answers)),
        "memory": memory,
    }
    print(json.dumps(figures))


if __name__ == "__main__":
    main()
