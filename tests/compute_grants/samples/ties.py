"""Samples of ties and waivers."""

from tests.factories import compute_grants as make
from tests.factories.consortium import research_officer, reviewer
from tests.factories.reviews import TieDisputeFactory, TieFactory, WaiverFactory
from tests.samples import Samples


def samples() -> Samples:
    office = research_officer()
    person = reviewer()
    tie = TieFactory.create(person=person)
    proposal = make.ProposalFactory.create(peer_review=True)
    close = TieFactory.create(person=person, other_email=proposal.lead.email)
    waiver = WaiverFactory.create(
        proposal=proposal, reviewer=person, ground=f"collaboration:{close.pk}"
    )
    found = TieFactory.create(person=person, found=True)
    dispute = TieDisputeFactory.create(tie__person=reviewer())
    return {
        "compute_grants:tie_dispute": ({"pk": found.pk}, person),
        "compute_grants:tie_dispute_answer": ({"pk": dispute.pk}, office),
        "api:tie-dispute": ({"pk": found.pk}, person),
        "api:tiedispute-detail": ({"pk": dispute.pk}, office),
        "api:tiedispute-accept": ({"pk": dispute.pk}, office),
        "api:tiedispute-refuse": ({"pk": dispute.pk}, office),
        "compute_grants:tie_list": ({}, person),
        "compute_grants:tie_retract": ({"pk": tie.pk}, person),
        "compute_grants:person_ties": ({"pk": person.pk}, office),
        "compute_grants:review_policy": ({}, office),
        "compute_grants:waiver_list": ({}, office),
        "compute_grants:waiver_ask": ({"number": proposal.number, "pk": person.pk}, office),
        "compute_grants:waiver": ({"pk": waiver.pk}, office),
        "api:tie-detail": ({"pk": tie.pk}, person),
        "api:tie-retract": ({"pk": tie.pk}, person),
        "api:waiver-detail": ({"pk": waiver.pk}, office),
        "api:waiver-approve": ({"pk": waiver.pk}, office),
        "api:waiver-refuse": ({"pk": waiver.pk}, office),
        "api:waiver-revoke": ({"pk": waiver.pk}, office),
    }
