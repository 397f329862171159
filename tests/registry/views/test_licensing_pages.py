"""Every page of licensing opens for whom it is meant; the gate's forms."""

import pytest
from django.urls import reverse

from registry.actions import trust
from registry.models import GateConsent, TransferGate
from tests.factories import licensing
from tests.factories.consortium import delegate, member
from tests.factories.licensing import Crossing, Deal
from tests.registry.samples import deployment_samples
from tests.registry.views.pages import POST_ONLY, address

pytestmark = pytest.mark.django_db


# Every page


@pytest.mark.parametrize("language", ["en", "zh-hans"])
def test_every_page_opens_for_whom_it_is_meant(enter, client, language):
    client.cookies["django_language"] = language
    for name, (kwargs, person) in deployment_samples().items():
        if name in POST_ONLY:
            continue
        client.logout()
        client.cookies["django_language"] = language
        if person:
            enter(person)
        response = client.get(reverse(name, kwargs=kwargs))
        assert response.status_code == 200, (name, response.status_code, response.content[-500:])
        if b"<html" in response.content:
            assert response.content.count(b"<h1") == 1, name


@pytest.mark.parametrize("name", ["gate_list", "licence_list", "statement_list", "offering_list"])
@pytest.mark.parametrize("full", [False, True])
def test_lists_open_empty_and_full(enter, name, full):
    person = member()
    if full:
        statement = Deal().paid()
        gate = statement.licence.offering.gate
        person = member(licensing.contributors(gate)[0])
    assert enter(person).get(address(name)).status_code == 200


def test_a_stranger_gets_404_everywhere(enter):
    stranger = delegate()
    open_to_all = {"registry:offering", "registry:verifier", "registry:licence_request"}
    for name, (kwargs, _person) in deployment_samples().items():
        if name in open_to_all | POST_ONLY:
            continue
        response = enter(stranger).get(reverse(name, kwargs=kwargs))
        assert response.status_code in (403, 404), (name, response.status_code)


# The gate


def test_a_lab_asks_and_the_checks_run(enter):
    crossing = Crossing()
    release = crossing.release
    where = (release.model.lab.slug, release.model.slug, release.version)
    client = enter(crossing.requester)
    assert client.get(release.get_absolute_url()).status_code == 200
    empty = client.post(address("gate_request", *where), {})
    assert empty.status_code == 422
    answer = client.post(
        address("gate_request", *where), {"purpose_en": "Inspection."} | licensing.STATEMENTS
    )
    gate = TransferGate.objects.get()
    assert (answer.status_code, answer.url) == (302, gate.get_absolute_url())
    assert gate.state == "research_review"


def test_what_failed_is_restated(enter):
    crossing = Crossing()
    gate = crossing.requested(statements={})
    client = enter(crossing.requester)
    client.post(address("gate_check", gate.number))
    assert TransferGate.objects.get().state == "checks"
    page = client.get(address("gate_restate", gate.number))
    assert "Nothing is stated" in page.content.decode()
    client.post(address("gate_restate", gate.number), licensing.STATEMENTS)
    assert TransferGate.objects.get().state == "research_review"


@pytest.mark.parametrize(
    ("step", "route", "verdict", "state"),
    [
        ("in_review", "gate_research", "approve", "consenting"),
        ("in_review", "gate_research", "refuse", "refused"),
        ("consented", "gate_deployment", "approve", "approved"),
        ("consented", "gate_deployment", "refuse", "refused"),
    ],
)
def test_each_arm_decides(enter, step, route, verdict, state):
    trust.init_keys()
    crossing = Crossing()
    gate = getattr(crossing, step)()
    officer = crossing.research if step == "in_review" else crossing.deployment
    client = enter(officer)
    if verdict == "refuse":
        unreasoned = client.post(address(route, gate.number), {"verdict": verdict})
        assert unreasoned.status_code == 422
    client.post(address(route, gate.number), {"verdict": verdict, "note": "So be it."})
    assert TransferGate.objects.get().state == state


def test_an_arm_confirms_who_it_is_first(enter):
    crossing = Crossing()
    gate = crossing.in_review()
    client = enter(crossing.research, proved=False)
    answer = client.post(address("gate_research", gate.number), {"verdict": "approve"})
    assert answer.status_code == 302
    assert "reauthenticate" in answer.url
    assert TransferGate.objects.get().state == "research_review"


def test_a_delegate_answers_for_the_institution(enter):
    gate = Crossing().consenting()
    (home,) = licensing.contributors(gate)
    client = enter(delegate(home))
    assert "Answer for your institution" in client.get(gate.get_absolute_url()).content.decode()
    client.post(address("gate_consent", gate.number, home.slug), {"verdict": "consent"})
    assert GateConsent.objects.get().verdict == "consent"


def test_the_certificate_is_downloaded_as_issued(enter):
    crossing = Crossing()
    gate = crossing.approved()
    answer = enter(crossing.requester).get(address("gate_certificate", gate.number))
    assert answer.content.decode() == gate.certificate
    assert "attachment" in answer["Content-Disposition"]
