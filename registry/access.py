"""Who may call which route of this app."""

from consortium.access import Auth, Rule, Table, page, public_page
from consortium.models import Scope
from consortium.roles import Permission as P


def _only_post(permission: P) -> dict[str, Rule]:
    return {"POST": Rule(permission, Auth.SESSION)}


def _both(permission: P) -> dict[str, Rule]:
    """A form's page: who may see it may send it."""
    return page(permission, permission)


LABS: Table = {
    "registry:lab_list": public_page(P.MODEL_VIEW),
    "registry:lab": public_page(P.MODEL_VIEW),
    "registry:lab_create": _both(P.LAB_MANAGE),
    # Maintainers of a lab name its members, too; the policy tells them from others.
    "registry:lab_members": _both(P.RUN_WRITE),
    "registry:lab_member_remove": _only_post(P.RUN_WRITE),
}
MODELS: Table = {
    "registry:model_list": public_page(P.MODEL_VIEW),
    "registry:model": public_page(P.MODEL_VIEW),
    "registry:model_edit": _both(P.RELEASE_PUBLISH),
    "registry:checkpoint": public_page(P.MODEL_VIEW),
    "registry:checkpoint_data": _both(P.RUN_WRITE),
    "registry:checkpoint_retire": _both(P.RELEASE_PUBLISH),
}
RELEASES: Table = {
    "registry:release": public_page(P.MODEL_VIEW),
    "registry:release_files": public_page(P.MODEL_VIEW),
    "registry:release_file": {"GET": Rule(P.MODEL_VIEW, Auth.ANY, Scope.REGISTRY_READ)},
    "registry:release_create": _both(P.RUN_WRITE),
    "registry:release_publish": page(P.RUN_WRITE),
    "registry:release_card": _both(P.RUN_WRITE),
    "registry:release_terms": _both(P.RUN_WRITE),
    "registry:release_check": _only_post(P.RUN_WRITE),
    "registry:release_submit": _both(P.RELEASE_PUBLISH),
    "registry:release_decide": _both(P.RELEASE_DECIDE),
    "registry:release_withdraw": _both(P.RELEASE_WITHDRAW),
}

TABLE: Table = {**LABS, **MODELS, **RELEASES}
