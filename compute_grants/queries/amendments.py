"""What pages and rules know of a grant's requests."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any

from django.db.models import Exists, F, OuterRef, Q, QuerySet
from django.utils import timezone

from compute_grants.amendment_facts import Facts
from compute_grants.models import (
    Allocation,
    AllocationMember,
    Amendment,
    AmendmentPart,
    interested_institutions,
)
from compute_grants.policies import amendments as policies
from compute_grants.queries.programme import all_in_force, figures
from consortium.models import Account, Affiliation, ArmAppointment, Institution, User
from consortium.policies import Decision
from consortium.roles import Permission, has, standing

WHOSE = ("mine", "decide")


def facts(allocation: Allocation, today: date | None = None) -> Facts:
    """Two queries, and one for the account."""
    past = tuple(allocation.amendments.order_by("pk"))
    account = Account.objects.filter(pk=allocation.account_id or 0).first()
    left = max(account.available, 0) if account else allocation.seconds
    return Facts(allocation, today or timezone.localdate(), all_in_force(), past, left)


def of_grant(allocation: Allocation, user: User) -> QuerySet[Amendment]:
    """The requests of a grant, as giver or receiver, newest first."""
    rows = Amendment.objects.visible_to(user).shown()
    return rows.filter(Q(allocation=allocation) | Q(other=allocation)).order_by("-pk")


def receivers(allocation: Allocation) -> QuerySet[Allocation]:
    """Grants of the same lead that time can be transferred to."""
    rows = Allocation.objects.live().filter(proposal__lead=allocation.proposal.lead_id)
    return rows.exclude(pk=allocation.pk).shown().order_by("number")


def waiting_parts(amendment: Amendment) -> list[AmendmentPart]:
    """The words of the current round that are still out."""
    rows = amendment.parts.filter(round=amendment.round, verdict=AmendmentPart.Verdict.WAITING)
    return list(rows.select_related("centre").order_by("pk"))


def listed(user: User, *, kind: str = "", state: str = "", whose: str = "") -> QuerySet[Amendment]:
    """The requests this person sees, those due first on top; narrowed by what is known."""
    rows = to_decide(user) if whose == "decide" else Amendment.objects.visible_to(user).shown()
    if whose == "mine":
        rows = rows.filter(Q(asked_by=user) | Q(allocation__proposal__lead=user))
    if kind in Amendment.Kind.values:
        rows = rows.filter(kind=kind)
    if state in Amendment.State.values:
        rows = rows.filter(state=state)
    pending = Q(state__in=Amendment.PENDING)
    return rows.annotate(waits=pending).order_by("-waits", "due_on", "-pk")


def to_decide(user: User) -> QuerySet[Amendment]:
    """Pending requests that want this person's word: `policies.can_decide` as one query."""
    rows = Amendment.objects.visible_to(user).shown().pending()
    if not has(user, Permission.ALLOCATION_MANAGE):
        return rows.none()
    part = AmendmentPart.objects.filter(_speaks_for(user), amendment=OuterRef("pk"))
    waiting = part.filter(round=OuterRef("round"), verdict=AmendmentPart.Verdict.WAITING)
    given = AmendmentPart.objects.filter(by=user)
    return (
        rows.filter(Exists(waiting))
        .exclude(asked_by=user)
        .exclude(_concerns(user, "allocation"))
        .exclude(_concerns(user, "other"))
        .exclude(Exists(given.filter(amendment=OuterRef("pk"))))
        .exclude(Exists(given.filter(amendment=OuterRef("against"))))
    )


def _speaks_for(user: User) -> Q:
    who = standing(user)
    words = Q(centre__in=who.institutions_as(Affiliation.Role.OPERATOR))
    if ArmAppointment.Office.RESEARCH in who.offices:
        house = "amendment__allocation__proposal__institution"
        group = Q(centre__related_group=F(f"{house}__related_group"))
        own = Q(centre=F(house)) | (group & ~Q(centre__related_group=""))
        words |= Q(centre__isnull=True) | Q(amendment__round__gt=1) | own
    return words


def _concerns(user: User, grant: str) -> Q:
    membership = AllocationMember.objects.filter(
        allocation=OuterRef(grant), user=user, until__isnull=True
    )
    lead = Q(**{f"{grant}__proposal__lead": user})
    house = Q(**{f"{grant}__proposal__institution__in": interested_institutions(user)})
    return lead | house | Q(Exists(membership))


@dataclass(frozen=True, slots=True)
class Offer:
    """One kind of request as a grant's page offers it: the rule, its bounds, open or why not.

    most: seconds at most, None where nothing bounds them; latest: the last day at most.
    """

    kind: str
    label: str
    decision: Decision
    rule: list[tuple[str, Any]]
    most: int | None
    latest: date | None
    pending: Amendment | None


def offer(user: User, found: Facts, kind: str) -> Offer:
    """No query but those of the policy."""
    return Offer(
        kind=kind,
        label=str(Amendment.Kind(kind).label),
        decision=policies.can_ask_now(user, found, kind),
        rule=figures(found.bodies[kind]),
        most=policies.most_seconds(found, kind),
        latest=policies.latest_end(found, kind),
        pending=found.open_of(kind),
    )


def offers(user: User, found: Facts) -> list[Offer]:
    """Every kind, those that this person never asks for left out."""
    kinds = [kind for kind in Amendment.Kind if policies.can_ask(user, found.allocation, kind)]
    return [offer(user, found, kind) for kind in kinds]


def end_of(day: date) -> datetime:
    """The last moment of a day in the site's time, for dashboards."""
    return timezone.make_aware(datetime.combine(day + timedelta(days=1), time.min))


@dataclass(frozen=True, slots=True)
class PartToCome:
    """A word that a draft will need."""

    label: str
    centre: Institution | None


def parts_to_come(amendment: Amendment, found: Facts) -> list[PartToCome]:
    """No query: the machines come with their centres."""
    centres = {amendment.allocation.resource.machine.centre_id: amendment.allocation}
    if amendment.other is not None:
        centres[amendment.other.resource.machine.centre_id] = amendment.other
    return [
        PartToCome(
            str(AmendmentPart.Part(part).label),
            centres[pk].resource.machine.centre if pk is not None else None,
        )
        for part, pk in policies.parts_needed(amendment, found)
    ]


def out(amendment: Amendment, parts: list[AmendmentPart]) -> list[AmendmentPart]:
    """Of the words that were read already, those that can still be given."""
    if amendment.state not in Amendment.PENDING:
        return []
    waiting = AmendmentPart.Verdict.WAITING
    return [p for p in parts if p.round == amendment.round and p.verdict == waiting]


def appeal_of(user: User, amendment: Amendment) -> Decision | None:
    """Whether this person can appeal now; None where there is nothing to appeal against.

    No query unless the request was refused and is the person's own.
    """
    refused = amendment.state == Amendment.State.REFUSED and amendment.kind != Amendment.Kind.APPEAL
    if not refused or not policies.can_ask(user, amendment.allocation, Amendment.Kind.APPEAL):
        return None
    found = facts(amendment.allocation)
    if amendment.pk not in {past.pk for past in policies.appealable(found)}:
        return None
    return policies.can_ask_now(user, found, Amendment.Kind.APPEAL)
