"""Rounds, eligibility, access types, more hours and followers of calls: pages and API."""

from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from compute_grants.actions import call_news, calls
from compute_grants.models import AccessType, Call
from consortium.models import Notification
from tests.compute_grants.api.test_grants_api import Api
from tests.compute_grants.counting import at_two_sizes, queries_of
from tests.compute_grants.views.person import Person, text
from tests.factories import compute_grants as make
from tests.factories import offers
from tests.factories.consortium import member, principal, research_officer

HOUR = make.HOUR
DAY = timedelta(days=1)
HEIGHT = {"en": "Dates of", "zh-hans": "日程"}


@pytest.fixture
def office(db) -> Person:
    return Person(research_officer())


@pytest.fixture
def draft(db) -> Call:
    return make.call_with(state="draft")


@pytest.fixture
def call(db) -> Call:
    return make.call_with()


def beijing(days: float) -> str:
    return f"{timezone.localtime() + timedelta(days=days):%Y-%m-%dT%H:%M}"


def lines(*windows: tuple[float, float]) -> dict[str, object]:
    data: dict[str, object] = {"round-TOTAL_FORMS": len(windows), "round-INITIAL_FORMS": 0}
    for n, (opens, closes) in enumerate(windows):
        data[f"round-{n}-opens_at"] = beijing(opens)
        data[f"round-{n}-closes_at"] = beijing(closes)
    return data


def told(code: str) -> set[int]:
    return set(Notification.objects.filter(code=code).values_list("person", flat=True))


def test_the_office_sets_several_rounds_and_each_error_stands_at_its_line(office, draft):
    assert office.get("call_rounds", draft.code).status_code == 200
    bad = office.send("call_rounds", draft.code, **lines((1, 5), (4, 9)))
    assert bad.status_code == 422
    assert "must not open before the last one closes" in text(bad)
    assert office.send("call_rounds", draft.code, **lines((1, 5), (6, 9))).status_code == 302
    assert draft.rounds.count() == 2
    page = text(office.client.get(draft.get_absolute_url()))
    assert "Round 2 takes proposals" in page
    assert office.send("call_rounds", draft.code, **lines()).status_code == 422


def test_the_text_form_of_two_rounds_shows_the_first_ones_window(office, draft):
    office.send("call_rounds", draft.code, **lines((1, 5), (6, 9)))
    first = draft.rounds.first()
    shown = text(office.get("call_edit", draft.code))
    assert f"{timezone.localtime(first.closes_at):%Y-%m-%dT%H:%M}" in shown


def test_a_published_calls_terms_are_fixed(office, call):
    assert office.send("call_rounds", call.code, **lines((1, 5))).status_code == 409
    assert office.send("call_eligibility", call.code, second_factor="on").status_code == 409
    assert office.send("call_access", call.code, sent="yes").status_code == 409
    assert not call.eligibility_rules.exists()


def test_every_reader_sees_each_rule_and_what_is_missing(office, draft):
    filled = {"institution_kind": ["university"], "second_factor": "on"}
    assert office.send("call_eligibility", draft.code, **filled).status_code == 302
    assert "checked" in text(office.get("call_eligibility", draft.code))
    Call.objects.filter(pk=draft.pk).update(state="open")
    page = draft.get_absolute_url()
    stranger = text(Client().get(page))
    assert "Sign in" in stranger
    assert "You sign in with a second factor." in stranger
    lead = text(Person(principal()).client.get(page))
    assert "What is missing stands beside the rule" in lead
    assert "Add an authenticator app" in lead
    assert text(Person(member()).client.get(page)).count("not met") == 3


def test_an_eligible_reader_meets_every_rule(call):
    page = text(Person(principal()).client.get(call.get_absolute_url()))
    assert "Yes. You meet every rule." in page
    assert "not met" not in page


def test_only_the_office_changes_terms(call):
    person = Person(principal())
    for name in ("call_rounds", "call_eligibility", "call_access", "call_raise", "call_round_add"):
        assert person.get(name, call.code).status_code == 403
    assert person.send("call_extend", call.code, 1).status_code == 403


def test_a_round_is_extended_and_those_who_wait_are_told(office, call):
    follower, lead = member(), principal()
    call.followers.add(follower)
    make.proposal_for(call, lead=lead)
    make.proposal_for(call, state="submitted")
    each = call.rounds.get()
    filled = {"closes_at": beijing(20), "reason": "The list of data came late."}
    assert office.send("call_extend", call.code, 1, **filled).status_code == 302
    each.refresh_from_db()
    assert each.closes_at > timezone.now() + 19 * DAY
    assert told("call.extended") == {follower.pk, lead.pk}
    earlier = office.send("call_extend", call.code, 1, **filled | {"closes_at": beijing(3)})
    assert earlier.status_code == 409
    assert "only move to later" in text(earlier)


def test_one_more_round_is_announced(office, call):
    call.followers.add(follower := member())
    filled = {"opens_at": beijing(30), "closes_at": beijing(60)}
    assert office.send("call_round_add", call.code, **filled).status_code == 302
    assert call.rounds.count() == 2
    assert told("call.round_added") == {follower.pk}
    assert office.send("call_round_add", call.code, **filled).status_code == 422


def test_a_budget_above_certified_capacity_is_refused_with_the_months(office):
    resource = make.machine(hours=50_000).resources.get()
    call = make.call_with(
        resource, awards_from=make.date(2026, 12, 1), awards_until=make.date(2026, 12, 31)
    )
    filled = {"resource": resource.pk, "seconds": 50_001, "reason": "Many asked."}
    refused = office.send("call_raise", call.code, **filled)
    assert refused.status_code == 409
    shown = text(refused)
    assert "2026-12" in shown
    assert "50,000 certified hours" in shown
    call.followers.add(follower := member())
    assert office.send("call_raise", call.code, **filled | {"seconds": 50_000}).status_code == 302
    assert call.budgets.get().seconds == 50_000 * HOUR
    assert told("call.budget_raised") == {follower.pk}
    lower = office.send("call_raise", call.code, **filled | {"seconds": 10})
    assert lower.status_code == 409


def test_following_is_a_button_and_brings_notices(call):
    person = Person(member())
    assert person.send("call_follow", call.code, follow="yes").status_code == 302
    person.send("call_follow", call.code, follow="yes")
    assert "Stop following" in text(person.client.get(call.get_absolute_url()))
    call.rounds.update(closes_at=timezone.now() + DAY)
    assert call_news.remind_of_closing() == 1
    assert call_news.remind_of_closing() == 0
    assert told("call.closes_soon") == {person.user.pk}
    person.send("call_follow", call.code, follow="no")
    assert not call.followers.exists()
    hidden = make.call_with(state="draft")
    assert person.send("call_follow", hidden.code, follow="yes").status_code == 404


def test_nobody_follows_what_is_over(db):
    over = make.call_with(state="closed")
    assert Person(member()).send("call_follow", over.code, follow="yes").status_code == 403


def test_those_who_follow_hear_that_it_opens(office, db):
    call = make.call_with(state="published")
    call.followers.add(follower := member())
    Call.objects.filter(pk=call.pk).update(opens_at=timezone.now() - DAY)
    calls.open_(call, by=office.user)
    assert told("call.opened") == {follower.pk}


def test_dates_are_shown_in_the_readers_zone_too(call):
    page, client = call.get_absolute_url(), Client()
    assert "data-own-time" in text(client.get(page))
    client.cookies["zone"] = "Europe/Berlin"
    shown = text(client.get(page))
    assert "Europe/Berlin" in shown
    assert "data-own-time" not in shown
    own = timezone.localtime(call.closes_at, make.UTC)
    assert own.strftime("+01:00") in shown or "+02:00" in shown
    client.cookies["zone"] = "Asia/Shanghai"
    assert "in your time zone" not in text(client.get(page))
    client.cookies["zone"] = "../../etc/passwd"
    assert "data-own-time" in text(client.get(page))


def test_a_time_zone_is_chosen_without_a_script(db):
    client, page = Client(), reverse("portal:time_zone")
    sent = client.post(page, {"zone": "America/New_York", "next": "/calls/"})
    assert (sent.status_code, sent.url) == (302, "/calls/")
    assert client.cookies["zone"].value == "America/New_York"
    assert '<option value="America/New_York" selected' in text(client.get(page))
    assert client.post(page, {"zone": "Mars/Olympus"}).status_code == 422
    assert client.post(page, {"zone": "", "next": "//evil.example"}).url == "/"


def test_the_picture_of_dates_has_its_list_beneath(call):
    call.awards_from, call.awards_until = make.date(2027, 1, 1), make.date(2027, 12, 31)
    call.save()
    call.rounds.update(review_by=call.closes_at + 10 * DAY, decision_by=call.closes_at + 20 * DAY)
    page = text(Client().get(call.get_absolute_url()))
    picture = page[page.index('<figure class="calendar">') : page.index("</figure>")]
    assert picture.count("<rect") == picture.count("<li>") == 4
    assert "style=" not in picture
    for said in ("Reviews come in", "Decisions come out", "Awarded time can be used"):
        assert said in picture


def test_the_rubric_is_shown_as_frozen_once_published(office, draft, call):
    assert "The rubric is frozen" not in text(office.client.get(draft.get_absolute_url()))
    Call.objects.filter(pk=call.pk).update(rubric_sha256="ab" * 32)
    page = text(Client().get(call.get_absolute_url()))
    assert "The rubric is frozen" in page
    assert "abababababab" in page


def test_a_missing_side_is_marked(call):
    Call.objects.filter(pk=call.pk).update(summary_zh="")
    chinese = text(Client().get(call.get_absolute_url(), headers={"accept-language": "zh-hans"}))
    assert "missing-side" in chinese


def test_a_call_page_costs_the_same_with_more_rounds_rules_and_types(office, draft):
    Call.objects.filter(pk=draft.pk).update(state="open")
    person, page = Person(principal()), draft.get_absolute_url()
    person.client.get(page)
    before = queries_of(person.client, page)
    for n in range(6):
        make.CallRoundFactory.create(
            call=draft,
            opens_at=draft.closes_at + (n + 1) * DAY,
            closes_at=draft.closes_at + (n + 2) * DAY,
        )
        draft.access_types.add(offers.access_type())
        make.CallBudgetFactory.create(call=draft)
    assert queries_of(person.client, page) == before <= 15


# Access types

TYPE = {
    "code": "regular",
    "name_en": "Regular",
    "name_zh": "常规",
    "depth": "peer",
    "reviewers": 3,
    "months": 12,
    "min_credit_seconds": "10",
    "max_credit_seconds": "5000.5",
    "limit-TOTAL_FORMS": 1,
    "limit-INITIAL_FORMS": 0,
}


def test_the_office_makes_a_type_and_revises_it(office):
    resource = make.machine().resources.get()
    limit = {"limit-0-resource": resource.pk, "limit-0-max_seconds": 400}
    assert office.send("access_type_create", **TYPE, **limit).status_code == 302
    first = AccessType.objects.get()
    assert (first.min_credit_seconds, first.max_credit_seconds) == (36_000, 18_001_800)
    assert first.limits.get().max_seconds == 400 * HOUR
    page = text(Client().get(first.get_absolute_url()))
    assert "peer review" in page
    shown = text(office.get("access_type_revise", "regular"))
    assert 'value="5000.5"' in shown
    assert 'value="400"' in shown
    revised = TYPE | limit | {"months": 6}
    assert office.send("access_type_revise", "regular", **revised).status_code == 302
    newest = AccessType.objects.get(current=True)
    assert (newest.version, newest.months, newest.limits.count()) == (2, 6, 1)
    assert text(Client().get(first.get_absolute_url())).count("<tr>") == 3
    assert office.send("access_type_create", **TYPE, **limit).status_code == 422
    bad = office.send("access_type_revise", "regular", **revised | {"reviewers": 0})
    assert bad.status_code == 422
    half = office.send("access_type_revise", "regular", **TYPE | {"limit-0-resource": resource.pk})
    assert "Give the most hours" in text(half)


def test_only_the_office_makes_types(db):
    kind = offers.access_type()
    person = Person(principal())
    assert person.get("access_type_create").status_code == 403
    assert person.send("access_type_revise", kind.code, **TYPE).status_code == 403
    assert Client().get(reverse("compute_grants:access_type", args=["none"])).status_code == 404


def test_a_call_shows_the_types_it_offers(office, draft):
    kind = offers.access_type(max_credit_seconds=5000 * HOUR)
    sent = office.send("call_access", draft.code, access_types=[kind.pk])
    assert sent.status_code == 302
    page = text(office.client.get(draft.get_absolute_url()))
    assert kind.name_en in page
    assert "at most 5k" in page


def test_the_list_of_types_costs_the_same_however_long(office):
    resource = make.machine().resources.get()

    def grow(n: int) -> None:
        for _ in range(n):
            offers.access_type(made_by=office.user).limits.create(
                resource=resource, max_seconds=HOUR
            )

    few, many = at_two_sizes(
        office.client, reverse("compute_grants:access_type_list"), grow, large=60
    )
    assert few == many < 12


# API


def test_terms_over_the_api(office, draft):
    api, now = Api(office.user), timezone.now()
    path = f"calls/{draft.code}/"
    window = {"opens_at": now.isoformat(), "closes_at": (now + 9 * DAY).isoformat()}
    later = {
        "opens_at": (now + 10 * DAY).isoformat(),
        "closes_at": (now + 11 * DAY).isoformat(),
    }
    assert len(api.post(f"{path}rounds/", rounds=[window])["rounds"]) == 1
    api.post(f"{path}rounds/", 422, rounds=[later, window])
    rules = [{"kind": "tier", "values": ["full"]}, {"kind": "contract", "months": 3}]
    assert len(api.post(f"{path}eligibility/", rules=rules)["eligibility_rules"]) == 2
    api.post(f"{path}eligibility/", 422, rules=[{"kind": "tier"}])
    kind = offers.access_type()
    assert api.post(f"{path}access/", access_types=[kind.code])["access_types"] == [kind.code]
    Call.objects.filter(pk=draft.pk).update(state="open")
    api.post(f"{path}rounds/", 409, rounds=[window])
    assert len(api.post(f"{path}add-round/", **later)["rounds"]) == 2
    longer = {"position": 1, "closes_at": (now + 9.5 * DAY).isoformat(), "reason": "Late."}
    api.post(f"{path}extend/", **longer)
    api.post(f"{path}extend/", 409, **longer | {"closes_at": now.isoformat()})
    lead = Api(principal())
    lead.post(f"{path}extend/", 403, **longer)
    lead.post(f"{path}follow/")
    assert draft.followers.get() == lead.user
    lead.post(f"{path}unfollow/")
    assert not draft.followers.exists()


def test_a_budget_is_raised_over_the_api_up_to_what_is_certified(office):
    resource = make.machine(hours=20_000).resources.get()
    call, api = make.call_with(resource), Api(office.user)
    body = {"machine": resource.machine.code, "reason": "Many asked."}
    path = f"calls/{call.code}/raise-budget/"
    assert api.post(path, seconds=20_000 * HOUR, **body)["budgets"][0]["seconds"] == 20_000 * HOUR
    api.post(path, 409, seconds=20_001 * HOUR, **body)


def test_access_types_over_the_api(office):
    api = Api(office.user)
    resource = make.machine().resources.get()
    body = {
        "code": "explore",
        "name_en": "Exploratory",
        "name_zh": "探索",
        "depth": "technical",
        "months": 3,
        "limits": [{"machine": resource.machine.code, "max_seconds": 100 * HOUR}],
    }
    made = api.post("access-types/", 201, **body)
    assert (made["version"], made["limits"][0]["max_seconds"]) == (1, 100 * HOUR)
    api.post("access-types/", 422, **body)
    revised = api.patch("access-types/explore/", months=6)
    assert (revised["version"], revised["months"], len(revised["limits"])) == (2, 6, 1)
    Api(principal()).patch("access-types/explore/", 403, months=6)
    assert Client().get("/api/v1/access-types/").json()["count"] == 1
