"""`python -m ardoqpy`: the same as the command `ardoqpy`."""

from __future__ import annotations

import sys

from ardoqpy.cli import main

if __name__ == "__main__":
    sys.exit(main())
