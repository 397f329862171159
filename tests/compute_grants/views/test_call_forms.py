"""Forms of calls, as the office fills them in."""

from datetime import timedelta

from django.test import Client
from django.utils import timezone

from compute_grants.models import (
    Call,
)
from tests.compute_grants.views.person import HOUR, Person, text
from tests.factories import compute_grants as make
from tests.factories.consortium import (
    principal,
    research_officer,
    reviewer,
)

# Calls


def call_fields(**changes):
    now = timezone.localtime()
    return {
        "kind": "root_model",
        "stage": "for_ai",
        "title_en": "Root",
        "title_zh": "根",
        "summary_en": "S",
        "summary_zh": "摘",
        "opens_at": f"{now:%Y-%m-%dT%H:%M}",
        "closes_at": f"{now + timedelta(days=9):%Y-%m-%dT%H:%M}",
        "reviewers_per_proposal": 2,
    } | changes


def rubric(*weights: int) -> dict[str, object]:
    data: dict[str, object] = {"line-TOTAL_FORMS": len(weights), "line-INITIAL_FORMS": 0}
    for n, weight in enumerate(weights):
        data |= {
            f"line-{n}-name_en": f"C{n}",
            f"line-{n}-name_zh": f"准{n}",
            f"line-{n}-weight_percent": weight,
        }
    return data


def test_the_office_brings_a_call_out(db):
    resource = make.machine().resources.get()
    judge = make.panellist()
    office = Person(research_officer())
    assert office.send("call_create", **call_fields()).status_code == 302
    call = Call.objects.get()
    assert office.send("call_rubric", call.code, **rubric(60, 30)).status_code == 422
    assert office.send("call_rubric", call.code, **rubric(60, 40)).status_code == 302
    assert (
        office.send("call_budget", call.code, resource=resource.pk, seconds=99).status_code == 302
    )
    assert office.send("call_panel", call.code, panel=[judge.pk]).status_code == 302
    assert "Before publishing" not in text(office.get("call_publish", call.code))
    assert office.send("call_publish", call.code).status_code == 302
    assert office.send("call_state", call.code, to="open").status_code == 302
    call.refresh_from_db()
    assert call.state == "open"
    assert call.budgets.get().account.available == 99 * HOUR
    response = office.send("call_state", call.code, to="in_review")
    assert response.status_code == 409 and "promised" in text(response)


def test_a_call_that_closes_before_it_opens(db):
    wrong = call_fields(closes_at="2020-01-01T00:00")
    response = Person(research_officer()).send("call_create", **wrong)
    assert response.status_code == 422
    assert "close after it opens" in text(response)


def test_moments_are_beijing_time(db):
    Person(research_officer()).send("call_create", **call_fields(closes_at="2030-01-01T08:00"))
    assert Call.objects.get().closes_at.isoformat() == "2030-01-01T00:00:00+00:00"


def test_the_call_page_says_why_one_is_not_eligible(db):
    call = make.call_with()
    assert "PI-eligible" in text(Person(reviewer()).get("call", call.code))
    assert "Yes. You meet every rule." in text(Person(principal()).get("call", call.code))
    assert "Sign in" in text(Client().get(call.get_absolute_url()))
