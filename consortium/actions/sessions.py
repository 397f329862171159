"""Ending sessions whose ground has changed."""

from collections.abc import Iterable

from django.db.models import F

from consortium.models import User


def end_sessions(people: Iterable[User]) -> None:
    """Every session of these people ends at its next request; they sign in anew.

    Called inside the transaction that changed their roles or their proofs of identity.
    """
    ids = [person.pk for person in people]
    User.objects.filter(pk__in=ids).update(session_epoch=F("session_epoch") + 1)
