"""The unmodified clients against the portal on granian, with a real MLflow behind it."""

import hashlib
import json
import secrets
import subprocess
import sys

import httpx
import pytest

from consortium.actions import desired
from portal.demo.walk.clients import printed, run_client
from registry.actions import labs
from registry.backends import store
from registry.gateway.routes import ROUTES
from registry.models import Checkpoint
from registry.verifier import manifest
from tests.factories import allocations
from tests.factories import registry as make
from tests.factories.consortium import PersonFactory, member
from tests.registry import live

pytestmark = [
    pytest.mark.services,
    pytest.mark.slow,
    pytest.mark.timeout(300),
    pytest.mark.django_db(transaction=True),
]
CANARY = "canary-7f3a"
# MLflow 3.17.2. Another number means another version: read its routes before you change this.
FLASK_ROUTES, FASTAPI_ROUTES = 411, 81
_COUNT = """
import json
from mlflow.server import app
from mlflow.server.fastapi_app import create_fastapi_app
flask = {(m, r.rule) for r in app.url_map.iter_rules() for m in r.methods - {"HEAD", "OPTIONS"}}
paths = create_fastapi_app(app).openapi()["paths"]
fastapi = {(method.upper(), path) for path, methods in paths.items() for method in methods}
print(json.dumps([sorted(flask), sorted(fastapi)]))
"""


@pytest.fixture(scope="module")
def mlflow_url(tmp_path_factory):
    with live.mlflow_server(tmp_path_factory.mktemp("mlflow")) as url:
        yield url


@pytest.fixture(scope="module")
def site(mlflow_url, django_db_setup, django_db_blocker):
    with django_db_blocker.unblock(), live.portal(mlflow_url) as address:
        yield address


@pytest.fixture
def workspaces(mlflow_url, settings):
    """Labs' workspaces are made on the real server, as a worker would."""
    settings.MLFLOW_BACKEND_URL = mlflow_url
    return desired.reconcile_due


def fresh_lab(institution=None):
    """A lab whose workspace no earlier run on the same MLflow has used."""
    return make.lab(institution, slug=f"live-{secrets.token_hex(6)}")


def train(site, user, lab, home, *tags):
    arguments = [part for tag in tags for part in ("--tag", tag)]
    return run_client(
        *("train.py", "--model", "digits-mlp", *arguments),
        home=home,
        MLFLOW_TRACKING_URI=f"{site}/mlflow",
        MLFLOW_TRACKING_TOKEN=make.token(user),
        MLFLOW_WORKSPACE=lab.slug,
    )


def fetch(site, user, release, home, revision="main"):
    token = {"HF_TOKEN": make.token(user)} if user else {}
    done = run_client(
        *("fetch.py", release.model.full_name, revision),
        home=home,
        HF_ENDPOINT=f"{site}/hf",
        HF_HOME=str(home / "hf"),
        **token,
    )
    return printed(done)


def test_train_register_release_and_download(site, workspaces, tmp_path):
    allocation = allocations.active()
    lead = allocation.proposal.lead
    lab = fresh_lab(allocation.proposal.institution)
    labs.set_member(lab, lead, role="maintainer", by=make.maintainer(lab))
    workspaces()

    tags = (f"portal.allocation={allocation.number}", "SLURM_JOB_ID=4711")
    seen = printed(train(site, lead, lab, tmp_path, *tags))
    assert seen["accuracy"] > 0.9
    assert (seen["registered"], seen["versions"], seen["losses"]) == (["digits-mlp"], [1], 60)
    assert (seen["runs"], seen["experiments"]) == ([seen["run_id"]], ["digits"])

    checkpoint = Checkpoint.objects.get()
    assert checkpoint.number == f"{lab.slug}/digits-mlp@1"
    assert checkpoint.run_id == seen["run_id"]
    assert checkpoint.allocation == allocation
    assert checkpoint.claimed_jobs == ["4711"]
    assert (checkpoint.format, checkpoint.parameters) == ("safetensors", 2410)
    assert checkpoint.data_sets.get().name == "sklearn-digits"
    files = {file.path: file for file in checkpoint.files.all()}
    assert set(files) | {"registered_model_meta"} == set(seen["files"])
    stored = [
        manifest.File(
            path, file.size, hashlib.sha256(b"".join(store().read(file.sha256))).hexdigest()
        )
        for path, file in files.items()
    ]
    assert checkpoint.manifest_root == manifest.root(stored)

    checkpoint.data_sets.update(licence="CC0-1.0", origin="UCI")
    release = make.release(checkpoint, audience="members", by=lead)
    got = fetch(site, member(), release, tmp_path)
    assert got["files"] == {path: file.sha256 for path, file in files.items()}
    assert got["sha"] == checkpoint.manifest_root[:40]
    again = fetch(site, member(), release, tmp_path / "again", "1.0")
    assert again["files"] == got["files"]
    for stranger in (None, PersonFactory.create()):
        home = tmp_path / f"stranger-{stranger is None}"
        assert fetch(site, stranger, release, home) == {"error": "RepositoryNotFoundError"}


def test_an_outsider_cannot_log(site, workspaces, tmp_path):
    lab = fresh_lab()
    workspaces()
    done = train(site, member(), lab, tmp_path)
    assert done.returncode != 0
    assert "There is no lab" in done.stderr
    assert not Checkpoint.objects.exists()


def api(site, token, lab, method, path, fields=None):  # noqa: PLR0917
    """One call as the client makes it."""
    return httpx.request(
        method,
        f"{site}/mlflow{path}",
        headers={"Authorization": f"Bearer {token}", "X-MLFLOW-WORKSPACE": lab.slug},
        params=fields if method == "GET" else None,
        json=fields if method != "GET" else None,
        timeout=60,
    )


@pytest.fixture
def victim(site, workspaces):
    """A lab with an experiment, a run, a logged model and a registered version."""
    lab = fresh_lab()
    workspaces()
    token = make.token(make.maintainer(lab))

    def post(path, fields):
        reply = api(site, token, lab, "POST", f"/api/2.0/mlflow/{path}", fields)
        assert reply.status_code == 200, reply.text
        return reply.json()

    tag = [{"key": "secret", "value": CANARY}]
    experiment = post("experiments/create", {"name": CANARY, "tags": tag})["experiment_id"]
    run = post("runs/create", {"experiment_id": experiment, "run_name": CANARY, "tags": tag})
    run_id = run["run"]["info"]["run_id"]
    logged = post(
        "logged-models",
        {"experiment_id": experiment, "name": CANARY, "source_run_id": run_id, "tags": tag},
    )
    info = logged["model"]["info"]
    uri = info["artifact_uri"].removeprefix("mlflow-artifacts:/")
    put = httpx.put(
        f"{site}/mlflow/api/2.0/mlflow-artifacts/artifacts/{uri}/MLmodel",
        content=CANARY.encode(),
        headers={"Authorization": f"Bearer {token}"},
    )
    assert put.status_code == 200
    post("registered-models/create", {"name": "secret-model", "tags": tag})
    source = f"models:/{info['model_id']}"
    version = {"name": "secret-model", "source": source, "model_id": info["model_id"]}
    post("model-versions/create", version)
    post("registered-models/alias", {"name": "secret-model", "alias": "best", "version": "1"})
    return {
        "lab": lab,
        "token": token,
        "experiment_id": experiment,
        "run_id": run_id,
        "model_id": info["model_id"],
        "artifact": f"{uri}/MLmodel",
    }


def attack_fields(route, victim):
    values = {
        "run_id": victim["run_id"],
        "run_uuid": victim["run_id"],
        "source_run_id": victim["run_id"],
        "experiment_id": victim["experiment_id"],
        "experiment_ids": [victim["experiment_id"]],
        "experiment_name": CANARY,
        "model_id": victim["model_id"],
        "models": [{"model_id": victim["model_id"]}],
        "metrics": [{"key": "k", "value": 1, "timestamp": 1, "model_id": victim["model_id"]}],
        "name": "secret-model",
        "version": "1",
        "alias": "best",
        "source": f"models:/{victim['model_id']}",
        "key": "stolen",
        "value": 1.0 if route.template.endswith("log-metric") else "stolen",
        "timestamp": 1,
        "new_name": "stolen",
        "description": "stolen",
        "tags": [{"key": "stolen", "value": "1"}],
        "params": [{"key": "stolen", "value": "1"}],
        "metric_key": "loss",
        "status": "FINISHED" if "/runs/" in route.template else "LOGGED_MODEL_READY",
        "max_results": 100,
        "path": victim["artifact"].rpartition("/")[0],
    }
    return {name: values[name] for name in route.shape if name in values}


def test_no_row_reaches_another_lab(site, workspaces, victim):
    thief_lab = fresh_lab()
    workspaces()
    token = make.token(make.maintainer(thief_lab))
    for route in ROUTES:
        path = (
            route.template.replace("{model_id}", victim["model_id"])
            .replace("{tag_key}", "secret")
            .replace("{artifact:path}", victim["artifact"])
        )
        fields = attack_fields(route, victim)
        for lab in (thief_lab, victim["lab"]):
            reply = api(site, token, lab, route.method, path, fields or None)
            # A refusal may repeat what the thief sent; an answer must not show the victim's.
            assert reply.status_code >= 400 or CANARY not in reply.text, (route, reply.text)
            assert reply.status_code >= 400 or victim["run_id"] not in reply.text, route
    lab, mine = victim["lab"], victim["token"]
    run = api(site, mine, lab, "GET", "/api/2.0/mlflow/runs/get", {"run_id": victim["run_id"]})
    model = api(site, mine, lab, "GET", f"/api/2.0/mlflow/logged-models/{victim['model_id']}")
    registered = api(
        *(site, mine, lab, "GET", "/api/2.0/mlflow/registered-models/get"), {"name": "secret-model"}
    )
    for reply in (run, model, registered):
        assert reply.status_code == 200
        assert "stolen" not in reply.text


def test_the_allow_list_knows_this_mlflow():
    done = subprocess.run(
        [sys.executable, "-c", _COUNT], capture_output=True, text=True, timeout=120, check=True
    )
    flask, fastapi = json.loads(done.stdout.strip().splitlines()[-1])
    named = {
        (method, path.replace("<model_id>", "{model_id}").replace("<tag_key>", "{tag_key}"))
        for method, path in flask + fastapi
    }
    for route in ROUTES:
        if "{artifact" not in route.template:
            assert (route.method, route.template) in named, route
    assert (len(flask), len(fastapi)) == (FLASK_ROUTES, FASTAPI_ROUTES)
