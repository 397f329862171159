"""What each audit event of this app is called on a page, one module per noun."""

from django.utils.functional import Promise

from compute_grants.events import (
    access_types,
    allocations,
    amendments,
    assignment_plans,
    award_runs,
    calls,
    closures,
    decision_sets,
    expertise,
    machines,
    maintenance,
    outputs,
    panel,
    programme,
    proposals,
    reclaims,
    reports,
    reviews,
    ties,
    usage,
)

EVENTS: dict[str, str | Promise] = {
    **machines.EVENTS,
    **maintenance.EVENTS,
    **access_types.EVENTS,
    **calls.EVENTS,
    **proposals.EVENTS,
    **reviews.EVENTS,
    **ties.EVENTS,
    **expertise.EVENTS,
    **assignment_plans.EVENTS,
    **panel.EVENTS,
    **decision_sets.EVENTS,
    **award_runs.EVENTS,
    **allocations.EVENTS,
    **amendments.EVENTS,
    **programme.EVENTS,
    **reports.EVENTS,
    **outputs.EVENTS,
    **closures.EVENTS,
    **reclaims.EVENTS,
    **usage.EVENTS,
}
