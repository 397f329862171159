"""What a registered version of MLflow would be as a checkpoint: read, examined, not yet written.

Run tags the portal reads:
    portal.allocation      number of the allocation it was trained under
    portal.jobs            job ids, parted by commas; SLURM_JOB_ID works as well
    portal.parent          lab/model@version it was made from, several parted by commas
    portal.relation        trained_from (default), fine_tuned, merged, quantised, distilled, adapter
    portal.step            the training step of the weights
    portal.energy_joules   what the lab measured itself, where no job says it
A data set logged as a run's input may carry the tags `licence` and `origin`.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from django.utils.translation import gettext as _

from compute_grants.models import Allocation
from consortium.errors import DomainError
from consortium.models import User
from registry.backends import DataSet, Run, mlflow, store
from registry.models import ArtifactEntry, Checkpoint, Lab, Lineage
from registry.policies import checkpoints as policies
from registry.verifier.manifest import File
from registry.weights import BadWeights, looks_pickled, read_gguf, read_safetensors

Format = Checkpoint.Format
_HEAD = 8
_LOGGED = re.compile(r"^models:/(m-[0-9a-f]{32})\Z")
_PROXIED = "mlflow-artifacts:/"
_JOB = re.compile(r"^[0-9]{1,18}(_[0-9]{1,9})?\Z")
_PARENT = re.compile(r"^([a-z0-9-]+)/([a-z0-9._-]+)@([1-9][0-9]{0,8})\Z")
MOST_JOBS = 10_000


class UnknownSource(DomainError):
    """The version names files that are not in this lab."""


class NoFiles(DomainError):
    """There is nothing under the version's source."""


class BadTag(DomainError):
    """A run tag that the portal reads says something impossible."""


@dataclass(frozen=True, slots=True)
class Content:
    """What the files are. problem: why they are not what they claim, in the caller's language."""

    format: str
    parameters: int | None = None
    precision: str = ""
    problem: str = ""


@dataclass(frozen=True, slots=True)
class Candidate:
    """Everything a checkpoint is made from. files: sorted by path, relative to the source."""

    run_id: str
    logged_model_id: str
    files: tuple[File, ...]
    content: Content
    allocation: Allocation | None
    jobs: tuple[str, ...] = ()
    step: int | None = None
    energy_joules: int | None = None
    metrics: Mapping[str, float] = field(default_factory=dict)
    data_sets: tuple[DataSet, ...] = ()
    parents: tuple[tuple[Checkpoint, str], ...] = ()


def examine(lab: Lab, *, source: str, run_id: str, by: User) -> Candidate:
    """Read what stands behind `source` in MLflow and in the artifact store.

    Raises UnknownSource, NoFiles, BadTag, PermissionDenied (the allocation is not theirs),
    MlflowError, StorageError.
    """
    logged_model_id, uri, logged_by = _resolve(lab, source)
    run = _run(lab, run_id or logged_by)
    files = _files(lab, uri)
    tags = run.tags if run else {}
    return Candidate(
        run_id=run.run_id if run else "",
        logged_model_id=logged_model_id,
        files=files,
        content=content_of(files),
        allocation=_allocation(tags, by),
        jobs=_jobs(tags),
        step=_whole(tags, "portal.step"),
        energy_joules=_whole(tags, "portal.energy_joules"),
        metrics=_finite(run.metrics if run else {}),
        data_sets=run.data_sets if run else (),
        parents=tuple(_parents(tags, by)),
    )


def content_of(files: Iterable[File]) -> Content:
    """What kind of weights these files are, by their bytes. Raises StorageError."""
    files = tuple(files)
    heads = {file.path: _read(file.sha256, 0, min(_HEAD, file.size)) for file in files}
    weights = [file for file in files if file.path.lower().endswith(".safetensors")]
    ggufs = [file for file in files if file.path.lower().endswith(".gguf")]
    pickled = next((file.path for file in files if looks_pickled(file.path, heads[file.path])), "")
    if pickled:
        problem = _("%(path)s is a pickle, or is named like one.") % {"path": pickled}
        return Content(Format.PICKLE, problem=problem)
    if weights:
        return _safetensors(weights)
    if ggufs:
        return _gguf(ggufs)
    return Content(Format.OTHER, problem=_("There is no file of weights in a known format."))


def _safetensors(files: list[File]) -> Content:
    parameters, by_precision = 0, dict[str, int]()
    for file in files:
        try:
            found = read_safetensors(file.size, _reader(file.sha256))
        except BadWeights as error:
            problem = f"{file.path}: {error.message}"
            return Content(Format.OTHER, problem=problem)
        parameters += found.parameters
        by_precision[found.precision] = by_precision.get(found.precision, 0) + file.size
    precision = max(by_precision, key=lambda name: by_precision[name])
    return Content(Format.SAFETENSORS, parameters, precision)


def _gguf(files: list[File]) -> Content:
    for file in files:
        try:
            read_gguf(file.size, _reader(file.sha256))
        except BadWeights as error:
            return Content(Format.OTHER, problem=f"{file.path}: {error.message}")
    return Content(Format.GGUF)


class _reader:  # noqa: N801  a function with a digest inside
    def __init__(self, sha256: str) -> None:
        self.sha256 = sha256

    def __call__(self, offset: int, length: int) -> bytes:
        return _read(self.sha256, offset, length)


def _read(sha256: str, offset: int, length: int) -> bytes:
    if length <= 0:
        return b""
    return b"".join(store().read(sha256, offset, offset + length - 1))


def _resolve(lab: Lab, source: str) -> tuple[str, str, str]:
    """(logged model id or "", artifact URI, run id or "") of a version's source."""
    if match := _LOGGED.match(source):
        logged = mlflow().logged_model(lab.workspace, match[1])
        if logged is not None:
            return logged.model_id, logged.artifact_uri, logged.run_id
    elif source.startswith(_PROXIED):
        return "", source, ""
    raise UnknownSource(
        _("This source is not in the lab. Register a model that was logged here: models:/m-….")
    )


def _run(lab: Lab, run_id: str) -> Run | None:
    if not run_id:
        return None
    run = mlflow().run(lab.workspace, run_id)
    if run is None:
        raise UnknownSource(_("The run of this version is not in the lab."))
    return run


def _files(lab: Lab, uri: str) -> tuple[File, ...]:
    prefix = uri.removeprefix(_PROXIED).strip("/")
    if not uri.startswith(_PROXIED) or not f"{prefix}/".startswith(f"workspaces/{lab.workspace}/"):
        raise UnknownSource(_("The files of this version are not in the lab."))
    entries = ArtifactEntry.objects.filter(lab=lab, path__startswith=f"{prefix}/")
    found = [
        File(entry.path.removeprefix(f"{prefix}/"), entry.blob.size, entry.blob_id)
        for entry in entries.select_related("blob")
    ]
    if not found:
        raise NoFiles(_("No files were uploaded under this model. Log it again, then register it."))
    return tuple(sorted(found, key=lambda file: file.path))


def _allocation(tags: Mapping[str, str], by: User) -> Allocation | None:
    number = tags.get("portal.allocation", "").strip()
    if not number:
        return None
    allocation = Allocation.objects.visible_to(by).filter(number=number).first()
    if allocation is None:
        message = _("The run's tag portal.allocation names “%(number)s”, which you cannot see.")
        raise BadTag(message % {"number": number[:40]})
    policies.can_name(by, allocation).require()
    return allocation


def _jobs(tags: Mapping[str, str]) -> tuple[str, ...]:
    named = f"{tags.get('portal.jobs', '')},{tags.get('SLURM_JOB_ID', '')}".split(",")
    jobs = tuple(dict.fromkeys(job.strip() for job in named if job.strip()))
    bad = next((job for job in jobs if not _JOB.match(job)), "")
    if bad or len(jobs) > MOST_JOBS:
        raise BadTag(_("The run names “%(job)s”, which is no job id.") % {"job": bad[:40]})
    return jobs


def _whole(tags: Mapping[str, str], name: str) -> int | None:
    value = tags.get(name, "").strip()
    if not value:
        return None
    if not re.fullmatch(r"[0-9]{1,18}", value):
        raise BadTag(_("The run's tag %(name)s must be a whole number.") % {"name": name})
    return int(value)


def _finite(metrics: Mapping[str, float]) -> dict[str, float]:
    """JSON has no sign for what is not a number."""
    return {name: value for name, value in metrics.items() if math.isfinite(value)}


def _parents(tags: Mapping[str, str], by: User) -> Iterable[tuple[Checkpoint, str]]:
    relation = tags.get("portal.relation", Lineage.Relation.TRAINED_FROM).strip()
    if relation not in Lineage.Relation.values:
        message = _("The run's tag portal.relation must be one of: %(names)s.")
        raise BadTag(message % {"names": ", ".join(Lineage.Relation.values)})
    for named in filter(None, (part.strip() for part in tags.get("portal.parent", "").split(","))):
        yield _parent(named, by), relation


def _parent(named: str, by: User) -> Checkpoint:
    match = _PARENT.match(named)
    found = match and (
        Checkpoint.objects.visible_to(by)
        .filter(model__lab__slug=match[1], model__slug=match[2], version=int(match[3]))
        .first()
    )
    if not found:
        message = _("The run's tag portal.parent names “%(name)s”, which you cannot see.")
        raise BadTag(message % {"name": named[:80]})
    return found
