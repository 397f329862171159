"""The catalogue of machines."""

from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from compute_grants.actions.machines import lacking
from compute_grants.models import (
    Call,
    FusionStage,
    Machine,
    MaintenanceWindow,
    Partition,
    Precision,
)
from compute_grants.policies import machines as policy
from compute_grants.policies import maintenance as maintenance_policy
from compute_grants.queries import machines as queries
from compute_grants.queries.capacity_months import certified_rows
from compute_grants.queries.catalogue import (
    Wish,
    catalogue,
    catalogue_rows,
    memory_of,
    whole_peaks,
)
from compute_grants.queries.maintenance import windows_of
from consortium.models import User
from consortium.policies import Decision
from consortium.roles import Permission, has

PER_PAGE = 25
PAST_WINDOWS = 3


@require_safe
def machine_list(request: HttpRequest) -> HttpResponse:
    """The catalogue: what stands in each machine, or with view=peaks its peak per precision."""
    names = ("kind", "node_type", "precision", "state")
    wish = Wish(**{name: request.GET.get(name, "") for name in names})
    page = Paginator(catalogue(request.user, wish), PER_PAGE).get_page(request.GET.get("page"))
    peaks = request.GET.get("view") == "peaks"
    operates = has(request.user, Permission.MACHINE_PUBLISH)
    context = {
        "rows": catalogue_rows(page.object_list),
        "page_obj": page,
        "peaks": peaks,
        "tabs": _views(request, peaks=peaks),
        "precisions": Precision.choices,
        "filters": [
            ("kind", _("Kind of compute"), Machine.Kind.choices, wish.kind),
            ("node_type", _("Kind of node"), Partition.NodeType.choices, wish.node_type),
            ("precision", _("Precision"), Precision.choices, wish.precision),
            ("state", _("State"), _states(drafts=operates), wish.state),
        ],
        "filtered": any(getattr(wish, name) for name in names),
        "can_create": operates,
    }
    return render(request, "compute_grants/machine_list.html", context)


def _states(*, drafts: bool) -> list[tuple[str, object]]:
    return [pair for pair in Machine.State.choices if drafts or pair[0] != Machine.State.DRAFT]


def _views(request: HttpRequest, *, peaks: bool) -> list[dict[str, object]]:
    """The two views, each keeping the filter."""
    kept = request.GET.copy()
    for name in ("view", "page"):
        kept.pop(name, None)
    overview = f"?{kept.urlencode()}"
    kept["view"] = "peaks"
    return [
        {"label": _("Overview"), "href": overview, "current": not peaks},
        {"label": _("Peak per precision"), "href": f"?{kept.urlencode()}", "current": peaks},
    ]


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
        "peaks": whole_peaks(found),
        "memory": memory_of(found, [row.partition for row in partitions]),
        "stages": [FusionStage(stage).label for stage in found.stages],
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


@require_safe
def months(request: HttpRequest, code: str) -> HttpResponse:
    """What the centre certified month by month, and the calls it is set aside for."""
    visible = Machine.objects.visible_to(request.user).select_related("centre")
    found = get_object_or_404(visible, code=code)
    context = {
        "machine": found,
        "rows": certified_rows(found),
        "manage": _may_manage(request.user, found),
    }
    return render(request, "compute_grants/machine_months.html", context)


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
