"""Machines, calls, proposals, reviews and what follows from them."""

from compute_grants.models.calls import Call, CallBudget, Criterion, FusionStage
from compute_grants.models.machines import (
    Capacity,
    Machine,
    Partition,
    PeakRate,
    Precision,
    Resource,
)
from compute_grants.models.proposals import (
    Proposal,
    ResourceRequest,
    Submission,
    interested_institutions,
)
from compute_grants.models.reviews import (
    AwardLine,
    PanelDecision,
    Review,
    ReviewAssignment,
    Score,
    TechnicalReview,
)

__all__ = [
    "AwardLine",
    "Call",
    "CallBudget",
    "Capacity",
    "Criterion",
    "FusionStage",
    "Machine",
    "PanelDecision",
    "Partition",
    "PeakRate",
    "Precision",
    "Proposal",
    "Resource",
    "ResourceRequest",
    "Review",
    "ReviewAssignment",
    "Score",
    "Submission",
    "TechnicalReview",
    "interested_institutions",
]
