"""The allow-list: closed by default, each row confined to one lab, each field by its rule."""

import json
from urllib.parse import urlencode

import pytest

from registry.backends.mlflow import Answer, LoggedModel, Run
from registry.gateway.handlers import AFTER, BEFORE
from registry.gateway.mlflow import MlflowGateway
from registry.gateway.routes import ROUTES, Access, find
from tests.factories import registry as make
from tests.factories.consortium import deployment_officer, member, research_officer
from tests.registry.gateway.conftest import Door, NotedRelay, ask

RUN, OTHER_RUN = "a" * 32, "b" * 32
MODEL = "m-" + "c" * 32
# A value of each field that passes its rule.
VALUES = {
    "run_id": RUN,
    "run_uuid": RUN,
    "experiment_id": "1",
    "experiment_ids": ["1"],
    "experiment_name": "digits",
    "model_id": MODEL,
    "source_run_id": RUN,
    "name": "digits",
    "version": "1",
    "alias": "champion",
    "key": "k",
    "value": "v",
    "new_name": "n",
    "metric_key": "loss",
    "tag_key": "k",
    "max_results": 5,
    "status": "FINISHED",
    "end_time": 5,
    "start_time": 5,
    "order_by": ["a DESC"],
    "view_type": "ACTIVE_ONLY",
    "run_view_type": "ACTIVE_ONLY",
    "stages": ["Production"],
    "tags": [{"key": "k", "value": "v"}],
    "params": [{"key": "k", "value": "v"}],
    "models": [{"model_id": MODEL}],
    "metrics": [{"key": "k", "value": 1.5, "timestamp": 1, "step": 0}],
    "datasets": [],
    "timestamp": 1,
    "step": 1,
    "artifact_location": "",
    "run_link": "",
    "deployment_job_id": "",
    "source": f"models:/{MODEL}",
    "path": "",
}
CLOSED = [
    ("GET", "/"),
    ("GET", "/health"),
    ("GET", "/version"),
    ("GET", "/ajax-api/2.0/mlflow/runs/get"),
    ("POST", "/ajax-api/2.0/mlflow/runs/search"),
    ("POST", "/graphql"),
    ("GET", "/get-artifact"),
    ("GET", "/model-versions/get-artifact"),
    ("GET", "/api/2.0/mlflow/artifacts/list"),
    ("POST", "/api/2.0/mlflow/artifacts/presigned-upload-url"),
    ("POST", "/api/2.0/mlflow/artifacts/presigned-download-url"),
    ("GET", "/api/2.0/mlflow-artifacts/presigned/x"),
    ("POST", "/api/2.0/mlflow-artifacts/mpu/create/x"),
    ("POST", "/api/2.0/mlflow-artifacts/mpu/complete/x"),
    ("POST", "/api/2.0/mlflow-artifacts/mpu/abort/x"),
    ("DELETE", "/api/2.0/mlflow-artifacts/artifacts/x"),
    ("DELETE", "/api/2.0/mlflow/registered-models/delete"),
    ("POST", "/api/2.0/mlflow/registered-models/rename"),
    ("DELETE", "/api/2.0/mlflow/model-versions/delete"),
    ("POST", "/api/2.0/mlflow/model-versions/transition-stage"),
    ("DELETE", f"/api/2.0/mlflow/logged-models/{MODEL}"),
    ("GET", f"/api/2.0/mlflow/logged-models/{MODEL}/artifacts/directories"),
    ("POST", "/api/2.0/mlflow/runs/log-model"),
    ("GET", "/api/2.0/mlflow/metrics/get-history-bulk-interval"),
    ("POST", "/api/2.0/mlflow/webhooks"),
    ("POST", "/api/3.0/mlflow/traces/search"),
    ("POST", "/api/2.0/mlflow/traces"),
    ("POST", "/v1/traces"),
    ("POST", "/api/3.0/mlflow/workspaces"),
    ("DELETE", "/api/3.0/mlflow/workspaces/lab"),
    ("GET", "/api/3.0/mlflow/workspaces/lab"),
    ("POST", "/api/3.0/mlflow/assistant/chat"),
    ("POST", "/api/3.0/mlflow/scorers/register"),
    ("GET", "/api/3.0/mlflow/gateway/secrets/list"),
    ("POST", "/gateway/openai/v1/chat/completions"),
    ("POST", "/api/3.0/mlflow/mcp-servers"),
    ("POST", "/api/3.0/mlflow/prompt-optimization/jobs"),
    ("POST", "/api/3.0/mlflow/datasets/create"),
    ("PUT", "/api/2.0/mlflow/runs/create"),
    ("GET", "/api/2.0/mlflow/runs/create"),
    ("HEAD", "/api/2.0/mlflow/runs/get"),
    ("OPTIONS", "/api/2.0/mlflow/runs/get"),
    ("GET", "/api/2.0/mlflow/runs/get/"),
    ("GET", "/API/2.0/mlflow/runs/get"),
    ("GET", f"/api/2.0/mlflow/logged-models/{MODEL}x"),
    ("GET", "/api/2.0/mlflow/logged-models/search"),
]
FORWARDED = [route for route in ROUTES if not route.answered_by]


def address(route) -> str:
    return route.template.replace("{model_id}", MODEL).replace("{tag_key}", "k")


def fields_of(route, **changes):
    """A complete call of this row: JSON, or a query for GET."""
    values = {name: VALUES[name] for name in route.shape if name in VALUES}
    if route.template.endswith("log-metric"):
        values["value"] = 0.5
    if route.template.endswith("logged-models/search"):
        values["order_by"] = [{"field_name": "name", "ascending": True}]
    values |= changes
    return urlencode(values, doseq=True).encode() if route.method == "GET" else values


@pytest.fixture
def mine(mlflow, lab):
    """The run and the logged model that calls name are of the lab."""
    uri = f"mlflow-artifacts:/workspaces/{lab.workspace}/1/models/{MODEL}/artifacts"
    mlflow.runs[lab.workspace, RUN] = Run(RUN, uri, {}, {})
    mlflow.logged_models[lab.workspace, MODEL] = LoggedModel(MODEL, RUN, uri)
    make.put(lab, uri.removeprefix("mlflow-artifacts:/") + "/MLmodel", b"x", make.maintainer(lab))
    return mlflow


def ids(route) -> str:
    return f"{route.method} {route.template}"


def test_every_handler_a_row_names_exists():
    assert {route.before for route in ROUTES} - {""} == set(BEFORE)
    assert {route.after for route in ROUTES} - {""} == set(AFTER)


def test_no_two_rows_are_for_the_same_call():
    calls = [(route.method, route.template) for route in ROUTES]
    assert len(calls) == len(set(calls))


@pytest.mark.parametrize("route", FORWARDED, ids=ids)
def test_what_reads_never_writes(route):
    reads = route.method == "GET" or route.template.endswith(("search", "get-latest-versions"))
    assert (route.access is Access.READ) == reads


@pytest.mark.parametrize("route", FORWARDED, ids=ids)
def test_every_row_goes_to_the_labs_own_workspace(route, door, lab, mine):
    answer = door(route.method, address(route), fields_of(route), headers=[named(lab)])
    assert answer.status == 200, answer.body
    (sent,) = door.sent
    assert (sent.method, sent.path) == (route.method, address(route))
    assert sent.workspace == lab.workspace
    assert "run_uuid" not in sent.query and b"run_uuid" not in (sent.body or b"")


def named(lab):
    return ("x-mlflow-workspace", lab.slug)


def test_every_row_is_closed_to_others(lab, mine):
    others = {
        "outsider": member(),
        "colleague": member(lab.institution),
        "deployment": deployment_officer(),
        "other lab": make.maintainer(make.lab()),
    }
    doors = {who: Door(NotedRelay(), make.token(user)) for who, user in others.items()}
    doors["bad token"] = Door(NotedRelay(), "omic_a_b_00000000")
    for route in FORWARDED:
        for who, door in doors.items():
            reply = door(route.method, address(route), fields_of(route), headers=[named(lab)])
            assert reply.status in {401, 403, 404}, (who, route)
            assert set(reply.json) == {"error_code", "message"}
            assert not door.sent, (who, route)


def test_every_row_asks_who_calls():
    relay = NotedRelay()
    for route in FORWARDED:
        reply = ask(MlflowGateway(relay), route.method, f"/mlflow{address(route)}")
        assert reply.status == 401
        assert reply.headers["www-authenticate"].startswith("Bearer")
    assert not relay.sent


def test_writing_needs_the_scope_and_the_membership(lab, mine):
    reader = Door(NotedRelay(), make.token(make.maintainer(lab), "registry:read"))
    office = Door(NotedRelay(), make.token(research_officer()))
    for route in FORWARDED:
        if route.access is Access.WRITE:
            for door in (reader, office):
                reply = door(route.method, address(route), fields_of(route), headers=[named(lab)])
                assert reply.status in {403, 404}, route
                assert not door.sent


def test_the_research_office_reads_a_labs_runs(lab, mine):
    relay = NotedRelay()
    door = Door(relay, make.token(research_officer()))
    reply = door("GET", "/api/2.0/mlflow/runs/get", f"run_id={RUN}".encode(), headers=[named(lab)])
    assert reply.status == 200


@pytest.mark.parametrize(("method", "path"), CLOSED)
def test_what_is_not_on_the_list_is_refused_by_name(method, path, door):
    assert find(method, path) is None
    reply = door(method, path)
    assert reply.status == 404
    if method != "HEAD":
        assert reply.json["error_code"] == "ENDPOINT_NOT_FOUND"
        assert path[:40] in reply.json["message"]
    assert not door.sent


ODD = [
    {"unknown": 1},
    {"runId": OTHER_RUN},
    {"modelId": MODEL},
    {"experimentId": "2"},
    {"run_id": ["x"]},
    {"tags": [{"key": "a", "value": "b", "extra": 1}]},
    {"metrics": [{"key": "a", "modelId": MODEL}]},
    {"tags": {"key": "a"}},
    {"name": {"a": 1}},
]


def test_fields_it_has_not_are_refused(door, mine):
    for route in FORWARDED:
        if route.method == "GET":
            continue
        for odd in ODD:
            reply = door(route.method, address(route), fields_of(route) | odd)
            assert reply.status == 400, (route, odd)
            assert reply.json["error_code"] == "INVALID_PARAMETER_VALUE"
    assert not door.sent


def test_a_query_beside_a_body_is_refused(door, mine):
    body, query = json.dumps({"run_id": OTHER_RUN}).encode(), f"run_id={OTHER_RUN}".encode()
    for route in FORWARDED:
        beside = {"body": body} if route.method == "GET" else {"query": query}
        reply = door(route.method, address(route), fields_of(route), **beside)
        assert reply.status == 400, route
    assert not door.sent


def test_a_doubled_query_field_is_refused(door, mine):
    for route in FORWARDED:
        for name in set(route.shape) - route.repeated if route.method == "GET" else ():
            reply = door("GET", address(route), f"{name}=1&{name}=2".encode())
            assert reply.status == 400, (route, name)
    assert not door.sent


def test_the_old_name_of_a_run_must_agree_with_the_new(door, mine):
    path = "/api/2.0/mlflow/runs/get"
    assert door("GET", path, f"run_id={RUN}&run_uuid={OTHER_RUN}".encode()).status == 400
    assert door("GET", path, f"run_uuid={RUN}".encode()).status == 200
    assert door.sent[-1].query == f"run_id={RUN}"


def test_an_id_in_the_address_must_agree_with_the_body(door, mine):
    path = f"/api/2.0/mlflow/logged-models/{MODEL}"
    other = "m-" + "d" * 32
    assert door("PATCH", path, {"model_id": other, "status": "LOGGED_MODEL_READY"}).status == 400


@pytest.mark.parametrize(
    ("path", "fields"),
    [
        ("runs/log-batch", {"run_id": RUN, "metrics": [{"key": "a", "model_id": "m-" + "d" * 32}]}),
        ("runs/log-batch", {"run_id": RUN, "metrics": [{"key": "a", "run_id": OTHER_RUN}]}),
        ("runs/log-metric", {"run_id": RUN, "key": "a", "value": 1, "model_id": "m-" + "d" * 32}),
        ("runs/log-inputs", {"run_id": RUN, "models": [{"model_id": "m-" + "d" * 32}]}),
        ("runs/outputs", {"run_id": RUN, "models": [{"model_id": "m-" + "d" * 32}]}),
        ("logged-models", {"experiment_id": "1", "source_run_id": OTHER_RUN}),
    ],
)
def test_other_peoples_runs_and_models_cannot_be_referred_to(path, fields, door, mine):
    reply = door("POST", f"/api/2.0/mlflow/{path}", fields)
    assert reply.status == 404
    assert not door.sent


def test_a_run_says_who_made_it_whatever_the_client_says(door, lab, mine):
    forged = [{"key": "portal.user", "value": "somebody@else"}, {"key": "a", "value": "b"}]
    door("POST", "/api/2.0/mlflow/runs/create", {"experiment_id": "1", "tags": forged})
    owner = {"key": "portal.user", "value": make.maintainer(lab).email}
    assert door.sent[0].json["tags"] == [{"key": "a", "value": "b"}, owner]
    path, body = "/api/2.0/mlflow/runs/set-tag", {"run_id": RUN} | forged[0]
    assert door("POST", path, body).status == 400
    batch = {"run_id": RUN, "tags": forged}
    assert door("POST", "/api/2.0/mlflow/runs/log-batch", batch).status == 400


@pytest.mark.parametrize(
    "source",
    [
        "file:///etc/passwd",
        "/etc/passwd",
        "s3://bucket/x",
        "http://169.254.169.254/",
        "dbfs:/x",
        "mlflow-artifacts://other-host/workspaces/lab/x",
        "mlflow-artifacts:/workspaces/other-lab/1/models/m-1/artifacts",
        "mlflow-artifacts:/../x",
        "runs:/" + OTHER_RUN + "/model",
        "models:/" + "m-" + "d" * 32,
        "models:/digits/1",
        "",
        "?",
    ],
)
def test_a_versions_source_must_be_of_the_lab(source, door, mine):
    reply = door(
        "POST", "/api/2.0/mlflow/model-versions/create", {"name": "digits", "source": source}
    )
    assert reply.status in {400, 404}
    assert not door.sent


@pytest.mark.parametrize(
    "name", ["../x", "a/b", "A", "ünï", "x", "a--b.", ".a", "a..b", "a" * 61, "", " a", "a b"]
)
def test_a_models_name_must_be_one_that_hubs_take(name, door, mine):
    reply = door("POST", "/api/2.0/mlflow/registered-models/create", {"name": name})
    assert reply.status == 400
    assert not door.sent


def test_artifact_locations_are_the_portals_to_choose(door, mine):
    body = {"name": "digits", "artifact_location": "s3://elsewhere"}
    assert door("POST", "/api/2.0/mlflow/experiments/create", body).status == 400


def test_an_answer_that_names_another_lab_is_withheld(door, lab, mine):
    uri = b'{"run": {"info": {"artifact_uri": "mlflow-artifacts:/workspaces/other/1/x"}}}'
    path = "/api/2.0/mlflow/runs/get"
    door.relay.answers[path] = Answer(200, uri)
    assert door("GET", path, f"run_id={RUN}".encode()).status == 502
    own = uri.replace(b"other", lab.workspace.encode())
    door.relay.answers[path] = Answer(200, own)
    assert door("GET", path, f"run_id={RUN}".encode()).body == own


def test_clients_see_the_labs_name_not_the_workspaces(door, lab, mine):
    path = "/api/2.0/mlflow/experiments/get"
    named = f'{{"experiment": {{"workspace": "{lab.workspace}"}}}}'
    door.relay.answers[path] = Answer(200, named.encode())
    reply = door("GET", path, b"experiment_id=1")
    assert reply.json == {"experiment": {"workspace": lab.slug}}


def test_mlflows_sql_is_not_shown(door, mine):
    path = "/api/2.0/mlflow/experiments/create"
    error = {
        "error_code": "RESOURCE_ALREADY_EXISTS",
        "message": "Experiment(name=a) already exists. Error: (psycopg.E) x\n[SQL: INSERT 'b\"c']",
        "sqlstate": "KAM00",
    }
    door.relay.answers[path] = Answer(400, json.dumps(error).encode())
    reply = door("POST", path, {"name": "a"})
    assert reply.json["message"] == "Experiment(name=a) already exists."
