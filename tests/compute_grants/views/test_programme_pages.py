"""The rules of the programme: read by members, published by the office."""

from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from compute_grants import programme as bodies
from compute_grants.actions import programme
from compute_grants.forms.programme import PolicyForm
from compute_grants.models import ProgrammePolicy
from compute_grants.queries.programme import in_force, versions
from consortium.errors import Invalid
from tests.compute_grants.views.person import Person, text
from tests.factories.consortium import deployment_officer, member, research_officer

pytestmark = pytest.mark.django_db
TODAY = timezone.localdate()
NEW = {"since": TODAY.isoformat(), "note": "The council's decision.", "due_days": "10"}
EXTENSION = NEW | {"opens_days": "60", "most_months": "9"}


def test_members_read_every_rule_and_its_versions():
    later = TODAY + timedelta(days=30)
    rule = {"kind": "extension", "by": research_officer()}
    programme.publish(**rule, since=TODAY, body={"most_months": 8})
    programme.publish(**rule, since=later, body={"most_months": 7}, note="Less.")
    person = Person(member())
    page = text(person.get("programme_list"))
    for label in bodies.LABELS.values():
        assert str(label) in page
    assert "Publish a new version" not in page
    page = text(person.get("programme_kind", "extension"))
    assert [v.body.most_months for v in versions("extension")] == [7, 8, 6]
    assert [v.holds for v in versions("extension")] == [False, True, False]
    assert "Less." in page
    assert person.get("programme_kind", "unknown").status_code == 404


def test_only_the_office_publishes():
    for who in (member(), deployment_officer()):
        assert Person(who).get("programme_publish", "extension").status_code == 403
        assert Person(who).send("programme_publish", "extension", **EXTENSION).status_code == 403
    assert not ProgrammePolicy.objects.exists()


def test_the_office_checks_and_publishes():
    office = Person(research_officer())
    check = office.send("programme_publish", "extension", **EXTENSION)
    assert "stays on record" in text(check)
    assert not ProgrammePolicy.objects.exists()
    back = office.send("programme_publish", "extension", **EXTENSION, change="1")
    assert 'value="60"' in text(back)
    assert "stays on record" not in text(back)
    office.send("programme_publish", "extension", **EXTENSION, confirmed="1")
    assert in_force("extension") == bodies.Extension(due_days=10, opens_days=60, most_months=9)


@pytest.mark.parametrize(
    "wrong", [{"most_months": "99"}, {"opens_days": ""}, {"since": "2020-01-01"}, {"note": ""}]
)
def test_what_is_badly_filled_in_is_not_published(wrong):
    office = Person(research_officer())
    sent = office.send("programme_publish", "extension", **EXTENSION | wrong, confirmed="1")
    assert sent.status_code == 422
    assert not ProgrammePolicy.objects.exists()


@pytest.mark.parametrize("kind", sorted(bodies.KINDS))
def test_each_rules_form_gives_back_what_it_shows(kind):
    """The form as it is first shown, sent back, is the version in force."""
    now = bodies.KINDS[kind]()
    blank = PolicyForm(now=now, initial={"since": TODAY, "note": "x"})
    sent = {name: blank.get_initial_for_field(f, name) for name, f in blank.fields.items()}
    form = PolicyForm({n: v for n, v in sent.items() if v is not None}, now=now)
    assert form.is_valid(), form.errors
    assert bodies.parse(kind, form.body()) == now


def test_rows_are_added_and_removed():
    office = Person(research_officer())
    parts = {
        "from_hours": "100",
        "parts-0-percent": "40",
        "parts-0-condition": "award",
        "parts-0-after_days": "0",
        "parts-2-percent": "60",
        "parts-2-condition": "report",
        "parts-2-after_days": "90",
    }
    sent = NEW | parts
    sent.pop("due_days")
    office.send("programme_publish", "release_schedule", **sent, confirmed="1")
    assert in_force("release_schedule").parts == (
        bodies.Part(40, "award", 0),
        bodies.Part(60, "report", 90),
    )
    half = sent | {"parts-2-percent": ""}
    bad = office.send("programme_publish", "release_schedule", **half, confirmed="1")
    assert bad.status_code == 422


def test_a_ladder_takes_less_from_who_has_used_more():
    rungs = [{"by_day": 120, "below_percent": 10, "take_percent": 30}]
    worse = {"by_day": 120, "below_percent": 20, "take_percent": 40}
    assert bodies.parse("reclaim", {"rungs": rungs})
    for bad in (
        {"rungs": [*rungs, worse]},
        {"rungs": rungs * 2},
        {"notice_days": 5, "exempt_days": 5},
        {"rungs": [rungs[0] | {"by_day": 0}]},
        {"rungs": [{"by_day": 1}]},
        {"rungs": "x"},
    ):
        with pytest.raises(Invalid):
            bodies.parse("reclaim", bad)


def test_the_pages_ask_few_queries(django_assert_max_num_queries):
    office = Person(research_officer())
    for n in range(20):
        ProgrammePolicy.objects.create(
            kind="extension", since=TODAY - timedelta(days=n), body={}, by=office.user
        )
    office.get("programme_list")
    with django_assert_max_num_queries(12):
        office.get("programme_list")
    with django_assert_max_num_queries(12):
        office.get("programme_kind", "extension")


def test_the_api(client):
    client.force_login(
        research_officer(), backend="allauth.account.auth_backends.AuthenticationBackend"
    )
    url = reverse("api:programme-list")
    sent = {"kind": "appeal", "since": TODAY.isoformat(), "body": {"within_days": 20}, "note": "x"}
    assert client.post(url, sent, "application/json").status_code == 201
    assert client.post(url, sent | {"body": {"y": 1}}, "application/json").status_code == 422
    rules = {row["kind"]: row for row in client.get(url).json()}
    assert rules["appeal"]["body"]["within_days"] == 20
    assert rules["extension"]["since"] is None
    detail = reverse("api:programme-versions", args=["appeal"])
    assert [row["body"]["within_days"] for row in client.get(detail).json()] == [20]
    client.force_login(member(), backend="allauth.account.auth_backends.AuthenticationBackend")
    assert client.post(url, sent, "application/json").status_code == 403
