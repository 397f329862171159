"""The words of notices: each app registers them by code when it is ready.

A text is a translatable sentence with %(name)s for the facts given to
`consortium.actions.notices.notify`. Facts are str or int. By their names some are put in the
reader's language: `title_en` and `title_zh` together fill %(title)s; a name that ends in `_at`
holds an ISO moment and one that ends in `_on` an ISO date, shown as people write them.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime

from django.utils import timezone
from django.utils.formats import date_format
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from consortium.models import Topic, reading_zh

_PLACE = re.compile(r"%\((\w+)\)s")
Fact = str | int


@dataclass(frozen=True, slots=True)
class Notice:
    """A kind of notice: the topic it belongs to and its sentence."""

    topic: Topic
    text: str | Promise

    @property
    def needs(self) -> frozenset[str]:
        """The names of the facts that the sentence speaks of."""
        return frozenset(_PLACE.findall(str(self.text)))


_known: dict[str, Notice] = {}
GONE = Notice(Topic.MEMBERSHIP, _("Something changed. Open it to see what."))


def register_notices(notices: Mapping[str, Notice]) -> None:
    """Called by each app when it is ready."""
    _known.update(notices)


def known_notices() -> Mapping[str, Notice]:
    return _known


def topics_in_use() -> list[Topic]:
    """Topics of which at least one notice exists, in the order of Topic."""
    used = {notice.topic for notice in _known.values()}
    return [topic for topic in Topic if topic in used]


def notice_of(code: str) -> Notice:
    """The notice of a code; a general one for a code that a later release dropped."""
    return _known.get(code, GONE)


def missing_facts(notice: Notice, facts: Mapping[str, Fact]) -> frozenset[str]:
    """What the sentence speaks of and `facts` do not hold."""
    return notice.needs - set(_readable(facts))


def text_of(code: str, facts: Mapping[str, Fact]) -> str:
    """The sentence in the reader's language. A fact that is missing shows as a dash."""
    notice = notice_of(code)
    words = dict.fromkeys(notice.needs, "–") | _readable(facts)
    return str(notice.text) % words


def _readable(facts: Mapping[str, Fact]) -> dict[str, str]:
    shown = {name: _shown(name, value) for name, value in facts.items()}
    here, there = ("_zh", "_en") if reading_zh() else ("_en", "_zh")
    for name in facts:
        stem = name.removesuffix(here)
        if stem != name and f"{stem}{there}" in facts:
            shown[stem] = shown[name] or shown[f"{stem}{there}"]
    return shown


def _shown(name: str, value: Fact) -> str:
    """A moment or a date as people write it; anything else as it is."""
    try:
        if name.endswith("_at"):
            moment = timezone.localtime(datetime.fromisoformat(str(value)))
            return date_format(moment, "DATETIME_FORMAT")
        if name.endswith("_on"):
            return date_format(date.fromisoformat(str(value)), "DATE_FORMAT")
    except ValueError:
        return str(value)
    return f"{value:,}" if isinstance(value, int) else str(value)


# The consortium's own.
NOTICES: dict[str, Notice] = {
    "affiliation.asked": Notice(
        Topic.MEMBERSHIP,
        _("%(person)s says that they belong to %(institution)s. Confirm or decline."),
    ),
    "affiliation.confirmed": Notice(
        Topic.MEMBERSHIP, _("%(institution)s confirmed that you belong there.")
    ),
    "affiliation.declined": Notice(
        Topic.MEMBERSHIP,
        _("%(institution)s did not confirm that you belong there: %(reason)s"),
    ),
}
