"""Calls, for readers and applicants."""

from datetime import datetime

from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from compute_grants.actions import proposals
from compute_grants.actions.calls import lacking
from compute_grants.forms.fields import attempt, status_of
from compute_grants.forms.proposals import StartForm
from compute_grants.models import Call, CallDocument, Proposal
from compute_grants.policies import call_documents as document_policy
from compute_grants.policies import calls as policy
from compute_grants.policies import eligibility
from compute_grants.policies import reviews as review_policy
from compute_grants.queries import calls as queries
from compute_grants.queries.call_calendar import calendar
from consortium.http import actor
from consortium.models import User, localized
from consortium.policies import ALLOW, Decision
from consortium.roles import Permission, has

PER_PAGE = 20


@require_safe
def call_list(request: HttpRequest) -> HttpResponse:
    page = Paginator(queries.call_rows(request.user), PER_PAGE).get_page(request.GET.get("page"))
    now = timezone.now()
    context = {
        "rows": [(call, call.accepts_at(now)) for call in page.object_list],
        "page_obj": page,
        "can_create": has(request.user, Permission.CALL_PUBLISH),
    }
    return render(request, "compute_grants/call_list.html", context)


@require_safe
def call(request: HttpRequest, code: str) -> HttpResponse:
    found = get_object_or_404(
        Call.objects.visible_to(request.user).prefetch_related("rounds"), code=code
    )
    user = request.user if isinstance(request.user, User) else None
    now = timezone.now()
    manages = has(request.user, Permission.CALL_PUBLISH)
    rounds = list(found.rounds.all())
    context = {
        "call": found,
        "now": now,
        "deadline": found.deadline(now),
        "accepting": found.accepts_at(now),
        "offers": queries.offers(found),
        "criteria": found.criteria.all(),
        "rules": localized(found, "rules"),
        "rounds": rounds,
        "calendar": calendar(found, rounds, now),
        "access_types": found.access_types.order_by("pk"),
        "documents": CallDocument.objects.filter(call=found).select_related("file", "call"),
        "timeline": _timeline(found),
        "mine": found.proposals.filter(lead=user).order_by("pk") if user else [],
        "manages": manages,
        "seated": bool(user and review_policy.can_rank(user, found)),
        "lacking": lacking(found) if manages and found.state == Call.State.DRAFT else [],
        "moves": _moves(found) if manages else [],
    }
    context |= _of_reader(found, user, now) if user else _of_stranger(found)
    return render(request, "compute_grants/call_detail.html", context)


def _of_reader(call: Call, user: User, now: datetime) -> dict[str, object]:
    """What the page says to a person who is signed in."""
    verdicts = eligibility.verdicts(user, call)
    failed = [verdict.decision for verdict in verdicts if not verdict.decision]
    eligible = failed[0] if failed else ALLOW
    return {
        "verdicts": verdicts,
        "eligible": not failed,
        "can_start": eligible and policy.takes_proposals(call, now),
        "following": call.followers.filter(pk=user.pk).exists(),
        "can_follow": policy.can_follow(user, call),
        "can_extend": policy.can_extend(user, call),
        "can_raise": policy.can_raise_budget(user, call),
        "can_attach": document_policy.can_attach(user, call),
        "can_remove": document_policy.can_remove(user, call),
    }


def _of_stranger(call: Call) -> dict[str, object]:
    rules = [eligibility.words(rule, call) for rule in call.eligibility_rules.all()]
    return {"verdicts": None, "rules_in_words": rules, "can_start": None, "following": None}


def _timeline(call: Call) -> list[dict[str, object]]:
    """The steps of a call's life for the rail, with their moments where the call sets them."""
    order = list(Call.State)[1:]
    reached = order.index(Call.State(call.state)) if call.state in order else -1
    when: dict[Call.State, datetime] = {
        Call.State.OPEN: call.opens_at,
        Call.State.IN_REVIEW: call.closes_at,
    }
    return [
        {
            "label": state.label,
            "state": "done" if n < reached else "current" if n == reached else "todo",
            "when": _moment(when.get(state)),
        }
        for n, state in enumerate(order)
    ]


def _moment(moment: datetime | None) -> str:
    return date_format(timezone.localtime(moment), "DATETIME_FORMAT") if moment else ""


def _moves(call: Call) -> list[dict[str, object]]:
    """The step the office can take next, and whether the clock allows it."""
    too_early = Decision(False, _("The clock does not allow it yet."))
    steps = {
        Call.State.PUBLISHED: ("open", _("Open now"), call.opens_at),
        Call.State.OPEN: ("in_review", _("Close to proposals"), call.closes_at),
        Call.State.IN_REVIEW: ("decided", _("Record that all is decided"), None),
        Call.State.DECIDED: ("closed", _("Close the call"), None),
    }
    step = steps.get(Call.State(call.state))
    if step is None:
        return []
    to, label, due = step
    early = due is not None and timezone.now() < due
    return [{"to": to, "label": label, "decision": too_early if early else None}]


@require_http_methods(["GET", "POST"])
def apply(request: HttpRequest, code: str) -> HttpResponse:
    """Start a proposal under this call."""
    user = actor(request)
    found = get_object_or_404(Call.objects.visible_to(user), code=code)
    policy.eligible(user).require()
    form = StartForm(request.POST or None, user=user)
    made: list[Proposal] = []
    if form.is_valid() and attempt(
        form, lambda: made.append(proposals.start(found, **form.cleaned_data, by=user))
    ):
        return redirect("compute_grants:proposal_edit", made[0].number, "summary")
    context = {
        "call": found,
        "form": form,
        "can_start": eligibility.can_start(user, found, timezone.now()),
    }
    return render(request, "compute_grants/call_apply.html", context, status=status_of(form))
