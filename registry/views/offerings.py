"""The licence catalogue: what is offered, to read by anybody and to ask for by enterprises."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from compute_grants.forms.fields import attempt, status_of
from consortium import audit
from consortium.http import actor
from consortium.models import User
from registry.actions import licences
from registry.actions import offerings as actions
from registry.forms.licensing import OfferingForm, QuoteForm
from registry.models import CommercialOffering, FieldOfUse, Licence
from registry.policies import licences as policies
from registry.views.gates import visible_gate
from registry.views.posted import posted


def visible_offering(request: HttpRequest, code: str) -> CommercialOffering:
    """The offering this reader may see. Raises Http404."""
    rows = CommercialOffering.objects.visible_to(request.user).shown()
    return get_object_or_404(rows, code=code)


@require_safe
def offering_list(request: HttpRequest) -> HttpResponse:
    rows = CommercialOffering.objects.visible_to(request.user).shown()
    field = request.GET.get("field", "")
    if field in FieldOfUse.values:
        rows = rows.filter(fields__contains=[field])
    context = {"offerings": rows, "field": field, "fields": FieldOfUse.choices}
    return render(request, "registry/offering_list.html", context)


@require_safe
def offering(request: HttpRequest, code: str) -> HttpResponse:
    found, user = visible_offering(request, code), request.user
    person = user if isinstance(user, User) else None
    context = {
        "offering": found,
        "can_request": policies.can_request(user, found),
        "can_offer": person and policies.can_offer(person, found),
        "can_retire": person and policies.can_retire(person, found),
        "governs": person is not None and policies.can_create_offering(person),
        "mine": Licence.objects.visible_to(user).filter(offering=found).select_related("licensee"),
        "history": audit.history(found) if person else [],
    }
    return render(request, "registry/offering.html", context)


@require_http_methods(["GET", "POST"])
def offering_create(request: HttpRequest, number: str) -> HttpResponse:
    """Draft an offering of what passed the gate."""
    gate, user = visible_gate(request, number), actor(request)
    policies.can_create_offering(user, gate).require()
    form = OfferingForm(posted(request))
    made: list[CommercialOffering] = []
    if form.is_valid() and attempt(
        form, lambda: made.append(actions.create(gate, details=form.details(), by=user))
    ):
        messages.success(request, _("Drafted. Offer it when it reads well."))
        return redirect(made[0])
    context = {"gate": gate, "form": form}
    return render(request, "registry/offering_create.html", context, status=status_of(form))


@require_POST
def offering_offer(request: HttpRequest, code: str) -> HttpResponse:
    found = visible_offering(request, code)
    actions.offer(found, by=actor(request))
    messages.success(request, _("Offered. It stands in the catalogue."))
    return redirect(found)


@require_POST
def offering_retire(request: HttpRequest, code: str) -> HttpResponse:
    found = visible_offering(request, code)
    actions.retire(found, by=actor(request))
    messages.success(request, _("Retired. Licences that exist live on."))
    return redirect(found)


@require_http_methods(["GET", "POST"])
def licence_request(request: HttpRequest, code: str) -> HttpResponse:
    """Ask for a quote."""
    found, user = visible_offering(request, code), actor(request)
    policies.can_request(user, found).require()
    form = QuoteForm(posted(request), licensees=policies.licensees_of(user))
    made: list[Licence] = []
    if form.is_valid() and attempt(
        form,
        lambda: made.append(
            licences.request(
                found, form.cleaned_data["licensee"], note=form.cleaned_data["note"], by=user
            )
        ),
    ):
        messages.success(request, _("Asked for. The deployment office answers with an offer."))
        return redirect(made[0])
    context = {"offering": found, "form": form}
    return render(request, "registry/licence_request.html", context, status=status_of(form))
