"""Writing and handing in reviews, for the tests of what may happen to them."""

from datetime import timedelta

from django.utils import timezone

from compute_grants.actions import review_drafts, reviews
from compute_grants.actions.reviews import Mark
from compute_grants.models import Review

DAY = timedelta(days=1)


def later(days: int = 14):
    return timezone.now() + days * DAY


def marks(assignment, value=4):
    criteria = assignment.proposal.call.criteria.all()
    return {c.pk: Mark(value, "Because.") for c in criteria}


def submit(assignment, value=4, comment="Good.") -> Review:
    return reviews.submit(
        assignment, marks=marks(assignment, value), comment=comment, by=assignment.reviewer
    )


def content(assignment, reason="So far.", value=3):
    first = assignment.proposal.call.criteria.first()
    return {"scores": {str(first.pk): {"value": value, "reason": reason}}, "comment": "Draft."}


def save(assignment, version=0, by=None, **more):
    return review_drafts.save(
        assignment,
        content=content(assignment, **more),
        version=version,
        by=by or assignment.reviewer,
    )
