"""The last step of the gate: the for-profit arm's yes, and the certificate of both arms."""

from __future__ import annotations

from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from consortium import audit
from consortium.errors import DomainError
from consortium.models import Arm, User
from consortium.states import require_transition
from registry import certificates
from registry.actions import gates
from registry.actions.trust import now_seconds, signing_key
from registry.models import GateApproval, GateConsent, TransferGate
from registry.policies import gates as policies
from registry.queries.contributions import digest_of
from registry.verifier.claims import ISSUER

State = TransferGate.State


class NotAgreed(DomainError):
    pass


@transaction.atomic
def approve_deployment(gate: TransferGate, *, note: str, by: User) -> TransferGate:
    """The for-profit arm's yes. Issues the certificate, signed by both arms' keys.

    Raises PermissionDenied, WrongState, DigestChanged, NotAgreed, NoTrust.
    """
    gate = gates.locked(gate)
    policies.can_review_deployment(by, gate).require()
    require_transition(TransferGate.TRANSITIONS, gate.state, State.APPROVED)
    gates.require_same_digest(gate)
    _require_agreement(gate)
    GateApproval.objects.create(
        gate=gate, arm=Arm.DEPLOYMENT, manifest_root=gate.manifest_root, note=note, by=by
    )
    keys = [signing_key("gate-research"), signing_key("gate-deployment")]
    gate.state = State.APPROVED
    gate.certificate = certificates.encode(certificate_payload(gate), keys)
    gate.certified_at = timezone.now()
    gate.save(update_fields=["state", "certificate", "certified_at"])
    audit.record("gate.approved", gate, by=by, manifest_root=gate.manifest_root)
    return gate


def _require_agreement(gate: TransferGate) -> None:
    """Count everything once more: the approval, every consent, and to which snapshot."""
    digest = gate.snapshot.digest
    research = gate.approvals.filter(arm=Arm.RESEARCH, manifest_root=gate.manifest_root)
    others = gate.consents.exclude(verdict=GateConsent.Verdict.CONSENT, snapshot_digest=digest)
    if not research.exists() or gates.awaited(gate) or others.exists():
        raise NotAgreed(_("The non-profit arm and every contributor must agree first."))
    if digest_of(gate.snapshot) != digest:
        raise NotAgreed(_("The contributions are not those consented to. Cancel and ask anew."))


def certificate_payload(gate: TransferGate) -> dict[str, Any]:
    """What both arms certify: which files, for what, who approved and consented."""
    return {
        "iss": ISSUER,
        "iat": now_seconds(),
        "gate": gate.number,
        "checkpoint": gate.checkpoint.number,
        "manifest_root": gate.manifest_root,
        "snapshot": gate.snapshot.digest,
        "purpose": {"en": gate.purpose_en, "zh": gate.purpose_zh},
        "checks": {check.code: check.passed for check in gate.checks.all()},
        "approvals": [
            {"arm": row.arm, "by": row.by_id, "at": int(row.at.timestamp())}
            for row in gate.approvals.all()
        ],
        "consents": [
            {"institution": row.institution.slug, "by": row.by_id, "at": int(row.at.timestamp())}
            for row in gate.consents.select_related("institution")
        ],
    }
