"""Which language a page is in: the link's, else the profile's, else the cookie's or browser's."""

from __future__ import annotations

from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.utils import translation

from consortium.models import User
from portal.preferences import keep_language

QUERY_NAME = "lang"


def language_asked(request: HttpRequest) -> str:
    """The language that the address asks for with ?lang=, or ""."""
    language = request.GET.get(QUERY_NAME, "").lower()
    return language if language in dict(settings.LANGUAGES) else ""


class LanguageFromQuery:
    """`?lang=zh-hans` decides for this page and is kept in the cookie.

    Stands before LocaleMiddleware, which then reads the cookie as if it had always been there.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        language = language_asked(request)
        if not language:
            return self.get_response(request)
        request.COOKIES[settings.LANGUAGE_COOKIE_NAME] = language
        response = self.get_response(request)
        keep_language(response, language)
        return response


class LanguageFromProfile:
    """A signed-in person reads in the language of their profile, unless the link says otherwise.

    Stands after AuthenticationMiddleware.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        user = getattr(request, "user", None)
        if isinstance(user, User) and not language_asked(request):
            translation.activate(user.language)
            request.LANGUAGE_CODE = translation.get_language() or settings.LANGUAGE_CODE
        return self.get_response(request)
