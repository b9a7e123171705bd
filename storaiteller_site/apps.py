"""The site as a Django application: it holds `manage.py serve`, the system checks and the admin."""

from django.apps import AppConfig
from django.contrib.admin import apps as admin_apps


class SiteConfig(AppConfig):
    """Registers the site's system checks."""

    default = True
    name = "storaiteller_site"
    verbose_name = "StorAIteller"

    def ready(self) -> None:
        """Import the checks, which register themselves."""
        from storaiteller_site import checks  # noqa: F401


class AdminConfig(admin_apps.AdminConfig):
    """Puts our admin site in the place of Django's."""

    default = False
    default_site = "storaiteller_site.admin_site.AdminSite"
