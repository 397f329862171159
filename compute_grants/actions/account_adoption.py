"""Giving a grant an account that its cluster has already. Nothing there is deleted."""

from __future__ import annotations

from collections.abc import Collection

from django.db import transaction
from django.utils.translation import gettext as _

from compute_grants.account_matching import Match
from compute_grants.actions.drift import NotReached
from compute_grants.actions.grant_account import locked, want
from compute_grants.backends import ClusterAccount, ClusterError, cluster
from compute_grants.models import Allocation, Machine
from compute_grants.policies import drift as policy
from compute_grants.queries.account_matching import existing, matches
from consortium import audit
from consortium.errors import DomainError, Invalid, WrongState
from consortium.jobs import nudge
from consortium.models import User


class Strangers(DomainError):
    """The account has users who are no members of the grant, and would run no more jobs on it."""


def propose(machine: Machine, *, by: User) -> list[Match]:
    """Accounts that no grant has, by what the machine says now, with the grants they might be.

    Raises PermissionDenied or NotReached.
    """
    policy.can_compare(by, machine).require()
    try:
        accounts = cluster(machine.cluster, machine.backend).snapshot()
    except ClusterError as error:
        raise NotReached(_("The machine does not answer. Nothing was changed.")) from error
    return matches(machine, existing(accounts))


def adopt(
    allocation: Allocation, *, account: str, may_stop: Collection[str] = (), by: User
) -> Allocation:
    """From now on `account` is the grant's, with the limit and the members of the grant.

    What it has used counts against the limit and is charged. The account that the portal made for
    the grant is kept shut. may_stop: users of `account` of whom the operator confirms that they
    run no more jobs on it, as they are no members.

    Raises PermissionDenied; Invalid for an account that is not there, has others below it or is
    another grant's; WrongState for a grant that is closed or was used; Strangers; NotReached.
    """
    policy.can_compare(by, allocation.resource.machine).require()
    found, used = _read(allocation, account)
    with transaction.atomic():
        allocation = locked(allocation)
        _require_free(allocation, account, used=used)
        members = allocation.members.filter(until__isnull=True)
        strangers = found.members - set(members.values_list("cluster_user", flat=True))
        if unconfirmed := sorted(strangers - set(may_stop)):
            message = _("Not members of the grant, and would run no more jobs: %(names)s.")
            raise Strangers(message % {"names": ", ".join(unconfirmed)})
        before = allocation.account_name
        allocation.left_accounts = sorted({*allocation.left_accounts, before} - {account})
        allocation.slurm_account = account
        allocation.save(update_fields=["left_accounts", "slurm_account"])
        detail = {"account": account, "before": before, "stopped": sorted(strangers)}
        audit.record("allocation.account_adopted", allocation, by=by, **detail)
        want(allocation)
        nudge("compute_grants.charge_unmatched")
    return allocation


def _read(allocation: Allocation, account: str) -> tuple[ClusterAccount, bool]:
    """The account as it is, and whether anything was used on the grant's own."""
    machine = allocation.resource.machine
    try:
        backend = cluster(machine.cluster, machine.backend)
        accounts = backend.snapshot()
        used = backend.used_minutes().get(allocation.account_name, {})
    except ClusterError as error:
        raise NotReached(_("The machine does not answer. Nothing was changed.")) from error
    if account not in accounts or any(row.parent == account for row in accounts.values()):
        message = _("The machine has no account of this name, or it has others below it.")
        raise Invalid({"account": [message]})
    return accounts[account], any(used.values())


def _require_free(allocation: Allocation, account: str, *, used: bool) -> None:
    if allocation.state not in Allocation.LIVE or allocation.account_name == account:
        raise WrongState(_("The grant is closed, or has this account already."))
    if used or allocation.usage.exists():
        raise WrongState(_("Jobs have run on the grant's own account, so it keeps that one."))
    if Allocation.objects.filter(slurm_account=account).exists():
        raise Invalid({"account": [_("This account is another grant's.")]})
