"""Everything that changes a research release."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import datetime

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from consortium import audit
from consortium.errors import DomainError, Invalid, Stale
from consortium.models import Institution, User
from consortium.states import require_transition
from registry.actions.checking import run_all
from registry.models import Checkpoint, ResearchRelease
from registry.policies import releases as policies

State = ResearchRelease.State
VERSION = re.compile(r"^[0-9]{1,6}(\.[0-9]{1,6}){0,3}(-[a-z0-9]{1,12}(\.[0-9]{1,6})?)?\Z")
EDITABLE = frozenset(
    {"licence", "audience", "card_en", "card_zh", "notes_en", "notes_zh", "citation"}
)


class ChecksFailed(DomainError):
    """A release goes to review only when every check passed on what it is now."""


class NotReleasable(DomainError):
    """A retired checkpoint is not released."""


class EmbargoInPast(DomainError):
    """An embargo ends later than now."""


@transaction.atomic
def draft(checkpoint: Checkpoint, *, version: str, by: User) -> ResearchRelease:
    """Begin a release of a checkpoint.

    Raises PermissionDenied, NotReleasable, or Invalid: the version is taken or not one.
    """
    checkpoint = Checkpoint.objects.select_for_update().get(pk=checkpoint.pk)
    policies.can_draft(by, checkpoint.model.lab).require()
    if checkpoint.state != Checkpoint.State.RECORDED:
        raise NotReleasable(_("This checkpoint was retired. Release another one."))
    _require_version(checkpoint, version)
    release = ResearchRelease.objects.create(
        model=checkpoint.model, checkpoint=checkpoint, version=version, created_by=by
    )
    audit.record("release.drafted", release, by=by, version=version, checkpoint=checkpoint.number)
    return release


@transaction.atomic
def edit(
    release: ResearchRelease,
    *,
    revision: int,
    by: User,
    institutions: Iterable[Institution] | None = None,
    **changes: str,
) -> ResearchRelease:
    """Change a draft. `revision` is the one the editor saw; what was checked must be again.

    Raises PermissionDenied, or Stale when somebody else saved meanwhile.
    """
    release = _locked(release)
    policies.can_edit(by, release).require()
    assert set(changes) <= EDITABLE, "only a release's own texts and terms can be edited"
    if revision != release.revision:
        raise Stale(
            _("Somebody else changed this draft while you wrote. Compare, then save again.")
        )
    if release.state == State.CHECKS:
        _move(release, State.DRAFT)
    for field, value in changes.items():
        setattr(release, field, value)
    release.checks, release.checked_at = [], None
    release.revision += 1
    release.save()
    if institutions is not None:
        release.institutions.set(institutions)
    audit.record("release.edited", release, by=by, fields=sorted(changes))
    return release


@transaction.atomic
def check(release: ResearchRelease, *, by: User) -> ResearchRelease:
    """Run every check and keep the results; ready for review when none stands in the way.

    Raises PermissionDenied, StorageError.
    """
    release = _locked(release)
    policies.can_edit(by, release).require()
    results = run_all(release)
    passed = not any(result.stops for result in results)
    if passed and release.state == State.DRAFT:
        _move(release, State.CHECKS)
    elif not passed and release.state == State.CHECKS:
        _move(release, State.DRAFT)
    release.checks = [result.stored() for result in results]
    release.checked_at = timezone.now()
    release.save(update_fields=["state", "checks", "checked_at"])
    failed = [result.code for result in results if result.stops]
    audit.record("release.checked", release, by=by, passed=passed, failed=failed)
    return release


@transaction.atomic
def submit(release: ResearchRelease, *, by: User) -> ResearchRelease:
    """Send a checked draft to the research office.

    The checks run once more, because data or jobs may have changed since. Raises
    PermissionDenied, WrongState, ChecksFailed, StorageError.
    """
    release = _locked(release)
    policies.can_submit(by, release).require()
    _move(release, State.UNDER_REVIEW)
    failed = [result for result in run_all(release) if result.stops]
    if failed:
        message = _("A check fails now: %(check)s. Run the checks and repair what they name.")
        raise ChecksFailed(message % {"check": failed[0].title})
    release.submitted_by, release.submitted_at = by, timezone.now()
    release.save(update_fields=["state", "submitted_by", "submitted_at"])
    audit.record(
        "release.submitted", release, by=by, manifest_root=release.checkpoint.manifest_root
    )
    return release


@transaction.atomic
def approve(
    release: ResearchRelease, *, by: User, note: str = "", embargo_until: datetime | None = None
) -> ResearchRelease:
    """Release it, now or when the embargo ends. From here on its files are frozen.

    Raises PermissionDenied (also to its author), WrongState, EmbargoInPast.
    """
    release = _locked(release)
    policies.can_decide(by, release).require()
    now = timezone.now()
    if embargo_until is not None and embargo_until <= now:
        raise EmbargoInPast(_("The embargo must end later than now. Leave it out for none."))
    _move(release, State.EMBARGOED if embargo_until else State.RELEASED)
    release.decided_by, release.decided_at, release.decision_note = by, now, note
    release.embargo_until = embargo_until
    release.released_at = None if embargo_until else now
    release.save()
    audit.record(
        "release.embargoed" if embargo_until else "release.released",
        release,
        by=by,
        version=release.version,
        manifest_root=release.checkpoint.manifest_root,
        licence=release.licence,
        audience=release.audience,
        embargo_until=embargo_until.isoformat() if embargo_until else None,
    )
    return release


@transaction.atomic
def send_back(release: ResearchRelease, *, note: str, by: User) -> ResearchRelease:
    """Return a release to its authors with what is to be done. Raises as `approve`, Invalid."""
    release = _locked(release)
    policies.can_decide(by, release).require()
    if not note.strip():
        raise Invalid({"note": [_("Say what is to be done before it can be released.")]})
    _move(release, State.DRAFT)
    release.decided_by, release.decided_at, release.decision_note = by, timezone.now(), note
    release.checks, release.checked_at = [], None
    release.save()
    audit.record("release.sent_back", release, by=by, note=note[:500])
    return release


@transaction.atomic
def lift_embargo(release: ResearchRelease, *, now: datetime) -> bool:
    """Release what was embargoed, once its time has come. Safe to repeat; True when it did."""
    release = _locked(release)
    due = release.embargo_until is not None and release.embargo_until <= now
    if release.state != State.EMBARGOED or not due:
        return False
    _move(release, State.RELEASED)
    release.released_at = now
    release.save(update_fields=["state", "released_at"])
    audit.record("release.released", release, by=None, version=release.version)
    return True


@transaction.atomic
def withdraw(release: ResearchRelease, *, reason: str, by: User) -> ResearchRelease:
    """Give its files out no more; its page stays, and says why.

    Raises PermissionDenied, WrongState, Invalid.
    """
    release = _locked(release)
    policies.can_withdraw(by, release).require()
    if not reason.strip():
        raise Invalid({"reason": [_("Say why it is withdrawn; its readers will see this.")]})
    _move(release, State.WITHDRAWN)
    release.withdrawn_at, release.withdrawal_reason = timezone.now(), reason[:300]
    release.save(update_fields=["state", "withdrawn_at", "withdrawal_reason"])
    audit.record("release.withdrawn", release, by=by, reason=reason[:300])
    return release


def _locked(release: ResearchRelease) -> ResearchRelease:
    rows = ResearchRelease.objects.select_related("checkpoint", "model__lab__institution")
    return rows.select_for_update(of=("self",)).get(pk=release.pk)


def _move(release: ResearchRelease, new: str) -> None:
    require_transition(ResearchRelease.TRANSITIONS, release.state, new)
    release.state = new


def _require_version(checkpoint: Checkpoint, version: str) -> None:
    if not VERSION.match(version):
        message = _("Use numbers parted by dots, such as 1.0 or 2.1.3-rc1.")
        raise Invalid({"version": [message]})
    if ResearchRelease.objects.filter(model=checkpoint.model, version=version).exists():
        raise Invalid({"version": [_("This model has a release of this version. Choose another.")]})
