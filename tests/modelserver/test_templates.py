"""A Go template is told from a Jinja one."""

import pytest

from modelserver.ollama_api import templates

GO = [
    "{{ .Prompt }}",
    "{{- if .System }}<|system|>{{ .System }}{{ end }}{{- range $i, $_ := .Messages }}"
    "{{- $last := eq (len (slice $.Messages $i)) 1 }}"
    '{{ if eq .Role "user" }}{{ .Content }}{{ end }}{{ end }}{{/* the answer */}}',
    'Today is {{ currentDate }}.{{ json .Tools }}{{ "<s>" }}{{ (index .Messages 0).Content }}',
    '{{-\n  template "message" . }}',
]
JINJA = [
    "{{- bos_token }}\n{%- if custom_tools is defined %}{% endif %}",
    "{{ bos_token }}{{ messages[0]['content'] }}",
    "{{ raise_exception('no') }}",
    "{# a remark #}{{ .Prompt }}",
    "{% for message in messages %}{{ message['content'] }}{% endfor %}",
    "{{ '<|im_start|>' + role }}",
]


@pytest.mark.parametrize("template", GO)
def test_go(template: str) -> None:
    assert templates.is_go(template)


@pytest.mark.parametrize("template", [*JINJA, ""])
def test_jinja_or_nothing(template: str) -> None:
    assert not templates.is_go(template)
