"""What the gate pins, and the certificate it gives."""

import json

import pytest
from django.core.exceptions import PermissionDenied
from django.db import DatabaseError, connection, transaction

from consortium.backends.signer import signer
from consortium.errors import WrongState
from registry import certificates
from registry.actions import gate_approval, gates, trust
from registry.models import (
    CheckpointFile,
    Contribution,
    GateApproval,
    TransferGate,
)
from registry.verifier import jws
from registry.verifier.codes import Refused
from tests.factories import licensing
from tests.factories.consortium import (
    delegate,
    member,
)
from tests.intruder import triggers_off
from tests.registry.actions.crossing_over import State, trusted

pytestmark = pytest.mark.django_db


# What is pinned


def swap_a_file(checkpoint):
    """What nobody can do: change a released file behind the triggers' back."""
    other = licensing.blob(b"other weights")
    with triggers_off():
        CheckpointFile.objects.filter(checkpoint=checkpoint, path="model.safetensors").update(
            blob=other, size=other.size
        )


@pytest.mark.parametrize("step", ["requested", "in_review", "consenting", "consented"])
def test_any_change_of_digest_restarts(crossing, step):
    gate = getattr(crossing, step)()
    swap_a_file(crossing.release.checkpoint)
    act = {
        "requested": lambda: gates.run_checks(gate, by=crossing.requester),
        "in_review": lambda: gates.approve_research(gate, note="", by=crossing.research),
        "consenting": lambda: gates.consent(
            gate,
            crossing.release.model.lab.institution,
            verdict="consent",
            reason="",
            by=delegate(crossing.release.model.lab.institution),
        ),
        "consented": lambda: gate_approval.approve_deployment(
            gate, note="", by=crossing.deployment
        ),
    }[step]
    with pytest.raises(gates.DigestChanged):
        act()


def test_a_withdrawn_release_stops_the_transfer(crossing):
    gate = crossing.in_review()
    crossing.release.state = "withdrawn"
    crossing.release.save()
    with pytest.raises(gates.DigestChanged, match="withdrawn"):
        gates.approve_research(gate, note="", by=crossing.research)


def test_contributions_changed_after_the_consents_are_found(crossing):
    gate = crossing.consented()
    trust.init_keys()
    with triggers_off():
        Contribution.objects.filter(snapshot=gate.snapshot).update(amount=99)
    with pytest.raises(gate_approval.NotAgreed, match="not those consented to"):
        gate_approval.approve_deployment(gate, note="", by=crossing.deployment)


def test_without_keys_nothing_is_approved(crossing, settings, tmp_path):
    gate = crossing.consented()
    settings.SIGNING_KEYS_DIR = tmp_path
    signer().ensure("gate-research")
    with pytest.raises(trust.NoTrust, match="init_keys"):
        gate_approval.approve_deployment(gate, note="", by=crossing.deployment)
    assert not GateApproval.objects.filter(gate=gate, arm="deployment").exists()


def test_the_database_keeps_the_root_the_certificate_and_the_votes(crossing):
    gate = crossing.approved()
    for change in ({"manifest_root": "0" * 64}, {"certificate": "{}"}):
        with pytest.raises(DatabaseError), transaction.atomic():
            TransferGate.objects.filter(pk=gate.pk).update(**change)
    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
        gate.consents.update(verdict="objection", reason="x")
    assert connection.is_usable()


# The certificate


def edited(text, change):
    """The certificate with its decoded payload changed."""
    whole = json.loads(text)
    payload = jws.strict_json(jws.b64decode(whole["payload"]))
    change(payload)
    whole["payload"] = jws.b64encode(jws.canonical(payload))
    return jws.canonical(whole).decode()


def test_a_certificate_counts_its_signers(crossing):
    text = crossing.approved().certificate
    whole = json.loads(text)
    one, two = whole["signatures"]
    for rows in ([one], [two], [one, one], [two, two], [one, two, one], []):
        forged = jws.canonical(whole | {"signatures": rows}).decode()
        with pytest.raises(Refused):
            certificates.verify(forged, trusted())
    swapped = jws.canonical(whole | {"signatures": [two, one]}).decode()
    assert certificates.verify(swapped, trusted())


@pytest.mark.parametrize(
    "change",
    [
        lambda p: p.update(manifest_root="0" * 64),
        lambda p: p.update(consents=[]),
        lambda p: p["checks"].update(security=False),
        lambda p: p.update(iat=p["iat"] + 1),
        lambda p: p.pop("iat"),
    ],
)
def test_an_edited_certificate_is_refused(crossing, change):
    text = crossing.approved().certificate
    with pytest.raises(Refused):
        certificates.verify(edited(text, change), trusted())


def test_keys_of_another_use_cannot_certify(crossing):
    gate = crossing.approved()
    keys = [trust.signing_key("issuer"), trust.signing_key("gate-deployment")]
    forged = certificates.encode(gate_approval.certificate_payload(gate), keys)
    with pytest.raises(Refused, match="WRONG_KEY_USE"):
        certificates.verify(forged, trusted())


# Who sees it


def test_who_sees_a_gate_depends_on_how_far_it_is(crossing):
    gate = crossing.requested()

    def seen(user):
        return TransferGate.objects.visible_to(user).filter(pk=gate.pk).exists()

    deployment, home = crossing.deployment, crossing.release.model.lab.institution
    assert seen(crossing.requester) and seen(crossing.research) and seen(delegate(home))
    assert not seen(deployment) and not seen(member()) and not seen(member(home))
    gates.run_checks(gate, by=crossing.requester)
    assert not seen(deployment)
    gates.approve_research(gate, note="", by=crossing.research)
    assert seen(deployment) and seen(member(home))
    assert not seen(member())


@pytest.mark.parametrize("state", [State.APPROVED, State.REFUSED, State.CANCELLED])
def test_what_is_over_does_not_move(crossing, state):
    gate = crossing.in_review()
    with triggers_off():
        TransferGate.objects.filter(pk=gate.pk).update(
            state=state, certificate="{}", certified_at="2026-11-01T00:00Z"
        )
    with pytest.raises((PermissionDenied, WrongState)):
        gates.approve_research(gate, note="", by=crossing.research)
    with pytest.raises((PermissionDenied, WrongState)):
        gates.refuse(gate, reason="No.", by=crossing.research)
