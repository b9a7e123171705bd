"""The admin site: the site's own sign-in, and the policy that its scripts need."""

from collections.abc import Callable
from typing import Any

from csp.constants import NONCE, SELF, UNSAFE_EVAL, UNSAFE_INLINE
from csp.decorators import csp_replace
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.http import urlencode
from unfold.sites import UnfoldAdminSite

# Unfold's menus are Alpine components, which evaluate their attributes and style elements.
_POLICY = {
    "script-src": [SELF, NONCE, UNSAFE_EVAL],
    "style-src": [SELF, UNSAFE_INLINE],
}

View = Callable[..., HttpResponse]


class AdminSite(UnfoldAdminSite):  # type: ignore[misc]  # unfold has no types
    """Curation and administration, for staff."""

    def admin_view(self, view: View, cacheable: bool = False) -> View:
        """Give `view` the admin's content security policy."""
        guarded: View = csp_replace(_POLICY)(super().admin_view(view, cacheable))
        return guarded

    def login(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        """Send to the site's sign-in, which limits the attempts."""
        if request.user.is_authenticated and not self.has_permission(request):
            return redirect("stories:home")
        goal = request.GET.get("next", reverse("admin:index"))
        return redirect(f"{reverse('account_login')}?{urlencode({'next': goal})}")
