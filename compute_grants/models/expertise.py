"""Fields of research, and what each reviewer knows and has time for."""

from __future__ import annotations

from datetime import date

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from consortium.models import ArmAppointment, NamedInBoth, User
from consortium.roles import standing

OFFICES = frozenset({ArmAppointment.Office.RESEARCH, ArmAppointment.Office.AUDITOR})


class ResearchTopicQuerySet(models.QuerySet["ResearchTopic"]):
    def offered(self) -> ResearchTopicQuerySet:
        """Those that can be chosen now."""
        return self.filter(retired_at__isnull=True)


class ResearchTopic(NamedInBoth):
    """A field of research that reviewers choose and that texts are read for.

    keywords: in either language; a text that uses them often enough is about this topic.
    """

    slug = models.SlugField(max_length=40, unique=True)
    keywords = ArrayField(models.CharField(max_length=60), default=list, blank=True)
    retired_at = models.DateTimeField(null=True, blank=True)

    objects = ResearchTopicQuerySet.as_manager()

    class Meta:
        ordering = ["slug"]


class ExpertiseQuerySet(models.QuerySet["Expertise"]):
    def visible_to(self, user: User) -> ExpertiseQuerySet:
        """One's own; the research office and auditors read all."""
        offices = standing(user).offices
        if ArmAppointment.Office.DEPLOYMENT in offices:
            return self.none()
        return self if offices & OFFICES else self.filter(person=user)


class Expertise(models.Model):
    """What a reviewer knows, how much they take on at once, and until when they are away.

    most_reviews: reviews in hand at once; null leaves it to the office. away_until: the last day
    on which nothing new should be asked of them.
    """

    MOST = 50

    person = models.OneToOneField(User, on_delete=models.CASCADE, related_name="expertise")
    topics = models.ManyToManyField(ResearchTopic, related_name="experts", blank=True)
    statement = models.TextField(blank=True)
    most_reviews = models.PositiveSmallIntegerField(null=True, blank=True)
    away_until = models.DateField(null=True, blank=True)
    saved_at = models.DateTimeField(default=timezone.now)

    objects = ExpertiseQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="expertise_most_reviews_in_reach",
                condition=Q(most_reviews__isnull=True) | Q(most_reviews__lte=50),
            ),
        ]
        verbose_name = _("expertise")

    def __str__(self) -> str:
        return f"{self.person}"

    def away(self, day: date) -> bool:
        return self.away_until is not None and day <= self.away_until
