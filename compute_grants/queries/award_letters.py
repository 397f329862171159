"""What a letter about a decision says, frozen on the day it is issued."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from types import SimpleNamespace
from typing import Any

from django.utils.translation import gettext as _

from compute_grants.models import DecisionLetter, PanelDecision, Resource
from compute_grants.queries.award_reasons import Telling, resources_of, sentence, told
from compute_grants.queries.proposals import feedback
from compute_grants.wording import in_chinese, in_english
from consortium import merkle
from consortium.models import User, localized

HOUR = 3600
Signed = tuple[User, datetime]  # who decided, and when


def content_of(
    decision: PanelDecision, signed: Iterable[Signed], *, number: str, office: bool = False
) -> dict[str, Any]:
    """The letter as plain data, in both languages. Five queries.

    office: not the panel decided but the R&D office. lines: what is awarded, in whole hours with
    figures and words; binding: the limits that bound it, with the proposal's own figures and the
    name of the machine; feedback: what the reviewers wrote for the applicant, without their names.
    Hours that are not whole are rounded down.
    """
    proposal = decision.proposal
    call, lead, house = proposal.call, proposal.lead, proposal.institution
    return {
        "number": number,
        "proposal": proposal.number,
        "title_en": proposal.title_en,
        "title_zh": proposal.title_zh,
        "lead_en": lead.name_en or lead.name_zh,
        "lead_zh": lead.name_zh or lead.name_en,
        "institution_en": house.name_en,
        "institution_zh": house.name_zh,
        "call": call.code,
        "call_en": call.title_en,
        "call_zh": call.title_zh,
        "outcome": decision.outcome,
        "office": office,
        "reason": decision.reason,
        "decided_at": decision.decided_at.isoformat(),
        "lines": _lines(decision),
        "binding": _binding(decision),
        "starts_on": decision.starts_on.isoformat() if decision.starts_on else None,
        "ends_on": decision.ends_on.isoformat() if decision.ends_on else None,
        "terms_en": call.rules_en,
        "terms_zh": call.rules_zh,
        "feedback": [review.comment for review in feedback(proposal) if review.comment],
        "signed": [
            {
                "name_en": person.name_en or person.name_zh,
                "name_zh": person.name_zh or person.name_en,
                "at": at.isoformat(),
            }
            for person, at in signed
        ],
    }


@dataclass(frozen=True, slots=True)
class LetterLimit:
    """A row of a letter's `binding`, worded in the language that its reader has by then."""

    row: Mapping[str, Any]

    @property
    def text(self) -> str:
        label = ""
        if self.row["machine"]:
            cards = self.row["tres"] == Resource.Tres.CARDS
            unit = _("card-hours") if cards else _("core-hours")
            label = f"{localized(SimpleNamespace(**self.row), 'machine')} · {unit}"
        return sentence(self.row, label, telling=Telling.OWN)


def limits_of(letter: DecisionLetter) -> list[LetterLimit]:
    """What bound the decision, where the letter says so. None of those before it was kept."""
    return [LetterLimit(row) for row in letter.content.get("binding", [])]


def _binding(decision: PanelDecision) -> list[dict[str, Any]]:
    named = resources_of(decision.binding)
    rows = []
    for reason in decision.binding:
        resource = named.get(reason["machine"])
        machine = resource.machine if resource else None
        rows.append(
            told(reason, Telling.OWN)
            | {
                "machine": machine.code if machine else "",
                "machine_en": machine.name_en if machine else "",
                "machine_zh": machine.name_zh if machine else "",
                "tres": resource.tres if resource else "",
            }
        )
    return rows


def sha256_of(content: dict[str, Any]) -> str:
    return hashlib.sha256(merkle.canonical(content)).hexdigest()


def _lines(decision: PanelDecision) -> list[dict[str, Any]]:
    rows = decision.lines.select_related("request__resource__machine").order_by("pk")
    found = []
    for row in rows:
        resource, hours = row.request.resource, row.seconds // HOUR
        found.append(
            {
                "machine": resource.machine.code,
                "machine_en": resource.machine.name_en,
                "machine_zh": resource.machine.name_zh,
                "tres": resource.tres,
                "seconds": row.seconds,
                "hours": hours,
                "words_en": in_english(hours),
                "words_zh": in_chinese(hours),
            }
        )
    return found
