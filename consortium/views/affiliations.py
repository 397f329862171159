"""Who belongs to an institution: taking on, ending, asking, deciding."""

from typing import Any

from allauth.account.forms import ResetPasswordForm
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from consortium import policies
from consortium.actions import affiliations, people
from consortium.errors import Invalid
from consortium.forms import AffiliationForm, DecisionForm, EndForm, JoinForm, attempt, form_page
from consortium.http import actor
from consortium.models import Affiliation, AffiliationRequest, Institution, User
from consortium.views.institutions import visible


@require_http_methods(["GET", "POST"])
def affiliation_add(request: HttpRequest, slug: str) -> HttpResponse:
    row = visible(request, slug)
    policies.can_manage_people(actor(request), row).require()
    form = AffiliationForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        person = attempt(form, lambda: _take_on(request, row, form.cleaned_data))
        if person is not None:
            said = _("%(person)s now belongs to this institution.") % {"person": person.name}
            messages.success(request, said)
            return redirect(row)
    return form_page(request, "consortium/affiliation_add.html", form, institution=row)


def _take_on(request: HttpRequest, row: Institution, given: dict[str, Any]) -> User:
    """Find or add the person, then affiliate them. A new one is mailed a link to get in."""
    email = given["email"].lower()
    person = User.objects.filter(email__iexact=email).first()
    if person is None:
        if not (given["name_en"] or given["name_zh"]):
            raise Invalid({"name_en": [_("Nobody signs in with this address yet: give a name.")]})
        person = people.add_person(
            email=email, name_en=given["name_en"], name_zh=given["name_zh"], by=actor(request)
        )
        _send_link(request, email)
    affiliations.add(person, row, role=given["role"], until=given["until"], by=actor(request))
    return person


def _send_link(request: HttpRequest, email: str) -> None:
    form = ResetPasswordForm({"email": email})
    if form.is_valid():
        form.save(request)


@require_http_methods(["GET", "POST"])
def affiliation_end(request: HttpRequest, pk: int) -> HttpResponse:
    reachable = Affiliation.objects.select_related("institution", "user").filter(
        institution__in=Institution.objects.visible_to(actor(request)),
        user__in=User.objects.visible_to(actor(request)),
    )
    row = get_object_or_404(reachable, pk=pk)
    policies.can_end_affiliation(actor(request), row).require()
    form = EndForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        done = attempt(form, lambda: affiliations.end(row, **form.cleaned_data, by=actor(request)))
        if done is not None:
            messages.success(request, _("The affiliation is ended."))
            return redirect(row.institution)
    return form_page(request, "consortium/affiliation_end.html", form, affiliation=row)


@require_http_methods(["GET", "POST"])
def institution_join(request: HttpRequest, slug: str) -> HttpResponse:
    row = visible(request, slug)
    policies.can_ask_to_join(actor(request), row).require()
    form = JoinForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        done = attempt(form, lambda: affiliations.ask(row, **form.cleaned_data, by=actor(request)))
        if done is not None:
            messages.success(request, _("The institution's admin is asked to confirm you."))
            return redirect("consortium:account")
    return form_page(request, "consortium/institution_join.html", form, institution=row)


@require_http_methods(["GET", "POST"])
def affiliation_request(request: HttpRequest, pk: int) -> HttpResponse:
    reachable = AffiliationRequest.objects.visible_to(actor(request))
    row = get_object_or_404(reachable.select_related("institution", "user"), pk=pk)
    decision = policies.can_decide_request(actor(request), row)
    form = DecisionForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        done = attempt(form, lambda: _decide(request, row, form.cleaned_data["reason"]))
        if done is not None:
            return redirect(row.institution)
    context = {"asked": row, "decision": decision, "is_mine": row.user_id == actor(request).pk}
    return form_page(request, "consortium/affiliation_request.html", form, **context)


def _decide(request: HttpRequest, row: AffiliationRequest, reason: str) -> bool:
    if request.POST.get("verdict") == "confirm":
        affiliations.confirm(row, by=actor(request))
        messages.success(request, _("The person is taken on."))
    else:
        affiliations.decline(row, reason=reason, by=actor(request))
        messages.success(request, _("The request is declined."))
    return True


@require_POST
def affiliation_request_withdraw(request: HttpRequest, pk: int) -> HttpResponse:
    row = get_object_or_404(AffiliationRequest.objects.visible_to(actor(request)), pk=pk)
    affiliations.withdraw(row, by=actor(request))
    messages.success(request, _("The request is withdrawn."))
    return redirect("consortium:account")
