"""The URL table: accounts by allauth, the admin, and the stories at the root."""

from django.contrib import admin
from django.urls import include, path

urlpatterns = [
    path("accounts/", include("allauth.account.urls")),
    path("admin/", admin.site.urls),
    path("compare/", include("finetuning.urls")),
    path("", include("stories.urls")),
]
