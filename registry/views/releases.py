"""Research releases: prepared as a task list, decided, read, downloaded, withdrawn."""

from __future__ import annotations

from collections.abc import Callable

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from compute_grants.forms.fields import attempt, status_of
from consortium import audit
from consortium.http import actor
from consortium.models import User
from consortium.policies import Decision
from registry import release_checks
from registry.actions import downloads
from registry.actions import releases as actions
from registry.forms.releases import (
    LICENCES,
    CardForm,
    DecideForm,
    DraftForm,
    EditForm,
    TermsForm,
    WithdrawForm,
)
from registry.models import DownloadRecord, Lab, ResearchRelease
from registry.policies import gates as gate_policies
from registry.policies import releases as policies
from registry.queries import catalogue
from registry.sending import RangeOutside, hand_over, outside, plan
from registry.views.models import model_tabs, visible_checkpoint
from registry.views.publishing import publishing_steps
from registry.views.snippets import hub_snippet

HISTORY = 20


def visible_release(request: HttpRequest, lab: str, model: str, version: str) -> ResearchRelease:
    """The release this reader may see. Raises Http404."""
    rows = ResearchRelease.objects.visible_to(request.user).select_related(
        "model__lab__institution", "checkpoint__allocation", "checkpoint__model__lab"
    )
    return get_object_or_404(rows, model__lab__slug=lab, model__slug=model, version=version)


@require_safe
def release(request: HttpRequest, lab: str, model: str, version: str) -> HttpResponse:
    found = visible_release(request, lab, model, version)
    inside = Lab.objects.open_to(request.user).filter(pk=found.model.lab_id).exists()
    context = {
        "release": found,
        "tabs": model_tabs(found.model, ""),
        "files": found.checkpoint.files.all(),
        "data_sets": found.checkpoint.data_sets.all(),
        "parents": catalogue.parents_of(found.checkpoint, request.user),
        "can_download": policies.can_download(request.user, found),
        "can_withdraw": _may(request, policies.can_withdraw, found),
        "can_decide": _may(request, policies.can_decide, found),
        "can_transfer": _may(request, gate_policies.can_request, found),
        "inside": inside,
        "hub_code": hub_snippet(request, found, load=True),
        "history": audit.history(found)[:HISTORY] if inside else None,
        "is_published": found.state in ResearchRelease.PUBLISHED,
    }
    return render(request, "registry/release.html", context)


@require_safe
def release_files(request: HttpRequest, lab: str, model: str, version: str) -> HttpResponse:
    """Every file with its size, its hash and a link."""
    found = visible_release(request, lab, model, version)
    context = {
        "release": found,
        "files": found.checkpoint.files.all(),
        "can_download": policies.can_download(request.user, found),
        "hub_code": hub_snippet(request, found),
    }
    return render(request, "registry/release_files.html", context)


@require_safe
def release_file(
    request: HttpRequest, lab: str, model: str, version: str, path: str
) -> HttpResponse:
    """One file's bytes: authorised and recorded here, sent by the server."""
    found = visible_release(request, lab, model, version)
    policies.can_download(request.user, found).require()
    file = get_object_or_404(found.checkpoint.files, path=path)
    try:
        what = plan(file.sha256, file.size, {k.lower(): v for k, v in request.headers.items()})
    except RangeOutside as error:
        return outside(error)
    if request.method == "GET":
        downloads.record(found, file, what, via=DownloadRecord.Via.PAGE, by=request.user)
    return hand_over(what, file.path)


@require_http_methods(["GET", "POST"])
def release_create(request: HttpRequest, lab: str, model: str, version: int) -> HttpResponse:
    """Begin a release of a checkpoint."""
    checkpoint = visible_checkpoint(request, lab, model, version)
    policies.can_draft(actor(request), checkpoint.model.lab).require()
    form = DraftForm(request.POST or None)
    made: list[ResearchRelease] = []
    if form.is_valid() and attempt(
        form,
        lambda: made.append(actions.draft(checkpoint, **form.cleaned_data, by=actor(request))),
    ):
        return redirect("registry:release_publish", lab, model, made[0].version)
    context = {"checkpoint": checkpoint, "form": form}
    return render(request, "registry/release_create.html", context, status=status_of(form))


@require_safe
def release_publish(request: HttpRequest, lab: str, model: str, version: str) -> HttpResponse:
    """The task list of a draft: what is done, what is not, what comes next."""
    found = _prepared(request, lab, model, version)
    context = {
        "release": found,
        "steps": publishing_steps(found),
        "results": release_checks.read(found.checks),
        "files": found.checkpoint.files.all(),
        "can_edit": policies.can_edit(actor(request), found),
        "can_submit": policies.can_submit(actor(request), found),
    }
    return render(request, "registry/release_publish.html", context)


@require_http_methods(["GET", "POST"])
def release_card(request: HttpRequest, lab: str, model: str, version: str) -> HttpResponse:
    return _edit_page(request, _prepared(request, lab, model, version), CardForm, "card")


@require_http_methods(["GET", "POST"])
def release_terms(request: HttpRequest, lab: str, model: str, version: str) -> HttpResponse:
    return _edit_page(request, _prepared(request, lab, model, version), TermsForm, "terms")


@require_POST
def release_check(request: HttpRequest, lab: str, model: str, version: str) -> HttpResponse:
    found = actions.check(_prepared(request, lab, model, version), by=actor(request))
    if found.state == ResearchRelease.State.CHECKS:
        messages.success(request, _("Every check passed. Check your answers, then publish."))
    else:
        messages.warning(request, _("Some checks failed. They are named below."))
    return redirect("registry:release_publish", lab, model, version)


@require_http_methods(["GET", "POST"])
def release_submit(request: HttpRequest, lab: str, model: str, version: str) -> HttpResponse:
    """Check answers: all that will be published, on one page; then send it to review."""
    found = _prepared(request, lab, model, version)
    decision = policies.can_submit(actor(request), found)
    if request.method == "POST":
        actions.submit(found, by=actor(request))
        messages.success(request, _("Sent to the R&D office. You are told when it is decided."))
        return redirect(found)
    context = {
        "release": found,
        "files": found.checkpoint.files.all(),
        "results": release_checks.read(found.checks),
        "can_submit": decision,
    }
    return render(request, "registry/release_submit.html", context)


@require_http_methods(["GET", "POST"])
def release_decide(request: HttpRequest, lab: str, model: str, version: str) -> HttpResponse:
    """The research office reads everything, then releases it or sends it back."""
    found = visible_release(request, lab, model, version)
    policies.can_decide(actor(request), found).require()
    form = DecideForm(request.POST or None)
    if form.is_valid() and attempt(form, lambda: _decided(request, found, form)):
        messages.success(request, _("The decision was recorded."))
        return redirect(found)
    context = {
        "release": found,
        "form": form,
        "files": found.checkpoint.files.all(),
        "data_sets": found.checkpoint.data_sets.all(),
        "results": release_checks.read(found.checks),
    }
    return render(request, "registry/release_decide.html", context, status=status_of(form))


@require_http_methods(["GET", "POST"])
def release_withdraw(request: HttpRequest, lab: str, model: str, version: str) -> HttpResponse:
    found = visible_release(request, lab, model, version)
    policies.can_withdraw(actor(request), found).require()
    form = WithdrawForm(request.POST or None)
    if form.is_valid() and attempt(
        form, lambda: actions.withdraw(found, **form.cleaned_data, by=actor(request))
    ):
        messages.success(request, _("The release was withdrawn. Its page stays."))
        return redirect(found)
    context = {"release": found, "form": form}
    return render(request, "registry/release_withdraw.html", context, status=status_of(form))


def _prepared(request: HttpRequest, lab: str, model: str, version: str) -> ResearchRelease:
    """A release of the reader's own lab. Raises Http404, PermissionDenied."""
    found = visible_release(request, lab, model, version)
    policies.can_draft(actor(request), found.model.lab).require()
    return found


def _edit_page(
    request: HttpRequest, found: ResearchRelease, kind: type[EditForm], name: str
) -> HttpResponse:
    decision = policies.can_edit(actor(request), found)
    decision.require()
    form = kind.of(found, request.POST if request.method == "POST" else None)
    if form.is_valid() and attempt(
        form, lambda: actions.edit(found, **form.cleaned_data, by=actor(request))
    ):
        messages.success(request, _("Saved."))
        args = [found.model.lab.slug, found.model.slug, found.version]
        return redirect("registry:release_publish", *args)
    context = {"release": found, "form": form, "licences": LICENCES}
    return render(request, f"registry/release_{name}.html", context, status=status_of(form))


def _decided(request: HttpRequest, found: ResearchRelease, form: DecideForm) -> None:
    answers = form.cleaned_data
    if answers["decision"] == "send_back":
        actions.send_back(found, note=answers["note"], by=actor(request))
    else:
        actions.approve(
            found,
            note=answers["note"],
            embargo_until=answers["embargo_until"],
            by=actor(request),
        )


def _may(
    request: HttpRequest,
    policy: Callable[[User, ResearchRelease], Decision],
    obj: ResearchRelease,
) -> bool:
    return isinstance(request.user, User) and bool(policy(request.user, obj))
