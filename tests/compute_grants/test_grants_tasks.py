"""“What needs me” and what is mine, and that no list costs more queries as it grows."""

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from compute_grants.queries import holdings_for, machines_overview, open_calls, tasks_for
from compute_grants.queries.panel import board
from consortium.models import User
from tests.factories import compute_grants as make
from tests.factories.consortium import deployment_officer, member, principal, research_officer

BACKEND = "allauth.account.auth_backends.AuthenticationBackend"


def verbs(user) -> list[str]:
    return [task.verb for task in tasks_for(user)]


@pytest.fixture
def call(db):
    return make.call_with()


def test_a_lead_is_told_of_drafts_and_corrections_and_of_nothing_else(call):
    lead = principal()
    for state in ("draft", "returned", "submitted", "awarded", "withdrawn"):
        make.proposal_for(call, state=state, lead=lead)
    late = make.call_with(closes_at=timezone.now())
    make.proposal_for(late, lead=lead)
    tasks = tasks_for(lead)
    assert [t.verb for t in tasks] == ["Continue", "Correct"]
    assert (tasks[0].due, tasks[0].tone) == (call.closes_at, "plain")
    assert (tasks[1].why, tasks[1].tone) == ("Name the data.", "warn")


def test_a_deadline_within_three_days_warns(db):
    call = make.call_with(closes_at=make.ago(days=-2))
    draft = make.proposal_for(call)
    assert tasks_for(draft.lead)[0].tone == "warn"


def test_a_reviewer_is_told_soonest_first(call):
    later = make.AssignmentFactory.create(due_at=make.ago(days=-9))
    soon = make.AssignmentFactory.create(
        reviewer=later.reviewer, confirmed=True, due_at=make.ago(days=-1)
    )
    make.AssignmentFactory.create(reviewer=later.reviewer, submitted=True)
    make.AssignmentFactory.create(reviewer=later.reviewer, declined=True)
    tasks = tasks_for(later.reviewer)
    assert [t.verb for t in tasks] == ["Review", "Answer"]
    assert tasks[0].href == reverse("compute_grants:review", args=[soon.pk])
    assert tasks[1].href == reverse("compute_grants:review_declare", args=[later.pk])


def test_an_operator_is_told_of_verdicts_that_are_due(call):
    due = make.proposal_for(call, state="technical_review")
    make.proposal_for(call, state="technical_review", feasible=True)
    make.proposal_for(call, state="submitted")
    operator = make.operator_of(call.budgets.get().resource.machine.centre)
    (task,) = tasks_for(operator)
    assert due.number in task.title
    assert verbs(make.operator_of(make.machine().centre)) == []


def test_an_operator_is_told_of_draft_machines(db):
    draft = make.machine(published=False)
    assert verbs(make.operator_of(draft.centre)) == ["Publish"]


def test_the_office_is_told_what_to_check_assign_and_decide(call):
    make.proposal_for(call, state="submitted")
    make.proposal_for(call, state="technical_review")
    infeasible = make.proposal_for(call, state="technical_review", feasible=True)
    make.TechnicalReview.objects.filter(request__proposal=infeasible).update(verdict="infeasible")
    make.proposal_for(call, state="peer_review")
    enough = make.proposal_for(call, state="peer_review")
    make.AssignmentFactory.create_batch(2, proposal=enough)
    make.call_with(state="draft")
    assert sorted(verbs(research_officer())) == ["Assign reviewers", "Check", "Decide", "Prepare"]


def test_the_panel_is_told_but_not_of_its_own(call):
    judge = make.panellist(call)
    make.proposal_for(call, state="ranked", lead=judge)
    assert "Decide" not in verbs(judge)
    make.proposal_for(call, state="ranked")
    (task,) = tasks_for(judge)
    assert (task.verb, task.tone) == ("Decide", "seal")
    assert task.why == "1 ranked proposal waits for the panel."
    assert verbs(make.panellist(make.call_with())) == []


def test_the_deployment_office_has_nothing_here(call):
    officer = deployment_officer()
    make.proposal_for(call, lead=officer)
    make.AssignmentFactory.create(reviewer=officer)
    assert tasks_for(officer) == []
    assert holdings_for(officer) == []


def test_holdings_are_proposals_under_way(call):
    lead = principal()
    for state in ("draft", "peer_review", "rejected", "withdrawn"):
        make.proposal_for(call, state=state, lead=lead)
    assert [h.state for h in holdings_for(lead)] == ["peer review", "draft"]
    assert holdings_for(member()) == []


def test_open_calls_soonest_first(db):
    later = make.call_with(closes_at=make.ago(days=-9))
    soon = make.call_with(closes_at=make.ago(days=-1))
    for state in ("draft", "published", "in_review"):
        make.call_with(state=state)
    assert open_calls() == [soon, later]


def test_machines_overview_adds_up_peaks(db):
    machine = make.machine(precisions=("BF16",))
    make.MachineFactory.create()
    make.MachineFactory.create(retired=True)
    (row,) = machines_overview()
    assert row.machine == machine
    assert row.best == ("BF16", pytest.approx(256 * 8 * 320_000 / 1e6))


def test_the_board_ranks_by_weighted_mean(db):
    call = make.call_with(state="in_review")  # weights 50, 30, 20
    low, high, none = (make.proposal_for(call, state="ranked") for _ in range(3))
    for proposal, scores in ((low, [(5, 0, 0), (1, 1, 1)]), (high, [(3, 3, 3), (3, 3, 3)])):
        for values in scores:
            make.review_of(proposal, values)
    rows = board(call, make.panellist(call))
    assert [(r.number, r.rank, r.standing.mean, r.standing.spread) for r in rows] == [
        (high.number, 1, 3.0, 0.0),
        (low.number, 2, 1.75, 1.5),
        (none.number, None, None, None),
    ]


def test_the_board_hides_scores_of_what_its_reader_still_reviews(db):
    call = make.call_with(state="in_review")
    judge = make.panellist(call)
    proposal = make.proposal_for(call, state="peer_review")
    make.review_of(proposal, (5, 5, 5))
    assert board(call, judge)[0].standing.mean == 5.0
    make.AssignmentFactory.create(proposal=proposal, reviewer=judge, confirmed=True)
    assert board(call, judge)[0].standing.mean is None


# A fixed number of queries


def grow(call, judge: User) -> None:
    """One more of everything."""
    make.proposal_for(call, state="submitted")
    make.proposal_for(call, state="technical_review")
    proposal = make.proposal_for(call, state="peer_review")
    make.AssignmentFactory.create(proposal=proposal, reviewer=judge)
    make.review_of(make.proposal_for(call, state="ranked"))
    make.proposal_for(call, lead=judge)
    make.call_with()


# One query for each source that serves the role: the office has the most of them.
@pytest.mark.parametrize(("who", "most"), [("judge", 9), ("office", 15), ("operator", 9)])
def test_tasks(db, who, most, django_assert_max_num_queries):
    call = make.call_with(state="in_review")
    judge = make.panellist(call)
    people = {
        "judge": judge,
        "office": research_officer(),
        "operator": make.operator_of(call.budgets.get().resource.machine.centre),
    }
    for _ in range(3):
        grow(call, judge)
        user = User.objects.get(pk=people[who].pk)
        with django_assert_max_num_queries(most + 4):  # four for the person's standing
            assert tasks_for(user)


PAGES = {
    "machine_list": ((), "judge", 11),
    "call_list": ((), "judge", 10),
    "proposal_list": ((), "office", 10),
    "review_list": ((), "judge", 12),
    "call": (("code",), "judge", 20),
    "board": (("code",), "judge", 16),
}


def test_a_proposal_costs_the_same_however_much_happened(db):
    call = make.call_with(state="in_review")
    proposal = make.proposal_for(call, state="rejected")
    make.decision_on(proposal)
    client = Client()
    client.force_login(proposal.lead, backend=BACKEND)
    counts = []
    for _ in range(3):
        make.review_of(proposal)
        make.decision_on(proposal)
        make.feasible_request(proposal, make.ResourceFactory.create(), hours=5)
        with CaptureQueriesContext(connection) as queries:
            assert client.get(proposal.get_absolute_url()).status_code == 200
        counts.append(len(queries))
    assert counts[1] == counts[2] <= 15, counts


@pytest.mark.parametrize("page", PAGES)
def test_pages_cost_the_same_however_long(db, page):
    call = make.call_with(state="in_review")
    judge = make.panellist(call)
    args, who, most = PAGES[page]
    client = Client()
    client.force_login({"judge": judge, "office": research_officer()}[who], backend=BACKEND)
    url = reverse(f"compute_grants:{page}", args=[call.code] if args else [])
    counts = []
    for _ in range(3):
        grow(call, judge)
        with CaptureQueriesContext(connection) as queries:
            assert client.get(url).status_code == 200
        counts.append(len(queries))
    assert counts[1] == counts[2] <= most, counts
