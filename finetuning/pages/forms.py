"""The form that a run is started with: every value of a recipe, checked by the recipe itself."""

from dataclasses import fields
from typing import Any, get_args, get_type_hints

from django import forms
from django.utils.translation import gettext

from finetuning.recipes import FIELDS, Recipe, RecipeError
from stories.telling import told


class RecipeForm(forms.Form):
    """Begins with the values of `recipe`; after validation `recipe` is what was asked for."""

    def __init__(self, recipe: Recipe, data: Any = None) -> None:
        super().__init__(data, initial=recipe.to_dict(), label_suffix="")
        self.recipe = recipe
        kinds = get_type_hints(Recipe)
        for entry in fields(Recipe):
            if entry.name in FIELDS:
                self.fields[entry.name] = _field(kinds[entry.name], entry.metadata)

    def clean(self) -> dict[str, Any]:
        """Let the recipe judge; its sentences go to their fields."""
        values = super().clean() or {}
        if not self.errors:
            try:
                self.recipe = self.recipe.changed(values)
            except RecipeError as error:
                for name, text in error.errors.items():
                    self.add_error(name, told(text))
        return values


def label_of(name: str) -> str:
    """Return what the value `name` of a recipe is called; its own name if nobody chooses it."""
    known: dict[str, Any] = {entry.name: entry.metadata for entry in fields(Recipe)}
    found = known.get(name, {})
    label = found["bounds"].label if "bounds" in found else found.get("label", "")
    return gettext(label) if label else name.replace("_", " ")


def _field(kind: Any, metadata: Any) -> forms.Field:
    if bounds := metadata.get("bounds"):
        number = forms.IntegerField if kind is int else forms.FloatField
        widget = forms.TextInput(attrs={"inputmode": "decimal", "autocomplete": "off"})
        return number(label=gettext(bounds.label), help_text=_help(bounds), widget=widget)
    labels: Any = {"label": gettext(metadata["label"]), "help_text": _told(metadata["help"])}
    if kind is bool:
        return forms.BooleanField(**labels, required=False)
    choices = [(choice, choice) for choice in get_args(kind)]
    return forms.ChoiceField(**labels, choices=choices)


def _help(bounds: Any) -> str:
    least, largest = (
        f"{number:,}" if isinstance(number, int) else f"{number:g}"
        for number in (bounds.least, bounds.largest)
    )
    span = gettext("%(least)s to %(largest)s") % {"least": least, "largest": largest}
    return f"{span}; {gettext(bounds.help)}" if bounds.help else span


def _told(text: str) -> str:
    # What is empty stands in a catalogue, as its own description.
    return gettext(text) if text else ""
