"""`python -m ardoqpy_sync`: the same as the command `ardoqpy-sync`."""

from __future__ import annotations

import sys

from ardoqpy_sync.cli import main

if __name__ == "__main__":
    sys.exit(main())
