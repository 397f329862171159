"""The sections of a proposal as the editor lists them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from compute_grants.models import Proposal, ProposalSection, SectionName, SectionState
from compute_grants.models.proposal_sections import SECTION_OF, TEXTS_OF
from compute_grants.queries.proposal_content import TEXT_WORDS, Held, held_by

# Those that the editor has pages for.
SHOWN = (
    SectionName.TEAM,
    SectionName.SUMMARY,
    SectionName.SCIENCE,
    SectionName.RESOURCES,
    SectionName.SOFTWARE,
    SectionName.DATA,
    SectionName.ENERGY,
    SectionName.SCALING,
    SectionName.ATTACHMENTS,
)
# Nothing in them is asked of everybody.
OPTIONAL = frozenset(
    {SectionName.TEAM, SectionName.ENERGY, SectionName.SCALING, SectionName.ATTACHMENTS}
)


@dataclass(frozen=True, slots=True)
class Section:
    """One part of the editor: its state, and when and by whom it was last saved."""

    name: SectionName
    state: SectionState
    saved_at: datetime | None = None
    saved_by: str = ""

    @property
    def label(self) -> str:
        return str(self.name.label)

    @property
    def optional(self) -> bool:
        return self.name in OPTIONAL

    def get_state_display(self) -> str:
        """As a model's, for the tag that shows it."""
        return str(self.state.label)


def sections(proposal: Proposal, known: Held | None = None) -> list[Section]:
    """Every section that the editor shows, in its order. Two queries, one where `known`."""
    rows = {row.name: row for row in proposal.sections.select_related("saved_by")}
    held = known or held_by(proposal)
    missing, begun = _missing(proposal, held), _begun(proposal, held)
    return [_section(name, rows.get(name), name in missing, name in begun) for name in SHOWN]


def _section(name: SectionName, row: ProposalSection | None, missing: bool, begun: bool) -> Section:
    if row is not None and row.returned_at:
        state = SectionState.RETURNED
    elif not begun:
        state = SectionState.NOT_STARTED
    else:
        state = SectionState.IN_PROGRESS if missing else SectionState.COMPLETE
    if row is None or row.saved_by is None:
        return Section(name, state)
    return Section(name, state, row.saved_at, row.saved_by.name)


def _missing(proposal: Proposal, held: Held) -> set[SectionName]:
    """Sections that keep it from being submitted; as proposal_content.lacking, without words."""
    missing = {SECTION_OF[name] for name in TEXT_WORDS if not getattr(proposal, name).strip()}
    if held.waiting:
        missing.add(SectionName.TEAM)
    if not held.requests or (held.access and proposal.access_type_id is None):
        missing.add(SectionName.RESOURCES)
    return missing


def _begun(proposal: Proposal, held: Held) -> set[SectionName]:
    """Those that hold anything."""
    texts = {
        section
        for section, names in TEXTS_OF.items()
        if any(getattr(proposal, name).strip() for name in names)
    }
    rows = {
        SectionName.TEAM: held.team,
        SectionName.RESOURCES: held.requests,
        SectionName.SCALING: held.scaling,
        SectionName.ATTACHMENTS: held.attachments,
    }
    return texts | {section for section, found in rows.items() if found}
