"""Print the public methods of the predecessor's classes with their arguments.

python public_names.py
"""

import inspect
import re

from recorder import Story

from ardoqpy import API, ArdoqClient, ArdoqSyncClient, Batch


def main():
    """Print the arguments of each method in order; `*` stands for any arguments."""
    story = Story()
    for kind in (ArdoqClient, ArdoqSyncClient, API, Batch):
        for name, method in inspect.getmembers(kind, inspect.isfunction):
            if name == "__init__" or not name.startswith("_"):
                arguments = [str(item) for item in inspect.signature(method).parameters.values()]
                arguments = {
                    "is its own": name in vars(kind),
                    "arguments": [re.match(r"[*\w]+", item)[0] for item in arguments],
                }
                story(f"{kind.__name__}.{name}", arguments)
    story.end()


if __name__ == "__main__":
    main()
