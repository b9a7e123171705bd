"""The site as a Django application: it holds `manage.py serve` and the system checks."""

from django.apps import AppConfig


class SiteConfig(AppConfig):
    """Registers the site's system checks."""

    name = "storaiteller_site"
    verbose_name = "StorAIteller"

    def ready(self) -> None:
        """Import the checks, which register themselves."""
        from storaiteller_site import checks  # noqa: F401
