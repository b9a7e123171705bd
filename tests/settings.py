"""Settings under test: everything local and thrown away; hashing cheap; static files unhashed."""

import os
import tempfile

_folder = tempfile.mkdtemp(prefix="storaiteller-tests-")
# Each of several workers has a folder of its own, which the processes that it starts know.
_worker = os.environ.get("PYTEST_XDIST_WORKER", "")
if os.environ.get("STORAITELLER_TESTS_WORKER", "") != _worker:
    os.environ |= {"STORAITELLER_TESTS_WORKER": _worker, "DATA_DIR": _folder}
os.environ.setdefault("DATA_DIR", _folder)
# The tiny model writes a thousand tokens a second.
os.environ.setdefault("POCKET_MODEL", "tiny")
os.environ.setdefault("SECRET_KEY", "only-for-tests-" + "x" * 50)

from storaiteller_site.settings import *  # noqa: E402, F403

PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
STORAGES["staticfiles"] = {  # noqa: F405
    "BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"
}
if DATABASES["default"]["ENGINE"].endswith("sqlite3"):  # noqa: F405
    # A file, as in real life: connections of several threads, WAL, one writer at a time.
    DATABASES["default"]["TEST"] = {"NAME": f"{_folder}/test.sqlite3"}  # noqa: F405
GENERATION_SLOTS = 4  # as with pocket; a test that is about the line sets its own
STATIC_ROOT.mkdir(exist_ok=True)  # noqa: F405
