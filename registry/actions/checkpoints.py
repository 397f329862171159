"""Everything that changes a checkpoint: recorded from a registered version, described, retired."""

from __future__ import annotations

import logging
from contextlib import suppress

from django.db import transaction
from django.db.models import Q, Sum
from django.utils.translation import gettext as _

from compute_grants.models import UsageRecord
from consortium import audit
from consortium.errors import DomainError
from consortium.models import User
from consortium.states import require_transition
from registry.actions.candidates import Candidate, examine
from registry.backends import DataSet, MlflowError, mlflow
from registry.models import (
    Checkpoint,
    CheckpointFile,
    CheckpointJob,
    DataSetUse,
    Lab,
    Lineage,
    Model,
    ResearchRelease,
)
from registry.policies import checkpoints as policies
from registry.verifier import manifest

log = logging.getLogger(__name__)
State = Checkpoint.State
Energy = Checkpoint.EnergyLabel


class InUse(DomainError):
    """A checkpoint that was released is withdrawn first, then retired."""


def record_version(
    lab: Lab, *, name: str, version: int, source: str, run_id: str, by: User
) -> Checkpoint:
    """Make the checkpoint of a version registered in MLflow, and tell MLflow so.

    Safe to repeat: an existing checkpoint is returned as it is. Reads the outside first, then
    writes in one transaction. Raises what `examine` and `record` raise.
    """
    found = Checkpoint.objects.filter(model__lab=lab, model__slug=name, version=version).first()
    if found is None:
        candidate = examine(lab, source=source, run_id=run_id, by=by)
        found = record(candidate, lab=lab, name=name, version=version, by=by)
    with suppress(MlflowError):  # a note for the lab's own eyes; nothing depends on it
        mlflow().tag_version(lab.workspace, name, version, "portal.checkpoint", found.number)
        mlflow().tag_version(lab.workspace, name, version, "portal.manifest", found.manifest_root)
    return found


@transaction.atomic
def record(candidate: Candidate, *, lab: Lab, name: str, version: int, by: User) -> Checkpoint:
    """Write a checkpoint with its manifest, jobs, data and lineage; its model if it is new.

    Raises PermissionDenied. Two calls at once make one checkpoint: the lab's row is the lock.
    """
    lab = Lab.objects.select_for_update().get(pk=lab.pk)
    policies.can_record(by, lab).require()
    model = _model(lab, name, by)
    existing = model.checkpoints.filter(version=version).first()
    if existing is not None:
        return existing
    checkpoint = Checkpoint.objects.create(
        model=model,
        version=version,
        run_id=candidate.run_id,
        logged_model_id=candidate.logged_model_id,
        step=candidate.step,
        manifest_root=manifest.root(candidate.files),
        bytes_total=sum(file.size for file in candidate.files),
        format=candidate.content.format,
        format_problem=candidate.content.problem[:300],
        parameters=candidate.content.parameters,
        precision=candidate.content.precision,
        allocation=candidate.allocation,
        claimed_jobs=list(candidate.jobs),
        energy_joules=candidate.energy_joules,
        energy_label=Energy.UNKNOWN if candidate.energy_joules is None else Energy.SELF_REPORTED,
        metrics=dict(candidate.metrics),
        created_by=by,
    )
    _write_parts(checkpoint, candidate)
    _match(checkpoint)
    audit.record(
        "checkpoint.recorded",
        checkpoint,
        by=by,
        number=checkpoint.number,
        manifest_root=checkpoint.manifest_root,
        files=len(candidate.files),
        allocation=candidate.allocation.number if candidate.allocation else None,
    )
    return checkpoint


@transaction.atomic
def match_jobs(checkpoint: Checkpoint) -> int:
    """Tie a checkpoint to usage records that were imported since. Returns how many are new."""
    checkpoint = Checkpoint.objects.select_for_update().get(pk=checkpoint.pk)
    matched = _match(checkpoint)
    if matched:
        audit.record(
            "checkpoint.jobs_matched",
            checkpoint,
            by=None,
            jobs=matched,
            card_seconds=checkpoint.card_seconds,
            energy_joules=checkpoint.energy_joules,
        )
    return matched


@transaction.atomic
def set_data_set(
    checkpoint: Checkpoint, *, name: str, use: str, origin: str, licence: str, by: User
) -> DataSetUse:
    """Name a data set of a checkpoint, or complete what the run said of it.

    Raises PermissionDenied, or InUse once the checkpoint is released.
    """
    checkpoint = Checkpoint.objects.select_for_update().get(pk=checkpoint.pk)
    policies.can_describe(by, checkpoint).require()
    _require_unreleased(checkpoint)
    rows = DataSetUse.objects.filter(checkpoint=checkpoint, name=name, use=use)
    row = rows.first() or DataSetUse(checkpoint=checkpoint, name=name, use=use)
    row.origin, row.licence = origin, licence
    row.save()
    audit.record(
        "checkpoint.data_set", checkpoint, by=by, name=name, origin=origin, licence=licence
    )
    return row


@transaction.atomic
def retire(checkpoint: Checkpoint, *, reason: str, by: User) -> Checkpoint:
    """Take a checkpoint out of use. Raises PermissionDenied, WrongState, InUse."""
    checkpoint = Checkpoint.objects.select_for_update().get(pk=checkpoint.pk)
    policies.can_retire(by, checkpoint).require()
    require_transition(Checkpoint.TRANSITIONS, checkpoint.state, State.RETIRED)
    live = ResearchRelease.State.WITHDRAWN
    if checkpoint.releases.exclude(state=live).exists():
        raise InUse(_("This checkpoint has a release. Withdraw the release first."))
    checkpoint.state = State.RETIRED
    checkpoint.retired_reason = reason
    checkpoint.save(update_fields=["state", "retired_reason"])
    audit.record("checkpoint.retired", checkpoint, by=by, reason=reason)
    return checkpoint


@transaction.atomic
def edit_model(model: Model, *, by: User, **changes: str) -> Model:
    """Change a model's names, kind and descriptions. Raises PermissionDenied."""
    model = Model.objects.select_for_update().get(pk=model.pk)
    policies.can_edit_model(by, model).require()
    allowed = {"name_en", "name_zh", "kind", "description_en", "description_zh"}
    assert set(changes) <= allowed, "only what a model says about itself can be edited"
    for field, value in changes.items():
        setattr(model, field, value)
    model.save(update_fields=list(changes))
    audit.record("model.edited", model, by=by, fields=sorted(changes))
    return model


def _model(lab: Lab, name: str, by: User) -> Model:
    model, created = Model.objects.get_or_create(
        lab=lab, slug=name, defaults={"name_en": name, "name_zh": name, "created_by": by}
    )
    if created:
        audit.record("model.created", model, by=by, name=model.full_name)
    return model


def _write_parts(checkpoint: Checkpoint, candidate: Candidate) -> None:
    CheckpointFile.objects.bulk_create(
        CheckpointFile(checkpoint=checkpoint, path=file.path, size=file.size, blob_id=file.sha256)
        for file in candidate.files
    )
    DataSetUse.objects.bulk_create(
        (_data_set(checkpoint, item) for item in candidate.data_sets), ignore_conflicts=True
    )
    Lineage.objects.bulk_create(
        Lineage(parent=parent, child=checkpoint, relation=relation)
        for parent, relation in candidate.parents
    )


def _data_set(checkpoint: Checkpoint, item: DataSet) -> DataSetUse:
    evaluated = item.context.lower().startswith(("eval", "test"))
    return DataSetUse(
        checkpoint=checkpoint,
        name=item.name[:200],
        digest=item.digest[:128],
        use=DataSetUse.Use.EVALUATION if evaluated else DataSetUse.Use.TRAINING,
        licence=item.tags.get("licence", item.tags.get("license", ""))[:120],
        origin=item.tags.get("origin", "")[:300],
    )


def _match(checkpoint: Checkpoint) -> int:
    """Link the usage records of the claimed jobs, of this allocation only; sum what they say."""
    if checkpoint.allocation_id is None or not checkpoint.claimed_jobs:
        return 0
    raw = [int(job) for job in checkpoint.claimed_jobs if job.isdigit()]
    records = UsageRecord.objects.filter(
        Q(job_id_raw__in=raw) | Q(job_id__in=checkpoint.claimed_jobs),
        allocation_id=checkpoint.allocation_id,
    )
    known = set(checkpoint.jobs.values_list("usage_id", flat=True))
    new = [record.pk for record in records if record.pk not in known]
    CheckpointJob.objects.bulk_create(
        CheckpointJob(checkpoint=checkpoint, usage_id=pk) for pk in new
    )
    if new:
        _sum_up(checkpoint)
    return len(new)


def _sum_up(checkpoint: Checkpoint) -> None:
    used = UsageRecord.objects.filter(checkpoints__checkpoint=checkpoint)
    totals = used.aggregate(cards=Sum("card_seconds"), joules=Sum("energy_joules"))
    checkpoint.card_seconds = totals["cards"]
    if totals["joules"] is not None and not used.filter(energy_joules__isnull=True).exists():
        measured = UsageRecord.EnergySource.MEASURED
        all_measured = not used.exclude(energy_source=measured).exists()
        checkpoint.energy_joules = totals["joules"]
        checkpoint.energy_label = Energy.MEASURED if all_measured else Energy.ESTIMATED
    checkpoint.save(update_fields=["card_seconds", "energy_joules", "energy_label"])


def _require_unreleased(checkpoint: Checkpoint) -> None:
    fixed = [ResearchRelease.State.UNDER_REVIEW, ResearchRelease.State.EMBARGOED]
    fixed += ResearchRelease.PUBLISHED
    if checkpoint.releases.filter(state__in=fixed).exists():
        raise InUse(_("This checkpoint is released or under review, so it cannot be changed."))
