"""Labs, checkpoints and research releases, by the people who make and approve them."""

import hashlib
import json
from collections.abc import Iterator

import numpy as np
from django.utils import timezone
from safetensors.numpy import save

from compute_grants.models import Allocation
from consortium.models import Institution, User
from portal.demo import clock
from portal.demo.content_models import (
    CARD_EN,
    CARD_ZH,
    CHECKPOINTS,
    LABS,
    CheckpointRow,
)
from portal.demo.people import person
from registry.actions import artifacts, checkpoints, labs, releases
from registry.actions.candidates import Candidate, content_of
from registry.backends import DataSet, store
from registry.models import Checkpoint, Lab, ResearchRelease
from registry.verifier.manifest import File

WIDTH = 64
OFFICE = "m.haugen"
JOBS = 12
EVALUATION_FOR = ("nip", "iac", "ningyue")


def load() -> None:
    with clock.at(clock.days(-400)):
        for lab in LABS:
            labs.create(
                Institution.objects.get(slug=lab.institution),
                slug=lab.slug,
                name_en=lab.name_en,
                name_zh=lab.name_zh,
                about_en=lab.about_en,
                about_zh=lab.about_zh,
                maintainer=person(lab.maintainer),
                by=person(lab.admin),
            )
    for age, row in zip(range(120, 0, -18), CHECKPOINTS, strict=False):
        with clock.at(clock.days(-age)):
            _publish(row, _record(row))


def checkpoint(number: str) -> Checkpoint:
    """The checkpoint called `lab/model@version`."""
    name, _sep, version = number.partition("@")
    lab, _sep, slug = name.partition("/")
    return Checkpoint.objects.get(model__lab__slug=lab, model__slug=slug, version=int(version))


def _record(row: CheckpointRow) -> Checkpoint:
    by = person(row.by)
    lab = Lab.objects.get(slug=row.lab)
    files = tuple(_upload(lab, row, by))
    granted = Allocation.objects.get(proposal__title_en=row.grant)
    jobs = granted.usage.order_by("end_at").values_list("job_id_raw", flat=True)
    candidate = Candidate(
        run_id=hashlib.sha256(row.slug.encode()).hexdigest()[:32],
        logged_model_id=f"m-{hashlib.sha256(row.name_en.encode()).hexdigest()[:32]}",
        files=files,
        content=content_of(files),
        allocation=granted,
        jobs=tuple(str(job) for job in jobs[:JOBS]),
        step=2_000,
        metrics=row.metrics,
        data_sets=tuple(
            DataSet(
                name=name,
                digest=hashlib.sha256(name.encode()).hexdigest()[:16],
                context="training",
                tags={"portal.origin": origin, "portal.licence": licence},
            )
            for name, origin, licence in row.data
        ),
        parents=((checkpoint(row.parent[0]), row.parent[1]),) if row.parent[0] else (),
    )
    made = checkpoints.record(candidate, lab=lab, name=row.slug, version=1, by=by)
    checkpoints.edit_model(
        made.model,
        name_en=row.name_en,
        name_zh=row.name_zh,
        kind=row.kind,
        description_en=row.about_en,
        description_zh=row.about_zh,
        by=by,
    )
    for name, origin, licence in row.data:
        checkpoints.set_data_set(
            made, name=name, use="training", origin=origin, licence=licence, by=by
        )
    return made


def _upload(lab: Lab, row: CheckpointRow, by: User) -> Iterator[File]:
    """Sample shards: real safetensors, a few kilobytes each."""
    rng = np.random.default_rng(int(hashlib.sha256(row.slug.encode()).hexdigest()[:8], 16))
    tensors = {
        f"layers.{n}.weight": rng.standard_normal((WIDTH, WIDTH), dtype=np.float32)
        for n in range(row.layers)
    }
    config = {"architecture": row.slug, "layers": row.layers, "width": WIDTH}
    contents = {
        "config.json": json.dumps(config, indent=2).encode(),
        "model.safetensors": save(tensors),
    }
    for name, content in contents.items():
        writer = store().writer()
        writer.write(content)
        stored = writer.finish()
        artifacts.record(lab, path=f"demo/{row.slug}/artifacts/{name}", stored=stored, by=by)
        yield File(name, stored.size, stored.sha256)


def _publish(row: CheckpointRow, made: Checkpoint) -> None:
    by = person(row.by)
    release = releases.draft(made, version=row.release, by=by)
    if row.reaches == "draft":
        return
    grant = made.allocation.number if made.allocation else ""
    metrics = "\n".join(f"- {name}: {value}" for name, value in row.metrics.items())
    release = releases.edit(
        release,
        revision=release.revision,
        by=by,
        institutions=list(Institution.objects.filter(slug__in=EVALUATION_FOR)),
        licence="Apache-2.0" if row.audience == "public" else "LicenseRef-OMIC-Research-1.0",
        audience=row.audience,
        card_en=CARD_EN.format(name=row.name_en, about=row.about_en, grant=grant, metrics=metrics),
        card_zh=CARD_ZH.format(name=row.name_zh, about=row.about_zh, grant=grant, metrics=metrics),
        citation=f"{row.name_en} ({timezone.localdate().year}). {row.lab}/{row.slug}.",
    )
    release = releases.check(release, by=by)
    release = releases.submit(release, by=by)
    if row.reaches == "released":
        releases.approve(release, note="Complete and reproducible.", by=person(OFFICE))


def released(number: str) -> ResearchRelease:
    """The release of the checkpoint called `lab/model@version`."""
    return ResearchRelease.objects.get(checkpoint=checkpoint(number), state="released")
