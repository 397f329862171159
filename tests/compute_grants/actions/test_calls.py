from datetime import timedelta

import pytest
from django.core.exceptions import PermissionDenied
from django.utils import timezone

from compute_grants.actions import calls, capacity
from compute_grants.models import Call, CallBudget
from consortium.actions import ledger
from consortium.errors import Invalid, WrongState
from consortium.models import Account, AuditEvent
from tests.factories import compute_grants as make
from tests.factories.consortium import (
    deployment_officer,
    member,
    operator,
    principal,
    research_officer,
    reviewer,
)

HOUR = make.HOUR


@pytest.fixture
def office(db):
    return research_officer()


@pytest.fixture
def resource(db):
    return make.machine(hours=5_000).resources.get()


@pytest.fixture
def ready(resource) -> Call:
    """A draft that lacks nothing."""
    call = make.call_with(resource, state="draft", hours=3_000)
    make.panellist(call)
    return call


def events() -> list[str]:
    return list(AuditEvent.objects.order_by("pk").values_list("action", flat=True))


def fields(**changes) -> dict[str, object]:
    now = timezone.now()
    return {
        "kind": "root_model",
        "stage": "for_ai",
        "title_en": "Root model call",
        "title_zh": "根模型征集",
        "opens_at": now,
        "closes_at": now + timedelta(days=30),
    } | changes


def test_the_office_drafts_numbered_calls(office):
    first = calls.create(by=office, **fields())
    second = calls.create(by=office, **fields())
    year = timezone.localdate().year
    assert (first.code, second.code) == (f"C-{year}-01", f"C-{year}-02")
    assert first.state == "draft"
    assert events() == ["call.created"] * 2


@pytest.mark.parametrize("who", [member, principal, operator, deployment_officer, reviewer])
def test_nobody_else_does(db, who):
    with pytest.raises(PermissionDenied, match="R&D office"):
        calls.create(by=who(), **fields())


def test_a_call_closes_after_it_opens(office):
    now = timezone.now()
    with pytest.raises(Invalid) as caught:
        calls.create(by=office, **fields(opens_at=now, closes_at=now))
    assert "closes_at" in caught.value.errors


def test_edit_a_draft(office):
    call = calls.create(by=office, **fields())
    calls.edit(call, by=office, title_en="Better", kind="root_model")
    call.refresh_from_db()
    assert call.title_en == "Better"
    assert AuditEvent.objects.get(action="call.edited").detail == {"fields": ["title_en"]}


FROZEN = {
    "edit": lambda c, by: calls.edit(c, by=by, title_en="x"),
    "rubric": lambda c, by: calls.set_rubric(c, lines=[calls.Line("a", "甲", 100)], by=by),
    "budget": lambda c, by: calls.set_budget(
        c, resource=c.budgets.get().resource, seconds=1, by=by
    ),
}


@pytest.mark.parametrize("change", FROZEN)
@pytest.mark.parametrize("state", ["published", "open", "in_review", "decided", "closed"])
def test_a_published_calls_rules_are_fixed(office, resource, change, state):
    call = make.call_with(resource, state=state, hours=10)
    with pytest.raises(calls.Frozen):
        FROZEN[change](call, office)
    assert not events()


@pytest.mark.parametrize("weights", [(50, 49), (60, 41), (100, 0), (101, -1)])
def test_weights_make_a_hundred(office, weights):
    call = make.CallFactory.create()
    lines = [calls.Line(str(w), str(w), w) for w in weights]
    with pytest.raises(Invalid):
        calls.set_rubric(call, lines=lines, by=office)
    assert call.criteria.count() == 3


def test_an_empty_rubric_is_no_rubric(office):
    with pytest.raises(Invalid, match="0 %"):
        calls.set_rubric(make.CallFactory.create(), lines=[], by=office)


def test_set_rubric_replaces_it_in_order(office):
    call = make.CallFactory.create()
    lines = [calls.Line("Science", "科学", 70, "0 no", "0否"), calls.Line("Team", "团队", 30)]
    calls.set_rubric(call, lines=lines, by=office)
    assert list(call.criteria.values_list("position", "name_en", "weight_percent")) == [
        (1, "Science", 70),
        (2, "Team", 30),
    ]


def test_set_budget_and_take_it_out(office, resource):
    call = make.CallFactory.create()
    calls.set_budget(call, resource=resource, seconds=10 * HOUR, by=office)
    calls.set_budget(call, resource=resource, seconds=20 * HOUR, by=office)
    assert call.budgets.get().seconds == 20 * HOUR
    calls.set_budget(call, resource=resource, seconds=0, by=office)
    assert not call.budgets.exists()
    assert not Account.objects.filter(kind="budget").exists()


def test_no_budget_above_what_the_centre_certified(office, resource):
    call = make.CallFactory.create()
    calls.set_budget(call, resource=resource, seconds=5_000 * HOUR, by=office)
    with pytest.raises(capacity.AboveCapacity, match="5,000 certified hours"):
        calls.set_budget(call, resource=resource, seconds=5_000 * HOUR + 1, by=office)


def test_what_other_calls_set_aside_is_gone(office, resource):
    make.call_with(resource, hours=4_000)
    call = make.CallFactory.create()
    with pytest.raises(capacity.AboveCapacity, match="1,000 certified hours"):
        calls.set_budget(call, resource=resource, seconds=1_001 * HOUR, by=office)


def test_publish_sets_the_budget_aside(office, ready, resource):
    calls.publish(ready, by=office)
    ready.refresh_from_db()
    assert ready.state == "published"
    budget: CallBudget = ready.budgets.get()
    assert budget.account.capped
    assert ledger.balance(budget.account).available == 3_000 * HOUR
    assert capacity.promised(resource) == 3_000 * HOUR
    assert events()[-1] == "call.published"


def test_publish_again_moves_nothing(office, ready, resource):
    calls.publish(ready, by=office)
    with pytest.raises(WrongState):
        calls.publish(ready, by=office)
    assert capacity.promised(resource) == 3_000 * HOUR


def test_publish_says_all_that_is_missing(office):
    call = make.CallFactory.create(summary_zh="", closes_at=timezone.now())
    call.criteria.all().delete()
    with pytest.raises(calls.NotReady) as caught:
        calls.publish(call, by=office)
    for word in ("both languages", "rubric", "hours", "panel", "closing time"):
        assert word in str(caught.value)


def test_two_drafts_cannot_promise_the_same_hours(office, ready, resource):
    other = make.call_with(resource, state="draft", hours=3_000)
    make.panellist(other)
    calls.publish(ready, by=office)
    with pytest.raises(capacity.AboveCapacity, match="2,000"):
        calls.publish(other, by=office)
    other.refresh_from_db()
    assert other.state == "draft"


def test_the_panel_is_of_people_with_standing(office, ready):
    with pytest.raises(Invalid, match="standing"):
        calls.set_panel(ready, panel=[reviewer()], by=office)
    person = make.panellist()
    calls.set_panel(ready, panel=[person], by=office)
    assert list(ready.panel.all()) == [person]


def test_the_panel_is_fixed_once_decided(office):
    call = make.CallFactory.create(decided=True)
    with pytest.raises(calls.Frozen):
        calls.set_panel(call, panel=[], by=office)


def test_open_not_before_its_time(office):
    call = make.CallFactory.create(published=True)
    with pytest.raises(calls.NotYet):
        calls.open_(call, by=office)
    call = make.CallFactory.create(published=True, opens_at=timezone.now())
    assert calls.open_(call, by=office).state == "open"


def test_close_to_review_not_before_its_time(office):
    call = make.CallFactory.create(open=True)
    with pytest.raises(calls.NotYet, match="promised"):
        calls.close_to_review(call, by=office)
    call = make.CallFactory.create(open=True, closes_at=timezone.now())
    assert calls.close_to_review(call, by=office).state == "in_review"


def test_the_clock_opens_and_closes_what_is_due(db):
    now = timezone.now()
    opening = make.CallFactory.create(published=True, opens_at=now)
    waiting = make.CallFactory.create(published=True)
    closing = make.CallFactory.create(open=True, closes_at=now)
    running = make.CallFactory.create(open=True)
    assert calls.follow_the_clock() == 2
    assert calls.follow_the_clock() == 0
    states = {c.pk: c.state for c in Call.objects.all()}
    assert [states[c.pk] for c in (opening, waiting, closing, running)] == [
        "open",
        "published",
        "in_review",
        "open",
    ]
    assert {e.actor_name for e in AuditEvent.objects.all()} == {"system"}


@pytest.mark.parametrize("state", ["submitted", "technical_review", "peer_review", "ranked"])
def test_a_call_is_decided_when_every_proposal_is(office, state):
    call = make.CallFactory.create(in_review=True)
    proposal = make.ProposalFactory.create(call=call, **{state: True})
    with pytest.raises(calls.Undecided, match="1 proposal waits"):
        calls.decide(call, by=office)
    proposal.state = "rejected"
    proposal.save()
    assert calls.decide(call, by=office).state == "decided"


def test_close_gives_the_rest_back(office, resource):
    call = make.call_with(resource, state="decided", hours=1_000)
    assert capacity.promised(resource) == 1_000 * HOUR
    calls.close(call, by=office)
    assert capacity.promised(resource) == 0
    assert ledger.balance(call.budgets.get().account).available == 0


@pytest.mark.parametrize("who", [member, principal, operator, deployment_officer])
@pytest.mark.parametrize("act", ["publish", "open_", "close_to_review", "decide", "close"])
def test_only_the_office_runs_calls(ready, who, act):
    with pytest.raises(PermissionDenied):
        getattr(calls, act)(ready, by=who())
    assert not events()
