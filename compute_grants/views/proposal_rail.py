"""What the pages of the proposal editor share: who may open them, and the rail of sections."""

from typing import Any

from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext as _

from compute_grants.models import Proposal, SectionName, SectionState
from compute_grants.policies import proposals as policy
from compute_grants.queries.proposal_content import Held
from compute_grants.queries.sections import SHOWN, sections
from compute_grants.views.proposals import visible
from consortium.http import actor

CHECK = "check"
# Sections with a page of their own; the others are text.
PAGES = {
    SectionName.TEAM: "proposal_team",
    SectionName.RESOURCES: "proposal_resources",
    SectionName.SCALING: "proposal_scaling",
    SectionName.ATTACHMENTS: "proposal_attachments",
}


def own(request: HttpRequest, number: str) -> Proposal:
    """The proposal, if this person writes it."""
    proposal = visible(request, number)
    policy.can_edit(actor(request), proposal).require()
    return proposal


def section_url(proposal: Proposal, section: str) -> str:
    """The editor's page of a section, or of the check."""
    if section == CHECK:
        return reverse("compute_grants:proposal_check", args=[proposal.number])
    name = PAGES.get(SectionName(section))
    if name:
        return reverse(f"compute_grants:{name}", args=[proposal.number])
    return reverse("compute_grants:proposal_edit", args=[proposal.number, section])


def after(section: str) -> str:
    """The section that follows, or the check."""
    order = [*SHOWN, CHECK]
    return order[order.index(section) + 1]


def frame(proposal: Proposal, section: str, known: Held | None = None) -> dict[str, Any]:
    """What proposal_section.html shows around a section, or around the check.

    known: what the proposal holds, where it was read.
    """
    at_check = section == CHECK
    return {
        "proposal": proposal,
        "section": section,
        "section_label": _("Check and submit") if at_check else SectionName(section).label,
        "steps": steps(proposal, section, known),
        "next_href": "" if at_check else section_url(proposal, after(section)),
        "editable": proposal.editable,
    }


def steps(proposal: Proposal, current: str, known: Held | None = None) -> list[dict[str, str]]:
    """The editor's rail."""
    rail = []
    for section in sections(proposal, known):
        done = section.state == SectionState.COMPLETE
        state = "current" if section.name == current else "done" if done else "todo"
        rail.append(
            {
                "label": section.label,
                "href": section_url(proposal, section.name),
                "state": state,
                "when": section.get_state_display(),
            }
        )
    check = {
        "label": _("Check and submit"),
        "href": section_url(proposal, CHECK),
        "state": "current" if current == CHECK else "todo",
        "when": _("in progress") if current == CHECK else _("not started"),
    }
    return [*rail, check]
