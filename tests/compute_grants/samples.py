"""Samples of compute grants: something at every step. See tests/samples.py."""

from compute_grants.actions.usage import import_sacct
from compute_grants.api_access import TABLE as API
from compute_grants.models import Call, Machine, Proposal
from tests.factories import allocations as grants
from tests.factories import compute_grants as make
from tests.factories.consortium import member, research_officer
from tests.samples import Samples


def samples() -> Samples:
    pages = _machines() | _calls() | _proposals() | _reviews()
    return pages | _api(pages) | _allocations()


def _api(pages: Samples) -> Samples:
    """Each API route by the sample of a page about the same kind of row."""
    like = {
        "api:machine-": "compute_grants:machine_edit",
        "api:call-": "compute_grants:call_edit",
        "api:call-board": "compute_grants:board",
        "api:call-rank": "compute_grants:call_rank",
        "api:proposal-": "compute_grants:proposal",
        "api:proposal-decide": "compute_grants:decide",
        "api:review-": "compute_grants:review",
    }
    found: Samples = {}
    for name in API:
        page = like.get(name) or like[f"{name.split('-')[0]}-"]
        if not name.endswith("-list"):
            found[name] = pages[page]
    return found


def _machines() -> Samples:
    public = make.machine()
    draft: Machine = make.machine(published=False)
    operator = make.operator_of(draft.centre)
    partition = draft.partitions.get()
    code = {"code": draft.code}
    of_partition = code | {"pk": partition.pk}
    return {
        "compute_grants:machine": ({"code": public.code}, None),
        "compute_grants:machine_edit": (code, operator),
        "compute_grants:machine_publish": (code, operator),
        "compute_grants:machine_state": (code, operator),
        "compute_grants:machine_capacity": (code, operator),
        "compute_grants:resource_create": (code, operator),
        "compute_grants:partition_create": (code, operator),
        "compute_grants:partition_peaks": (of_partition, operator),
        "compute_grants:partition_remove": (of_partition, operator),
    }


def _calls() -> Samples:
    office = research_officer()
    draft = make.call_with(state="draft")
    running = make.call_with()
    deciding = make.call_with(state="in_review")
    judge = make.panellist(deciding)
    ranked = make.proposal_for(deciding, state="ranked")
    make.review_of(ranked)
    make.proposal_for(deciding, state="peer_review")
    make.proposal_for(deciding, state="ranked", lead=judge)
    code = {"code": draft.code}
    return {
        "compute_grants:call": ({"code": running.code}, None),
        "compute_grants:call_edit": (code, office),
        "compute_grants:call_rubric": (code, office),
        "compute_grants:call_budget": (code, office),
        "compute_grants:call_panel": (code, office),
        "compute_grants:call_publish": (code, office),
        "compute_grants:call_state": (code, office),
        "compute_grants:call_apply": ({"code": running.code}, make.principal()),
        "compute_grants:board": ({"code": deciding.code}, judge),
        "compute_grants:call_rank": ({"code": deciding.code}, judge),
        "compute_grants:decide": ({"number": ranked.number}, judge),
    }


def _proposals() -> Samples:
    call: Call = make.call_with()
    office = research_officer()
    draft = make.proposal_for(call)
    submitted = make.proposal_for(call, state="submitted")
    technical = make.proposal_for(call, state="technical_review")
    reviewed = make.proposal_for(call, state="peer_review")
    make.AssignmentFactory.create(proposal=reviewed)
    rejected = make.proposal_for(call, state="rejected")
    make.decision_on(rejected)
    asked = technical.requests.select_related("resource__machine__centre").get()
    own: dict[str, str] = {"number": draft.number}
    row = own | {"pk": draft.requests.get().pk}
    judged = {"number": technical.number, "pk": asked.pk}
    handed_in = {"number": submitted.number}
    return {
        "compute_grants:proposal": (handed_in, office),
        "compute_grants:proposal_edit": (own | {"section": "summary"}, draft.lead),
        "compute_grants:proposal_resources": (own, draft.lead),
        "compute_grants:proposal_resource_remove": (row, draft.lead),
        "compute_grants:proposal_check": (own, draft.lead),
        "compute_grants:proposal_withdraw": (own, draft.lead),
        "compute_grants:proposal_receipt": (handed_in, submitted.lead),
        "compute_grants:proposal_return": (handed_in, office),
        "compute_grants:proposal_send_on": (handed_in, office),
        "compute_grants:proposal_infeasible": ({"number": technical.number}, office),
        "compute_grants:technical_review": (
            judged,
            make.operator_of(asked.resource.machine.centre),
        ),
        "compute_grants:assignment_list": ({"number": reviewed.number}, office),
        "compute_grants:decision_receipt": ({"number": rejected.number}, rejected.lead),
    }


def _reviews() -> Samples:
    call = make.call_with()
    proposal: Proposal = make.proposal_for(call, state="peer_review")
    invited = make.AssignmentFactory.create(proposal=proposal)
    confirmed = make.AssignmentFactory.create(proposal=proposal, confirmed=True)
    return {
        "compute_grants:review": ({"pk": confirmed.pk}, confirmed.reviewer),
        "compute_grants:review_declare": ({"pk": invited.pk}, invited.reviewer),
    }


def _allocations() -> Samples:
    grant = grants.active()
    lead, by = grant.proposal.lead, grants.operator_for(grant)
    friend = grant.members.create(user=member(), cluster_user="friend", since=grant.starts_on)
    imported = import_sacct(
        machine=grant.resource.machine,
        stream=grants.sacct([grants.row(grant), grants.row(grant, job=2, state="FAILED")]),
        source="sacct.psv",
        by=by,
    )
    held = grants.suspended(resource=grant.resource)
    number, pk = {"number": grant.number}, {"pk": imported.pk}
    pages = ("allocation", "allocation_usage_csv", "allocation_ledger_csv", "allocation_burn_csv")
    reads = ("detail", "usage", "usage-csv", "members", "burn-down", "add-member", "remove-member")
    return {
        **{f"compute_grants:{name}": (number, lead) for name in pages},
        "compute_grants:member_add": (number, lead),
        "compute_grants:member_remove": (number | {"pk": friend.pk}, lead),
        "compute_grants:allocation_change": (number | {"verb": "suspend"}, by),
        "compute_grants:allocation_resume": ({"number": held.number}, by),
        "compute_grants:usage_import": (pk, by),
        **{f"api:allocation-{name}": (number, lead) for name in reads},
        **{f"api:allocation-{name}": (number, by) for name in ("suspend", "resume", "close")},
        "api:usageimport-detail": (pk, by),
    }
