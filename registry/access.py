"""Who may call which route of this app."""

from consortium.access import Auth, Rule, Table, page, public_page
from consortium.models import Scope
from consortium.roles import Permission


def _only_post(permission: Permission) -> dict[str, Rule]:
    return {"POST": Rule(permission, Auth.SESSION)}


def _both(permission: Permission) -> dict[str, Rule]:
    """A form's page: who may see it may send it."""
    return page(permission, permission)


LABS: Table = {
    "registry:lab_list": public_page(Permission.MODEL_VIEW),
    "registry:lab": public_page(Permission.MODEL_VIEW),
    "registry:lab_create": _both(Permission.LAB_MANAGE),
    # Maintainers of a lab name its members, too; the policy tells them from others.
    "registry:lab_members": _both(Permission.RUN_WRITE),
    "registry:lab_member_remove": _only_post(Permission.RUN_WRITE),
}
MODELS: Table = {
    "registry:model_list": public_page(Permission.MODEL_VIEW),
    "registry:model": public_page(Permission.MODEL_VIEW),
    "registry:model_edit": _both(Permission.RELEASE_PUBLISH),
    "registry:checkpoint": public_page(Permission.MODEL_VIEW),
    "registry:checkpoint_data": _both(Permission.RUN_WRITE),
    "registry:checkpoint_retire": _both(Permission.RELEASE_PUBLISH),
}
RELEASES: Table = {
    "registry:release": public_page(Permission.MODEL_VIEW),
    "registry:release_files": public_page(Permission.MODEL_VIEW),
    "registry:release_file": {"GET": Rule(Permission.MODEL_VIEW, Auth.ANY, Scope.REGISTRY_READ)},
    "registry:release_create": _both(Permission.RUN_WRITE),
    "registry:release_publish": page(Permission.RUN_WRITE),
    "registry:release_card": _both(Permission.RUN_WRITE),
    "registry:release_terms": _both(Permission.RUN_WRITE),
    "registry:release_check": _only_post(Permission.RUN_WRITE),
    "registry:release_submit": _both(Permission.RELEASE_PUBLISH),
    "registry:release_decide": _both(Permission.RELEASE_DECIDE),
    "registry:release_withdraw": _both(Permission.RELEASE_WITHDRAW),
}

TABLE: Table = {**LABS, **MODELS, **RELEASES}
