"""The verifier as licensees get it: the wheel, in a folder of its own, without the portal."""

import base64
import csv
import hashlib
import io
import json
import os
import subprocess
import sys
import time
import zipfile
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from django.core.management import CommandError, call_command

from consortium.backends.signer import signer
from registry.backends import verifier_wheel
from registry.verifier import jws, manifest
from registry.verifier.codes import Code
from registry.verifier.report import TYPE as REPORT_TYPE
from registry.verifier.statuslist import Status
from tests.registry.verifier.papers import DAY, Maker

MODEL = {"model.safetensors": b"weights", "sub/config.json": b"{}"}


@pytest.fixture(scope="module")
def maker():
    return Maker()


@pytest.fixture(scope="module")
def installed(maker, tmp_path_factory):
    """The wheel built for this root and installed by pip into an empty folder."""
    folder = tmp_path_factory.mktemp("licensee")
    wheel = folder / verifier_wheel.file_name()
    wheel.write_bytes(verifier_wheel.build(maker.root_key))
    target = folder / "site"
    words = ["install", "--no-deps", "--no-index", "--quiet", "--target", str(target), str(wheel)]
    subprocess.run([sys.executable, "-m", "pip", *words], check=True, cwd=folder)
    return target


@pytest.fixture
def omic(installed, tmp_path):
    """Runs omic-verify; returns its exit status and its JSON. The memory is this test's own."""

    def run(command, *words, then=()):
        state = () if command == "fingerprint" else ("--state", tmp_path / "s1", tmp_path / "s2")
        done = subprocess.run(
            [sys.executable, "-m", "omic_verifier", command, *map(str, (*words, *state)), *then],
            env={"PYTHONPATH": str(installed), "HOME": str(tmp_path), "PATH": os.defpath},
            cwd=tmp_path,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        assert done.stdout, done.stderr
        answer, _end = json.JSONDecoder().raw_decode(done.stdout)
        assert (answer["exit"], Code[answer["code"]]) == (done.returncode, done.returncode)
        answer["rest"] = done.stdout[_end:].strip()
        return answer

    return run


@pytest.fixture
def model(tmp_path):
    folder = tmp_path / "model"
    for name, content in MODEL.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    return folder


@pytest.fixture
def licence(maker, model, tmp_path):
    """A licence file for the model, made now."""
    return save(maker, tmp_path, model)


def save(maker, folder, model, *, licence=None, **papers):
    now = int(time.time())
    root = manifest.root(manifest.of_folder(model))
    base = maker.licence_claims()
    changes = {
        "iat": now - DAY,
        "nbf": now - DAY,
        "exp": now + 30 * DAY,
        "models": [base["models"][0] | {"root": root}],
    }
    path = folder / "acme.lic"
    status = {"iat": now - 60, "next": now + DAY} | papers.pop("status", {})
    path.write_bytes(maker.bundle(licence=changes | (licence or {}), status=status, **papers))
    return path


# The wheel


def test_the_same_key_gives_the_same_bytes(maker):
    assert verifier_wheel.build(maker.root_key) == verifier_wheel.build(maker.root_key)
    assert verifier_wheel.build(maker.root_key) != verifier_wheel.build(Maker().root_key)


def test_its_record_is_right_and_it_needs_cryptography_alone(maker):
    archive = zipfile.ZipFile(io.BytesIO(verifier_wheel.build(maker.root_key)))
    names = archive.namelist()
    info = next(name.split("/")[0] for name in names if ".dist-info/" in name)
    rows = list(csv.reader(archive.read(f"{info}/RECORD").decode().splitlines()))
    assert [row[0] for row in rows] == names
    for name, digest, size in rows[:-1]:
        data = archive.read(name)
        expected = base64.urlsafe_b64encode(hashlib.sha256(data).digest()).rstrip(b"=").decode()
        assert (digest, int(size)) == (f"sha256={expected}", len(data))
    requires = [
        line
        for line in archive.read(f"{info}/METADATA").decode().splitlines()
        if line.startswith("Requires-Dist")
    ]
    assert requires == ["Requires-Dist: cryptography>=42"]


def test_it_imports_nothing_of_the_portal():
    for path in verifier_wheel.SOURCE.glob("*.py"):
        for line in path.read_text().splitlines():
            words = line.split()
            if words[:1] in (["import"], ["from"]):
                assert words[1].split(".")[0] not in {"registry", "django", "consortium", "portal"}


def test_the_command_builds_it(tmp_path, settings):
    settings.SIGNING_KEYS_DIR = tmp_path / "keys"
    with pytest.raises(CommandError, match="init_keys"):
        call_command("build_verifier", out=tmp_path)
    root = signer().ensure("root")
    out = io.StringIO()
    call_command("build_verifier", out=tmp_path, stdout=out)
    path = Path(out.getvalue().strip())
    assert jws.b64encode(root).encode() in zipfile.ZipFile(path).read("omic_verifier/root.py")


def test_without_a_root_nothing_is_verified(tmp_path, licence):
    done = subprocess.run(
        [sys.executable, "-m", "registry.verifier", "status", "--licence", str(licence)],
        capture_output=True,
        text=True,
        check=False,
        env={"HOME": str(tmp_path), "PATH": os.defpath},
    )
    assert done.returncode == Code.NO_ROOT


# verify


def test_verify_hashes_the_model_and_says_yes(omic, licence, model):
    answer = omic(
        *("verify", "--licence", licence, "--model", model, "--cards", 16, "--nodes", 1),
        *("--field", "manufacturing", "--region", "CN"),
    )
    assert (answer["code"], answer["warnings"]) == ("OK", [])
    assert answer["licensee"] == {"id": "acme", "name": "示例企业"}


def test_verify_finds_another_file_in_the_model(omic, licence, model):
    (model / "model.safetensors").write_bytes(b"others")
    assert omic("verify", "--licence", licence, "--model", model)["code"] == "WRONG_MODEL"


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (("--cards", 17), "TOO_MANY_CARDS"),
        (("--nodes", 3), "TOO_MANY_NODES"),
        (("--field", "finance"), "FIELD_NOT_ALLOWED"),
        (("--region", "US"), "REGION_NOT_ALLOWED"),
        (("--public-facing",), "FILING_NEEDED"),
        (("--manifest-root", "0" * 64), "WRONG_MODEL"),
        (("--model", "/nowhere"), "UNREADABLE"),
    ],
)
def test_each_refusal_has_its_exit_status(omic, licence, words, code):
    assert omic("verify", "--licence", licence, *words)["code"] == code


def test_any_edit_is_found(omic, licence):
    data = licence.read_bytes()
    at = data.index(b"\n") + 200
    licence.write_bytes(data[:at] + bytes([data[at] ^ 1]) + data[at + 1 :])
    assert omic("verify", "--licence", licence)["exit"] >= Code.TOO_LARGE


def test_a_file_that_is_not_there_is_said(omic, tmp_path):
    assert omic("status", "--licence", tmp_path / "none.lic")["code"] == "UNREADABLE"


def test_a_command_starts_only_when_allowed(omic, licence):
    allowed = omic("verify", "--licence", licence, "--cards", 8, then=("--", "echo", "serving"))
    assert allowed["rest"] == "serving"
    refused = omic("verify", "--licence", licence, "--cards", 99, then=("--", "echo", "serving"))
    assert (refused["code"], refused["rest"]) == ("TOO_MANY_CARDS", "")


def test_a_licence_bound_to_another_host_is_refused(omic, maker, tmp_path, model):
    path = save(maker, tmp_path, model, licence={"bind": {"kind": "hosts", "hosts": ["a" * 64]}})
    assert omic("verify", "--licence", path, "--host", "a" * 64)["code"] == "OK"
    assert omic("verify", "--licence", path, "--host", "b" * 64)["code"] == "WRONG_HOST"


# What it remembers


def test_an_older_list_is_refused_after_a_newer_was_seen(omic, maker, tmp_path, model):
    newer = save(maker, tmp_path, model, status={"epoch": 9})
    assert omic("status", "--licence", newer)["code"] == "OK"
    older = save(maker, tmp_path, model, status={"epoch": 8})
    assert omic("status", "--licence", older)["code"] == "EPOCH_ROLLBACK"


@pytest.mark.parametrize("place", ["s1", "s2"])
@pytest.mark.parametrize("damaged", [False, True])
def test_one_place_is_enough_to_remember(*, omic, maker, tmp_path, model, place, damaged):
    omic("status", "--licence", save(maker, tmp_path, model, status={"epoch": 9}))
    kept = tmp_path / place / "memory.json"
    if damaged:
        kept.write_bytes(kept.read_bytes().replace(b'"omic-1":9', b'"omic-1":1'))
    else:
        kept.unlink()
    older = save(maker, tmp_path, model, status={"epoch": 8})
    assert omic("status", "--licence", older)["code"] == "EPOCH_ROLLBACK"


def test_damage_in_both_places_is_refused(omic, licence, tmp_path):
    omic("status", "--licence", licence)
    for place in ("s1", "s2"):
        (tmp_path / place / "memory.json").write_bytes(b"{}")
    assert omic("status", "--licence", licence)["code"] == "STATE_UNREADABLE"


def test_what_cannot_be_remembered_is_refused(omic, licence, tmp_path):
    (tmp_path / "s2").write_text("a file, not a folder")
    assert omic("status", "--licence", licence)["code"] == "STATE_NOT_SAVED"


# status, fingerprint, refresh, report


def test_status_says_how_it_stands(omic, licence):
    answer = omic("status", "--licence", licence)
    assert (answer["code"], answer["licence"]) == ("OK", "LIC-2026-0001")
    assert answer["status_epoch"] == 7


def test_fingerprint_names_the_root_and_the_host(omic, maker):
    answer = omic("fingerprint")
    if answer["code"] == "NO_HOST_ID":
        pytest.skip("this machine has no machine id")
    assert answer["root"] == hashlib.sha256(maker.root_key).hexdigest()
    assert len(answer["host"]) == 64
    assert omic("fingerprint") == answer


def lines_for(maker, path, **status):
    """What the portal publishes: the trust document and a status list."""
    trust, _licence, _status = path.read_text().splitlines()
    now = int(time.time())
    payload = maker.status_claims(iat=now, next=now + DAY, **status)
    return f"{trust}\n{maker.token(payload, 'omic-status+jws', maker.revocation)}\n"


def test_refresh_takes_in_a_newer_list(omic, maker, licence, tmp_path):
    source = tmp_path / "status.txt"
    source.write_text(lines_for(maker, licence, epoch=12))
    assert omic("refresh", "--licence", licence, "--from", source)["status_epoch"] == 12
    assert omic("status", "--licence", licence)["status_epoch"] == 12


def test_refresh_takes_in_a_revocation(omic, maker, licence, tmp_path):
    revoked = Maker(maker.root, maker.issuer, maker.revocation, statuses=(Status.REVOKED,) * 8)
    source = tmp_path / "status.txt"
    source.write_text(lines_for(revoked, licence, epoch=12))
    assert omic("refresh", "--licence", licence, "--from", source)["code"] == "REVOKED"
    assert omic("status", "--licence", licence)["code"] == "REVOKED"


@pytest.mark.parametrize("status", [{"epoch": 1}, {"list": "omic-9"}])
def test_refresh_keeps_what_it_has_when_offered_worse(omic, maker, licence, tmp_path, status):
    before = licence.read_bytes()
    source = tmp_path / "status.txt"
    source.write_text(lines_for(maker, licence, **status))
    assert omic("refresh", "--licence", licence, "--from", source)["exit"] != 0
    assert licence.read_bytes() == before


def test_refresh_says_when_nobody_answers(omic, licence):
    answer = omic("refresh", "--licence", licence, "--from", "http://127.0.0.1:9/status.txt")
    assert answer["code"] == "UNREACHABLE"


def test_reports_are_signed_and_numbered(omic, licence, tmp_path):
    words = ("report", "--licence", licence, "--period", "2026-11", "--amount", 7200)
    for number in (1, 2):
        out = tmp_path / f"{number}.jws"
        assert omic(*words, "--out", out)["sequence"] == number
        token = jws.decode(out.read_text().strip(), typ=REPORT_TYPE)
        public = jws.b64decode(token.payload["x"])
        assert token.kid == jws.key_id(public)
        token.check_signature(public)
        assert (token.payload["amount"], token.payload["sequence"]) == (7200, number)
    assert (tmp_path / "s1" / "reporting.pem").stat().st_mode & 0o777 == 0o600


def test_a_made_up_root_in_the_environment_changes_nothing(omic, tmp_path, model):
    """There is no option, file or variable that names another root."""
    forged = Maker(Ed25519PrivateKey.generate())
    path = save(forged, tmp_path, model)
    assert omic("status", "--licence", path)["code"] == "UNTRUSTED"
