"""Who may record, describe and retire a checkpoint, and use an allocation for it."""

from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from compute_grants.models import Allocation, AllocationMember
from consortium.models import User, in_force
from consortium.policies import ALLOW, Decision, deny
from registry.models import Checkpoint, Lab, Model
from registry.policies.labs import maintains, works_in


def can_record(user: User, lab: Lab) -> Decision:
    if not works_in(user, lab):
        return deny(_("Only members of the lab can record its checkpoints."))
    return ALLOW


def can_name(user: User, allocation: Allocation) -> Decision:
    """Whether the person may say that something was trained under this allocation."""
    if allocation.state != Allocation.State.ACTIVE:
        return deny(_("This allocation is not active, so no training can be booked under it."))
    if allocation.proposal.lead_id == user.pk:
        return ALLOW
    today = timezone.localdate()
    members = AllocationMember.objects.filter(in_force(today), allocation=allocation, user=user)
    if not members.exists():
        return deny(_("You are not a member of this allocation. Ask its lead to add you."))
    return ALLOW


def can_describe(user: User, checkpoint: Checkpoint) -> Decision:
    """Say what data it was trained on and what it was made from."""
    if not works_in(user, checkpoint.model.lab):
        return deny(_("Only members of the lab can describe its checkpoints."))
    return ALLOW


def can_edit_model(user: User, model: Model) -> Decision:
    if not maintains(user, model.lab):
        return deny(_("Only a maintainer of the lab can edit its models."))
    return ALLOW


def can_retire(user: User, checkpoint: Checkpoint) -> Decision:
    if not maintains(user, checkpoint.model.lab):
        return deny(_("Only a maintainer of the lab can retire a checkpoint."))
    return ALLOW
