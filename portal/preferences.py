"""The reader's theme, language and time zone: where they are kept and how they are read."""

from __future__ import annotations

from functools import cache
from zoneinfo import ZoneInfo, available_timezones

from django.conf import settings
from django.http import HttpRequest, HttpResponse

THEME_COOKIE = "theme"
THEMES = frozenset({"light", "dark"})
# The browser may write it, too: see static/js/zone.js.
ZONE_COOKIE = "zone"
YEAR = 365 * 24 * 3600


def theme_of(request: HttpRequest) -> str:
    """ "light" or "dark" as chosen, "" when the reader's system decides."""
    theme = request.COOKIES.get(THEME_COOKIE, "")
    return theme if theme in THEMES else ""


def keep_theme(response: HttpResponse, theme: str) -> None:
    """Remember the theme; anything but a known one forgets it."""
    if theme in THEMES:
        response.set_cookie(THEME_COOKIE, theme, max_age=YEAR, samesite="Lax", httponly=True)
    else:
        response.delete_cookie(THEME_COOKIE, samesite="Lax")


def keep_language(response: HttpResponse, language: str) -> None:
    """Remember the language for a reader who has not signed in."""
    response.set_cookie(
        settings.LANGUAGE_COOKIE_NAME,
        language,
        max_age=YEAR,
        samesite="Lax",
        httponly=True,
    )


@cache
def zones() -> list[str]:
    """The names of time zones that can be chosen: places, and UTC."""
    places = (name for name in available_timezones() if "/" in name)
    return ["UTC", *sorted(n for n in places if not n.startswith(("Etc/", "posix/", "right/")))]


def zone_of(request: HttpRequest) -> ZoneInfo | None:
    """The reader's time zone, None where it is not known."""
    name = request.COOKIES.get(ZONE_COOKIE, "")
    return ZoneInfo(name) if name in zones() else None


def keep_zone(response: HttpResponse, name: str) -> None:
    """Remember the time zone; anything but a known one forgets it."""
    if name in zones():
        response.set_cookie(ZONE_COOKIE, name, max_age=YEAR, samesite="Lax")
    else:
        response.delete_cookie(ZONE_COOKIE, samesite="Lax")
