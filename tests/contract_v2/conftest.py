"""Run the slow tests that schemathesis derives from the contract in CI only."""

from example_counts import THOROUGH

collect_ignore = [] if THOROUGH else ["test_v2_schemathesis.py"]
