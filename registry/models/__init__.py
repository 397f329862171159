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
from registry.models.gate import (
    Contribution,
    ContributionSnapshot,
    GateApproval,
    GateCheck,
    GateConsent,
    TransferGate,
)
from registry.models.labs import LAB_SLUG, MODEL_SLUG, Lab, LabMember
from registry.models.licences import (
    Licence,
    LicenceDownload,
    LicenceTerms,
    Side,
    Signature,
)
from registry.models.money import (
    Receipt,
    RevenuePolicy,
    RevenueStatement,
    StatementLine,
)
from registry.models.offerings import CommercialOffering, Deployment, FieldOfUse
from registry.models.releases import RESEARCH_LICENCE, DownloadRecord, ResearchRelease
from registry.models.trust import StatusList, TrustDocument

__all__ = [
    "LAB_SLUG",
    "MODEL_SLUG",
    "RESEARCH_LICENCE",
    "ArtifactEntry",
    "Checkpoint",
    "CheckpointFile",
    "CheckpointJob",
    "CommercialOffering",
    "Contribution",
    "ContributionSnapshot",
    "DataSetUse",
    "Deployment",
    "DownloadRecord",
    "FieldOfUse",
    "GateApproval",
    "GateCheck",
    "GateConsent",
    "Lab",
    "LabMember",
    "Licence",
    "LicenceDownload",
    "LicenceTerms",
    "Lineage",
    "Model",
    "Receipt",
    "ResearchRelease",
    "RevenuePolicy",
    "RevenueStatement",
    "Side",
    "Signature",
    "StatementLine",
    "StatusList",
    "StoredBlob",
    "TransferGate",
    "TrustDocument",
]
