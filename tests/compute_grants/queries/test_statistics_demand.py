"""Demand against supply: the sums, their rows, and who reads what."""

from datetime import date

import pytest
from django.core.exceptions import PermissionDenied
from django.test import Client
from django.urls import reverse

from compute_grants.models import Proposal, Resource, TechnicalReview
from compute_grants.queries import statistics
from compute_grants.queries.statistics import demand
from compute_grants.queries.statistics.scope import Asked, Scope
from consortium.models import Affiliation, ArmAppointment, Institution, User
from tests.factories import compute_grants as make
from tests.factories.compute_grants import HOUR
from tests.factories.consortium import (
    AffiliationFactory,
    InstitutionFactory,
    deployment_officer,
    institution_admin,
    member,
    operator,
    research_officer,
    staff,
)

pytestmark = pytest.mark.django_db
BACKEND = "allauth.account.auth_backends.AuthenticationBackend"


@pytest.fixture
def office() -> User:
    return research_officer()


@pytest.fixture
def call():
    """A decided call of 1,000 hours: 500 and 300 asked, the second capped at 100; 200 awarded."""
    made = make.call_with(hours=1000, state="decided")
    first = make.proposal_for(made, hours=500, state="awarded")
    second = make.proposal_for(made, hours=300, state="rejected")
    TechnicalReview.objects.filter(request__proposal=second).update(
        verdict="partly", cap_seconds=100 * HOUR
    )
    decision = make.decision_on(first, "rejected")
    type(decision).objects.filter(pk=decision.pk).update(
        outcome="awarded", starts_on=date(2026, 10, 1), ends_on=date(2027, 9, 30)
    )
    decision.lines.create(request=first.requests.get(), seconds=200 * HOUR)
    return made


def line(user, **asked):
    (row,) = demand.demands(Scope.of(user, Asked(**asked)))
    return row


def test_the_sums(office, call):
    row = line(office)
    assert (row.proposals, row.asked, row.feasible) == (2, 800 * HOUR, 600 * HOUR)
    assert (row.unanswered, row.awarded, row.budget) == (0, 200 * HOUR, 1000 * HOUR)
    assert (row.pressure, row.given) == (0.8, 0.2)


def test_what_waits_for_its_centre_is_neither_feasible_nor_refused(office):
    call = make.call_with(state="open")
    make.proposal_for(call, hours=70, state="technical_review")
    row = line(office)
    assert (row.asked, row.unanswered, row.feasible) == (70 * HOUR, 70 * HOUR, 0)


def test_drafts_and_what_was_withdrawn_are_not_asked(office, call):
    make.proposal_for(call, state="draft")
    gone = make.proposal_for(call, state="rejected")
    Proposal.objects.filter(pk=gone.pk).update(state="withdrawn")
    assert line(office).proposals == 2


def test_cards_and_cores_are_never_added_together(office):
    machine = make.machine()
    cards = machine.resources.get()
    cores = make.ResourceFactory.create(machine=machine, tres=Resource.Tres.CORES)
    call = make.call_with(cards, cores, state="in_review")
    make.proposal_for(call, hours=10, state="ranked")
    found = statistics.read("demand", office)
    assert [table.key for table in found.tables] == ["card_seconds", "core_seconds"]
    for table in found.tables:
        assert [row[f"asked_{table.key}"] for row in table.values()] == [10 * HOUR]


def test_a_proposal_on_two_machines_is_one_in_the_sum(office):
    one, two = (make.machine().resources.get() for _ in range(2))
    make.proposal_for(make.call_with(one, two, state="in_review"), state="ranked")
    (table,) = statistics.read("demand", office).tables
    assert [line.cells[2].value for line in table.lines] == [1, 1, 1]
    assert table.lines[-1].total


def test_filters(office, call):
    other = make.call_with(state="in_review")
    make.proposal_for(other, state="ranked")
    assert line(office, call=call).proposals == 2
    assert line(office, machine=other.budgets.get().resource.machine).proposals == 1
    assert line(office, centre=call.budgets.get().resource.machine.centre).proposals == 2
    assert demand.demands(Scope.of(office, Asked(until=date(2020, 1, 1)))) == []
    assert len(demand.demands(Scope.of(office, Asked(since=date(2020, 1, 1))))) == 2


def test_each_figure_leads_to_its_rows(office, call):
    make.proposal_for(make.call_with(state="in_review"), state="ranked")
    client = Client()
    client.force_login(office, backend=BACKEND)
    (table,) = statistics.read("demand", office).tables
    for row in table.lines[:2]:
        listed = client.get(row.cells[2].href).context["page_obj"].paginator.count
        assert listed == row.cells[2].value
    of_call = next(row for row in table.lines if row.cells[0].value == call.code)
    listed = client.get(of_call.cells[6].href).context["page_obj"].object_list
    assert [proposal.state for proposal in listed] == ["awarded"]


def test_a_centre_reads_its_own_machines(call):
    make.proposal_for(make.call_with(state="in_review"), state="ranked")
    centre = call.budgets.get().resource.machine.centre
    for person in (operator(centre), institution_admin(centre)):
        assert line(person).call == call.code
    (table,) = statistics.read("demand", operator(centre)).tables
    assert "own=1" in table.lines[0].cells[2].href or "machine=" in table.lines[0].cells[2].href
    (table,) = statistics.read("demand", institution_admin(centre)).tables
    assert table.lines[0].cells[2].href == ""


def funder() -> User:
    return member(InstitutionFactory.create(kind=Institution.Kind.PUBLIC_BODY))


def test_a_funder_reads_decided_calls_without_small_cells(call):
    make.proposal_for(make.call_with(state="in_review"), state="ranked")
    (table,) = statistics.read("demand", funder(), Asked(until=date(2020, 1, 1))).tables
    (row,) = table.lines
    assert row.cells[0].value == call.code
    assert [cell.masked for cell in row.cells] == [False, False] + [True] * 8
    for _ in range(2):
        make.proposal_for(call, hours=10, state="rejected")
    (table,) = statistics.read("demand", funder()).tables
    assert table.lines[0].cells[2].value == 4
    assert table.lines[0].cells[2].href == ""


def test_the_for_profit_office_and_plain_members_read_nothing(call):
    both = funder()
    ArmAppointment.objects.create(user=both, office="deployment", since=date(2026, 1, 1))
    for person in (both, deployment_officer(), member(), institution_admin()):
        with pytest.raises(PermissionDenied):
            statistics.read("demand", person)


def test_admin_of_one_centre_and_operator_of_another_gets_no_lists(call):
    centre = call.budgets.get().resource.machine.centre
    person = operator(centre)
    AffiliationFactory.create(
        user=person,
        institution=InstitutionFactory.create(centre=True),
        role=Affiliation.Role.ADMIN,
    )
    (table,) = statistics.read("demand", person).tables
    assert table.lines[0].cells[2].href == ""


def test_an_auditor_reads_all(call):
    assert line(staff(ArmAppointment.Office.AUDITOR)).proposals == 2


@pytest.mark.parametrize("calls", [1, 4])
def test_a_fixed_number_of_queries(office, calls, django_assert_num_queries):
    for _ in range(calls):
        make.proposal_for(make.call_with(state="in_review"), state="ranked")
    scope = Scope.of(office)
    with django_assert_num_queries(4 if calls == 1 else 5):
        demand.report(scope)


class TestPages:
    @pytest.fixture
    def browse(self, office):
        client = Client()
        client.force_login(office, backend=BACKEND)
        return client

    def test_index_page_report_print_and_csv(self, browse, call):
        assert "Demand against supply" in browse.get("/statistics/").content.decode()
        address = reverse("compute_grants:statistics", args=["demand"])
        page = browse.get(address, {"call": call.code}).content.decode()
        assert "card_seconds.csv?call=" in page
        assert 'class="filter"' in page
        assert "What the words mean" in page
        paper = browse.get(address, {"call": call.code, "layout": "print"}).content.decode()
        assert 'class="filter"' not in paper
        assert call.code in paper
        rows = browse.get(f"{address}card_seconds.csv", {"call": call.code}).getvalue().decode()
        assert rows.splitlines()[0].endswith("asked_of_budget,awarded_of_budget")
        assert f"{call.code}," in rows.splitlines()[1]
        assert len(rows.splitlines()) == 2

    def test_what_is_wrong_with_the_filter_is_said(self, browse):
        address = reverse("compute_grants:statistics", args=["demand"])
        answer = browse.get(address, {"since": "2026-02-01", "until": "2026-01-01"})
        assert answer.status_code == 422
        api = reverse("api:statistics-detail", args=["demand"])
        assert browse.get(api, {"call": "none-such"}).status_code == 422

    def test_no_such_report(self, browse):
        for address in ("/statistics/none/", "/statistics/demand/none.csv"):
            assert browse.get(address).status_code == 404
        assert browse.get("/api/v1/statistics/none/").status_code == 404

    def test_the_api_says_what_the_page_says(self, browse, call, office):
        listed = browse.get("/api/v1/statistics/").json()
        assert "demand" in [entry["slug"] for entry in listed]
        found = browse.get("/api/v1/statistics/demand/").json()
        (table,) = found["tables"]
        assert table["rows"] == statistics.read("demand", office).tables[0].values()

    def test_others_are_refused(self):
        client = Client()
        client.force_login(member(), backend=BACKEND)
        assert client.get("/statistics/").status_code == 403
        assert client.get("/api/v1/statistics/demand/").status_code == 403
