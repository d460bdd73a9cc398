"""Emulate Ardoq's REST API over real HTTP, for tests and for trying things out without an account.

    with Emulator() as ardoq:
        ...  # connect a client to ardoq.url with ardoq.token

The emulator shares no code with the client, so that neither can hide a mistake of the other.
"""

from ardoqpy.emulator.faults import Fault, RandomFaults
from ardoqpy.emulator.rows import Seed
from ardoqpy.emulator.server import Emulator, HttpExchange
from ardoqpy.emulator.users import parse_user

__all__ = ["Emulator", "Fault", "HttpExchange", "RandomFaults", "Seed", "parse_user"]
