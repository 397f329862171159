"""A pause in writing saves a proposal, and a newer text elsewhere is never overwritten."""

from __future__ import annotations

import pytest
from django.urls import reverse

from compute_grants.actions import proposals
from compute_grants.models import Proposal
from tests.factories import compute_grants as make

SECONDS_FOR_A_PAUSE = 9_000


@pytest.mark.django_db(transaction=True)
def test_a_pause_saves_and_a_conflict_is_said(visit):
    draft = make.proposal_for(make.call_with())
    page = visit(draft.lead).new_page()
    page.clock.install()
    page.goto(reverse("compute_grants:proposal_edit", args=[draft.number, "science"]))
    field = page.get_by_label("Science case")
    status = page.locator("[data-autosave-status]")

    field.fill("Half a thought")
    page.clock.run_for(SECONDS_FOR_A_PAUSE)
    status.filter(has_text="Saved at").wait_for()
    draft.refresh_from_db()
    assert (draft.science_case, draft.version) == ("Half a thought", 2)

    proposals.save(draft, version=2, by=draft.lead, science_case="From elsewhere")
    field.fill("A whole thought")
    page.clock.run_for(SECONDS_FOR_A_PAUSE)
    status.filter(has_text="changed elsewhere").wait_for()
    assert Proposal.objects.get().science_case == "From elsewhere"
    assert field.input_value() == "A whole thought"
