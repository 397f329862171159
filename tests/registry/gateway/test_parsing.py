"""One reading only: whatever two parsers could read in two ways is refused."""

import json

import pytest

from registry.gateway.parsing import (
    artifact_path,
    json_object,
    plain_path,
    query_pairs,
    written_body,
    written_query,
)
from registry.gateway.refusals import Refused

JSON = "application/json"
ESCAPES = [
    "..",
    "../x",
    "a/../b",
    "a/..",
    "./a",
    "a/./b",
    "/etc/passwd",
    "//host/share",
    "a//b",
    "a/",
    "",
    "a\\b",
    "..\\..\\x",
    "C:/windows",
    "c:x",
    "a\x00b",
    "a\nb",
    "a\x7f",
    " a",
    "a/ b",
    "a /b",
    "%2e%2e/x",
    "%2e%2e%2fx",
    "..%2fx",
    "a%2f..%2fb",
    "%2fetc%2fpasswd",
    "a%5cb",
    "a%00b",
    "a%0ab",
    "%252e%252e%252fx",
    "%25252e%25252e/x",
    "a%252fb",
    "%c0%ae%c0%ae/x",
    "%e0%80%ae/x",
    "%ff",
    "a%2",
    "C%3a/windows",
    "a" * 1001,
]
CLEAN = {
    "MLmodel": "MLmodel",
    "workspaces/lab/1/models/m-1/artifacts/a.safetensors": (
        "workspaces/lab/1/models/m-1/artifacts/a.safetensors"
    ),
    "a%20b.txt": "a b.txt",
    "100%25.txt": "100%.txt",
    "%E6%A8%A1%E5%9E%8B.json": "模型.json",
    "a..b/...c": "a..b/...c",
    "dots..in/name.": "dots..in/name.",
    "a+b&c=d.txt": "a+b&c=d.txt",
}


@pytest.mark.parametrize("path", [p for p in ESCAPES if p != "a%2"])
def test_paths_that_could_leave_their_folder_are_refused(path):
    with pytest.raises(Refused) as refused:
        artifact_path(path)
    assert refused.value.status == 400


@pytest.mark.parametrize(("encoded", "meant"), CLEAN.items())
def test_a_clean_path_means_itself(encoded, meant):
    assert artifact_path(encoded) == meant


@pytest.mark.parametrize(
    "path",
    [
        "/api/2.0/mlflow/runs/%67et",
        "/api/2.0/mlflow//runs/get",
        "/api/2.0/mlflow/./runs/get",
        "/api/2.0/mlflow/x/../runs/get",
        "/api/2.0/mlflow/runs/get;x=1",
        "/api/2.0/mlflow\\runs\\get",
        "/api/2.0/mlflow/runs/get\x00",
        "/api/2.0/mlflow/runs/g\xe9t",
    ],
)
def test_addresses_that_need_decoding_are_refused(path):
    with pytest.raises(Refused):
        plain_path(path)


@pytest.mark.parametrize(
    "query",
    [
        b"run_id=a&run_id=b",
        b"run_id=VICTIM&run_id=MINE",
        b"run_id",
        b"run_id=%ff",
        b"run_id=a&&x=b",
        b"run_id=%00",
        b"\xff=1",
        b"&".join(b"a%d=1" % i for i in range(101)),
    ],
)
def test_queries_with_two_readings_are_refused(query):
    with pytest.raises(Refused):
        query_pairs(query)


def test_a_repeated_field_keeps_all_its_values():
    found = query_pairs(b"order_by=a&order_by=b&max_results=5", frozenset({"order_by"}))
    assert found == {"order_by": ["a", "b"], "max_results": "5"}
    assert written_query(found) == "max_results=5&order_by=a&order_by=b"


@pytest.mark.parametrize(
    "body",
    [
        b'{"run_id": "a", "run_id": "b"}',
        b'{"tags": [{"key": "a", "key": "b"}]}',
        b'"{\\"run_id\\": \\"a\\"}"',
        b"[1]",
        b"null",
        b"5",
        b"{",
        b'{"a": 1} {"b": 2}',
        b'{"a": NaN}',
        b'{"a": Infinity}',
        b'{"a": "\\ud800"}',
        b'{"a": "\\u0000"}',
        '{"run_id": "a"}'.encode("utf-16"),
        '{"run_id": "a"}'.encode("utf-16-le"),
        b"\xef\xbb\xbf{}",
        b'{"a": "\xff"}',
        b"[" * 100_000,
    ],
)
def test_bodies_with_two_readings_are_refused(body):
    with pytest.raises(Refused):
        json_object(body, JSON)


@pytest.mark.parametrize(
    "kind",
    ["", "text/plain", "application/json; charset=utf-16", "application/x-www-form-urlencoded"],
)
def test_only_json_in_utf8_is_a_body(kind):
    with pytest.raises(Refused):
        json_object(b"{}", kind)


@pytest.mark.parametrize("kind", [JSON, "application/json; charset=utf-8", "Application/JSON"])
def test_json_goes_on_as_it_was_meant(kind):
    value = {"key": "准确率", "value": 0.5, "tags": [{"key": "a", "value": ""}]}
    found = json_object(json.dumps(value).encode(), kind)
    assert json.loads(written_body(found)) == value
    assert written_body(found).isascii()
