"""Who holds the signing keys. Everything that must be signed is handed over; no key comes out.

Only Ed25519 (RFC 8032). A key is known by its name: "root" signs the trust document, "issuer"
licences, "revocation" status lists, "gate-research" and "gate-deployment" gate certificates,
"audit" the seals of the audit log.
"""

import os
import re
import tempfile
from pathlib import Path
from typing import Protocol

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
)
from django.conf import settings

_NAME = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*")


class SignerError(Exception):
    """The key cannot be used: unknown, unreadable or of another kind. Nothing was signed."""


class Signer(Protocol):
    """All that the portal asks of a key store. Raises only SignerError; safe to repeat."""

    def sign(self, key_name: str, data: bytes) -> bytes:
        """The 64 bytes of the Ed25519 signature over `data`."""

    def public_key(self, key_name: str) -> bytes:
        """The 32 raw bytes of the public key."""

    def ensure(self, key_name: str) -> bytes:
        """Make the key unless it exists; its public key, as 32 raw bytes."""


class FileSigner:
    """Keys as PKCS#8 files of mode 0600 in one folder of mode 0700: one machine, development."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def sign(self, key_name: str, data: bytes) -> bytes:
        return self._load(key_name).sign(data)

    def public_key(self, key_name: str) -> bytes:
        public = self._load(key_name).public_key()
        return public.public_bytes(Encoding.Raw, PublicFormat.Raw)

    def ensure(self, key_name: str) -> bytes:
        path = self._path(key_name)
        if not path.exists():
            self._create(path)
        return self.public_key(key_name)

    def _create(self, path: Path) -> None:
        """Write a new key beside `path` and link it into place: never half a key, never twice."""
        pem = Ed25519PrivateKey.generate().private_bytes(
            Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()
        )
        try:
            self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            with tempfile.NamedTemporaryFile(dir=self.folder, prefix=".new-") as file:  # is 0600
                file.write(pem)
                file.flush()
                os.fsync(file.fileno())
                os.link(file.name, path)
        except FileExistsError:
            return  # another process made it first; its key stands
        except OSError as error:
            raise SignerError(f"cannot write {path}: {error.strerror}") from error

    def _load(self, key_name: str) -> Ed25519PrivateKey:
        path = self._path(key_name)
        try:
            key = load_pem_private_key(path.read_bytes(), password=None)
        except FileNotFoundError:
            raise SignerError(f"no key “{key_name}”: run manage.py init_keys") from None
        except (OSError, ValueError, TypeError, UnsupportedAlgorithm) as error:
            raise SignerError(f"cannot read key “{key_name}”: {error}") from error
        if not isinstance(key, Ed25519PrivateKey):
            raise SignerError(f"key “{key_name}” is not an Ed25519 key")
        return key

    def _path(self, key_name: str) -> Path:
        if not _NAME.fullmatch(key_name):
            raise SignerError(f"“{key_name}” is not a key's name")
        return self.folder / f"{key_name}.pem"


def signer() -> Signer:
    """The key store this site is configured with."""
    return FileSigner(settings.SIGNING_KEYS_DIR)
