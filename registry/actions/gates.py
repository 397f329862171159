"""Everything that moves a transfer through the gate, up to the certificate (gate_approval)."""

from __future__ import annotations

from collections.abc import Mapping

from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from consortium import audit
from consortium.errors import DomainError, Invalid
from consortium.models import Arm, Institution, User
from consortium.numbers import numbered
from consortium.states import require_transition
from registry.actions import gate_checks
from registry.models import (
    Contribution,
    ContributionSnapshot,
    GateApproval,
    GateCheck,
    GateConsent,
    ResearchRelease,
    TransferGate,
)
from registry.policies import gates as policies
from registry.queries import contributions
from registry.verifier import manifest

State = TransferGate.State


class AlreadyAtTheGate(DomainError):
    pass


class DigestChanged(DomainError):
    pass


@transaction.atomic
def request(
    release: ResearchRelease,
    *,
    purpose_en: str,
    purpose_zh: str,
    statements: Mapping[str, str],
    by: User,
) -> TransferGate:
    """Ask that a released checkpoint may be used commercially.

    statements: what the requester states for each check of GateCheck.STATED.
    Raises PermissionDenied, Invalid, AlreadyAtTheGate.
    """
    policies.can_request(by, release).require()
    if not (purpose_en.strip() or purpose_zh.strip()):
        raise Invalid({"purpose_en": [_("Say what the model is to be used for.")]})
    try:
        with transaction.atomic():
            gate = TransferGate.objects.create(
                number=numbered("TG", timezone.localdate().year),
                release=release,
                checkpoint=release.checkpoint,
                manifest_root=release.checkpoint.manifest_root,
                purpose_en=purpose_en,
                purpose_zh=purpose_zh,
                statements=_stated(statements),
                requested_by=by,
            )
    except IntegrityError:
        message = _("This checkpoint is at the gate or through it already. Open that transfer.")
        raise AlreadyAtTheGate(message) from None
    audit.record("gate.requested", gate, by=by, manifest_root=gate.manifest_root)
    return gate


@transaction.atomic
def restate(gate: TransferGate, *, statements: Mapping[str, str], by: User) -> TransferGate:
    """Change what is stated, until the checks have passed. Raises PermissionDenied."""
    gate = locked(gate)
    policies.can_run_checks(by, gate).require()
    gate.statements = gate.statements | _stated(statements)
    gate.save(update_fields=["statements"])
    audit.record("gate.restated", gate, by=by, checks=sorted(_stated(statements)))
    return gate


@transaction.atomic
def run_checks(gate: TransferGate, *, by: User) -> TransferGate:
    """Run every check. If all pass, freeze the contributions and hand over to the R&D office.

    Raises PermissionDenied, WrongState, DigestChanged.
    """
    gate = locked(gate)
    policies.can_run_checks(by, gate).require()
    require_same_digest(gate)
    results = gate_checks.run(gate)
    GateCheck.objects.bulk_create(
        results,
        update_conflicts=True,
        unique_fields=["gate", "code"],
        update_fields=["passed", "automatic", "evidence", "checked_at"],
    )
    failed = [check.code for check in results if not check.passed]
    _move(gate, State.CHECKS if failed else State.RESEARCH_REVIEW)
    audit.record("gate.checked", gate, by=by, failed=failed)
    if not failed:
        snapshot = take_snapshot(gate)
        audit.record("gate.contributions_frozen", gate, by=by, digest=snapshot.digest)
    return gate


def take_snapshot(gate: TransferGate) -> ContributionSnapshot:
    """Freeze who contributed what, as the facts stand now."""
    facts = contributions.facts(gate.checkpoint)
    ancestors = contributions.ancestors(gate.checkpoint)
    rows = [(fact.institution.slug, fact.kind, fact.amount, fact.unit) for fact in facts]
    digest = contributions.snapshot_digest(gate.manifest_root, rows, ancestors)
    snapshot = ContributionSnapshot.objects.create(gate=gate, ancestors=ancestors, digest=digest)
    Contribution.objects.bulk_create(
        Contribution(
            snapshot=snapshot,
            institution=fact.institution,
            kind=fact.kind,
            amount=fact.amount,
            unit=fact.unit,
            evidence=fact.evidence,
        )
        for fact in facts
    )
    return snapshot


@transaction.atomic
def approve_research(gate: TransferGate, *, note: str, by: User) -> TransferGate:
    """The non-profit arm's yes; the contributing institutions are asked next.

    Raises PermissionDenied, WrongState, DigestChanged.
    """
    gate = locked(gate)
    policies.can_review_research(by, gate).require()
    require_transition(TransferGate.TRANSITIONS, gate.state, State.CONSENTING)
    require_same_digest(gate)
    GateApproval.objects.create(
        gate=gate, arm=Arm.RESEARCH, manifest_root=gate.manifest_root, note=note, by=by
    )
    _move(gate, State.CONSENTING)
    audit.record("gate.approved_by_research", gate, by=by, manifest_root=gate.manifest_root)
    return gate


@transaction.atomic
def consent(
    gate: TransferGate, institution: Institution, *, verdict: str, reason: str, by: User
) -> TransferGate:
    """A contributing institution consents to the snapshot, or objects and ends the transfer.

    Raises PermissionDenied, WrongState, Invalid, DigestChanged.
    """
    gate = locked(gate)
    policies.can_consent(by, gate, institution).require()
    require_same_digest(gate)
    objects = verdict == GateConsent.Verdict.OBJECTION
    if objects and not reason.strip():
        raise Invalid({"reason": [_("An objection needs its reason.")]})
    if institution.pk not in awaited(gate):
        raise Invalid({"institution": [_("This institution is not among the contributors.")]})
    GateConsent.objects.create(
        gate=gate,
        institution=institution,
        verdict=GateConsent.Verdict(verdict),
        reason=reason,
        snapshot_digest=gate.snapshot.digest,
        by=by,
    )
    audit.record(
        "gate.objected" if objects else "gate.consented",
        gate,
        by=by,
        institution=institution.slug,
        digest=gate.snapshot.digest,
    )
    if objects:
        _end(gate, State.REFUSED, reason, by=by)
    elif not awaited(gate):
        _move(gate, State.DEPLOYMENT_REVIEW)
        audit.record("gate.all_consented", gate, by=None)
    return gate


@transaction.atomic
def refuse(gate: TransferGate, *, reason: str, by: User) -> TransferGate:
    """The arm whose turn it is says no. Raises PermissionDenied, WrongState, Invalid."""
    gate = locked(gate)
    if gate.state == State.DEPLOYMENT_REVIEW:
        policies.can_review_deployment(by, gate).require()
    else:
        policies.can_review_research(by, gate).require()
    _end(gate, State.REFUSED, reason, by=by)
    return gate


@transaction.atomic
def cancel(gate: TransferGate, *, reason: str, by: User) -> TransferGate:
    """The lab takes its request back. Raises PermissionDenied, WrongState, Invalid."""
    gate = locked(gate)
    policies.can_cancel(by, gate).require()
    _end(gate, State.CANCELLED, reason, by=by)
    return gate


def awaited(gate: TransferGate) -> frozenset[int]:
    """Ids of the contributing institutions that have not answered."""
    contributing = gate.snapshot.contributions.values_list("institution_id", flat=True)
    answered = gate.consents.values_list("institution_id", flat=True)
    return frozenset(contributing) - frozenset(answered)


def require_same_digest(gate: TransferGate) -> None:
    """Raise DigestChanged unless the checkpoint is still, file by file, what the gate pinned."""
    checkpoint = gate.checkpoint
    files = [manifest.File(file.path, file.size, file.sha256) for file in checkpoint.files.all()]
    if not checkpoint.manifest_root == manifest.root(files) == gate.manifest_root:
        message = _("The files are not those this transfer was asked for. Cancel it and ask anew.")
        raise DigestChanged(message)
    if gate.release.state != ResearchRelease.State.RELEASED:
        raise DigestChanged(_("The release was withdrawn. Cancel this transfer and ask anew."))


def _stated(statements: Mapping[str, str]) -> dict[str, str]:
    return {code.value: statements[code].strip() for code in GateCheck.STATED if code in statements}


def locked(gate: TransferGate) -> TransferGate:
    return (
        TransferGate.objects.select_for_update(of=("self",))
        .select_related("checkpoint__model__lab__institution", "release")
        .get(pk=gate.pk)
    )


def _move(gate: TransferGate, state: str) -> None:
    if gate.state == state:
        return
    require_transition(TransferGate.TRANSITIONS, gate.state, state)
    gate.state = state
    gate.save(update_fields=["state"])


def _end(gate: TransferGate, state: str, reason: str, *, by: User) -> None:
    if not reason.strip():
        raise Invalid({"reason": [_("Give the reason. Everybody concerned can read it.")]})
    require_transition(TransferGate.TRANSITIONS, gate.state, state)
    gate.state = state
    gate.ended_reason = reason
    gate.save(update_fields=["state", "ended_reason"])
    audit.record(f"gate.{state}", gate, by=by, reason=reason[:200])
