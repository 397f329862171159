"""What a reviewer has written so far: kept on the server, never overwritten unseen."""

from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from compute_grants.actions.reviews import BEST, locked
from compute_grants.models import ReviewAssignment, ReviewDraft
from compute_grants.policies import reviews as policy
from consortium.errors import DomainError, Invalid, Stale
from consortium.models import User

LONGEST = 20_000  # characters of one text


class NotWriting(DomainError):
    """The review is not being written: not confirmed yet, in already, or over."""


class DraftChanged(Stale):
    """The draft was saved elsewhere since the form was opened. `now` is the draft as it stands."""

    def __init__(self, now: ReviewDraft, typed: dict[str, Any]) -> None:
        super().__init__(
            _(
                "This review was changed elsewhere since you opened it. Compare the two texts and "
                "save the one you want to keep."
            )
        )
        self.now = now
        self.typed = typed


@transaction.atomic
def save(
    assignment: ReviewAssignment, *, content: dict[str, Any], version: int, by: User
) -> ReviewDraft:
    """Keep a draft; unfinished is fine. `version` is the one the form was opened with, 0 for none.

    Saving what is stored changes nothing. Drafts are the reviewer's alone: no audit event tells
    of each pause. Raises PermissionDenied, NotWriting, Invalid, or DraftChanged where it would
    overwrite a newer text.
    """
    assignment = locked(assignment)
    policy.can_review(by, assignment).require()
    if assignment.state not in ReviewAssignment.WRITING:
        raise NotWriting(
            _("This review is “%(state)s”, so its text is fixed.")
            % {"state": assignment.get_state_display()}
        )
    content = _clean(assignment, content)
    draft = ReviewDraft.objects.select_for_update().filter(assignment=assignment).first()
    if draft is None:
        return ReviewDraft.objects.create(assignment=assignment, content=content)
    if draft.content == content:
        return draft
    if version != draft.version:
        raise DraftChanged(draft, content)
    draft.content = content
    draft.version += 1
    draft.saved_at = timezone.now()
    draft.save()
    return draft


def _clean(assignment: ReviewAssignment, content: dict[str, Any]) -> dict[str, Any]:
    """Only what a review has: scores of the call's criteria and two texts."""
    criteria = assignment.proposal.call.criteria.values_list("pk", flat=True)
    given = content.get("scores") or {}
    scores = {}
    for pk in map(str, criteria):
        row = given.get(pk) or {}
        value = row.get("value")
        if value is not None and value not in range(BEST + 1):
            raise Invalid({f"score_{pk}": [_("Choose a score from 0 to 5.")]})
        scores[pk] = {"value": value, "reason": _text(row.get("reason"))}
    texts = {name: _text(content.get(name)) for name in ("comment", "confidential_note")}
    return {"scores": scores} | texts


def _text(given: object) -> str:
    text = str(given or "")
    if len(text) > LONGEST:
        raise Invalid({"": [_("A text is longer than 20,000 characters. Shorten it.")]})
    return text
