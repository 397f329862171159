"""Reviewers' topics and limits, and the list of topics they choose from."""

from collections.abc import Iterable
from datetime import date

from django.db import transaction
from django.utils import timezone
from django.utils.text import slugify
from django.utils.translation import gettext as _

from compute_grants.models import Expertise, ResearchTopic
from compute_grants.policies import expertise as policy
from consortium import audit
from consortium.errors import DomainError, Invalid
from consortium.models import User

MOST_TOPICS = 8
MOST_KEYWORDS = 30


class TopicTaken(DomainError):
    """A topic of this name exists."""


class AlreadyRetired(DomainError):
    """A topic is retired once."""


@transaction.atomic
def state(
    person: User,
    *,
    topics: Iterable[ResearchTopic],
    statement: str,
    most_reviews: int | None,
    away_until: date | None,
    by: User,
) -> Expertise:
    """Say what a reviewer knows and has time for. Invitations that are out stay out.

    Raises PermissionDenied, or Invalid.
    """
    User.objects.select_for_update().get(pk=person.pk)
    policy.can_state(by, person).require()
    found, _made = Expertise.objects.get_or_create(person=person)
    chosen = {topic.pk: topic for topic in topics}
    kept = set(found.topics.values_list("pk", flat=True))
    _check(list(chosen.values()), kept, most_reviews, away_until)
    found.statement = statement.strip()
    found.most_reviews = most_reviews
    found.away_until = away_until
    found.saved_at = timezone.now()
    found.save()
    found.topics.set(chosen)
    audit.record(
        "expertise.stated",
        found,
        by=by,
        person=person.pk,
        topics=sorted(topic.slug for topic in chosen.values()),
        most_reviews=most_reviews,
        away_until=away_until.isoformat() if away_until else None,
    )
    return found


def _check(
    chosen: list[ResearchTopic], kept: set[int], most_reviews: int | None, away_until: date | None
) -> None:
    errors: dict[str, list[str]] = {}
    if len(chosen) > MOST_TOPICS:
        message = _("Choose at most %(count)s topics: those you know best.")
        errors["topics"] = [message % {"count": MOST_TOPICS}]
    if any(topic.retired_at and topic.pk not in kept for topic in chosen):
        errors["topics"] = [_("One of these topics was retired. Choose among those offered.")]
    if most_reviews is not None and not 0 <= most_reviews <= Expertise.MOST:
        errors["most_reviews"] = [_("Give a number from 0 to 50.")]
    if away_until and away_until < timezone.localdate():
        errors["away_until"] = [_("Choose today or a later day, or leave it empty.")]
    if errors:
        raise Invalid(errors)


@transaction.atomic
def add_topic(
    *, name_en: str, name_zh: str, keywords: Iterable[str] = (), by: User
) -> ResearchTopic:
    """Put a topic on the list. Raises PermissionDenied, TopicTaken, or Invalid."""
    policy.can_keep_topics(by).require()
    words = _keywords(keywords)
    slug = slugify(name_en)[:40]
    errors: dict[str, list[str]] = {}
    if not slug:
        errors["name_en"] = [_("Give the name in Latin letters.")]
    if not name_zh.strip():
        errors["name_zh"] = [_("Give the name in Chinese.")]
    if len(words) > MOST_KEYWORDS:
        errors["keywords"] = [_("Give at most 30 keywords.")]
    if errors:
        raise Invalid(errors)
    if ResearchTopic.objects.filter(slug=slug).exists():
        raise TopicTaken(_("A topic of this name is on the list already. Choose another name."))
    made = ResearchTopic.objects.create(
        slug=slug, name_en=name_en.strip(), name_zh=name_zh.strip(), keywords=words
    )
    audit.record("topic.added", made, by=by, slug=slug, keywords=words)
    return made


def _keywords(given: Iterable[str]) -> list[str]:
    return list(dict.fromkeys(word.strip().lower()[:60] for word in given if word.strip()))


@transaction.atomic
def retire_topic(topic: ResearchTopic, *, by: User) -> ResearchTopic:
    """Offer a topic no longer. Whoever chose it keeps it.

    Raises PermissionDenied or AlreadyRetired.
    """
    policy.can_keep_topics(by).require()
    topic = ResearchTopic.objects.select_for_update().get(pk=topic.pk)
    if topic.retired_at:
        raise AlreadyRetired(_("This topic was retired before."))
    topic.retired_at = timezone.now()
    topic.save(update_fields=["retired_at"])
    audit.record("topic.retired", topic, by=by, slug=topic.slug)
    return topic
