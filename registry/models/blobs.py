from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils import timezone

from consortium.models import User
from registry.models.labs import Lab


class StoredBlob(models.Model):
    """Bytes in the artifact store, known by their digest and never changed.

    A row is written only after the bytes are durable, so every row has its file; a file
    without a row is left over from a cut upload and may be swept.
    """

    sha256 = models.CharField(max_length=64, primary_key=True)
    size = models.PositiveBigIntegerField()
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="blob_digest_is_hex", condition=Q(sha256__regex=r"^[0-9a-f]{64}$")
            ),
        ]

    def __str__(self) -> str:
        return self.sha256[:12]


class ArtifactEntry(models.Model):
    """Which bytes stand under a path of a lab's MLflow artifacts, now.

    `path` is as the client writes it after `mlflow-artifacts/artifacts/`. It may be written
    again; checkpoints keep their own list of files and are not touched by that.
    """

    lab = models.ForeignKey(Lab, on_delete=models.PROTECT, related_name="artifacts")
    path = models.CharField(max_length=1000)
    blob = models.ForeignKey(StoredBlob, on_delete=models.PROTECT, related_name="entries")
    written_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    written_at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["lab", "path"], name="artifact_path_once"),
        ]

    def __str__(self) -> str:
        return self.path
