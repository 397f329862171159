"""Which proposals a member of a panel stays out of: one filter for every list and every decision.

It says what policies.conflicts finds, for one person and any number of proposals, so that it
can stand inside `visible_to`. A waiver is leave to review, never to decide: none counts here.
"""

from __future__ import annotations

from datetime import date

from django.db import models
from django.db.models import DateField, Func, Q, QuerySet, Subquery, Value
from django.db.models.functions import Cast, Coalesce, Lower
from django.utils import timezone

from compute_grants.models.panel_recusals import PanelRecusal
from compute_grants.models.reviews import ReviewAssignment
from compute_grants.models.team import TeamMember
from compute_grants.models.ties import ReviewPolicy, Tie
from consortium.models import Affiliation, ArmAppointment, Institution, User
from consortium.roles import standing


def interest_of(user: User) -> Q:
    """Of proposals: those with which this person has a conflict, found, stated or declared."""
    if ArmAppointment.Office.DEPLOYMENT in standing(user).offices:
        return Q(pk__isnull=False)  # on the other side of the wall from every proposal
    today = timezone.localdate()
    now = Q(until__isnull=True) | Q(until__gte=today)
    since = _months_ago("former_employer_months", today)
    past = Q(until__lt=today, until__gte=since)
    here, left = _houses(user, now, today), _houses(user, past, today)
    colleagues = _people_of(here, now | past, today) | _people_of(left, now, today)
    close = User.objects.annotate(mail=Lower("email")).filter(
        Q(pk=user.pk) | colleagues | _tied_to(user, today)
    )
    houses = Q(institution__in=here) | Q(institution__in=left)
    team = TeamMember.objects.on_the_team().annotate(mail=Lower("email"))
    # Whoever was asked by address counts with it, before the account is entered on the row.
    addresses = Q(mail__in=close.values("mail")) | Q(
        mail__in=_stated_by(user, today).values("other_email")
    )
    parts = team.filter(Q(user__in=close.values("pk")) | Q(user__isnull=True) & addresses | houses)
    return (
        Q(lead__in=close.values("pk"))
        | houses
        | Q(pk__in=parts.values("proposal"))
        | Q(pk__in=PanelRecusal.objects.filter(person=user).values("proposal"))
        | Q(pk__in=_declined_by(user).values("proposal"))
    )


def unanswered_by(user: User) -> Q:
    """Of proposals: those this person is asked to review and has not declared about."""
    asked = ReviewAssignment.objects.filter(reviewer=user, state=ReviewAssignment.State.INVITED)
    return Q(pk__in=asked.values("proposal"))


def _declined_by(user: User) -> QuerySet[ReviewAssignment]:
    """Reviews this person turned down for a conflict."""
    declined = ReviewAssignment.objects.filter(reviewer=user, state=ReviewAssignment.State.DECLINED)
    return declined.exclude(conflict="")


def _months_ago(field: str, today: date) -> Cast:
    """As policies.conflict_facts.months_before of the policy's figure, without a query."""
    policy = ReviewPolicy.objects.filter(since__lte=today).order_by("-since")
    first = getattr(ReviewPolicy(), field)  # what holds where no row is in force
    interval = Func(
        Coalesce(Subquery(policy.values(field)[:1]), Value(first)),
        template="make_interval(months => %(expressions)s)",
        output_field=models.DurationField(),
    )
    day = Cast(Value(today, output_field=DateField()), DateField())
    return Cast(
        models.ExpressionWrapper(day - interval, output_field=models.DateTimeField()), DateField()
    )


def _employments(until: Q) -> QuerySet[Tie]:
    return Tie.objects.standing().filter(until, kind=Tie.Kind.EMPLOYMENT)


def _houses(user: User, until: Q, today: date) -> QuerySet[Institution]:
    """Where the person worked, with the related groups. A suspended member is still a home."""
    there = Affiliation.objects.filter(until, user=user, since__lte=today)
    stated = _employments(until).filter(person=user)
    own = Institution.objects.filter(
        Q(pk__in=there.values("institution")) | Q(pk__in=stated.values("institution"))
    )
    groups = own.exclude(related_group="").values("related_group")
    return Institution.objects.filter(Q(pk__in=own.values("pk")) | Q(related_group__in=groups))


def _people_of(houses: QuerySet[Institution], until: Q, today: date) -> Q:
    """Of people: those who worked there."""
    there = Affiliation.objects.filter(until, institution__in=houses, since__lte=today)
    stated = _employments(until).filter(institution__in=houses)
    return Q(pk__in=there.values("user")) | Q(pk__in=stated.values("person"))


def _counting(today: date) -> QuerySet[Tie]:
    """The ties between people whose window has not passed."""
    shared, edited = (
        Q(kind=kind) & (Q(until__isnull=True) | Q(until__gte=_months_ago(field, today)))
        for kind, field in (
            (Tie.Kind.COLLABORATION, "collaborator_months"),
            (Tie.Kind.CO_EDITOR, "co_editor_months"),
        )
    )
    ever = Q(kind__in=[Tie.Kind.ADVISING, Tie.Kind.FAMILY])
    return Tie.objects.standing().filter(shared | edited | ever)


def _stated_by(user: User, today: date) -> QuerySet[Tie]:
    return _counting(today).filter(person=user)


def _tied_to(user: User, today: date) -> Q:
    """Of people with `mail`: a tie that either of the two has stated, or that was recorded."""
    theirs = _counting(today).filter(other_email=user.email.lower())
    return Q(mail__in=_stated_by(user, today).values("other_email")) | Q(
        pk__in=theirs.values("person")
    )
