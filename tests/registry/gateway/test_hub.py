"""The hub's protocol: what a reader may not see is what does not exist."""

import hashlib

import pytest

from consortium.models import AuditEvent
from registry.actions import releases
from registry.models import DownloadRecord
from tests.factories import registry as make
from tests.factories.consortium import PersonFactory, member
from tests.registry.gateway.conftest import ask

pytestmark = pytest.mark.django_db
WEIGHTS = "artifacts/model.safetensors"


@pytest.fixture
def release(db):
    return make.release(audience="members")


@pytest.fixture
def get(hub_app):
    def call(path, user=None, method="GET", headers=(), **more):
        given = [("authorization", f"Bearer {make.token(user)}")] if user else []
        return ask(hub_app, method, f"/hf{path}", headers=[*given, *headers], **more)

    return call


def at(release, path="", revision="main") -> str:
    return f"/{release.model.full_name}/resolve/{revision}/{path}"


def test_a_member_reads_what_the_model_is(get, release):
    info = get(f"/api/models/{release.model.full_name}", member()).json
    assert info["id"] == release.model.full_name
    assert info["sha"] == release.checkpoint.manifest_root[:40]
    assert {s["rfilename"] for s in info["siblings"]} == {"MLmodel", WEIGHTS}
    assert info["private"]
    assert "xetHash" not in str(info)


def test_the_tree_has_sizes_and_hashes(get, release):
    path = f"/api/models/{release.model.full_name}/tree/{release.checkpoint.commit}"
    tree = get(path, member(), query=b"recursive=true").json
    files = {f.path: f for f in release.checkpoint.files.all()}
    assert {entry["path"] for entry in tree} == set(files)
    for entry in tree:
        file = files[entry["path"]]
        assert (entry["size"], entry["lfs"]["oid"]) == (file.size, file.sha256)
    shallow = get(path, member()).json
    assert {(e["type"], e["path"]) for e in shallow} == {
        ("file", "MLmodel"),
        ("directory", "artifacts"),
    }
    assert [e["path"] for e in get(f"{path}/artifacts", member()).json] == [WEIGHTS]


@pytest.mark.parametrize("revision", ["main", "1.0", "v1.0", "commit", "root"])
def test_every_name_of_a_revision_gives_the_same_bytes(get, release, revision):
    names = {"commit": release.checkpoint.commit, "root": release.checkpoint.manifest_root}
    reply = get(at(release, WEIGHTS, names.get(revision, revision)), member())
    file = release.checkpoint.files.get(path=WEIGHTS)
    assert hashlib.sha256(reply.body).hexdigest() == file.sha256
    assert reply.headers["x-repo-commit"] == release.checkpoint.commit
    assert reply.headers["x-linked-etag"] == f'"{file.sha256}"'
    assert reply.headers["x-linked-size"] == str(file.size)


def test_head_gives_the_facts_and_records_nothing(get, release):
    file = release.checkpoint.files.get(path=WEIGHTS)
    reply = get(at(release, WEIGHTS), member(), "HEAD")
    assert (reply.status, reply.body) == (200, b"")
    assert reply.headers["content-length"] == str(file.size)
    assert not DownloadRecord.objects.exists()


def test_a_resumed_download_gets_the_rest_and_is_recorded(get, release):
    user = member()
    whole = get(at(release, WEIGHTS), user).body
    rest = get(at(release, WEIGHTS), user, headers=[("range", "bytes=20-")])
    assert (rest.status, rest.body) == (206, whole[20:])
    rows = DownloadRecord.objects.order_by("pk").values_list("first", "last", "via", "by")
    last = len(whole) - 1
    assert list(rows) == [(0, last, "hub", user.pk), (20, last, "hub", user.pk)]
    assert AuditEvent.objects.filter(action="release.file_accessed").count() == 1


def test_a_range_outside_is_416_with_the_commit(get, release):
    reply = get(at(release, WEIGHTS), member(), headers=[("range", "bytes=9999-")])
    assert reply.status == 416
    assert reply.headers["x-repo-commit"]


@pytest.mark.parametrize(
    "path",
    [
        "/api/models/{id}",
        "/api/models/{id}/revision/main",
        "/api/models/{id}/tree/main",
        "/api/models/{id}/refs",
        "/api/models/{id}/auth-check",
        "/{id}/resolve/main/MLmodel",
        "/{id}/resolve/main/nothing",
        "/{id}/resolve/{commit}/MLmodel",
    ],
)
@pytest.mark.parametrize("who", ["anonymous", "outsider", "former"])
def test_an_outsider_is_answered_as_for_what_does_not_exist(get, release, path, who):
    user = {"anonymous": None, "outsider": PersonFactory.create(), "former": member()}[who]
    if who == "former":
        make.leaves_institution(user)
    commit = release.checkpoint.commit
    real = get(path.format(id=release.model.full_name, commit=commit), user)
    none = get(path.format(id=f"{release.model.lab.slug}/nothing", commit=commit), user)
    assert real.status == none.status == 404
    assert real.headers["x-error-code"] == none.headers["x-error-code"] == "RepoNotFound"
    assert real.body == none.body
    assert {k: v for k, v in real.headers.items() if k != "date"} == dict(none.headers)


def test_anybody_gets_a_public_release(get):
    release = make.release(audience="public")
    assert get(at(release, "MLmodel")).status == 200
    assert DownloadRecord.objects.get().by is None
    assert not AuditEvent.objects.filter(action="release.file_accessed").exists()


def test_unreleased_work_is_not_on_the_hub_even_for_its_lab(get):
    release = make.release(state="under_review")
    reply = get(f"/api/models/{release.model.full_name}", make.maintainer(release.model.lab))
    assert reply.status == 404


def test_errors_carry_the_codes_the_client_knows(get, release):
    user = member()
    no_file = get(at(release, "none.txt"), user)
    assert (no_file.status, no_file.headers["x-error-code"]) == (404, "EntryNotFound")
    assert no_file.headers["x-repo-commit"] == release.checkpoint.commit
    no_revision = get(at(release, "MLmodel", "9.9"), user)
    assert no_revision.headers["x-error-code"] == "RevisionNotFound"
    bad = get(at(release, "MLmodel"), headers=[("authorization", "Bearer hf_foreign")])
    assert bad.status == 401
    assert bad.headers["x-error-message"] == "Invalid credentials in Authorization header"


def test_a_withdrawn_release_is_disabled(get, release):
    releases.withdraw(release, reason="wrong", by=make.maintainer(release.model.lab))
    for path in (at(release, "MLmodel"), f"/api/models/{release.model.full_name}"):
        reply = get(path, member())
        assert reply.status == 403
        assert reply.headers["x-error-message"] == "Access to this resource is disabled."
    assert get(at(release, "MLmodel"), PersonFactory.create()).status == 404


def test_main_is_the_newest_release_that_stands(get, release):
    lab = release.model.lab
    second = make.release(make.checkpoint(lab), version="2.0")
    info = f"/api/models/{release.model.full_name}"
    assert get(info, member()).json["sha"] == second.checkpoint.commit
    releases.withdraw(second, reason="wrong", by=make.maintainer(lab))
    assert get(info, member()).json["sha"] == release.checkpoint.commit


@pytest.mark.parametrize(
    "path",
    ["../MLmodel", "%2e%2e/MLmodel", "/MLmodel", "a%00", "..%2f..%2fetc%2fpasswd", "%252e%252e/x"],
)
def test_paths_that_leave_the_release_are_refused(get, release, path):
    assert get(at(release, path), member()).status in {400, 404}


def test_search_finds_what_the_reader_sees(get, release):
    hidden = make.release(audience="institutions", institutions=[release.model.lab.institution])
    found = get("/api/models", member(), query=b"search=digits").json
    assert [item["id"] for item in found] == [release.model.full_name]
    assert hidden.model.full_name not in str(found)
    assert get("/api/models", query=b"search=digits").json == []


def test_whoami_and_uploads(get, release):
    user = member()
    assert get("/api/whoami-v2", user).json["name"] == user.email
    assert get("/api/whoami-v2").status == 401
    for path in ("/api/repos/create", f"/api/models/{release.model.full_name}/commit/main"):
        assert get(path, user, "POST").status in {404, 405}
    assert get(at(release, "MLmodel"), user, "PUT").status == 405


def test_a_token_without_the_scope_reads_nothing(hub_app, release):
    headers = [("authorization", f"Bearer {make.token(member(), 'grants:read')}")]
    reply = ask(hub_app, "GET", f"/hf{at(release, 'MLmodel')}", headers=headers)
    assert reply.status == 403
