"""Pages and API of reports on grants."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from compute_grants.models import GrantReport
from tests.compute_grants.api.test_grants_api import Api
from tests.compute_grants.views.person import Person, text
from tests.factories.allocations import active, operator_for
from tests.factories.consortium import member, research_officer
from tests.factories.reports import TEXTS, report_of, submitted_report, written_report

pytestmark = pytest.mark.django_db


@pytest.fixture
def report() -> GrantReport:
    today = timezone.localdate()
    grant = active(starts_on=today - timedelta(days=9), ends_on=today + timedelta(days=356))
    return report_of(grant)


@pytest.fixture
def lead(report) -> Person:
    return Person(report.allocation.proposal.lead)


def test_from_the_first_word_to_acceptance(report, lead):
    number = report.number
    assert report.number in text(lead.client.get(report.allocation.get_absolute_url()))
    saved = lead.send("report_edit", number, version="1", **TEXTS)
    assert saved["Location"] == reverse("compute_grants:report_check", args=[number])
    assert TEXTS["achievements"] in text(lead.get("report_check", number))
    sent = lead.send("report_check", number, version="2")
    assert "SHA-256" in text(lead.client.get(sent["Location"]))
    office = Person(research_officer())
    assert "Accept the report" in text(office.get("report", number))
    assert office.send("report", number, act="return", reason="").status_code == 422
    assert office.send("report", number, act="accept", reason="Good.").status_code == 302
    assert office.send("report", number, act="accept").status_code == 409
    assert "Good." in text(lead.get("report", number))


def test_incomplete_and_stale_are_refused_on_the_page(report, lead):
    assert "Say what was achieved." in text(lead.get("report_check", report.number))
    assert lead.send("report_check", report.number, version="1").status_code == 422
    assert lead.get("report_receipt", report.number).status_code == 404
    lead.send("report_edit", report.number, version="1", **TEXTS)
    assert lead.send("report_check", report.number, version="1").status_code == 409


def test_autosave_and_a_change_elsewhere(report, lead):
    url = reverse("compute_grants:report_edit", args=[report.number])
    headers = {"Accept": "application/json"}
    first = lead.client.post(url, {"version": "1", "achievements": "A"}, headers=headers)
    assert first.json()["version"] == 2
    stale = lead.client.post(url, {"version": "1", "achievements": "B"}, headers=headers)
    assert stale.status_code == 409
    page = lead.client.post(url, {"version": "1", "achievements": "B"})
    assert page.status_code == 409
    assert "Changed elsewhere" in text(page)


def test_who_is_no_member_is_told_the_rule_or_nothing(report):
    operator = Person(operator_for(report.allocation))
    refused = operator.get("report_edit", report.number)
    assert refused.status_code == 403
    assert "Only the lead and the members" in text(refused)
    assert Person(member()).get("report_edit", report.number).status_code == 404
    written_report(report.allocation)
    page = text(operator.get("report", report.number))
    assert TEXTS["achievements"] not in page
    assert "still writing" in page


def test_the_list_narrows(report, lead):
    submitted_report(report.allocation)
    office = Person(research_officer())
    for query, found in (("whose=judge", 1), ("whose=late", 0), ("kind=final", 0), ("", 1)):
        page = office.client.get(f"{reverse('compute_grants:report_list')}?{query}")
        assert len(page.context["rows"]) == found
    assert len(lead.client.get("/grant-reports/?whose=mine").context["rows"]) == 1
    assert "No reports here" in text(Person(member()).get("report_list"))


def test_lists_and_pages_ask_a_fixed_number_of_queries(report, lead):
    urls = {reverse("compute_grants:report_list"): 12, report.get_absolute_url(): 15}
    counts: dict[str, list[int]] = {url: [] for url in urls}
    lead.get("report_list")  # what a session's first page asks once
    for _ in range(2):
        for _ in range(3):
            active(resource=report.allocation.resource, proposal=report.allocation.proposal)
        for url in urls:
            with CaptureQueriesContext(connection) as queries:
                assert lead.client.get(url).status_code == 200
            counts[url].append(len(queries))
    for url, most in urls.items():
        assert counts[url][0] == counts[url][1] <= most, counts


def test_over_the_api(report):
    path = f"grant-reports/{report.number}/"
    mine, office = Api(report.allocation.proposal.lead), Api(research_officer())
    assert mine.patch(path, version=1, **TEXTS)["version"] == 2
    assert office.get(path)["achievements"] == ""
    mine.patch(path, 409, version=1, achievements="Old.")
    office.post(f"{path}submit/", 403)
    Api(member()).post(f"{path}submit/", 404)
    assert len(mine.post(f"{path}submit/", version=2)["content_hash"]) == 64
    assert office.get(path)["achievements"] == TEXTS["achievements"]
    assert office.get(f"{path}figures/")["used_seconds"] == 0
    mine.post(f"{path}accept/", 403)
    assert office.post(f"{path}return/", reason="More.")["state"] == "returned"
    mine.post(f"{path}submit/")
    assert office.post(f"{path}accept/")["state"] == "accepted"
    assert len(office.get("grant-reports/")["results"]) == 1


# Late ones


def test_the_page_says_what_follows_and_the_office_gives_time_or_waives(report, lead):
    GrantReport.objects.filter(pk=report.pk).update(due_on=timezone.localdate() - timedelta(days=1))
    assert "This report is late" in text(lead.get("report", report.number))
    assert lead.get("report_extend", report.number).status_code == 403
    office = Person(research_officer())
    later = (timezone.localdate() + timedelta(days=30)).isoformat()
    assert office.send("report_extend", report.number, due_on=later, reason="").status_code == 422
    assert (
        office.send("report_extend", report.number, due_on=later, reason="Ill.").status_code == 302
    )
    assert "This report is late" not in text(lead.get("report", report.number))
    assert office.send("report_waive", report.number, reason="Merged.").status_code == 302
    assert office.send("report_waive", report.number, reason="Again.").status_code == 409


def test_more_time_and_waiver_over_the_api(report):
    office = Api(research_officer())
    path = f"grant-reports/{report.number}/"
    later = (report.due_on + timedelta(days=9)).isoformat()
    assert office.post(f"{path}extend/", due_on=later, reason="Ill.")["due_on"] == later
    Api(report.allocation.proposal.lead).post(f"{path}waive/", 403, reason="x")
    assert office.post(f"{path}waive/", reason="Merged.")["state"] == "waived"
