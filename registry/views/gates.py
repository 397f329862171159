"""The technology-transfer gate, page by page."""

from __future__ import annotations

from collections.abc import Callable

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from compute_grants.forms.fields import attempt, status_of
from consortium import audit
from consortium.http import actor, reauthentication_required
from consortium.models import Arm, Institution
from registry import certificates
from registry.actions import gate_approval
from registry.actions import gates as actions
from registry.forms.licensing import (
    ArmDecisionForm,
    ConsentForm,
    GateRequestForm,
    ReasonForm,
    StatementsForm,
)
from registry.models import ResearchRelease, TransferGate
from registry.policies import gates as policies
from registry.policies import licences as licence_policies
from registry.queries import transfers
from registry.views.posted import posted

PER_PAGE = 30


def visible_gate(request: HttpRequest, number: str) -> TransferGate:
    """The gate this person may see. Raises Http404."""
    return get_object_or_404(TransferGate.objects.visible_to(actor(request)).shown(), number=number)


@require_safe
def gate_list(request: HttpRequest) -> HttpResponse:
    rows = TransferGate.objects.visible_to(actor(request)).shown()
    page = Paginator(rows, PER_PAGE).get_page(request.GET.get("page"))
    return render(request, "registry/gate_list.html", {"page": page})


@require_safe
def gate(request: HttpRequest, number: str) -> HttpResponse:
    found, user = visible_gate(request, number), actor(request)
    context = {
        "gate": found,
        "stamp": _("approved") if found.certificate else "",
        "steps": transfers.steps(found),
        "checks": found.checks.all(),
        "contributions": transfers.contributions(found),
        "answers": transfers.answers(found, lambda who: policies.can_consent(user, found, who)),
        "approvals": found.approvals.select_related("by"),
        "offerings": found.offerings.all(),
        "history": audit.history(found),
        "can_run_checks": policies.can_run_checks(user, found),
        "can_review_research": policies.can_review_research(user, found),
        "can_review_deployment": policies.can_review_deployment(user, found),
        "can_cancel": policies.can_cancel(user, found),
        "can_offer": licence_policies.can_create_offering(user, found),
        "certificate_text": certificates.pretty(found.certificate) if found.certificate else "",
    }
    return render(request, "registry/gate.html", context)


@require_http_methods(["GET", "POST"])
def gate_request(request: HttpRequest, lab: str, model: str, version: str) -> HttpResponse:
    """Ask that a release may pass."""
    user = actor(request)
    release = get_object_or_404(
        ResearchRelease.objects.visible_to(user).select_related(
            "model__lab__institution", "checkpoint__model__lab"
        ),
        model__lab__slug=lab,
        model__slug=model,
        version=version,
    )
    policies.can_request(user, release).require()
    form = GateRequestForm(posted(request))
    made: list[TransferGate] = []
    if form.is_valid() and attempt(form, lambda: made.append(_request(form, release, request))):
        messages.success(request, _("Asked for. The checks have run."))
        return redirect(made[0])
    context = {"release": release, "form": form}
    return render(request, "registry/gate_request.html", context, status=status_of(form))


def _request(form: GateRequestForm, release: ResearchRelease, request: HttpRequest) -> TransferGate:
    asked = actions.request(
        release,
        purpose_en=form.cleaned_data["purpose_en"],
        purpose_zh=form.cleaned_data["purpose_zh"],
        statements=form.statements(),
        by=actor(request),
    )
    return actions.run_checks(asked, by=actor(request))


@require_http_methods(["GET", "POST"])
def gate_restate(request: HttpRequest, number: str) -> HttpResponse:
    """Change what is stated, then run the checks again."""
    found, user = visible_gate(request, number), actor(request)
    policies.can_run_checks(user, found).require()
    form = StatementsForm(posted(request), initial=found.statements)

    def save() -> None:
        actions.restate(found, statements=form.cleaned_data, by=user)
        actions.run_checks(found, by=user)

    if form.is_valid() and attempt(form, save):
        return redirect(found)
    context = {"gate": found, "form": form, "checks": found.checks.all()}
    return render(request, "registry/gate_restate.html", context, status=status_of(form))


@require_POST
def gate_check(request: HttpRequest, number: str) -> HttpResponse:
    found = visible_gate(request, number)
    actions.run_checks(found, by=actor(request))
    return redirect(found)


@require_http_methods(["GET", "POST"])
def gate_research(request: HttpRequest, number: str) -> HttpResponse:
    """The non-profit arm decides."""
    found = visible_gate(request, number)
    policies.can_review_research(actor(request), found).require()
    return _decide(request, found, Arm.RESEARCH, actions.approve_research)


@require_http_methods(["GET", "POST"])
def gate_deployment(request: HttpRequest, number: str) -> HttpResponse:
    """The for-profit arm decides; its yes issues the certificate."""
    found = visible_gate(request, number)
    policies.can_review_deployment(actor(request), found).require()
    return _decide(request, found, Arm.DEPLOYMENT, gate_approval.approve_deployment)


def _decide(
    request: HttpRequest, found: TransferGate, arm: Arm, approve: Callable[..., TransferGate]
) -> HttpResponse:
    if elsewhere := reauthentication_required(request):
        return elsewhere
    form, user = ArmDecisionForm(posted(request)), actor(request)

    def act() -> None:
        note = form.cleaned_data["note"]
        if form.cleaned_data["verdict"] == "approve":
            approve(found, note=note, by=user)
        else:
            actions.refuse(found, reason=note, by=user)

    if form.is_valid() and attempt(form, act):
        messages.success(request, _("Your decision is on record."))
        return redirect(found)
    context = {
        "gate": found,
        "arm": arm,
        "form": form,
        "checks": found.checks.all(),
        "contributions": transfers.contributions(found),
    }
    return render(request, "registry/gate_decide.html", context, status=status_of(form))


@require_http_methods(["GET", "POST"])
def gate_consent(request: HttpRequest, number: str, institution: str) -> HttpResponse:
    """A contributing institution answers, on what the snapshot says."""
    found, user = visible_gate(request, number), actor(request)
    speaks_for = get_object_or_404(Institution, slug=institution)
    policies.can_consent(user, found, speaks_for).require()
    if elsewhere := reauthentication_required(request):
        return elsewhere
    form = ConsentForm(posted(request))
    if form.is_valid() and attempt(
        form, lambda: actions.consent(found, speaks_for, **form.cleaned_data, by=user)
    ):
        messages.success(request, _("Your institution's answer is on record."))
        return redirect(found)
    context = {
        "gate": found,
        "institution": speaks_for,
        "form": form,
        "contributions": transfers.contributions(found),
    }
    return render(request, "registry/gate_consent.html", context, status=status_of(form))


@require_http_methods(["GET", "POST"])
def gate_cancel(request: HttpRequest, number: str) -> HttpResponse:
    found, user = visible_gate(request, number), actor(request)
    policies.can_cancel(user, found).require()
    form = ReasonForm(posted(request))
    if form.is_valid() and attempt(
        form, lambda: actions.cancel(found, **form.cleaned_data, by=user)
    ):
        return redirect(found)
    context = {"gate": found, "form": form}
    return render(request, "registry/gate_cancel.html", context, status=status_of(form))


@require_safe
def gate_certificate(request: HttpRequest, number: str) -> HttpResponse:
    """The certificate as issued: a JSON JWS with both arms' signatures."""
    found = get_object_or_404(
        TransferGate.objects.visible_to(actor(request)).exclude(certificate=""), number=number
    )
    response = HttpResponse(found.certificate, content_type="application/jose+json")
    response["Content-Disposition"] = f'attachment; filename="{found.number}.json"'
    return response
