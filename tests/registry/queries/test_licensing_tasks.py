"""What waits for whom in the deployment track."""

import pytest

from registry.queries.licensing import holdings_for, tasks_for
from tests.factories import licensing
from tests.factories.consortium import delegate, member
from tests.factories.licensing import Crossing, Deal

pytestmark = pytest.mark.django_db


def verbs(user):
    fresh = type(user).objects.get(pk=user.pk)
    return [(task.verb, task.title) for task in tasks_for(fresh)]


def test_each_arm_is_asked_in_its_turn():
    crossing = Crossing()
    gate = crossing.in_review()
    assert verbs(crossing.research) == [("Decide", gate.number)]
    assert verbs(crossing.deployment) == []
    other = Crossing()
    consented = other.consented()
    assert verbs(other.deployment) == [("Decide", consented.number)]


def test_a_delegate_is_asked_until_the_institution_has_answered():
    gate = Crossing().consenting()
    (home,) = licensing.contributors(gate)
    person = delegate(home)
    assert verbs(person) == [("Answer", gate.number)]
    assert verbs(member(home)) == []
    licensing.gates.consent(gate, home, verdict="consent", reason="", by=person)
    assert verbs(person) == []


def test_the_requester_repairs_what_failed():
    crossing = Crossing()
    gate = crossing.requested(statements={})
    licensing.gates.run_checks(gate, by=crossing.requester)
    assert verbs(crossing.requester) == [("Repair", gate.number)]


def test_a_negotiation_waits_for_the_side_whose_turn_it_is():
    deal = Deal()
    licence = deal.requested()
    assert verbs(deal.officer) == [("Answer", licence.number)]
    licensing.licences.offer(licence, licensing.terms(), comment="", by=deal.officer)
    assert verbs(deal.officer) == []
    assert verbs(deal.buyer) == [("Accept or counter", licence.number)]


def test_an_agreement_waits_for_both_signatures():
    deal = Deal()
    licence = deal.half_signed()
    assert verbs(deal.delegate) == []
    assert verbs(deal.officer) == [("Sign", licence.number)]


def test_licences_are_among_what_one_has():
    deal = Deal()
    licence = deal.active()
    assert [h.number for h in holdings_for(deal.buyer)] == [licence.number]
    assert holdings_for(deal.officer) == []
