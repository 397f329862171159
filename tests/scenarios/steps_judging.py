"""A review with its draft and rebuttal, and a panel that follows an award run, page by page."""

from __future__ import annotations

from compute_grants.models import AwardRun, Call, Proposal, ReviewAssignment
from tests.factories import compute_grants as make
from tests.factories.awards import finished
from tests.scenarios.desk import Desk
from tests.scenarios.steps_grants import SCIENCE

ANSWER = "The second run used the whole data set."


def invited() -> ReviewAssignment:
    """A proposal in peer review: one review is in, and one is asked for."""
    call = make.call_with(state="in_review")
    proposal = make.proposal_for(call, state="peer_review", science_case=SCIENCE)
    make.review_of(proposal)
    assignment: ReviewAssignment = make.AssignmentFactory.create(proposal=proposal)
    return assignment


def ranked_call(judges: list) -> tuple[Call, Proposal, Proposal]:
    """A call whose time is enough for part of the better of two proposals."""
    call = make.call_with(hours=500, state="in_review", panel=judges)
    found = []
    for score in (5, 3):
        proposal = make.proposal_for(call, state="ranked", hours=800)
        make.review_of(proposal, (score,) * 3)
        found.append(proposal)
    return call, found[0], found[1]


def keep_draft(desk: Desk, number: str) -> None:
    """Half of the review is saved, left, and found again."""
    desk.field("Reason for this score").first.fill("As the pilot run shows.")
    desk.press("Save the draft")
    desk.take_up("Review", number)
    assert desk.field("Reason for this score").first.input_value() == "As the pilot run shows."


def open_rebuttal(desk: Desk, number: str) -> None:
    desk.open(f"/proposals/{number}/reviewers/")
    desk.follow("Open rebuttal")
    desk.press("Open rebuttal")
    desk.sees("Rebuttal is open. The lead was told.")


def answer_reviews(desk: Desk, number: str, reviewer: str) -> None:
    """Scores and comments, and no name."""
    desk.take_up("Answer the reviews", number)
    desk.sees("Clear and complete.", written=True)
    assert reviewer not in desk.main.inner_text()
    form = desk.main.locator("form").last  # of the review that came in last
    form.locator("textarea").fill(ANSWER)
    desk.go(form.locator("button"))
    desk.sees("Your answer is in.")


def read_answer(desk: Desk, assignment: ReviewAssignment) -> None:
    """The reviewer reads it, revises the comment and hands the review in again."""
    desk.open(assignment.get_absolute_url())
    desk.sees(ANSWER, written=True)
    desk.press("Revise my review")
    desk.write("Comment", "Clear and complete, as the answer shows.")
    desk.press("Submit the review")
    desk.sees("Clear and complete, as the answer shows.", written=True)


# The panel


def propose_awards(desk: Desk, call: Call) -> AwardRun:
    """From the board to a run that is done."""
    desk.open(call.get_absolute_url())
    desk.follow("Panel board")
    desk.follow("Proposed awards")
    desk.follow("Propose awards")
    desk.press("Propose awards")
    run = finished(AwardRun.objects.get(call=call))
    desk.open(run.get_absolute_url())
    return run


def adopt(desk: Desk) -> str:
    """Dates and reasons; then the limit that bound the decline stands in the set. Its number."""
    desk.follow("Adopt as a draft of decisions")
    desk.write("First day", "2027-01-01")
    desk.write("Last day", "2027-12-31")
    desk.write("Reason of the awards", "Among the best.")
    desk.choose("turned down", within="Proposals without time")
    desk.write("Reason of the declines", "Above the time.")
    desk.press("Make the draft")
    desk.sees("What bound it in the award run:")
    desk.press("Ask for signatures")
    return desk.main.locator(".record .code").first.inner_text().strip()


def published(desk: Desk, found: str) -> None:
    desk.open(f"/decisions/{found}/")
    desk.sees("Every lead was told; each decision is final.")


def read_letter(desk: Desk, number: str) -> None:
    """The lead of a declined proposal reads what bound it."""
    desk.open(f"/proposals/{number}/decision/")
    assert desk.fact("Outcome") == desk.say("rejected")
    desk.follow("Letter")
    desk.main.get_by_role("heading", name=desk.say("What bound it"), exact=True).wait_for()
