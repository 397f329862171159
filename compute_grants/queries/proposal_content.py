"""What a proposal holds, as plain data: for its hash, and for what it still lacks."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.db.models import Exists, OuterRef
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from compute_grants.models import (
    Attachment,
    Call,
    Proposal,
    ResourceRequest,
    ScalingPoint,
    TeamMember,
)
from compute_grants.models.proposal_sections import TEXTS

# What is asked for each text that must be written.
TEXT_WORDS = {
    "title_en": gettext_lazy("Give the English title."),
    "title_zh": gettext_lazy("Give the Chinese title."),
    "summary": gettext_lazy("Write the summary."),
    "science_case": gettext_lazy("Write the science case."),
    "software": gettext_lazy("Name the software and its licences."),
    "data_ethics": gettext_lazy("Say which data you use and how you handle them."),
}


@dataclass(frozen=True, slots=True)
class Held:
    """Whether there are rows of each kind that a proposal consists of.

    team: people asked onto it or on it; waiting: those who have not answered; access: kinds of
    access that the call lets choose.
    """

    team: bool
    waiting: bool
    requests: bool
    scaling: bool
    attachments: bool
    access: bool


def held_by(proposal: Proposal) -> Held:
    """One query."""
    me = {"proposal": OuterRef("pk")}
    team = TeamMember.objects.on_the_team().filter(**me)
    kinds = {
        "team": team,
        "waiting": team.filter(state=TeamMember.State.INVITED),
        "requests": ResourceRequest.objects.filter(**me),
        "scaling": ScalingPoint.objects.filter(**me),
        "attachments": Attachment.objects.current().filter(**me),
        "access": Call.access_types.through.objects.filter(call=OuterRef("call")),
    }
    # An annotation may not be called as a relation of the model is.
    asked = {f"holds_{name}": Exists(rows) for name, rows in kinds.items()}
    row: Mapping[str, Any] = Proposal.objects.filter(pk=proposal.pk).values(**asked).get()
    return Held(**{name: bool(row[f"holds_{name}"]) for name in kinds})


def lacking(proposal: Proposal, known: Held | None = None) -> dict[str, list[str]]:
    """What must be filled in before submission, by field. Two queries, one where `known`."""
    held = known or held_by(proposal)
    errors = {
        name: [str(text)]
        for name, text in TEXT_WORDS.items()
        if not getattr(proposal, name).strip()
    }
    if proposal.access_type_id is None and held.access:
        errors["access_type"] = [_("Choose the kind of access.")]
    if not held.requests:
        errors["requests"] = [_("Ask for time on at least one machine.")]
    waiting = [
        _("%(person)s has not answered the invitation. Wait for the answer or remove it.")
        % {"person": member.shown_name}
        for member in proposal.people
        if member.state == TeamMember.State.INVITED
    ]
    return errors | ({"team": waiting} if waiting else {})


def content(proposal: Proposal) -> dict[str, Any]:
    """What is handed in, as plain data. Its canonical JSON is what is hashed."""
    return {
        "number": proposal.number,
        "call": proposal.call.code,
        "lead": proposal.lead.email,
        "institution": proposal.institution.slug,
        "access_type": proposal.access_type.code if proposal.access_type else "",
        **{name: getattr(proposal, name) for name in TEXTS},
        "team": [
            {
                "email": member.email,
                "name": member.shown_name,
                "role": member.role,
                "institution": member.institution.slug if member.institution else "",
            }
            for member in proposal.confirmed_team
        ],
        "requests": [
            {
                "machine": request.resource.machine.code,
                "tres": request.resource.tres,
                "precision": request.precision,
                "seconds": request.seconds,
                "cards": request.cards,
                "runs": request.runs,
                "run_seconds": request.run_seconds,
                "memory_bytes": request.memory_bytes,
                "justification": request.justification,
            }
            for request in proposal.requests.select_related("resource__machine")
        ],
        "scaling": [
            {
                "machine": point.machine,
                "precision": point.precision,
                "width": point.width,
                "milliseconds": point.milliseconds,
            }
            for point in proposal.scaling.all()
        ],
        "attachments": [
            {
                "section": row.section,
                "name": row.file.name,
                "caption": row.caption,
                "sha256": row.file.sha256,
            }
            for row in proposal.current_attachments
        ],
    }


def content_hash(data: dict[str, Any]) -> str:
    """sha256 of the canonical JSON: keys sorted, no blanks, UTF-8."""
    text = json.dumps(data, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()
