"""Preference pairs, counted."""

from typing import Any

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.db.models import Count
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils.translation import gettext

from stories.admin.common import LookOnlyAdmin
from stories.models import PreferencePair


@admin.register(PreferencePair)
class PreferencePairAdmin(LookOnlyAdmin):
    """How often writers preferred something to what; made by Keep and by Good story.

    The texts of a pair are prompts, drafts and what was rejected: nobody marked them.
    """

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Staff see the counts, and no pair."""
        return obj is None and super().has_view_permission(request)

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        """Count the pairs by their source."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        found = PreferencePair.objects.order_by().values_list("source")
        counted = dict(found.annotate(count=Count("pk")))
        context = {
            **self.admin_site.each_context(request),
            "title": gettext("Preference pairs"),
            "opts": self.model._meta,
            "sources": [
                (label, counted.get(source, 0)) for source, label in PreferencePair.Source.choices
            ],
        }
        return TemplateResponse(request, "admin/stories/pairs.html", context)
