"""Be an Ardoq: the REST API over real HTTP, for tests and for trying things out without an account.

    with Emulator() as ardoq:
        ...  # point a client to ardoq.url with ardoq.token

It shares no code with the client, so that neither can hide a mistake of the other.
"""

from ardoqpy.emulator.faults import Fault
from ardoqpy.emulator.server import Emulator, Exchange

__all__ = ["Emulator", "Exchange", "Fault"]
