from __future__ import annotations

from typing import ClassVar

from django.contrib.auth.models import AbstractBaseUser, BaseUserManager
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.db.models.functions import Lower
from django.utils import timezone
from django.utils.crypto import salted_hmac
from django.utils.translation import gettext_lazy as _

from consortium.models.bilingual import localized


class UserManager(BaseUserManager["User"]):
    def create_user(self, email: str, password: str | None = None, **fields: object) -> User:
        """A person who signs in with `email`; without a password, only by other means."""
        user = self.model(email=self.normalize_email(email).lower(), **fields)
        user.set_password(password)
        user.save(using=self._db)
        return user

    def visible_to(self, user: User) -> models.QuerySet[User]:
        """Oneself, colleagues at one's institutions, and everybody for those who manage people.

        Holders of an office see the whole consortium: they appoint, assign and audit.
        """
        from consortium.roles import standing  # noqa: PLC0415  it stands on models

        if standing(user).offices:
            return self.all()
        ids = standing(user).institution_ids
        colleagues = self.model.objects.filter(affiliations__institution_id__in=ids)
        return self.filter(Q(pk=user.pk) | Q(pk__in=colleagues.values("pk")))

    def get_by_natural_key(self, username: str | None) -> User:
        return self.get(email__iexact=username)


class User(AbstractBaseUser):
    """A person known to the consortium.

    What a person may do follows from affiliations, appointments and standings
    (consortium.roles); there is no superuser flag, and nobody stands outside the wall.
    """

    class Language(models.TextChoices):
        ENGLISH = "en", "English"
        CHINESE = "zh-hans", "简体中文"

    email = models.EmailField(_("e-mail"), unique=True)
    name_en = models.CharField(_("name in Latin letters"), max_length=120, blank=True)
    name_zh = models.CharField(_("name in Chinese"), max_length=120, blank=True)
    # 0000-0002-1825-0097, as the person states it; co-authors are known by it.
    orcid = models.CharField(_("ORCID iD"), max_length=19, blank=True)
    language = models.CharField(
        _("language"), max_length=8, choices=Language, default=Language.CHINESE
    )
    is_active = models.BooleanField(default=True)
    date_joined = models.DateTimeField(default=timezone.now)
    # Counted up when roles or second factors change; every session started before then ends.
    session_epoch = models.PositiveIntegerField(default=0, editable=False)

    USERNAME_FIELD = "email"
    EMAIL_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = []

    objects = UserManager()

    class Meta:
        constraints = [
            models.UniqueConstraint(Lower("email"), name="user_email_once_in_any_case"),
            models.UniqueConstraint(
                fields=["orcid"], condition=~Q(orcid=""), name="user_orcid_once"
            ),
            models.CheckConstraint(
                name="user_orcid_is_written_in_full",
                condition=Q(orcid="") | Q(orcid__regex=r"^\d{4}-\d{4}-\d{4}-\d{3}[\dX]$"),
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def name(self) -> str:
        return localized(self, "name") or self.email

    def _get_session_auth_hash(self, secret: str | None = None) -> str:
        """What a session must match to live on: the password and the epoch.

        Overrides Django's own, which knows the password only; `secret` is a fallback key.
        """
        value = f"{self.password}:{self.session_epoch}"
        salt = "consortium.models.User.session"
        return salted_hmac(salt, value, secret=secret, algorithm="sha256").hexdigest()

    def get_full_name(self) -> str:
        return self.name

    def get_short_name(self) -> str:
        return self.name


class Reviewer(models.Model):
    """A person's standing as a peer reviewer, and on panels, for a time."""

    user = models.OneToOneField(User, on_delete=models.PROTECT, related_name="reviewer")
    topics = ArrayField(models.CharField(max_length=60), default=list, blank=True)
    panellist = models.BooleanField(default=False)
    since = models.DateField()
    until = models.DateField(null=True, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="reviewer_until_after_since",
                condition=Q(until__isnull=True) | Q(until__gte=models.F("since")),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.user}"
