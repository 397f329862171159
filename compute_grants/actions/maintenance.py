"""Planned stops of machines: announced, moved, called off by their centre, begun by the clock."""

from __future__ import annotations

from contextlib import suppress
from datetime import datetime

from django.db import transaction
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from compute_grants.actions.machine_states import Retired, locked, move
from compute_grants.models import Machine, MaintenanceWindow
from compute_grants.queries.maintenance import people_with_time
from consortium import audit
from consortium.actions.notices import notify
from consortium.errors import DomainError, Invalid, WrongState
from consortium.models import User
from consortium.states import require_transition

State = MaintenanceWindow.State


class WindowsOverlap(DomainError):
    """A machine stops once at a time."""


class Begun(DomainError):
    """A stop that is under way began when it did."""


@transaction.atomic
def plan(
    machine: Machine,
    *,
    starts_at: datetime,
    ends_at: datetime,
    note_en: str,
    note_zh: str,
    by: User,
) -> MaintenanceWindow:
    """Announce a stop from starts_at until before ends_at. Tells who has time there.

    Raises PermissionDenied, Retired, WindowsOverlap naming the other, or Invalid.
    """
    machine = locked(machine, by)
    _check_times(starts_at, ends_at, began=False)
    _refuse_overlap(machine, starts_at, ends_at)
    window = MaintenanceWindow.objects.create(
        machine=machine,
        starts_at=starts_at,
        ends_at=ends_at,
        note_en=note_en,
        note_zh=note_zh,
        planned_by=by,
    )
    _told("maintenance.planned", window, by)
    return window


@transaction.atomic
def change(
    window: MaintenanceWindow,
    *,
    starts_at: datetime,
    ends_at: datetime,
    note_en: str,
    note_zh: str,
    by: User,
) -> MaintenanceWindow:
    """Move a stop, or reword it. One that is under way keeps its beginning.

    Raises PermissionDenied, WrongState once it is over, Begun, WindowsOverlap, or Invalid.
    """
    window = _locked(window, by)
    began = window.state == State.UNDER_WAY
    if window.state not in MaintenanceWindow.STANDING:
        raise WrongState(_("This maintenance is over or cancelled. Plan another."))
    if began and starts_at != window.starts_at:
        raise Begun(_("This maintenance is under way, so only its end and its note can change."))
    moved = (starts_at, ends_at) != (window.starts_at, window.ends_at)
    if moved:
        _check_times(starts_at, ends_at, began=began)
        _refuse_overlap(window.machine, starts_at, ends_at, besides=window)
    wanted = {"starts_at": starts_at, "ends_at": ends_at, "note_en": note_en, "note_zh": note_zh}
    changed = [name for name, value in wanted.items() if getattr(window, name) != value]
    if not changed:
        return window
    for name in changed:
        setattr(window, name, wanted[name])
    window.save(update_fields=changed)
    if moved:
        _told("maintenance.moved", window, by)
    else:
        audit.record("maintenance.reworded", window, by=by)
    return window


@transaction.atomic
def cancel(window: MaintenanceWindow, *, by: User) -> MaintenanceWindow:
    """Call off a stop that has not begun. Raises PermissionDenied, WrongState."""
    window = _locked(window, by)
    return _call_off(window, by)


@transaction.atomic
def finish(window: MaintenanceWindow, *, by: User) -> MaintenanceWindow:
    """End a stop that is under way before its time: the machine returns to service.

    Raises PermissionDenied, WrongState.
    """
    window = _locked(window, by)
    return _finish(window, by)


def follow_the_clock() -> int:
    """Begin and end whatever is due. Returns how many stops changed; safe to repeat."""
    now = timezone.now()
    rows = MaintenanceWindow.objects
    due = [(row, _finish) for row in rows.filter(state=State.UNDER_WAY, ends_at__lte=now)]
    due += [(row, _begin) for row in rows.filter(state=State.PLANNED, starts_at__lte=now)]
    changed = 0
    for row, step in sorted(due, key=lambda pair: (pair[0].starts_at, pair[0].pk)):
        with suppress(WrongState, Retired), transaction.atomic():
            step(_locked(row, None), None)
            changed += 1
    return changed


def settle_windows(machine: Machine, state: str, *, by: User) -> None:
    """What a machine's new state, set by hand, means for its stops: over, or called off.

    The caller has locked the machine and asked the policy.
    """
    windows = machine.windows.select_for_update(of=("self",))
    if state in {Machine.State.PUBLISHED, Machine.State.RETIRED}:
        for window in windows.filter(state=State.UNDER_WAY).select_related("machine"):
            _close(window, by, back=state == Machine.State.PUBLISHED)
    if state == Machine.State.RETIRED:
        for window in windows.filter(state=State.PLANNED).select_related("machine"):
            _call_off(window, by)


def _locked(window: MaintenanceWindow, by: User | None) -> MaintenanceWindow:
    """The window with its machine, both locked, the machine first."""
    machine = locked(window.machine, by)
    window = MaintenanceWindow.objects.select_for_update().get(pk=window.pk)
    window.machine = machine
    return window


def _begin(window: MaintenanceWindow, by: User | None) -> MaintenanceWindow:
    require_transition(MaintenanceWindow.TRANSITIONS, window.state, State.UNDER_WAY)
    window.state = State.UNDER_WAY
    window.save(update_fields=["state"])
    audit.record("maintenance.begun", window, by=by)
    if window.machine.state == Machine.State.PUBLISHED:
        move(window.machine, Machine.State.MAINTENANCE, "machine.in_maintenance", by)
    return window


def _finish(window: MaintenanceWindow, by: User | None) -> MaintenanceWindow:
    _close(window, by, back=True)
    if window.machine.state == Machine.State.MAINTENANCE:
        move(window.machine, Machine.State.PUBLISHED, "machine.returned_to_service", by)
    return window


def _close(window: MaintenanceWindow, by: User | None, *, back: bool) -> None:
    """The stop is over; `back`: because the machine takes jobs again."""
    require_transition(MaintenanceWindow.TRANSITIONS, window.state, State.DONE)
    window.state, window.ended_at = State.DONE, timezone.now()
    window.save(update_fields=["state", "ended_at"])
    if back:
        _told("maintenance.done", window, by)
    else:
        audit.record("maintenance.ended", window, by=by)


def _call_off(window: MaintenanceWindow, by: User | None) -> MaintenanceWindow:
    require_transition(MaintenanceWindow.TRANSITIONS, window.state, State.CANCELLED)
    window.state = State.CANCELLED
    window.save(update_fields=["state"])
    _told("maintenance.cancelled", window, by)
    return window


def _check_times(starts_at: datetime, ends_at: datetime, *, began: bool) -> None:
    if ends_at <= starts_at:
        raise Invalid({"ends_at": [_("Maintenance ends after it begins.")]})
    now = timezone.now()
    if not began and starts_at <= now:
        message = _("Plan maintenance ahead. For a stop now, begin maintenance on the machine.")
        raise Invalid({"starts_at": [message]})
    if ends_at <= now:
        message = _("That is over already. To end maintenance now, return the machine to service.")
        raise Invalid({"ends_at": [message]})


def _refuse_overlap(
    machine: Machine,
    starts_at: datetime,
    ends_at: datetime,
    *,
    besides: MaintenanceWindow | None = None,
) -> None:
    others = machine.windows.ahead().filter(starts_at__lt=ends_at, ends_at__gt=starts_at)
    if besides is not None:
        others = others.exclude(pk=besides.pk)
    if (other := others.first()) is None:
        return
    message = _(
        "Maintenance is planned from %(starts)s until %(ends)s already. Move that one, or choose "
        "other times."
    )
    raise WindowsOverlap(
        message % {"starts": _moment(other.starts_at), "ends": _moment(other.ends_at)}
    )


def _moment(moment: datetime) -> str:
    return date_format(timezone.localtime(moment), "DATETIME_FORMAT")


def _told(code: str, window: MaintenanceWindow, by: User | None) -> None:
    """Record the event and tell everybody who has time on the machine, with the times."""
    machine = window.machine
    times = {"starts_at": window.starts_at.isoformat(), "ends_at": window.ends_at.isoformat()}
    audit.record(code, window, by=by, machine=machine.code, **times)
    notify(
        code,
        to=people_with_time(machine),
        about=window,
        besides=by,
        machine_en=machine.name_en,
        machine_zh=machine.name_zh,
        **times,
    )
