"""Page routes."""

from typing import Any, cast

from django.urls import path

from stories.pages import (
    account,
    history,
    home,
    install,
    library,
    rewrites,
    settings,
    story,
    summary,
)
from stories.pages.publishing import downloads, imports, links
from stories.pages.shelf import tags, trash
from stories.pages.writers import choice, guide

app_name = "stories"


def _route(route: str, view: object, name: str) -> Any:
    # Views behind `login_required` narrow the request's type, which `path` does not know.
    return path(route, cast("Any", view), name=name)


urlpatterns = [
    _route("", home.home, "home"),
    _route("health/", home.health, "health"),
    _route("accounts/delete/", account.delete_account, "delete_account"),
    _route("model/install/", install.install_model, "install_model"),
    _route("model/", guide.guide, "guide"),
    _route("model/steps/", guide.steps, "guide_steps"),
    _route("presets/", settings.presets, "presets"),
    _route("presets/<id:preset_id>/", settings.preset, "preset"),
    _route("presets/<id:preset_id>/delete/", settings.delete_preset, "delete_preset"),
    _route("stories/", library.library, "library"),
    _route("stories/download/", downloads.download_all, "download_all"),
    _route("stories/book/", downloads.book, "book"),
    _route("stories/import/", imports.bring_in, "import"),
    _route("stories/trash/", trash.trash, "trash"),
    _route("stories/trash/empty/", trash.empty, "empty_trash"),
    _route("stories/new/", settings.new_story, "new"),
    _route("stories/<id:story_id>/", story.story, "story"),
    _route("stories/<id:story_id>/settings/", settings.change_settings, "settings"),
    _route("stories/<id:story_id>/text/", story.text, "text"),
    _route("stories/<id:story_id>/differences/", story.differences, "differences"),
    _route("stories/<id:story_id>/report/", story.report, "report"),
    _route("stories/<id:story_id>/summary/", summary.change_summary, "summary"),
    _route("stories/<id:story_id>/title/", story.title, "title"),
    _route("stories/<id:story_id>/writer/", choice.writer, "writer"),
    _route("stories/<id:story_id>/good/", story.good, "good"),
    _route("stories/<id:story_id>/download/", downloads.download, "download"),
    _route("stories/<id:story_id>/link/", links.change_link, "link"),
    _route("stories/<id:story_id>/delete/", library.delete, "delete"),
    _route("stories/<id:story_id>/undelete/", library.undelete, "undelete"),
    _route("stories/<id:story_id>/remove/", trash.remove, "remove"),
    _route("stories/<id:story_id>/tags/", tags.change_tags, "tags"),
    _route("stories/<id:story_id>/takes/<id:take>/", history.show_take, "take"),
    _route("stories/<id:story_id>/undo/", history.step_back, "undo"),
    _route("stories/<id:story_id>/redo/", history.step_forward, "redo"),
    _route("stories/<id:story_id>/versions/", history.versions, "versions"),
    _route("stories/<id:story_id>/versions/<id:number>/", history.version, "version"),
    _route("stories/<id:story_id>/versions/<id:number>/restore/", history.restore, "restore"),
    _route("stories/<id:story_id>/rewrites/<id:generation_id>/keep/", rewrites.keep, "keep"),
    _route("stories/<id:story_id>/rewrites/discard/", rewrites.discard, "discard"),
    _route("read/<slug:link>/", links.read, "read"),
]
