from django.urls import path

from compute_grants.views import (
    allocation_edit,
    allocations,
    call_edit,
    calls,
    machine_edit,
    machines,
    panel,
    proposal_edit,
    proposals,
    reviews,
    usage,
)

app_name = "compute_grants"

MACHINES = [
    path("machines/", machines.machine_list, name="machine_list"),
    path("machines/new/", machine_edit.create, name="machine_create"),
    path("machines/<slug:code>/", machines.machine, name="machine"),
    path("machines/<slug:code>/edit/", machine_edit.edit, name="machine_edit"),
    path("machines/<slug:code>/publish/", machine_edit.publish, name="machine_publish"),
    path("machines/<slug:code>/state/", machine_edit.state, name="machine_state"),
    path("machines/<slug:code>/capacity/", machine_edit.capacity, name="machine_capacity"),
    path("machines/<slug:code>/resources/", machine_edit.resource_create, name="resource_create"),
    path(
        "machines/<slug:code>/partitions/", machine_edit.partition_create, name="partition_create"
    ),
    path(
        "machines/<slug:code>/partitions/<int:pk>/peaks/",
        machine_edit.partition_peaks,
        name="partition_peaks",
    ),
    path(
        "machines/<slug:code>/partitions/<int:pk>/remove/",
        machine_edit.partition_remove,
        name="partition_remove",
    ),
]
CALLS = [
    path("calls/", calls.call_list, name="call_list"),
    path("calls/new/", call_edit.create, name="call_create"),
    path("calls/<slug:code>/", calls.call, name="call"),
    path("calls/<slug:code>/edit/", call_edit.edit, name="call_edit"),
    path("calls/<slug:code>/rubric/", call_edit.rubric, name="call_rubric"),
    path("calls/<slug:code>/budget/", call_edit.budget, name="call_budget"),
    path("calls/<slug:code>/panel/", call_edit.panel, name="call_panel"),
    path("calls/<slug:code>/publish/", call_edit.publish, name="call_publish"),
    path("calls/<slug:code>/state/", call_edit.move, name="call_state"),
    path("calls/<slug:code>/apply/", calls.apply, name="call_apply"),
    path("calls/<slug:code>/board/", panel.board, name="board"),
    path("calls/<slug:code>/rank/", panel.rank, name="call_rank"),
]
PROPOSALS = [
    path("proposals/", proposals.proposal_list, name="proposal_list"),
    path("proposals/<slug:number>/", proposals.proposal, name="proposal"),
    path("proposals/<slug:number>/edit/<slug:section>/", proposal_edit.edit, name="proposal_edit"),
    path("proposals/<slug:number>/resources/", proposal_edit.resources, name="proposal_resources"),
    path(
        "proposals/<slug:number>/resources/<int:pk>/remove/",
        proposal_edit.resource_remove,
        name="proposal_resource_remove",
    ),
    path("proposals/<slug:number>/check/", proposal_edit.check, name="proposal_check"),
    path("proposals/<slug:number>/receipt/", proposal_edit.receipt, name="proposal_receipt"),
    path("proposals/<slug:number>/withdraw/", proposals.withdraw, name="proposal_withdraw"),
    path("proposals/<slug:number>/return/", proposals.send_back, name="proposal_return"),
    path("proposals/<slug:number>/send-on/", proposals.send_on, name="proposal_send_on"),
    path(
        "proposals/<slug:number>/infeasible/",
        proposals.reject_infeasible,
        name="proposal_infeasible",
    ),
    path(
        "proposals/<slug:number>/technical/<int:pk>/",
        proposals.technical_review,
        name="technical_review",
    ),
    path("proposals/<slug:number>/reviewers/", reviews.assignment_list, name="assignment_list"),
    path("proposals/<slug:number>/decide/", panel.decide, name="decide"),
    path("proposals/<slug:number>/decision/", panel.receipt, name="decision_receipt"),
]
REVIEWS = [
    path("reviews/", reviews.review_list, name="review_list"),
    path("reviews/<int:pk>/", reviews.review, name="review"),
    path("reviews/<int:pk>/conflict/", reviews.declare, name="review_declare"),
]
ALLOCATIONS = [
    path("grants/", allocations.allocation_list, name="allocation_list"),
    path("grants/<slug:number>/", allocations.allocation, name="allocation"),
    path("grants/<slug:number>/usage.csv", allocations.usage_csv, name="allocation_usage_csv"),
    path("grants/<slug:number>/ledger.csv", allocations.ledger_csv, name="allocation_ledger_csv"),
    path("grants/<slug:number>/by-day.csv", allocations.burn_csv, name="allocation_burn_csv"),
    path("grants/<slug:number>/members/", allocation_edit.member_add, name="member_add"),
    path(
        "grants/<slug:number>/members/<int:pk>/remove/",
        allocation_edit.member_remove,
        name="member_remove",
    ),
    path("grants/<slug:number>/resume/", allocation_edit.resume, name="allocation_resume"),
    path("grants/<slug:number>/<slug:verb>/", allocation_edit.change, name="allocation_change"),
]
USAGE = [
    path("usage-imports/", usage.usage_import_list, name="usage_import_list"),
    path("usage-imports/new/", usage.usage_import_create, name="usage_import_create"),
    path("usage-imports/<int:pk>/", usage.usage_import, name="usage_import"),
]
urlpatterns = [*MACHINES, *CALLS, *PROPOSALS, *REVIEWS, *ALLOCATIONS, *USAGE]
