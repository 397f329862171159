"""Samples of what is set on a running grant."""

from tests.factories import allocations as grants
from tests.samples import Samples


def samples() -> Samples:
    grant = grants.halved()
    lead, by = grant.proposal.lead, grants.operator_for(grant)
    number = {"number": grant.number}
    return {
        "compute_grants:allocation_alerts": (number, lead),
        "compute_grants:allocation_listen": (number, lead),
        "compute_grants:allocation_stages": (number, lead),
        "compute_grants:allocation_part": (number | {"position": 2}, by),
        **{
            f"api:allocation-{name}": (number, lead)
            for name in ("life", "queue", "set-alerts", "listen")
        },
        "api:allocation-plan-stages": (number, lead),
        "api:allocation-release-part": (number, by),
        "api:allocation-withhold-part": (number, by),
    }
