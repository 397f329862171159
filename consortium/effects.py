"""What makes another system look as it should: one Effect per kind of desired state.

settings.EFFECTS names the class of each kind. consortium.actions.desired runs them.
"""

from __future__ import annotations

from functools import cache
from typing import Any, Protocol, cast

from django.conf import settings
from django.utils.module_loading import import_string

from consortium.models import DesiredState

Spec = dict[str, Any]


class Waiting(Exception):
    """The outside isn't ready for this yet, and that is no failure: look again in a minute.

    The message is shown to staff; say what it waits for.
    """


class Effect(Protocol):
    """Each method is called without a transaction, except `settled`.

    All but `settled` may be called any number of times, by two workers at once, and may be
    cut off anywhere; so `apply` sets absolute values. Raise anything to be tried again later.
    """

    def observe(self, key: str, spec: Spec) -> Spec | None:
        """What the outside has under `key` now; None when nothing. JSON."""

    def satisfied(self, spec: Spec, observed: Spec | None) -> bool:
        """Whether that is what `spec` asks for."""

    def apply(self, key: str, spec: Spec, observed: Spec | None) -> None:
        """Make it so. `observed` is what was just read."""

    def settled(self, row: DesiredState) -> None:
        """The outside was read back and matches; `row.observed` says how it reads. Runs once per
        generation, in the transaction that records it: do the domain's transition here, with its
        audit event.
        """


class UnknownKind(LookupError):
    """No effect is registered for this kind of desired state."""


def effect_for(kind: str) -> Effect:
    """The effect of one kind. Raises UnknownKind."""
    path = settings.EFFECTS.get(kind)
    if path is None:
        raise UnknownKind(f"settings.EFFECTS names no effect for “{kind}”")
    return _make(path)


@cache
def _make(path: str) -> Effect:
    return cast("Effect", import_string(path)())
