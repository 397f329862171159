"""Access types: made and revised by the R&D office, each change a version of its own."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from compute_grants.models import AccessType, AccessTypeLimit, Resource
from compute_grants.policies import access_types as policy
from consortium import audit
from consortium.errors import DomainError, Invalid
from consortium.models import User

Depth = AccessType.Depth


class Superseded(DomainError):
    """A newer version of the access type is there."""


@dataclass(frozen=True, slots=True)
class Limit:
    """How much of one resource can be asked, in seconds of its unit."""

    resource: Resource
    max_seconds: int
    min_seconds: int = 0


@transaction.atomic
def create(*, by: User, limits: Sequence[Limit] = (), **fields: Any) -> AccessType:
    """The first version. `fields` are those of AccessType but version, current and who made it.

    Raises PermissionDenied, or Invalid where the code is taken or the sizes are out of order.
    """
    policy.can_manage(by).require()
    if AccessType.objects.filter(code=fields["code"]).exists():
        raise Invalid({"code": [_("Another access type has this code. Choose another.")]})
    made = _write(AccessType(made_by=by, **fields), limits)
    audit.record("access_type.created", made, by=by, code=made.code)
    return made


@transaction.atomic
def revise(
    access_type: AccessType, *, by: User, limits: Sequence[Limit] | None = None, **fields: Any
) -> AccessType:
    """The next version, with these fields changed. Calls keep the version they took up.

    limits=None keeps them. Raises PermissionDenied, Superseded, or Invalid.
    """
    policy.can_manage(by).require()
    old = AccessType.objects.select_for_update().get(pk=access_type.pk)
    if not old.current:
        raise Superseded(_("This version has been revised. Open the newest one and change that."))
    fields.pop("code", None)
    kept = [Limit(x.resource, x.max_seconds, x.min_seconds) for x in _limits(old)]
    changed = sorted(name for name, value in fields.items() if getattr(old, name) != value)
    wanted = kept if limits is None else list(limits)
    if not changed and wanted == kept:
        return old
    old.current = False
    old.save(update_fields=["current"])
    made = AccessType.objects.get(pk=old.pk)
    made.pk, made.version, made.current, made.made_by = None, old.version + 1, True, by
    made._state.adding = True  # noqa: SLF001  Django's documented way to copy a row
    for name in changed:
        setattr(made, name, fields[name])
    made = _write(made, wanted)
    audit.record(
        "access_type.revised", made, by=by, code=made.code, version=made.version, fields=changed
    )
    return made


def _limits(access_type: AccessType) -> Sequence[AccessTypeLimit]:
    return list(access_type.limits.select_related("resource").order_by("pk"))


def _write(made: AccessType, limits: Sequence[Limit]) -> AccessType:
    errors = _errors(made, limits)
    if errors:
        raise Invalid(errors)
    if made.depth == Depth.TECHNICAL:
        made.reviewers = 0
    made.save()
    AccessTypeLimit.objects.bulk_create(
        AccessTypeLimit(
            access_type=made,
            resource=limit.resource,
            min_seconds=limit.min_seconds,
            max_seconds=limit.max_seconds,
        )
        for limit in limits
    )
    return made


def _errors(made: AccessType, limits: Sequence[Limit]) -> dict[str, list[str]]:
    errors: dict[str, list[str]] = {}
    least, most = made.min_credit_seconds, made.max_credit_seconds
    if least is not None and most is not None and most < least:
        errors["max_credit_seconds"] = [_("The largest size is at least the smallest.")]
    if made.depth != Depth.TECHNICAL and made.reviewers < 1:
        errors["reviewers"] = [_("A review takes one reviewer or more. Say how many.")]
    if any(limit.max_seconds < max(limit.min_seconds, 1) for limit in limits):
        errors["limits"] = [_("Each machine's largest size is at least its smallest, and not 0.")]
    if len({limit.resource.pk for limit in limits}) < len(limits):
        errors["limits"] = [_("Name each machine's resource once.")]
    return errors
