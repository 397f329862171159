"""Celery entry points. A message is only a hint: each task finds its work in the database."""

from __future__ import annotations

import logging
from datetime import timedelta
from itertools import islice

from celery import shared_task
from django.core.exceptions import PermissionDenied
from django.db.models import F, Func, IntegerField
from django.utils import timezone

from consortium.errors import DomainError
from consortium.models import User
from registry.actions import checkpoints, releases, standing, trust
from registry.backends import MlflowError, StorageError, Version, mlflow, store
from registry.models import Checkpoint, CheckpointJob, Lab, ResearchRelease

log = logging.getLogger(__name__)
OWNER_TAG = "portal.user"
# A lab's newest versions: older ones were looked at when they were new.
LOOKED_AT = 200
MATCHED_FOR = timedelta(days=60)
CUT_UPLOADS_KEPT = 24 * 3600


@shared_task(name="registry.sweep")
def sweep() -> None:
    """Every few minutes: versions without a checkpoint, jobs imported since, embargoes over."""
    record_missing()
    match_imported()
    lift_embargoes()


@shared_task(name="registry.sweep_store")
def sweep_store() -> None:
    """Once a day: remove what cut uploads left in the store."""
    store().sweep(CUT_UPLOADS_KEPT)


def record_missing() -> int:
    """Make the checkpoints of versions whose recording was cut off. Returns how many."""
    made = 0
    for lab in Lab.objects.all():
        try:
            for version in islice(mlflow().versions(lab.workspace), LOOKED_AT):
                made += _record(lab, version)
        except MlflowError as error:
            log.info("the sweep waits for MLflow: %s", error)
            return made
    return made


def _record(lab: Lab, version: Version) -> bool:
    rows = Checkpoint.objects.filter(model__lab=lab, model__slug=version.name)
    if rows.filter(version=version.version).exists():
        return False
    by = User.objects.filter(email=version.tags.get(OWNER_TAG, "")).first()
    if by is None:
        return False
    try:
        checkpoints.record_version(
            lab,
            name=version.name,
            version=version.version,
            source=version.source,
            run_id=version.run_id,
            by=by,
        )
    except (DomainError, PermissionDenied, StorageError) as error:
        log.warning("%s/%s@%s: %s", lab.slug, version.name, version.version, error)
        return False
    return True


def match_imported() -> int:
    """Tie recent checkpoints to usage imported since. Returns how many runs were tied."""
    claimed = Func(F("claimed_jobs"), function="cardinality", output_field=IntegerField())
    recent = Checkpoint.objects.annotate(claimed=claimed).filter(
        created_at__gte=timezone.now() - MATCHED_FOR, allocation__isnull=False, claimed__gt=0
    )
    tied = CheckpointJob.objects.values("checkpoint")
    return sum(
        checkpoints.match_jobs(checkpoint)
        for checkpoint in recent.exclude(pk__in=tied).order_by("pk")[:500]
    )


def lift_embargoes() -> int:
    """Release what was embargoed until now. Returns how many."""
    now = timezone.now()
    due = ResearchRelease.objects.filter(
        state=ResearchRelease.State.EMBARGOED, embargo_until__lte=now
    )
    return sum(releases.lift_embargo(release, now=now) for release in due)


@shared_task(name="registry.sweep_licences")
def sweep_licences() -> None:
    """Every hour: licences whose term is over, and a status list that has run out."""
    standing.expire_due()
    try:
        trust.current_list()
    except trust.NoTrust:
        log.info("no signing keys yet: no status list to renew")
