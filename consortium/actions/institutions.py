"""Everything that changes an institution and its membership."""

from collections.abc import Mapping
from typing import Any

from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.text import slugify
from django.utils.translation import gettext as _

from consortium import audit, policies
from consortium.actions.sessions import end_sessions
from consortium.errors import DomainError, Invalid, WrongState
from consortium.models import Affiliation, Institution, User
from consortium.states import require_transition

State = Institution.State
FIELDS = frozenset(
    {
        *("name_en", "name_zh", "kind", "arm", "tier", "country"),
        *("related_group", "mail_domains", "ror_id", "credit_code"),
    }
)
MOST_DRAFTS = 3
# Moves after which people's rights are other than before.
_CHANGES_RIGHTS = frozenset(
    {State.ACTIVE, State.SUSPENDED, State.WITHDRAWING, State.WITHDRAWN, State.EXPELLED}
)


class TooManyApplications(DomainError):
    """One person has as many unfinished applications as one may have."""


class AlreadyKnown(DomainError):
    """Another institution has the same address, ROR id or credit code."""


@transaction.atomic
def apply(*, by: User, slug: str = "", **fields: Any) -> Institution:
    """Begin a membership application: a draft, with `by` as the institution's admin.

    `fields` are those of FIELDS. Raises PermissionDenied, Invalid, TooManyApplications or
    AlreadyKnown.
    """
    by = User.objects.select_for_update().get(pk=by.pk)
    policies.can_apply(by).require()
    _check_fields(fields, needed=("name_en", "name_zh", "kind"))
    drafts = Institution.objects.filter(state=State.DRAFT, affiliations__user=by)
    if drafts.count() >= MOST_DRAFTS:
        raise TooManyApplications(
            _("You have %(count)d drafts of applications. Hand one in or change it.")
            % {"count": MOST_DRAFTS}
        )

    institution = Institution(slug=slug or _free_slug(fields["name_en"]), **fields)
    _save(institution)
    Affiliation.objects.create(
        user=by, institution=institution, role=Affiliation.Role.ADMIN, since=timezone.localdate()
    )
    audit.record("institution.drafted", institution, by=by)
    return institution


@transaction.atomic
def edit_application(institution: Institution, *, by: User, **fields: Any) -> Institution:
    """Change a draft, or an application about which more was asked.

    Raises PermissionDenied, Invalid or AlreadyKnown.
    """
    institution = _locked(institution)
    policies.can_edit_application(by, institution).require()
    _check_fields(fields)

    changed = sorted(name for name in fields if getattr(institution, name) != fields[name])
    for name in changed:
        setattr(institution, name, fields[name])
    if changed:
        _save(institution)
        audit.record("institution.edited", institution, by=by, fields=changed)
    return institution


@transaction.atomic
def submit(institution: Institution, *, by: User) -> Institution:
    """Hand the application to the secretariat. Raises PermissionDenied or WrongState."""
    institution = _locked(institution)
    policies.can_submit_application(by, institution).require()
    _step(institution, State.SUBMITTED)
    audit.record("institution.submitted", institution, by=by)
    return institution


@transaction.atomic
def move(institution: Institution, *, to: str, reason: str, by: User) -> Institution:
    """Take the membership to another state, saying why.

    Raises PermissionDenied, WrongState, or Invalid without a reason.
    """
    institution = _locked(institution)
    policies.can_move(by, institution).require()
    if not reason.strip():
        raise Invalid({"reason": [_("Give the reason. The institution will read it.")]})
    if to == State.SUBMITTED:
        raise WrongState(_("Only the applicant hands an application in."))

    before = institution.state
    _step(institution, to)
    audit.record(f"institution.{to}", institution, by=by, reason=reason.strip(), before=before)
    if to in _CHANGES_RIGHTS:
        end_sessions(User.objects.filter(affiliations__institution=institution))
    return institution


def _locked(institution: Institution) -> Institution:
    return Institution.objects.select_for_update().get(pk=institution.pk)


def _step(institution: Institution, to: str) -> None:
    require_transition(Institution.TRANSITIONS, institution.state, to)
    institution.state = to
    institution.save(update_fields=["state"])


def _check_fields(fields: Mapping[str, Any], needed: tuple[str, ...] = ()) -> None:
    unknown = set(fields) - FIELDS
    assert not unknown, f"not fields of an application: {unknown}"
    errors = {
        name: [_("Fill this in.")]
        for name in (*needed, *fields)
        if name in {"name_en", "name_zh", "kind"} and not fields.get(name)
    }
    if errors:
        raise Invalid(errors)


def _save(institution: Institution) -> None:
    try:
        with transaction.atomic():
            institution.save()
    except IntegrityError as error:
        raise AlreadyKnown(
            _("Another institution has this address, ROR id or credit code. Ask to join it.")
        ) from error


def _free_slug(name: str) -> str:
    base = slugify(name)[:34].strip("-") or "institution"
    taken = set(Institution.objects.filter(slug__startswith=base).values_list("slug", flat=True))
    if base not in taken:
        return base
    return next(s for n in range(2, len(taken) + 3) if (s := f"{base}-{n}") not in taken)
