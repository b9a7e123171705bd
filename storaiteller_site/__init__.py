"""The Django project: settings, URLs, ASGI entry point, Celery application and system checks."""

from storaiteller_site.celery import app as celery_app

__all__ = ["celery_app"]
