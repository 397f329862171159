"""A usage report: what a licensee says it used in a period, signed by the host that says it.

The host's reporting key is made at the first report and stays in the first state folder; the
portal learns its public half from the first report it accepts. The sequence number shows a
report that was left out.
"""

import contextlib
import os
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
)

from . import jws
from .codes import Code, Refused
from .verify import Papers

TYPE = "omic-usage+jws"
KEY_FILE = "reporting.pem"


def write(papers: Papers, *, period: str, amount: int, sequence: int, now: int, key: Path) -> str:
    """The report as one compact JWS. Raises Refused(STATE_NOT_SAVED) without a key file."""
    private = _key(key)
    public = private.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
    licence = papers.licence
    payload = {
        "licence": licence["jti"],
        "agreement": licence["agr"]["sha256"],
        "unit": licence["meter"]["unit"],
        "period": period,
        "amount": amount,
        "sequence": sequence,
        "epoch": papers.status["epoch"],
        "iat": now,
        "x": jws.b64encode(public),
    }
    return jws.encode(payload, typ=TYPE, kid=jws.key_id(public), sign=private.sign)


def _key(path: Path) -> Ed25519PrivateKey:
    try:
        with contextlib.suppress(FileExistsError):
            _create(path)
        key = load_pem_private_key(path.read_bytes(), password=None)
    except (OSError, ValueError) as error:
        raise Refused(Code.STATE_NOT_SAVED, f"reporting key: {error}") from None
    if not isinstance(key, Ed25519PrivateKey):
        raise Refused(Code.STATE_UNREADABLE, "the reporting key is of another kind")
    return key


def _create(path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "wb") as file:
        pem = Ed25519PrivateKey.generate().private_bytes(
            Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()
        )
        file.write(pem)
