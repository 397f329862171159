"""Settings from the environment. Secrets come from files; placeholders are refused."""

import json
import os
from pathlib import Path
from urllib.parse import parse_qsl, unquote, urlsplit

from django.core.exceptions import ImproperlyConfigured


def text(name: str, default: str = "") -> str:
    return os.environ.get(name, default)


def flag(name: str, *, default: bool = False) -> bool:
    return text(name, "1" if default else "0").lower() in {"1", "true", "yes", "on"}


def number(name: str, default: int) -> int:
    value = text(name, str(default))
    try:
        return int(value)
    except ValueError as error:
        raise ImproperlyConfigured(f"{name} must be a whole number, not {value!r}.") from error


def commands(value: str) -> dict[str, list[str]]:
    """{"name": ["program", "argument"]} in JSON. Raises ImproperlyConfigured."""
    try:
        found = json.loads(value)
    except ValueError:
        found = None
    lists = found.values() if isinstance(found, dict) else [None]
    if not all(
        isinstance(words, list) and words and all(isinstance(word, str) for word in words)
        for words in lists
    ):
        raise ImproperlyConfigured(
            'SLURM_CLUSTERS must be like {"name": ["ssh", "portal@login.example"]}, in JSON.'
        )
    return dict(found or {})


def secret(name: str, *, fallback: str = "") -> str:
    """The content of the file that `<name>_FILE` names, or of `name` itself.

    Raises ImproperlyConfigured when there is neither and no fallback, and on a placeholder:
    a site must not start with a secret that everybody knows.
    """
    path = text(f"{name}_FILE")
    value = Path(path).read_text(encoding="utf-8").strip() if path else text(name, fallback)
    if not value or value.lower().startswith(("change-me", "changeme", "placeholder")):
        raise ImproperlyConfigured(f"Set {name}_FILE to a file that holds a real secret.")
    return value


def database(url: str) -> dict[str, object]:
    """A Django DATABASES entry from postgresql://user:password@host:port/name?host=/socket."""
    parts = urlsplit(url)
    if parts.scheme not in {"postgres", "postgresql"}:
        raise ImproperlyConfigured("DATABASE_URL must start with postgresql:// (ADR 0001).")
    options = dict(parse_qsl(parts.query))
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": unquote(parts.path.lstrip("/")),
        "USER": unquote(parts.username or ""),
        "PASSWORD": unquote(parts.password or ""),
        "HOST": options.pop("host", unquote(parts.hostname or "")),
        "PORT": str(parts.port or options.pop("port", "")),
        "OPTIONS": dict(options),
    }
