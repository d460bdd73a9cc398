"""The contract of v2, driven against the running emulator: what is legal and what is not, over all
operations.

The vendor's contract is used where it is at hand (../shared/openapi-v2.json beside the repository, or where
ARDOQPY_VENDOR_CONTRACT says), else our own of `openapi.py`. Nothing is left to chance: examples are derived,
not drawn, and the emulator starts each of them from the same organisation.
"""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
import requests
import schemathesis
from furnished import SEED, acquainted, linked
from hypothesis import HealthCheck, Phase, given, settings
from in_force import in_force
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
    """Load a contract, to send requests that fit it, or that do not."""
    project = ProjectConfig(
        checks=ChecksConfig(
            positive_data_acceptance=PositiveDataAcceptanceConfig(expected_statuses=TAKEN),
        ),
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


LEGAL = schema(acquainted(in_force()), GenerationMode.POSITIVE, coverage=False)
LINKED = schema(linked(acquainted(in_force())), GenerationMode.POSITIVE, coverage=False)
ILLEGAL = schema(in_force(), GenerationMode.NEGATIVE, coverage=True)


def derived(examples: int, *phases: Phase) -> settings:
    """Return settings that leave nothing to chance."""
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
    """Run an emulator with some of everything, that must not make mistakes."""
    with Emulator(seed=SEED) as running:
        yield running
        assert running.crashes == []


@pytest.fixture(scope="module")
def hold(ardoq: Emulator) -> Iterator[Callable[[Any], None]]:
    """Send a request, and look at the answer in every way."""
    headers = {"Authorization": f"Bearer {ardoq.token}"}
    with requests.Session() as session:
        yield lambda case: case.call_and_validate(base_url=ardoq.url, session=session, headers=headers)


OPERATIONS = {found.ok().label: found.ok() for found in LEGAL.get_all_operations()}


@pytest.mark.parametrize("label", [label for label in OPERATIONS if "/batch" not in label])
def test_what_is_legal_is_answered_as_the_contract_says(label, ardoq, hold):
    """A request that fits the contract is taken or refused for its sense, as it says; some are taken."""
    ardoq.clear_requests()

    @derived(15)
    @given(case=OPERATIONS[label].as_strategy())
    def holds(case):
        ardoq.reset()
        hold(case)

    holds()
    assert [request.status for request in ardoq.requests if request.status < 300]


@LEGAL.include(path_regex="/batch").parametrize()
@derived(8)
def test_a_legal_batch_is_answered_as_the_contract_says(case, ardoq, hold):
    """A batch that fits the contract is taken, or refused for its sense; the answer fits, too."""
    ardoq.reset()
    hold(case)


@ILLEGAL.exclude(path_regex="/batch/expand").parametrize()
@derived(1, Phase.explicit)
def test_each_way_to_be_illegal_is_refused_as_the_contract_says(case, hold):
    """Attribute by attribute, a request that does not fit is refused in the form that all refusals have."""
    hold(case)


@ILLEGAL.include(method=["POST", "PATCH"]).parametrize()
@derived(5, Phase.generate)
def test_what_is_illegal_at_random_is_refused_as_the_contract_says(case, hold):
    """Whatever else does not fit is refused in that form, too."""
    hold(case)


def test_what_was_written_can_be_read_changed_and_deleted(ardoq):
    """Along the links from what one call answers to what another takes, the contract holds at every step."""

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
