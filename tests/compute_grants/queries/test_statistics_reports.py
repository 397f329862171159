"""Awards, success rates, time to decision, use and energy: sums, rows and masks."""

from datetime import UTC, datetime, timedelta

import pytest
from django.test import Client
from scipy.stats import binomtest

from compute_grants import grid
from compute_grants.actions.usage import import_sacct
from compute_grants.models import (
    Allocation,
    PanelDecision,
    Proposal,
    Submission,
    TechnicalReview,
    UsageRecord,
)
from compute_grants.queries import statistics
from compute_grants.queries.statistics import success, timing
from compute_grants.queries.statistics.energy import grams
from compute_grants.queries.statistics.scope import Asked, Scope
from compute_grants.queries.statistics.tables import Cell, Column, Kind, Line, Table, masked
from consortium.models import Institution
from tests.factories import allocations as grants
from tests.factories import compute_grants as make
from tests.factories.compute_grants import HOUR
from tests.factories.consortium import InstitutionFactory, member, research_officer

pytestmark = pytest.mark.django_db
BACKEND = "allauth.account.auth_backends.AuthenticationBackend"


@pytest.fixture
def office():
    return research_officer()


@pytest.fixture
def browse(office):
    client = Client()
    client.force_login(office, backend=BACKEND)
    return client


def table(slug, key, user, **asked) -> Table:
    found = statistics.read(slug, user, Asked(**asked))
    return next(one for one in found.tables if one.key == key)


def lead_to_as_many(browse, table: Table, count: str) -> int:
    """Every line's count is that of the list it leads to. Returns how many lines were looked at."""
    place = [column.key for column in table.columns].index(count)
    for line in table.lines:
        cell = line.cells[place]
        assert browse.get(cell.href).context["page_obj"].paginator.count == cell.value, cell
    return len(table.lines)


class TestAwards:
    @pytest.fixture
    def granted(self):
        """100 hours to a university and 50 to an institute."""
        institute = InstitutionFactory.create(kind=Institution.Kind.INSTITUTE)
        return grants.awarded(hours=100), grants.awarded(hours=50, institution=institute)

    def test_by_kind_and_institution(self, office, granted, browse):
        kinds = table("awards", "kinds", office)
        sums = {row["kind"]: row["granted_card_seconds"] for row in kinds.values()}
        assert sums == {
            "academy institute": 50 * HOUR,
            "university": 100 * HOUR,
            "Sum": 150 * HOUR,
        }
        institutions = table("awards", "institutions", office)
        assert institutions.lines[0].cells[0].value == granted[0].proposal.institution.name
        assert lead_to_as_many(browse, kinds, "grants") == 3
        assert lead_to_as_many(browse, institutions, "grants") == 2

    def test_what_is_planned_counts_as_granted(self, office, granted):
        Allocation.objects.filter(pk=granted[0].pk).update(held_seconds=20 * HOUR)
        assert table("awards", "kinds", office).values()[-1]["granted_card_seconds"] == 170 * HOUR

    def test_people_outside_read_no_institutions(self, granted):
        funder = member(InstitutionFactory.create(kind=Institution.Kind.PUBLIC_BODY))
        assert statistics.read("awards", funder).tables == ()  # the calls are still in review
        Allocation.objects.get(pk=granted[0].pk).proposal.call.__class__.objects.update(
            state="decided"
        )
        (kinds,) = statistics.read("awards", funder).tables
        assert all(cell.masked for line in kinds.lines for cell in line.cells[1:])


class TestSuccess:
    @pytest.fixture
    def call(self):
        made = make.call_with(state="in_review")
        for state, count in {"awarded": 1, "rejected": 3, "waitlisted": 1, "ranked": 2}.items():
            make.ProposalFactory.create_batch(count, call=made, **{state: True})
        return made

    def test_rates_with_their_interval(self, office, call, browse):
        calls = table("success", "calls", office)
        (row,) = calls.values()
        assert (row["submitted"], row["undecided"], row["waitlisted"]) == (7, 2, 1)
        assert row["success_rate"] == 0.25
        assert row["lower_bound"] < 0.25 < row["upper_bound"]
        for key in ("calls", "access", "kinds"):
            one = table("success", key, office)
            for column in ("submitted", "awarded", "rejected", "waitlisted", "undecided"):
                assert lead_to_as_many(browse, one, column) == 1
        href = calls.lines[0].cells[6].href
        assert browse.get(href).context["page_obj"].paginator.count == 4

    @pytest.mark.parametrize(("successes", "trials"), [(0, 5), (1, 4), (50, 100), (7, 7)])
    def test_the_interval_is_wilsons(self, successes, trials):
        expected = binomtest(successes, trials).proportion_ci(method="wilson")
        assert success.wilson(successes, trials) == pytest.approx(tuple(expected), abs=1e-6)

    def test_nothing_decided_has_no_rate(self, office):
        make.ProposalFactory.create(submitted=True)
        (row,) = table("success", "calls", office).values()
        assert (row["success_rate"], row["lower_bound"]) == (None, None)


class TestTiming:
    def decided(self, call, days: int) -> Proposal:
        """Answered a day after submission, reviewed a day later, decided after `days` in all."""
        proposal = make.proposal_for(call, state="rejected")
        begin = datetime(2026, 6, 1, tzinfo=UTC)
        Submission.objects.filter(proposal=proposal).update(submitted_at=begin)
        TechnicalReview.objects.update(reviewed_at=begin + timedelta(days=1))
        review = make.review_of(proposal)
        type(review).objects.update(submitted_at=begin + timedelta(days=2))
        decision = make.decision_on(proposal)
        PanelDecision.objects.filter(pk=decision.pk).update(decided_at=begin + timedelta(days=days))
        return proposal

    @pytest.fixture
    def call(self):
        made = make.call_with(state="in_review")
        for days in (4, 6, 14):
            self.decided(made, days)
        return made

    def test_steps(self, office, call, browse):
        steps = table("timing", "steps", office)
        assert [row["median_days"] for row in steps.values()] == [1.0, 1.0, 4.0, 6.0]
        assert steps.values()[-1]["ninetieth_percentile_days"] == pytest.approx(12.4)
        assert lead_to_as_many(browse, steps, "proposals") == 4
        assert lead_to_as_many(browse, table("timing", "calls", office), "proposals") == 1

    def test_what_is_not_decided_has_no_time(self, office, call):
        make.proposal_for(call, state="ranked")
        assert table("timing", "calls", office).values()[0]["proposals"] == 3

    def test_days_of_correction_count(self, office):
        proposal = self.decided(make.call_with(state="in_review"), 10)
        Submission.objects.create(
            proposal=proposal,
            version=proposal.version + 1,
            content={},
            content_hash=make.HASH,
            submitted_by=proposal.lead,
            submitted_at=datetime(2026, 6, 2, tzinfo=UTC),
        )
        assert table("timing", "calls", office).values()[0]["median_days"] == 10.0

    def test_two_queries(self, office, call, django_assert_num_queries):
        scope = Scope.of(office)
        with django_assert_num_queries(2):
            timing.report(scope)


class TestUseAndEnergy:
    @pytest.fixture
    def grant(self):
        """Two runs of 8 card-hours, one of them failed; energy measured on the first."""
        grant = grants.active()
        rows = [
            grants.row(grant, ConsumedEnergyRaw="7200000"),
            grants.row(grant, job=2, state="FAILED"),
        ]
        import_sacct(
            machine=grant.resource.machine, stream=grants.sacct(rows), source="a.psv", by=None
        )
        return grant

    def test_use_by_stage_and_precision(self, office, grant, browse):
        stages = table("use", "stages_card_seconds", office)
        (row,) = stages.values()
        assert (row["stage"], row["runs"], row["grants"]) == ("training", 2, 1)
        assert (row["used_card_seconds"], row["lost_card_seconds"]) == (16 * HOUR, 8 * HOUR)
        assert lead_to_as_many(browse, stages, "runs") == 1
        lost = browse.get(stages.lines[0].cells[5].href).context["page_obj"].paginator.count
        assert lost == 1
        precisions = table("use", "precisions_card_seconds", office)
        assert precisions.values()[0]["precision"] == "BF16"
        assert lead_to_as_many(browse, precisions, "runs") == 1
        both = table("use", "stages_by_precision_card_seconds", office)
        assert both.values() == [{"stage": "training", "bf16_card_seconds": 16 * HOUR}]
        assert browse.get(both.lines[0].cells[1].href).context["page_obj"].paginator.count == 2

    def test_energy(self, office, grant, browse):
        machines = table("energy", "machines", office)
        (row,) = machines.values()
        estimated = UsageRecord.objects.get(job_id_raw=2).energy_joules
        assert (row["measured_joules"], row["estimated_joules"]) == (7_200_000, estimated)
        newest = len(grid.FACTORS) - 1
        assert row["co2_grams"] == round(grams(7_200_000 + estimated, newest))
        (factor,) = table("energy", "factors", office).values()
        assert factor["published_for"] == str(grid.FACTORS[-1].year)
        assert factor["co2_grams"] == row["co2_grams"]
        for key in ("machines", "months", "factors"):
            one = table("energy", key, office)
            href = one.lines[0].cells[-1].href
            assert browse.get(href).context["page_obj"].paginator.count == 2

    def test_each_run_by_the_factor_of_its_day(self, office, grant):
        last_moment = datetime(2021, 12, 31, 15, 59, tzinfo=UTC)  # midnight is at 16:00
        UsageRecord.objects.filter(job_id_raw=100).update(used_at=last_moment)
        first, second = table("energy", "factors", office).values()
        assert (first["published_for"], second["published_for"]) == ("2021", "2023")
        assert first["energy_joules"] == 7_200_000

    def test_a_period(self, office, grant):
        tomorrow = grants.SUBMIT.date() + timedelta(days=1)
        assert statistics.read("energy", office, Asked(since=tomorrow)).tables == ()

    def test_runs_of_no_grant_are_in_no_figure(self, office, grant):
        UsageRecord.objects.filter(job_id_raw=2).update(allocation=None, charged=0)
        assert table("use", "stages_card_seconds", office).values()[0]["runs"] == 1

    def test_the_list_of_runs_and_its_csv(self, browse, grant):
        page = browse.get("/job-runs/", {"stage": "training", "source": "measured"})
        assert page.context["page_obj"].paginator.count == 1
        assert "job-runs.csv?stage=training&amp;source=measured" in page.content.decode()
        rows = browse.get("/job-runs.csv", {"source": "measured"}).getvalue().decode().splitlines()
        assert len(rows) == 2
        listed = browse.get("/api/v1/job-runs/", {"lost": "1"}).json()
        assert [row["job_state"] for row in listed["results"]] == ["FAILED"]

    def test_people_outside_read_no_matrix(self, grant):
        funder = member(InstitutionFactory.create(kind=Institution.Kind.PUBLIC_BODY))
        keys = {one.key for one in statistics.read("use", funder).tables}
        assert keys == {"stages_card_seconds", "precisions_card_seconds"}


def counted(*counts: int, total: bool = True) -> Table:
    lines = [Line((Cell(f"row {n}"), Cell(n, "/list/"), Cell(n * 10))) for n in counts]
    if total:
        lines.append(Line((Cell("Sum"), Cell(sum(counts)), Cell(10 * sum(counts))), total=True))
    columns = (Column("name", "Name", Kind.TEXT), Column("count", "Count"), Column("sum", "Sum"))
    return Table("t", "T", columns, tuple(lines), counts=("count",), option={"series": []})


class TestMasks:
    def shown(self, table: Table) -> list[int | None]:
        return [row["count"] for row in masked(table).values()]

    def test_small_lines_lose_their_figures_and_their_links(self):
        assert self.shown(counted(1, 2, 7)) == [None, None, 7, 10]
        table = masked(counted(1, 2, 7))
        assert table.option is None
        assert [line.cells[1].href for line in table.lines] == ["", "", "", ""]
        assert [line.cells[0].value for line in table.lines][:2] == ["row 1", "row 2"]

    def test_one_alone_takes_the_next_smallest_with_it(self):
        assert self.shown(counted(1, 9, 4)) == [None, 9, None, 14]

    def test_where_nothing_is_left_to_hide_behind_the_sum_goes(self):
        assert self.shown(counted(2)) == [None, None]
        assert self.shown(counted(2, 0)) == [None, 0, None]

    def test_nought_and_three_are_shown(self):
        table = masked(counted(0, 3))
        assert [row["count"] for row in table.values()] == [0, 3, 3]
        assert table.option is not None


@pytest.mark.parametrize("slug", list(statistics.REPORTS))
def test_a_fixed_number_of_queries(slug, office, django_assert_max_num_queries):
    for _ in range(3):
        make.proposal_for(make.call_with(state="in_review"), state="ranked")
        grants.active()
    with django_assert_max_num_queries(8):
        statistics.read(slug, office)


def test_every_report_opens_empty(browse):
    for entry in statistics.index():
        page = browse.get(f"/statistics/{entry.slug}/")
        assert page.status_code == 200
        assert "Nothing to count here" in page.content.decode()
