"""Story generation settings: the form that a prompt is made of."""

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from prose import prompts
from prose.settings import Settings
from stories.models.user import User
from stories.models.visibility import marked_good


class Genre(models.TextChoices):
    """The fifteen genres, as the prompt words them."""

    ADVENTURE = "Adventure", _("Adventure")
    BIOGRAPHY = "Biography", _("Biography")
    COMEDY = "Comedy", _("Comedy")
    DRAMA = "Drama", _("Drama")
    FANTASY = "Fantasy", _("Fantasy")
    GOTHIC = "Gothic", _("Gothic")
    HISTORICAL = "Historical", _("Historical")
    HORROR = "Horror", _("Horror")
    MYSTERY = "Mystery", _("Mystery")
    QUIRKY = "Quirky", _("Quirky")
    ROMANCE = "Romance", _("Romance")
    SCI_FI = "Sci-fi", _("Sci-fi")
    THRILLER = "Thriller", _("Thriller")
    TRAGEDY = "Tragedy", _("Tragedy")
    WAR = "War", _("War")


class Register(models.TextChoices):
    """The ten registers, as the prompt words them."""

    CASUAL = "Casual", _("Casual")
    CEREBRAL = "Cerebral", _("Cerebral")
    CONVERSATIONAL = "Conversational", _("Conversational")
    DESCRIPTIVE = "Descriptive", _("Descriptive")
    DIRECT = "Direct", _("Direct")
    ELEGANT = "Elegant", _("Elegant")
    FORMAL = "Formal", _("Formal")
    IRREVERENT = "Irreverent", _("Irreverent")
    PLAYFUL = "Playful", _("Playful")
    VIVID = "Vivid", _("Vivid")


class StorySettingsQuerySet(models.QuerySet["StorySettings"]):
    """Verbs over settings."""

    def presets_of(self, user: User) -> "StorySettingsQuerySet":
        """Return the settings that `user` saved under a name, by name."""
        return self.filter(owner=user).exclude(name="").order_by("name")

    def unused(self) -> "StorySettingsQuerySet":
        """Return the nameless settings that no story and no generation holds any more."""
        return self.filter(name="", stories=None, good_stories=None, generations=None)

    def shown_to_staff(self) -> "StorySettingsQuerySet":
        """Return the settings by which a story was written that staff may read."""
        held = StorySettings.objects.filter(marked_good("good_stories__"))
        return self.filter(pk__in=held.values("pk"))


class StorySettings(models.Model):
    """One filled-in form. A row is never changed once a story uses it; a named one is a preset."""

    owner = models.ForeignKey(User, on_delete=models.CASCADE, related_name="story_settings")
    name = models.CharField(_("preset name"), max_length=80, blank=True)
    main_characters = models.CharField(
        _("Main characters' names"), max_length=prompts.MAX_FIELD_LENGTH, blank=True
    )
    keywords = models.CharField(
        _("Story keywords"), max_length=prompts.MAX_FIELD_LENGTH, blank=True
    )
    genre = models.CharField(_("Genre"), max_length=20, choices=Genre)
    register = models.CharField(_("Register"), max_length=20, choices=Register)
    child_friendly = models.BooleanField(_("Child-friendly content"), default=False)
    max_words = models.PositiveIntegerField(
        _("Max number of words"),
        default=300,
        validators=[MinValueValidator(prompts.MIN_WORDS), MaxValueValidator(prompts.MAX_WORDS)],
    )
    final_twist = models.BooleanField(_("Final twist"), default=False)
    premise = models.CharField(
        _("What should happen"), max_length=prompts.MAX_PREMISE_LENGTH, blank=True
    )
    # A code of `prose.languages.offered`, by which the form chooses; empty for English.
    language = models.CharField(_("Language"), max_length=12, blank=True)
    reader_age = models.PositiveSmallIntegerField(
        _("Age of readers"),
        null=True,
        blank=True,
        validators=[MinValueValidator(prompts.MIN_AGE), MaxValueValidator(prompts.MAX_AGE)],
    )
    created_at = models.DateTimeField(auto_now_add=True)

    objects = StorySettingsQuerySet.as_manager()

    class Meta:
        verbose_name = _("story settings")
        verbose_name_plural = _("story settings")
        constraints = [
            models.UniqueConstraint(
                fields=["owner", "name"],
                condition=~models.Q(name=""),
                name="one_preset_of_a_name_per_owner",
                violation_error_message=_("You already have settings with this name."),
            )
        ]

    def __str__(self) -> str:
        return self.name or gettext("%(genre)s, %(register)s, %(words)s words") % {
            "genre": self.get_genre_display(),
            "register": self.get_register_display(),
            "words": self.max_words,
        }

    @property
    def prompt(self) -> str:
        """The prompt that these settings make."""
        return prompts.story_prompt(Settings.of(self))

    @property
    def shown_prompt(self) -> str:
        """The same for people to read: its wording is fixed, and not all of it is English."""
        return prompts.shown_prompt(self.prompt, self.register)
