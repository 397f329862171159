"""What a proposal holds, as plain data: for its hash, and for what it still lacks."""

from __future__ import annotations

import hashlib
import json
from typing import Any

from django.utils.translation import gettext as _

from compute_grants.models import Proposal
from compute_grants.models.proposal_sections import TEXTS


def lacking(proposal: Proposal) -> dict[str, list[str]]:
    """What must be filled in before submission, by field. One query."""
    words = {
        "title_en": _("Give the English title."),
        "title_zh": _("Give the Chinese title."),
        "summary": _("Write the summary."),
        "science_case": _("Write the science case."),
        "software": _("Name the software and its licences."),
        "data_ethics": _("Say which data you use and how you handle them."),
    }
    errors = {name: [text] for name, text in words.items() if not getattr(proposal, name).strip()}
    if not proposal.requests.exists():
        errors["requests"] = [_("Ask for time on at least one machine.")]
    return errors


def content(proposal: Proposal) -> dict[str, Any]:
    """What is handed in, as plain data. Its canonical JSON is what is hashed."""
    return {
        "number": proposal.number,
        "call": proposal.call.code,
        "lead": proposal.lead.email,
        "institution": proposal.institution.slug,
        **{name: getattr(proposal, name) for name in TEXTS},
        "requests": [
            {
                "machine": request.resource.machine.code,
                "tres": request.resource.tres,
                "precision": request.precision,
                "seconds": request.seconds,
                "cards": request.cards,
                "justification": request.justification,
            }
            for request in proposal.requests.select_related("resource__machine")
        ],
    }


def content_hash(data: dict[str, Any]) -> str:
    """sha256 of the canonical JSON: keys sorted, no blanks, UTF-8."""
    text = json.dumps(data, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()
