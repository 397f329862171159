"""Objections to ties that the portal found: raised by one of the two, answered by the office."""

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from compute_grants.models import Tie, TieDispute
from compute_grants.policies import ties as policy
from consortium import audit
from consortium.actions.notices import notify
from consortium.errors import DomainError, Invalid, WrongState
from consortium.models import User
from consortium.states import require_transition

State = TieDispute.State


class AlreadyDisputed(DomainError):
    """One objection to a tie waits at a time."""


@transaction.atomic
def dispute(tie: Tie, *, reason: str, by: User) -> TieDispute:
    """Object to a tie that the portal found. It counts until the office has answered.

    Raises PermissionDenied, WrongState, AlreadyDisputed, or Invalid without a reason.
    """
    tie = Tie.objects.select_for_update().get(pk=tie.pk)
    policy.can_dispute(by, tie).require()
    if tie.retracted_at:
        raise WrongState(_("This tie was taken back and counts no more."))
    if tie.disputes.filter(state=State.OPEN).exists():
        raise AlreadyDisputed(_("This tie is disputed already. The R&D office answers first."))
    if not reason.strip():
        raise Invalid({"reason": [_("Say what is wrong with it. The R&D office reads it.")]})
    made = TieDispute.objects.create(tie=tie, reason=reason.strip(), raised_by=by)
    audit.record("tie.disputed", tie, by=by, dispute=made.pk, reason=made.reason[:300])
    return made


@transaction.atomic
def answer(found: TieDispute, *, accept: bool, note: str, by: User) -> TieDispute:
    """Take the tie back, or say why it stands. Whoever objected is told.

    Raises PermissionDenied, WrongState, or Invalid without a note.
    """
    tie = Tie.objects.select_for_update().get(pk=found.tie_id)
    found = TieDispute.objects.select_for_update().get(pk=found.pk)
    found.tie = tie
    policy.can_answer_dispute(by, found).require()
    to = State.ACCEPTED if accept else State.REFUSED
    require_transition(TieDispute.TRANSITIONS, found.state, to)
    if not note.strip():
        raise Invalid({"note": [_("Give the reason. Whoever objected reads it.")]})
    _close(found, to, note=note.strip(), by=by)
    if accept:
        tie.retracted_at, tie.retracted_by = found.answered_at, by
        tie.save(update_fields=["retracted_at", "retracted_by"])
    return found


def _close(found: TieDispute, to: TieDispute.State, *, note: str, by: User) -> None:
    found.state, found.answer = to, note
    found.answered_by, found.answered_at = by, timezone.now()
    found.save(update_fields=["state", "answer", "answered_by", "answered_at"])
    event = "tie.dispute_accepted" if to == State.ACCEPTED else "tie.dispute_refused"
    audit.record(event, found.tie, by=by, dispute=found.pk, note=note[:300])
    notify(event, to=[found.raised_by], about=found)
