"""The account pages' forms: allauth's, with our own labels and no placeholder that repeats them."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from allauth.account import forms as allauth_forms
from django import forms
from django.conf import settings
from django.utils.translation import gettext_lazy as _

from stories.accounts.openid.current import current
from stories.accounts.openid.passwords import is_connected, is_locked_to_provider

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise

_LABELS = {
    "login": _("User name or email"),
    "username": _("User name"),
    "email": _("Email"),
    "password": _("Password"),
    "password1": _("Password"),
    "password2": _("Password, once more"),
    "oldpassword": _("Current password"),
    "remember": _("Keep me signed in on this device"),
}
_NEW = {"password1": _("New password"), "password2": _("New password, once more")}
_OPTIONAL = {"email": _("Email (optional)")}


class OwnWords(forms.Form):
    """Labels by the name of the field."""

    labels: "Mapping[str, StrOrPromise]" = _LABELS

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        for name, field in self.fields.items():
            field.label = self.labels.get(name, field.label)
            field.widget.attrs.pop("placeholder", None)


class LoginForm(OwnWords, allauth_forms.LoginForm):  # type: ignore[misc]  # allauth has no types
    """Signing in."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        # Most have no address here: what a browser keeps is the name.
        self.fields["login"].widget.attrs |= {
            "autocomplete": "username",
            "autocapitalize": "none",
            "spellcheck": "false",
        }

    def clean(self) -> dict[str, Any] | None:
        """Turn away whom the provider alone lets in."""
        cleaned: dict[str, Any] | None = super().clean()
        if self.user is not None and is_locked_to_provider(self.user):
            sentence = _("A password does not open your account: sign in with %(name)s.")
            if not is_connected(self.user):  # at the provider, they would be somebody new
                sentence = _(
                    "A password does not open your account any more, and it does not belong to one "
                    "at %(name)s yet. To have them connected, ask %(contact)s."
                )
            places = {"name": current().name, "contact": settings.CONTACT}
            raise forms.ValidationError(sentence, params=places)
        return cleaned


class SignupForm(OwnWords, allauth_forms.SignupForm):  # type: ignore[misc]
    """Opening an account."""

    labels = _LABELS | _OPTIONAL

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.fields["email"].help_text = _(
            "Only for setting a new password, should you forget yours."
        )


class AddEmailForm(OwnWords, allauth_forms.AddEmailForm):  # type: ignore[misc]
    """Another address."""


class ChangePasswordForm(OwnWords, allauth_forms.ChangePasswordForm):  # type: ignore[misc]
    """Another password, by whoever knows the one before."""

    labels = _LABELS | _NEW


class SetPasswordForm(OwnWords, allauth_forms.SetPasswordForm):  # type: ignore[misc]
    """A first password."""


class ResetPasswordForm(OwnWords, allauth_forms.ResetPasswordForm):  # type: ignore[misc]
    """Asking for a link by mail."""


class ResetPasswordKeyForm(OwnWords, allauth_forms.ResetPasswordKeyForm):  # type: ignore[misc]
    """Another password, by whoever has such a link."""

    labels = _LABELS | _NEW


class ReauthenticateForm(OwnWords, allauth_forms.ReauthenticateForm):  # type: ignore[misc]
    """The password of somebody signed in."""
