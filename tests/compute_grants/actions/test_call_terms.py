from datetime import date, timedelta

import pytest
from django.core.exceptions import PermissionDenied
from django.db import IntegrityError
from django.utils import timezone

from compute_grants.actions import call_terms, calls, capacity, proposals
from compute_grants.actions.rounds import Window
from compute_grants.models import Call, CallRound, Proposal
from consortium.actions import ledger
from consortium.errors import Invalid
from consortium.models import AuditEvent
from tests.factories import compute_grants as make
from tests.factories import offers
from tests.factories.consortium import member, operator, principal, research_officer

HOUR = make.HOUR
DAY = timedelta(days=1)
SECOND = timedelta(seconds=1)


@pytest.fixture
def office(db):
    return research_officer()


@pytest.fixture
def now(db):
    return timezone.now()


def two_rounds(now, office, state="open") -> Call:
    """One round that closed an hour ago, one that opens in an hour."""
    call = make.call_with(state="draft")
    hour = timedelta(hours=1)
    windows = [
        Window(now - 5 * DAY, now - hour, now + DAY, now + 2 * DAY),
        Window(now + hour, now + 9 * DAY, now + 20 * DAY, now + 30 * DAY),
    ]
    call_terms.set_rounds(call, windows=windows, by=office)
    Call.objects.filter(pk=call.pk).update(state=state)
    return Call.objects.get(pk=call.pk)


def test_a_new_call_has_its_window_as_its_first_round(office, now):
    call = calls.create(
        by=office,
        kind="theory",
        stage="by_ai",
        title_en="A",
        title_zh="甲",
        opens_at=now,
        closes_at=now + DAY,
    )
    assert [(r.position, r.opens_at, r.closes_at) for r in call.rounds.all()] == [
        (1, now, now + DAY)
    ]
    calls.edit(call, by=office, closes_at=now + 2 * DAY)
    call.refresh_from_db()
    assert call.rounds.get().closes_at == call.closes_at == now + 2 * DAY


def test_a_call_spans_its_rounds(office, now):
    call = two_rounds(now, office, "draft")
    assert (call.opens_at, call.closes_at) == (now - 5 * DAY, now + 9 * DAY)
    calls.edit(call, by=office, opens_at=now - 6 * DAY)
    call.refresh_from_db()
    assert (call.opens_at, call.closes_at) == (now - 6 * DAY, now + 9 * DAY)
    with pytest.raises(Invalid):
        calls.edit(call, by=office, closes_at=now + 2 * DAY)


ORDER = {
    "1.closes_at": lambda n: [Window(n, n)],
    "2.opens_at": lambda n: [Window(n, n + DAY), Window(n, n + 2 * DAY)],
    "1.review_by": lambda n: [Window(n, n + DAY, n)],
    "1.decision_by": lambda n: [Window(n, n + DAY, n + 3 * DAY, n + 2 * DAY)],
    "": lambda n: [],
}


@pytest.mark.parametrize("field", ORDER)
def test_rounds_follow_each_other(office, now, field):
    call = make.call_with(state="draft")
    with pytest.raises(Invalid) as caught:
        call_terms.set_rounds(call, windows=ORDER[field](now), by=office)
    assert set(caught.value.errors) == {field}
    assert call.rounds.count() == 1


def test_the_database_refuses_rounds_that_overlap(now):
    call = make.CallFactory.create()
    with pytest.raises(IntegrityError, match="call_rounds_do_not_overlap"):
        CallRound.objects.create(
            call=call, position=2, opens_at=now, closes_at=now + timedelta(days=90)
        )


@pytest.mark.parametrize(
    ("shift", "taken"), [(-SECOND, False), (0 * SECOND, True), (DAY - SECOND, True), (DAY, False)]
)
def test_a_rounds_window_is_half_open(office, now, shift, taken):
    call = make.call_with(state="draft")
    windows = [Window(now - 9 * DAY, now - 8 * DAY), Window(now, now + DAY)]
    call_terms.set_rounds(call, windows=windows, by=office)
    Call.objects.filter(pk=call.pk).update(state="open")
    call.refresh_from_db()
    moment = now + shift
    assert call.accepts_at(moment) is taken
    assert Call.objects.accepting(moment).filter(pk=call.pk).exists() is taken


def test_late_by_a_second_is_refused_and_waits_for_the_next_round(office, now, monkeypatch):
    call = two_rounds(now, office)
    draft = make.proposal_for(call)
    first, second = call.rounds.all()
    monkeypatch.setattr(timezone, "now", lambda: first.closes_at)
    with pytest.raises(proposals.CallNotOpen, match="The next one opens at"):
        proposals.submit(draft, by=draft.lead)
    monkeypatch.setattr(timezone, "now", lambda: second.opens_at)
    proposals.submit(draft, by=draft.lead)
    draft.refresh_from_db()
    assert draft.round == second


def test_the_last_second_of_a_round_counts_for_it(office, now, monkeypatch):
    call = two_rounds(now, office)
    first = call.rounds.first()
    monkeypatch.setattr(timezone, "now", lambda: first.closes_at - timedelta(microseconds=1))
    lead = principal()
    house = lead.affiliations.get().institution
    assert proposals.start(call, institution=house, by=lead).round == first


def test_between_rounds_the_closed_one_is_decided(office, now):
    call = two_rounds(now, office)
    assert call.decides_now()
    assert call.deadline(now) == call.rounds.last().closes_at
    assert not make.call_with().decides_now()


def test_a_window_is_extended(office, now):
    call = make.call_with()
    each = call.rounds.get()
    call_terms.extend(each, closes_at=each.closes_at + DAY, reason="Floods", by=office)
    call.refresh_from_db()
    assert call.closes_at == call.rounds.get().closes_at == each.closes_at + DAY
    assert AuditEvent.objects.get(action="call.extended").detail["reason"] == "Floods"


def test_never_earlier_not_even_by_a_second(office):
    call = make.call_with()
    each = call.rounds.get()
    with pytest.raises(call_terms.NeverEarlier):
        call_terms.extend(each, closes_at=each.closes_at - SECOND, reason="x", by=office)
    each.refresh_from_db()
    assert each.closes_at == call.closes_at


def test_what_has_closed_stays_closed(office, now):
    call = two_rounds(now, office)
    with pytest.raises(call_terms.RoundOver):
        call_terms.extend(call.rounds.first(), closes_at=now + DAY, reason="x", by=office)


def test_an_extension_stops_at_the_next_round(office, now):
    call = make.call_with(state="draft")
    windows = [Window(now, now + DAY), Window(now + 2 * DAY, now + 3 * DAY)]
    call_terms.set_rounds(call, windows=windows, by=office)
    Call.objects.filter(pk=call.pk).update(state="open")
    first = call.rounds.first()
    with pytest.raises(Invalid, match="next round") as caught:
        call_terms.extend(first, closes_at=now + 2 * DAY + SECOND, reason="x", by=office)
    assert set(caught.value.errors) == {"closes_at"}
    call_terms.extend(first, closes_at=now + 2 * DAY, reason="x", by=office)


def test_an_extension_takes_the_promised_dates_along(office, now):
    call = make.call_with(state="draft")
    call_terms.set_rounds(
        call, windows=[Window(now, now + DAY, now + 2 * DAY, now + 3 * DAY)], by=office
    )
    Call.objects.filter(pk=call.pk).update(state="open")
    each = call.rounds.get()
    with pytest.raises(Invalid):
        call_terms.extend(each, closes_at=now + 5 * DAY, reason="x", by=office)
    with pytest.raises(call_terms.NeverEarlier):
        call_terms.extend(
            each, closes_at=now + DAY, decision_by=now + 2 * DAY, reason="x", by=office
        )
    call_terms.extend(
        each,
        closes_at=now + 5 * DAY,
        review_by=now + 6 * DAY,
        decision_by=now + 7 * DAY,
        reason="x",
        by=office,
    )
    each.refresh_from_db()
    assert each.decision_by == now + 7 * DAY


def test_a_round_is_added_to_a_published_call(office, now):
    call = make.call_with()
    window = Window(call.closes_at + DAY, call.closes_at + 2 * DAY)
    made = call_terms.add_round(call, window=window, by=office)
    call.refresh_from_db()
    assert made.position == 2
    assert call.closes_at == window.closes_at
    with pytest.raises(Invalid) as caught:
        call_terms.add_round(call, window=window, by=office)
    assert set(caught.value.errors) == {"opens_at"}
    with pytest.raises(Invalid):
        call_terms.add_round(call, window=Window(now - DAY, now + 99 * DAY), by=office)


@pytest.mark.parametrize("who", [member, principal, operator])
def test_only_the_office_moves_windows_and_budgets(db, who):
    call = make.call_with()
    each = call.rounds.get()
    with pytest.raises(PermissionDenied):
        call_terms.extend(each, closes_at=each.closes_at + DAY, reason="x", by=who())
    with pytest.raises(PermissionDenied):
        call_terms.raise_budget(
            call, resource=call.budgets.get().resource, seconds=10**9, reason="x", by=who()
        )


def test_a_published_budget_is_raised_into_its_account(office):
    resource = make.machine(hours=5_000).resources.get()
    call = make.call_with(resource, hours=3_000)
    call_terms.raise_budget(call, resource=resource, seconds=4_000 * HOUR, reason="More", by=office)
    budget = call.budgets.get()
    assert budget.seconds == 4_000 * HOUR
    assert ledger.balance(budget.account).available == 4_000 * HOUR
    assert capacity.promised(resource) == 4_000 * HOUR
    detail = AuditEvent.objects.get(action="call.budget_raised").detail
    assert (detail["was"], detail["seconds"]) == (3_000 * HOUR, 4_000 * HOUR)


def test_raising_it_above_what_is_certified_names_the_numbers(office):
    resource = make.machine(hours=5_000).resources.get()
    call = make.call_with(resource, hours=3_000)
    make.call_with(resource, hours=1_000)
    with pytest.raises(capacity.AboveCapacity, match=r"4,000 certified .* 4,500 card-hours"):
        call_terms.raise_budget(
            call, resource=resource, seconds=4_500 * HOUR, reason="x", by=office
        )
    assert ledger.balance(call.budgets.get().account).available == 3_000 * HOUR


@pytest.mark.parametrize("hours", [2_999, 3_000])
def test_it_is_never_lowered(office, hours):
    resource = make.machine(hours=5_000).resources.get()
    call = make.call_with(resource, hours=3_000)
    with pytest.raises(call_terms.OnlyMore, match="3,000"):
        call_terms.raise_budget(
            call, resource=resource, seconds=hours * HOUR, reason="x", by=office
        )


@pytest.mark.parametrize("state", ["draft", "decided", "closed"])
def test_only_while_the_call_runs(office, state):
    call = make.call_with(state=state)
    with pytest.raises(call_terms.Frozen):
        call_terms.raise_budget(
            call, resource=call.budgets.get().resource, seconds=10**9, reason="x", by=office
        )


def test_a_resource_that_the_call_does_not_offer(office):
    with pytest.raises(Invalid):
        call_terms.raise_budget(
            make.call_with(),
            resource=make.machine().resources.get(),
            seconds=10**9,
            reason="x",
            by=office,
        )


def monthly(resource, **hours) -> None:
    resource.capacities.all().delete()
    for month, amount in hours.items():
        make.CapacityFactory.create(
            resource=resource, month=date(2027, int(month[1:]), 1), seconds=amount * HOUR
        )


def test_a_budget_is_bounded_by_its_award_period(office):
    """March and April have 100 hours together, whatever June has."""
    resource = make.machine().resources.get()
    monthly(resource, m3=60, m4=40, m6=1_000)
    period = {"awards_from": date(2027, 3, 5), "awards_until": date(2027, 4, 6)}
    call = make.CallFactory.create(**period)
    calls.set_budget(call, resource=resource, seconds=100 * HOUR, by=office)
    with pytest.raises(capacity.AboveCapacity, match=r"2027-03 through 2027-04 .* 100 certified"):
        calls.set_budget(call, resource=resource, seconds=100 * HOUR + 1, by=office)


def test_calls_of_other_months_do_not_count(office):
    resource = make.machine().resources.get()
    monthly(resource, m3=60, m4=40)
    march = make.call_with(
        resource, hours=60, awards_from=date(2027, 3, 1), awards_until=date(2027, 3, 31)
    )
    assert march.budgets.get().seconds == 60 * HOUR
    april = make.CallFactory.create(awards_from=date(2027, 4, 1), awards_until=date(2027, 4, 30))
    calls.set_budget(april, resource=resource, seconds=40 * HOUR, by=office)
    both = make.CallFactory.create(awards_from=date(2027, 3, 1), awards_until=date(2027, 4, 30))
    with pytest.raises(capacity.AboveCapacity, match="40 certified"):
        calls.set_budget(both, resource=resource, seconds=41 * HOUR, by=office)


def test_certified_months_do_not_shrink_below_what_is_promised_in_them(office):
    from compute_grants.actions import machines  # noqa: PLC0415

    resource = make.machine().resources.get()
    monthly(resource, m3=60, m4=40)
    make.call_with(resource, hours=50, awards_from=date(2027, 3, 1), awards_until=date(2027, 3, 31))
    by = make.operator_of(resource.machine.centre)
    with pytest.raises(capacity.AlreadyPromised, match="2027-03"):
        machines.certify(resource, month=date(2027, 3, 1), seconds=49 * HOUR, by=by)
    machines.certify(resource, month=date(2027, 3, 1), seconds=50 * HOUR, by=by)


def test_an_award_period_has_two_ends_in_order(office, now):
    call = make.CallFactory.create()
    for bad in ((date(2027, 1, 1), None), (date(2027, 1, 2), date(2027, 1, 1))):
        with pytest.raises(Invalid):
            calls.edit(call, by=office, awards_from=bad[0], awards_until=bad[1])


def test_the_rubrics_fingerprint_is_kept_at_publication(office):
    call = make.call_with(make.machine(hours=5_000).resources.get(), state="draft", hours=100)
    make.panellist(call)
    calls.publish(call, by=office)
    call.refresh_from_db()
    assert call.rubric_sha256 == calls.rubric_sha256(call)
    call.criteria.filter(position=1).update(weight_percent=51)
    assert call.rubric_sha256 != calls.rubric_sha256(call)


@pytest.mark.parametrize(
    ("fields", "named"),
    [
        ({"rules_en": "Rules"}, "the rules in the other language"),
        ({"anchors": "half"}, "what the scores mean"),
        ({"contract": True}, "an award period"),
    ],
)
def test_publication_wants_both_languages_and_a_period(office, fields, named):
    call = make.CallFactory.create(
        **{name: value for name, value in fields.items() if name == "rules_en"}
    )
    if "anchors" in fields:
        call.criteria.filter(position=1).update(anchors_zh="")
    if "contract" in fields:
        condition = call_terms.Condition("contract", months=3)
        call_terms.set_eligibility(call, conditions=[condition], by=office)
    assert any(named in item for item in calls.lacking(call))


def test_calls_offer_the_newest_access_types(office):
    from compute_grants.actions import access_types  # noqa: PLC0415

    call = make.CallFactory.create()
    old = offers.access_type()
    call_terms.set_access(call, access_types=[old], by=office)
    new = access_types.revise(old, by=office, months=6)
    other = make.CallFactory.create()
    with pytest.raises(Invalid):
        call_terms.set_access(other, access_types=[old], by=office)
    call_terms.set_access(other, access_types=[new], by=office)
    assert call.access_types.get().months == 12
    assert other.access_types.get().months == 6


def test_proposals_keep_working_under_a_call_without_rounds(office):
    call = make.call_with(rounds=False)
    lead = principal()
    house = lead.affiliations.get().institution
    made: Proposal = proposals.start(call, institution=house, by=lead)
    assert made.round is None
