"""Models and checkpoints, for readers and for their labs."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import NoReverseMatch, reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from compute_grants.forms.fields import attempt, status_of
from compute_grants.models import Allocation
from consortium import audit
from consortium.http import actor
from consortium.models import User
from consortium.policies import Decision, deny
from registry.actions import checkpoints as actions
from registry.forms.releases import DataSetForm, ModelForm, RetireForm
from registry.models import Checkpoint, Lab, Model, ResearchRelease
from registry.policies import checkpoints as policies
from registry.policies import releases as release_policies
from registry.queries import catalogue
from registry.views.snippets import hub_snippet, mlflow_snippet

T = TypeVar("T")
PER_PAGE = 30
HISTORY = 20


@require_safe
def model_list(request: HttpRequest) -> HttpResponse:
    words, kind = request.GET.get("q", "")[:200], request.GET.get("kind", "")
    rows = catalogue.models(request.user, words=words, kind=kind)
    page = Paginator(rows, PER_PAGE).get_page(request.GET.get("page"))
    context = {
        "page": page,
        "rows": catalogue.with_newest(list(page.object_list)),
        "words": words,
        "kind": kind,
        "kinds": Model.Kind.choices,
    }
    return render(request, "registry/model_list.html", context)


@require_safe
def model(request: HttpRequest, lab: str, model: str) -> HttpResponse:
    """The research tab: card, releases, checkpoints, lineage, citation."""
    found = visible_model(request, lab, model)
    releases = catalogue.releases_of(found, request.user)
    newest = next((r for r in releases if r.state == ResearchRelease.State.RELEASED), None)
    context = {
        "model": found,
        "tabs": model_tabs(found, "research"),
        "releases": releases,
        "newest": newest,
        "checkpoints": catalogue.checkpoints_of(found, request.user),
        "parents": catalogue.parents_of(newest.checkpoint, request.user) if newest else [],
        "children": catalogue.children_of(newest.checkpoint, request.user) if newest else [],
        "can_edit": _decide(request, policies.can_edit_model, found),
        "hub_code": hub_snippet(request, newest) if newest else "",
    }
    return render(request, "registry/model.html", context)


@require_http_methods(["GET", "POST"])
def model_edit(request: HttpRequest, lab: str, model: str) -> HttpResponse:
    found = visible_model(request, lab, model)
    policies.can_edit_model(actor(request), found).require()
    initial = {name: getattr(found, name) for name in ModelForm.base_fields}
    form = ModelForm(request.POST or None, initial=initial)
    if form.is_valid() and attempt(
        form, lambda: actions.edit_model(found, **form.cleaned_data, by=actor(request))
    ):
        messages.success(request, _("The model was saved."))
        return redirect(found)
    context = {"model": found, "form": form}
    return render(request, "registry/model_edit.html", context, status=status_of(form))


@require_safe
def checkpoint(request: HttpRequest, lab: str, model: str, version: int) -> HttpResponse:
    found = visible_checkpoint(request, lab, model, version)
    inside = Lab.objects.open_to(request.user).filter(pk=found.model.lab_id).exists()
    context = {
        "checkpoint": found,
        "files": found.files.all(),
        "data_sets": found.data_sets.all(),
        "jobs": found.jobs.select_related("usage") if inside else None,
        "inside": inside,
        "allocation_visible": _sees_allocation(request, found),
        "parents": catalogue.parents_of(found, request.user),
        "children": catalogue.children_of(found, request.user),
        "releases": ResearchRelease.objects.visible_to(request.user).filter(checkpoint=found),
        "can_draft": _decide(request, release_policies.can_draft, found.model.lab),
        "can_retire": _decide(request, policies.can_retire, found),
        "can_describe": _decide(request, policies.can_describe, found),
        "history": audit.history(found)[:HISTORY] if inside else None,
        "mlflow_code": mlflow_snippet(request, found) if inside else "",
    }
    return render(request, "registry/checkpoint.html", context)


@require_http_methods(["GET", "POST"])
def checkpoint_data(request: HttpRequest, lab: str, model: str, version: int) -> HttpResponse:
    found = visible_checkpoint(request, lab, model, version)
    policies.can_describe(actor(request), found).require()
    form = DataSetForm(request.POST or None)
    if form.is_valid() and attempt(
        form, lambda: actions.set_data_set(found, **form.cleaned_data, by=actor(request))
    ):
        messages.success(request, _("The data set was saved."))
        return redirect("registry:checkpoint_data", lab, model, version)
    context = {"checkpoint": found, "form": form, "data_sets": found.data_sets.all()}
    return render(request, "registry/checkpoint_data.html", context, status=status_of(form))


@require_http_methods(["GET", "POST"])
def checkpoint_retire(request: HttpRequest, lab: str, model: str, version: int) -> HttpResponse:
    found = visible_checkpoint(request, lab, model, version)
    policies.can_retire(actor(request), found).require()
    form = RetireForm(request.POST or None)
    if form.is_valid() and attempt(
        form, lambda: actions.retire(found, **form.cleaned_data, by=actor(request))
    ):
        messages.success(request, _("The checkpoint was retired."))
        return redirect(found)
    context = {"checkpoint": found, "form": form}
    return render(request, "registry/checkpoint_retire.html", context, status=status_of(form))


def visible_model(request: HttpRequest, lab: str, model: str) -> Model:
    """The model this reader may see. Raises Http404."""
    rows = Model.objects.visible_to(request.user).select_related("lab__institution")
    return get_object_or_404(rows, lab__slug=lab, slug=model)


def visible_checkpoint(request: HttpRequest, lab: str, model: str, version: int) -> Checkpoint:
    """The checkpoint this reader may see. Raises Http404."""
    rows = Checkpoint.objects.visible_to(request.user)
    rows = rows.select_related("model__lab__institution", "allocation__proposal", "created_by")
    return get_object_or_404(rows, model__lab__slug=lab, model__slug=model, version=version)


def model_tabs(model: Model, current: str) -> list[dict[str, object]]:
    """The two tracks of a model, as tabs; the commercial one where this portal has it."""
    args = [model.lab.slug, model.slug]
    names = (
        ("research", "model", _("Research")),
        ("commercial", "model_commercial", _("Commercial")),
    )
    found: list[dict[str, object]] = []
    for key, name, label in names:
        try:
            href = reverse(f"registry:{name}", args=args)
        except NoReverseMatch:
            continue
        found.append({"label": label, "href": href, "current": key == current})
    return found if len(found) > 1 else []


def _decide(request: HttpRequest, policy: Callable[[User, T], Decision], obj: T) -> Decision:
    return policy(request.user, obj) if isinstance(request.user, User) else deny("")


def _sees_allocation(request: HttpRequest, checkpoint: Checkpoint) -> bool:
    if checkpoint.allocation_id is None or not isinstance(request.user, User):
        return False
    seen = Allocation.objects.visible_to(request.user)
    return seen.filter(pk=checkpoint.allocation_id).exists()
