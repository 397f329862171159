"""Whether somebody stands too close to a grant to decide about it."""

from compute_grants.models import Allocation, interested_institutions
from consortium.models import Institution, User


def concerned(user: User, allocation: Allocation) -> bool:
    """Its lead, its members, and whoever shares an interest with the lead's institution."""
    if user.pk == allocation.proposal.lead_id:
        return True
    house = allocation.proposal.institution_id
    if interested_institutions(user).filter(pk=house).exists():
        return True
    return allocation.members.filter(user=user, until__isnull=True).exists()


def same_house(centre: Institution, house: Institution) -> bool:
    """Whether a centre and a grant's institution are one, or of one related group."""
    group = centre.related_group
    return centre.pk == house.pk or (bool(group) and group == house.related_group)
