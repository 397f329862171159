"""Pages of plans of reviewers: preview, run, read, change, apply; then the same over the API."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from compute_grants.actions import assignment_plans as plans
from compute_grants.models import AssignmentPlan, ReviewAssignment
from tests.compute_grants.api.test_grants_api import Api
from tests.compute_grants.views.person import Person, text
from tests.factories import compute_grants as make
from tests.factories.consortium import AffiliationFactory, research_officer, reviewer, staff
from tests.factories.matching import ExpertiseFactory, PairFactory, TopicFactory

pytestmark = pytest.mark.django_db
DUE = "2030-01-01T17:00"
WISH = {"per_proposal": "1", "most": "8", "least": "0", "seconds": "30", "seed": "0"}


@pytest.fixture
def office() -> Person:
    return Person(research_officer())


@pytest.fixture
def call():
    call = make.call_with(state="in_review")
    make.proposal_for(call, state="peer_review", title_en="Ocean waves", title_zh="海浪")
    ExpertiseFactory.create(statement="Ocean waves 海浪")
    return call


def computed(office, call) -> AssignmentPlan:
    office.send("matching", call.code, act="run", **WISH)
    plans.compute_waiting()
    return AssignmentPlan.objects.latest("pk")


def test_a_preview_keeps_nothing(office, call):
    page = text(office.send("matching", call.code, act="preview", **WISH))
    assert 'id="preview"' in page and "found in" in page
    assert not AssignmentPlan.objects.exists()
    assert (
        office.send("matching", call.code, act="preview", **WISH | {"most": "0"}).status_code == 422
    )


def test_from_the_form_to_the_receipt(office, call):
    plan = computed(office, call)
    page = text(office.get("assignment_plan", plan.pk))
    assert "ocean" in page and "Apply the plan" in page
    pair = plan.pairs.get()
    check = text(office.get("plan_apply", plan.pk))
    assert f'value="{pair.pk}"' in check
    assert office.send("plan_apply", plan.pk, due_at=DUE).status_code == 422
    assert office.send("plan_apply", plan.pk, pairs=[pair.pk], due_at=DUE).status_code == 302
    assert ReviewAssignment.objects.get().reviewer == pair.reviewer
    assert "Invited: 1." in text(office.get("assignment_plan", plan.pk))
    assert office.get("plan_apply", plan.pk).status_code == 409


def test_change_a_proposals_reviewers(office, call):
    other = ExpertiseFactory.create(statement="Boats").person
    plan = computed(office, call)
    pair = plan.pairs.select_related("proposal").get()
    where = ("plan_proposal", plan.pk, pair.proposal.number)
    assert other.name in text(office.get(*where))
    assert office.send(*where, act="lock", pair=pair.pk).status_code == 302
    assert office.send(*where, act="plan", reviewer=other.pk).status_code == 409  # it is full
    sent = office.send(*where, act="plan", pair=pair.pk, reviewer=other.pk)
    assert sent.status_code == 302
    assert plan.pairs.get().reviewer == other
    assert office.send(*where, act="remove", pair=plan.pairs.get().pk).status_code == 302
    assert not plan.pairs.exists()
    assert office.send(*where, act="plan", reviewer="x").status_code == 422
    assert office.send(*where, act="remove", pair="99999").status_code == 422


def test_stop_and_again(office, call):
    office.send("matching", call.code, act="run", **WISH)
    plan = AssignmentPlan.objects.get()
    assert "It waits for a worker." in text(office.get("assignment_plan", plan.pk))
    assert office.send("matching", call.code, act="run", **WISH).status_code == 409
    assert office.send("plan_stop", plan.pk).status_code == 302
    assert office.send("plan_again", plan.pk).status_code == 302
    assert [each.state for each in AssignmentPlan.objects.order_by("pk")] == ["stopped", "queued"]


def test_ones_own_side_is_hidden(office, call):
    plan = computed(office, call)
    proposal = call.proposals.get()
    AffiliationFactory.create(user=office.user, institution=proposal.institution)
    page = text(office.get("assignment_plan", plan.pk))
    assert proposal.number in page and "Ocean waves" not in page
    assert office.get("plan_proposal", plan.pk, proposal.number).status_code == 403
    assert "Ocean" not in b"".join(office.get("plan_csv", plan.pk)).decode()


def test_auditors_read_and_do_nothing(office, call):
    plan, auditor = computed(office, call), Person(staff("auditor"))
    assert "Apply the plan" in text(auditor.get("assignment_plan", plan.pk))  # greyed, with why
    assert "Only the R&amp;D office plans reviewers." in text(auditor.get("matching", call.code))
    assert auditor.send("matching", call.code, act="run", **WISH).status_code == 403
    assert auditor.get("reviewer_pool", call.code).status_code == 200
    for page in ("matching", "reviewer_pool"):
        assert Person(reviewer()).get(page, call.code).status_code == 403
    assert Person(reviewer()).get("assignment_plan", plan.pk).status_code == 404


def test_the_file_holds_each_pair(office):
    pair = PairFactory.create(plan__asked_by=office.user)
    body = b"".join(office.get("plan_csv", pair.plan.pk)).decode()
    assert pair.proposal.number in body and "climate" in body


def test_as_many_queries_for_few_as_for_many(office):
    first = PairFactory.create(plan__asked_by=office.user)
    ExpertiseFactory.create(of=[TopicFactory.create()])
    pages = (("assignment_plan", first.plan.pk), ("reviewer_pool", first.plan.call.code))

    def counts() -> list[int]:
        found = []
        for page, where in pages:
            with CaptureQueriesContext(connection) as seen:
                assert office.get(page, where).status_code == 200
            found.append(len(seen))
        return found

    counts()
    few = counts()
    for _ in range(3):
        ExpertiseFactory.create(person=PairFactory.create(plan=first.plan).reviewer)
    assert counts() == few
    assert few[0] <= 20 and few[1] <= 12


def test_over_the_api(call):
    mine = Api(research_officer())
    wish = {"call": call.code, "per_proposal": 1, "most": 8}
    seen = mine.post("assignment-plans/preview/", **wish)
    assert (seen["pairs"], seen["wanted"], seen["short"]) == (1, 1, 0)
    plan = mine.post("assignment-plans/", 201, **wish)
    mine.post("assignment-plans/", 409, **wish)
    plans.compute_waiting()
    path = f"assignment-plans/{plan['id']}"
    assert mine.get(f"{path}/")["state"] == "done"
    [row] = mine.get(f"{path}/pairs/")
    [pair] = row["pairs"]
    assert "ocean" in pair["terms"]
    other = ExpertiseFactory.create().person
    mine.post(f"{path}/add/", 409, proposal=row["proposal"], reviewer=other.pk)
    made = mine.post(f"{path}/swap/", pair=pair["id"], reviewer=other.pk)
    assert mine.post(f"{path}/lock/", pair=made["id"], locked=False)["locked"] is False
    mine.post(f"{path}/remove/", pair=made["id"])
    made = mine.post(f"{path}/add/", 201, proposal=row["proposal"], reviewer=other.pk)
    mine.post(f"{path}/apply/", 422, pairs=[made["id"] + 1], due_at=f"{DUE}:00Z")
    done = mine.post(f"{path}/apply/", pairs=[made["id"]], due_at=f"{DUE}:00Z")
    assert done["state"] == "applied"
    assert mine.get(f"{path}/pairs/")[0]["pairs"][0]["outcome"] == "invited"
    mine.post(f"{path}/stop/", 409)
    Api(reviewer()).get(f"{path}/", 404)
    assert mine.get(f"assignment-plans/?call={call.code}")["count"] == 1
    assert mine.get("assignment-plans/?call=none")["count"] == 0
