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
from compute_grants.models.rebuttals import Rebuttal, RebuttalWindow
from compute_grants.models.reviews import (
    AwardLine,
    PanelDecision,
    Review,
    ReviewAssignment,
    ReviewDraft,
    ReviewReminder,
    ReviewVersion,
    Score,
)
from compute_grants.models.technical import TechnicalCheck, TechnicalReview
from compute_grants.models.ties import ReviewPolicy, Tie, Waiver
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
    "Rebuttal",
    "RebuttalWindow",
    "Resource",
    "ResourceRequest",
    "Review",
    "ReviewAssignment",
    "ReviewDraft",
    "ReviewPolicy",
    "ReviewReminder",
    "ReviewVersion",
    "Score",
    "Submission",
    "TechnicalCheck",
    "TechnicalReview",
    "Tie",
    "UsageImport",
    "UsageRecord",
    "Waiver",
    "interested_institutions",
]
