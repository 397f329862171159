"""The proposal editor: sections, machines and hours, check answers, submit, receipt."""

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from compute_grants.actions import proposals as actions
from compute_grants.forms.fields import attempt, refuse, status_of
from compute_grants.forms.proposals import (
    SECTION_FORMS,
    AccessForm,
    MatchForm,
    RequestForm,
    SectionForm,
    SubmitForm,
)
from compute_grants.models import Proposal, ResourceRequest, SectionName
from compute_grants.models.proposal_sections import SECTION_OF
from compute_grants.policies import proposals as policy
from compute_grants.queries import proposals as queries
from compute_grants.queries.proposal_content import Held, lacking
from compute_grants.queries.request_checks import (
    Grounds,
    blocking,
    checks_of,
    grounds_of,
    ranking,
)
from compute_grants.queries.scaling import series_of
from compute_grants.queries.sections import sections
from compute_grants.views.proposal_rail import CHECK, after, frame, own, section_url
from compute_grants.views.proposals import visible
from consortium.errors import DomainError, Invalid
from consortium.forms import number_sent
from consortium.http import actor


@require_safe
def section_list(request: HttpRequest, number: str) -> HttpResponse:
    """Every section with its state, and the way to each."""
    proposal = own(request, number)
    rows = [(section, section_url(proposal, section.name)) for section in sections(proposal)]
    context = {"proposal": proposal, "sections": rows, "editable": proposal.editable}
    return render(request, "compute_grants/proposal_sections.html", context)


@require_http_methods(["GET", "POST"])
def edit(request: HttpRequest, number: str, section: str) -> HttpResponse:
    """One section of text. A form opened before somebody else's save gets the conflict page."""
    proposal = own(request, number)
    if section not in SECTION_FORMS:
        raise Http404
    form = SECTION_FORMS[section].of(proposal, request.POST or None)
    if request.method == "POST" and not request.accepts("text/html"):
        return _autosave(request, proposal, form)
    if form.is_valid():
        version = form.cleaned_data["version"]
        try:
            actions.save(proposal, version=version, by=actor(request), **form.texts())
        except actions.ChangedElsewhere as error:
            return _conflict(request, error, section)
        except DomainError as error:
            refuse(form, error)
        else:
            messages.success(request, _("Saved."))
            return redirect(section_url(proposal, after(section)))
    context = {**frame(proposal, section), "form": form}
    return render(request, "compute_grants/proposal_edit.html", context, status=status_of(form))


def _autosave(request: HttpRequest, proposal: Proposal, form: SectionForm) -> HttpResponse:
    """Save as the button would, and answer in JSON: {version, message}."""
    if not form.is_valid():
        message = _("Not saved: correct the fields first, then save.")
        return JsonResponse({"message": message}, status=422)
    version = form.cleaned_data["version"]
    try:
        saved = actions.save(proposal, version=version, by=actor(request), **form.texts())
    except DomainError as error:
        return JsonResponse({"message": str(error)}, status=409)
    when = f"{timezone.localtime(saved.saved_at):%H:%M:%S}"
    message = _("Saved at %(time)s Beijing time.") % {"time": when}
    return JsonResponse({"version": saved.version, "message": message})


def _conflict(request: HttpRequest, error: actions.ChangedElsewhere, section: str) -> HttpResponse:
    """What was typed, in a form that would save it over the newer text, beside that text."""
    typed = error.typed | {"version": error.now.version}
    form = SECTION_FORMS[section](initial=typed)
    labels = {name: form.fields[name].label for name in error.typed}
    stored: list[dict[str, Any]] = [
        {"label": labels[name], "text": getattr(error.now, name)} for name in error.differences
    ]
    context = {
        "proposal": error.now,
        "form": form,
        "section": section,
        "stored": stored,
        "reason": str(error),
    }
    return render(request, "compute_grants/proposal_conflict.html", context, status=409)


@require_http_methods(["GET", "POST"])
def resources(request: HttpRequest, number: str) -> HttpResponse:
    """What is asked so far, and a form to ask for more or to change it."""
    proposal = own(request, number)
    requests = queries.requests_of(proposal)
    known = grounds_of(proposal.call, requests)
    form = RequestForm(
        request.POST or None, offers=known.offers, initial=_request_to_change(request, requests)
    )
    if form.is_valid() and attempt(
        form, lambda: actions.ask(proposal, **form.cleaned_data, by=actor(request))
    ):
        messages.success(request, _("Saved."))
        return redirect("compute_grants:proposal_resources", proposal.number)
    context = {
        **frame(proposal, SectionName.RESOURCES),
        "form": form,
        "requests": requests,
        "checked": checks_of(proposal, requests, known),
        "access_form": _access_form(proposal),
        **_matches(request, proposal, requests, known),
        "offers": known.offers,
    }
    return render(
        request, "compute_grants/proposal_resources.html", context, status=status_of(form)
    )


def _request_to_change(request: HttpRequest, requests: list[ResourceRequest]) -> dict[str, Any]:
    """The stored values of the request that ?change= names."""
    asked = number_sent(request.GET, "change")
    row = next((row for row in requests if row.pk == asked), None)
    if row is None:
        return {}
    names = ("resource", "precision", "cards", "runs", "justification")
    return {name: getattr(row, name) for name in names} | {
        "seconds": row.seconds // 3600,
        "run_seconds": row.run_seconds and row.run_seconds // 3600,
        "memory_bytes": row.memory_bytes,
    }


def _access_form(proposal: Proposal) -> AccessForm | None:
    """The choice of access, where the call gives one."""
    kinds = list(proposal.call.access_types.order_by("code"))
    if not kinds:
        return None
    return AccessForm(kinds=kinds, initial={"access_type": proposal.access_type_id})


def _matches(
    request: HttpRequest, proposal: Proposal, requests: list[ResourceRequest], known: Grounds
) -> dict[str, Any]:
    """The machines that suit the need in the address, or else that of the first request."""
    need = MatchForm(request.GET) if "precision" in request.GET else None
    if need is not None and need.is_valid():
        precision, memory = need.cleaned_data["precision"], need.cleaned_data["memory"] or 0
        found = ranking(proposal.call, precision, memory=memory, known=known)
        return {"match_form": need, "matches": found, "matched": precision}
    if need is not None or not requests:
        return {"match_form": need or MatchForm(), "matches": []}
    first = requests[0]
    memory = first.memory_bytes or 0
    initial = {"precision": first.precision, "memory": memory or None}
    found = ranking(
        proposal.call, first.precision, memory=memory, seconds=first.seconds, known=known
    )
    return {
        "match_form": MatchForm(initial=initial),
        "matches": found,
        "matched": first.precision,
    }


@require_POST
def access(request: HttpRequest, number: str) -> HttpResponse:
    """Choose the kind of access."""
    proposal = own(request, number)
    form = AccessForm(request.POST, kinds=list(proposal.call.access_types.order_by("code")))
    if form.is_valid():
        actions.choose_access(proposal, **form.cleaned_data, by=actor(request))
        messages.success(request, _("Saved."))
    else:
        messages.error(request, _("Choose one of the kinds of access that are listed."))
    return redirect("compute_grants:proposal_resources", proposal.number)


@require_POST
def resource_remove(request: HttpRequest, number: str, pk: int) -> HttpResponse:
    proposal = own(request, number)
    asked = get_object_or_404(proposal.requests, pk=pk)
    asked.proposal = proposal
    actions.drop(asked, by=actor(request))
    messages.success(request, _("The request was removed."))
    return redirect("compute_grants:proposal_resources", proposal.number)


@require_http_methods(["GET", "POST"])
def check(request: HttpRequest, number: str) -> HttpResponse:
    """All answers with links to change them; and the submission itself."""
    proposal = own(request, number)
    if request.method == "GET":
        form = SubmitForm(initial={"version": proposal.version})
    else:
        form = SubmitForm(request.POST)
        if form.is_valid() and attempt(form, lambda: _submit(request, proposal, form)):
            return redirect("compute_grants:proposal_receipt", proposal.number)
    context = {
        "form": form,
        "can_submit": policy.can_submit(actor(request), proposal),
        **_answers(proposal),
    }
    return render(request, "compute_grants/proposal_check.html", context, status=status_of(form))


def _answers(proposal: Proposal) -> dict[str, Any]:
    """Everything that would be handed in, each part read once, and what is against that."""
    requests, series = queries.asked_of(proposal), series_of(proposal)
    attachments = list(proposal.current_attachments)
    known = Held(
        team=bool(proposal.people),
        waiting=len(proposal.people) > len(proposal.confirmed_team),
        requests=bool(requests),
        scaling=bool(series),
        attachments=bool(attachments),
        access=proposal.access_type_id is not None or proposal.call.access_types.exists(),
    )
    checked = checks_of(proposal, requests)
    missing = lacking(proposal, known)
    if refused := blocking(proposal, checked):
        missing["requests"] = [*missing.get("requests", []), *refused]
    return {
        **frame(proposal, CHECK, known),
        "requests": requests,
        "series": series,
        "attachments": attachments,
        "checked": checked,
        "lacking": [
            {"href": section_url(proposal, SECTION_OF[name]), "messages": found}
            for name, found in missing.items()
        ],
    }


def _submit(request: HttpRequest, proposal: Proposal, form: SubmitForm) -> None:
    """Hand in; what is not filled in is listed on the page already, so one sentence will do."""
    try:
        actions.submit(proposal, version=form.cleaned_data["version"], by=actor(request))
    except Invalid as error:
        message = _("Complete the sections below before you submit.")
        raise Invalid({"": [message]}) from error


@require_safe
def receipt(request: HttpRequest, number: str) -> HttpResponse:
    """What was handed in, when, and its hash."""
    proposal = visible(request, number)
    submission = proposal.submissions.select_related("submitted_by").first()
    if submission is None:
        raise Http404
    context = {"proposal": proposal, "submission": submission}
    return render(request, "compute_grants/proposal_receipt.html", context)
