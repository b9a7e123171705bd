"""How `make docs` turns the project's pages into a site."""

project = "StorAIteller"
extensions = ["myst_parser"]
# The sources are the whole project, so that links between its pages lead on in the site too.
root_doc = "docs/index"
include_patterns = ["README.md", "docs/**", "benchmarks/README.md", "pocket/*/card.md"]
html_theme = "furo"
html_title = project
html_favicon = "../static/img/icon.svg"
myst_heading_anchors = 3
