"""Rebuttal, and the checklist of technical reviews."""

from datetime import timedelta

import pytest
from django.core.exceptions import PermissionDenied
from django.utils import timezone

from compute_grants.actions import panel, rebuttals, technical
from compute_grants.actions.technical import Finding
from compute_grants.models import Rebuttal, TechnicalCheck
from compute_grants.queries.rebuttals import reviews_to_answer
from compute_grants.queries.tasks.reviews import to_answer
from compute_grants.queries.technical import found_by_portal
from compute_grants.rubric import anchors
from consortium.errors import Invalid
from consortium.models import Notification
from tests.factories import compute_grants as make
from tests.factories.consortium import (
    deployment_officer,
    member,
    operator,
    research_officer,
    reviewer,
)
from tests.factories.reviews import RebuttalWindowFactory

DAY = timedelta(days=1)
HOUR = make.HOUR


@pytest.fixture
def office(db):
    return research_officer()


@pytest.fixture
def reviewed(db):
    """In peer review with both reviews in."""
    proposal = make.proposal_for(make.call_with(), state="peer_review")
    for _ in range(2):
        make.review_of(proposal)
    return proposal


@pytest.fixture
def window(reviewed):
    return RebuttalWindowFactory.create(proposal=reviewed)


def open_(proposal, by, days=7):
    return rebuttals.open_window(proposal, until=timezone.now() + days * DAY, by=by)


def test_open_tells_the_lead(reviewed, office):
    open_(reviewed, office)
    assert Notification.objects.get().person == reviewed.lead
    (task,) = to_answer(reviewed.lead)
    assert reviewed.number in task.title


def test_not_before_all_reviews_are_in(reviewed, office):
    make.AssignmentFactory.create(proposal=reviewed, confirmed=True)
    with pytest.raises(rebuttals.ReviewsMissing, match="2 of 3"):
        open_(reviewed, office)


def test_not_with_fewer_than_the_call_asks(office):
    proposal = make.proposal_for(make.call_with(), state="peer_review")
    make.review_of(proposal)
    with pytest.raises(rebuttals.ReviewsMissing):
        open_(proposal, office)


@pytest.mark.parametrize("state", ["technical_review", "ranked", "awarded"])
def test_only_in_peer_review(office, state):
    proposal = make.proposal_for(make.call_with(), state=state)
    for _ in range(2):
        make.review_of(proposal)
    with pytest.raises(rebuttals.ReviewsMissing):
        open_(proposal, office)


def test_its_end_moves_on_and_never_back(reviewed, office, window):
    with pytest.raises(rebuttals.RebuttalOpen):
        open_(reviewed, office, days=1)
    assert open_(reviewed, office, days=20).until > window.until


def test_an_end_in_the_past(reviewed, office):
    with pytest.raises(Invalid):
        open_(reviewed, office, days=-1)


@pytest.mark.parametrize("who", [member, operator, reviewer, deployment_officer])
def test_only_the_office_opens_it(reviewed, who):
    with pytest.raises(PermissionDenied):
        open_(reviewed, who())


def test_the_lead_reads_nothing_before(reviewed):
    assert reviews_to_answer(reviewed) == []


def test_one_answer_to_each(reviewed, window):
    first, second = reviews_to_answer(reviewed)
    made = rebuttals.answer(first, text="Table 2 shows it.", by=reviewed.lead)
    assert made.review_version == 1
    with pytest.raises(rebuttals.AlreadyAnswered):
        rebuttals.answer(first, text="And more.", by=reviewed.lead)
    rebuttals.answer(second, text="We agree.", by=reviewed.lead)
    assert Rebuttal.objects.count() == 2
    assert not list(to_answer(reviewed.lead))


def test_the_reviewer_is_told(reviewed, window):
    review = reviews_to_answer(reviewed)[0]
    rebuttals.answer(review, text="No.", by=reviewed.lead)
    assert Notification.objects.get().person == review.assignment.reviewer


def test_only_the_lead_answers(reviewed, window, office):
    review = reviews_to_answer(reviewed)[0]
    for who in (office, review.assignment.reviewer, member(reviewed.institution)):
        with pytest.raises(PermissionDenied):
            rebuttals.answer(review, text="x", by=who)


def test_not_after_its_end_by_a_second(reviewed, window):
    window.until = timezone.now() - timedelta(seconds=1)
    window.save()
    review = reviews_to_answer(reviewed)[0]
    with pytest.raises(rebuttals.RebuttalClosed):
        rebuttals.answer(review, text="Late.", by=reviewed.lead)


def test_an_empty_answer(reviewed, window):
    with pytest.raises(Invalid):
        rebuttals.answer(reviews_to_answer(reviewed)[0], text=" ", by=reviewed.lead)


def test_nothing_is_ranked_while_it_is_open(reviewed, window):
    call = reviewed.call
    call.state = "in_review"
    call.save()
    judge = make.panellist(call)
    with pytest.raises(panel.NothingToRank):
        panel.rank(call, by=judge)
    window.until = timezone.now() - timedelta(seconds=1)
    window.save()
    assert panel.rank(call, by=judge) == 1


# The centre's checklist


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


# Anchors


@pytest.mark.parametrize(
    "text",
    [
        "0 cannot work; 3 credible plan; 5 shown at scale",
        "0 cannot work, 3 credible plan, 5 shown at scale",
        "0: cannot work\n3: credible plan\n5: shown at scale",
    ],
)
def test_anchors_of_every_score(text):
    found = anchors(text)
    assert (found[0], found[3], found[5]) == ("cannot work", "credible plan", "shown at scale")
    assert set(found) == set(range(6))
    assert found[4] == "very good"


def test_anchors_in_chinese_keep_their_figures():
    found = anchors("0 不可行；3 在512卡上可信；5 已有规模验证")
    assert (found[0], found[3], found[5]) == ("不可行", "在512卡上可信", "已有规模验证")


def test_no_anchors_at_all():
    assert anchors("")[5] == "outstanding"
