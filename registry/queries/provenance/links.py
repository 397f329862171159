"""What a link of the chain is, and what all links are about."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from compute_grants.models import Allocation, UsageRecord
from registry.models import (
    Checkpoint,
    CommercialOffering,
    Licence,
    ResearchRelease,
    TransferGate,
)
from registry.queries.contributions import usage_behind


@dataclass(frozen=True, slots=True)
class Evidence:
    """One fact. name: stable, for programs; label: for people; ok: None is not checkable."""

    name: str
    label: str
    value: str
    ok: bool | None = None


@dataclass(frozen=True, slots=True)
class Link:
    """One link. code: stable; ok: False if any evidence fails, None if none can be checked."""

    code: str
    kind: str
    title: str
    number: str
    href: str
    facts: tuple[Evidence, ...]

    @property
    def ok(self) -> bool | None:
        verdicts = [fact.ok for fact in self.facts if fact.ok is not None]
        return all(verdicts) if verdicts else None

    @property
    def evidence(self) -> list[tuple[str, str]]:
        """For {% chain %}: label and value; what fails is marked."""
        return [
            (fact.label, f"✗ {fact.value}" if fact.ok is False else fact.value)
            for fact in self.facts
        ]

    def as_json(self) -> dict[str, Any]:
        return {
            "code": self.code,
            "number": self.number,
            "title": self.title,
            "ok": self.ok,
            "evidence": [
                {"name": fact.name, "value": fact.value, "ok": fact.ok} for fact in self.facts
            ],
        }


@dataclass(frozen=True, slots=True)
class Subject:
    """A licence and all that stands behind it, read once."""

    licence: Licence
    offering: CommercialOffering
    gate: TransferGate
    release: ResearchRelease
    checkpoint: Checkpoint
    allocation: Allocation | None
    runs: list[UsageRecord]
    hash_files: bool

    @classmethod
    def of(cls, licence: Licence, *, hash_files: bool) -> Subject:
        found = Licence.objects.select_related(
            "licensee",
            "policy",
            "offering__gate__snapshot",
            "offering__gate__release__model__lab",
            "offering__gate__checkpoint__model__lab__institution",
            "offering__gate__checkpoint__allocation__proposal",
            "offering__gate__checkpoint__allocation__account",
            "offering__gate__checkpoint__allocation__resource__machine",
        ).get(pk=licence.pk)
        gate = found.offering.gate
        runs = usage_behind(gate.checkpoint)
        first = runs[0].allocation if runs else None
        return cls(
            licence=found,
            offering=found.offering,
            gate=gate,
            release=gate.release,
            checkpoint=gate.checkpoint,
            allocation=gate.checkpoint.allocation or first,
            runs=runs,
            hash_files=hash_files,
        )
