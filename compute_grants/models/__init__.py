"""Machines, calls, proposals, reviews and what follows from them."""

from compute_grants.models.allocations import Allocation, AllocationMember
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
from compute_grants.models.usage import UsageImport, UsageRecord

__all__ = [
    "Allocation",
    "AllocationMember",
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
    "UsageImport",
    "UsageRecord",
    "interested_institutions",
]
