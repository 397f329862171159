"""What people are told, one module per noun; the code is that of the event where there is one."""

from compute_grants.notices import (
    allocations,
    amendments,
    assignment_plans,
    award_runs,
    calls,
    closures,
    machines,
    maintenance,
    panel,
    proposals,
    rates,
    reclaims,
    reports,
    reviews,
    team,
)
from consortium.notices import Notice

NOTICES: dict[str, Notice] = {
    **machines.NOTICES,
    **maintenance.NOTICES,
    **rates.NOTICES,
    **calls.NOTICES,
    **proposals.NOTICES,
    **reviews.NOTICES,
    **assignment_plans.NOTICES,
    **team.NOTICES,
    **panel.NOTICES,
    **award_runs.NOTICES,
    **allocations.NOTICES,
    **amendments.NOTICES,
    **reports.NOTICES,
    **closures.NOTICES,
    **reclaims.NOTICES,
}
