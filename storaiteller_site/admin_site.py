"""The admin site: the site's own sign-in, and the policy that its scripts need."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from csp.constants import NONCE, SELF, UNSAFE_EVAL, UNSAFE_INLINE
from csp.decorators import csp_replace
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.http import urlencode
from unfold.sites import UnfoldAdminSite

from stories.ids import row_id

# Unfold's menus are Alpine components, which evaluate their attributes and set styles of elements.
# Of style elements there are two, known by their hashes: Unfold's colours, and htmx's indicator.
_STYLE_ELEMENTS = (
    "'sha256-GolM4CeTIeL/8aNsygNV07xQ6e/y7bwIu3JfR3bF4Jc='",
    "'sha256-bsV5JivYxvGywDAZ22EZJKBFip65Ng9xoJVLbBg7bdo='",
)
_POLICY = {
    "script-src": [SELF, NONCE, UNSAFE_EVAL],
    "style-src-elem": [SELF, *_STYLE_ELEMENTS],
    "style-src-attr": [UNSAFE_INLINE],
}

View = Callable[..., HttpResponse]


def _about_rows(view: View) -> View:
    """Answer 404 where `view` is asked about a row whose number no row can have.

    Django takes it to the database; an action on such a row would be a fault (500).
    """

    @wraps(view)
    def bounded(request: HttpRequest, *arguments: Any, **named: Any) -> HttpResponse:
        rows = [named[name] for name in ("object_id", "id") if name in named]
        rows += request.POST.getlist(ACTION_CHECKBOX_NAME)
        if None in map(row_id, rows):
            raise Http404
        return view(request, *arguments, **named)

    return bounded


class AdminSite(UnfoldAdminSite):  # type: ignore[misc]  # unfold has no types
    """Curation and administration, for staff."""

    def admin_view(self, view: View, cacheable: bool = False) -> View:
        """Give `view` the admin's content security policy, and numbers that a row can have."""
        view = _about_rows(view)
        guarded: View = csp_replace(_POLICY)(super().admin_view(view, cacheable))
        return guarded

    def login(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        """Send to the site's sign-in, which limits the attempts."""
        if request.user.is_authenticated and not self.has_permission(request):
            return redirect("stories:home")
        goal = request.GET.get("next", reverse("admin:index"))
        return redirect(f"{reverse('account_login')}?{urlencode({'next': goal})}")

    def password_change(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        """Send to the site's own page, which limits the attempts."""
        return redirect("account_change_password")
