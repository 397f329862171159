"""What stands between reviewers and proposals: ties, a conflict, a waiver by two, a draft."""

from datetime import timedelta

from django.utils import timezone

from compute_grants.actions import review_drafts, reviews, ties, waivers
from compute_grants.models import Proposal, ReviewAssignment, Tie
from compute_grants.policies.conflicts import conflicts_between
from consortium.models import User
from portal.demo import clock
from portal.demo.grants import OFFICE, REVIEWERS
from portal.demo.people import person

SECOND_OFFICER = "m.haugen"
YEAR = timedelta(days=365)


def load() -> None:
    """On the first proposal in peer review, in order: each step needs the one before."""
    proposal = Proposal.objects.filter(state=Proposal.State.PEER_REVIEW).earliest("pk")
    with clock.at(clock.days(-6)):
        _recall_ties()
        colleague = _tied(proposal)
    with clock.at(clock.days(-5)):
        _waive(proposal, colleague)
    with clock.at(clock.days(-4)):
        _begin_review(proposal)


def _recall_ties() -> None:
    """What a reviewer tells of the past, without regard to any proposal."""
    reviewer = person(REVIEWERS[0])
    ties.record(
        reviewer,
        kind=Tie.Kind.CO_EDITOR,
        other_email="editor@journal.example",
        other_name="E. Lindqvist",
        since=timezone.localdate() - 4 * YEAR,
        until=timezone.localdate() - 3 * YEAR,
        note="A special issue on reproducible training.",
        by=reviewer,
    )


def _tied(proposal: Proposal) -> User:
    """The first reviewer not yet asked, who once published with the lead."""
    asked = set(proposal.assignments.values_list("reviewer_id", flat=True))
    people = [person(handle) for handle in REVIEWERS]
    free = [one for one in people if one.pk not in asked]
    clear = next(one for one in free if not conflicts_between([proposal], [one]))
    ties.record(
        clear,
        kind=Tie.Kind.COLLABORATION,
        other_email=proposal.lead.email,
        other_name=proposal.lead.name,
        since=timezone.localdate() - 3 * YEAR,
        until=timezone.localdate() - 2 * YEAR,
        note="One joint paper; no common work since.",
        by=clear,
    )
    return clear


def _waive(proposal: Proposal, reviewer: User) -> None:
    """Asked by one officer, approved by another; then the reviewer may be invited."""
    found = conflicts_between([proposal], [reviewer], waived=True)
    (conflict,) = found[proposal.pk, reviewer.pk]
    waiver = waivers.ask(
        proposal,
        reviewer=reviewer,
        ground=conflict.key,
        reason="Nobody else among the reviewers works on this kind of error analysis.",
        by=person(OFFICE),
    )
    waivers.decide(
        waiver, approve=True, note="One paper, two years ago.", by=person(SECOND_OFFICER)
    )


def _begin_review(proposal: Proposal) -> None:
    """One invited reviewer has confirmed and written half of the review."""
    assignment = proposal.assignments.filter(state=ReviewAssignment.State.INVITED).earliest("pk")
    reviewer = assignment.reviewer
    assignment = reviews.declare(assignment, conflict="", by=reviewer)
    first = proposal.call.criteria.earliest("position")
    score = {"value": 4, "reason": "The error bounds are stated and tested."}
    content = {"scores": {str(first.pk): score}, "comment": "", "confidential_note": ""}
    review_drafts.save(assignment, content=content, version=0, by=reviewer)
