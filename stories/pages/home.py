"""The landing page and the health check."""

from django.db import connection
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_safe

from stories.models import User


@require_safe
def home(request: HttpRequest) -> HttpResponse:
    """Tell a visitor what this is; a writer goes to the library."""
    if request.user.is_authenticated:
        return redirect("stories:library")
    return render(request, "stories/home.html", {"first": not User.objects.exists()})


@require_safe
def health(request: HttpRequest) -> HttpResponse:
    """Tell that the process serves and reaches its database."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
    return JsonResponse({"status": "ok"})
