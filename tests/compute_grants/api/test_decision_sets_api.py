"""Decisions over the API, from the draft to the second signature."""

import pytest
from django.test import Client

from compute_grants.models import Allocation, DecisionSet, Proposal
from tests.compute_grants.api.test_grants_api import Api
from tests.compute_grants.proving import prove, with_password
from tests.factories import compute_grants as make
from tests.factories import decision_sets as sets
from tests.factories.consortium import research_officer

HOUR = make.HOUR
BACKEND = "allauth.account.auth_backends.AuthenticationBackend"


class Session(Api):
    """One person's signed-in session, which has just proved who it is."""

    def __init__(self, user, *, proved: bool = True) -> None:
        self.user = user
        self.client = Client()
        self.client.force_login(user, backend=BACKEND)
        if proved:
            prove(self.client, user)


@pytest.fixture
def call(db):
    return make.call_with(state="in_review", hours=1_000)


def award(proposal: Proposal, hours: int = 80) -> dict[str, object]:
    return {
        "proposal": proposal.number,
        "outcome": "awarded",
        "reason": "Excellent.",
        "lines": [{"request": proposal.requests.get().pk, "seconds": hours * HOUR}],
        "starts_on": "2027-01-01",
        "ends_on": "2027-12-31",
    }


def rejection(proposal: Proposal) -> dict[str, object]:
    return {"proposal": proposal.number, "outcome": "rejected", "reason": "Below the line."}


def test_from_a_draft_to_published_decisions(call):
    first, second = (with_password(make.panellist(call)) for _ in range(2))
    one, two, three = (make.proposal_for(call, state="ranked") for _ in range(3))
    judge = Api(first)
    made = judge.post("decision-sets/", 201, call=call.code, choices=[award(one), award(two)])
    path = f"decision-sets/{made['number']}"
    assert (made["state"], made["budget"][0]["after"]) == ("draft", 840 * HOUR)
    judge.post(f"{path}/put/", choices=[rejection(two), rejection(three)])
    judge.post(f"{path}/remove/", proposal=three.number)
    judge.post(f"{path}/remove/", 409, proposal=three.number)
    asked = judge.post(f"{path}/propose/")
    assert [item["outcome"] for item in asked["items"]] == ["awarded", "rejected"]
    signature = {"content_sha256": asked["sha256"]}
    judge.post(f"{path}/sign/", 403, **signature)  # a token signs nothing
    Session(first, proved=False).post(f"{path}/sign/", 403, **signature)
    Session(first).post(f"{path}/sign/", **signature)
    problem = Session(first).post(f"{path}/sign/", 409, **signature)
    assert problem["code"] == "AlreadySigned"
    done = Session(second).post(f"{path}/sign/", **signature)
    assert done["state"] == "published" and len(done["signatures"]) == 2
    assert Allocation.objects.get().proposal == one
    (row,) = judge.get("decision-sets/")["results"]
    assert (row["items"], row["signatures"], row["state"]) == (2, 2, "published")
    Api(one.lead).get(f"{path}/", 404)
    judge.post(f"{path}/discard/", 409, reason="Too late.")


def test_one_decision(call):
    judge = Api(make.panellist(call))
    proposal = make.proposal_for(call, state="ranked")
    body = award(proposal)
    del body["proposal"]
    found = judge.post(f"proposals/{proposal.number}/decide/", **body)
    assert found["items"][0]["number"] == proposal.number
    Api(research_officer()).post(f"proposals/{proposal.number}/decide/", 403, **body)
    assert judge.post(f"decision-sets/{found['number']}/discard/", reason="Not yet.")


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"outcome": "awarded", "reason": "x"}, "lines"),
        ({"outcome": "famous", "reason": "x"}, "outcome"),
        ({"outcome": "rejected"}, "reason"),
        (
            {
                "outcome": "awarded",
                "reason": "x",
                "lines": [{"request": 1, "seconds": 0}],
                "starts_on": "2027-01-01",
                "ends_on": "2027-02-01",
            },
            "lines",
        ),
    ],
)
def test_a_decision_badly_filled_in(call, body, field):
    proposal = make.proposal_for(call, state="ranked")
    problem = Api(make.panellist(call)).post(f"proposals/{proposal.number}/decide/", 422, **body)
    assert field in problem["errors"]
    assert not DecisionSet.objects.exists()


def test_a_proposal_one_may_not_see_is_not_there(call):
    own = make.proposal_for(call, state="ranked")
    judge = make.panellist(call)
    judge.affiliations.create(institution=own.institution, role="member", since="2026-01-01")
    problem = Api(judge).post(
        "decision-sets/", 422, call=call.code, choices=[rejection(own), rejection(own)]
    )
    assert own.number in problem["errors"]["choices"][0]


def test_masked_for_whose_own_it_is(call):
    lead, judge = make.panellist(call), make.panellist(call)
    own = make.proposal_for(call, state="ranked", lead=lead)
    found = sets.draft(judge, sets.choice(own))
    seen = Api(lead).get(f"decision-sets/{found.number}/")
    assert seen["items"] == [
        {"number": own.number, "masked": True, "lines": [], "binding": []}
        | dict.fromkeys(("outcome", "starts_on", "ends_on", "reason", "override_reason"))
    ]
    assert seen["budget"][0]["wanted"] is seen["budget"][0]["after"] is None


def test_lists_take_a_fixed_number_of_queries(call, django_assert_max_num_queries):
    judge = make.panellist(call)
    api = Api(judge)
    for _ in range(3):
        sets.draft(judge, sets.choice(make.proposal_for(call, state="ranked")))
        with django_assert_max_num_queries(10):
            api.get("decision-sets/")
