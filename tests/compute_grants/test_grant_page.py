"""The page of a grant, its tables as CSV, and accounting files sent by page and API."""

import csv
from datetime import date, timedelta
from io import StringIO

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from django.utils import timezone

from compute_grants.actions import allocations, usage
from compute_grants.models import UsageImport, UsageRecord
from compute_grants.queries import allocations as queries
from compute_grants.queries.my_allocations import allocation_holdings, allocation_tasks, my_rows
from consortium.actions import ledger
from tests.factories.allocations import active, awarded, operator_for, row, sacct, suspended
from tests.factories.compute_grants import HOUR
from tests.factories.consortium import member, operator, research_officer, staff

pytestmark = pytest.mark.django_db
BACKEND = "allauth.account.auth_backends.AuthenticationBackend"


def load(allocation, *rows):
    machine = allocation.resource.machine
    return usage.import_sacct(machine=machine, stream=sacct(rows), source="s.psv", by=None)


def used_grant(jobs: int = 3, hours: int = 1000):
    """Active since 60 days; `jobs` runs of 8 card-hours each, one a day up to yesterday."""
    today = timezone.localdate()
    grant = active(
        hours=hours,
        starts_on=today - timedelta(days=60),
        ends_on=today + timedelta(days=300),
    )
    now = timezone.now()
    load(
        grant,
        *[
            row(
                grant,
                job=n + 1,
                submit=(now - timedelta(days=n % 20 + 1)).replace(microsecond=0),
                state="FAILED" if n == 0 else "COMPLETED",
                ConsumedEnergyRaw="3600000",
            )
            for n in range(jobs)
        ],
    )
    grant.refresh_from_db()
    return grant


def page(client, grant, person=None, **query):
    client.force_login(person or grant.proposal.lead, backend=BACKEND)
    return client.get(grant.get_absolute_url(), query)


def table(response) -> list[dict[str, str]]:
    text = b"".join(response.streaming_content).decode("utf-8-sig")
    return list(csv.DictReader(StringIO(text)))


@pytest.mark.parametrize("language", ["en", "zh-hans"])
def test_the_page_shows_hours_energy_and_jobs(client, language):
    grant = used_grant()
    answer = page(client, grant, lang=language)
    assert answer.status_code == 200
    text = answer.content.decode()
    assert grant.number in text
    assert "burn-down" in text
    assert "3.0 kWh" in text


@pytest.mark.parametrize("make", [awarded, active, suspended])
def test_a_grant_without_usage_has_a_page(client, make):
    assert page(client, make()).status_code == 200


def test_outsiders_get_404(client):
    grant = active()
    assert page(client, grant, member()).status_code == 404


def test_the_page_takes_as_many_queries_for_fifty_jobs_as_for_three(
    client, django_assert_max_num_queries
):
    for jobs in (3, 50):
        grant = used_grant(jobs)
        client.force_login(grant.proposal.lead, backend=BACKEND)
        client.get(grant.get_absolute_url())  # the first visit also writes the session's row
        with django_assert_max_num_queries(14):
            assert client.get(grant.get_absolute_url()).status_code == 200


def test_the_list_takes_a_fixed_number_of_queries(client, django_assert_max_num_queries):
    for _ in range(6):
        used_grant()
    client.force_login(research_officer(), backend=BACKEND)
    with django_assert_max_num_queries(17):
        answer = client.get(reverse("compute_grants:allocation_list"))
    assert len(answer.context["rows"]) == 6


def test_job_runs_are_filtered_and_downloaded_as_shown(client):
    grant = used_grant()
    answer = page(client, grant, state="FAILED")
    assert [run.job_state for run in answer.context["runs"]] == ["FAILED"]
    url = reverse("compute_grants:allocation_usage_csv", args=[grant.number])
    (only,) = table(client.get(url, {"state": "FAILED"}))
    assert (only["job_state"], only["charged"]) == ("FAILED", str(8 * HOUR))
    assert len(table(client.get(url))) == 3


def test_a_job_name_cannot_run_as_a_formula_in_a_spreadsheet(client):
    grant = active()
    load(grant, row(grant, JobName="=HYPERLINK(1)"))
    client.force_login(grant.proposal.lead, backend=BACKEND)
    url = reverse("compute_grants:allocation_usage_csv", args=[grant.number])
    assert table(client.get(url))[0]["job_name"] == "'=HYPERLINK(1)"


def test_the_ledger_file_adds_up_to_what_is_left(client):
    grant = used_grant()
    client.force_login(grant.proposal.lead, backend=BACKEND)
    url = reverse("compute_grants:allocation_ledger_csv", args=[grant.number])
    seconds = sum(int(line["seconds"]) for line in table(client.get(url)))
    assert seconds == ledger.balance(grant.account).available
    by_day = reverse("compute_grants:allocation_burn_csv", args=[grant.number])
    assert int(table(client.get(by_day))[-1]["left_seconds"]) == seconds


# Pace


def pace(left: int, recent: int = 0, **dates) -> queries.Pace:
    given = {
        "granted": 1000,
        "recent_days": 10,
        "starts_on": date(2026, 1, 1),
        "ends_on": date(2026, 12, 31),
        "today": date(2026, 7, 1),
    } | dates
    return queries.Pace(left=left, recent=recent, **given)


@pytest.mark.parametrize(
    ("left", "recent", "state"),
    [
        (1000, 0, queries.UNUSED),
        (500, 10, queries.ON_PACE),
        (500, 100, queries.OVER_PACE),
        (50, 0, queries.RUNNING_LOW),
        (0, 10, queries.USED_UP),
        (-1, 10, queries.OVER),
    ],
)
def test_the_state_of_the_pace(left, recent, state):
    assert pace(left, recent).state == state


def test_when_the_hours_run_out():
    assert pace(100, 100).runs_out_on == date(2026, 7, 11)
    assert pace(100, 0).runs_out_on is None
    assert pace(0, 5).runs_out_on == date(2026, 7, 1)


def test_the_burn_down_ends_at_the_ledgers_balance():
    grant = used_grant(jobs=5)
    burn = queries.burn_down(grant)
    assert burn.points[-1].left == ledger.balance(grant.account).available
    assert sum(month.used for month in burn.months) == 40 * HOUR
    assert burn.pace.recent == 40 * HOUR
    assert queries.rows([grant])[0].pace == burn.pace


def test_leads_are_told_when_their_hours_run_low():
    grant = used_grant(jobs=12, hours=100)
    lead = grant.proposal.lead
    (task,) = allocation_tasks(lead, my_rows(lead))
    assert grant.number in task.title
    (holding,) = allocation_holdings(my_rows(lead))
    assert holding.href == grant.get_absolute_url()
    assert my_rows(member()) == []


# Changing it


def test_the_lead_adds_and_removes_a_member_on_the_page(client):
    grant, friend = active(), member()
    client.force_login(grant.proposal.lead, backend=BACKEND)
    add = reverse("compute_grants:member_add", args=[grant.number])
    bad = client.post(add, {"user": "nobody@example.org"})
    assert bad.status_code == 422
    assert "nobody@example.org" in bad.content.decode()
    assert client.post(add, {"user": friend.email}).status_code == 302
    extra = grant.members.get(user=friend)
    remove = reverse("compute_grants:member_remove", args=[grant.number, extra.pk])
    assert client.post(remove).status_code == 302
    assert not grant.members.filter(user=friend, until__isnull=True).exists()


def test_the_office_suspends_with_a_reason_and_resumes(client):
    grant = active()
    client.force_login(research_officer(), backend=BACKEND)
    suspend = reverse("compute_grants:allocation_change", args=[grant.number, "suspend"])
    assert client.get(suspend).status_code == 200
    assert client.post(suspend, {"reason": ""}).status_code == 422
    assert client.post(suspend, {"reason": "Audit."}).status_code == 302
    resume = reverse("compute_grants:allocation_resume", args=[grant.number])
    assert client.post(resume).status_code == 302
    assert client.post(resume).status_code == 409
    unknown = reverse("compute_grants:allocation_change", args=[grant.number, "delete"])
    assert client.get(unknown).status_code == 404


# Accounting files


def test_an_operator_sends_a_file_on_the_page(client):
    grant = active()
    client.force_login(operator_for(grant), backend=BACKEND)
    url = reverse("compute_grants:usage_import_create")
    assert client.get(url).status_code == 200

    def send(*rows, **more):
        file = SimpleUploadedFile("day.psv", sacct(rows).getvalue())
        machine = grant.resource.machine_id
        return client.post(url, {"machine": machine, "file": file, **more})

    bad = send(row(grant, State="BROKEN"))
    assert bad.status_code == 422
    assert "BROKEN" in bad.content.decode()
    done = send(row(grant))
    assert done.status_code == 302
    detail = client.get(done["Location"])
    assert detail.status_code == 200
    assert UsageImport.objects.get().source == "day.psv"
    assert client.get(reverse("compute_grants:usage_import_list")).status_code == 200


def test_operators_of_other_centres_cannot_choose_the_machine(client):
    grant = active()
    client.force_login(operator(), backend=BACKEND)
    file = SimpleUploadedFile("day.psv", sacct([row(grant)]).getvalue())
    url = reverse("compute_grants:usage_import_create")
    answer = client.post(url, {"machine": grant.resource.machine_id, "file": file})
    assert answer.status_code == 422
    assert not UsageRecord.objects.exists()


def test_a_cluster_sends_its_accounting_over_the_api(client):
    grant = active()
    client.force_login(operator_for(grant), backend=BACKEND)
    url = reverse("api:usageimport-list")
    code = grant.resource.machine.code
    data = sacct([row(grant)]).getvalue()
    done = client.post(f"{url}?machine={code}", data, content_type="text/plain")
    assert done.status_code == 201
    assert done.json()["recorded"] == 1
    part = {"file": SimpleUploadedFile("day.psv", data)}
    assert client.post(f"{url}?machine={code}", part).json()["unchanged"] == 1
    refused = client.post(f"{url}?machine={code}", b"no header\n", content_type="text/plain")
    assert refused.status_code == 422
    assert refused["Content-Type"] == "application/problem+json"
    assert client.post(f"{url}?machine=none", data, content_type="text/plain").status_code == 404
    assert client.get(url).json()["count"] == 2


def test_balances_and_jobs_over_the_api(client):
    grant = used_grant()
    client.force_login(grant.proposal.lead, backend=BACKEND)
    detail = client.get(reverse("api:allocation-detail", args=[grant.number])).json()
    assert detail["left_seconds"] == grant.seconds - 24 * HOUR
    assert detail["used_seconds"] == 24 * HOUR
    runs = client.get(reverse("api:allocation-usage", args=[grant.number])).json()
    assert runs["count"] == 3
    assert len(table(client.get(reverse("api:allocation-usage-csv", args=[grant.number])))) == 3
    burn = client.get(reverse("api:allocation-burn-down", args=[grant.number])).json()
    assert burn["days"][-1]["left_seconds"] == detail["left_seconds"]
    assert client.get(reverse("api:allocation-list")).json()["count"] == 1


def test_members_and_states_over_the_api(client):
    grant, friend = active(), member()
    client.force_login(grant.proposal.lead, backend=BACKEND)

    def post(name, **data):
        url = reverse(f"api:allocation-{name}", args=[grant.number])
        return client.post(url, data, content_type="application/json")

    assert post("add-member", email=friend.email).status_code == 201
    assert post("add-member", email=friend.email).status_code == 409
    assert post("add-member", mail=friend.email).status_code == 422
    assert post("remove-member", email=friend.email).status_code == 204
    assert post("suspend", reason="x").status_code == 403
    client.force_login(operator_for(grant), backend=BACKEND)
    assert post("suspend", reason="Audit.").json()["state"] == "suspended"
    assert post("resume").json()["state"] == "active"
    assert post("close", reason="Done.").json()["state"] == "closed"


def test_auditors_read_imports_and_import_nothing(client):
    grant = active()
    done = load(grant, row(grant))
    client.force_login(staff("auditor"), backend=BACKEND)
    assert client.get(done.get_absolute_url()).status_code == 200
    assert client.get(reverse("compute_grants:usage_import_create")).status_code == 403


def test_a_grant_that_just_ended_says_why(client):
    grant = active()
    allocations.close(grant, reason="Its work is done.", by=None)
    assert "Its work is done." in page(client, grant).content.decode()
