"""Settings of the portal. Every variable read here stands in .env.example with its meaning."""

from pathlib import Path

from csp.constants import NONE, SELF
from django.utils.translation import gettext_lazy as _

from portal import env

BASE_DIR = Path(__file__).resolve().parent.parent
STATE_DIR = Path(env.text("PORTAL_STATE", str(BASE_DIR / ".portal")))
DEBUG = env.flag("PORTAL_DEBUG")
TESTING = env.flag("PORTAL_TESTING")
SECRET_KEY = env.secret("SECRET_KEY", fallback="testing-only" if TESTING else "")
TOKEN_PEPPERS = {1: env.secret("TOKEN_PEPPER", fallback="testing-only" if TESTING else "")}
PORTAL_BASE_URL = env.text("PORTAL_BASE_URL", "http://127.0.0.1:8000")
_SECURE = PORTAL_BASE_URL.startswith("https://")
ALLOWED_HOSTS = env.text("ALLOWED_HOSTS", "127.0.0.1,localhost,[::1]").split(",")
CSRF_TRUSTED_ORIGINS = [PORTAL_BASE_URL]

INSTALLED_APPS = [
    "portal",
    "consortium",
    "compute_grants",
    "registry",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "allauth.usersessions",
    "rest_framework",
    "drf_spectacular",
    "csp",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.humanize",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.postgres",
]
MIDDLEWARE = [
    "consortium.requests.RequestMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "portal.middleware.LanguageFromQuery",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "consortium.sessions.SessionAge",
    "consortium.tokens.TokenMiddleware",
    "portal.middleware.LanguageFromProfile",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "consortium.access.AccessMiddleware",
    "consortium.requests.DomainErrorMiddleware",
]
ROOT_URLCONF = "portal.urls"
ASGI_APPLICATION = "portal.asgi.application"
ACCESS_TABLE = "portal.access.TABLE"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "portal.context.frame",
            ],
            "builtins": [
                "django.templatetags.i18n",
                "django.templatetags.static",
                "portal.templatetags.ui",
            ],
        },
    }
]

DATABASES = {
    "default": env.database(env.text("DATABASE_URL", "postgresql://portal@127.0.0.1/portal"))
    | {
        "CONN_MAX_AGE": 60,
        "CONN_HEALTH_CHECKS": True,
        "TEST": {"NAME": env.text("PORTAL_TEST_DB", "test_portal")},
    }
}
CACHES = {
    # Sign-in limits must count over all web processes, so they live in the database
    # (an unlogged table, made by migration `joining_and_sessions`).
    "default": {
        "BACKEND": "django.core.cache.backends.db.DatabaseCache",
        "LOCATION": "portal_cache",
    },
    # Call counts of the API are kept per process: cheap, and near enough.
    "counts": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"},
}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

AUTH_USER_MODEL = "consortium.User"
AUTHENTICATION_BACKENDS = ["allauth.account.auth_backends.AuthenticationBackend"]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "portal:dashboard"
LOGOUT_REDIRECT_URL = "portal:home"
PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.Argon2PasswordHasher",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
]
if TESTING:
    PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {
        "NAME": "django.contrib.auth.password_validation.MinimumLengthValidator",
        "OPTIONS": {"min_length": 15},
    },
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
# Sign-in by django-allauth 65.21. What is not set here is as its documentation says.
ACCOUNT_ADAPTER = "consortium.sign_in.AccountAdapter"
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*", "password2*"]
ACCOUNT_SIGNUP_FORM_CLASS = "consortium.forms.SignUpForm"
SIGNUP_OPEN = env.flag("SIGNUP_OPEN", default=True)
# Nobody gets in with an address that they have not shown to be theirs.
ACCOUNT_EMAIL_VERIFICATION = env.text("EMAIL_VERIFICATION", "optional" if TESTING else "mandatory")
ACCOUNT_EMAIL_SUBJECT_PREFIX = ""
ACCOUNT_EMAIL_NOTIFICATIONS = True
ACCOUNT_DEFAULT_HTTP_PROTOCOL = "https" if _SECURE else "http"
ACCOUNT_REAUTHENTICATION_REQUIRED = True
ACCOUNT_REAUTHENTICATION_TIMEOUT = 300
ACCOUNT_SESSION_REMEMBER = False  # the cookie goes with the browser
if TESTING:
    ACCOUNT_RATE_LIMITS = {"login": "1000/m/ip"}  # every test signs in from one address
# Only so many proxies in front of us may say where a caller comes from.
ALLAUTH_TRUSTED_PROXY_COUNT = env.number("TRUSTED_PROXY_COUNT", 0)
MFA_ADAPTER = "consortium.sign_in.MfaAdapter"
MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
MFA_PASSKEY_LOGIN_ENABLED = True
MFA_RECOVERY_CODES_SHOW_ONCE = True
MFA_TOTP_ISSUER = "Open Model Innovation Consortium"
MFA_TOTP_TOLERANCE = 1  # one step of 30 s either way, for clocks that are a little off
MFA_WEBAUTHN_ALLOW_INSECURE_ORIGIN = not _SECURE
USERSESSIONS_TRACK_ACTIVITY = True
# Those who award, admit, appoint or sign need a second factor (consortium.roles.SECOND_FACTOR).
REQUIRE_SECOND_FACTOR = env.flag("REQUIRE_SECOND_FACTOR", default=_SECURE)
SESSION_ABSOLUTE = SESSION_COOKIE_AGE = 12 * 3600
SESSION_IDLE = 3 * 3600
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = _SECURE
if _SECURE:
    SESSION_COOKIE_NAME, CSRF_COOKIE_NAME = "__Host-session", "__Host-csrf"
    SECURE_HSTS_SECONDS = 31_536_000
    if ALLAUTH_TRUSTED_PROXY_COUNT:
        SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF],
        "style-src": [SELF],
        "img-src": [SELF, "data:"],
        "font-src": [SELF],
        "connect-src": [SELF],
        "form-action": [SELF],
        "base-uri": [NONE],
        "frame-ancestors": [NONE],
        "manifest-src": [SELF],
    }
}

LANGUAGE_CODE = "en"
LANGUAGES = [("en", "English"), ("zh-hans", "简体中文")]
LOCALE_PATHS = [BASE_DIR / "locale"]
FORMAT_MODULE_PATH = ["portal.formats"]
USE_I18N = True
USE_TZ = True
TIME_ZONE = "Asia/Shanghai"

STATIC_URL = "/static/"
STATICFILES_DIRS = [BASE_DIR / "static"]
STATIC_ROOT = STATE_DIR / "static"
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {
        "BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"
        if TESTING or DEBUG
        else "whitenoise.storage.CompressedManifestStaticFilesStorage"
    },
}
WHITENOISE_USE_FINDERS = TESTING or DEBUG
# Every test client builds the middleware anew: it looks a file up when asked, not all at its start.
WHITENOISE_AUTOREFRESH = TESTING or DEBUG
DATA_UPLOAD_MAX_MEMORY_SIZE = 5 * 1024 * 1024

EMAIL_BACKEND = env.text("EMAIL_BACKEND", "django.core.mail.backends.filebased.EmailBackend")
EMAIL_FILE_PATH = STATE_DIR / "mail"
EMAIL_HOST = env.text("EMAIL_HOST", "localhost")
EMAIL_PORT = env.number("EMAIL_PORT", 25)
EMAIL_USE_TLS = env.flag("EMAIL_USE_TLS")
EMAIL_HOST_USER = env.text("EMAIL_HOST_USER", "")
EMAIL_HOST_PASSWORD = env.secret("EMAIL_HOST_PASSWORD") if EMAIL_HOST_USER else ""
DEFAULT_FROM_EMAIL = env.text("DEFAULT_FROM_EMAIL", "portal@localhost")
# From which hour of the day in Beijing each person's daily mail of notices goes out.
DIGEST_HOUR = env.number("DIGEST_HOUR", 8)

REST_FRAMEWORK = {
    "EXCEPTION_HANDLER": "consortium.api.problems.exception_handler",
    "DEFAULT_AUTHENTICATION_CLASSES": ["consortium.api.authentication.PortalAuthentication"],
    "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.AllowAny"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["rest_framework.parsers.JSONParser"],
    "DEFAULT_THROTTLE_CLASSES": ["consortium.api.throttling.CallerThrottle"],
    "DEFAULT_THROTTLE_RATES": {
        "caller": "100000/min" if TESTING else env.text("API_RATE", "600/min")
    },
    "DEFAULT_PAGINATION_CLASS": "consortium.api.pagination.Pages",
    "PAGE_SIZE": 50,
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
}
SPECTACULAR_SETTINGS = {
    "TITLE": "Open Model Innovation Consortium portal",
    "VERSION": "1",
    "SERVE_INCLUDE_SCHEMA": False,
    # Choices stay where they are used: there are many a "state", and they are not one another's.
    "POSTPROCESSING_HOOKS": [],
    "SCHEMA_PATH_PREFIX": "/api/v1",
}

CELERY_BROKER_URL = env.text("BROKER_URL", "memory://")
CELERY_TASK_ALWAYS_EAGER = False
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_SERIALIZER = "json"
CELERY_ACCEPT_CONTENT = ["json"]
CELERY_TIMEZONE = "UTC"
CELERY_TASK_TIME_LIMIT = 1800
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BROKER_TRANSPORT_OPTIONS = {
    "visibility_timeout": 3600,  # above the hard time limit, or a long task runs twice
    "unacked_restore_interval": 5,
    "unacked_restore_throttle": 1,
}
CELERY_BEAT_SCHEDULE = {
    "reconcile": {"task": "consortium.reconcile_all", "schedule": 30.0},
    "seal-audit": {"task": "consortium.seal_audit", "schedule": 60.0},
    "expire-holds": {"task": "consortium.expire_holds", "schedule": 60.0},
    "send-digests": {"task": "consortium.send_digests", "schedule": 300.0},
    "sweep-files": {"task": "consortium.sweep_files", "schedule": 86400.0},
    "sweep-registry": {"task": "registry.sweep", "schedule": 120.0},
    "sweep-licences": {"task": "registry.sweep_licences", "schedule": 3600.0},
    "sweep-store": {"task": "registry.sweep_store", "schedule": 86400.0},
    "sweep-allocations": {"task": "compute_grants.sweep_allocations", "schedule": 300.0},
    "follow-the-clock": {"task": "compute_grants.follow_the_clock", "schedule": 60.0},
    "look-at-clusters": {"task": "compute_grants.look_at_clusters", "schedule": 60.0},
    "compare-clusters": {"task": "compute_grants.compare_clusters", "schedule": 1800.0},
    "sweep-reports": {"task": "compute_grants.sweep_reports", "schedule": 600.0},
    "sweep-award-runs": {"task": "compute_grants.sweep_award_runs", "schedule": 30.0},
    "compute-plans": {"task": "compute_grants.compute_plans", "schedule": 60.0},
    "move-waitlists": {"task": "compute_grants.move_waitlists", "schedule": 300.0},
    "detect-ties": {"task": "compute_grants.detect_ties", "schedule": 3600.0},
    "remind-reviewers": {"task": "compute_grants.remind_reviewers", "schedule": 300.0},
}

# Which code makes another system match its desired state, by kind (consortium.effects).
EFFECTS = {
    "allocation": "compute_grants.effects.AllocationEffect",
    "mlflow-workspace": "registry.effects.WorkspaceEffect",
}
CLUSTER_BACKENDS = {
    "memory": "compute_grants.backends.memory.MemoryBackend",
    "slurm": "compute_grants.backends.slurm.SlurmBackend",
}
# The argv that leads to each Slurm cluster, by the cluster's name; seconds for one call there.
SLURM_CLUSTERS = env.commands(env.text("SLURM_CLUSTERS", "{}"))
SLURM_TIMEOUT = env.number("SLURM_TIMEOUT", 30)
SLURM_EXPORT_TIMEOUT = env.number("SLURM_EXPORT_TIMEOUT", 900)  # a day's accounting
# Who tells a grant's page what was made with it: (allocation, user) -> links of {% chain %}.
GRANT_LINEAGE = "registry.queries.grant_lineage.links"
MLFLOW_BACKEND_URL = env.text("MLFLOW_BACKEND_URL", "")
ARTIFACT_ROOT = env.text("ARTIFACT_ROOT", str(STATE_DIR / "artifacts"))
# What people hand in. Outside of everything that is served (consortium.file_store).
FILES_DIR = Path(env.text("FILES_DIR", str(STATE_DIR / "files")))
AUDIT_SEAL_FILE = Path(env.text("AUDIT_SEAL_FILE", str(STATE_DIR / "audit-seals.jsonl")))
SIGNING_KEYS_DIR = Path(env.text("SIGNING_KEYS_DIR", str(STATE_DIR / "secrets" / "signing")))

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"json": {"()": "consortium.logs.JsonFormatter"}},
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "json"}},
    # One line for each of our own calls to MLflow says nothing that MLflow's answer does not.
    # Nor do the ten steps in which a document is laid out.
    "loggers": {"httpx": {"level": "WARNING"}, "weasyprint.progress": {"level": "WARNING"}},
    "root": {"handlers": ["console"], "level": env.text("LOG_LEVEL", "INFO")},
}
SITE_NAME = _("Open Model Innovation Consortium")
