"""Files as people hand them in, the honest and the hostile, made here byte by byte."""

from __future__ import annotations

import io
import re
import struct
import zipfile
import zlib

from django.core.files.uploadedfile import SimpleUploadedFile
from PIL import Image
from pypdf import PdfReader, PdfWriter
from pypdf.generic import (
    ArrayObject,
    DecodedStreamObject,
    DictionaryObject,
    NameObject,
    StreamObject,
    TextStringObject,
)


def upload(data: bytes, name: str = "paper.pdf") -> SimpleUploadedFile:
    made = SimpleUploadedFile("x", data)
    made._name = name  # Django would clean it: the store must not count on that
    return made


def picture(form: str = "PNG", size: tuple[int, int] = (12, 8), **options: object) -> bytes:
    out = io.BytesIO()
    Image.new("RGB", size, (11, 101, 91)).save(out, form, **options)
    return out.getvalue()


def pdf(writer: PdfWriter | None = None, pages: int = 1) -> bytes:
    writer = writer or PdfWriter()
    for _page in range(pages):
        writer.add_blank_page(200, 200)
    out = io.BytesIO()
    writer.write(out)
    return out.getvalue()


def _pdf_of(root: dict[str, object]) -> bytes:
    writer = PdfWriter()
    for key, value in root.items():
        writer.root_object[NameObject(key)] = value
    return pdf(writer)


def _action(kind: str, **more: str) -> DictionaryObject:
    entries = {NameObject("/S"): NameObject(kind)}
    entries |= {NameObject(f"/{key}"): TextStringObject(value) for key, value in more.items()}
    return DictionaryObject(entries)


def pdf_with_javascript() -> bytes:
    return _pdf_of({"/OpenAction": _action("/JavaScript", JS="app.alert('hello')")})


def pdf_with_hidden_javascript() -> bytes:
    """The name written with escapes, and the object packed away in an object stream."""
    packed = b"7 0 << /S /J#61vaScript /J#53 (app.alert(1)) >>"
    stream = zlib.compress(packed)
    head = b"%PDF-1.7\n"
    parts = [
        b"1 0 obj\n<</Type/Catalog/Pages 2 0 R/OpenAction 7 0 R>>\nendobj\n",
        b"2 0 obj\n<</Type/Pages/Kids[3 0 R]/Count 1>>\nendobj\n",
        b"3 0 obj\n<</Type/Page/Parent 2 0 R/MediaBox[0 0 9 9]>>\nendobj\n",
        b"4 0 obj\n<</Type/ObjStm/N 1/First 4/Filter/FlateDecode/Length %d>>\n"
        b"stream\n%s\nendstream\nendobj\n" % (len(stream), stream),
    ]
    offsets, body = [], head
    for part in parts:
        offsets.append(len(body))
        body += part
    rows = [(0, 0, 65535), *((1, at, 0) for at in offsets), (1, len(body), 0), (0, 0, 0), (2, 4, 0)]
    table = b"".join(struct.pack(">BIH", *row) for row in rows)
    start = len(body)
    body += (
        b"5 0 obj\n<</Type/XRef/Size 8/Root 1 0 R/W[1 4 2]/Length %d>>\nstream\n%s\nendstream\n"
        b"endobj\nstartxref\n%d\n%%%%EOF" % (len(table), table, start)
    )
    return body


def pdf_that_launches() -> bytes:
    return _pdf_of({"/OpenAction": _action("/Launch", F="calc.exe")})


def pdf_that_sends() -> bytes:
    return _pdf_of({"/OpenAction": _action("/SubmitForm", F="http://example.org")})


def pdf_with_attachment() -> bytes:
    writer = PdfWriter()
    writer.add_attachment("payload.exe", b"MZ")
    return pdf(writer)


def pdf_with_xfa() -> bytes:
    form = DictionaryObject({NameObject("/XFA"): ArrayObject([TextStringObject("x")])})
    return _pdf_of({"/AcroForm": form})


def pdf_encrypted() -> bytes:
    writer = PdfWriter()
    writer.add_blank_page(200, 200)
    writer.encrypt("", "owner", algorithm="RC4-128")
    return pdf(writer)


def pdf_of_an_earlier_revision_with_javascript() -> bytes:
    """The newest revision is clean; the one before it, still in the file, is not."""
    clean = pdf()
    reader = PdfReader(io.BytesIO(clean))
    assert reader.pages
    old = b"9 0 obj\n<< /S /JavaScript /JS (x) >>\nendobj\n"
    return clean[:9] + b"\n" + old + clean[9:]


def pdf_bomb(mega: int = 600) -> bytes:
    """One stream of zeros that unpacks to so many MB."""
    packer = zlib.compressobj(9)
    block = bytes(1 << 20)
    packed = b"".join(packer.compress(block) for _each in range(mega)) + packer.flush()
    stream = StreamObject()
    stream._data = packed
    stream[NameObject("/Filter")] = NameObject("/FlateDecode")
    writer = PdfWriter()
    writer._add_object(stream)
    return pdf(writer)


def pdf_bomb_in_a_bomb() -> bytes:
    stream = DecodedStreamObject()
    stream._data = zlib.compress(zlib.compress(bytes(1 << 20)))
    filters = [NameObject("/FlateDecode"), NameObject("/FlateDecode")]
    stream[NameObject("/Filter")] = ArrayObject(filters)
    writer = PdfWriter()
    writer._add_object(stream)
    return pdf(writer)


def pdf_nested(depth: int = 400) -> bytes:
    """An array in an array, so many times over. pypdf itself could not write it."""
    clean = _pdf_of({"/Deep": ArrayObject()})
    made = re.sub(rb"/Deep \[ *\]", b"/Deep " + b"[" * depth + b"]" * depth, clean)
    assert len(made) > len(clean)
    return made


def archive(**files: str) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as file:
        for name, content in (files or {"a": "b"}).items():
            file.writestr(name, content)
    return out.getvalue()


def png_bomb(side: int = 30_000) -> bytes:
    """A head that promises 900 million pixels, and hardly any bytes."""

    def chunk(name: bytes, body: bytes) -> bytes:
        return (
            struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))
        )

    head = struct.pack(">IIBBBBB", side, side, 8, 2, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", head)
        + chunk(b"IDAT", zlib.compress(bytes(1000)))
        + chunk(b"IEND", b"")
    )
