"""The checks of a release. Each looks at one thing and gives one result."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from license_expression import ExpressionError, Licensing, get_spdx_licensing

from registry.actions.candidates import content_of
from registry.backends import StorageError, store
from registry.models import (
    RESEARCH_LICENCE,
    Checkpoint,
    CheckpointFile,
    DataSetUse,
    Lineage,
    ResearchRelease,
)
from registry.release_checks import Result
from registry.verifier.manifest import File

SHORTEST_CARD = {"en": 120, "zh": 60}
LARGEST_FILE = 50_000_000_000
LARGEST_SCANNED = 1_000_000
_SAFE_FORMATS = frozenset({Checkpoint.Format.SAFETENSORS, Checkpoint.Format.GGUF})
_SECRETS = re.compile(
    rb"-----BEGIN (?:[A-Z]+ )?PRIVATE KEY-----"
    rb"|\bomic_[A-Za-z0-9]{10}_[A-Za-z0-9]{40}_[0-9a-f]{8}\b"
    rb"|\bAKIA[0-9A-Z]{16}\b|\bhf_[A-Za-z0-9]{30,}\b|\bgh[pousr]_[A-Za-z0-9]{36}\b"
)
_NOT_COMMERCIAL = re.compile(r"-NC\b|-NC-")
_spdx: list[Licensing] = []


def run_all(release: ResearchRelease) -> list[Result]:
    """Every check, in the order in which they are shown. Raises nothing but StorageError."""
    return [
        *_files(list(release.checkpoint.files.all())),
        *(_card(release, "en"), _card(release, "zh")),
        *(_licence(release), _lineage(release), _data(release.checkpoint)),
        *(_audience(release), _citation(release)),
        *(_allocation(release.checkpoint), _energy(release.checkpoint)),
    ]


def _files(files: list[CheckpointFile]) -> list[Result]:
    """What is not there cannot be looked into."""
    stored = _stored(files)
    inside = [_weights(files), _secrets(files)] if stored.ok else []
    return [stored, *inside, _file_size(files)]


def known_licence(text: str) -> bool:
    """Whether `text` is an SPDX licence expression, or the consortium's research licence."""
    if text == RESEARCH_LICENCE:
        return True
    if not _spdx:
        _spdx.append(get_spdx_licensing())  # 0.3 s: read when it is first needed
    try:
        found = _spdx[0].parse(text, validate=True)
    except ExpressionError:
        return False
    return found is not None and not text.startswith("LicenseRef")


def _weights(files: list[CheckpointFile]) -> Result:
    found = content_of(File(file.path, file.size, file.sha256) for file in files)
    return Result("weights", found.format in _SAFE_FORMATS, values={"problem": found.problem})


def _stored(files: list[CheckpointFile]) -> Result:
    for file in files:
        try:
            whole = store().path(file.sha256).stat().st_size == file.size
        except (OSError, StorageError):
            whole = False
        if not whole:
            return Result("store", ok=False, values={"path": file.path})
    return Result("store", ok=True)


def _secrets(files: list[CheckpointFile]) -> Result:
    small = (file for file in files if file.size <= LARGEST_SCANNED)
    for file in small:
        if _SECRETS.search(b"".join(store().read(file.sha256))):
            return Result("secrets", ok=False, values={"path": file.path})
    return Result("secrets", ok=True)


def _file_size(files: list[CheckpointFile]) -> Result:
    return _first("file_size", "path", (f.path for f in files if f.size > LARGEST_FILE))


def _card(release: ResearchRelease, side: str) -> Result:
    text = getattr(release, f"card_{side}").strip()
    least = SHORTEST_CARD[side]
    return Result(f"card_{side}", len(text) >= least, values={"least": str(least)})


def _licence(release: ResearchRelease) -> Result:
    known = bool(release.licence) and known_licence(release.licence)
    return Result("licence", known, values={"licence": release.licence})


def _lineage(release: ResearchRelease) -> Result:
    for parent, licence in _ancestors(release.checkpoint):
        if not allows(licence, release.licence):
            values = {"parent": parent.number, "licence": licence}
            return Result("lineage", ok=False, values=values)
    return Result("lineage", ok=True)


def _ancestors(checkpoint: Checkpoint) -> Iterator[tuple[Checkpoint, str]]:
    """Every ancestor that was released, with the licence it was released under."""
    seen, level = set[int](), [checkpoint.pk]
    while level:
        edges = Lineage.objects.filter(child__in=level).select_related("parent__model__lab")
        parents = {edge.parent_id: edge.parent for edge in edges if edge.parent_id not in seen}
        seen |= set(parents)
        level = list(parents)
        releases = ResearchRelease.objects.filter(
            checkpoint__in=level, state__in=ResearchRelease.PUBLISHED
        )
        for release in releases:
            yield parents[release.checkpoint_id], release.licence


def allows(parent: str, child: str) -> bool:
    """Whether something under `parent` may be passed on, changed, under `child`.

    Cautious and simple: the research licence and non-commercial ones pass on as themselves,
    no-derivatives not at all, the rest freely.
    """
    if "-ND" in parent:
        return False
    if parent == RESEARCH_LICENCE:
        return child == RESEARCH_LICENCE
    if _NOT_COMMERCIAL.search(parent):
        return child == RESEARCH_LICENCE or bool(_NOT_COMMERCIAL.search(child))
    return True


def _data(checkpoint: Checkpoint) -> Result:
    rows = list(checkpoint.data_sets.all())
    if not any(row.use == DataSetUse.Use.TRAINING for row in rows):
        return Result("data", ok=False, values={"name": "–"})
    return _first("data", "name", (r.name for r in rows if not r.licence or not r.origin))


def _audience(release: ResearchRelease) -> Result:
    named = release.audience != ResearchRelease.Audience.INSTITUTIONS
    return Result("audience", named or release.institutions.exists())


def _citation(release: ResearchRelease) -> Result:
    return Result("citation", bool(release.citation.strip()), advice=True)


def _allocation(checkpoint: Checkpoint) -> Result:
    return Result("allocation", checkpoint.allocation_id is not None, advice=True)


def _energy(checkpoint: Checkpoint) -> Result:
    return Result("energy", checkpoint.energy_joules is not None, advice=True)


def _first(code: str, name: str, failing: Iterable[str]) -> Result:
    """Passed, unless something is failing: then it names the first."""
    found = next(iter(failing), None)
    return Result(code, found is None, values={} if found is None else {name: found})
