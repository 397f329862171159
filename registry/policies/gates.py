"""Who may do what at the technology-transfer gate. One function per action."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from consortium.models import Affiliation, Institution, User
from consortium.policies import ALLOW, Decision, deny
from consortium.roles import Permission, has, shares_interest, standing
from registry.models import Lab, ResearchRelease, TransferGate

State = TransferGate.State


def can_request(user: User, release: ResearchRelease) -> Decision:
    if not has(user, Permission.GATE_REQUEST):
        return deny(_("Only a member researcher can ask for technology transfer."))
    if not Lab.objects.worked_in_by(user).filter(pk=release.model.lab_id).exists():
        return deny(_("Only the lab that made this release can ask for its transfer."))
    if release.state != ResearchRelease.State.RELEASED:
        return deny(_("Only a released checkpoint can pass the gate. Release it first."))
    return ALLOW


def can_work_on(user: User, gate: TransferGate) -> Decision:
    """Restate, run the checks, cancel: the lab's people."""
    lab = gate.checkpoint.model.lab_id
    if not Lab.objects.worked_in_by(user).filter(pk=lab).exists():
        return deny(_("Only the lab that asked can do this."))
    return ALLOW


def can_run_checks(user: User, gate: TransferGate) -> Decision:
    if gate.state not in TransferGate.OPEN:
        return deny(_("The checks are done; what they found is pinned."))
    return can_work_on(user, gate)


def can_cancel(user: User, gate: TransferGate) -> Decision:
    if gate.state in (*TransferGate.OVER, State.APPROVED):
        return deny(_("This transfer is over."))
    return can_work_on(user, gate)


def can_review_research(user: User, gate: TransferGate) -> Decision:
    if not has(user, Permission.GATE_APPROVE_RESEARCH):
        return deny(_("Only the non-profit arm's office decides this."))
    if gate.state != State.RESEARCH_REVIEW:
        return deny(_("The non-profit arm decides once all checks have passed, and only once."))
    return _impartial(user, gate)


def can_review_deployment(user: User, gate: TransferGate) -> Decision:
    if not has(user, Permission.GATE_APPROVE_DEPLOYMENT):
        return deny(_("Only the for-profit arm's office decides this."))
    if gate.state != State.DEPLOYMENT_REVIEW:
        return deny(_("The for-profit arm decides once every institution has consented."))
    return _impartial(user, gate)


def can_consent(user: User, gate: TransferGate, institution: Institution) -> Decision:
    if gate.state != State.CONSENTING:
        return deny(_("Institutions consent after the non-profit arm has approved."))
    if institution.pk not in standing(user).institutions_as(Affiliation.Role.DELEGATE):
        return deny(_("Only a delegate of the institution can speak for it."))
    if gate.consents.filter(institution=institution).exists():
        return deny(_("This institution has answered already."))
    if _has_spoken(user, gate):
        return deny(_("You have answered here already, and nobody answers twice."))
    return ALLOW


def _impartial(user: User, gate: TransferGate) -> Decision:
    if user.pk == gate.requested_by_id or shares_interest(
        user, gate.checkpoint.model.lab.institution
    ):
        return deny(_("You cannot decide on a transfer that you or your institution asked for."))
    if _has_spoken(user, gate):
        return deny(_("You have answered here already, and nobody answers twice."))
    return ALLOW


def _has_spoken(user: User, gate: TransferGate) -> bool:
    return gate.approvals.filter(by=user).exists() or gate.consents.filter(by=user).exists()
