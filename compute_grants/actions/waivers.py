"""Waivers: leave to review in spite of one known conflict. One person asks, another decides."""

from datetime import date, timedelta

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from compute_grants.models import Proposal, ReviewPolicy, Waiver
from compute_grants.policies import ties as policy
from compute_grants.policies.conflicts import Reason, conflicts_between
from consortium import audit
from consortium.actions.notices import notify
from consortium.errors import DomainError, Invalid
from consortium.models import ArmAppointment, User
from consortium.queries import staff_of
from consortium.states import require_transition

State = Waiver.State


class NoSuchConflict(DomainError):
    """Only a conflict that stands can be waived."""


class NeverWaived(DomainError):
    """One's own proposal, one's own team and the other side of the wall."""


class AlreadyAsked(DomainError):
    """One waiver stands for one conflict of one person with one proposal."""


@transaction.atomic
def ask(
    proposal: Proposal,
    *,
    reviewer: User,
    ground: str,
    reason: str,
    by: User,
    expires_on: date | None = None,
) -> Waiver:
    """Ask for a waiver of the conflict whose key is `ground` (policies.conflicts.Reason.key).

    Raises PermissionDenied, NoSuchConflict, NeverWaived, AlreadyAsked, or Invalid.
    """
    proposal = (
        Proposal.objects.select_for_update(of=("self",))
        .select_related("institution", "lead")
        .get(pk=proposal.pk)
    )
    policy.can_ask_waiver(by, proposal, reviewer).require()
    conflict = _conflict(proposal, reviewer, ground)
    if not reason.strip():
        raise Invalid({"reason": [_("Give the reason. The second person and the panel read it.")]})
    open_ones = Waiver.objects.filter(
        proposal=proposal, reviewer=reviewer, ground=ground, state__in=("requested", "approved")
    )
    if open_ones.exists():
        raise AlreadyAsked(_("A waiver for this conflict was asked for before and stands."))
    waiver = Waiver.objects.create(
        proposal=proposal,
        reviewer=reviewer,
        ground=ground,
        conflict=conflict.text,
        reason=reason,
        asked_by=by,
        expires_on=_end(expires_on),
    )
    audit.record(
        "waiver.asked", waiver, by=by, proposal=proposal.number, reviewer=reviewer.pk, ground=ground
    )
    _tell_colleagues(waiver, by)
    return waiver


def _conflict(proposal: Proposal, reviewer: User, ground: str) -> Reason:
    found = conflicts_between([proposal], [reviewer], waived=True)
    reasons = {reason.key: reason for reason in found.get((proposal.pk, reviewer.pk), [])}
    if ground not in reasons:
        raise NoSuchConflict(_("No such conflict is known between this person and the proposal."))
    if not reasons[ground].waivable:
        raise NeverWaived(
            _("Nobody reviews their own proposal or their own team's. This is never waived.")
        )
    return reasons[ground]


def _end(wanted: date | None) -> date:
    today = timezone.localdate()
    last = today + timedelta(days=ReviewPolicy.objects.on(today).waiver_days)
    if wanted is None:
        return last
    if not today <= wanted <= last:
        message = _("Choose a day from today to %(last)s: a waiver does not last longer.")
        raise Invalid({"expires_on": [message % {"last": last.isoformat()}]})
    return wanted


def _tell_colleagues(waiver: Waiver, by: User) -> None:
    notify(
        "waiver.asked",
        to=staff_of(ArmAppointment.Office.RESEARCH).exclude(pk=waiver.reviewer_id),
        about=waiver,
        besides=by,
        number=waiver.proposal.number,
    )


@transaction.atomic
def decide(waiver: Waiver, *, approve: bool, note: str = "", by: User) -> Waiver:
    """Approve or refuse, by a second person; a refusal says why.

    Raises PermissionDenied, WrongState, or Invalid.
    """
    waiver = _locked(waiver)
    policy.can_decide_waiver(by, waiver).require()
    to = State.APPROVED if approve else State.REFUSED
    require_transition(Waiver.TRANSITIONS, waiver.state, to)
    if not approve and not note.strip():
        raise Invalid({"note": [_("Say why it is refused.")]})
    _close(waiver, to, note, by)
    event = "waiver.approved" if approve else "waiver.refused"
    audit.record(event, waiver, by=by, proposal=waiver.proposal.number)
    notify(event, to=[waiver.asked_by], about=waiver, number=waiver.proposal.number)
    return waiver


@transaction.atomic
def revoke(waiver: Waiver, *, note: str, by: User) -> Waiver:
    """End a waiver before its day. A review that is in stays; nothing further can be done under it.

    Raises PermissionDenied, WrongState, or Invalid.
    """
    waiver = _locked(waiver)
    policy.can_revoke_waiver(by, waiver).require()
    require_transition(Waiver.TRANSITIONS, waiver.state, State.REVOKED)
    if not note.strip():
        raise Invalid({"note": [_("Say why it is revoked.")]})
    waiver.state = State.REVOKED
    waiver.decision_note = note
    waiver.save(update_fields=["state", "decision_note"])
    audit.record("waiver.revoked", waiver, by=by, proposal=waiver.proposal.number, note=note)
    return waiver


def _locked(waiver: Waiver) -> Waiver:
    return (
        Waiver.objects.select_for_update(of=("self",))
        .select_related("proposal__institution", "proposal__lead", "asked_by")
        .get(pk=waiver.pk)
    )


def _close(waiver: Waiver, to: Waiver.State, note: str, by: User) -> None:
    waiver.state = to
    waiver.decided_by = by
    waiver.decided_at = timezone.now()
    waiver.decision_note = note
    waiver.save(update_fields=["state", "decided_by", "decided_at", "decision_note"])
