"""Which rows a report counts: what its reader may have counted, and what they asked for."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from typing import Any
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from django.db.models import Exists, OuterRef, Q, QuerySet
from django.urls import reverse

from compute_grants.models import (
    Allocation,
    Call,
    CallBudget,
    Machine,
    Proposal,
    ResourceRequest,
    UsageRecord,
)
from compute_grants.policies.statistics import Audience, Reader, reader
from consortium.models import Institution, User

BEIJING = ZoneInfo("Asia/Shanghai")
SETTLED = frozenset({Call.State.DECIDED, Call.State.CLOSED})


@dataclass(frozen=True, slots=True)
class Asked:
    """The filters of a report; days in Beijing, both inclusive."""

    call: Call | None = None
    machine: Machine | None = None
    centre: Institution | None = None
    since: date | None = None
    until: date | None = None


@dataclass(frozen=True, slots=True)
class Scope:
    """One reader's reading of one report."""

    reader: Reader
    asked: Asked = field(default_factory=Asked)

    @classmethod
    def of(cls, user: User, asked: Asked | None = None) -> Scope:
        """Raises PermissionDenied. People outside have no filters, see docs/adr on statistics."""
        who = reader(user)
        if who.audience == Audience.SUMMARY or asked is None:
            asked = Asked()
        return cls(who, asked)

    @property
    def outside(self) -> bool:
        return self.reader.audience == Audience.SUMMARY

    def handed_in(self) -> QuerySet[Proposal]:
        """Proposals that stand: submitted in the period and not withdrawn."""
        rows = Proposal.objects.filter(submitted_at__isnull=False).exclude(
            state=Proposal.State.WITHDRAWN
        )
        rows = rows.filter(self._within("submitted_at"), self._calls("call"))
        machines = self._machines("resource__machine")
        if machines:
            asks = ResourceRequest.objects.filter(machines, proposal=OuterRef("pk"))
            rows = rows.filter(Exists(asks))
        return rows

    def requests(self) -> QuerySet[ResourceRequest]:
        """What those proposals ask of the machines that count."""
        return ResourceRequest.objects.filter(
            self._within("proposal__submitted_at"),
            self._calls("proposal__call"),
            self._machines("resource__machine"),
            proposal__submitted_at__isnull=False,
        ).exclude(proposal__state=Proposal.State.WITHDRAWN)

    def budgets(self) -> QuerySet[CallBudget]:
        """Of calls that were out and took proposals in the period."""
        rows = CallBudget.objects.exclude(call__state=Call.State.DRAFT).filter(
            self._calls("call"), self._machines("resource__machine")
        )
        if self.asked.since:
            rows = rows.filter(call__closes_at__gte=_midnight(self.asked.since))
        if self.asked.until:
            rows = rows.filter(call__opens_at__lt=_midnight(self.asked.until, 1))
        return rows

    def allocations(self) -> QuerySet[Allocation]:
        """Grants awarded in the period."""
        return Allocation.objects.filter(
            self._within("awarded_at"),
            self._calls("proposal__call"),
            self._machines("resource__machine"),
        )

    def usage(self) -> QuerySet[UsageRecord]:
        """Job runs of grants, by when they count."""
        return UsageRecord.objects.filter(
            self._within("used_at"),
            self._calls("allocation__proposal__call", settled=False),
            self._machines("allocation__resource__machine"),
            allocation__isnull=False,
        )

    def _within(self, name: str) -> Q:
        bounds = Q()
        if self.asked.since:
            bounds &= Q(**{f"{name}__gte": _midnight(self.asked.since)})
        if self.asked.until:
            bounds &= Q(**{f"{name}__lt": _midnight(self.asked.until, 1)})
        return bounds

    def _calls(self, name: str, *, settled: bool = True) -> Q:
        if self.outside and settled:
            return Q(**{f"{name}__state__in": SETTLED})
        return Q(**{name: self.asked.call}) if self.asked.call else Q()

    def _machines(self, name: str) -> Q:
        rule = Q()
        if self.reader.centres is not None:
            rule &= Q(**{f"{name}__centre__in": self.reader.centres})
        if self.asked.machine:
            rule &= Q(**{name: self.asked.machine})
        if self.asked.centre:
            rule &= Q(**{f"{name}__centre": self.asked.centre})
        return rule

    def link(self, page: str, **terms: Any) -> str:
        """The list `page` narrowed to `terms` and to the report's own filters; "" for no list."""
        if not self.reader.reads_rows:
            return ""
        given = self.terms() | {name: value for name, value in terms.items() if value}
        if self.reader.centres is not None and not given.keys() & {"machine", "centre"}:
            given["own"] = "1"
        return f"{reverse(f'compute_grants:{page}')}?{urlencode(given)}"

    def page_of_call(self, code: str) -> str:
        return reverse("compute_grants:call", args=[code]) if self.reader.reads_rows else ""

    def terms(self) -> dict[str, str]:
        """The filters as a query string has them."""
        asked = self.asked
        given = {
            "call": asked.call.code if asked.call else "",
            "machine": asked.machine.code if asked.machine else "",
            "centre": asked.centre.slug if asked.centre else "",
            "since": asked.since.isoformat() if asked.since else "",
            "until": asked.until.isoformat() if asked.until else "",
        }
        return {name: value for name, value in given.items() if value}


def _midnight(day: date, later: int = 0) -> datetime:
    return datetime.combine(day + timedelta(days=later), time(), BEIJING)
