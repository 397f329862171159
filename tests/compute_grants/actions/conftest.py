"""Fixtures of the tests here."""

import pytest

from tests.compute_grants.actions.reviewing import submit
from tests.factories import compute_grants as make
from tests.factories.consortium import (
    research_officer,
)


@pytest.fixture
def office(db):
    return research_officer()


@pytest.fixture
def confirmed(db):
    return make.AssignmentFactory.create(
        proposal=make.proposal_for(make.call_with(), state="peer_review"), confirmed=True
    )


@pytest.fixture
def submitted(confirmed):
    submit(confirmed)
    confirmed.refresh_from_db()
    return confirmed
