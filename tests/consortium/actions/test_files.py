"""Only what is what it says, and does nothing by itself, is kept; and nothing of what is not."""

import errno
import hashlib
import io
import os
import stat
from pathlib import Path

import pytest
from django.conf import settings
from django.db import transaction
from PIL import Image, PngImagePlugin

from consortium import file_store, pdf_checks, picture_checks
from consortium.actions import files
from consortium.errors import Invalid
from consortium.file_types import clean_name
from consortium.files_http import download
from consortium.models import StoredFile
from consortium.tasks import sweep_files
from tests.consortium import hostile
from tests.consortium.clients import run_clients
from tests.factories.consortium import PersonFactory

MB = 1024 * 1024


@pytest.fixture(autouse=True)
def _own_folder(tmp_path, monkeypatch):
    monkeypatch.setattr(settings, "FILES_DIR", tmp_path / "files")


def on_disk() -> list[Path]:
    return [path for path in Path(settings.FILES_DIR).rglob("*") if path.is_file()]


def take(data: bytes, name: str = "paper.pdf", *, allowed=files.PDF_AND_PICTURES, **more):
    options = {"max_bytes": 10 * MB} | more
    person = PersonFactory.create()
    return files.store(hostile.upload(data, name), allowed=allowed, by=person, **options)


def refused(data: bytes, name: str, kind=Invalid, **more) -> str:
    """The message, once it is sure that nothing was kept."""
    with pytest.raises(kind) as caught:
        take(data, name, **more)
    assert on_disk() == [] and not StoredFile.objects.exists()
    assert list(caught.value.errors) == ["file"]
    return str(caught.value)


# What is taken


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("data", "name", "kind", "facts"),
    [
        (hostile.pdf(pages=3), "Paper.PDF", "pdf", (3, None, None)),
        (hostile.picture(), "figure.png", "png", (None, 12, 8)),
        (hostile.picture("JPEG"), "figure.jpeg", "jpeg", (None, 12, 8)),
        (hostile.picture("JPEG", progressive=True), "figure.jpg", "jpeg", (None, 12, 8)),
        (hostile.picture("WEBP"), "figure.webp", "webp", (None, 12, 8)),
    ],
)
def test_documents_and_pictures(data, name, kind, facts):
    stored = take(data, name)
    assert (stored.kind, stored.size_bytes) == (kind, len(data))
    assert (stored.pages, stored.width_pixels, stored.height_pixels) == facts
    assert stored.sha256 == hashlib.sha256(data).hexdigest()
    assert [path.read_bytes() for path in on_disk()] == [data]


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("data", "name", "kind"),
    [
        ("申请书\n".encode(), "notes.txt", "text"),
        (b"\xef\xbb\xbfa,b\r\n1,2\r\n", "table.csv", "csv"),
        (b"# Title\n\n<b>x</b>", "readme.md", "markdown"),
        (b"no extension", "README", "text"),
    ],
)
def test_texts_where_they_are_allowed(data, name, kind):
    assert take(data, name, allowed=files.TEXTS).kind == kind
    message = "Choose a file of one of these kinds"
    with pytest.raises(files.WrongType, match=message):
        take(data, name)


@pytest.mark.django_db
def test_the_same_bytes_are_kept_once():
    first, second = take(hostile.pdf(), "a.pdf"), take(hostile.pdf(), "b.pdf")
    if first.sha256 == second.sha256:  # pypdf may write an id of its own into each
        assert len(on_disk()) == 1
    data = hostile.picture()
    take(data, "a.png"), take(data, "b.png")
    assert sum(path.suffix == "" and path.read_bytes() == data for path in on_disk()) == 1


@pytest.mark.django_db
def test_folders_and_files_are_closed_to_others():
    take(hostile.picture(), "a.png")
    folders = [path for path in Path(settings.FILES_DIR).rglob("*") if path.is_dir()]
    modes = {stat.S_IMODE(p.stat().st_mode) for p in [Path(settings.FILES_DIR), *folders]}
    assert modes == {0o700}
    assert {stat.S_IMODE(path.stat().st_mode) for path in on_disk()} == {0o600}


def test_the_folder_is_not_one_that_is_served():
    served = [Path(settings.STATIC_ROOT), *map(Path, settings.STATICFILES_DIRS)]
    assert not any(Path(settings.FILES_DIR).is_relative_to(folder) for folder in served)


# What lies about its type


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("data", "name", "words"),
    [
        (hostile.picture(), "paper.pdf", "named “.pdf” but is a PNG picture"),
        (hostile.pdf(), "figure.png", "named “.png” but is a PDF document"),
        (hostile.picture("WEBP"), "figure.jpg", "is a WebP picture"),
        (hostile.pdf(), "paper.pdf.exe", "named “.exe” but is a PDF document"),
        (b"<!DOCTYPE html><script>x</script>", "figure.png", "This is a web page"),
        (b"\n  <HTML><body>", "paper.pdf", "This is a web page"),
        (b"<?xml version='1.0'?><svg onload='x'/>", "figure.png", "an XML or SVG file"),
        (hostile.archive(), "paper.pdf", "a ZIP archive or an office document"),
        (b"MZ\x90\x00", "paper.pdf", "a program"),
        (b"\x7fELF\x02", "figure.png", "a program"),
        (b"GIF89a" + bytes(20), "figure.png", "a picture of another kind"),
        (bytes(range(256)), "paper.pdf", "data of an unknown kind"),
        (b"only words", "paper.pdf", "This is plain text"),
        (b"", "paper.pdf", "The file is empty"),
        (b"\n" + hostile.pdf(), "paper.pdf", "data of an unknown kind"),
    ],
)
def test_a_file_that_lies_about_its_type(data, name, words):
    assert words in refused(data, name, files.WrongType)


@pytest.mark.django_db
@pytest.mark.parametrize("data", [b"<html>", b"<svg/>", b"#!/bin/sh", b"a\x00b", b"\xff\xfeA\x00"])
def test_a_text_that_is_none(data):
    refused(data, "notes.txt", files.WrongType, allowed=files.TEXTS)


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("data", "name"),
    [
        (hostile.pdf() + hostile.archive(), "paper.pdf"),
        (hostile.picture() + hostile.archive(), "figure.png"),
        (hostile.picture() + b"<script>", "figure.png"),
        (hostile.picture("JPEG") + b"\0" * 9, "figure.jpg"),
        (hostile.picture("WEBP") + b"%PDF-1.7", "figure.webp"),
        (hostile.picture("JPEG", comment=b"%PDF-1.4 1 0 obj"), "figure.jpg"),
        (hostile.picture("JPEG", comment=b"<script>alert(1)</script>"), "figure.jpg"),
        (hostile.pdf()[:9] + b"%<html><script>\n" + hostile.pdf()[9:], "paper.pdf"),
    ],
)
def test_a_file_that_is_two_things(data, name):
    assert "opened as something else" in refused(data, name, files.Unsafe)


# PDF documents that act


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("made", "words"),
    [
        (hostile.pdf_with_javascript, "JavaScript"),
        (hostile.pdf_with_hidden_javascript, "JavaScript"),
        (hostile.pdf_of_an_earlier_revision_with_javascript, "JavaScript"),
        (hostile.pdf_that_launches, "a command that starts a program"),
        (hostile.pdf_that_sends, "a form that sends data away"),
        (hostile.pdf_with_attachment, "embedded files"),
        (hostile.pdf_with_xfa, "an XFA form"),
        (hostile.pdf_encrypted, "encrypted"),
    ],
)
def test_a_document_that_acts_is_refused_by_name(made, words):
    assert words in refused(made(), "paper.pdf", files.Unsafe)


def test_the_hidden_script_is_seen_in_the_objects_alone():
    """Its bytes are deflated, so the search of bytes cannot have found it."""
    assert list(pdf_checks._of_bytes(hostile.pdf_with_hidden_javascript())) == []


@pytest.mark.django_db
@pytest.mark.parametrize("cut", [6, 30, 200])
def test_half_a_document_is_damaged(cut):
    assert "damaged" in refused(hostile.pdf()[:-cut], "paper.pdf", files.WrongType)


@pytest.mark.django_db
def test_a_document_of_nothing_is_damaged():
    assert "damaged" in refused(b"%PDF-1.7\nnothing\n%%EOF", "paper.pdf", files.WrongType)


# Too much


@pytest.mark.django_db
def test_a_byte_too_many_stops_the_reading():
    class Endless:
        name = "paper.pdf"
        read = 0

        def chunks(self):
            while True:
                self.read += MB
                yield bytes(MB)

    source = Endless()
    with pytest.raises(files.TooLarge, match="larger than 2 MB"):
        files.store(source, allowed=files.PDF_AND_PICTURES, max_bytes=2 * MB, by=None)
    assert source.read == 3 * MB and on_disk() == []


@pytest.mark.django_db
def test_exactly_the_limit_is_allowed():
    data = hostile.picture()
    assert take(data, "a.png", max_bytes=len(data)).size_bytes == len(data)
    with pytest.raises(files.TooLarge):
        take(data, "a.png", max_bytes=len(data) - 1)


@pytest.mark.django_db
def test_a_picture_that_promises_too_many_pixels():
    assert "million pixels" in refused(hostile.png_bomb(), "a.png", files.TooLarge)
    assert "million pixels" in refused(hostile.png_bomb(10_000), "a.png", files.TooLarge)
    assert len(hostile.png_bomb()) < 200


@pytest.mark.django_db
def test_a_document_that_unpacks_to_too_much(monkeypatch):
    monkeypatch.setattr(pdf_checks, "MOST_UNPACKED", 20 * MB)
    bomb = hostile.pdf_bomb(60)
    assert len(bomb) < MB
    assert "unpacks to far too much" in refused(bomb, "paper.pdf", files.TooLarge)
    assert "far too much" in refused(hostile.pdf_bomb_in_a_bomb(), "paper.pdf", files.TooLarge)
    assert take(hostile.pdf_bomb(10)).pages == 1


@pytest.mark.django_db
def test_a_document_nested_too_deeply():
    refused(hostile.pdf_nested(), "paper.pdf", files.TooLarge)
    refused(hostile.pdf_nested(4000), "paper.pdf", Invalid)


@pytest.mark.django_db
def test_too_many_pages(monkeypatch):
    monkeypatch.setattr(pdf_checks, "MOST_PAGES", 4)
    assert take(hostile.pdf(pages=4)).pages == 4
    with pytest.raises(files.TooLarge, match="more than 4 pages"):
        take(hostile.pdf(pages=5))


@pytest.mark.django_db
def test_a_picture_packed_with_text(monkeypatch):
    """Compressed text chunks unpack to much; Pillow bounds them, and so they are refused."""
    info = PngImagePlugin.PngInfo()
    info.add_text("Comment", "x" * (3 * MB), zip=True)
    refused(hostile.picture(pnginfo=info), "a.png", files.WrongType)


@pytest.mark.django_db
def test_several_pictures_in_one():
    frames = [Image.new("RGB", (4, 4), c) for c in ("red", "blue")]
    out = io.BytesIO()
    frames[0].save(out, "PNG", save_all=True, append_images=frames[1:])
    assert "several pictures" in refused(out.getvalue(), "a.png", files.Unsafe)


@pytest.mark.django_db
@pytest.mark.parametrize("form", ["PNG", "JPEG", "WEBP"])
def test_half_a_picture_is_damaged(form):
    data = hostile.picture(form, (90, 90))
    name = {"PNG": "a.png", "JPEG": "a.jpg", "WEBP": "a.webp"}[form]
    assert "damaged" in refused(data[: len(data) // 2], name, files.WrongType)


def test_no_picture_breaks_the_check(tmp_path):
    """Any one byte turned over is either fine or refused, never an error of ours."""
    for form, kind in (("PNG", "png"), ("JPEG", "jpeg"), ("WEBP", "webp")):
        data = hostile.picture(form, (9, 9))
        for at in range(len(data)):
            path = tmp_path / "x"
            path.write_bytes(data[:at] + bytes([data[at] ^ 0xFF]) + data[at + 1 :])
            try:
                picture_checks.check(path, StoredFile.Kind(kind))
            except Invalid:
                continue


def test_no_document_breaks_the_check(tmp_path):
    data = hostile.pdf_with_attachment()
    for at in range(0, len(data), 3):
        path = tmp_path / "x"
        path.write_bytes(data[:at] + bytes([data[at] ^ 0xFF]) + data[at + 1 :])
        try:
            pdf_checks.check(path)
        except Invalid:
            continue


# Names


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("../../etc/passwd", "passwd.pdf"),
        ("C:\\fakepath\\申请书.PDF", "申请书.pdf"),
        ("a\u202efdp.exe", "afdp.exe.pdf"),
        ("a\r\nSet-Cookie: x.pdf", "aSet-Cookie_ x.pdf"),
        ("\u200b\ufeff.pdf", "pdf.pdf"),
        ("...", "file.pdf"),
        ("", "file.pdf"),
        ("x" * 300 + ".pdf", "x" * 116 + ".pdf"),
        ('a<b>"c".pdf', "a_b__c_.pdf"),
        ("  two   words .pdf", "two words.pdf"),
        ("e\u0301.pdf", "é.pdf"),
    ],
)
def test_names_are_made_harmless(given, kept):
    made = clean_name(given, StoredFile.Kind.PDF)
    assert made == kept and len(made) <= 120


# Failures leave nothing


@pytest.mark.django_db
def test_a_full_disk_says_so_and_keeps_nothing(monkeypatch):
    def full(_descriptor):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(file_store.os, "fsync", full)
    with pytest.raises(file_store.NoRoom, match="no room for this file, and nothing was kept"):
        take(hostile.pdf())
    assert on_disk() == [] and not StoredFile.objects.exists()


@pytest.mark.django_db
def test_another_failure_of_the_disk_is_an_error_and_leaves_nothing(monkeypatch):
    def broken(_descriptor):
        raise OSError(errno.EIO, "input/output error")

    monkeypatch.setattr(file_store.os, "fsync", broken)
    with pytest.raises(OSError, match="input/output"):
        take(hostile.pdf())
    assert on_disk() == []


@pytest.mark.django_db
def test_the_field_of_the_form_is_named():
    with pytest.raises(files.WrongType) as caught:
        take(b"words", "a.pdf", field="science_case")
    assert list(caught.value.errors) == ["science_case"]


@pytest.mark.django_db(transaction=True)
def test_bytes_of_a_transaction_that_failed_are_swept_a_day_later():
    with transaction.atomic():
        take(hostile.picture(), "a.png")
        transaction.set_rollback(True)
    assert len(on_disk()) == 1
    sweep_files()
    assert len(on_disk()) == 1, "it could still be on its way"
    assert files.sweep(older_than_seconds=-1) == 1 and on_disk() == []


@pytest.mark.django_db(transaction=True)
def test_sweeping_leaves_what_has_a_row():
    take(hostile.picture(), "a.png")
    assert files.sweep(older_than_seconds=-1) == 0 and len(on_disk()) == 1


@pytest.mark.django_db(transaction=True)
def test_discarding_removes_the_bytes_with_the_last_row():
    data = hostile.picture()
    first, second = take(data, "a.png"), take(data, "b.png")
    files.discard(first)
    assert len(on_disk()) == 1
    with transaction.atomic():
        files.discard(second)
        transaction.set_rollback(True)
    assert len(on_disk()) == 1
    files.discard(StoredFile.objects.get())
    assert on_disk() == []


@pytest.mark.django_db(transaction=True)
def test_storing_and_discarding_at_once_never_loses_bytes():
    data, person = hostile.picture(), PersonFactory.create()

    def work(number):
        for _round in range(6):
            stored = files.store(
                hostile.upload(data, "a.png"),
                allowed=files.PICTURES,
                max_bytes=MB,
                by=person,
            )
            if number % 2:
                files.discard(stored)

    run_clients(work, clients=6)
    assert StoredFile.objects.count() == 18
    assert [path.read_bytes() for path in on_disk()] == [data]


# Giving out


@pytest.mark.django_db
def test_it_is_saved_never_shown():
    data = hostile.pdf()
    answer = download(take(data, "报告.pdf"), name="P-2026-0001/x.pdf")
    assert b"".join(answer.streaming_content) == data
    assert answer["Content-Disposition"] == 'attachment; filename="x.pdf"'
    assert answer["Content-Type"] == "application/pdf"
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert answer["Content-Security-Policy"] == "default-src 'none'; sandbox"
    assert answer["Cache-Control"] == "private, no-cache"
    assert int(answer["Content-Length"]) == len(data)
    answer.close()


@pytest.mark.django_db
def test_bytes_that_are_gone_say_so():
    stored = take(hostile.picture(), "a.png")
    file_store.remove(stored.sha256)
    with pytest.raises(file_store.Gone, match="missing from the store"):
        download(stored)
