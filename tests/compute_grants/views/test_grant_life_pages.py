"""The grant's page: release schedule, stages, alerts, overuse, projection; and their API."""

from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from compute_grants.actions import alerts, programme, usage
from compute_grants.models import AlertSettings, Allocation
from compute_grants.queries import allocations as queries
from compute_grants.queries.grant_usage import stages, usage_groups
from consortium.models import Notification
from tests.compute_grants.views.person import Person, text
from tests.factories import allocations as grants
from tests.factories.compute_grants import HOUR
from tests.factories.consortium import member, research_officer

pytestmark = pytest.mark.django_db


def used(grant: Allocation, *hours: int, **fields) -> Allocation:
    """So many card-hours on each of the last days, the newest first."""
    now = timezone.now().replace(microsecond=0)
    lines = [
        grants.row(
            grant,
            job=n + 1,
            elapsed=amount * 450,
            cards=8,
            submit=now - timedelta(days=n, hours=amount // 8 + 2),
            **fields,
        )
        for n, amount in enumerate(hours)
    ]
    machine = grant.resource.machine
    usage.import_sacct(machine=machine, stream=grants.sacct(lines), source="s", by=None)
    grant.refresh_from_db()
    return grant


def recent(**fields) -> Allocation:
    today = timezone.localdate()
    return grants.active(
        starts_on=today - timedelta(days=40), ends_on=today + timedelta(days=300), **fields
    )


def told(person) -> list[str]:
    return list(Notification.objects.filter(person=person).values_list("code", flat=True))


# Parts of the award


def test_the_schedule_is_shown_and_the_centre_releases_a_part():
    grant = grants.halved(hours=1000)
    lead, centre = Person(grant.proposal.lead), Person(grants.operator_for(grant))
    page = text(lead.get("allocation", grant.number))
    assert "500.0 of 1,000.0" in page
    assert "when a progress report is accepted" in page
    assert "Release or withhold" not in page
    assert "Release or withhold" in text(centre.get("allocation", grant.number))
    assert lead.get("allocation_part", grant.number, 2).status_code == 403
    assert centre.send("allocation_part", grant.number, 2, reason="x").status_code == 422
    assert centre.send("allocation_part", grant.number, 2, act="release").status_code == 422
    centre.send("allocation_part", grant.number, 2, act="release", reason="Read it.")
    grant.refresh_from_db()
    assert (grant.seconds, grant.held_seconds) == (1000 * HOUR, 0)
    assert "allocation.part_released" in told(grant.proposal.lead)
    assert centre.get("allocation_part", grant.number, 2).status_code == 302


def test_a_part_is_withheld_with_a_reason():
    grant = grants.halved(hours=1000)
    Person(research_officer()).send(
        "allocation_part", grant.number, 2, act="withhold", reason="No report."
    )
    grant.refresh_from_db()
    assert (grant.seconds, grant.held_seconds) == (500 * HOUR, 0)
    assert "No report." in text(Person(grant.proposal.lead).get("allocation", grant.number))


# Stages


def test_the_plan_of_stages_stands_against_the_use():
    grant = used(recent(), 16, Comment="stage=training")
    lead = Person(grant.proposal.lead)
    plan = {"development": "10", "training": "1", "finetuning": "69", "inference": "20"}
    assert lead.send(
        "allocation_stages", grant.number, **plan | {"inference": "5"}
    ).status_code in {
        409,
        422,
    }
    lead.send("allocation_stages", grant.number, **plan)
    groups = usage_groups(grant)
    rows = {
        row.stage: row
        for row in stages(grant, groups, dict(grant.stage_plans.values_list("stage", "percent")))
    }
    assert sum(row.planned for row in rows.values()) == grant.seconds
    assert (rows["training"].planned, rows["training"].beyond) == (10 * HOUR, True)
    assert rows["training"].used_percent == 160
    assert rows["inference"].seconds == 0
    assert "beyond the plan" in text(lead.get("allocation", grant.number))


def test_only_the_lead_and_deputies_plan():
    grant = recent()
    for who in (research_officer(), grants.operator_for(grant)):
        assert Person(who).get("allocation_stages", grant.number).status_code == 403
        assert Person(who).get("allocation_alerts", grant.number).status_code == 403
    deputy = grant.members.create(
        user=member(), cluster_user="deputy", role="deputy", since=grant.starts_on
    )
    assert Person(deputy.user).get("allocation_stages", grant.number).status_code == 200
    assert "Set the alerts" in text(Person(deputy.user).get("allocation", grant.number))


# Alerts


def test_the_lead_sets_alerts_and_is_told_the_highest_share_once():
    grant = recent(hours=100)
    lead = Person(grant.proposal.lead)
    for bad in ("fifty", "1,2,3,4,5,6,7,8,9,10,11", "0", "201", "99999"):
        sent = lead.send("allocation_alerts", grant.number, percents=bad, idle_days="0")
        assert sent.status_code == 422, bad
    lead.send("allocation_alerts", grant.number, percents="40，60%、 90", idle_days="0")
    assert AlertSettings.objects.get().percents == [40, 60, 90]
    used(grant, 64)
    alerts.look(Allocation.objects.all())
    alerts.look(Allocation.objects.all())
    assert told(grant.proposal.lead).count("allocation.alert_used") == 1
    assert Notification.objects.get(code="allocation.alert_used").facts["threshold"] == 60
    assert "60% of the released hours are used." in text(lead.get("allocation", grant.number))


def test_members_listen_and_stop():
    grant = recent(hours=100)
    friend = grant.members.create(user=member(), cluster_user="friend", since=grant.starts_on).user
    person = Person(friend)
    assert "Tell me, too" in text(person.get("allocation", grant.number))
    person.send("allocation_listen", grant.number, on="1")
    assert "Tell me no longer" in text(person.get("allocation", grant.number))
    used(grant, 64)
    alerts.look(Allocation.objects.all())
    assert "allocation.alert_used" in told(friend)
    person.send("allocation_listen", grant.number, on="0")
    assert not AlertSettings.objects.get().listeners.exists()
    office = Person(research_officer())
    assert office.send("allocation_listen", grant.number, on="1").status_code == 403


# Overuse


def test_overuse_says_what_it_means_and_the_way_out():
    programme.publish(
        kind="overuse",
        since=timezone.localdate(),
        body={"few_jobs": 3},
        by=research_officer(),
    )
    grant = used(recent(hours=100), 136)
    assert grant.overuse == "few"
    page = text(Person(grant.proposal.lead).get("allocation", grant.number))
    assert "At most 3 jobs run at a time." in page
    assert "This holds now." in page
    assert "The way out" in page
    assert "allocation.overuse_few" in told(grant.proposal.lead)


# The projection


def test_the_projection_has_an_interval():
    grant = used(recent(hours=1000), *[16, 32, 8, 24, 16, 40, 8, 16, 32, 24])
    burn = queries.burn_down(grant)
    assert sum(burn.daily) == 216 * HOUR
    assert len(burn.daily) == 30
    earliest, expected, latest = burn.ends
    assert earliest < expected < latest
    lows = [low for _day, low, _high in burn.band]
    assert burn.band[0][1:] == (burn.pace.left, burn.pace.left)
    assert lows == sorted(lows, reverse=True)
    assert all(low <= high for _day, low, high in burn.band)
    assert "four times in five" in text(Person(grant.proposal.lead).get("allocation", grant.number))


def test_too_few_days_make_no_projection():
    today = timezone.localdate()
    grant = grants.active(starts_on=today - timedelta(days=3), ends_on=today + timedelta(days=300))
    assert queries.burn_down(used(grant, 8)).ends is None


# How many queries


@pytest.mark.parametrize("who", ["lead", "member", "office", "operator"])
def test_the_page_asks_few_queries_whoever_reads_it(who, django_assert_max_num_queries):
    grant = grants.halved(hours=100)
    friend = grant.members.create(user=member(), cluster_user="friend", since=grant.starts_on).user
    user = {
        "lead": grant.proposal.lead,
        "member": friend,
        "office": research_officer(),
        "operator": grants.operator_for(grant),
    }[who]
    used(grant, 8, 8, 8)
    person = Person(user)
    person.get("allocation", grant.number)
    with django_assert_max_num_queries(14):
        assert person.get("allocation", grant.number).status_code == 200


@pytest.mark.parametrize("page", ["1", "2", "3", "99", "0", "-1", "x", "9" * 40])
def test_pages_of_job_runs_need_no_count_of_their_own(page):
    grant = used(recent(), *[1] * 30)
    lead = Person(grant.proposal.lead)
    url = reverse("compute_grants:allocation", args=[grant.number])
    runs = lead.client.get(url, {"page": page}).context["runs"]
    wanted = {"2": 2, "3": 2, "99": 2}.get(page, 1)
    assert runs.paginator.count == 30
    if page in {"1", "2"}:
        assert (runs.number, len(runs)) == (wanted, 25 if wanted == 1 else 5)
    else:
        assert len(runs) in {5, 25}


# The API


def test_the_life_of_a_grant_over_the_api(client):
    grant = used(grants.halved(hours=1000), 8)
    backend = "allauth.account.auth_backends.AuthenticationBackend"
    client.force_login(grant.proposal.lead, backend=backend)

    def send(act, **data):
        url = reverse(f"api:allocation-{act}", args=[grant.number])
        return client.post(url, data, "application/json")

    life = client.get(reverse("api:allocation-life", args=[grant.number])).json()
    assert [part["state"] for part in life["parts"]] == ["released", "planned"]
    assert life["promised_seconds"] == 1000 * HOUR
    assert send("set-alerts", percents=[80], runs_out=False, idle_days=0).json()["alerts"][
        "percents"
    ] == [80]
    assert send("listen", on=True).status_code == 200
    shares = {"development": 0, "training": 100, "finetuning": 0, "inference": 0}
    planned = send("plan-stages", percents=shares).json()["stages"]
    assert {row["stage"]: row["planned_seconds"] for row in planned}["training"] == 1000 * HOUR
    assert send("plan-stages", percents={"rest": 100}).status_code == 422
    assert send("release-part", position=2, reason="x").status_code == 403
    client.force_login(grants.operator_for(grant), backend=backend)
    assert send("release-part", position=9, reason="x").status_code == 404
    done = send("release-part", position=2, reason="Read.").json()
    assert done["released_seconds"] == 1000 * HOUR
    assert send("withhold-part", position=2, reason="x").status_code == 409
