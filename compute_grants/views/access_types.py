"""Access types: what there is, and the office's next versions."""

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from compute_grants.actions import access_types as actions
from compute_grants.forms.access_types import AccessTypeForm, limit_forms
from compute_grants.forms.fields import attempt, status_of
from compute_grants.models import AccessType
from compute_grants.policies import access_types as policy
from compute_grants.queries.access_types import current, with_limits
from consortium.http import actor
from consortium.models import User
from consortium.policies import Decision

PER_PAGE = 25


def _may(user: object) -> Decision | None:
    return policy.can_manage(user) if isinstance(user, User) else None


@require_safe
def access_type_list(request: HttpRequest) -> HttpResponse:
    page = Paginator(current(), PER_PAGE).get_page(request.GET.get("page"))
    context = {"page_obj": page, "can_create": bool(_may(request.user))}
    return render(request, "compute_grants/access_type_list.html", context)


@require_safe
def access_type(request: HttpRequest, code: str) -> HttpResponse:
    """The newest version, and those before it."""
    versions = list(with_limits(AccessType.objects.filter(code=code)).order_by("-version"))
    if not versions:
        raise Http404
    context = {"access_type": versions[0], "versions": versions, "may": _may(request.user)}
    return render(request, "compute_grants/access_type.html", context)


@require_http_methods(["GET", "POST"])
def create(request: HttpRequest) -> HttpResponse:
    policy.can_manage(actor(request)).require()
    return _edit(request, None)


@require_http_methods(["GET", "POST"])
def revise(request: HttpRequest, code: str) -> HttpResponse:
    policy.can_manage(actor(request)).require()
    rows = AccessType.objects.filter(current=True)
    return _edit(request, get_object_or_404(rows, code=code))


def _edit(request: HttpRequest, found: AccessType | None) -> HttpResponse:
    """The form of a new type, or of the next version of one."""
    data = request.POST or None
    form = AccessTypeForm.of(found, data) if found else AccessTypeForm(data)
    lines = limit_forms(found, data)
    made: list[AccessType] = []

    def save() -> None:
        given = {"limits": lines.limits(), "by": actor(request), **form.cleaned_data}
        made.append(actions.revise(found, **given) if found else actions.create(**given))

    valid = lines.is_bound and lines.is_valid() and form.is_valid()
    if valid and attempt(form, save):
        messages.success(request, _("The access type was saved. Calls take up its new version."))
        return redirect(made[0])
    title = _("Revise the access type") if found else _("Add an access type")
    context = {"form": form, "lines": lines, "title": title, "access_type": found}
    status = status_of(form, *lines.forms) if lines.is_bound else 200
    return render(request, "compute_grants/access_type_form.html", context, status=status)
