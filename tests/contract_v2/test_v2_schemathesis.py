"""Test the emulator with valid and invalid requests that schemathesis derives from the contract of v2.

The vendor's contract is used if it is available (../shared/openapi-v2.json beside the repository, or the file
in ARDOQPY_VENDOR_CONTRACT), else the one in `openapi.py`. Examples are derived, not random, and the emulator
starts each of them from the same organisation.
"""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
import requests
import schemathesis
from current_contract import current_contract
from example_organisation import SEED, with_examples, with_links
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis.config import (
    ChecksConfig,
    CoveragePhaseConfig,
    GenerationConfig,
    PhasesConfig,
    PositiveDataAcceptanceConfig,
    ProjectConfig,
    ProjectsConfig,
    SchemathesisConfig,
)
from schemathesis.generation import GenerationMode

from ardoqpy.emulator import Emulator

#: A legal request may still speak of what is not there (404), has changed (409) or makes no sense (422).
TAKEN = ["2xx", "404", "409", "422"]


def schema(contract: dict[str, Any], *modes: GenerationMode, coverage: bool) -> Any:
    """Load a contract for valid requests, or for invalid ones."""
    project = ProjectConfig(
        checks=ChecksConfig(positive_data_acceptance=PositiveDataAcceptanceConfig(expected_statuses=TAKEN)),
        generation=GenerationConfig(
            modes=list(modes),
            deterministic=True,
            # The token is ours to send: no test is about sending half of one.
            with_security_parameters=False,
        ),
        phases=PhasesConfig(coverage=CoveragePhaseConfig(enabled=coverage)),
    )
    config = SchemathesisConfig(seed=1, projects=ProjectsConfig(default=project))
    return schemathesis.openapi.from_dict(contract, config=config)


LEGAL = schema(with_examples(current_contract()), GenerationMode.POSITIVE, coverage=False)
LINKED = schema(with_links(with_examples(current_contract())), GenerationMode.POSITIVE, coverage=False)
ILLEGAL = schema(current_contract(), GenerationMode.NEGATIVE, coverage=True)


def derived(examples: int, *phases: Phase) -> settings:
    """Return settings without randomness."""
    return settings(
        max_examples=examples,
        derandomize=True,
        deadline=None,
        database=None,
        phases=phases or (Phase.explicit, Phase.generate),
        suppress_health_check=list(HealthCheck),
    )


@pytest.fixture(scope="module")
def ardoq() -> Iterator[Emulator]:
    """Run an emulator with entities of every kind; fail if it crashes."""
    with Emulator(seed=SEED, page_size=5) as running:
        yield running
        assert running.crashes == []


@pytest.fixture(scope="module")
def check(ardoq: Emulator) -> Iterator[Callable[[Any], None]]:
    """Send a request, and check the answer in every way."""
    headers = {"Authorization": f"Bearer {ardoq.token}"}
    with requests.Session() as session:
        yield lambda case: case.call_and_validate(base_url=ardoq.url, session=session, headers=headers)


OPERATIONS = {item.ok().label: item.ok() for item in LEGAL.get_all_operations()}


@pytest.mark.parametrize("label", [label for label in OPERATIONS if "/batch" not in label])
def test_valid_requests(label, ardoq, check):
    """A valid request is accepted, or rejected for its content, as in the contract; some are accepted."""
    ardoq.clear_requests()

    @derived(15)
    @given(case=OPERATIONS[label].as_strategy())
    def holds(case):
        ardoq.reset()
        check(case)

    holds()
    assert [request.status for request in ardoq.requests if request.status < 300]


@LEGAL.include(path_regex="/batch").parametrize()
@derived(8)
def test_valid_batches(case, ardoq, check):
    """A valid batch is accepted, or rejected for its content; the answer matches the contract."""
    ardoq.reset()
    check(case)


@ILLEGAL.exclude(path_regex="/batch/expand").parametrize()
@derived(1, Phase.explicit)
def test_requests_with_one_invalid_attribute(case, check):
    """A request with one invalid attribute is rejected in the form of all errors."""
    check(case)


@ILLEGAL.include(method=["POST", "PATCH"]).parametrize()
@derived(5, Phase.generate)
def test_other_invalid_requests(case, check):
    """Any other invalid request is rejected in the form of all errors."""
    check(case)


def test_sequences_of_requests(ardoq):
    """Sequences along the links between operations match the contract at every step."""

    class Walk(LINKED.as_state_machine()):
        def setup(self):
            ardoq.reset()
            ardoq.clear_requests()

        def get_call_kwargs(self, case):  # noqa: ARG002 (named by the base class)
            headers = {"Authorization": f"Bearer {ardoq.token}"}
            return {"base_url": ardoq.url, "headers": headers, "timeout": 10}

        def teardown(self):
            walked.extend((request.method, request.status) for request in ardoq.requests)

    walked = []
    Walk.run(settings=settings(derived(8), stateful_step_count=10))
    assert {("POST", 201), ("GET", 200), ("PATCH", 200), ("DELETE", 204)} <= set(walked)
