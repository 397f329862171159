"""Telling people what happened: on the portal at once, by mail once a day.

`notify` is called by the actions that make things happen, inside their transaction: a notice is
there if and only if the change is.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable

from django.db import connection, models, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from consortium import audit, policies
from consortium.errors import Invalid
from consortium.models import NoticePreference, Notification, Topic, User
from consortium.notices import Fact, known_notices, missing_facts, topics_in_use

BATCH = 500


def notify(
    code: str,
    /,
    *,
    to: Iterable[User],
    about: models.Model,
    href: str = "",
    besides: User | None = None,
    **facts: Fact,
) -> int:
    """Tell people of an event, in the transaction that makes it. Returns how many were told.

    Each person once, nobody whose account is closed, and not `besides`: whoever did it knows.
    `href` is the page to open, by default the page of `about`. See consortium.notices for the
    facts. Raises KeyError for an unknown code, ValueError for facts the sentence lacks or for an
    address outside the site: mistakes of the caller, which must not wait for a reader.
    """
    assert connection.in_atomic_block, "a notice must commit with the change it tells of"
    notice = known_notices()[code]
    if missing := missing_facts(notice, facts):
        raise ValueError(f"{code} needs the facts {sorted(missing)}")
    people = _told(to, besides)
    if not people:
        return 0
    address = href or about.get_absolute_url()  # type: ignore[attr-defined]  # every page's noun
    if not address.startswith("/") or address.startswith("//"):
        raise ValueError(f"{address} is not an address of this site")
    now = timezone.now()
    Notification.objects.bulk_create(
        (
            Notification(
                person_id=pk,
                code=code,
                topic=notice.topic,
                subject_type=about._meta.label_lower,
                subject_id=str(about.pk),
                href=address,
                facts=facts,
                created_at=now,
            )
            for pk in people
        ),
        batch_size=BATCH,
    )
    return len(people)


def _told(to: Iterable[User], besides: User | None) -> list[int]:
    """Ids of those who are to be told, in the order given, each once."""
    kept = dict.fromkeys(person.pk for person in to if person.is_active)
    if besides is not None:
        kept.pop(besides.pk, None)
    return list(kept)


@transaction.atomic
def mark_read(notice: Notification, *, by: User) -> Notification:
    """A second time changes nothing. Raises PermissionDenied for somebody else's."""
    notice = Notification.objects.select_for_update().get(pk=notice.pk)
    policies.can_read_notice(by, notice).require()
    if notice.read_at is None:
        notice.read_at = timezone.now()
        notice.save(update_fields=["read_at"])
    return notice


@transaction.atomic
def mark_all_read(*, by: User, newest: int | None = None) -> int:
    """Mark one's notices read, up to the one numbered `newest`. Returns how many were unread.

    `newest` is the last that was on the page: what came since has not been seen.
    Raises PermissionDenied.
    """
    policies.can_use_notices(by).require()
    unread = Notification.objects.visible_to(by).unread()
    if newest is not None:
        unread = unread.filter(pk__lte=newest)
    return unread.update(read_at=timezone.now())


@transaction.atomic
def set_preferences(person: User, *, mailed: Collection[str], by: User) -> frozenset[Topic]:
    """Which topics come by mail; the others are shown on the portal only.

    Raises PermissionDenied, or Invalid for a topic that does not exist.
    """
    policies.can_set_notice_preferences(by, person).require()
    if unknown := sorted(set(mailed) - set(Topic.values)):
        raise Invalid(
            {"mailed": [_("There is no topic “%(topic)s”.") % {"topic": unknown[0][:40]}]}
        )
    before, wanted = topics_mailed_to(person), frozenset(Topic(value) for value in mailed)
    after = frozenset(topic for topic in Topic if topic in wanted or _keeps(topic, before))
    if after == before:
        return after
    NoticePreference.objects.bulk_create(
        (NoticePreference(person=person, topic=topic, mailed=topic in after) for topic in Topic),
        update_conflicts=True,
        unique_fields=["person", "topic"],
        update_fields=["mailed"],
    )
    audit.record("notice.preferences_changed", person, by=by, mailed=sorted(after))
    return after


def _keeps(topic: Topic, before: frozenset[Topic]) -> bool:
    """Topics that nobody is shown yet stay as they are."""
    return topic in before and topic not in topics_in_use()


def topics_mailed_to(person: User) -> frozenset[Topic]:
    """The topics that this person has in the daily mail; all unless they chose otherwise."""
    rows = NoticePreference.objects.filter(person=person, mailed=False)
    return frozenset(Topic) - frozenset(rows.values_list("topic", flat=True))
