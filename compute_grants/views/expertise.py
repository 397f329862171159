"""What reviewers know and have time for, and the topics they choose from."""

from django.contrib import messages
from django.db.models import Count
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from compute_grants.actions import expertise as actions
from compute_grants.forms.expertise import ExpertiseForm, TopicForm
from compute_grants.forms.fields import attempt, status_of
from compute_grants.models import Expertise, ResearchTopic
from compute_grants.policies import expertise as policy
from consortium.http import actor
from consortium.models import User


@require_http_methods(["GET", "POST"])
def expertise(request: HttpRequest) -> HttpResponse:
    """My own."""
    return _expertise_of(request, actor(request))


@require_http_methods(["GET", "POST"])
def person_expertise(request: HttpRequest, pk: int) -> HttpResponse:
    """Somebody's, for the office."""
    return _expertise_of(request, get_object_or_404(User.objects.visible_to(actor(request)), pk=pk))


def _expertise_of(request: HttpRequest, person: User) -> HttpResponse:
    user = actor(request)
    policy.can_state(user, person).require()
    found = Expertise.objects.visible_to(user).filter(person=person).first()
    if request.method == "POST":
        form = ExpertiseForm(request.POST, expertise=found)
    else:
        form = ExpertiseForm.of(found)
    if (
        form.is_bound
        and form.is_valid()
        and attempt(form, lambda: actions.state(person, **form.cleaned_data, by=user))
    ):
        messages.success(request, _("The expertise was saved."))
        return redirect(request.path)
    context = {"person": person, "own": person.pk == user.pk, "found": found, "form": form}
    return render(request, "compute_grants/expertise.html", context, status=status_of(form))


@require_http_methods(["GET", "POST"])
def topic_list(request: HttpRequest) -> HttpResponse:
    """The list of topics, and a form for one more."""
    user = actor(request)
    policy.can_keep_topics(user).require()
    form = TopicForm(request.POST or None)
    if form.is_valid() and attempt(form, lambda: actions.add_topic(**form.cleaned_data, by=user)):
        messages.success(request, _("The topic was added."))
        return redirect("compute_grants:topic_list")
    topics = ResearchTopic.objects.annotate(people=Count("experts")).order_by("retired_at", "slug")
    context = {"topics": topics, "form": form, "may": policy.can_keep_topics(user)}
    return render(request, "compute_grants/topic_list.html", context, status=status_of(form))


@require_POST
def topic_retire(request: HttpRequest, slug: str) -> HttpResponse:
    actions.retire_topic(get_object_or_404(ResearchTopic, slug=slug), by=actor(request))
    messages.success(request, _("The topic was retired."))
    return redirect("compute_grants:topic_list")
