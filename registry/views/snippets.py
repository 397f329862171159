"""Code to paste: what a reader runs to get and use a model."""

from __future__ import annotations

from django.http import HttpRequest

from registry.models import Checkpoint, Lab, ResearchRelease

_HUB = """\
import os

os.environ["HF_ENDPOINT"] = "{endpoint}"
# os.environ["HF_TOKEN"] = "omic_..."  # a portal token with registry:read
from huggingface_hub import snapshot_download

folder = snapshot_download("{name}", revision="{version}")
"""
_TRACKING = """\
export MLFLOW_TRACKING_URI={tracking}
export MLFLOW_TRACKING_TOKEN=omic_...
"""
_LOAD = """\
import mlflow

model = mlflow.pyfunc.load_model(folder)
"""
_MLFLOW = """\
import os

os.environ["MLFLOW_TRACKING_URI"] = "{tracking}"
os.environ["MLFLOW_TRACKING_TOKEN"] = "omic_..."  # a portal token with registry:read
import mlflow

folder = mlflow.artifacts.download_artifacts("models:/{model}/{version}")
"""


def hub_snippet(request: HttpRequest, release: ResearchRelease, *, load: bool = False) -> str:
    """How to download a release with huggingface_hub, and perhaps load it with mlflow."""
    code = _HUB.format(
        endpoint=request.build_absolute_uri("/hf"),
        name=release.model.full_name,
        version=release.version,
    )
    return f"{code}{_LOAD}" if load else code


def mlflow_snippet(request: HttpRequest, checkpoint: Checkpoint) -> str:
    """How the lab itself fetches a version with mlflow."""
    return _MLFLOW.format(
        tracking=request.build_absolute_uri(f"/mlflow/labs/{checkpoint.model.lab.slug}"),
        model=checkpoint.model.slug,
        version=checkpoint.version,
    )


def tracking_snippet(request: HttpRequest, lab: Lab) -> str:
    """What the mlflow client must be told to log to this lab."""
    return _TRACKING.format(tracking=request.build_absolute_uri(f"/mlflow/labs/{lab.slug}"))
