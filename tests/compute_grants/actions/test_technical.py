"""The centre's checklist."""

import pytest

from compute_grants.actions import technical
from compute_grants.actions.technical import Finding
from compute_grants.models import TechnicalCheck
from compute_grants.queries.technical import found_by_portal
from consortium.errors import Invalid
from tests.factories import compute_grants as make

HOUR = make.HOUR


@pytest.fixture
def asked(db):
    proposal = make.proposal_for(make.call_with(), state="technical_review", hours=100)
    return proposal.requests.select_related("resource__machine__centre").get()


ALL_OK = {item: Finding("ok") for item in TechnicalCheck.Item}


def judge(asked, verdict="feasible", checks=None, **more):
    by = make.operator_of(asked.resource.machine.centre)
    return technical.judge_feasibility(
        asked, verdict=verdict, reason="Why.", checks=checks, by=by, **more
    )


def test_every_line_is_kept(asked):
    review = judge(asked, checks=ALL_OK)
    assert review.checks.count() == len(TechnicalCheck.Item)


def test_left_out_lines_stand_as_the_portal_found_them(asked):
    review = judge(asked)
    found = found_by_portal(asked)
    assert {c.item: c.result for c in review.checks.all()} == {
        item: f.result for item, f in found.items()
    }


@pytest.mark.parametrize("result", ["concern", "fail"])
def test_what_is_not_in_order_says_why(asked, result):
    with pytest.raises(Invalid) as caught:
        judge(asked, "partly", {"memory": Finding(result, " ")}, cap_seconds=HOUR)
    assert "note_memory" in caught.value.errors


def test_a_failed_line_is_not_feasible(asked):
    fails = ALL_OK | {"software": Finding("fail", "No licence here.")}
    with pytest.raises(Invalid) as caught:
        judge(asked, checks=fails)
    assert "verdict" in caught.value.errors
    assert judge(asked, "infeasible", fails).ceiling == 0


@pytest.mark.parametrize("verdict", ["partly", "infeasible"])
def test_nothing_wrong_is_not_infeasible(asked, verdict):
    cap = {"cap_seconds": HOUR} if verdict == "partly" else {}
    with pytest.raises(Invalid) as caught:
        judge(asked, verdict, ALL_OK, **cap)
    assert "verdict" in caught.value.errors


@pytest.mark.parametrize("checks", [{"colour": Finding("ok")}, {"memory": Finding("maybe", "x")}])
def test_no_other_lines_or_answers(asked, checks):
    with pytest.raises(Invalid):
        judge(asked, checks=checks)


def test_corrected_while_others_answer():
    proposal = make.proposal_for(
        make.call_with(make.machine().resources.get(), make.machine().resources.get()),
        state="technical_review",
    )
    asked = proposal.requests.select_related("resource__machine__centre").first()
    judge(asked, checks=ALL_OK)
    fails = ALL_OK | {"storage": Finding("concern", "Scratch is full.")}
    review = judge(asked, "partly", fails, cap_seconds=HOUR)
    assert review.checks.get(item="storage").result == "concern"
    assert review.checks.count() == len(TechnicalCheck.Item)


test_corrected_while_others_answer = pytest.mark.django_db(test_corrected_while_others_answer)


@pytest.mark.parametrize(
    ("fields", "item", "result"),
    [
        ({"cards": 10**6}, "job_size", "fail"),
        ({"cards": 1024}, "job_size", "concern"),
        ({"cards": 8}, "job_size", "ok"),
        ({"precision": "INT8"}, "precision", "fail"),
        ({"precision": "BF16"}, "precision", "ok"),
        ({"seconds": 10**9, "cards": 1}, "arithmetic", "concern"),
    ],
)
def test_what_the_portal_finds_itself(asked, fields, item, result):
    for name, value in fields.items():
        setattr(asked, name, value)
    assert found_by_portal(asked)[item].result == result
