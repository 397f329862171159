"""Labs, models, checkpoints, and their two tracks."""

from registry.models.blobs import ArtifactEntry, StoredBlob
from registry.models.catalogue import Model
from registry.models.checkpoints import (
    Checkpoint,
    CheckpointFile,
    CheckpointJob,
    DataSetUse,
    Lineage,
)
from registry.models.labs import LAB_SLUG, MODEL_SLUG, Lab, LabMember
from registry.models.releases import RESEARCH_LICENCE, DownloadRecord, ResearchRelease

__all__ = [
    "LAB_SLUG",
    "MODEL_SLUG",
    "RESEARCH_LICENCE",
    "ArtifactEntry",
    "Checkpoint",
    "CheckpointFile",
    "CheckpointJob",
    "DataSetUse",
    "DownloadRecord",
    "Lab",
    "LabMember",
    "Lineage",
    "Model",
    "ResearchRelease",
    "StoredBlob",
]
