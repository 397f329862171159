"""The parts that a proposal is written in, and who saved each when."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from compute_grants.models.proposals import Proposal
from consortium.models import User


class SectionName(models.TextChoices):
    """In the order in which the editor leads through them."""

    TEAM = "team", _("Team")
    SUMMARY = "summary", _("Title and summary")
    SCIENCE = "science", _("Science case")
    RESOURCES = "resources", _("Machines and hours")
    SOFTWARE = "software", _("Software")
    DATA = "data", _("Data and ethics")
    ENERGY = "energy", _("Energy")
    SCALING = "scaling", _("Scaling")
    ATTACHMENTS = "attachments", _("Attachments")


class SectionState(models.TextChoices):
    """Follows from what a section holds, so it is never out of step with it.

    Only the return for correction is an act; the next save of the section answers it.
    """

    NOT_STARTED = "not_started", _("not started")
    IN_PROGRESS = "in_progress", _("in progress")
    COMPLETE = "complete", _("complete")
    RETURNED = "returned", _("returned for correction")


# The sections that are text, and the proposal's fields in them.
TEXTS_OF = {
    SectionName.SUMMARY: ("title_en", "title_zh", "summary"),
    SectionName.SCIENCE: ("science_case",),
    SectionName.SOFTWARE: ("software",),
    SectionName.DATA: ("data_ethics",),
    SectionName.ENERGY: ("energy",),
}
TEXTS = tuple(name for names in TEXTS_OF.values() for name in names)
SECTION_OF = {name: section for section, names in TEXTS_OF.items() for name in names} | {
    "requests": SectionName.RESOURCES,
    "access_type": SectionName.RESOURCES,
    "team": SectionName.TEAM,
}


class ProposalSection(models.Model):
    """When a section was last saved, by whom, and whether it was sent back.

    version: the proposal's at that save; a form opened before it would overwrite a newer text.
    """

    proposal = models.ForeignKey(Proposal, on_delete=models.CASCADE, related_name="sections")
    name = models.CharField(max_length=12, choices=SectionName)
    version = models.PositiveIntegerField(default=0)
    saved_at = models.DateTimeField(null=True, blank=True)
    saved_by = models.ForeignKey(
        User, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    returned_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["proposal", "name"], name="proposal_section_once"),
        ]

    def __str__(self) -> str:
        return f"{self.proposal.number}: {self.get_name_display()}"
