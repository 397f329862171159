from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from consortium.models.people import User


class Topic(models.TextChoices):
    """What a notice is about: people choose by topic what comes by mail, too."""

    MEMBERSHIP = "membership", _("membership and roles")
    MACHINES = "machines", _("machines")
    CALLS = "calls", _("calls")
    PROPOSALS = "proposals", _("proposals")
    REVIEWS = "reviews", _("reviews")
    PANEL = "panel", _("decisions of panels")
    ALLOCATIONS = "allocations", _("grants")
    MODELS = "models", _("models and releases")
    LICENCES = "licences", _("licences")


class NotificationQuerySet(models.QuerySet["Notification"]):
    def visible_to(self, user: User) -> NotificationQuerySet:
        """One's own. Nobody reads another's notices, whatever their office."""
        return self.filter(person_id=user.pk)

    def unread(self) -> NotificationQuerySet:
        return self.filter(read_at=None)


class Notification(models.Model):
    """One person is told of one event.

    The text is not stored: `code` names it (consortium.notices) and `facts` fill it, so that
    everybody reads it in their own language. `href` is an address of this site.
    """

    person = models.ForeignKey(User, on_delete=models.PROTECT, related_name="notices")
    code = models.CharField(max_length=60)
    topic = models.CharField(max_length=16, choices=Topic)
    subject_type = models.CharField(max_length=60)
    subject_id = models.CharField(max_length=64)
    href = models.CharField(max_length=300)
    facts = models.JSONField(default=dict)
    created_at = models.DateTimeField(default=timezone.now)
    read_at = models.DateTimeField(null=True, blank=True)
    mailed_at = models.DateTimeField(null=True, blank=True)

    objects = NotificationQuerySet.as_manager()

    class Meta:
        indexes = [
            models.Index(fields=["person", "-id"], name="notice_of_person"),
            models.Index(fields=["person"], condition=Q(read_at=None), name="notice_unread"),
            models.Index(
                fields=["person", "topic"],
                condition=Q(read_at=None, mailed_at=None),
                name="notice_to_mail",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.code} for {self.person_id}"

    @property
    def text(self) -> str:
        """The sentence in the reader's language."""
        from consortium.notices import text_of  # noqa: PLC0415  the words stand on models

        return text_of(self.code, self.facts)


class NoticePreference(models.Model):
    """Whether a person wants a topic in the daily mail. Without a row: yes.

    On the portal itself every notice is shown.
    """

    person = models.ForeignKey(User, on_delete=models.CASCADE, related_name="notice_preferences")
    topic = models.CharField(max_length=16, choices=Topic)
    mailed = models.BooleanField(default=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["person", "topic"], name="notice_preference_once"),
        ]

    def __str__(self) -> str:
        return f"{self.person_id} {self.topic}"


class Digest(models.Model):
    """One daily mail to one person, and the notices in it: fixed before it is first sent.

    A worker claims it for a while (`lease_until`), sends, then records `sent_at`. One that dies
    in between leaves it to be sent again under the same Message-ID, with the same notices.
    """

    person = models.ForeignKey(User, on_delete=models.CASCADE, related_name="digests")
    day = models.DateField()
    notices = ArrayField(models.BigIntegerField())
    attempts = models.PositiveSmallIntegerField(default=0)
    lease_until = models.DateTimeField(default=timezone.now)
    error = models.CharField(max_length=300, blank=True)
    sent_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["person", "day"], name="digest_once_a_day"),
        ]
        indexes = [
            models.Index(fields=["lease_until"], condition=Q(sent_at=None), name="digest_unsent"),
        ]

    def __str__(self) -> str:
        return f"{self.day} for {self.person_id}"
