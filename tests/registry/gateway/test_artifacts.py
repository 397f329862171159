"""Artifacts through the gateway: whole or not at all, by their hash, in the lab's own folder."""

import errno
import hashlib

import pytest

from registry.backends import StorageFull, storage, store
from registry.models import ArtifactEntry, StoredBlob
from tests.factories import registry as make
from tests.registry.gateway.conftest import Door, NotedRelay

ARTIFACTS = "/api/2.0/mlflow-artifacts/artifacts"
CONTENT = bytes(range(256)) * 50


@pytest.fixture
def folder(lab):
    return f"workspaces/{lab.workspace}/1/{'a' * 32}/artifacts"


@pytest.fixture
def uploaded(door, folder):
    reply = door("PUT", f"{ARTIFACTS}/{folder}/weights.bin", body=CONTENT)
    assert reply.status == 200
    return f"{ARTIFACTS}/{folder}/weights.bin"


def left_over() -> list:
    return list(store().incoming.glob("*"))


def test_an_upload_is_stored_by_its_hash(door, lab, folder, uploaded):
    entry = ArtifactEntry.objects.get(lab=lab)
    assert entry.path == f"{folder}/weights.bin"
    assert entry.blob_id == hashlib.sha256(CONTENT).hexdigest()
    assert entry.written_by == make.maintainer(lab)
    assert b"".join(store().read(entry.blob_id)) == CONTENT
    assert left_over() == []


def test_an_upload_in_many_parts_is_the_same_bytes(door, folder):
    parts = [CONTENT[i : i + 100] for i in range(0, len(CONTENT), 100)]
    door("PUT", f"{ARTIFACTS}/{folder}/x", chunks=parts)
    assert StoredBlob.objects.get().sha256 == hashlib.sha256(CONTENT).hexdigest()


def test_the_same_bytes_are_kept_once(door, folder, uploaded):
    door("PUT", f"{ARTIFACTS}/{folder}/copy.bin", body=CONTENT)
    assert StoredBlob.objects.count() == 1
    assert ArtifactEntry.objects.count() == 2


def test_a_path_can_be_written_again(door, folder, uploaded):
    door("PUT", uploaded, body=b"new")
    assert ArtifactEntry.objects.get().blob.size == 3


@pytest.mark.parametrize("cut", [True, False])
def test_a_cut_upload_leaves_nothing(door, folder, cut):
    headers = [("content-length", "100000")]
    door("PUT", f"{ARTIFACTS}/{folder}/x", chunks=[CONTENT], cut=cut, headers=headers)
    assert not ArtifactEntry.objects.exists()
    assert left_over() == []


def test_a_full_disk_is_said_and_leaves_nothing(door, folder, monkeypatch):
    class Full:
        def write(self, _chunk):
            raise OSError(errno.ENOSPC, "No space left on device")

        def close(self):
            """Nothing to close."""

    monkeypatch.setattr(storage.Path, "open", lambda *_a, **_k: Full())
    reply = door("PUT", f"{ARTIFACTS}/{folder}/x", body=CONTENT)
    assert reply.status == 507
    assert "full" in reply.json["message"]
    assert not ArtifactEntry.objects.exists()
    assert left_over() == []


def test_a_disk_that_fills_at_the_last_moment_leaves_nothing(door, folder, monkeypatch):
    def no_room(_fd):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(storage.os, "fsync", no_room)
    assert door("PUT", f"{ARTIFACTS}/{folder}/x", body=b"new bytes").status == 507
    assert not ArtifactEntry.objects.exists()
    assert left_over() == []


def test_a_download_is_the_bytes_and_harmless_in_a_browser(door, uploaded):
    reply = door("GET", uploaded)
    assert reply.body == CONTENT
    assert reply.headers["etag"] == f'"{hashlib.sha256(CONTENT).hexdigest()}"'
    assert reply.headers["content-type"] == "application/octet-stream"
    assert reply.headers["x-content-type-options"] == "nosniff"
    assert reply.headers["content-disposition"].startswith("attachment")
    assert "sandbox" in reply.headers["content-security-policy"]


@pytest.mark.parametrize(
    ("wanted", "first", "last"),
    [
        ("bytes=0-0", 0, 0),
        ("bytes=100-199", 100, 199),
        ("bytes=12000-", 12000, 12799),
        ("bytes=-5", 12795, 12799),
        ("bytes=0-99999", 0, 12799),
        ("bytes=-99999", 0, 12799),
    ],
)
def test_ranges_are_exact(door, uploaded, wanted, first, last):
    reply = door("GET", uploaded, headers=[("range", wanted)])
    assert reply.status == 206
    assert reply.body == CONTENT[first : last + 1]
    assert reply.headers["content-range"] == f"bytes {first}-{last}/12800"


@pytest.mark.parametrize("wanted", ["bytes=12800-", "bytes=5-4", "bytes=-0"])
def test_ranges_outside_are_416(door, uploaded, wanted):
    reply = door("GET", uploaded, headers=[("range", wanted)])
    assert reply.status == 416
    assert reply.headers["content-range"] == "bytes */12800"


@pytest.mark.parametrize("wanted", ["bytes=0-1,5-6", "lines=1-2", "bytes=a-b", "bytes=-"])
def test_other_ranges_get_the_whole(door, uploaded, wanted):
    assert door("GET", uploaded, headers=[("range", wanted)]).status == 200


def test_a_changed_file_is_not_carried_on(door, uploaded):
    headers = [("range", "bytes=100-"), ("if-range", '"another"')]
    reply = door("GET", uploaded, headers=headers)
    assert (reply.status, reply.body) == (200, CONTENT)


def test_listing_shows_what_lies_directly_under_a_folder(door, folder, uploaded):
    door("PUT", f"{ARTIFACTS}/{folder}/notes/a.txt", body=b"a")
    door("PUT", f"{ARTIFACTS}/{folder}/notes/b/c.txt", body=b"c")
    reply = door("GET", ARTIFACTS, f"path={folder}".encode())
    assert reply.json["files"] == [
        {"path": "notes", "is_dir": True},
        {"path": "weights.bin", "is_dir": False, "file_size": len(CONTENT)},
    ]
    below = door("GET", ARTIFACTS, f"path={folder}/notes".encode()).json["files"]
    assert [item["path"] for item in below] == ["a.txt", "b"]
    assert door("GET", ARTIFACTS, f"path={folder}/weights.bin".encode()).json == {"files": []}


@pytest.mark.parametrize("method", ["GET", "PUT"])
@pytest.mark.parametrize(
    "path",
    [
        "x",
        "workspaces/other/1/x",
        "workspaces/{own}/../other/1/x",
        "workspaces/{own}/%2e%2e/other/1/x",
        "workspaces/{own}%2f..%2fother/1/x",
        "workspaces/{own}/%252e%252e/other/1/x",
        "workspaces/{own}x/1/x",
        "/workspaces/{own}/1/x",
        "workspaces//{own}/1/x",
        "workspaces\\{own}\\1\\x",
        "workspaces/{own}/1/x%00",
        "workspaces/{own}",
        "workspaces/{own}/",
        "..",
    ],
)
def test_nothing_outside_the_labs_folder_can_be_named(method, path, door, lab):
    body = CONTENT if method == "PUT" else b""
    reply = door(method, f"{ARTIFACTS}/{path.format(own=lab.workspace)}", body=body)
    assert reply.status in {400, 404}
    assert not ArtifactEntry.objects.exists()
    assert left_over() == []


def test_another_labs_artifacts_cannot_be_had(lab, uploaded):
    other = make.lab()
    thief = Door(NotedRelay(), make.token(make.maintainer(other)))
    assert thief("GET", uploaded).status == 404
    assert thief("PUT", uploaded, body=b"x").status == 404
    folder = uploaded.removeprefix(ARTIFACTS + "/").rpartition("/")[0]
    assert thief("GET", ARTIFACTS, f"path={folder}".encode()).status == 404
    spoofed = [("x-mlflow-workspace", lab.slug)]
    assert thief("GET", uploaded, headers=spoofed).status == 404


def test_deleting_is_not_offered(door, uploaded):
    assert door("DELETE", uploaded).status == 404
    assert door("GET", uploaded).status == 200


def test_reading_scope_does_not_upload(lab, folder):
    door = Door(NotedRelay(), make.token(make.maintainer(lab), "registry:read"))
    assert door("PUT", f"{ARTIFACTS}/{folder}/x", body=b"x").status == 403


def test_the_store_refuses_what_is_no_digest():
    for name in ("..", "a" * 63, "A" * 64, "../" * 22):
        with pytest.raises(storage.StorageError):
            store().path(name)


def test_sweeping_removes_only_old_partial_files(tmp_path):
    here = storage.LocalStore(tmp_path)
    writer = here.writer()
    writer.write(b"half")
    assert here.sweep(3600) == 0
    assert here.sweep(-1) == 1
    writer.abort()
    assert isinstance(StorageFull("x"), storage.StorageError)
