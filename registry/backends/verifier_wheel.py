"""Writes the wheel `omic-verifier` for one site: registry/verifier with the site's root key.

A wheel is a zip with three metadata files (PyPA binary distribution format). Written here
rather than by a build tool, because it needs no network and its bytes depend on nothing but
the sources and the key.
"""

import base64
import hashlib
import io
import zipfile
from pathlib import Path

from registry import verifier

PACKAGE = "omic_verifier"
SOURCE = Path(verifier.__file__).parent
_EPOCH = (2026, 1, 1, 0, 0, 0)
_METADATA = """Metadata-Version: 2.1
Name: omic-verifier
Version: {version}
Summary: Verifies licences of the Open Model Innovation Consortium, offline
Requires-Python: >=3.10
Requires-Dist: cryptography>=42
"""
_WHEEL = """Wheel-Version: 1.0
Generator: portal
Root-Is-Purelib: true
Tag: py3-none-any
"""
_ENTRY_POINTS = f"""[console_scripts]
omic-verify = {PACKAGE}.cli:main
"""
_ROOT = '''"""The root's public key. It is part of the program, never of its configuration."""

ROOT_PUBLIC_KEY = "{key}"
'''


def file_name() -> str:
    return verifier.WHEEL


def build(root_public_key: bytes) -> bytes:
    """The wheel's bytes, with `root_public_key` (32 raw bytes) baked in."""
    key = base64.urlsafe_b64encode(root_public_key).rstrip(b"=").decode()
    files = {f"{PACKAGE}/{path.name}": path.read_bytes() for path in sorted(SOURCE.glob("*.py"))}
    files[f"{PACKAGE}/root.py"] = _ROOT.format(key=key).encode()
    info = f"{PACKAGE}-{verifier.__version__}.dist-info"
    files[f"{info}/METADATA"] = _METADATA.format(version=verifier.__version__).encode()
    files[f"{info}/WHEEL"] = _WHEEL.encode()
    files[f"{info}/entry_points.txt"] = _ENTRY_POINTS.encode()
    files[f"{info}/RECORD"] = _record(files, info)
    return _zip(files)


def _record(files: dict[str, bytes], info: str) -> bytes:
    rows = [f"{name},sha256={_digest(data)},{len(data)}" for name, data in files.items()]
    return "\n".join([*rows, f"{info}/RECORD,,", ""]).encode()


def _digest(data: bytes) -> str:
    return base64.urlsafe_b64encode(hashlib.sha256(data).digest()).rstrip(b"=").decode()


def _zip(files: dict[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files.items():
            entry = zipfile.ZipInfo(name, _EPOCH)
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.external_attr = 0o644 << 16
            archive.writestr(entry, data)
    return buffer.getvalue()
