"""The rules of the programme: what holds, what held, what will hold; publish the next version."""

from __future__ import annotations

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from compute_grants import programme
from compute_grants.actions import programme as actions
from compute_grants.forms.fields import attempt, status_of
from compute_grants.forms.programme import PolicyForm
from compute_grants.policies import programme as policy
from compute_grants.queries import programme as queries
from consortium.http import actor


@require_safe
def programme_list(request: HttpRequest) -> HttpResponse:
    context = {"rows": queries.policy_rows(), "can_publish": policy.can_publish(actor(request))}
    return render(request, "compute_grants/programme_list.html", context)


@require_safe
def programme_kind(request: HttpRequest, kind: str) -> HttpResponse:
    """Every version of one rule."""
    _known(kind)
    context = {
        "kind": kind,
        "label": programme.LABELS[kind],
        "versions": queries.versions(kind),
        "can_publish": policy.can_publish(actor(request)),
    }
    return render(request, "compute_grants/programme_kind.html", context)


@require_http_methods(["GET", "POST"])
def programme_publish(request: HttpRequest, kind: str) -> HttpResponse:
    """The next version; its form begins with the figures in force. First looked at, then sent."""
    _known(kind)
    user = actor(request)
    policy.can_publish(user).require()
    now = queries.in_force(kind)
    form = PolicyForm(request.POST or None, now=now, initial={"since": timezone.localdate()})
    confirmed = request.POST.get("confirmed") == "1"
    body = None
    if form.is_valid():
        given = form.cleaned_data
        made = attempt(form, lambda: programme.parse(kind, form.body()))
        if (
            made
            and confirmed
            and attempt(
                form,
                lambda: actions.publish(
                    kind=kind, since=given["since"], body=form.body(), note=given["note"], by=user
                ),
            )
        ):
            messages.success(request, _("The new version is published."))
            return redirect("compute_grants:programme_kind", kind)
        if made and not form.errors and request.POST.get("change") != "1":
            body = programme.parse(kind, form.body())
    context = {
        "kind": kind,
        "label": programme.LABELS[kind],
        "form": form,
        "now": queries.Version(None, now, holds=True, coming=False),
        "next": queries.Version(None, body, holds=False, coming=True) if body else None,
    }
    return render(request, "compute_grants/programme_publish.html", context, status=status_of(form))


def _known(kind: str) -> None:
    if kind not in programme.KINDS:
        raise Http404
