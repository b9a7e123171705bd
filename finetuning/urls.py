"""Routes of the blind comparison."""

from typing import Any, cast

from django.urls import path

from finetuning import views

app_name = "finetuning"

# The view behind `login_required` narrows the request's type, which `path` does not know.
urlpatterns = [path("", cast("Any", views.compare), name="compare")]
