"""A reviewer and a panel at work, each through pages alone, in both languages."""

from __future__ import annotations

import pytest

from compute_grants.models import Proposal
from tests.factories.consortium import research_officer, reviewer
from tests.scenarios import steps_grants as grants
from tests.scenarios import steps_judging as judging

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.browser,
    pytest.mark.slow,
    pytest.mark.timeout(120),
]


def test_a_review_from_the_declaration_to_the_rebuttal(sit):
    assignment = judging.invited()
    proposal = assignment.proposal
    desk = sit(assignment.reviewer)
    grants.declare(desk, proposal.number)
    judging.keep_draft(desk, proposal.number)
    grants.score_each(desk, list(proposal.call.criteria.all()), 4)
    grants.hand_in(desk)
    judging.open_rebuttal(sit(research_officer()), proposal.number)
    judging.answer_reviews(sit(proposal.lead), proposal.number, assignment.reviewer.name)
    judging.read_answer(desk, assignment)


def test_a_panel_from_the_board_to_publication(sit):
    judges = [reviewer(panellist=True) for _ in range(2)]
    call, better, other = judging.ranked_call(judges)
    chair = sit(judges[0])
    judging.propose_awards(chair, call)
    found = judging.adopt(chair)
    grants.sign(chair, found, better.number)
    assert Proposal.objects.get(pk=better.pk).state == "ranked", "one signature decides nothing"
    grants.sign(sit(judges[1]), found, better.number)
    judging.published(chair, found)
    states = dict(Proposal.objects.values_list("number", "state"))
    assert states == {better.number: "awarded", other.number: "rejected"}
    judging.read_letter(sit(other.lead), other.number)
