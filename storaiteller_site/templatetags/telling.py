"""Sentences that are stored in English, in the page's language."""

from django import template

from stories.telling import told

register = template.Library()
register.filter("told", told)
