"""What the frame of every page shows: navigation, language, theme, foot."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from django.conf import settings
from django.http import HttpRequest
from django.urls import NoReverseMatch, reverse
from django.utils.functional import Promise, cached_property
from django.utils.translation import gettext_lazy as _

from consortium.access import may
from consortium.models import User
from consortium.queries import MOST_COUNTED, unread_notices
from consortium.roles import House, standing
from portal.formatting import LANG_ATTRIBUTE, side
from portal.preferences import theme_of, zone_of

# Where people go, in the order of the menu. An entry shows when the route exists and the access
# table lets this person GET it.
MENU: tuple[tuple[str, str | Promise], ...] = (
    ("portal:dashboard", _("What needs me")),
    ("compute_grants:call_list", _("Calls")),
    ("compute_grants:proposal_list", _("Proposals")),
    ("compute_grants:review_list", _("Reviews")),
    ("compute_grants:allocation_list", _("Grants")),
    ("compute_grants:report_list", _("Grant reports")),
    ("compute_grants:output_list", _("Outputs")),
    ("compute_grants:closure_list", _("Closing of grants")),
    ("compute_grants:machine_list", _("Machines")),
    ("compute_grants:statistics_index", _("Statistics")),
    ("registry:model_list", _("Models")),
    ("registry:offering_list", _("Licence catalogue")),
    ("registry:licence_list", _("Licences")),
    ("registry:gate_list", _("Transfer gate")),
    ("registry:statement_list", _("Revenue")),
    ("consortium:institution_list", _("Institutions")),
    ("consortium:person_list", _("People")),
    ("consortium:account", _("Your account")),
    ("consortium:audit_log", _("Audit log")),
    ("consortium:effect_list", _("Changes to other systems")),
)
FOOT: tuple[tuple[str, str | Promise], ...] = (
    ("portal:status", _("Status")),
    ("portal:developers", _("For developers")),
    ("portal:design", _("Components")),
    ("portal:time_zone", _("Time zone")),
)
NOTICES = "consortium:notice_list"
SEARCH = "portal:search"


@dataclass(frozen=True, slots=True)
class Entry:
    """One link of the menu or the foot."""

    name: str
    label: str | Promise
    href: str
    current: bool


class Frame:
    """Read by templates/layouts; each part is worked out only when a template asks for it."""

    def __init__(self, request: HttpRequest) -> None:
        self._request = request
        self.name = settings.SITE_NAME

    @cached_property
    def lang(self) -> str:
        """The language of the page as an HTML lang attribute."""
        return LANG_ATTRIBUTE[side()]

    @cached_property
    def theme(self) -> str:
        """ "light", "dark", or "" to follow the reader's system."""
        return theme_of(self._request)

    @cached_property
    def zone(self) -> str:
        """The name of the reader's time zone, or ""."""
        zone = zone_of(self._request)
        return zone.key if zone else ""

    @cached_property
    def nav(self) -> list[Entry]:
        """Entries of the menu that this person may open."""
        return list(self._entries(MENU))

    @cached_property
    def foot(self) -> list[Entry]:
        """Entries at the foot of the page."""
        return list(self._entries(FOOT))

    @cached_property
    def notices_url(self) -> str:
        """Where the notices are, or "" when there is no such page for this person."""
        return self._href(NOTICES)

    @cached_property
    def unread(self) -> str:
        """How many notices this person has not read, for the bar; "" for none."""
        user = getattr(self._request, "user", None)
        count = unread_notices(user) if isinstance(user, User) else 0
        if count > MOST_COUNTED:
            return f"{MOST_COUNTED}+"
        return str(count or "")

    @cached_property
    def search_url(self) -> str:
        """Where the search form goes, or ""."""
        return self._href(SEARCH)

    @cached_property
    def institution(self) -> House | None:
        """The names of the institution for which this person acts, if there is one."""
        user = getattr(self._request, "user", None)
        return standing(user).home if isinstance(user, User) else None

    def _entries(self, routes: tuple[tuple[str, str | Promise], ...]) -> Iterator[Entry]:
        for name, label in routes:
            href = self._href(name)
            if href:
                yield Entry(name, label, href, self._is_current(name, href))

    def _href(self, name: str) -> str:
        if not may(getattr(self._request, "user", None), name):
            return ""
        try:
            return reverse(name)
        except NoReverseMatch:
            return ""

    @cached_property
    def account_url(self) -> str:
        """The person's own page."""
        return self._href("consortium:account")

    def _is_current(self, name: str, href: str) -> bool:
        """The page itself or one beneath it: the grant of a list of grants."""
        match = self._request.resolver_match
        return (match is not None and match.view_name == name) or (
            href != "/" and self._request.path.startswith(href)
        )


def frame(request: HttpRequest) -> dict[str, Frame]:
    """The context processor: `frame` in every template."""
    return {"frame": Frame(request)}
