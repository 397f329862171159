"""Grants: the list, the page of one, and its tables as CSV."""

from collections.abc import Iterator
from typing import Any

from django.core.paginator import Paginator
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.views.decorators.http import require_safe

from compute_grants import exports
from compute_grants.models import Allocation, UsageRecord
from compute_grants.paging import page_of
from compute_grants.policies import allocations as policy
from compute_grants.policies.alerts import can_set
from compute_grants.policies.stages import can_plan
from compute_grants.queries import allocations as queries
from compute_grants.queries import charts, narrowing
from compute_grants.queries.grant_life import Life, requests_of, with_life
from compute_grants.queries.grant_life import life as life_of
from compute_grants.queries.grant_usage import stages, usage_choices, usage_groups, walls
from consortium import audit
from consortium.http import actor
from consortium.models import User

PER_PAGE = 25
FILTERS = {"who": "cluster_user", "partition": "partition", "state": "job_state"}


def visible(request: HttpRequest, number: str) -> Allocation:
    """The allocation, or 404 where this person may not see it."""
    rows = Allocation.objects.visible_to(actor(request)).shown()
    return get_object_or_404(rows, number=number)


@require_safe
def allocation_list(request: HttpRequest) -> HttpResponse:
    found = Allocation.objects.visible_to(actor(request)).shown()
    state = request.GET.get("state", "")
    if state in Allocation.State.values:
        found = found.filter(state=state)
    found, narrowed = narrowing.allocations(found, request.GET, actor(request))
    page = Paginator(found.order_by("-awarded_at", "-pk"), PER_PAGE).get_page(
        request.GET.get("page")
    )
    context = {
        "page_obj": page,
        "narrowed": narrowed,
        "rows": queries.rows(page.object_list),
        "state": state,
        "states": Allocation.State.choices,
    }
    return render(request, "compute_grants/allocation_list.html", context)


@require_safe
def allocation(request: HttpRequest, number: str) -> HttpResponse:
    user = actor(request)
    rows = with_life(Allocation.objects.visible_to(user).shown())
    found = get_object_or_404(rows, number=number)
    life = life_of(found)
    context = {
        "allocation": found,
        "life": life,
        "requests": requests_of(life, user),
        "today": timezone.localdate(),
        "reports": found.reports.all(),
        "late_report": queries.late_report(found),
        "outputs": found.outputs.filter(removed_at__isnull=True)[:PER_PAGE],
        "lineage": queries.lineage(found, user),
        "history": audit.history(found)[:PER_PAGE],
        "can_manage": policy.can_manage(user, found),
        "snippet": _snippet(request, found),
        **_usage_context(request, found, life),
        **_ledger_context(request, found),
        **_own_context(user, found, life),
    }
    return render(request, "compute_grants/allocation_detail.html", context)


def _usage_context(request: HttpRequest, found: Allocation, life: Life) -> dict[str, Any]:
    """All that is made of its job runs. Two queries."""
    groups = usage_groups(found)
    burn = queries.burn_down(found, groups=groups)
    runs, given = _filtered(request, found)
    return {
        "burn": burn,
        "pace": burn.pace,
        "chart": charts.burn_down(found, burn),
        "walls": walls(found, groups),
        "stages": stages(found, groups, life.plan),
        "choices": usage_choices(groups),
        "runs": page_of(runs, request.GET.get("page"), PER_PAGE),
        "given": given,
        "query": "&".join(f"{name}={value}" for name, value in given.items() if value),
    }


def _ledger_context(request: HttpRequest, found: Allocation) -> dict[str, Any]:
    entries = page_of(queries.entries(found), request.GET.get("entries"), PER_PAGE)
    rows = [queries.entry(transfer, found.account) for transfer in entries]
    return {"entries": entries, "ledger": rows}


def _own_context(user: User, found: Allocation, life: Life) -> dict[str, Any]:
    """What this person has to do with it. The members were read with the grant."""
    found.open_members = life.members  # type: ignore[attr-defined]  # policies.leads looks here
    member = any(row.user_id == user.pk for row in life.members)
    return {
        "is_lead": user.pk == found.proposal.lead_id,
        "is_member": member,
        "listens": user.pk in life.listeners,
        "may_add_outputs": user.pk == found.proposal.lead_id or member,
        "can_change_members": policy.can_change_members(user, found),
        "can_plan": can_plan(user, found),
        "can_set_alerts": can_set(user, found),
    }


def _filtered(
    request: HttpRequest, found: Allocation
) -> tuple[QuerySet[UsageRecord], dict[str, str]]:
    """Its job runs, newest first, as the query string narrows them; and what it says."""
    given = {name: request.GET.get(name, "") for name in FILTERS}
    narrowed = {FILTERS[name]: value for name, value in given.items() if value}
    return found.usage.filter(**narrowed).order_by("-used_at", "-pk"), given


def _snippet(request: HttpRequest, found: Allocation) -> str:
    address = request.build_absolute_uri(f"/api/v1/allocations/{found.number}/")
    return (
        "import os, requests\n\n"
        "grant = requests.get(\n"
        f'    "{address}",\n'
        '    headers={"Authorization": f"Bearer {os.environ[\'PORTAL_TOKEN\']}"},\n'
        "    timeout=30,\n"
        ").json()\n"
        'print(grant["left_seconds"] / 3600)\n'
    )


@require_safe
def usage_csv(request: HttpRequest, number: str) -> StreamingHttpResponse:
    """The job runs that the page's filter shows, all of them. Times in UTC."""
    found = visible(request, number)
    runs, _given = _filtered(request, found)
    return exports.usage_csv(request, found, runs)


@require_safe
def ledger_csv(request: HttpRequest, number: str) -> StreamingHttpResponse:
    """Every movement, newest first. Seconds of the grant's unit; positive came in."""
    found = visible(request, number)
    header = ["at", "code", "seconds", "unit", "actor", "reason", "transfer"]

    def lines() -> Iterator[list[object]]:
        for transfer in queries.entries(found).iterator(chunk_size=2000):
            row = queries.entry(transfer, found.account)
            at = exports.iso(row.at)
            yield [at, row.code, row.seconds, transfer.unit, row.actor, row.reason, transfer.pk]

    return exports.csv_response(request, f"{found.number}-ledger.csv", header, lines())


@require_safe
def burn_csv(request: HttpRequest, number: str) -> StreamingHttpResponse:
    """The figures behind the burn-down, by day in Beijing time."""
    found = visible(request, number)
    header = ["day", "used_seconds", "left_seconds"]
    points = queries.burn_down(found).points
    lines = ([point.day.isoformat(), point.used, point.left] for point in points)
    return exports.csv_response(request, f"{found.number}-by-day.csv", header, lines)
