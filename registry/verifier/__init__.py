"""Verify a licence of the consortium where it is used, without network.

This package is shipped to licensees as the wheel `omic-verifier` (manage.py build_verifier
bakes the root's public key in) and used by the portal itself as its codec, so that each rule
of the format stands in one place. It imports `cryptography` and the standard library, and
nothing of the portal. Format: docs/adr/0012-licence-verifier.md.
"""

__version__ = "1.0.0"
WHEEL = f"omic_verifier-{__version__}-py3-none-any.whl"
