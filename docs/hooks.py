"""What mkdocs does not do by itself: pages that are made of the code, and pages that lie at the root of the repository.

The site looks as if docs/ lay at the root, so that links between its pages and those of the root hold in both places:
on the way `docs/` and `../` are taken off them.
"""

import re
from pathlib import Path

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.exceptions import PluginError
from mkdocs.structure.files import File, Files
from serbench.pages import api, commands, formats

ROOT = Path(__file__).parents[1]
FROM_ROOT = (
    "METHODOLOGY.md",
    "DESIGN.md",
    "CONTRIBUTING.md",
    "CHANGELOG.md",
    "reports/reference/README.md",
    "reports/reference/selftest.md",
)


def on_files(files: Files, config: MkDocsConfig) -> Files:
    files.append(File.generated(config, "index.md", abs_src_path=str(ROOT / "README.md")))
    for name in FROM_ROOT:
        files.append(File.generated(config, name, abs_src_path=str(ROOT / name)))
    for picture in sorted((ROOT / "reports" / "reference").rglob("*.svg")):
        files.append(File.generated(config, picture.relative_to(ROOT).as_posix(), abs_src_path=str(picture)))
    made = {"commands.md": commands.render(), "api.md": api.render(), **formats.render_all()}
    for place, text in made.items():
        files.append(File.generated(config, place, content=text))
    return files


def on_page_markdown(markdown: str, **_: object) -> str:
    return re.sub(r"(\]\()(?:\.\./)?docs/", r"\1", re.sub(r"(\]\()\.\./(?=[A-Z]|reports/)", r"\1", markdown))


FETCHED = re.compile(
    r'<(?:script|img|iframe|source)\b[^>]*\bsrc="?(?:https?:)?//|<link\b[^>]*\brel="?stylesheet[^>]*\bhref="?(?:https?:)?//'
    r"|@import|url\(.?(?:https?:)?//"
)
"""What makes a browser fetch something from elsewhere; a link is only followed."""


def on_post_page(output: str, page: object, **_: object) -> str:
    """Pages have to work without a network."""
    if found := FETCHED.search(output):
        raise PluginError(f"{page} fetches from elsewhere: {found[0]}")
    return output
