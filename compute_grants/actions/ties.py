"""Ties, kept by people themselves and by the office, and the windows in which they count."""

from datetime import date
from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from compute_grants.actions import tie_disputes
from compute_grants.models import ReviewPolicy, Tie, TieDispute
from compute_grants.policies import ties as policy
from consortium import audit
from consortium.errors import DomainError, Invalid
from consortium.models import Institution, User

Kind = Tie.Kind
FIGURES = (
    "former_employer_months",
    "collaborator_months",
    "co_editor_months",
    "waiver_days",
    "remind_hours_before",
    "escalate_hours_after",
)


class AlreadyStated(DomainError):
    """The same tie stands already."""


class AlreadyRetracted(DomainError):
    """A tie is taken back once."""


class PolicyTaken(DomainError):
    """Another version begins on that day."""


@transaction.atomic
def record(
    person: User,
    *,
    kind: str,
    by: User,
    institution: Institution | None = None,
    other_email: str = "",
    other_name: str = "",
    since: date | None = None,
    until: date | None = None,
    note: str = "",
) -> Tie:
    """State a tie of `person`: with an institution (employment), else with another person.

    Raises PermissionDenied, AlreadyStated, or Invalid.
    """
    policy.can_record(by, person).require()
    other_email = other_email.strip().lower()
    _check(person, kind, institution, other_email, (since, until))
    User.objects.select_for_update().get(pk=person.pk)
    same = Tie.objects.standing().filter(
        person=person, kind=kind, institution=institution, other_email=other_email, until=until
    )
    if same.exists():
        raise AlreadyStated(_("This tie is stated already. Take it back first to change it."))
    tie = Tie.objects.create(
        person=person,
        kind=kind,
        institution=institution,
        other_email=other_email,
        other_name=other_name.strip(),
        since=since,
        until=until,
        note=note,
        source=Tie.Source.DECLARED if by.pk == person.pk else Tie.Source.IMPORTED,
        recorded_by=by,
    )
    audit.record("tie.recorded", tie, by=by, person=person.pk, kind=kind, source=tie.source)
    return tie


def _check(
    person: User,
    kind: str,
    institution: Institution | None,
    other_email: str,
    dates: tuple[date | None, date | None],
) -> None:
    errors: dict[str, list[str]] = {}
    since, until = dates
    if kind == Kind.EMPLOYMENT:
        if institution is None:
            errors["institution"] = [_("Choose the institution.")]
        if other_email:
            errors["other_email"] = [_("Employment is with an institution. Clear this field.")]
    else:
        if not other_email:
            errors["other_email"] = [_("Give the other person's e-mail address.")]
        elif other_email == person.email.lower():
            errors["other_email"] = [_("A tie is with another person.")]
        if institution is not None:
            errors["institution"] = [_("This tie is with a person. Clear this field.")]
    if since and until and until < since:
        errors["until"] = [_("The end cannot lie before the beginning.")]
    if since and since > timezone.localdate():
        errors["since"] = [_("A tie cannot begin in the future.")]
    if errors:
        raise Invalid(errors)


@transaction.atomic
def retract(tie: Tie, *, reason: str, by: User) -> Tie:
    """Take a tie back. It stays on record; an objection to it that waits is answered by it.

    Raises PermissionDenied, AlreadyRetracted, or Invalid without a reason.
    """
    tie = Tie.objects.select_for_update().get(pk=tie.pk)
    policy.can_retract(by, tie).require()
    if tie.retracted_at:
        raise AlreadyRetracted(_("This tie was taken back before."))
    if not reason.strip():
        raise Invalid({"reason": [_("Say why the tie is taken back. It stays on record.")]})
    tie.retracted_at, tie.retracted_by = timezone.now(), by
    tie.save(update_fields=["retracted_at", "retracted_by"])
    for waiting in tie.disputes.filter(state=TieDispute.State.OPEN).select_for_update():
        tie_disputes.answer(waiting, accept=True, note=reason, by=by)
    audit.record("tie.retracted", tie, by=by, person=tie.person_id, reason=reason)
    return tie


@transaction.atomic
def set_policy(*, since: date, reason: str, by: User, **figures: int) -> ReviewPolicy:
    """A new version of the windows, in force from today or a later day on.

    `figures` are those of FIGURES; what is left out stays as it is on that day. Raises
    PermissionDenied, PolicyTaken, or Invalid.
    """
    policy.can_set_policy(by).require()
    if since < timezone.localdate():
        raise Invalid({"since": [_("What was decided stays as it was. Choose today or later.")]})
    if not reason.strip():
        raise Invalid({"reason": [_("Give the reason. It stays on record.")]})
    before = ReviewPolicy.objects.on(since)
    if before.pk and before.since == since:
        raise PolicyTaken(_("A version begins on that day already. Choose another day."))
    values: dict[str, Any] = {name: getattr(before, name) for name in FIGURES} | figures
    made = ReviewPolicy.objects.create(since=since, reason=reason, set_by=by, **values)
    audit.record("tie.policy_set", made, by=by, since=since.isoformat(), **values)
    return made
