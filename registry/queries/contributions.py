"""Who gave what to a checkpoint, found from facts the portal holds."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from django.db.models import Q

from compute_grants.models import UsageRecord
from consortium.models import Institution
from registry.models import (
    Checkpoint,
    Contribution,
    ContributionSnapshot,
    DataSetUse,
    LabMember,
    TransferGate,
)
from registry.verifier.jws import canonical

Kind, Unit = Contribution.Kind, Contribution.Unit


@dataclass(slots=True)
class Fact:
    """amount in `unit`; evidence: where it was read, for people and for recomputing."""

    institution: Institution
    kind: str
    unit: str
    amount: int = 0
    evidence: dict[str, Any] = field(default_factory=dict)


def usage_behind(checkpoint: Checkpoint) -> list[UsageRecord]:
    """The job runs that trained it; where none is tied, all runs of its allocation."""
    runs = UsageRecord.objects.select_related(
        "allocation__proposal__institution", "allocation__resource__machine__centre"
    ).order_by("pk")
    tied = list(runs.filter(checkpoints__checkpoint=checkpoint, allocation__isnull=False))
    if tied or checkpoint.allocation_id is None:
        return tied
    return list(runs.filter(allocation=checkpoint.allocation_id))


def facts(checkpoint: Checkpoint) -> list[Fact]:
    """Every contribution on record, at most one per institution and kind, none of zero."""
    found = [
        *_machine_time(usage_behind(checkpoint)),
        *_people(checkpoint),
        *_data(checkpoint),
    ]
    return [fact for fact in found if fact.amount > 0]


def _machine_time(runs: list[UsageRecord]) -> Iterable[Fact]:
    """Card-seconds; core-seconds where no run used a card. To the leads' institutions as
    compute, and to the centres as infrastructure."""
    cards = any(run.card_seconds for run in runs)
    unit = Unit.CARD_SECONDS if cards else Unit.CORE_SECONDS
    sums: dict[tuple[str, int], Fact] = {}
    for run in runs:
        assert run.allocation is not None
        amount = run.card_seconds if cards else run.core_seconds
        givers = (
            (Kind.COMPUTE, run.allocation.proposal.institution),
            (Kind.INFRASTRUCTURE, run.allocation.resource.machine.centre),
        )
        for kind, institution in givers:
            fact = sums.setdefault((kind, institution.pk), Fact(institution, kind, unit))
            fact.amount += amount
            fact.evidence["runs"] = fact.evidence.get("runs", 0) + 1
            allocations = fact.evidence.setdefault("allocations", [])
            if run.allocation.number not in allocations:
                allocations.append(run.allocation.number)
    return sums.values()


def _people(checkpoint: Checkpoint) -> Iterable[Fact]:
    lab = checkpoint.model.lab
    persons = LabMember.objects.filter(lab=lab).count()
    yield Fact(lab.institution, Kind.PEOPLE, Unit.PERSONS, max(persons, 1), {"lab": lab.slug})


def _data(checkpoint: Checkpoint) -> Iterable[Fact]:
    """Training data sets whose origin names an institution of the consortium."""
    sets = checkpoint.data_sets.filter(use=DataSetUse.Use.TRAINING)
    names: dict[int, list[str]] = defaultdict(list)
    owners: dict[int, Institution] = {}
    for data_set in sets.exclude(origin=""):
        origin = data_set.origin.strip()
        named = Q(name_en__iexact=origin) | Q(name_zh=origin) | Q(slug=origin.lower())
        owner = Institution.objects.filter(named).first()
        if owner is not None:
            owners[owner.pk] = owner
            names[owner.pk].append(data_set.name)
    for pk, owner in owners.items():
        yield Fact(owner, Kind.DATA, Unit.DATA_SETS, len(names[pk]), {"data_sets": names[pk]})


def snapshot_digest(
    manifest_root: str, rows: Iterable[tuple[str, str, int, str]], ancestors: list[dict[str, str]]
) -> str:
    """sha256, in hex, over the root, the (institution slug, kind, amount, unit) and ancestors."""
    content = {
        "manifest_root": manifest_root,
        "contributions": sorted(list(row) for row in rows),
        "ancestors": sorted(ancestors, key=canonical),
    }
    return hashlib.sha256(canonical(content)).hexdigest()


def digest_of(snapshot: ContributionSnapshot) -> str:
    """The digest recomputed from the rows as they are now."""
    rows = snapshot.contributions.values_list("institution__slug", "kind", "amount", "unit")
    return snapshot_digest(snapshot.gate.manifest_root, rows, snapshot.ancestors)


def approved_gate(checkpoint: Checkpoint) -> TransferGate | None:
    return checkpoint.gates.filter(state=TransferGate.State.APPROVED).first()


def ancestors(checkpoint: Checkpoint) -> list[dict[str, str]]:
    """The direct parents that passed the gate, as a snapshot stores them."""
    rows = []
    for edge in checkpoint.parents.select_related("parent__model__lab").order_by("pk"):
        gate = approved_gate(edge.parent)
        if gate is not None:
            rows.append(
                {
                    "checkpoint": edge.parent.number,
                    "relation": edge.relation,
                    "gate": gate.number,
                    "snapshot": gate.snapshot.digest,
                }
            )
    return rows
