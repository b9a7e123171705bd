"""Settings for every installation; what differs between them comes from the environment.

The defaults are an embedded installation on one machine: SQLite, in-memory channel layer, Celery on
its filesystem transport. `DATABASE_URL`, `REDIS_URL` and `OLLAMA_HOST` select the real parts.
docs/configuration.md lists every variable.
"""

from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import django_stubs_ext
from celery.schedules import crontab
from csp.constants import NONCE, SELF
from django.templatetags.static import static
from django.urls import reverse_lazy
from environs import Env, ValidationError, validate

from storaiteller_site.secret import load_or_create_secret_key

# Makes ModelForm[...] and the like real classes at run time.
django_stubs_ext.monkeypatch()

env = Env()

BASE_DIR = Path(__file__).resolve().parent.parent
DATA_DIR = Path(env.str("DATA_DIR", str(BASE_DIR / "var"))).expanduser().resolve()

DEBUG = env.bool("DEBUG", False)
SECRET_KEY = env.str("SECRET_KEY", "") or load_or_create_secret_key(DATA_DIR / "secret_key")

# Whole origins ("https://stories.example.org"): hosts, CSRF and the websocket all follow from them.
PUBLIC_ORIGINS: list[str] = env.list("PUBLIC_ORIGINS", [])
PORT = env.int("PORT", 8000, validate=validate.Range(1, 65_535))
_LOOPBACK_HOSTS = ["localhost", "127.0.0.1", "[::1]"]
WEBSOCKET_ORIGINS = [f"http://{host}:{PORT}" for host in _LOOPBACK_HOSTS] + PUBLIC_ORIGINS
ALLOWED_HOSTS = _LOOPBACK_HOSTS + [
    origin.split("://", 1)[-1].rsplit(":", 1)[0] for origin in PUBLIC_ORIGINS
]
CSRF_TRUSTED_ORIGINS = PUBLIC_ORIGINS
_SERVED_OVER_TLS = bool(PUBLIC_ORIGINS) and all(o.startswith("https://") for o in PUBLIC_ORIGINS)

INSTALLED_APPS = [
    "daphne",
    "unfold.apps.BasicAppConfig",
    "storaiteller_site.apps.AdminConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "django.contrib.humanize",
    "channels",
    "csp",
    "django_htmx",
    "allauth",
    "allauth.account",
    "storaiteller_site",
    "stories",
    "finetuning",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "storaiteller_site.signed_out.keep_sign_in_out_of_parts",
    "allauth.account.middleware.AccountMiddleware",
]

ROOT_URLCONF = "storaiteller_site.urls"
ASGI_APPLICATION = "storaiteller_site.asgi.application"

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
                "csp.context_processors.nonce",
                "stories.pages.context_processors.site",
            ],
        },
    },
]

# Database. PostgreSQL gets psycopg's pool, to which a thread gives its connection back after each
# request (CONN_MAX_AGE 0). SQLite's belong to a thread and end with it; the sockets' thread keeps
# its own for a while, since opening one costs more than a query.
DATABASES: dict[str, Any] = {
    "default": env.dj_db_url("DATABASE_URL", f"sqlite:///{DATA_DIR / 'db.sqlite3'}")
}
_database = DATABASES["default"]
_database["CONN_MAX_AGE"] = 0
if _database["ENGINE"] == "django.db.backends.sqlite3":
    _database["CONN_MAX_AGE"] = 60
    _database["OPTIONS"] = {
        # A write lock taken at BEGIN waits its turn; one taken half-way fails with "locked".
        "transaction_mode": "IMMEDIATE",
        "timeout": 20,
        "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL;"
        # What is deleted is gone from the file too.
        " PRAGMA secure_delete=ON;",
    }
else:
    # Who asks while the server is away is told within seconds; after it has been started again, no
    # connection of before is given out.
    _pool = {"min_size": 2, "max_size": 16, "timeout": 5, "reconnect_timeout": 5}
    _database.setdefault("OPTIONS", {})["pool"] = _pool
    _database["CONN_HEALTH_CHECKS"] = True
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# Redis: channel layer, text log and Celery's broker. Without it, all three are local.
REDIS_URL = env.str("REDIS_URL", "")
if REDIS_URL:
    CHANNEL_LAYERS: dict[str, Any] = {
        "default": {
            "BACKEND": "channels_redis.core.RedisChannelLayer",
            # redis-py's default socket timeout equals the layer's blocking read and would close
            # every idle websocket.
            "CONFIG": {"hosts": [{"address": REDIS_URL, "socket_timeout": None}]},
        }
    }
    CELERY_BROKER_URL = REDIS_URL
else:
    CHANNEL_LAYERS = {"default": {"BACKEND": "channels.layers.InMemoryChannelLayer"}}
    CELERY_BROKER_URL = "filesystem://"
    CELERY_BROKER_TRANSPORT = "storaiteller_site.serving.file_queue:Transport"
    _celery_folder = DATA_DIR / "celery"
    CELERY_BROKER_TRANSPORT_OPTIONS = {
        "data_folder_in": str(_celery_folder / "queue"),
        "data_folder_out": str(_celery_folder / "queue"),
        "control_folder": str(_celery_folder / "control"),
    }
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_SERIALIZER = "json"
CELERY_ACCEPT_CONTENT = ["json"]
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_TIMEZONE = env.str("TIME_ZONE", "UTC")
CELERY_BEAT_SCHEDULE = {
    "recover-abandoned-generations": {
        "task": "stories.tasks.recover_abandoned_generations",
        "schedule": 15.0,  # seconds; it takes two looks
    },
    "purge-deleted-stories": {
        "task": "stories.tasks.purge_deleted_stories",
        "schedule": 3600.0,
    },
    "forget-gone-stories": {
        "task": "finetuning.tasks.forget_gone_stories",
        "schedule": 3600.0,
    },
    "recover-training": {
        "task": "finetuning.tasks.recover",
        "schedule": env.float("TRAIN_RECOVER_SECONDS", 15.0),
    },
    "train-nightly": {
        "task": "finetuning.tasks.train_nightly",
        "schedule": crontab(hour=env.int("TRAIN_HOUR", 3), minute=0),
    },
}
CELERY_BEAT_SCHEDULER = "storaiteller_site.serving.beat:Scheduler"
CELERY_BEAT_SCHEDULE_FILENAME = str(DATA_DIR / "celery" / "beat-schedule")

# Rate limits count here; several processes have to count together.
CACHES = {
    "default": {
        "BACKEND": "django.core.cache.backends.redis.RedisCache",
        "LOCATION": REDIS_URL,
    }
    if REDIS_URL
    else {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}
}


def _check_address(value: str) -> None:
    try:
        _ = urlsplit(value if "://" in value else f"http://{value}").port
    except ValueError as error:
        raise ValidationError("Not an address like http://127.0.0.1:11434.") from error


# The model server: Ollama, or pocket when `manage.py serve` finds none.
OLLAMA_HOST = env.str("OLLAMA_HOST", "http://127.0.0.1:11434", validate=_check_address)
STORY_MODEL = env.str("STORY_MODEL", "llama3.2")
# One context size for every request: another one makes Ollama load the model anew.
STORY_NUM_CTX = env.int("STORY_NUM_CTX", 8192, validate=validate.Range(min=512))
# Unset, the model's own parameters hold.
STORY_TEMPERATURE: float | None = env.float(
    "STORY_TEMPERATURE", None, validate=validate.Range(0, 2)
)
# Seconds without a sign of the model server: before its first word, since a model may have to be
# loaded from a slow disk, and in the middle of a story.
MODEL_LOAD_SECONDS = env.float("MODEL_LOAD_SECONDS", 300.0, validate=validate.Range(min=1))
MODEL_SILENCE_SECONDS = env.float("MODEL_SILENCE_SECONDS", 60.0, validate=validate.Range(min=1))
# How many stories, rewrites and continuations one writer may start in a minute; 0: any number.
GENERATIONS_PER_MINUTE = env.int("GENERATIONS_PER_MINUTE", 30, validate=validate.Range(min=0))
# How many of them the model server writes at a time, for all web processes together, and how many
# may wait for their turn.
GENERATION_SLOTS = env.int("GENERATION_SLOTS", 4, validate=validate.Range(min=1))
QUEUE_LIMIT = env.int("QUEUE_LIMIT", 200, validate=validate.Range(min=0))

# Fine-tuning. The trainer has an environment of its own: the web never imports torch.
_TRAIN_PYTHON = BASE_DIR / ".venv-train" / "bin" / "python"
TRAIN_PYTHON = env.str("TRAIN_PYTHON", str(_TRAIN_PYTHON) if _TRAIN_PYTHON.exists() else "")
TRAIN_RECIPE = env.str("TRAIN_RECIPE", "")  # of nightly runs; unset: the one for STORY_MODEL
TRAIN_AFTER = env.int("TRAIN_AFTER", 20)  # newly approved stories; 0: never by itself
TRAIN_PROMOTE = env.bool("TRAIN_PROMOTE", False)  # promote a nightly model that is better
TRAIN_LEASE_SECONDS = env.float("TRAIN_LEASE_SECONDS", 30.0)

# Accounts
AUTH_USER_MODEL = "stories.User"
AUTHENTICATION_BACKENDS = ["allauth.account.auth_backends.AuthenticationBackend"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in (
        "UserAttributeSimilarityValidator",
        "MinimumLengthValidator",
        "CommonPasswordValidator",
        "NumericPasswordValidator",
    )
]
ALLOW_SIGNUP = env.bool("ALLOW_SIGNUP", False)
ACCOUNT_ADAPTER = "stories.accounts.signup.AccountAdapter"
ACCOUNT_LOGIN_METHODS = {"username", "email"}
# The address is for resetting the password only; a family's server may have no mail at all.
ACCOUNT_SIGNUP_FIELDS = ["username*", "email", "password1*", "password2*"]
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_LOGOUT_REDIRECT_URL = reverse_lazy("stories:home")
# Proxies in front, whose X-Forwarded-For the rate limits may believe.
ALLAUTH_TRUSTED_PROXY_COUNT = env.int("TRUSTED_PROXY_COUNT", 0)
LOGIN_URL = reverse_lazy("account_login")
LOGIN_REDIRECT_URL = reverse_lazy("stories:library")

# Mail: into files of the data folder until EMAIL_URL names a server.
if env.str("EMAIL_URL", ""):
    vars().update(env.dj_email_url("EMAIL_URL"))
else:
    EMAIL_BACKEND = "django.core.mail.backends.filebased.EmailBackend"
    EMAIL_FILE_PATH = str(DATA_DIR / "mail")
DEFAULT_FROM_EMAIL = env.str("DEFAULT_FROM_EMAIL", "StorAIteller <stories@localhost>")

# Language and time
LANGUAGE_CODE = "en"
TIME_ZONE = env.str("TIME_ZONE", "UTC")
USE_TZ = True

# Static files, served by whitenoise
STATIC_URL = "static/"
STATICFILES_DIRS = [BASE_DIR / "static"]
# An image brings its own, collected when it was built.
STATIC_ROOT = Path(env.str("STATIC_ROOT", str(DATA_DIR / "static")))
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"},
}

UNFOLD = {
    "SITE_TITLE": "StorAIteller",
    "SITE_HEADER": "StorAIteller",
    "SITE_URL": "/stories/",
    "SITE_FAVICONS": [
        {"rel": "icon", "type": "image/svg+xml", "href": lambda _: static("img/icon.svg")}
    ],
    # The accent of static/css/base.css, from light to dark.
    "COLORS": {
        "primary": {
            "50": "oklch(97.5% .012 186)",
            "100": "oklch(94% .022 186)",
            "200": "oklch(88% .036 186)",
            "300": "oklch(79% .05 186)",
            "400": "oklch(68% .062 186)",
            "500": "oklch(55% .068 186)",
            "600": "oklch(44% .064 186)",
            "700": "oklch(38% .056 186)",
            "800": "oklch(33% .048 186)",
            "900": "oklch(28% .04 186)",
            "950": "oklch(22% .03 186)",
        }
    },
}

# Security
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [SELF],
        "script-src": [SELF, NONCE],
        "style-src": [SELF],
        "img-src": [SELF, "data:"],
        "connect-src": [SELF],
        "object-src": ["'none'"],
        "base-uri": ["'none'"],
        "form-action": [SELF],
        "frame-ancestors": ["'none'"],
    }
}
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = _SERVED_OVER_TLS
# The page is told what the browser used by the proxy; a health check comes from inside.
SECURE_SSL_REDIRECT = _SERVED_OVER_TLS
SECURE_REDIRECT_EXEMPT = [r"^health/$"]
SECURE_HSTS_SECONDS = 31_536_000 if _SERVED_OVER_TLS else 0
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if _SERVED_OVER_TLS else None
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
CSRF_COOKIE_HTTPONLY = True  # the pages carry the token themselves
DATA_UPLOAD_MAX_MEMORY_SIZE = 2 * 1024 * 1024
FILE_UPLOAD_HANDLERS: list[str] = []  # no page takes files: none is kept, not even for a moment
# Other names of the domain may not be ours to decide on.
SILENCED_SYSTEM_CHECKS = ["security.W005", "security.W021"]

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "{levelname} {name}: {message}", "style": "{"}},
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "line"}},
    # The filesystem transport has no host, and says so at every connection.
    "loggers": {"kombu.connection": {"level": "ERROR"}},
    "root": {"handlers": ["console"], "level": env.str("LOG_LEVEL", "WARNING")},
}
