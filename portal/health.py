"""What the portal leans on, each asked by name and within two seconds."""

import os
import shutil
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from concurrent.futures import TimeoutError as TooSlow
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote, urlsplit

import httpx
from celery import current_app
from django.conf import settings
from django.db import connection
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from consortium.models import AuditEvent, AuditLeaf

DEADLINE_SECONDS = 2.0
LEAST_FREE_BYTES = 512 * 1024**2
SEAL_LATE_SECONDS = 300


@dataclass(frozen=True, slots=True)
class Check:
    """One dependency. vital: without it no page can be served."""

    code: str
    name: str | Promise
    ok: bool
    detail: str
    milliseconds: int
    vital: bool


def _database() -> str:
    with connection.cursor() as cursor:
        cursor.execute("SHOW server_version")
        row = cursor.fetchone()
    return f"PostgreSQL {row[0]}"


def _broker() -> str:
    url = settings.CELERY_BROKER_URL
    with current_app.connection_for_write(connect_timeout=1) as link:
        link.ensure_connection(max_retries=1, interval_start=0, interval_step=0)
    return urlsplit(url).scheme


def _mlflow() -> str:
    url = settings.MLFLOW_BACKEND_URL
    if not url:
        raise RuntimeError("MLFLOW_BACKEND_URL is not set")
    parts = urlsplit(url)
    if parts.scheme == "http+unix":
        transport = httpx.HTTPTransport(uds=unquote(parts.netloc))
        with httpx.Client(transport=transport, timeout=DEADLINE_SECONDS) as client:
            answer = client.get("http://mlflow/health")
    else:
        answer = httpx.get(f"{url.rstrip('/')}/health", timeout=DEADLINE_SECONDS)
    answer.raise_for_status()
    return "MLflow"


def _artifacts() -> str:
    root = Path(settings.ARTIFACT_ROOT)
    root.mkdir(parents=True, exist_ok=True)
    free = shutil.disk_usage(root).free
    if free < LEAST_FREE_BYTES:
        raise RuntimeError(f"{free // 1024**2} MiB free, {LEAST_FREE_BYTES // 1024**2} needed")
    if not os.access(root, os.W_OK):
        raise RuntimeError("not writable")
    return f"{free // 1024**3} GiB free"


def _sealer() -> str:
    """Workers and beat are alive if no event has waited long for its seal."""
    unsealed = AuditEvent.objects.exclude(pk__in=AuditLeaf.objects.values("event_id"))
    oldest = unsealed.order_by("pk").values_list("at", flat=True).first()
    age = int((timezone.now() - oldest).total_seconds()) if oldest else 0
    if age > SEAL_LATE_SECONDS:
        raise RuntimeError(f"an audit event has waited {age} s for its seal")
    return f"{age} s"


def _ask(code: str, name: str | Promise, probe: Callable[[], str], *, vital: bool) -> Check:
    started = time.monotonic()
    try:
        ok, detail = True, probe()
    except Exception as error:  # noqa: BLE001  whatever it is, it is what is wrong
        ok, detail = False, f"{type(error).__name__}: {error}"[:200]
    return Check(code, name, ok, detail, int((time.monotonic() - started) * 1000), vital)


_REMOTE: tuple[tuple[str, Promise, Callable[[], str]], ...] = (
    ("broker", _("Message broker"), _broker),
    ("mlflow", _("MLflow"), _mlflow),
    ("artifacts", _("Artifact store"), _artifacts),
)


def checks() -> list[Check]:
    """Every dependency's state; takes at most DEADLINE_SECONDS and the database's answer."""
    pool = ThreadPoolExecutor(max_workers=len(_REMOTE), thread_name_prefix="health")
    waiting = [(row, pool.submit(_ask, *row, vital=False)) for row in _REMOTE]
    database = _ask("database", _("Database"), _database, vital=True)
    found = [database]
    if database.ok:
        found.append(_ask("workers", _("Workers"), _sealer, vital=False))
    for (code, name, _probe), future in waiting:
        try:
            found.append(future.result(timeout=DEADLINE_SECONDS))
        except TooSlow:
            late = int(DEADLINE_SECONDS * 1000)
            found.append(
                Check(code, name, ok=False, detail="timeout", milliseconds=late, vital=False)
            )
    pool.shutdown(wait=False)
    return found
