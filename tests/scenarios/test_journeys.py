"""The chain from a proposal to a licence, walked by its people through pages alone.

Each journey is walked twice: all people read English, then all read Chinese.
"""

from __future__ import annotations

import hashlib
from http import HTTPStatus

import pytest
from django.urls import reverse

from consortium.actions import desired
from registry.actions import trust
from registry.models import TransferGate
from registry.verifier.codes import Code
from tests.factories import licensing as deals
from tests.factories import registry as labs
from tests.factories.consortium import (
    PersonFactory,
    delegate,
    deployment_officer,
    member,
    research_officer,
)
from tests.scenarios import steps_grants as grants
from tests.scenarios import steps_licence as licences
from tests.scenarios import steps_release as releases

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.browser,
    pytest.mark.slow,
    pytest.mark.timeout(300),
]
ASKED_HOURS, AWARDED_HOURS = 2_000, 800  # below a thousand every language writes the same


def test_a_proposal_becomes_a_grant(sit):
    people = grants.Round()
    lead, office = sit(people.lead), sit(people.office)
    grants.start(lead, people.call)
    grants.write(lead, people.resource.pk, ASKED_HOURS)
    number = grants.submit(lead)
    grants.send_to_centres(office, number)
    grants.find_feasible(sit(people.operator), number)
    grants.invite(office, number, people.reviewers)
    for person, score in zip(people.reviewers, (5, 4), strict=True):
        grants.review(sit(person), number, people.criteria, score)
    judge = sit(people.judge)
    found = grants.decide(judge, people.call, number, AWARDED_HOURS)
    for signer in (judge, sit(people.second)):
        grants.sign(signer, found, number)
    grants.accept(lead, number)
    grant = grants.receipt(lead, number)
    desired.reconcile_due()  # as a worker does within half a minute
    grants.read_grant(lead, grant, AWARDED_HOURS)


def test_a_checkpoint_becomes_a_release_and_then_a_licence(sit):
    trust.init_keys()
    checkpoint = releases.trained_checkpoint()
    author = sit(labs.maintainer(checkpoint.model.lab))
    address = _released(sit, author, checkpoint)
    number = _through_the_gate(sit, author, address)
    office = deployment_officer()
    licences.decide(sit(office, proved=False), number)
    licences.offer(sit(office), number)
    deal = deals.Deal(offering=None, officer=office)
    licence = _agreed(sit, deal)
    for person in (deal.delegate, office):
        licences.sign(sit(person, proved=False), licence)
    buyer = sit(deal.buyer)
    text = licences.licence_file(buyer, licence)
    assert licences.judged(text) is Code.OK
    assert licences.judged(licences.edited(text)) is Code.BAD_SIGNATURE
    _licensed_files(sit, buyer, licence, checkpoint)


def _released(sit, author, checkpoint) -> str:
    """Published, decided, and read by a member and by nobody else. Returns its address."""
    releases.begin(author, checkpoint, "1.0")
    releases.prepare(author)
    address = releases.publish(author)
    number = f"{checkpoint.model.full_name} v1.0"
    releases.approve(sit(research_officer()), number)
    content = releases.download(sit(member()), address)
    assert hashlib.sha256(content).hexdigest() == _sha256(checkpoint, releases.WEIGHTS)
    file = f"{address}files/{releases.WEIGHTS}"
    for outsider in (sit(), sit(PersonFactory.create())):
        assert {outsider.status_of(at) for at in (address, file)} == {HTTPStatus.NOT_FOUND}
    return address


def _through_the_gate(sit, author, address: str) -> str:
    """Asked for, approved for research, consented to by each contributor. Returns its number."""
    number = licences.ask(author, address)
    licences.decide(sit(research_officer(), proved=False), number)
    contributors = deals.contributors(TransferGate.objects.get())
    assert len(contributors) >= 3  # the lab's institution, the centre, who gave the data
    for institution in contributors:
        licences.consent(sit(delegate(institution), proved=False), number)
    return number


def _agreed(sit, deal: deals.Deal) -> str:
    """An enterprise and the deployment office come to terms. Returns the licence's number."""
    number = licences.quote(sit(deal.buyer), deal.enterprise)
    licences.put_forward(sit(deal.officer), number)
    licences.accept(sit(deal.buyer), number)
    return number


def _licensed_files(sit, buyer, number: str, checkpoint) -> None:
    """The licensee gets the model's bytes; another enterprise is told there is nothing."""
    buyer.follow("Get the model")
    content = buyer.download(releases.WEIGHTS, written=True)
    assert hashlib.sha256(content).hexdigest() == _sha256(checkpoint, releases.WEIGHTS)
    rival = sit(delegate(deals.enterprise()))
    address = reverse("registry:licence_bytes", args=[number, releases.WEIGHTS])
    assert rival.status_of(address) == HTTPStatus.NOT_FOUND


def _sha256(checkpoint, path: str) -> str:
    return checkpoint.files.get(path=path).sha256
