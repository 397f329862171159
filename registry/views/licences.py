"""A licence: its terms, its negotiation, its standing."""

from __future__ import annotations

from collections.abc import Callable

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from compute_grants.forms.fields import attempt, status_of
from consortium import audit
from consortium.forms import number_sent
from consortium.http import actor, reauthentication_required
from registry.actions import licences as actions
from registry.actions import standing
from registry.forms.licensing import ReasonForm, TermsForm
from registry.models import Licence
from registry.policies import licences as policies
from registry.queries.negotiation import clause_table
from registry.views.licence_snippets import verify_snippet
from registry.views.posted import posted

PER_PAGE = 30
CHANGES: dict[str, Callable[..., Licence]] = {
    "suspend": standing.suspend,
    "reinstate": standing.reinstate,
    "revoke": standing.revoke,
}


def visible_licence(request: HttpRequest, number: str) -> Licence:
    """The licence this person may see. Raises Http404."""
    return get_object_or_404(Licence.objects.visible_to(request.user).shown(), number=number)


@require_safe
def licence_list(request: HttpRequest) -> HttpResponse:
    rows = Licence.objects.visible_to(actor(request)).shown()
    page = Paginator(rows, PER_PAGE).get_page(request.GET.get("page"))
    return render(request, "registry/licence_list.html", {"page": page})


@require_safe
def licence(request: HttpRequest, number: str) -> HttpResponse:
    found, user = visible_licence(request, number), actor(request)
    context = {
        "licence": found,
        "table": clause_table(found),
        "signatures": found.signatures.select_related("by", "institution"),
        "receipts": found.receipts.select_related("statement"),
        "history": audit.history(found),
        "can_offer": policies.can_offer_terms(user, found),
        "can_counter": policies.can_counter(user, found),
        "can_accept": policies.can_accept(user, found),
        "can_decline": policies.can_decline(user, found),
        "can_sign": policies.side_of(user, found),
        "can_govern": policies.can_govern(user, found),
        "can_download": policies.can_download(user, found),
        "can_record_receipt": policies.can_record_receipt(user, found),
        "is_licensee": policies.is_licensee(user, found),
        "verify_code": verify_snippet(request, found),
    }
    return render(request, "registry/licence.html", context)


@require_http_methods(["GET", "POST"])
def licence_offer(request: HttpRequest, number: str) -> HttpResponse:
    """The deployment office puts terms forward."""
    found = visible_licence(request, number)
    policies.can_offer_terms(actor(request), found).require()
    return _put_forward(request, found, actions.offer, _("Offered. The licensee answers."))


@require_http_methods(["GET", "POST"])
def licence_counter(request: HttpRequest, number: str) -> HttpResponse:
    """The licensee answers with other terms."""
    found = visible_licence(request, number)
    policies.can_counter(actor(request), found).require()
    return _put_forward(request, found, actions.counter, _("Sent. The deployment office answers."))


def _put_forward(
    request: HttpRequest, found: Licence, act: Callable[..., object], said: str
) -> HttpResponse:
    last = found.last_terms
    first = last.terms if last else {"fields": found.offering.fields, "regions": ["CN"]}
    if last is None:
        first["price_fen"] = found.offering.list_price_fen
    initial = TermsForm.initial_from(first, last.revision if last else 0)
    form = TermsForm(posted(request), initial=initial)

    def send() -> None:
        data = form.cleaned_data
        act(
            found,
            form.terms(),
            comment=data["comment"],
            answers=data["answers"],
            by=actor(request),
        )

    if form.is_valid() and attempt(form, send):
        messages.success(request, said)
        return redirect(found)
    context = {"licence": found, "form": form, "table": clause_table(found)}
    return render(request, "registry/licence_terms.html", context, status=status_of(form))


@require_POST
def licence_accept(request: HttpRequest, number: str) -> HttpResponse:
    """The side whose turn it is accepts. Two routes, one for each side's permission."""
    found = visible_licence(request, number)
    revision = number_sent(request.POST, "revision")
    none = -1  # which no revision is
    actions.accept(found, by=actor(request), revision=none if revision is None else revision)
    messages.success(request, _("Agreed. Both sides sign next."))
    return redirect(found)


@require_http_methods(["GET", "POST"])
def licence_decline(request: HttpRequest, number: str) -> HttpResponse:
    """Either side ends the negotiation. Two routes, one for each side's permission."""
    found, user = visible_licence(request, number), actor(request)
    policies.can_decline(user, found).require()
    form = ReasonForm(posted(request))
    if form.is_valid() and attempt(
        form, lambda: actions.decline(found, **form.cleaned_data, by=user)
    ):
        return redirect(found)
    context = {"licence": found, "form": form}
    return render(request, "registry/licence_decline.html", context, status=status_of(form))


@require_http_methods(["GET", "POST"])
def licence_standing(request: HttpRequest, number: str, change: str) -> HttpResponse:
    """Suspend, reinstate or revoke: a new status list says so to every verifier."""
    found, user = visible_licence(request, number), actor(request)
    if change not in CHANGES:
        raise Http404
    policies.can_govern(user, found).require()
    if elsewhere := reauthentication_required(request):
        return elsewhere
    form = ReasonForm(posted(request))
    if form.is_valid() and attempt(
        form, lambda: CHANGES[change](found, **form.cleaned_data, by=user)
    ):
        messages.success(request, _("Done. A new status list is published."))
        return redirect(found)
    context = {"licence": found, "form": form, "change": change}
    return render(request, "registry/licence_standing.html", context, status=status_of(form))
