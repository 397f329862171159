"""What the pages of a transfer show."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _

from consortium.models import Institution
from consortium.policies import Decision
from registry.models import Contribution, GateConsent, TransferGate

State = TransferGate.State
_ORDER = (
    State.REQUESTED,
    State.CHECKS,
    State.RESEARCH_REVIEW,
    State.CONSENTING,
    State.DEPLOYMENT_REVIEW,
    State.APPROVED,
)


@dataclass(frozen=True, slots=True)
class Answer:
    """What a contributing institution said, or that it has not. can_answer: this reader may."""

    institution: Institution
    consent: GateConsent | None
    can_answer: bool


def steps(gate: TransferGate) -> list[dict[str, Any]]:
    """The rail: what is done, what is under way, what comes."""
    labels = (
        (State.CHECKS, _("Checks")),
        (State.RESEARCH_REVIEW, _("Non-profit arm")),
        (State.CONSENTING, _("Institutions")),
        (State.DEPLOYMENT_REVIEW, _("For-profit arm")),
        (State.APPROVED, _("Certificate")),
    )
    here = _reached(gate)
    rail = []
    for state, label in labels:
        place = _ORDER.index(state)
        done = place < here or gate.state == State.APPROVED
        now = place == here or (here == 0 and state == State.CHECKS)
        rail.append({"label": label, "state": "done" if done else "current" if now else "todo"})
    return rail


def _reached(gate: TransferGate) -> int:
    """Its place in the order; for one that ended, the step at which it did."""
    if gate.state in _ORDER:
        return _ORDER.index(State(gate.state))
    arms = gate.approvals.count()
    return _ORDER.index(State.CONSENTING if arms else State.RESEARCH_REVIEW)


def contributions(gate: TransferGate) -> list[Contribution]:
    """The frozen contributions; none before the checks have passed."""
    rows = Contribution.objects.filter(snapshot__gate=gate)
    return list(rows.select_related("institution", "snapshot"))


def answers(
    gate: TransferGate, may: Callable[[Institution], Decision] | None = None
) -> list[Answer]:
    """Every contributing institution with its answer, in a stable order.

    may: whether this reader may answer for an institution that has not; None asks for none.
    """
    given = {row.institution_id: row for row in gate.consents.select_related("by")}
    institutions = Institution.objects.filter(contributions__snapshot__gate=gate).distinct()
    return [
        Answer(
            institution,
            given.get(institution.pk),
            may is not None and institution.pk not in given and bool(may(institution)),
        )
        for institution in institutions.order_by("pk")
    ]
