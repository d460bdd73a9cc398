"""
Run one night's job as a process of its own, to be killed: `job.py URL WAY COMPONENTS REFERENCES SEED NIGHT`.
"""

import sys

from jobs import client_of, first_night, next_night, nightly

if __name__ == "__main__":
    url, way, *numbers = sys.argv[1:]
    components, references, number, night = map(int, numbers)
    source = first_night(components, references, number)
    with client_of(url, way) as client:
        nightly(client, next_night(source, number) if night else source)
