"""What the OpenAPI description says about credentials."""

from drf_spectacular.extensions import OpenApiAuthenticationExtension


class PortalAuthenticationScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    """A token in the Authorization header, or the browser's session."""

    target_class = "consortium.api.authentication.PortalAuthentication"
    name = ["token", "session"]

    def get_security_definition(self, auto_schema: object) -> list[dict[str, str]]:  # noqa: ARG002
        return [
            {"type": "http", "scheme": "bearer", "bearerFormat": "omic_…"},
            {"type": "apiKey", "in": "cookie", "name": "sessionid"},
        ]

    def get_security_requirement(self, auto_schema: object) -> list[dict[str, list[str]]]:  # noqa: ARG002
        return [{"token": []}, {"session": []}]
