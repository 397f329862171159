"""The programme's rules as data: one frozen dataclass for each kind of policy.

A version is a row of ProgrammePolicy; its JSON body becomes one of these. Where no row is in
force yet, the dataclass's own values are the founding version. A new kind is a new dataclass
in KINDS, and nothing else.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from consortium.errors import Invalid


def whole(default: int, label: str | Promise, *, least: int = 0, most: int = 100_000) -> Any:
    """A field that holds a whole number between two bounds, with its name for people."""
    return field(default=default, metadata={"label": label, "least": least, "most": most})


def rows(default: tuple[Any, ...], label: str | Promise, shape: type) -> Any:
    """A field that holds rows of `shape`, a frozen dataclass of the fields above."""
    return field(default=default, metadata={"label": label, "shape": shape})


WHOLE = 100  # percent


@dataclass(frozen=True, slots=True, kw_only=True)
class Body:
    """What every policy's body can do: become JSON and, through `parse`, come from it."""

    def as_json(self) -> dict[str, Any]:
        return asdict(self)


def _due(days: int) -> Any:
    return whole(days, gettext_lazy("Days to decide"), least=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestRule(Body):
    """What the rules of every kind of request have."""

    due_days: int = _due(14)


@dataclass(frozen=True, slots=True, kw_only=True)
class Extension(RequestRule):
    """More time to use the same hours."""

    opens_days: int = whole(90, gettext_lazy("Opens so many days before the end"), least=1)
    most_months: int = whole(6, gettext_lazy("Months at most, all extensions together"), most=36)


@dataclass(frozen=True, slots=True, kw_only=True)
class Supplement(RequestRule):
    """More hours out of what the call has left."""

    most_percent: int = whole(50, gettext_lazy("At most this share of the award, in percent"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Transfer(RequestRule):
    """Hours from one grant to another of the same lead, at the rates of the day."""

    closes_days: int = whole(30, gettext_lazy("Closes so many days before the giver's end"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Advance(RequestRule):
    """Hours now that the lead's next award on the same machine pays back."""

    opens_days: int = whole(90, gettext_lazy("Opens so many days before the end"), least=1)
    most_percent: int = whole(10, gettext_lazy("At most this share of the award, in percent"))
    repay_percent: int = whole(
        50, gettext_lazy("Share of the next award that may go to paying back"), least=1, most=100
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Renewal(RequestRule):
    """A further term. While it is decided the grant stays active."""

    opens_days: int = whole(30, gettext_lazy("Opens so many days before the end"), least=1)
    most_months: int = whole(12, gettext_lazy("Months at most"), least=1, most=36)
    most_percent: int = whole(
        100, gettext_lazy("Hours at most, in percent of the award"), most=1000
    )
    due_days: int = _due(21)


@dataclass(frozen=True, slots=True, kw_only=True)
class Appeal(RequestRule):
    """A refused request is looked at again, by somebody else."""

    within_days: int = whole(30, gettext_lazy("Days after the decision"), least=1)
    due_days: int = _due(30)


@dataclass(frozen=True, slots=True, kw_only=True)
class Adjustment(RequestRule):
    """What the R&D office puts right by itself."""

    second_person_hours: int = whole(
        1000, gettext_lazy("A second person decides from this many hours"), most=10**9
    )
    due_days: int = _due(7)


@dataclass(frozen=True, slots=True, kw_only=True)
class Overuse(Body):
    """What follows when more is used than was released. In percent of it.

    limit_percent: where the machine itself stops new jobs. Above 100, the steps between are
    worked through; at 100 only usage that arrives late takes a grant beyond.
    """

    limit_percent: int = whole(
        100, gettext_lazy("The machine stops new jobs at"), least=100, most=300
    )
    low_percent: int = whole(100, gettext_lazy("Lower priority above"), least=100, most=300)
    few_percent: int = whole(125, gettext_lazy("Few running jobs above"), least=100, most=300)
    few_jobs: int = whole(2, gettext_lazy("Running jobs then"), least=1, most=100)
    suspend_percent: int = whole(150, gettext_lazy("Suspended above"), least=100, most=1000)

    def check(self) -> None:
        if not self.low_percent <= self.few_percent <= self.suspend_percent:
            message = _("The steps must follow each other: lower priority, few jobs, suspension.")
            raise Invalid({"few_percent": [message]})


AWARD, DATE, REPORT = "award", "date", "report"
CONDITIONS: Mapping[str, str | Promise] = {
    AWARD: gettext_lazy("at once"),
    DATE: gettext_lazy("on a day"),
    REPORT: gettext_lazy("when a progress report is accepted"),
}


@dataclass(frozen=True, slots=True)
class Part:
    """A share of an award. after_days: from the grant's first day to the day it is due."""

    percent: int = whole(WHOLE, gettext_lazy("Share, in percent"), least=1, most=WHOLE)
    condition: str = field(
        default=AWARD, metadata={"label": gettext_lazy("Condition"), "choices": CONDITIONS}
    )
    after_days: int = whole(0, gettext_lazy("Days after the first day"), most=3650)


@dataclass(frozen=True, slots=True, kw_only=True)
class ReleaseSchedule(Body):
    """How an award is handed out. Smaller ones than `from_hours` are released at once."""

    from_hours: int = whole(0, gettext_lazy("For awards of at least so many hours"), most=10**9)
    parts: tuple[Part, ...] = rows((Part(WHOLE, AWARD),), gettext_lazy("Parts"), Part)

    def check(self) -> None:
        if not self.parts or sum(part.percent for part in self.parts) != WHOLE:
            raise Invalid({"parts": [_("The parts of an award must make 100 percent.")]})
        if self.parts[0].condition != AWARD:
            raise Invalid({"parts": [_("The first part is released at once.")]})

    def shares(self, seconds: int) -> list[int]:
        """`seconds` by part: whole hours rounded down; the last part takes what is over."""
        if seconds < self.from_hours * 3600:
            return [seconds]
        given = [seconds * part.percent // 360_000 * 3600 for part in self.parts[:-1]]
        return [*given, seconds - sum(given)]


@dataclass(frozen=True, slots=True, kw_only=True)
class Reports(Body):
    """Which reports a grant owes, and when. Days are whole days in Beijing.

    A progress report is due with each part of the award that waits for one; where none waits,
    after a share of the term. least_days: nobody is asked for a report on shorter notice.
    """

    progress_from_days: int = whole(
        180, gettext_lazy("Progress report for terms of at least so many days")
    )
    progress_percent: int = whole(
        50,
        gettext_lazy("Progress report due after this share of the term, in percent"),
        least=1,
        most=100,
    )
    final_opens_days: int = whole(
        30, gettext_lazy("Final report asked for so many days before the end")
    )
    final_days: int = whole(60, gettext_lazy("Final report due so many days after the end"))
    least_days: int = whole(14, gettext_lazy("At least so many days to write a report"), least=1)
    first_reminder_days: int = whole(30, gettext_lazy("First reminder so many days before"))
    last_reminder_days: int = whole(7, gettext_lazy("Last reminder so many days before"))


@dataclass(frozen=True, slots=True, kw_only=True)
class LateReports(Body):
    """What follows when a report is late, in days beyond its due date."""

    refuse_after_days: int = whole(
        30, gettext_lazy("Proposals and requests refused after so many days"), least=1
    )
    suspend_after_days: int = whole(
        90, gettext_lazy("Running grants suspended after so many days"), least=1
    )
    notice_days: int = whole(
        14, gettext_lazy("Each step announced so many days before"), least=1, most=365
    )

    def check(self) -> None:
        if self.refuse_after_days > self.suspend_after_days:
            message = _("Submissions are refused before grants are suspended, or with that.")
            raise Invalid({"suspend_after_days": [message]})


@dataclass(frozen=True, slots=True, kw_only=True)
class Closing(Body):
    """When the books of a grant that ended are closed, and what becomes of what is left.

    return_percent: the share that goes back to the call's budget while the call can award from
    it; the rest expires.
    """

    settle_days: int = whole(14, gettext_lazy("Late usage waited for so many days"), most=365)
    return_percent: int = whole(
        100, gettext_lazy("Share of what is left that returns to the call, in percent"), most=100
    )


@dataclass(frozen=True, slots=True)
class Rung:
    """On that day of a grant, below that share used, that share of the rest is taken back."""

    by_day: int = whole(120, gettext_lazy("Day of the grant"), least=1, most=3650)
    below_percent: int = whole(
        10, gettext_lazy("Where less than so many percent are used"), least=1, most=WHOLE
    )
    take_percent: int = whole(
        30, gettext_lazy("Take so many percent of the rest"), least=1, most=WHOLE
    )


LADDER = (
    Rung(120, 10, 30),
    Rung(120, 15, 15),
    Rung(240, 10, 75),
    Rung(240, 33, 50),
    Rung(240, 50, 33),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Reclaim(Body):
    """Use it or lose it: what is not used by a day goes back to the call, in part."""

    notice_days: int = whole(14, gettext_lazy("Days of notice before"), least=1, most=180)
    exempt_days: int = whole(
        7, gettext_lazy("An exemption is asked for until so many days before"), most=180
    )
    grace_days: int = whole(60, gettext_lazy("Nothing is taken in the first days, so many"))
    rungs: tuple[Rung, ...] = rows(LADDER, gettext_lazy("Ladder"), Rung)

    def check(self) -> None:
        if self.exempt_days >= self.notice_days:
            message = _("Leave days between the notice and the last day to ask for an exemption.")
            raise Invalid({"exempt_days": [message]})
        seen: dict[int, list[Rung]] = {}
        for rung in self.rungs:
            seen.setdefault(rung.by_day, []).append(rung)
        for ladder in seen.values():
            steps = sorted(ladder, key=lambda rung: rung.below_percent)
            takes = [rung.take_percent for rung in steps]
            shares = {rung.below_percent for rung in steps}
            if takes != sorted(takes, reverse=True) or len(shares) < len(steps):
                message = _("On one day, who has used more must lose less.")
                raise Invalid({"rungs": [message]})


@dataclass(frozen=True, slots=True, kw_only=True)
class Acceptance(Body):
    """How long a lead has to accept the terms of an award. 0 days: none is asked."""

    days: int = whole(21, gettext_lazy("Days to accept an award; 0 asks for none"), most=365)
    remind_days: int = whole(7, gettext_lazy("Reminded so many days before the last"), most=365)


KINDS: dict[str, type[Body]] = {
    "acceptance": Acceptance,
    "extension": Extension,
    "supplement": Supplement,
    "transfer": Transfer,
    "advance": Advance,
    "renewal": Renewal,
    "appeal": Appeal,
    "adjustment": Adjustment,
    "overuse": Overuse,
    "release_schedule": ReleaseSchedule,
    "reports": Reports,
    "late_reports": LateReports,
    "closing": Closing,
    "reclaim": Reclaim,
}
LABELS: dict[str, str | Promise] = {
    "acceptance": gettext_lazy("Acceptance of an award"),
    "extension": gettext_lazy("Extension"),
    "supplement": gettext_lazy("Supplement"),
    "transfer": gettext_lazy("Transfer"),
    "advance": gettext_lazy("Advance"),
    "renewal": gettext_lazy("Renewal"),
    "appeal": gettext_lazy("Appeal"),
    "adjustment": gettext_lazy("Adjustment by the office"),
    "overuse": gettext_lazy("Overuse"),
    "release_schedule": gettext_lazy("Release schedule"),
    "reports": gettext_lazy("Reports"),
    "late_reports": gettext_lazy("Late reports"),
    "closing": gettext_lazy("Closing of the books"),
    "reclaim": gettext_lazy("Use it or lose it"),
}


def parse(kind: str, data: Mapping[str, Any]) -> Body:
    """The body of one kind out of JSON. Raises Invalid by field; every field must be known."""
    if kind not in KINDS:
        raise Invalid({"kind": [_("There is no such policy.")]})
    body: Body = _filled(KINDS[kind], data)
    check = getattr(body, "check", None)
    if check is not None:
        check()
    return body


def _filled(shape: type, data: Mapping[str, Any]) -> Any:
    known = {one.name: one for one in fields(shape)}
    errors = {name: [_("This policy has no such value.")] for name in data.keys() - known.keys()}
    values: dict[str, Any] = {}
    for name, value in data.items():
        if name in errors:
            continue
        try:
            values[name] = _value(value, known[name].metadata)
        except (TypeError, ValueError) as error:
            errors[name] = [str(error)]
    if errors:
        raise Invalid(errors)
    return shape(**values)


def _value(value: Any, about: Mapping[str, Any]) -> Any:
    if "shape" in about:
        return tuple(_row(row, about["shape"]) for row in value)
    if "choices" in about:
        if value not in about["choices"]:
            raise ValueError(_("Choose one of the words that the form offers."))
        return value
    if isinstance(value, bool) or not isinstance(value, int):
        raise TypeError(_("Enter a whole number."))
    if not about["least"] <= value <= about["most"]:
        message = _("Enter a number from %(least)s to %(most)s.")
        raise ValueError(message % {"least": about["least"], "most": about["most"]})
    return value


def _row(row: Any, shape: type) -> Any:
    """One row, whole: what it leaves out is refused, not filled in."""
    names = [one.name for one in fields(shape)]
    if not isinstance(row, Mapping) or set(row) != set(names):
        message = _("Give each row these values: %(names)s.")
        raise ValueError(message % {"names": ", ".join(names)})
    try:
        return _filled(shape, row)
    except Invalid as error:
        text = " ".join(sentence for found in error.errors.values() for sentence in found)
        raise ValueError(text) from error
