"""What is recorded when people prove who they are, or change how they do."""

from django.db import transaction

from consortium import audit, policies
from consortium.actions.sessions import end_sessions
from consortium.models import User


@transaction.atomic
def signed_up(person: User, *, by: User) -> None:
    """A stranger made an account; it gives no rights until an institution confirms them."""
    policies.can_edit_profile(by, person).require()
    audit.record("person.created", person, by=by)


@transaction.atomic
def signed_in(person: User, *, by: User) -> None:
    policies.can_edit_profile(by, person).require()
    audit.record("person.signed_in", person, by=by)


@transaction.atomic
def password_changed(person: User, *, by: User) -> None:
    """Sessions end by themselves: the password is part of what they must match."""
    policies.can_edit_profile(by, person).require()
    audit.record("person.password_changed", person, by=by)


@transaction.atomic
def second_factor_changed(person: User, *, what: str, by: User) -> None:
    """`what`: as allauth names it, such as "totp_activated". All sessions end."""
    policies.can_edit_profile(by, person).require()
    end_sessions([person])
    audit.record("person.second_factor_changed", person, by=by, what=what)
