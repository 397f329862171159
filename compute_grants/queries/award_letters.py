"""What a letter about a decision says, frozen on the day it is issued."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from datetime import datetime
from typing import Any

from compute_grants.models import PanelDecision
from compute_grants.queries.proposals import feedback
from compute_grants.wording import in_chinese, in_english
from consortium import merkle
from consortium.models import User

HOUR = 3600
Signed = tuple[User, datetime]  # who decided, and when


def content_of(
    decision: PanelDecision, signed: Iterable[Signed], *, number: str, office: bool = False
) -> dict[str, Any]:
    """The letter as plain data, in both languages. Five queries.

    office: not the panel decided but the R&D office. lines: what is awarded, in whole hours with
    figures and words; feedback: what the reviewers wrote for the applicant, without their names.
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
