"""In which lab a call is, and that rights are read at every call."""

import base64

from registry.actions import labs
from registry.gateway.mlflow import MlflowGateway
from tests.factories import registry as make
from tests.registry.gateway.conftest import Door, NotedRelay, ask

PATH = "/api/2.0/mlflow/experiments/get"
QUERY = b"experiment_id=1"


def test_a_persons_only_lab_needs_no_name(door, lab):
    assert door("GET", PATH, QUERY).status == 200
    assert door.sent[0].workspace == lab.workspace


def test_several_labs_need_a_name(lab):
    person = make.maintainer(lab)
    other = make.lab(lab.institution)
    labs.set_member(other, person, role="member", by=make.maintainer(other))
    door = Door(NotedRelay(), make.token(person))
    reply = door("GET", PATH, QUERY)
    assert reply.status == 400
    assert lab.slug in reply.json["message"]
    assert other.slug in reply.json["message"]
    header = [("x-mlflow-workspace", other.slug)]
    assert door("GET", PATH, QUERY, headers=header).status == 200
    assert door("GET", f"/labs/{lab.slug}{PATH}", QUERY).status == 200
    assert [sent.workspace for sent in door.sent] == [other.workspace, lab.workspace]


def test_two_names_for_the_lab_must_agree(door, lab):
    header = [("x-mlflow-workspace", "another")]
    assert door("GET", f"/labs/{lab.slug}{PATH}", QUERY, headers=header).status == 400


def test_the_workspaces_own_name_is_no_way_in(door, lab):
    for name in (lab.workspace, "default", "../default", lab.slug.upper(), f"{lab.slug} "):
        reply = door("GET", PATH, QUERY, headers=[("x-mlflow-workspace", name)])
        assert reply.status == (200 if name.strip() == lab.slug else 404)


def test_another_lab_and_no_lab_are_answered_alike(door, lab):
    there = make.lab()
    replies = [
        door("GET", PATH, QUERY, headers=[("x-mlflow-workspace", name)])
        for name in (there.slug, "no-such-lab")
    ]
    assert [reply.status for reply in replies] == [404, 404]
    words = [reply.json["message"].replace(there.slug, "X") for reply in replies]
    assert words[0] == words[1].replace("no-such-lab", "X")


def test_who_is_removed_from_the_lab_is_refused_at_the_next_call(lab):
    person = make.lab_member(lab)
    door = Door(NotedRelay(), make.token(person))
    assert door("GET", PATH, QUERY).status == 200
    labs.remove_member(lab, person, by=make.maintainer(lab))
    assert door("GET", PATH, QUERY).status == 403
    assert door("GET", PATH, QUERY, headers=[("x-mlflow-workspace", lab.slug)]).status == 404


def test_who_leaves_the_institution_has_left_the_lab(lab):
    person = make.lab_member(lab)
    door = Door(NotedRelay(), make.token(person))
    make.leaves_institution(person)
    assert door("GET", PATH, QUERY).status == 403


def test_a_suspended_institutions_labs_are_closed(door, lab):
    lab.institution.state = "suspended"
    lab.institution.save()
    assert door("GET", PATH, QUERY).status == 403


def test_a_basic_password_is_a_token_too(door, lab):
    pair = base64.b64encode(f"anybody:{door.token}".encode()).decode()
    app = MlflowGateway(door.relay)
    headers = [("authorization", f"Basic {pair}")]
    assert ask(app, "GET", f"/mlflow{PATH}", query=QUERY, headers=headers).status == 200
    bad = [("authorization", "Basic !!!")]
    assert ask(app, "GET", f"/mlflow{PATH}", query=QUERY, headers=bad).status == 401


def test_a_doubled_header_is_refused(door, lab):
    for name in ("authorization", "x-mlflow-workspace", "content-length", "content-type"):
        doubled = [(name, "a"), (name, "b")]
        assert door("GET", PATH, QUERY, headers=doubled).status == 400


def test_clients_may_list_their_own_labs_only(door, lab):
    make.lab()
    reply = door("GET", "/api/3.0/mlflow/workspaces")
    assert [item["name"] for item in reply.json["workspaces"]] == [lab.slug]


def test_server_info_says_what_the_portal_does_not_offer(door):
    info = door("GET", "/api/3.0/mlflow/server-info").json
    assert info["workspaces_enabled"]
    assert not info["multipart_uploads_enabled"]
    assert not info["multipart_downloads_enabled"]


def test_refusals_are_in_the_readers_language(lab):
    person = make.maintainer(lab)
    person.language = "zh-hans"
    person.save()
    door = Door(NotedRelay(), make.token(person))
    reply = door("GET", PATH, b"experiment_id=1&experiment_id=2")
    assert reply.status == 400
    assert reply.json["message"]
