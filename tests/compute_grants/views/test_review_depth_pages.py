"""Pages say how deeply a proposal is reviewed, and why it has no reviews."""

import pytest

from tests.factories import compute_grants as make
from tests.factories.awards import award_run
from tests.factories.consortium import research_officer
from tests.factories.offers import access_type

pytestmark = pytest.mark.django_db


@pytest.fixture
def call():
    return make.call_with(hours=1_000, state="in_review")


def page(client, person, address) -> str:
    client.force_login(person)
    return client.get(address).content.decode()


def proposal_of(call, depth, state, reviewers):
    kind = access_type(depth=depth, reviewers=reviewers)
    return make.proposal_for(call, state=state, access_type=kind)


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        (("technical", "ranked", 0), "Technical check only: its access type asks for no reviews"),
        (("internal", "peer_review", 1), "Internal review: 1 reviewer of the R&amp;D office"),
        (("peer", "peer_review", 3), "Peer review: its access type asks for 3 reviews."),
    ],
)
def test_the_proposal_says_how_it_is_reviewed(client, call, kind, text):
    proposal = proposal_of(call, *kind)
    assert text in page(client, research_officer(), proposal.get_absolute_url())


def test_the_board_sets_apart_what_nobody_reviews(client, call):
    proposal_of(call, "technical", "ranked", 0)
    proposal_of(call, "technical", "ranked", 0)
    proposal_of(call, "peer", "peer_review", 3)
    shown = page(client, make.panellist(call), f"/calls/{call.code}/board/")
    assert shown.count("Without a rank: technical check only.") == 1
    assert shown.count("no review</span>") == 2
    assert "0 / 3" in shown


def test_a_run_names_what_it_cannot_weigh(client, call):
    proposal = proposal_of(call, "technical", "ranked", 0)
    make.review_of(make.proposal_for(call, state="ranked"), (4, 4, 4))
    judge = make.panellist(call)
    shown = page(client, judge, award_run(call, by=judge).get_absolute_url())
    assert "Without reviews" in shown
    assert proposal.number in shown
