"""The catalogue of machines."""

from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.views.decorators.http import require_safe

from compute_grants.actions.machines import lacking
from compute_grants.models import Call, Machine, MaintenanceWindow
from compute_grants.policies import machines as policy
from compute_grants.policies import maintenance as maintenance_policy
from compute_grants.queries import machines as queries
from compute_grants.queries.maintenance import windows_of
from consortium.models import User
from consortium.policies import Decision
from consortium.roles import Permission, has

PER_PAGE = 25
PAST_WINDOWS = 3


@require_safe
def machine_list(request: HttpRequest) -> HttpResponse:
    machines = Machine.objects.visible_to(request.user).select_related("centre")
    kind = request.GET.get("kind", "")
    if kind in Machine.Kind.values:
        machines = machines.filter(kind=kind)
    page = Paginator(machines.order_by("-cards", "-cores", "pk"), PER_PAGE).get_page(
        request.GET.get("page")
    )
    context = {
        "rows": queries.machine_rows(page.object_list),
        "page_obj": page,
        "kinds": [(value, label, value == kind) for value, label in Machine.Kind.choices],
        "can_create": has(request.user, Permission.MACHINE_PUBLISH),
    }
    return render(request, "compute_grants/machine_list.html", context)


@require_safe
def machine(request: HttpRequest, code: str) -> HttpResponse:
    visible = Machine.objects.visible_to(request.user).select_related("centre")
    found = get_object_or_404(visible, code=code)
    manage = _may_manage(request.user, found)
    columns, partitions = queries.partition_rows(found)
    calls = Call.objects.accepting(timezone.now()).filter(budgets__resource__machine=found)
    context = {
        "machine": found,
        "columns": columns,
        "partitions": partitions,
        "resources": queries.resource_rows(found),
        "calls": calls.distinct().order_by("closes_at", "pk"),
        "manage": manage,
        "windows": _windows(request.user, found),
        "can_plan": maintenance_policy.can_plan(request.user, found)
        if manage and isinstance(request.user, User)
        else None,
        "lacking": lacking(found) if manage and found.state == Machine.State.DRAFT else [],
    }
    return render(request, "compute_grants/machine_detail.html", context)


def _windows(user: object, machine: Machine) -> list[dict[str, object]]:
    """The machine's stops, each with what this person may do about it."""
    person = user if isinstance(user, User) else None

    def row(window: MaintenanceWindow) -> dict[str, object]:
        window.machine = machine
        return {
            "window": window,
            "can_change": person and maintenance_policy.can_change(person, window),
            "can_cancel": person and maintenance_policy.can_cancel(person, window),
            "can_finish": person and maintenance_policy.can_finish(person, window),
        }

    return [row(window) for window in windows_of(machine, past=PAST_WINDOWS)]


def _may_manage(user: object, machine: Machine) -> Decision | None:
    return policy.can_manage(user, machine) if isinstance(user, User) else None
