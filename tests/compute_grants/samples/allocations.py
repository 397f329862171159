"""Samples of allocations."""

from tests.factories import allocations as grants
from tests.factories.consortium import member
from tests.samples import Samples


def samples() -> Samples:
    grant = grants.active()
    lead, by = grant.proposal.lead, grants.operator_for(grant)
    friend = grant.members.create(user=member(), cluster_user="friend", since=grant.starts_on)
    held = grants.suspended(resource=grant.resource)
    number = {"number": grant.number}
    pages = ("allocation", "allocation_usage_csv", "allocation_ledger_csv", "allocation_burn_csv")
    reads = ("detail", "usage", "usage-csv", "members", "burn-down", "add-member", "remove-member")
    return {
        "compute_grants:allocation_list": ({}, lead),
        **{f"compute_grants:{name}": (number, lead) for name in pages},
        "compute_grants:member_add": (number, lead),
        "compute_grants:member_remove": (number | {"pk": friend.pk}, lead),
        "compute_grants:allocation_change": (number | {"verb": "suspend"}, by),
        "compute_grants:allocation_resume": ({"number": held.number}, by),
        **{f"api:allocation-{name}": (number, lead) for name in reads},
        **{f"api:allocation-{name}": (number, by) for name in ("suspend", "resume", "close")},
    }
