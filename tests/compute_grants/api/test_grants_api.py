"""The thin chain from machine to award over the API, each step by its own person with a token."""

from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from compute_grants.models import Allocation, Call, DecisionSet, Machine
from consortium.models import ApiToken, AuditEvent, Scope, User
from consortium.tokens import mint
from tests.factories import compute_grants as make
from tests.factories import decision_sets as sets
from tests.factories.consortium import (
    InstitutionFactory,
    deployment_officer,
    member,
    operator,
    principal,
    research_officer,
    reviewer,
)

HOUR = make.HOUR


class Api:
    """One person's client with a token."""

    def __init__(self, user, scopes=(Scope.GRANTS_READ, Scope.GRANTS_WRITE)) -> None:
        self.user = user
        minted = mint()
        ApiToken.objects.create(
            key_id=minted.key_id,
            digest=minted.digest,
            user=user,
            label="t",
            scopes=list(scopes),
            expires_at=timezone.now() + timedelta(days=1),
        )
        self.client = Client(headers={"Authorization": f"Bearer {minted.text}"})

    def get(self, path: str, status: int = 200):
        return self._checked(self.client.get(f"/api/v1/{path}"), status)

    def post(self, path: str, status: int = 200, **body):
        return self._checked(
            self.client.post(f"/api/v1/{path}", body, content_type="application/json"), status
        )

    def patch(self, path: str, status: int = 200, **body):
        return self._checked(
            self.client.patch(f"/api/v1/{path}", body, content_type="application/json"), status
        )

    @staticmethod
    def _checked(response, status: int):
        assert response.status_code == status, response.content
        return response.json()


MACHINE = {
    "code": "qinghe-2",
    "name_en": "Qinghe 2",
    "name_zh": "清河二号",
    "kind": "ai",
    "cluster": "qinghe_2",
    "power_watts": 1_500_000,
    "nodes": 128,
    "cards": 1024,
    "cores": 16384,
    "source": "Data sheet 2026",
}


def publish_machine(by: Api, centre) -> None:
    by.post("machines/", 201, centre=centre.slug, **MACHINE)
    by.post("machines/qinghe-2/publish/", 409)
    by.post(
        "machines/qinghe-2/partitions/",
        name="gpu",
        nodes=128,
        accelerator="Domestic A",
        accelerators_per_node=8,
        cores_per_node=128,
        memory_bytes_per_node=10**12,
        max_wall_seconds=72 * HOUR,
    )
    by.post("machines/qinghe-2/peaks/", partition="gpu", precision="BF16", gigaflops=320_000)
    by.post("machines/qinghe-2/resources/", tres="gres/gpu")
    by.post(
        "machines/qinghe-2/certify/", tres="gres/gpu", month="2026-12-01", seconds=500_000 * HOUR
    )
    assert by.post("machines/qinghe-2/publish/")["state"] == "published"


def publish_call(by: Api, panel: list[User]) -> str:
    now = timezone.now()
    code = by.post(
        "calls/",
        201,
        kind="root_model",
        stage="for_ai",
        title_en="Root model",
        title_zh="根模型",
        summary_en="Train it.",
        summary_zh="训练。",
        opens_at=now.isoformat(),
        closes_at=(now + timedelta(days=30)).isoformat(),
        rolling=True,
    )["code"]
    lines = [
        {"name_en": "Science", "name_zh": "科学", "weight_percent": 60},
        {"name_en": "Team", "name_zh": "团队", "weight_percent": 40},
    ]
    by.post(f"calls/{code}/rubric/", lines=lines)
    by.post(f"calls/{code}/budget/", machine="qinghe-2", seconds=100_000 * HOUR)
    by.post(f"calls/{code}/panel/", panel=[person.pk for person in panel])
    by.post(f"calls/{code}/publish/")
    assert by.post(f"calls/{code}/open/")["state"] == "open"
    return code


def submit_proposal(by: Api, code: str, house) -> tuple[str, int]:
    number = by.post("proposals/", 201, call=code, institution=house.slug, title_en="Digits")[
        "number"
    ]
    by.patch(
        f"proposals/{number}/",
        version=1,
        title_zh="数字",
        summary="S",
        science_case="C",
        software="T",
        data_ethics="D",
    )
    by.patch(f"proposals/{number}/", 409, version=1, summary="Other")
    asked = by.post(
        f"proposals/{number}/ask/",
        machine="qinghe-2",
        precision="BF16",
        seconds=1_000 * HOUR,
        cards=64,
        justification="Measured.",
    )
    receipt = by.post(f"proposals/{number}/submit/", version=3)
    assert len(receipt["content_hash"]) == 64
    problem = by.post(f"proposals/{number}/submit/", 409)
    assert problem["code"] == "AlreadySubmitted"
    return number, asked["requests"][0]["id"]


def review(by: Api, number: str, call: Call) -> None:
    pk = by.get("reviews/")["results"][0]["id"]
    by.get(f"proposals/{number}/", 404)
    by.post(f"reviews/{pk}/declare/", conflict="")
    by.get(f"proposals/{number}/")
    scores = [{"criterion": c.pk, "value": 4, "reason": "Sound."} for c in call.criteria.all()]
    by.post(f"reviews/{pk}/submit/", scores=scores, comment="Good.")
    assert len(by.get(f"reviews/{pk}/reviews/")) >= 1


def test_from_a_machine_to_an_award(db):
    centre = InstitutionFactory.create(centre=True)
    house = InstitutionFactory.create()
    at_centre, office = Api(operator(centre)), Api(research_officer())
    judge = Api(reviewer(panellist=True))
    lead = Api(principal(house))
    publish_machine(at_centre, centre)
    second = reviewer(panellist=True)
    code = publish_call(office, [judge.user, second])
    number, request = submit_proposal(lead, code, house)
    office.post(f"proposals/{number}/send-to-centres/")
    at_centre.post(
        f"proposals/{number}/technical-review/", request=request, verdict="feasible", reason="Fits."
    )
    due = (timezone.now() + timedelta(days=7)).isoformat()
    reviewers = [Api(reviewer()), Api(reviewer())]
    for one in reviewers:
        office.post(f"proposals/{number}/assign/", 201, reviewer=one.user.pk, due_at=due)
        review(one, number, Call.objects.get())
    assert judge.post(f"calls/{code}/rank/") == {"ranked": 1}
    assert judge.get(f"calls/{code}/board/")[0]["mean"] == 4.0
    award = {
        "outcome": "awarded",
        "reason": "Excellent.",
        "lines": [{"request": request, "seconds": 900 * HOUR}],
        "starts_on": "2026-12-01",
        "ends_on": "2027-05-31",
    }
    lead.post(f"proposals/{number}/decide/", 403, **award)
    found = judge.post(f"proposals/{number}/decide/", **award)
    assert not Allocation.objects.exists()
    found = judge.post(f"decision-sets/{found['number']}/propose/")
    judge.post(f"decision-sets/{found['number']}/sign/", 403, content_sha256=found["sha256"])
    for one in (judge.user, second):
        sets.sign(DecisionSet.objects.get(), one)
    assert Allocation.objects.get().seconds == 900 * HOUR
    budget = Api(member()).get(f"calls/{code}/")["budgets"][0]
    assert budget["left"] == 99_100 * HOUR
    told = list(AuditEvent.objects.order_by("pk").values_list("action", flat=True))
    assert [t for t in told if t.startswith("proposal.")] == [
        "proposal.started",
        "proposal.saved",
        "proposal.saved",
        "proposal.submitted",
        "proposal.sent_to_centres",
        "proposal.technically_reviewed",
        "proposal.in_peer_review",
        "proposal.ranked",
        "proposal.awarded",
        "proposal.letter_issued",
    ]


def test_machines_and_calls_are_public(db):
    make.machine()
    make.call_with()
    make.MachineFactory.create()
    make.CallFactory.create()
    anybody = Client()
    assert len(anybody.get("/api/v1/machines/").json()["results"]) == 2
    assert len(anybody.get("/api/v1/calls/").json()["results"]) == 1
    assert anybody.get("/api/v1/proposals/").status_code == 401
    assert anybody.post("/api/v1/machines/", {}).status_code in {401, 403}


def test_a_reading_token_writes_nothing(db):
    lead = principal()
    draft = make.proposal_for(make.call_with(), lead=lead)
    api = Api(lead, scopes=[Scope.GRANTS_READ])
    api.get(f"proposals/{draft.number}/")
    api.post(f"proposals/{draft.number}/submit/", 403)
    draft.refresh_from_db()
    assert draft.state == "draft"


def test_unknown_fields_are_refused(db):
    lead = principal()
    draft = make.proposal_for(make.call_with(), lead=lead)
    problem = Api(lead).patch(f"proposals/{draft.number}/", 422, version=1, state="awarded")
    assert "state" in problem["errors"]


def test_return_withdraw_drop_and_correct(db):
    call = make.call_with()
    lead, office = Api(principal()), Api(research_officer())
    proposal = make.proposal_for(call, state="submitted", lead=lead.user)
    number = proposal.number
    assert office.post(f"proposals/{number}/return/", reason="Data?")["state"] == "returned"
    request = proposal.requests.get()
    assert lead.post(f"proposals/{number}/drop/", request=request.pk)["requests"] == []
    assert lead.post(f"proposals/{number}/submit/", 422)["errors"].keys() == {"requests"}
    assert lead.post(f"proposals/{number}/withdraw/", reason="x")["state"] == "withdrawn"


def test_an_infeasible_one_is_turned_down(db):
    proposal = make.proposal_for(make.call_with(), state="technical_review", feasible=True)
    request = proposal.requests.get()
    centre = Api(make.operator_of(request.resource.machine.centre))
    centre.post(
        f"proposals/{proposal.number}/technical-review/",
        422,
        request=request.pk,
        verdict="partly",
        reason="x",
    )
    request.technical_review.delete()
    centre.post(
        f"proposals/{proposal.number}/technical-review/",
        request=request.pk,
        verdict="infeasible",
        reason="No memory.",
    )
    office = Api(research_officer())
    body = office.post(f"proposals/{proposal.number}/reject-infeasible/", reason="No centre.")
    assert body["outcome"] == "rejected"


def test_edit_and_states_of_machines_and_calls(db):
    machine = make.machine(published=False)
    centre = Api(make.operator_of(machine.centre))
    assert centre.patch(f"machines/{machine.code}/", name_en="New")["name_en"] == "New"
    centre.post(f"machines/{machine.code}/publish/")
    down = centre.post(f"machines/{machine.code}/set-state/", state="maintenance")
    assert down["state"] == Machine.State.MAINTENANCE
    office = Api(research_officer())
    call = make.call_with(state="draft")
    assert office.patch(f"calls/{call.code}/", title_en="New")["title_en"] == "New"
    office.post(f"calls/{call.code}/close-to-review/", 409)
    decided = make.call_with(state="in_review")
    office.post(f"calls/{decided.code}/decide/")
    assert office.post(f"calls/{decided.code}/close/")["state"] == "closed"


@pytest.mark.parametrize(
    ("who", "proposal", "machine"),
    [
        (member, 404, 404),
        (operator, 404, 404),
        (research_officer, 404, 200),
        (deployment_officer, 403, 404),
    ],
)
def test_what_one_may_not_see_is_not_there(db, who, proposal, machine):
    draft = make.proposal_for(make.call_with())
    secret = make.machine(published=False)
    api = Api(who())
    api.get(f"proposals/{draft.number}/", proposal)
    api.get(f"machines/{secret.code}/", machine)


def test_a_declined_reviewer_reads_nothing(db):
    assignment = make.AssignmentFactory.create()
    api = Api(assignment.reviewer)
    api.post(f"reviews/{assignment.pk}/declare/", conflict="My student.")
    api.get(f"proposals/{assignment.proposal.number}/", 404)
    api.post(f"reviews/{assignment.pk}/submit/", 422, scores=[], comment="x")
    Api(reviewer()).post(f"reviews/{assignment.pk}/declare/", 404, conflict="")


@pytest.mark.parametrize("path", ["machines/", "calls/", "proposals/", "reviews/"])
def test_lists_take_a_fixed_number_of_queries(db, path, django_assert_max_num_queries):
    call = make.call_with()
    office = Api(research_officer())

    def grow() -> None:
        proposal = make.proposal_for(call, state="peer_review")
        make.AssignmentFactory.create(proposal=proposal)
        make.call_with()

    for _ in range(3):
        grow()
        with django_assert_max_num_queries(14):
            office.get(path)
