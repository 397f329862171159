"""Documents on paper: both languages, the record at the foot, and nothing fetched."""

import hashlib
import io
import socket
import sys

import pytest
from django.contrib.auth.models import AnonymousUser
from django.template import engines
from django.template.loader import render_to_string as loaded
from django.utils import timezone
from django.utils.safestring import SafeString
from pypdf import PdfReader

from consortium import pdf
from consortium.api.problems import exception_handler
from consortium.requests import DomainErrorMiddleware
from tests.language import HAN

BODY = """{% extends "layouts/print.html" %}
{% block kind %}{% translate "Receipt" %}{% endblock %}
{% block title %}{% translate "Your profile" %}{% endblock %}
{% block stamp %}<p class="stamp">{% translate "Awarded" %}</p>{% endblock %}
{% block body %}<p>{{ text }}</p>{{ more }}{% endblock %}"""
DIGEST = hashlib.sha256(b"what it attests").hexdigest()


@pytest.fixture(autouse=True)
def _a_template(monkeypatch):
    made = engines["django"].from_string(BODY)

    def render(name, context):
        return made.render(context) if name == "sample.html" else loaded(name, context)

    monkeypatch.setattr(pdf, "render_to_string", render)


def document(**context) -> PdfReader:
    given = {"number": "G-2026-0001", "digest": DIGEST, "text": "Tidal waves 潮汐"} | context
    return PdfReader(io.BytesIO(pdf.render_pdf("sample.html", given)))


def words(page) -> str:
    return " ".join(page.extract_text().split())


def test_a_part_in_each_language_on_pages_of_its_own():
    chinese, english = document().pages
    assert "您的资料" in words(chinese) or HAN.search(words(chinese))
    assert "Your profile" in words(english) and "Your profile" not in words(chinese)
    for page in (chinese, english):
        assert "潮汐" in page.extract_text()
        width, height = (round(float(side) / 72 * 25.4) for side in page.mediabox[2:])
        assert (width, height) == (210, 297)


def test_the_record_stands_at_the_foot_of_every_page():
    at = timezone.now()
    for number, page in enumerate(document(at=at).pages, 1):
        text = words(page)
        assert "G-2026-0001" in text and DIGEST in text
        assert f"{timezone.localtime(at):%Y-%m-%d %H:%M:%S} UTC+8" in text
        assert f"{number} / 2" in text


def test_long_documents_go_on():
    made = document(text="A line that says something. " * 900)
    assert len(made.pages) > 4
    assert f"{len(made.pages)} / {len(made.pages)}" in words(made.pages[-1])


def test_one_language_alone():
    data = pdf.render_pdf("sample.html", {"text": "x"}, languages=("en",))
    (page,) = PdfReader(io.BytesIO(data)).pages
    assert "Your profile" in words(page)


def test_what_people_wrote_is_text():
    made = document(text="<script>alert(1)</script><h1>x</h1>")
    assert "<script>alert(1)</script>" in words(made.pages[1])


def test_it_is_tagged_and_named_for_screen_readers():
    made = document()
    assert made.trailer["/Root"]["/MarkInfo"]["/Marked"]
    assert made.trailer["/Root"]["/Lang"] == "zh-Hans"
    assert made.metadata.title == "G-2026-0001"


@pytest.mark.parametrize(
    "address",
    [
        "http://127.0.0.1:1/x.png",
        "https://example.org/x.png",
        "file:///etc/passwd",
        "project:///../manage.py",
        "project:///",
        "data:image/svg+xml,<svg xmlns='http://www.w3.org/2000/svg'/>",
        "ftp://example.org/x",
    ],
)
def test_nothing_is_fetched(address, monkeypatch):
    def refuse(*_args, **_kwargs):
        raise AssertionError("somebody opened a connection")

    monkeypatch.setattr(socket, "create_connection", refuse)
    with pytest.raises(ValueError, match="static file"):
        pdf.static_bytes(address)
    made = document(more=SafeString(f'<img src="{address}" alt="nothing"><p>after</p>'))
    assert "after" in words(made.pages[0])


def test_static_files_are_found():
    assert pdf.static_bytes("project:///css/document.css").startswith(b"/* Documents on paper")


def test_a_machine_without_pango_says_what_to_do(monkeypatch):
    monkeypatch.setitem(sys.modules, "weasyprint", None)
    with pytest.raises(pdf.PdfUnavailable, match="Print the page instead") as caught:
        document()
    assert caught.value.status == 503


@pytest.mark.parametrize("path", ["/anything/", "/api/v1/anything/"])
def test_pages_and_the_api_answer_503(path, rf):
    """Whoever calls render_pdf need not catch it."""
    request = rf.get(path)
    request.user = AnonymousUser()
    request.session = {}
    error = pdf.PdfUnavailable("Print the page instead.")
    answer = DomainErrorMiddleware(lambda _r: None).process_exception(request, error)
    assert answer.status_code == 503 and b"Print the page instead." in answer.content
    assert exception_handler(error, {}).status_code == 503
