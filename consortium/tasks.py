"""Celery entry points. A message is only a hint: each task finds its work in the database."""

from celery import shared_task

from consortium.actions import desired, digests, files, ledger, seals


@shared_task(name="consortium.reconcile")
def reconcile(desired_id: int) -> None:
    """One desired state, if it is due and nobody else works on it."""
    desired.reconcile_one(only=desired_id)


@shared_task(name="consortium.reconcile_all")
def reconcile_all() -> None:
    """Every half minute: whatever a lost message or a failure left undone."""
    desired.reconcile_due()


@shared_task(name="consortium.expire_holds")
def expire_holds() -> None:
    """Every minute: give back what was held past its time."""
    while ledger.expire_holds():
        pass


@shared_task(name="consortium.seal_audit")
def seal_audit() -> None:
    """Every minute: sign what happened since the last seal, and publish the seals."""
    seals.seal()


@shared_task(name="consortium.send_digests")
def send_digests() -> None:
    """Every few minutes: the daily mails that are due, or were left unsent."""
    digests.gather()
    while digests.send_next():
        pass


@shared_task(name="consortium.sweep_files")
def sweep_files() -> None:
    """Every day: remove the bytes of files that nothing points to."""
    files.sweep()
