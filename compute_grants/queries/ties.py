"""Ties as pages and the API show them."""

from __future__ import annotations

from django.db.models import Prefetch, QuerySet

from compute_grants.models import Tie, TieDispute, TieEvidence


def with_evidence(rows: QuerySet[Tie]) -> QuerySet[Tie]:
    """With what each rests on, and the dispute that waits, if any, as `waiting`.

    Two queries more, whatever there is.
    """
    evidence = TieEvidence.objects.select_related("output", "proposal")
    waiting = TieDispute.objects.filter(state=TieDispute.State.OPEN)
    return rows.select_related("person", "with_person", "institution").prefetch_related(
        Prefetch("evidence", queryset=evidence),
        Prefetch("disputes", queryset=waiting, to_attr="waiting"),
    )
