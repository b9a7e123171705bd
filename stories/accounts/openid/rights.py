"""What somebody's groups make of them: a curator, the administrator, or neither any more."""

from django.conf import settings
from django.contrib.admin.models import CHANGE, LogEntry
from django.db import transaction
from django.utils.translation import gettext as _

from stories.accounts.openid.configuration import OpenID
from stories.models import User


def set_rights(user: User, groups: frozenset[str]) -> None:
    """Give `user`, stored already, the rights that the provider's groups decide; take the others.

    What no setting names a group for stays as it was set by hand. The last administrator who can
    sign in with a password stays one.
    """
    provider = settings.OIDC
    if provider is None or not (provider.admin_groups or provider.curator_groups):
        return
    with transaction.atomic():
        # Two of the last administrators at once: one of them waits here, and then is the last one.
        administrators = list(
            User.objects.filter(is_superuser=True).order_by("pk").select_for_update()
        )
        is_superuser, is_staff = _decide(provider, user, groups, administrators)
        if (is_superuser, is_staff) == (user.is_superuser, user.is_staff):
            return
        User.objects.filter(pk=user.pk).update(is_superuser=is_superuser, is_staff=is_staff)
        LogEntry.objects.log_actions(
            user.pk, [user], CHANGE, change_message=_told(is_superuser, is_staff)
        )
    user.is_superuser, user.is_staff = is_superuser, is_staff


def _decide(
    provider: OpenID, user: User, groups: frozenset[str], administrators: list[User]
) -> tuple[bool, bool]:
    """Return whether they are an administrator, and whether they are staff."""
    is_superuser = user.is_superuser
    if provider.admin_groups:
        is_superuser = bool(groups & provider.admin_groups) or _is_last(user, administrators)
    if provider.curator_groups:
        return is_superuser, is_superuser or bool(groups & provider.curator_groups)
    was_curator = user.is_staff and not user.is_superuser
    return is_superuser, is_superuser or was_curator


def _is_last(user: User, administrators: list[User]) -> bool:
    """Tell whether `user` alone can still come in as an administrator by a password."""
    able = [each.pk for each in administrators if each.is_active and each.has_usable_password()]
    return able == [user.pk]


def _told(is_superuser: bool, is_staff: bool) -> str:
    if is_superuser:
        return _("Administrator now, by the groups of the sign-in provider.")
    if is_staff:
        return _("Curator now, by the groups of the sign-in provider.")
    return _("Neither curator nor administrator any more, by the groups of the sign-in provider.")
