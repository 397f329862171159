"""State machines as data: each state, and the states that may follow it.

A model that has states keeps a `TextChoices` named `State` and a mapping named
`TRANSITIONS` beside it. `manage.py render_docs` draws docs/states.md from them.
"""

from collections.abc import Mapping
from typing import Any

from django.apps import apps
from django.db import models
from django.utils.translation import gettext as _

from consortium.errors import WrongState

Transitions = Mapping[Any, frozenset[Any]]


def require_transition(transitions: Transitions, old: str, new: str) -> None:
    """Raise WrongState unless `new` may follow `old`."""
    if new in transitions[old]:
        return
    states = type(next(iter(transitions)))
    raise WrongState(
        _("This is “%(old)s” and cannot become “%(new)s”. Reload the page to see its state.")
        % {"old": states(old).label, "new": states(new).label}
    )


def stateful_models() -> list[type[models.Model]]:
    """Every model of ours that declares TRANSITIONS, in a stable order."""
    found = [m for m in apps.get_models() if hasattr(m, "TRANSITIONS")]
    return sorted(found, key=lambda m: m._meta.label)
