"""A recipe's file that somebody brings to the page: read and shown, before anything starts."""

from dataclasses import dataclass
from typing import cast

from django.core.files.uploadedfile import UploadedFile
from django.utils.translation import gettext as _

from finetuning import recipe_files
from finetuning.pages.forms import RecipeForm
from finetuning.recipes import FIELDS, RECIPES, Recipe, RecipeError
from stories.pages.common import SignedInRequest
from stories.pages.publishing.imports import InMemory
from stories.telling import told

_MOST_TOLD = 10  # problems at once


@dataclass(frozen=True)
class Looked:
    """What a file holds: a recipe, or what is wrong with it."""

    recipe: Recipe | None
    problems: tuple[tuple[str, str], ...] = ()  # of which entry, and a sentence

    @property
    def own(self) -> list[tuple[str, object, object]]:
        """The values that are not those of the recipe it begins with: (label, value, before)."""
        if self.recipe is None:
            return []
        before, fields = RECIPES[self.recipe.name], RecipeForm(self.recipe).fields
        values = ((name, getattr(self.recipe, name), getattr(before, name)) for name in FIELDS)
        return [(str(fields[n].label), new, old) for n, new, old in values if new != old]


def look(request: SignedInRequest) -> Looked:
    """Read the recipe in the request's `file`."""
    handler = request.upload_handlers[0]
    file = cast("UploadedFile[bytes] | None", request.FILES.get("file"))
    if isinstance(handler, InMemory) and handler.too_large:
        return Looked(None, (("", told(recipe_files.too_long())),))
    if file is None:
        return Looked(None, (("", _("Choose a file.")),))
    try:
        return Looked(recipe_files.read(file.read(recipe_files.MAX_BYTES + 1)))
    except RecipeError as error:
        found = [(name, told(text)) for name, text in error.errors.items()]
        return Looked(None, tuple(found[:_MOST_TOLD]))
