"""This app's part of /api/v1/."""

from rest_framework.routers import BaseRouter

from compute_grants.api.acceptances import AcceptanceViewSet
from compute_grants.api.access_types import AccessTypeViewSet
from compute_grants.api.allocations import AllocationViewSet
from compute_grants.api.amendments import AmendmentViewSet
from compute_grants.api.assignment_plans import PlanViewSet
from compute_grants.api.award_letters import DecisionLetterViewSet
from compute_grants.api.award_runs import AwardRunViewSet
from compute_grants.api.call_documents import CallDocumentViewSet
from compute_grants.api.calls import CallViewSet
from compute_grants.api.closures import ClosureViewSet
from compute_grants.api.decision_sets import DecisionSetViewSet
from compute_grants.api.drift import DriftViewSet
from compute_grants.api.expertise import ExpertiseViewSet, ResearchTopicViewSet
from compute_grants.api.machines import MachineViewSet
from compute_grants.api.maintenance import MaintenanceWindowViewSet
from compute_grants.api.normalisation import NormalisationViewSet
from compute_grants.api.outputs import OutputViewSet
from compute_grants.api.programme import ProgrammeViewSet
from compute_grants.api.proposals import ProposalViewSet
from compute_grants.api.rates import ChargingRuleViewSet, ExchangeRateViewSet
from compute_grants.api.rebuttals import RebuttalViewSet
from compute_grants.api.reclaims import ReclaimViewSet
from compute_grants.api.reports import GrantReportViewSet
from compute_grants.api.reviews import ReviewViewSet
from compute_grants.api.statistics import StatisticsViewSet
from compute_grants.api.team import TeamInvitationViewSet
from compute_grants.api.ties import (
    ReviewPolicyViewSet,
    TieDisputeViewSet,
    TieViewSet,
    WaiverViewSet,
)
from compute_grants.api.usage import UsageImportViewSet
from compute_grants.api.usage_runs import UsageRunViewSet
from compute_grants.api.waitlist import WaitlistViewSet


def register(router: BaseRouter) -> None:
    """Add this app's viewsets to the router."""
    router.register("machines", MachineViewSet, basename="machine")
    router.register("drift", DriftViewSet, basename="drift")
    router.register("maintenance-windows", MaintenanceWindowViewSet, basename="maintenancewindow")
    router.register("exchange-rates", ExchangeRateViewSet, basename="exchangerate")
    router.register("charging-rules", ChargingRuleViewSet, basename="chargingrule")
    router.register("access-types", AccessTypeViewSet, basename="accesstype")
    router.register("call-documents", CallDocumentViewSet, basename="calldocument")
    router.register("calls", CallViewSet, basename="call")
    router.register("proposals", ProposalViewSet, basename="proposal")
    router.register("reviews", ReviewViewSet, basename="review")
    router.register("team-invitations", TeamInvitationViewSet, basename="teaminvitation")
    router.register("rebuttals", RebuttalViewSet, basename="rebuttal")
    router.register("ties", TieViewSet, basename="tie")
    router.register("tie-disputes", TieDisputeViewSet, basename="tiedispute")
    router.register("waivers", WaiverViewSet, basename="waiver")
    router.register("review-policies", ReviewPolicyViewSet, basename="reviewpolicy")
    router.register("decision-sets", DecisionSetViewSet, basename="decisionset")
    router.register("topics", ResearchTopicViewSet, basename="topic")
    router.register("expertise", ExpertiseViewSet, basename="expertise")
    router.register("normalisations", NormalisationViewSet, basename="normalisation")
    router.register("assignment-plans", PlanViewSet, basename="plan")
    router.register("decision-letters", DecisionLetterViewSet, basename="decisionletter")
    router.register("acceptances", AcceptanceViewSet, basename="acceptance")
    router.register("waitlist", WaitlistViewSet, basename="waitlist")
    router.register("allocations", AllocationViewSet, basename="allocation")
    router.register("amendments", AmendmentViewSet, basename="amendment")
    router.register("grant-reports", GrantReportViewSet, basename="grantreport")
    router.register("outputs", OutputViewSet, basename="output")
    router.register("award-runs", AwardRunViewSet, basename="awardrun")
    router.register("closures", ClosureViewSet, basename="closure")
    router.register("reclaims", ReclaimViewSet, basename="reclaim")
    router.register("programme", ProgrammeViewSet, basename="programme")
    router.register("usage-imports", UsageImportViewSet, basename="usageimport")
    router.register("statistics", StatisticsViewSet, basename="statistics")
    router.register("job-runs", UsageRunViewSet, basename="usagerun")
