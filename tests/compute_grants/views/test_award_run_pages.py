"""Pages of the award optimiser: start, follow, read, compare; in a fixed number of queries."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from compute_grants.models import AwardRun
from tests.factories import compute_grants as make
from tests.factories.awards import award_run
from tests.factories.consortium import member

HOUR = make.HOUR
MOST_QUERIES = 15


@pytest.fixture
def judge(call, client):
    person = make.panellist(call)
    client.force_login(person)
    return person


def ranked(call, score=4, hours=600, **fields):
    proposal = make.proposal_for(call, state="ranked", hours=hours, **fields)
    make.review_of(proposal, (score, score, score))
    return proposal


def page(name, *args):
    return reverse(f"compute_grants:{name}", args=args)


def test_start_from_the_form(call, judge, client):
    ranked(call)
    address = page("award_run_create", call.code)
    form = client.get(address).context["form"]
    sent = {name: value for name, value in form.initial.items() if value is not None}
    answer = client.post(address, {**sent, "title": "A fifth", "floor_university": 20})
    run = AwardRun.objects.get()
    assert answer.status_code == 302 and answer["Location"] == run.get_absolute_url()
    assert run.parameters["floors"] == {"university": 20}
    assert run.title == "A fifth"
    body = client.get(run.get_absolute_url()).content.decode()
    assert "hx-get" in body and page("award_run_stop", run.pk) in body


def test_figures_out_of_range_are_said_at_the_field(call, judge, client):
    ranked(call)
    answer = client.post(page("award_run_create", call.code), {"min_share_percent": 0})
    assert answer.status_code == 422
    assert "min_share_percent" in answer.context["form"].errors


def test_from_an_earlier_run(call, judge, client):
    ranked(call)
    run = award_run(call, by=judge, floors={"centre": 30}, min_share_percent=80)
    answer = client.get(page("award_run_create", call.code) + f"?from={run.pk}")
    assert answer.context["form"]["floor_centre"].value() == 30
    assert answer.context["form"]["min_share_percent"].value() == 80
    assert client.get(page("award_run_create", call.code) + "?from=x").status_code == 200


def test_progress_reloads_the_page_once_it_has_ended(call, judge, client):
    ranked(call)
    run = award_run(call, by=judge)
    answer = client.get(page("award_run_progress", run.pk), headers={"HX-Request": "true"})
    assert answer["HX-Refresh"] == "true"
    assert client.get(page("award_run_progress", run.pk))["Location"] == run.get_absolute_url()
    AwardRun.objects.update(state="running", ended_at=None)
    answer = client.get(page("award_run_progress", run.pk), headers={"HX-Request": "true"})
    assert "HX-Refresh" not in answer and b"every 2s" in answer.content


def test_stop_button(call, judge, client):
    ranked(call)
    run = award_run(call, by=judge)
    AwardRun.objects.update(state="running", ended_at=None)
    client.post(page("award_run_stop", run.pk))
    assert AwardRun.objects.get().stop_asked


@pytest.mark.parametrize("language", ["en", "zh-hans"])
def test_each_decline_in_words(call, judge, client, language):
    best, second = ranked(call, 5, hours=900), ranked(call, 3, hours=800)
    run = award_run(call, by=judge, min_share_percent=100)
    address = run.get_absolute_url()
    body = client.get(f"{address}?lang={language}").content.decode()
    assert best.number in body and second.number in body
    words = "lower than the lowest" if language == "en" else "低于"
    assert words in body
    declined = client.get(address, {"outcome": "declined"})
    assert [row.number for row in declined.context["page_obj"].object_list] == [second.number]


def test_csv_masks_too(call, judge, client):
    own, other = ranked(call, lead=judge), ranked(call, 3, hours=300)
    run = award_run(call, by=judge)
    lines = b"".join(client.get(page("award_run_csv", run.pk)).streaming_content).decode()
    assert f",{own.number},,,masked,,,,,," in lines
    assert f",{other.number}," in lines


def test_compare_shows_differences_only(call, judge, client):
    same, other = ranked(call, 5, hours=900), ranked(call, 3, hours=800)
    one = award_run(call, by=judge, min_share_percent=100)
    resource = call.budgets.get().resource_id
    two = award_run(call, by=judge, min_share_percent=100, budgets={str(resource): 1_700 * HOUR})
    address = page("award_run_compare", call.code)
    body = client.get(address, {"a": one.pk, "b": two.pk}).content.decode()
    assert other.number in body and same.number not in body
    assert client.get(address, {"a": "x"}).status_code == 404
    assert client.get(address, {"a": 10**9}).status_code == 404


def test_outsiders_find_nothing(call, judge, client):
    ranked(call)
    run = award_run(call, by=judge)
    client.force_login(make.panellist())
    assert client.get(run.get_absolute_url()).status_code == 404
    assert client.get(page("award_run_list", call.code)).status_code == 403
    client.force_login(member())
    assert client.get(run.get_absolute_url()).status_code == 403


def test_as_many_queries_for_many_as_for_few(call, judge, client):
    counts = []
    for _ in range(2):
        for _ in range(3):
            ranked(call, hours=50)
        first, second = (award_run(call, by=judge, min_share_percent=n) for n in (50, 90))
        compare = f"{page('award_run_compare', call.code)}?a={first.pk}&b={second.pk}"
        addresses = [second.get_absolute_url(), page("award_run_list", call.code), compare]
        for address in addresses:
            client.get(address)
        counts.append([_queries(client, address) for address in addresses])
    assert counts[0] == counts[1]
    assert max(counts[0]) < MOST_QUERIES


def _queries(client, address):
    with CaptureQueriesContext(connection) as captured:
        assert client.get(address).status_code == 200
    return len(captured)
