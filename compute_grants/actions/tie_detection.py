"""Ties that the portal finds itself: people who published together or worked on one proposal.

The rows are brought in line with what is recorded, as often as one likes. What the office took
back stays taken back until there is new work.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from django.db import connection, transaction
from django.utils import timezone

from compute_grants.models import ReviewPolicy, Tie, TieDispute, TieEvidence
from compute_grants.months import months_before
from compute_grants.queries.shared_work import Pair, Work, shared_since
from consortium import audit
from consortium.models import User

Key = tuple[str, int]  # a kind of work and its id
LOCK = 20260


@dataclass(slots=True)
class Found:
    """How many ties came, changed and went."""

    made: int = 0
    changed: int = 0
    withdrawn: int = 0


@transaction.atomic
def detect(today: date | None = None) -> Found:
    """Bring the detected ties in line with the outputs and proposals on record.

    Work within the window of collaborators counts. Nobody is told: a tie stands on the pages of
    both, and binds from now on.
    """
    with connection.cursor() as cursor:  # two sweeps at once would make each tie twice
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [LOCK])
    today = today or timezone.localdate()
    since = months_before(today, ReviewPolicy.objects.on(today).collaborator_months)
    shared, settled = shared_since(since), _settled()
    works = {
        pair: [work for work in done if (work.kind, work.pk) not in settled.get(pair, ())]
        for pair, done in shared.items()
    }
    known, result = _standing(), Found()
    for pair, tie in known.items():
        _renew(tie, works.get(pair, []), since, result)
    fresh = {pair: done for pair, done in works.items() if done and pair not in known}
    _make(fresh, result)
    return result


def _standing() -> dict[Pair, Tie]:
    rows = Tie.objects.standing().filter(source=Tie.Source.DETECTED)
    rows = rows.select_related("with_person").prefetch_related("evidence")
    rows = rows.select_for_update(of=("self",))
    return {(tie.person_id, tie.with_person_id or 0): tie for tie in rows}


def _settled() -> dict[Pair, set[Key]]:
    """Evidence that somebody of the office did not accept, by pair."""
    found: dict[Pair, set[Key]] = defaultdict(set)
    rows = TieEvidence.objects.filter(tie__retracted_by__isnull=False)
    for one, other, output, proposal in rows.values_list(
        "tie__person", "tie__with_person", "output", "proposal"
    ):
        found[one, other].add(("output", output) if output else ("proposal", proposal))
    return found


def _key(row: TieEvidence) -> Key:
    return ("output", row.output_id) if row.output_id else ("proposal", row.proposal_id or 0)


# New ones


def _make(works: Mapping[Pair, Sequence[Work]], result: Found) -> None:
    people = User.objects.in_bulk({pk for pair in works for pk in pair})
    stated = _stated()
    for (one, other), done in works.items():
        last = max(work.on for work in done)
        pair = frozenset({people[one].email.lower(), people[other].email.lower()})
        if pair in stated and stated[pair] >= last:
            continue
        tie = Tie.objects.create(
            person=people[one],
            with_person=people[other],
            kind=Tie.Kind.COLLABORATION,
            source=Tie.Source.DETECTED,
            until=last,
            **_names(people[other]),
        )
        _add(tie, done)
        numbers = _numbers(tie)
        audit.record("tie.detected", tie, by=None, people=[one, other], evidence=numbers)
        result.made += 1


def _stated() -> dict[frozenset[str], date]:
    """Until when the two collaborate by their own word or the office's; no tie is doubled."""
    rows = Tie.objects.standing().filter(kind=Tie.Kind.COLLABORATION)
    found: dict[frozenset[str], date] = {}
    for one, other, until in rows.exclude(source=Tie.Source.DETECTED).values_list(
        "person__email", "other_email", "until"
    ):
        pair = frozenset({one.lower(), other})
        found[pair] = max(until or date.max, found.get(pair, date.min))
    return found


def _names(other: User) -> dict[str, str]:
    return {
        "other_email": other.email.lower(),
        "other_name": other.name_en or other.name_zh,
    }


def _add(tie: Tie, works: Iterable[Work]) -> None:
    TieEvidence.objects.bulk_create(
        TieEvidence(tie=tie, on=work.on, **{f"{work.kind}_id": work.pk}) for work in works
    )


def _numbers(tie: Tie) -> list[str]:
    return [row.number for row in tie.evidence.select_related("output", "proposal")]


# Those that stand


def _renew(tie: Tie, works: Sequence[Work], since: date, result: Found) -> None:
    """New work is added. What is recorded no more falls; what is out of the window stays."""
    now = {(work.kind, work.pk): work for work in works}
    before = {_key(row): row for row in tie.evidence.all()}
    gone = [row for key, row in before.items() if key not in now and row.on >= since]
    if gone and len(gone) == len(before) and not now:
        _withdraw(tie, result)
        return
    fresh = [work for key, work in now.items() if key not in before]
    moved = [row for key, row in before.items() if key in now and row.on != now[key].on]
    assert tie.with_person
    names = _names(tie.with_person)
    renamed = any(getattr(tie, name) != value for name, value in names.items())
    if not (gone or fresh or moved or renamed):
        return
    for row in moved:
        row.on = now[_key(row)].on
    TieEvidence.objects.bulk_update(moved, ["on"])
    TieEvidence.objects.filter(pk__in=[row.pk for row in gone]).delete()
    _add(tie, fresh)
    tie.other_email, tie.other_name = names["other_email"], names["other_name"]
    tie.until = max(TieEvidence.objects.filter(tie=tie).values_list("on", flat=True))
    tie.save(update_fields=["until", "other_email", "other_name"])
    audit.record("tie.evidence_changed", tie, by=None, evidence=_numbers(tie))
    result.changed += 1


def _withdraw(tie: Tie, result: Found) -> None:
    """Nothing on record supports it any more; what it rested on stays with it."""
    tie.retracted_at = timezone.now()
    tie.save(update_fields=["retracted_at"])
    disputes = tie.disputes.filter(state=TieDispute.State.OPEN)
    disputes.update(state=TieDispute.State.ACCEPTED, answered_at=tie.retracted_at)
    audit.record("tie.withdrawn", tie, by=None, people=[tie.person_id, tie.with_person_id])
    result.withdrawn += 1
