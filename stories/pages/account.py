"""Leaving: an account is deleted with everything in it."""

from django.contrib.auth import logout
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods

from stories.accounts.departure import delete_account as delete_account_of
from stories.models import Story
from stories.pages.common import SignedInRequest


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def delete_account(request: SignedInRequest) -> HttpResponse:
    """Ask for the password, then remove the account and all its stories for good."""
    wrong = False
    if request.method == "POST":
        user = request.user
        if user.check_password(request.POST.get("password", "")):
            logout(request)
            delete_account_of(user)
            return redirect("stories:home")
        wrong = True
    context = {"stories": Story.objects.visible_to(request.user).count(), "wrong": wrong}
    return render(request, "stories/delete_account.html", context, status=422 if wrong else 200)
