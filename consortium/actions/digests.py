"""The daily mail: what a person has not read, at most one mail a day.

Sent at least once. Which notices are in it is fixed first (`gather`), then a worker claims the
digest, sends it, and records that (`send_next`). A worker that dies in between leaves a digest
that is sent again under the same Message-ID, which mail programs show once. A replayed task
finds nothing to do.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
from urllib.parse import urlsplit

from django.conf import settings
from django.contrib.postgres.aggregates import ArrayAgg
from django.core.mail import EmailMultiAlternatives
from django.db import models, transaction
from django.db.models import Exists, OuterRef
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.translation import ngettext

from consortium.actions.notices import topics_mailed_to
from consortium.models import Digest, NoticePreference, Notification, User
from consortium.notices import text_of

log = logging.getLogger(__name__)
LEASE = timedelta(minutes=10)
LONGEST_WAIT = timedelta(hours=6)
MOST_SHOWN = 50
BATCH = 500


@dataclass(frozen=True, slots=True)
class Line:
    """A notice in a mail: its sentence, and the whole address of its page."""

    text: str
    address: str
    notice: Notification


def gather() -> int:
    """Fix today's digests for everybody with something unread. Returns how many were made.

    Not before DIGEST_HOUR in Beijing. Somebody with a digest of today, or one not yet sent, gets
    no further one.
    """
    now = timezone.localtime()
    if now.hour < settings.DIGEST_HOUR:
        return 0
    rows = _waiting().exclude(person__digests__day=now.date()).exclude(_has_unsent())
    people = rows.values("person_id").order_by("person_id").annotate(ids=ArrayAgg("pk"))
    made = Digest.objects.bulk_create(
        (
            Digest(
                person_id=row["person_id"],
                day=now.date(),
                notices=sorted(row["ids"]),
                lease_until=now,
            )
            for row in people.iterator(chunk_size=BATCH)
        ),
        batch_size=BATCH,
        ignore_conflicts=True,
    )
    return len(made)


def _waiting() -> models.QuerySet[Notification]:
    """What nobody has read or been sent, of topics that its person has by mail."""
    not_wanted = NoticePreference.objects.filter(
        person_id=OuterRef("person_id"), topic=OuterRef("topic"), mailed=False
    )
    rows = Notification.objects.filter(read_at=None, mailed_at=None, person__is_active=True)
    return rows.exclude(Exists(not_wanted))


def _has_unsent() -> Exists:
    return Exists(Digest.objects.filter(person_id=OuterRef("person_id"), sent_at=None))


def send_next() -> bool:
    """Send one digest that is due. Returns whether there was one."""
    digest = _claim()
    if digest is None:
        return False
    try:
        mail = compose(digest)
        if mail is not None:
            mail.send()
    except Exception as error:  # one that cannot be sent must not keep the others waiting
        log.exception("digest %s was not sent", digest.pk)
        _postpone(digest, error)
    else:
        _sent(digest)
    return True


@transaction.atomic
def _claim() -> Digest | None:
    """Take one that is due for a while; workers beside this one pass over it."""
    now = timezone.now()
    due = Digest.objects.select_for_update(skip_locked=True, of=("self",))
    digest = due.filter(sent_at=None, lease_until__lte=now).order_by("lease_until", "pk").first()
    if digest is not None:
        digest.lease_until = now + LEASE
        digest.attempts += 1
        digest.save(update_fields=["lease_until", "attempts"])
    return digest


def _postpone(digest: Digest, error: Exception) -> None:
    """Try again later: in 2, 4, 8 minutes and so on, at least every LONGEST_WAIT."""
    wait = min(timedelta(minutes=2 ** min(digest.attempts, 12)), LONGEST_WAIT)
    digest.lease_until = timezone.now() + wait
    digest.error = f"{type(error).__name__}: {error}"[:300]
    digest.save(update_fields=["lease_until", "error"])


@transaction.atomic
def _sent(digest: Digest) -> None:
    now = timezone.now()
    Digest.objects.filter(pk=digest.pk, sent_at=None).update(sent_at=now, error="")
    Notification.objects.filter(pk__in=digest.notices, mailed_at=None).update(mailed_at=now)


def compose(digest: Digest) -> EmailMultiAlternatives | None:
    """The mail in its reader's language; None when they no longer want it."""
    person: User = digest.person
    wanted = topics_mailed_to(person)
    rows = Notification.objects.filter(pk__in=digest.notices, topic__in=wanted).order_by("-pk")
    notices = list(rows)
    if not notices or not person.is_active:
        return None
    with translation.override(person.language):
        return _mail(digest, person, notices)


def _mail(digest: Digest, person: User, notices: list[Notification]) -> EmailMultiAlternatives:
    preferences = _whole(reverse("consortium:notice_preferences"))
    context = {
        "person": person,
        "day": digest.day,
        "lines": list(_lines(notices[:MOST_SHOWN])),
        "more": max(0, len(notices) - MOST_SHOWN),
        "all_notices": _whole(reverse("consortium:notice_list")),
        "preferences": preferences,
        "site": settings.SITE_NAME,
        "language": "zh-Hans" if person.language == User.Language.CHINESE else "en",
    }
    subject = ngettext("%(count)s notice", "%(count)s notices", len(notices)) % {
        "count": len(notices)
    }
    mail = EmailMultiAlternatives(
        f"{settings.SITE_NAME}: {subject}",
        render_to_string("emails/digest.txt", context),
        to=[person.email],
        headers={
            "Message-ID": message_id(digest),
            "List-Unsubscribe": f"<{preferences}>",
            "Auto-Submitted": "auto-generated",
        },
    )
    mail.attach_alternative(render_to_string("emails/digest.html", context), "text/html")
    return mail


def _lines(notices: Iterable[Notification]) -> Iterable[Line]:
    for notice in notices:
        text = " ".join(text_of(notice.code, notice.facts).split())
        yield Line(text, _whole(notice.href), notice)


def message_id(digest: Digest) -> str:
    """The same however often the digest is sent."""
    host = urlsplit(settings.PORTAL_BASE_URL).hostname or "localhost"
    return f"<digest.{digest.day:%Y%m%d}.{digest.person_id}@{host}>"


def _whole(path: str) -> str:
    return settings.PORTAL_BASE_URL.rstrip("/") + path
