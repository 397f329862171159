"""Checkpoints as they are made from registered versions."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from django.core.exceptions import PermissionDenied
from django.db import IntegrityError, connection, transaction

from compute_grants.actions import usage
from consortium.models import AuditEvent
from registry import tasks
from registry.actions import candidates, checkpoints, releases
from registry.backends import LoggedModel, MlflowError, Run, Version
from registry.models import Checkpoint, CheckpointFile, Lineage, Model
from registry.verifier import manifest
from tests.factories import allocations
from tests.factories import registry as make

RUN, MODEL = "a" * 32, "m-" + "c" * 32
SOURCE = f"models:/{MODEL}"


class Logged:
    """A model logged in a lab's workspace, with a run and files."""

    def __init__(self, mlflow, lab, tags=None, contents=None):
        self.mlflow, self.lab = mlflow, lab
        self.by = make.maintainer(lab)
        self.root = f"workspaces/{lab.workspace}/1/models/{MODEL}/artifacts"
        uri = f"mlflow-artifacts:/{self.root}"
        metrics = {"accuracy": 0.9, "loss": float("nan")}
        mlflow.runs[lab.workspace, RUN] = Run(RUN, uri, tags or {}, metrics)
        mlflow.logged_models[lab.workspace, MODEL] = LoggedModel(MODEL, RUN, uri)
        contents = contents or {"MLmodel": b"m", "model.safetensors": make.safetensors()}
        for path, body in contents.items():
            make.put(lab, f"{self.root}/{path}", body, self.by)

    def record(self, version=1, by=None):
        at = (self.lab.workspace, "digits", version)
        self.mlflow.registered[at] = Version("digits", version, SOURCE, RUN)
        return checkpoints.record_version(
            self.lab, name="digits", version=version, source=SOURCE, run_id="", by=by or self.by
        )


@pytest.fixture
def lab(db):
    return make.lab()


def test_a_version_becomes_a_checkpoint_with_its_manifest(mlflow, lab):
    logged = Logged(mlflow, lab)
    checkpoint = logged.record()
    assert checkpoint.number == f"{lab.slug}/digits@1"
    assert (checkpoint.format, checkpoint.parameters, checkpoint.precision) == (
        *("safetensors", 12, "F32"),
    )
    files = [manifest.File(f.path, f.size, f.sha256) for f in checkpoint.files.all()]
    assert [file.path for file in files] == ["MLmodel", "model.safetensors"]
    assert checkpoint.manifest_root == manifest.root(files)
    assert checkpoint.bytes_total == sum(file.size for file in files)
    assert checkpoint.metrics == {"accuracy": 0.9}
    assert checkpoint.run_id == RUN
    assert Model.objects.get().full_name == f"{lab.slug}/digits"
    event = AuditEvent.objects.get(action="checkpoint.recorded")
    assert event.detail["manifest_root"] == checkpoint.manifest_root
    tags = mlflow.registered[lab.workspace, "digits", 1].tags
    assert tags["portal.manifest"] == checkpoint.manifest_root


def test_recording_twice_makes_one(mlflow, lab):
    logged = Logged(mlflow, lab)
    assert logged.record() == logged.record()
    assert AuditEvent.objects.filter(action="checkpoint.recorded").count() == 1


@pytest.mark.django_db(transaction=True)
def test_recording_twice_at_once_makes_one():
    lab = make.lab()
    made = make.candidate(lab, make.maintainer(lab))

    def attempt(_n):
        try:
            return checkpoints.record(
                made, lab=lab, name="digits", version=1, by=make.maintainer(lab)
            )
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as pool:
        found = set(pool.map(attempt, range(4)))
    assert len(found) == 1
    assert Checkpoint.objects.count() == 1


def test_later_uploads_do_not_touch_a_recorded_manifest(mlflow, lab):
    logged = Logged(mlflow, lab)
    checkpoint = logged.record()
    make.put(lab, f"{logged.root}/MLmodel", b"changed", logged.by)
    checkpoint.refresh_from_db()
    files = [manifest.File(f.path, f.size, f.sha256) for f in checkpoint.files.all()]
    assert manifest.root(files) == checkpoint.manifest_root


@pytest.mark.parametrize(
    ("source", "error"),
    [
        ("models:/m-" + "d" * 32, candidates.UnknownSource),
        ("mlflow-artifacts:/workspaces/other/1/x", candidates.UnknownSource),
        ("s3://x", candidates.UnknownSource),
    ],
)
def test_a_source_outside_the_lab_is_refused(mlflow, lab, source, error):
    Logged(mlflow, lab)
    with pytest.raises(error):
        candidates.examine(lab, source=source, run_id="", by=make.maintainer(lab))


def test_a_version_without_files_is_refused(mlflow, lab):
    logged = Logged(mlflow, lab)
    lab.artifacts.all().delete()
    with pytest.raises(candidates.NoFiles):
        logged.record()
    assert not Checkpoint.objects.exists()


def test_only_members_record(mlflow, lab):
    with pytest.raises(PermissionDenied):
        Logged(mlflow, lab).record(by=make.maintainer(make.lab()))


def test_mlflow_being_down_is_no_checkpoint_and_no_harm(mlflow, lab):
    logged = Logged(mlflow, lab)
    mlflow.down = True
    with pytest.raises(MlflowError):
        logged.record()
    assert not Checkpoint.objects.exists()


@pytest.mark.parametrize(
    ("contents", "found", "problem"),
    [
        ({"a.safetensors": make.safetensors()}, "safetensors", ""),
        ({"a.safetensors": b"\x80\x04\x95" + bytes(50)}, "pickle", "a.safetensors"),
        ({"a.safetensors": make.safetensors()[:-1]}, "other", "a.safetensors"),
        ({"a.safetensors": make.safetensors() + b"x"}, "other", "a.safetensors"),
        ({"a.safetensors": b"\xff" * 100}, "other", "25 MB"),
        ({"a.safetensors": b"PK\x03\x04" + bytes(60)}, "pickle", "a.safetensors"),
        ({"python_model.pkl": b"x"}, "pickle", "python_model.pkl"),
        ({"a.bin": b"x", "b.safetensors": make.safetensors()}, "pickle", "a.bin"),
        (
            {"a.gguf": b"GGUF" + (3).to_bytes(4, "little") + (1).to_bytes(8, "little") * 2},
            "gguf",
            "",
        ),
        ({"a.gguf": b"GGML" + bytes(40)}, "other", "a.gguf"),
        ({"readme.txt": b"x"}, "other", "weights"),
    ],
)
def test_files_are_known_by_their_bytes(mlflow, lab, contents, found, problem):
    checkpoint = Logged(mlflow, lab, contents=contents).record()
    assert checkpoint.format == found
    assert problem in checkpoint.format_problem
    assert bool(checkpoint.format_problem) == bool(problem)


def test_the_allocation_must_be_the_persons_own(mlflow, lab):
    allocation = allocations.active()
    logged = Logged(mlflow, lab, {"portal.allocation": allocation.number})
    with pytest.raises(candidates.BadTag, match=allocation.number):
        logged.record()
    office = make.research_officer()  # sees every allocation, is a member of none
    with pytest.raises(PermissionDenied, match="not a member"):
        candidates.examine(lab, source=SOURCE, run_id="", by=office)


def test_an_allocation_that_is_over_takes_no_training(mlflow, lab):
    allocation = allocations.closed()
    lead = allocation.proposal.lead
    logged = Logged(mlflow, lab, {"portal.allocation": allocation.number})
    with pytest.raises(PermissionDenied, match="not active"):
        candidates.examine(logged.lab, source=SOURCE, run_id="", by=lead)


def trained(mlflow, job="100"):
    """A lab whose maintainer leads an allocation, and a run that names a job of it."""
    allocation = allocations.active()
    lead = allocation.proposal.lead
    lab = make.lab(allocation.proposal.institution)
    make.labs.set_member(lab, lead, role="maintainer", by=make.maintainer(lab))
    tags = {"portal.allocation": allocation.number, "SLURM_JOB_ID": job}
    logged = Logged(mlflow, lab, tags)
    return allocation, lead, logged


def import_run(allocation, job=100):
    usage.import_sacct(
        machine=allocation.resource.machine,
        stream=allocations.sacct([allocations.row(allocation, job, ConsumedEnergyRaw="7200000")]),
        source="x",
        by=allocations.operator_for(allocation),
    )


def test_jobs_are_matched_when_their_usage_comes_later(mlflow, db):
    allocation, lead, logged = trained(mlflow)
    checkpoint = logged.record(by=lead)
    assert checkpoint.allocation == allocation
    assert checkpoint.claimed_jobs == ["100"]
    assert (checkpoint.card_seconds, checkpoint.energy_label) == (None, "unknown")
    assert checkpoints.match_jobs(checkpoint) == 0
    import_run(allocation)
    assert tasks.match_imported() == 1
    checkpoint.refresh_from_db()
    assert checkpoint.card_seconds == 8 * 3600
    assert (checkpoint.energy_joules, checkpoint.energy_label) == (7_200_000, "measured")
    assert tasks.match_imported() == 0


def test_another_allocations_job_is_not_claimed(mlflow, db):
    _allocation, lead, logged = trained(mlflow)
    other = allocations.active()
    import_run(other)
    checkpoint = logged.record(by=lead)
    assert not checkpoint.jobs.exists()


def test_the_sweep_makes_what_was_cut_off(mlflow, lab):
    logged = Logged(mlflow, lab)
    at = (lab.workspace, "digits", 1)
    tags = {"portal.user": logged.by.email}
    mlflow.registered[at] = Version("digits", 1, SOURCE, RUN, tags)
    assert tasks.record_missing() == 1
    assert Checkpoint.objects.get().created_by == logged.by
    assert tasks.record_missing() == 0


def test_the_sweep_waits_for_mlflow_and_passes_over_what_cannot_be(mlflow, lab):
    logged = Logged(mlflow, lab)
    tags = {"portal.user": logged.by.email}
    mlflow.registered[lab.workspace, "a", 1] = Version("a", 1, "s3://x", RUN, tags)
    mlflow.registered[lab.workspace, "b", 1] = Version("b", 1, SOURCE, RUN)
    mlflow.registered[lab.workspace, "c", 1] = Version("c", 1, SOURCE, RUN, tags)
    assert tasks.record_missing() == 1
    mlflow.down = True
    assert tasks.record_missing() == 0


def test_a_parent_must_be_visible_and_comes_first(mlflow, lab):
    parent = make.checkpoint(lab, name="base")
    tags = {"portal.parent": parent.number, "portal.relation": "fine_tuned"}
    child = Logged(mlflow, lab, tags).record()
    assert Lineage.objects.get().parent == parent
    with pytest.raises(IntegrityError), transaction.atomic():
        Lineage.objects.create(parent=child, child=parent, relation="merged")


def test_somebody_elses_unreleased_model_is_no_parent(mlflow, lab):
    hidden = make.checkpoint()
    with pytest.raises(candidates.BadTag):
        Logged(mlflow, lab, {"portal.parent": hidden.number}).record()


@pytest.mark.parametrize(
    "tags",
    [
        {"portal.jobs": "1;drop"},
        {"SLURM_JOB_ID": "../1"},
        {"portal.step": "-1"},
        {"portal.energy_joules": "many"},
        {"portal.relation": "cousin"},
        {"portal.parent": "x"},
    ],
)
def test_impossible_tags_are_named(mlflow, lab, tags):
    with pytest.raises(candidates.BadTag):
        Logged(mlflow, lab, tags).record()


def test_the_database_keeps_released_files(lab):
    checkpoint = make.checkpoint(lab)
    CheckpointFile.objects.filter(checkpoint=checkpoint, path="MLmodel").update(path="M")
    CheckpointFile.objects.filter(checkpoint=checkpoint, path="M").update(path="MLmodel")
    make.release(checkpoint)
    file = checkpoint.files.first()
    for change in (
        lambda: CheckpointFile.objects.filter(pk=file.pk).update(size=1),
        lambda: CheckpointFile.objects.filter(pk=file.pk).delete(),
        lambda: CheckpointFile.objects.create(
            checkpoint=checkpoint, path="new", size=1, blob=file.blob
        ),
        lambda: Checkpoint.objects.filter(pk=checkpoint.pk).update(manifest_root="0" * 64),
    ):
        with pytest.raises(IntegrityError), transaction.atomic():
            change()


def test_a_released_checkpoint_is_not_retired_nor_described_anew(lab):
    checkpoint = make.checkpoint(lab)
    by = make.maintainer(lab)
    release = make.release(checkpoint)
    with pytest.raises(checkpoints.InUse):
        checkpoints.retire(checkpoint, reason="x", by=by)
    with pytest.raises(checkpoints.InUse):
        checkpoints.set_data_set(
            checkpoint, name="d", use="training", origin="x", licence="y", by=by
        )
    releases.withdraw(release, reason="wrong", by=by)
    assert checkpoints.retire(checkpoint, reason="x", by=by).state == "retired"
