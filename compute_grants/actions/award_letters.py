"""Issuing letters: a step of whatever ends a proposal."""

from __future__ import annotations

from collections.abc import Iterable

from django.utils import timezone

from compute_grants.models import DecisionLetter, PanelDecision
from compute_grants.queries.award_letters import Signed, content_of, sha256_of
from consortium import audit
from consortium.numbers import numbered

SERIES = "L"
WITH_LETTER = frozenset({PanelDecision.Outcome.AWARDED, PanelDecision.Outcome.REJECTED})


def issue(
    decision: PanelDecision, signed: Iterable[Signed], *, office: bool = False
) -> DecisionLetter | None:
    """Freeze what the lead is told, in the transaction of the decision.

    office: the R&D office's decision and not the panel's. None where no letter is written: the
    waitlist is not the end.
    """
    if decision.outcome not in WITH_LETTER:
        return None
    number = numbered(SERIES, timezone.localdate().year)
    content = content_of(decision, signed, number=number, office=office)
    letter = DecisionLetter.objects.create(
        decision=decision, number=number, content=content, sha256=sha256_of(content)
    )
    audit.record("proposal.letter_issued", decision.proposal, by=None, sha256=letter.sha256)
    return letter
