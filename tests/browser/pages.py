"""Every page the URL table knows, with what is needed to open it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.urls import reverse

from consortium.access import Auth, rule_for, the_table
from consortium.models import ArmAppointment, User
from consortium.roles import Permission, has
from portal.routes import Route, routes
from tests.factories import consortium as make
from tests.samples import Samples, samples

NOT_PAGES = ("api/",)
# Given out once, so there is no second look in the other language; and a step that only a real
# passkey reaches (test_sign_in goes there).
NOT_VISITED = frozenset({"mfa_download_recovery_codes", "mfa_reauthenticate_webauthn"})
# Whom to ask for a page that takes no arguments: the first whose roles open it.
PEOPLE: tuple[Callable[[], User], ...] = (
    make.institution_admin,
    make.operator,
    lambda: make.reviewer(panellist=True),
    make.research_officer,
    make.deployment_officer,
    lambda: make.staff(ArmAppointment.Office.SECRETARIAT),
    lambda: make.staff(ArmAppointment.Office.AUDITOR),
    make.delegate,
)


def page_routes() -> list[Route]:
    """Routes that somebody may GET and that are not the API's."""
    return [
        route
        for route in routes()
        if rule_for(route.name, "GET") is not None
        and not route.pattern.startswith(NOT_PAGES)
        and route.name not in NOT_VISITED
    ]


class World:
    """The rows that the pages show, made once for the whole crawl."""

    def __init__(self) -> None:
        self.samples: Samples = samples()
        self._people = [make_one() for make_one in PEOPLE]

    def visit(self, route: Route) -> tuple[str, User | None]:
        """The address of a sample of `route`, and who opens it."""
        if route.name in self.samples:
            kwargs, person = self.samples[route.name]
            return reverse(route.name, kwargs=kwargs), person
        if route.converters:
            message = f"{route.name} takes {sorted(route.converters)}: give it a sample"
            raise LookupError(f"{message} in tests/<app>/samples.py")
        return reverse(route.name), self._person_for(route)

    def _person_for(self, route: Route) -> User | None:
        rule = the_table()[route.name]["GET"]
        if rule.auth & Auth.ANONYMOUS:
            return None
        return self._holder(rule.permission)

    def _holder(self, permission: Permission | None) -> User:
        for person in self._people:
            if permission is None or has(person, permission):
                return person
        raise LookupError(f"nobody in PEOPLE holds {permission}")


def label(value: Any) -> str | None:
    """The id of a parametrized case."""
    return value.name if isinstance(value, Route) else None
