"""Machines, calls, proposals, reviews and what follows from them."""

from compute_grants.models.acceptances import Acceptance
from compute_grants.models.access_types import AccessType, AccessTypeLimit
from compute_grants.models.alerts import Alert, AlertSettings
from compute_grants.models.allocations import Allocation, AllocationMember, QueueReading
from compute_grants.models.amendments import Amendment, AmendmentPart
from compute_grants.models.assignment_plans import AssignmentPlan, PlannedPair
from compute_grants.models.attachments import Attachment
from compute_grants.models.award_letters import DecisionLetter
from compute_grants.models.award_runs import AwardRun
from compute_grants.models.calls import Call, CallBudget, CallRound, Criterion
from compute_grants.models.closures import Closure
from compute_grants.models.decision_sets import (
    DecisionItem,
    DecisionItemLine,
    DecisionSet,
    DecisionSignature,
)
from compute_grants.models.documents import CallDocument
from compute_grants.models.drift import Drift
from compute_grants.models.eligibility import EligibilityRule
from compute_grants.models.expertise import Expertise, ResearchTopic
from compute_grants.models.machines import (
    Capacity,
    FusionStage,
    Machine,
    Origin,
    Partition,
    PeakRate,
    Precision,
    Resource,
)
from compute_grants.models.maintenance import MaintenanceWindow
from compute_grants.models.outputs import Output, OutputAuthor, OutputGrant
from compute_grants.models.panel_recusals import PanelRecusal
from compute_grants.models.programme import ProgrammePolicy
from compute_grants.models.proposal_sections import ProposalSection, SectionName, SectionState
from compute_grants.models.proposals import (
    Proposal,
    ResourceRequest,
    Submission,
    interested_institutions,
)
from compute_grants.models.rates import ChargingRule, ExchangeRate
from compute_grants.models.rebuttals import Rebuttal, RebuttalWindow
from compute_grants.models.reclaims import Reclaim
from compute_grants.models.release_schedule import Tranche
from compute_grants.models.reports import GrantReport, ReportReminder, ReportSubmission
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
from compute_grants.models.sanctions import Sanction, SanctionNotice, SuspendedGrant
from compute_grants.models.scaling import ScalingPoint
from compute_grants.models.stages import StagePlan, StageRule
from compute_grants.models.team import TeamMember, load_people
from compute_grants.models.technical import TechnicalCheck, TechnicalReview
from compute_grants.models.tie_evidence import TieDispute, TieEvidence
from compute_grants.models.ties import ReviewPolicy, Tie, Waiver
from compute_grants.models.usage import UsageImport, UsageRecord
from compute_grants.models.waitlist import WaitlistPlace

__all__ = [
    "Acceptance",
    "AccessType",
    "AccessTypeLimit",
    "Alert",
    "AlertSettings",
    "Allocation",
    "AllocationMember",
    "Amendment",
    "AmendmentPart",
    "AssignmentPlan",
    "Attachment",
    "AwardLine",
    "AwardRun",
    "Call",
    "CallBudget",
    "CallDocument",
    "CallRound",
    "Capacity",
    "ChargingRule",
    "Closure",
    "Criterion",
    "DecisionItem",
    "DecisionItemLine",
    "DecisionLetter",
    "DecisionSet",
    "DecisionSignature",
    "Drift",
    "EligibilityRule",
    "ExchangeRate",
    "Expertise",
    "FusionStage",
    "GrantReport",
    "Machine",
    "MaintenanceWindow",
    "Origin",
    "Output",
    "OutputAuthor",
    "OutputGrant",
    "PanelDecision",
    "PanelRecusal",
    "Partition",
    "PeakRate",
    "PlannedPair",
    "Precision",
    "ProgrammePolicy",
    "Proposal",
    "ProposalSection",
    "QueueReading",
    "Rebuttal",
    "RebuttalWindow",
    "Reclaim",
    "ReportReminder",
    "ReportSubmission",
    "ResearchTopic",
    "Resource",
    "ResourceRequest",
    "Review",
    "ReviewAssignment",
    "ReviewDraft",
    "ReviewPolicy",
    "ReviewReminder",
    "ReviewVersion",
    "Sanction",
    "SanctionNotice",
    "ScalingPoint",
    "Score",
    "SectionName",
    "SectionState",
    "StagePlan",
    "StageRule",
    "Submission",
    "SuspendedGrant",
    "TeamMember",
    "TechnicalCheck",
    "TechnicalReview",
    "Tie",
    "TieDispute",
    "TieEvidence",
    "Tranche",
    "UsageImport",
    "UsageRecord",
    "WaitlistPlace",
    "Waiver",
    "interested_institutions",
    "load_people",
]
