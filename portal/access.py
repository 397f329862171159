"""The one access table: (url name, method) -> permission, authentication, token scope."""

from compute_grants.access import TABLE as GRANTS
from consortium.access import PUBLIC, SIGNED_IN, Auth, Rule, Table
from consortium.access import TABLE as CONSORTIUM
from registry.access import TABLE as REGISTRY

PORTAL: Table = {
    "portal:home": {"GET": PUBLIC},
    "portal:healthz": {"GET": PUBLIC},
    "portal:status": {"GET": PUBLIC},
    "api:schema": {"GET": Rule(None, Auth.ANY)},
    "portal:dashboard": {"GET": SIGNED_IN},
    "portal:developers": {"GET": PUBLIC},
    "portal:design": {"GET": PUBLIC},
    "portal:set_theme": {"POST": PUBLIC},
    "portal:time_zone": {"GET": PUBLIC, "POST": PUBLIC},
    "portal:set_language": {"POST": PUBLIC},
}

TABLE: dict[str, dict[str, Rule]] = {
    name: dict(rules)
    for part in (PORTAL, CONSORTIUM, GRANTS, REGISTRY)
    for name, rules in part.items()
}
