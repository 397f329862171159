"""Who may call which route of this app."""

from consortium.access import Auth, Rule, Table, api, page, public_page
from consortium.models import Scope
from consortium.roles import Permission
from registry import api_access


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
GATES: Table = {
    "registry:gate_list": page(Permission.GATE_VIEW),
    "registry:gate": page(Permission.GATE_VIEW),
    "registry:gate_certificate": page(Permission.GATE_VIEW),
    "registry:gate_request": _both(Permission.GATE_REQUEST),
    "registry:gate_restate": _both(Permission.GATE_REQUEST),
    "registry:gate_check": _only_post(Permission.GATE_REQUEST),
    "registry:gate_cancel": _both(Permission.GATE_REQUEST),
    "registry:gate_research": _both(Permission.GATE_APPROVE_RESEARCH),
    "registry:gate_deployment": _both(Permission.GATE_APPROVE_DEPLOYMENT),
    "registry:gate_consent": _both(Permission.GATE_CONSENT),
}
OFFERINGS: Table = {
    "registry:offering_list": public_page(Permission.OFFERING_VIEW),
    "registry:offering": public_page(Permission.OFFERING_VIEW),
    "registry:offering_create": _both(Permission.OFFERING_PUBLISH),
    "registry:offering_offer": _only_post(Permission.OFFERING_PUBLISH),
    "registry:offering_retire": _only_post(Permission.OFFERING_PUBLISH),
}
_LICENSED = {"GET": Rule(Permission.LICENCE_VIEW, Auth.PERSON, Scope.LICENCES_READ)}
LICENCES: Table = {
    "registry:licence_list": page(Permission.LICENCE_VIEW),
    "registry:licence": page(Permission.LICENCE_VIEW),
    "registry:licence_request": _both(Permission.LICENCE_REQUEST),
    "registry:licence_offer": _both(Permission.LICENCE_OFFER),
    "registry:licence_counter": _both(Permission.LICENCE_REQUEST),
    "registry:licence_accept": _only_post(Permission.LICENCE_REQUEST),
    "registry:licence_accept_counter": _only_post(Permission.LICENCE_OFFER),
    "registry:licence_decline": _both(Permission.LICENCE_REQUEST),
    "registry:licence_close": _both(Permission.LICENCE_OFFER),
    "registry:licence_sign": _both(Permission.LICENCE_SIGN),
    "registry:licence_signed": page(Permission.LICENCE_VIEW),
    "registry:licence_agreement": page(Permission.LICENCE_VIEW),
    "registry:licence_standing": _both(Permission.LICENCE_OFFER),
    "registry:licence_files": page(Permission.LICENCE_VIEW),
    "registry:licence_file": _LICENSED,
    "registry:licence_manifest": _LICENSED,
    "registry:licence_bytes": _LICENSED,
    # What every verifier fetches, from machines that hold no token.
    "registry:status_list": {"GET": Rule(None, Auth.ANY)},
    "registry:verifier": {"GET": Rule(None, Auth.ANY)},
}
INCOME: Table = {
    "registry:receipt_create": _both(Permission.RECEIPT_RECORD),
    "registry:statement_list": page(Permission.STATEMENT_VIEW),
    "registry:statement": page(Permission.STATEMENT_VIEW),
    "registry:statement_csv": page(Permission.STATEMENT_VIEW),
    "registry:licence_provenance": page(Permission.PROVENANCE_VIEW),
}

_READ, _WRITE = Scope.REGISTRY_READ, Scope.REGISTRY_WRITE
_READING = {"GET": Rule(Permission.MODEL_VIEW, Auth.ANY, _READ)}
RESEARCH_API: Table = {
    "api:lab-list": _READING | api("POST", Permission.LAB_MANAGE, _WRITE),
    "api:lab-detail": _READING,
    "api:lab-set-member": api("POST", Permission.RUN_WRITE, _WRITE),
    "api:lab-remove-member": api("POST", Permission.RUN_WRITE, _WRITE),
    "api:model-list": _READING,
    "api:model-detail": _READING,
    "api:checkpoint-list": _READING,
    "api:checkpoint-detail": _READING,
    "api:checkpoint-set-data-set": api("POST", Permission.RUN_WRITE, _WRITE),
    "api:checkpoint-retire": api("POST", Permission.RELEASE_PUBLISH, _WRITE),
    "api:release-list": _READING | api("POST", Permission.RUN_WRITE, _WRITE),
    "api:release-detail": _READING,
    "api:release-edit": api("POST", Permission.RUN_WRITE, _WRITE),
    "api:release-check": api("POST", Permission.RUN_WRITE, _WRITE),
    "api:release-submit": api("POST", Permission.RELEASE_PUBLISH, _WRITE),
    "api:release-approve": api("POST", Permission.RELEASE_DECIDE, _WRITE),
    "api:release-send-back": api("POST", Permission.RELEASE_DECIDE, _WRITE),
    "api:release-withdraw": api("POST", Permission.RELEASE_WITHDRAW, _WRITE),
}

TABLE: Table = {
    **LABS,
    **MODELS,
    **RELEASES,
    **RESEARCH_API,
    **GATES,
    **OFFERINGS,
    **LICENCES,
    **INCOME,
    **api_access.TABLE,
}
