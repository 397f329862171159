"""Who may review what: no interest, declared before reading."""

from collections.abc import Container, Iterable, Mapping
from dataclasses import dataclass

from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from compute_grants.models import Call, Proposal, ResourceRequest, ReviewAssignment
from compute_grants.policies.conflicts import Pair, Reason, conflicts_between, own_interest
from compute_grants.policies.panel_interests import can_sit, interests
from consortium.models import Affiliation, ArmAppointment, Reviewer, User, in_force
from consortium.policies import ALLOW, Decision, deny
from consortium.roles import Permission, has, standing

OWN = _("You cannot decide on your own proposal.")
CLOSED = _(
    "You have a conflict of interest with this proposal, or an invitation to review it that you "
    "have not answered, so you stay out."
)


def can_judge_feasibility(user: User, request: ResourceRequest) -> Decision:
    """Expects request.proposal and request.resource.machine loaded."""
    centres = standing(user).institutions_as(Affiliation.Role.OPERATOR)
    if not has(user, Permission.FEASIBILITY_DECIDE):
        return deny(_("Only operators of the machine's centre review feasibility."))
    if request.resource.machine.centre_id not in centres:
        return deny(_("This request is for a machine of another centre."))
    if own_interest(request.proposal, user):
        return deny(OWN)
    return ALLOW


def can_assign(user: User, proposal: Proposal) -> Decision:
    if not has(user, Permission.REVIEW_ASSIGN):
        return deny(_("Only the R&D office assigns reviewers."))
    if own_interest(proposal, user):
        return deny(OWN)
    return ALLOW


def can_declare(user: User, assignment: ReviewAssignment) -> Decision:
    if user.pk != assignment.reviewer_id:
        return deny(_("Only the invited reviewer can declare this."))
    return ALLOW


def can_handle(user: User, assignment: ReviewAssignment) -> Decision:
    """Extend, reopen, replace or take back: the office's. Expects assignment.proposal loaded."""
    if user.pk == assignment.reviewer_id:
        return deny(_("This is your own review. A colleague of the R&D office must decide."))
    return can_assign(user, assignment.proposal)


def can_review(user: User, assignment: ReviewAssignment) -> Decision:
    if user.pk != assignment.reviewer_id:
        return deny(_("Only the reviewer it was assigned to can write this review."))
    if not has(user, Permission.REVIEW_WRITE):
        return deny(_("Your standing as a reviewer has ended. Ask the R&D office."))
    return ALLOW


def can_rank(user: User, call: Call) -> Decision:
    return can_sit(user, call)


def can_decide(user: User, proposal: Proposal) -> Decision:
    """Expects proposal.call loaded. Nobody decides where they have an interest."""
    if user.pk == proposal.lead_id:
        return deny(OWN)
    seat = can_rank(user, proposal.call)
    if not seat:
        return seat
    if interests(user, [proposal]):
        return deny(OWN if own_interest(proposal, user) else CLOSED)
    return ALLOW


@dataclass(frozen=True, slots=True)
class Fitness:
    """Read once for many invitations: who has standing as a reviewer, and every conflict.

    office: those who review internally, where one of the proposals is reviewed so.
    """

    reviewers: frozenset[int]
    conflicts: Mapping[Pair, list[Reason]]
    office: frozenset[int] = frozenset()


def fitness(proposals: Iterable[Proposal], people: Iterable[User]) -> Fitness:
    """A fixed number of queries. Expects each proposal's institution, lead, access type loaded."""
    proposals, asked = list(proposals), list(people)
    rows = Reviewer.objects.filter(
        in_force(timezone.localdate()), user__in=asked, user__is_active=True
    )
    standing_now = frozenset(rows.values_list("user", flat=True))
    return Fitness(standing_now, conflicts_between(proposals, asked), internal(proposals, asked))


def internal(proposals: Iterable[Proposal], people: Iterable[User]) -> frozenset[int]:
    """Ids of those in the R&D office, who review internally. One query, where it is needed."""
    if not any(proposal.is_internal for proposal in proposals):
        return frozenset()
    rows = ArmAppointment.objects.filter(
        in_force(timezone.localdate()), user__in=people, office=ArmAppointment.Office.RESEARCH
    )
    return frozenset(rows.values_list("user", flat=True))


def suits_depth(proposal: Proposal, person: int, office: Container[int]) -> bool:
    """Whether a proposal as deeply reviewed is for this person; `office` as `internal` found."""
    return not proposal.is_internal or person in office


def own_fitness(user: User, proposal: Proposal) -> Fitness:
    """`fitness` of the person who asks, whose rights the request has read already."""
    mine = [user.pk] if has(user, Permission.REVIEW_WRITE) else []
    conflicts = conflicts_between([proposal], [user])
    return Fitness(frozenset(mine), conflicts, internal([proposal], [user]))


def can_be_invited(proposal: Proposal, reviewer: User, known: Fitness | None = None) -> Decision:
    """Whether this person may be asked to review this proposal; `known` where it was read."""
    known = known or fitness([proposal], [reviewer])
    if reviewer.pk not in known.reviewers:
        return deny(_("This person is not a reviewer of the consortium today."))
    if not suits_depth(proposal, reviewer.pk, known.office):
        return deny(_("It is reviewed internally, and this person is not of the R&D office."))
    reasons = known.conflicts.get((proposal.pk, reviewer.pk))
    return deny(reasons[0].text) if reasons else ALLOW


def can_open_rebuttal(user: User, proposal: Proposal) -> Decision:
    return can_assign(user, proposal)


def can_answer_reviews(user: User, proposal: Proposal) -> Decision:
    if user.pk != proposal.lead_id:
        return deny(_("Only the lead applicant answers the reviews."))
    return ALLOW
