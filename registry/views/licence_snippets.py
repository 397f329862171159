"""Code to paste: how a licensee fetches and verifies what it licensed."""

from __future__ import annotations

from django.http import HttpRequest
from django.urls import reverse

from registry import verifier
from registry.models import Licence

_VERIFY = """\
pip install {wheel}
omic-verify verify --licence {number}.lic --model ./{model} --cards 1 --field {field}
omic-verify refresh --licence {number}.lic --from {status}
"""
_BUNDLE = """\
export TOKEN=omic_...   # a portal token with licences:read
curl -fsS -H "Authorization: Bearer $TOKEN" {manifest} -o manifest.json
sha256sum manifest.json   # {root}
{files}"""
_FILE = """\
curl -fsS -C - --create-dirs -H "Authorization: Bearer $TOKEN" {href} -o ./{model}/{path}
"""
SHOWN = 20


def verify_snippet(request: HttpRequest, licence: Licence) -> str:
    """How to verify on the licensee's own machine, offline but for the last line."""
    terms = licence.settled_terms
    return _VERIFY.format(
        wheel=request.build_absolute_uri(reverse("registry:verifier", args=[verifier.WHEEL])),
        number=licence.number,
        model=licence.offering.code,
        field=next(iter(terms.get("fields", [])), "manufacturing"),
        status=request.build_absolute_uri(reverse("registry:status_list")),
    )


def bundle_snippet(request: HttpRequest, licence: Licence) -> str:
    """How to fetch the whole bundle; a cut download goes on where it stopped."""
    checkpoint = licence.offering.gate.checkpoint

    def address(name: str, *args: object) -> str:
        return request.build_absolute_uri(reverse(f"registry:{name}", args=[licence.number, *args]))

    files = "".join(
        _FILE.format(
            href=address("licence_bytes", file.path), model=licence.offering.code, path=file.path
        )
        for file in checkpoint.files.all()[:SHOWN]
    )
    return _BUNDLE.format(
        manifest=address("licence_manifest"), root=checkpoint.manifest_root, files=files
    )
