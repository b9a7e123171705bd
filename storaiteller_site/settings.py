"""Settings for every installation; what differs between them comes from the environment.

The defaults are an embedded installation on one machine: SQLite, in-memory channel layer, Celery on
its filesystem transport. `DATABASE_URL`, `REDIS_URL` and `OLLAMA_HOST` select the real parts.
docs/configuration.md lists every variable.
"""

import os
from pathlib import Path
from typing import Any
from urllib.parse import quote

import django_stubs_ext
from celery.schedules import crontab
from csp.constants import NONCE, SELF
from django.templatetags.static import static
from django.urls import reverse_lazy
from django.utils.translation import gettext_lazy as _
from environs import Env, validate

from modelserver import Server
from storaiteller_site import addresses
from storaiteller_site.logs import logging_settings
from storaiteller_site.operations.deployment import DRAIN_SECONDS, MODEL_STORE  # noqa: F401 - settings
from storaiteller_site.privacy import keep_to_owner
from storaiteller_site.secret import load_or_create_secret_key
from stories.accounts.openid import configuration

# Makes ModelForm[...] and the like real classes at run time.
django_stubs_ext.monkeypatch()

env = Env()
for _kind in ("origins", "prefix", "database", "redis", "mail"):
    env.add_parser(_kind, getattr(addresses, _kind))

BASE_DIR = Path(__file__).resolve().parent.parent
DATA_DIR = Path(env.str("DATA_DIR", str(BASE_DIR / "var"))).expanduser().resolve()
# Before anything is made in it.
keep_to_owner(DATA_DIR)

DEBUG = env.bool("DEBUG", False)
SECRET_KEY = env.str("SECRET_KEY", "") or load_or_create_secret_key(DATA_DIR / "secret_key")

# Whole origins ("https://stories.example.org"): hosts, CSRF and the websocket all follow from them.
PUBLIC_ORIGINS: list[str] = env.origins("PUBLIC_ORIGINS", "")
PORT = env.int("PORT", 8000, validate=validate.Range(1, 65_535))
_LOOPBACK_HOSTS = ["localhost", "127.0.0.1", "[::1]"]
WEBSOCKET_ORIGINS = [f"http://{host}:{PORT}" for host in _LOOPBACK_HOSTS] + PUBLIC_ORIGINS
ALLOWED_HOSTS = _LOOPBACK_HOSTS + [addresses.host_of(origin) for origin in PUBLIC_ORIGINS]
CSRF_TRUSTED_ORIGINS = PUBLIC_ORIGINS
# Where the proxy in front of us has other things at the root; it passes the path on as it is.
PATH_PREFIX: str = env.prefix("PATH_PREFIX", "")
FORCE_SCRIPT_NAME = PATH_PREFIX or None
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
    *("allauth", "allauth.account", "allauth.socialaccount"),
    "storaiteller_site",
    "stories",
    "finetuning",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "storaiteller_site.middleware.never_stored.never_store",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "storaiteller_site.middleware.signed_out.keep_sign_in_out_of_parts",
    "allauth.account.middleware.AccountMiddleware",
    "storaiteller_site.middleware.unavailable.SayUnavailable",
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
                "django.template.context_processors.i18n",
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
    "default": env.database("DATABASE_URL", f"sqlite:///{quote(str(DATA_DIR / 'db.sqlite3'))}")
}
_database = DATABASES["default"]
_database["CONN_MAX_AGE"] = 0
if _database["ENGINE"] == "django.db.backends.sqlite3":
    keep_to_owner(DATA_DIR, Path(_database["NAME"]))  # it may be elsewhere
    _database["CONN_MAX_AGE"] = 60
    _database["OPTIONS"] = {
        # A write lock taken at BEGIN waits its turn; one taken half-way fails with "locked".
        "transaction_mode": "IMMEDIATE",
        # Seconds; who asks is told within ten that nothing can be stored.
        "timeout": 8,
        # What was answered as saved is on the disk, also after a power cut.
        "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL;"
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
REDIS_URL: str = env.redis("REDIS_URL", "")
if REDIS_URL:
    CHANNEL_LAYERS: dict[str, Any] = {
        "default": {
            "BACKEND": "storaiteller_site.serving.channel_layer.WaitingChannelLayer",
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
    "purge-deleted-stories": {"task": "stories.tasks.purge_deleted_stories", "schedule": 3600.0},
    "purge-expired-sessions": {
        "task": "stories.tasks.purge_expired_sessions",
        "schedule": crontab(hour=4, minute=0),
    },
    "forget-gone-stories": {"task": "finetuning.tasks.forget_gone_stories", "schedule": 3600.0},
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
    else {
        "BACKEND": "django.core.cache.backends.locmem.LocMemCache",
        # Of 300, its default, readers from many addresses would push out the counts of sign-ins.
        "OPTIONS": {"MAX_ENTRIES": 100_000},
    }
}

# The model server: Ollama, or pocket when nobody named one and `manage.py serve` finds none.
# The first of several is asked for everything but stories.
MODEL_SERVER, *OTHER_MODEL_SERVERS = Server.all_from_environment(os.environ)
MODEL_SERVER_IS_NAMED = bool(env.str("OLLAMA_HOST", "").strip())
STORY_MODEL = env.str("STORY_MODEL", "llama3.2")
# `manage.py serve` tells it: another server may have a model of the embedded one's name.
STORY_MODEL_IS_EMBEDDED = env.bool("STORY_MODEL_IS_EMBEDDED", False)
# One context size for every request: another one makes Ollama load the model anew.
STORY_NUM_CTX = env.int("STORY_NUM_CTX", 8192, validate=validate.Range(min=512))
# Unset, the model's own parameters hold.
STORY_TEMPERATURE: float | None = env.float(
    "STORY_TEMPERATURE", None, validate=validate.Range(0, 2)
)
# What is found in a story for children is shown in its report, or held back before it is shown.
CHILD_CHECK = env.str("CHILD_CHECK", "show", validate=validate.OneOf(["show", "hold"]))
# How many stories, rewrites and continuations one writer may start in a minute; 0: any number.
SOCKETS_PER_WRITER = env.int("SOCKETS_PER_WRITER", 40, validate=validate.Range(min=1))
GENERATIONS_PER_MINUTE = env.int("GENERATIONS_PER_MINUTE", 30, validate=validate.Range(min=0))
# How many of them the model server writes at a time, for all web processes together, and how many
# may wait for their turn. Ollama writes one, unless it is told otherwise: a second one would wait
# inside of it, where nobody sees the line.
SERVER_SLOTS = 4 if STORY_MODEL == "pocket" else 1
_SLOTS = sum(
    each.slots or SERVER_SLOTS
    for each in (MODEL_SERVER, *OTHER_MODEL_SERVERS)
    if not each.is_drained
)
GENERATION_SLOTS = env.int("GENERATION_SLOTS", max(_SLOTS, 1), validate=validate.Range(min=1))
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
# Whom the pages name when somebody needs an account, a link or a right; shown to everybody.
CONTACT = env.str("CONTACT", "") or _("the administrator of this installation")
ACCOUNT_ADAPTER = "stories.accounts.adapter.AccountAdapter"
ACCOUNT_FORMS = {
    name: f"stories.accounts.forms.{form}"
    for name, form in (
        ("login", "LoginForm"),
        ("signup", "SignupForm"),
        ("add_email", "AddEmailForm"),
        ("change_password", "ChangePasswordForm"),
        ("set_password", "SetPasswordForm"),
        ("reset_password", "ResetPasswordForm"),
        ("reset_password_from_key", "ResetPasswordKeyForm"),
        ("reauthenticate", "ReauthenticateForm"),
    )
}
ACCOUNT_LOGIN_METHODS = {"username", "email"}
# The address is for resetting the password only; a family's server may have no mail at all.
ACCOUNT_SIGNUP_FIELDS = ["username*", "email", "password1*", "password2*"]
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_EMAIL_SUBJECT_PREFIX = ""  # the subjects say where they are from
# Who is signed in may guess their password no oftener than who is not.
ACCOUNT_RATE_LIMITS = {"reauthenticate": "5/5m/user", "change_password": "5/5m/user"}
ACCOUNT_LOGOUT_REDIRECT_URL = reverse_lazy("stories:home")
# Proxies in front, whose X-Forwarded-For the rate limits may believe.
ALLAUTH_TRUSTED_PROXY_COUNT = env.int("TRUSTED_PROXY_COUNT", 0)
# Sign-in through a school's or a company's accounts, if they are named.
OIDC = configuration.from_environment(env)
SOCIALACCOUNT_ADAPTER = "stories.accounts.openid.adapter.SocialAdapter"
LOGIN_URL = reverse_lazy("account_login")
LOGIN_REDIRECT_URL = reverse_lazy("stories:library")

# Mail: into files of the data folder until EMAIL_URL names a server. The pages say which of both.
if _mail := env.mail("EMAIL_URL", ""):
    vars().update(_mail)
else:
    EMAIL_BACKEND = "django.core.mail.backends.filebased.EmailBackend"
    EMAIL_FILE_PATH = str(DATA_DIR / "mail")
DEFAULT_FROM_EMAIL = env.str("DEFAULT_FROM_EMAIL", "StorAIteller <stories@localhost>")

# Language and time. The pages speak the language that was chosen, else one that the browser names.
LANGUAGE_CODE = "en"
LANGUAGES = [
    *(("en", "English"), ("de", "Deutsch"), ("fr", "Français")),
    *(("it", "Italiano"), ("es", "Español")),
]
LOCALE_PATHS = [BASE_DIR / "locale"]
FORMAT_MODULE_PATH = ["storaiteller_site.formats"]
TIME_ZONE = env.str("TIME_ZONE", "UTC")
USE_TZ = True

# Static files, served by whitenoise
STATIC_URL = f"{PATH_PREFIX}/static/"
STATICFILES_DIRS = [BASE_DIR / "static"]
# An image brings its own, collected when it was built.
STATIC_ROOT = Path(env.str("STATIC_ROOT", str(DATA_DIR / "static")))
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "storaiteller_site.bundling.BundlingStorage"},
}

UNFOLD = {
    "SITE_TITLE": "StorAIteller",
    "SITE_HEADER": "StorAIteller",
    "SITE_URL": reverse_lazy("stories:library"),
    "SITE_FAVICONS": [
        {"rel": "icon", "type": "image/svg+xml", "href": lambda _: static("img/icon.svg")}
    ],
    "SHOW_LANGUAGES": True,
    "STYLES": [lambda _: static("css/admin.css")],
    "SCRIPTS": [lambda _: static("js/admin/names.js")],
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
# Cookies know no ports: two apps on one host would sign each other out under common names. Over TLS
# the first lets nobody but this host, by TLS, set them; it forbids a path, below which the second
# lets nobody without TLS.
_GUARD = "__Secure-" if PATH_PREFIX else "__Host-"
_COOKIE_PREFIX = f"{_GUARD}storaiteller" if _SERVED_OVER_TLS else "storaiteller"
SESSION_COOKIE_PATH = CSRF_COOKIE_PATH = LANGUAGE_COOKIE_PATH = f"{PATH_PREFIX}/"
SESSION_COOKIE_NAME = f"{_COOKIE_PREFIX}_session"
CSRF_COOKIE_NAME = f"{_COOKIE_PREFIX}_csrf"
LANGUAGE_COOKIE_NAME = f"{_COOKIE_PREFIX}_language"
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = LANGUAGE_COOKIE_SECURE = _SERVED_OVER_TLS
LANGUAGE_COOKIE_AGE = 31_536_000  # seconds: a year
LANGUAGE_COOKIE_HTTPONLY = True
MESSAGE_STORAGE = "django.contrib.messages.storage.session.SessionStorage"
# The page is told what the browser used by the proxy; a health check comes from inside.
SECURE_SSL_REDIRECT = _SERVED_OVER_TLS
SECURE_REDIRECT_EXEMPT = [r"^health/$"]
SECURE_HSTS_SECONDS = 31_536_000 if _SERVED_OVER_TLS else 0
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if _SERVED_OVER_TLS else None
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
CSRF_COOKIE_HTTPONLY = True  # the pages carry the token themselves
CSRF_FAILURE_VIEW = "storaiteller_site.old_forms.refuse"
DATA_UPLOAD_MAX_MEMORY_SIZE = 2 * 1024 * 1024
# The one page that takes files (`stories.pages.publishing.imports`) brings a handler of its own.
FILE_UPLOAD_HANDLERS: list[str] = []
# Other names of the domain may not be ours to decide on.
SILENCED_SYSTEM_CHECKS = ["security.W005", "security.W021"]

# Who shows it may read the figures at /metrics; without it, there are none.
METRICS_TOKEN = env.str("METRICS_TOKEN", "").strip()

LOGGING = logging_settings(
    env.str("LOG_LEVEL", "WARNING"),
    env.str("LOG_FORMAT", "line", validate=validate.OneOf(["line", "json"])),
)
