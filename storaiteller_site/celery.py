"""The Celery application that the worker runs: `celery -A storaiteller_site worker`."""

import os

from celery import Celery

from storaiteller_site.operations import outcomes, request_ids, traces  # noqa: F401 - they listen

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "storaiteller_site.settings")

app = Celery("storaiteller")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
