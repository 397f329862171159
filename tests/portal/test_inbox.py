"""“What needs me” has the tasks and holdings of every track."""

import pytest

from portal.inbox import holdings_for, tasks_for
from tests.factories import registry
from tests.factories.consortium import research_officer
from tests.factories.licensing import Crossing, Deal

pytestmark = pytest.mark.django_db


def test_a_release_and_a_transfer_both_wait_for_the_office():
    release, gate = registry.release(state="under_review"), Crossing().in_review()
    titles = [task.title for task in tasks_for(research_officer())]
    assert sorted(titles) == sorted([release.number, gate.number])


def test_a_licence_is_answered_signed_and_then_held():
    deal = Deal()
    licence = deal.offered()
    assert licence.number in [task.title for task in tasks_for(deal.buyer)]
    signed = Deal()
    agreed = signed.agreed()
    assert agreed.number in [task.title for task in tasks_for(signed.delegate)]
    assert licence.number in [row.number for row in holdings_for(deal.buyer)]
