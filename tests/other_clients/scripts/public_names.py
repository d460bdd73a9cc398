"""The public names of the predecessor's classes, with the arguments that each method takes.

python public_names.py
"""

import inspect
import re

from story import Story

from ardoqpy import API, ArdoqClient, ArdoqSyncClient, Batch


def main():
    """Tell, for each method, its arguments in order; one that takes any at all has a star."""
    story = Story()
    for kind in (ArdoqClient, ArdoqSyncClient, API, Batch):
        for name, method in inspect.getmembers(kind, inspect.isfunction):
            if name == "__init__" or not name.startswith("_"):
                arguments = [str(one) for one in inspect.signature(method).parameters.values()]
                told = {
                    "is its own": name in vars(kind),
                    "arguments": [re.match(r"[*\w]+", one)[0] for one in arguments],
                }
                story(f"{kind.__name__}.{name}", told)
    story.end()


if __name__ == "__main__":
    main()
