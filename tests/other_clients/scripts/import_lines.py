"""Import the classes of 0.8.4 in every way that scripts do, each in a fresh interpreter state.

python import_lines.py
"""

import sys

LINES = (
    "from ardoqpy import ArdoqClient as found",
    "from ardoqpy import ArdoqSyncClient as found",
    "from ardoqpy import API as found",
    "from ardoqpy import Batch as found",
    "from ardoqpy import ArdoqClientException as found",
    "from ardoqpy import AuthorizationError, BadRequest, NotFoundError, ServiceUnavailable as found",
    "from ardoqpy.ardoqpy import ArdoqClient as found",
    "from ardoqpy.ardoqpy import ArdoqClientException as found",
    "from ardoqpy.ardoqpy_sync import ArdoqSyncClient as found",
    "from ardoqpy.ardoqpy_v2 import API, Batch as found",
    "import ardoqpy; found = ardoqpy.ArdoqSyncClient",
    "import ardoqpy; found = ardoqpy.ardoqpy.ArdoqClient",
    "import ardoqpy; found = ardoqpy.ardoqpy_sync.ArdoqSyncClient",
    "import ardoqpy; found = ardoqpy.ardoqpy_v2.API",
    "from ardoqpy import *; ArdoqClient, ArdoqSyncClient, API, ArdoqClientException; found = Batch",
    "from ardoqpy_sync import ArdoqSyncClient as found",
)


def imported_name(line):
    """Return the name of the class that a line imports."""
    for module in [name for name in sys.modules if name.partition(".")[0].startswith("ardoqpy")]:
        del sys.modules[module]
    names = {}
    exec(line, names)
    return names["found"].__name__


def main():
    """Import line by line."""
    from recorder import Story  # noqa: PLC0415  (it imports, too)

    story = Story()
    for line in LINES:
        story.attempt(line, imported_name, line)
    story.end()


if __name__ == "__main__":
    main()
