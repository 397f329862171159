"""The people of a made-up call, each with a session of their own."""

from __future__ import annotations

import json
import time
from collections import Counter
from http import HTTPStatus
from typing import Any

from allauth.account.internal.userkit import user_id_to_str
from django.test import Client
from django.urls import reverse

from bench.result import Failed
from compute_grants.models import Call
from consortium.models import ArmAppointment, User
from portal.demo.volume import run

BACKEND = "allauth.account.auth_backends.AuthenticationBackend"
DONE = frozenset({HTTPStatus.OK, HTTPStatus.CREATED, HTTPStatus.NO_CONTENT})


class People:
    """Who acts, and how: by the routes of the site alone. Raises Failed where one refuses."""

    def __init__(self, size: run.Size, call: Call) -> None:
        self.size = size
        self.call = call
        self.counts: Counter[str] = Counter()
        self.sessions: dict[int, Client] = {}

    def people(self, **terms: Any) -> list[User]:
        domain = f"@{self.size.key}.consortium.example"
        return list(User.objects.filter(email__endswith=domain, **terms).order_by("pk").distinct())

    @property
    def office(self) -> User:
        return self.people(appointments__office=ArmAppointment.Office.RESEARCH)[0]

    @property
    def chair(self) -> User:
        return self.panel()[0]

    def panel(self) -> list[User]:
        return list(self.call.panel.order_by("pk"))

    def numbers(self, *states: str) -> list[str]:
        rows = self.call.proposals.filter(state__in=states).order_by("pk")
        return list(rows.values_list("number", flat=True))

    def as_(self, user: User) -> Client:
        """A session in which this person proved who they are a moment ago."""
        if user.pk not in self.sessions:
            client = Client()
            client.force_login(user, backend=BACKEND)
            session = client.session
            proof = {"method": "password", "at": time.time(), "reauthenticated": True}
            session["account_authentication_methods"] = [proof]
            session["account_authentication_methods_user"] = user_id_to_str(user)
            session.save()
            self.sessions[user.pk] = client
        return self.sessions[user.pk]

    def post(self, user: User, route: str, args: list[Any], **data: Any) -> Any:
        answer = self.as_(user).post(
            reverse(route, args=args), json.dumps(data, default=str), "application/json"
        )
        return _body(answer, f"{route} {args}")

    def get(self, user: User, route: str, args: list[Any]) -> Any:
        return _body(self.as_(user).get(reverse(route, args=args)), f"{route} {args}")

    def open(self, user: User, route: str, args: list[Any]) -> bytes:
        """A page, or a document, whole."""
        answer: Any = self.as_(user).get(reverse(route, args=args))
        if answer.status_code != HTTPStatus.OK:
            raise Failed(f"{route} {args}: {answer.status_code}")
        body: bytes = answer.content
        return body


def _body(answer: Any, what: str) -> Any:
    if answer.status_code not in DONE:
        raise Failed(f"{what}: {answer.status_code} {answer.content.decode()[:400]}")
    return json.loads(answer.content) if answer.content else None
