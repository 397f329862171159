"""The award optimiser over the API."""

import pytest

from compute_grants.models import AwardRun
from tests.factories import compute_grants as make
from tests.factories.awards import award_run

HOUR = make.HOUR


@pytest.fixture
def call(db):
    call = make.call_with(hours=1_000, state="in_review")
    for score, hours in ((5, 900), (3, 800)):
        proposal = make.proposal_for(call, state="ranked", hours=hours)
        make.review_of(proposal, (score, score, score))
    return call


@pytest.fixture
def judge(call, client):
    person = make.panellist(call)
    client.force_login(person)
    return person


def post(client, address, body):
    return client.post(address, body, content_type="application/json")


def test_start_read_and_stop(call, judge, client):
    body = {"call": call.code, "title": "First", "floors": {"university": 10}}
    answer = post(client, "/api/v1/award-runs/", body)
    assert answer.status_code == 201, answer.content
    made = answer.json()
    assert (made["state"], made["call"]) == ("queued", call.code)
    assert made["parameters"]["floors"] == {"university": 10}
    assert client.get("/api/v1/award-runs/").json()["results"][0]["id"] == made["id"]
    stopped = post(client, f"/api/v1/award-runs/{made['id']}/stop/", {})
    assert stopped.json()["state"] == "stopped"
    assert post(client, f"/api/v1/award-runs/{made['id']}/stop/", {}).status_code == 409


def test_a_figure_out_of_range(call, judge, client):
    answer = post(client, "/api/v1/award-runs/", {"call": call.code, "max_machines": 99})
    assert answer.status_code == 422
    assert not AwardRun.objects.exists()


def test_result_and_comparison(call, judge, client):
    one = award_run(call, by=judge, min_share_percent=100)
    two = award_run(call, by=judge, min_share_percent=50)
    rows = client.get(f"/api/v1/award-runs/{one.pk}/result/").json()["rows"]
    assert [row["outcome"] for row in rows] == ["awarded", "declined"]
    assert rows[0]["lines"][0]["awarded_seconds"] == 900 * HOUR
    assert rows[1]["reasons"]
    address = f"/api/v1/award-runs/{one.pk}/compare/"
    changed = client.get(address, {"with": two.pk}).json()
    assert changed
    assert client.get(address, {"with": "x"}).status_code == 404


def test_others_do_not_see_it(call, judge, client):
    run = award_run(call, by=judge)
    client.force_login(make.panellist())
    assert client.get(f"/api/v1/award-runs/{run.pk}/").status_code == 404
    assert post(client, "/api/v1/award-runs/", {"call": call.code}).status_code == 403
