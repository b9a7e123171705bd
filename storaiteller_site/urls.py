"""The URL table: accounts by allauth, the admin, and the stories at the root.

Of allauth's pages about providers there are none: what we show of them is ours.
"""

from django.contrib import admin
from django.urls import include, path

from storaiteller_site import installed
from storaiteller_site.languages import catalogue, choice
from storaiteller_site.operations import servers
from stories.accounts.openid import views as openid

urlpatterns = [
    path("accounts/openid/", openid.sign_in, name="openid_login"),
    path("accounts/openid/callback/", openid.callback, name="openid_callback"),
    path("accounts/openid/connect/", openid.connect, name="openid_connect"),
    path("accounts/", include("allauth.account.urls")),
    path("", include("finetuning.urls")),  # some of its old addresses are below the admin's
    path("admin/", admin.site.urls),
    path("language/", choice.set_language, name="set_language"),
    path("language/<slug:language>/<slug:version>.js", catalogue.script, name="language_script"),
    path("manifest.webmanifest", installed.manifest, name="manifest"),
    path("worker.js", installed.worker, name="worker"),
    path("servers/", servers.page, name="servers"),
    path("servers/live/", servers.live, name="servers_live"),
    path("offline/", installed.offline, name="offline"),
    path("", include("stories.urls")),
]

handler400 = "storaiteller_site.error_pages.bad_request"
handler403 = "storaiteller_site.error_pages.forbidden"
handler404 = "storaiteller_site.error_pages.not_found"
handler429 = "storaiteller_site.error_pages.too_many"  # allauth's, not Django's
handler500 = "storaiteller_site.error_pages.fault"
