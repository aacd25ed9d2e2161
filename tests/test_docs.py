"""The documentation: its commands print what it says, and its pages link and fetch as they should."""

import re
import shlex
from importlib.util import module_from_spec, spec_from_file_location

import click
import pytest
from console_blocks import BLOCK, PAGES, ROOT, Shell, agree, blocks, steps, updated
from serbench import cli
from serbench.pages.commands import examples, walk

CHECKED = [page for page in PAGES if any(blocks(page.read_text(encoding="utf-8")))]


@pytest.mark.parametrize("page", CHECKED, ids=[str(page.relative_to(ROOT)) for page in CHECKED])
def test_commands_print_what_the_page_says(page, tmp_path):
    shell = Shell(tmp_path)
    for block in blocks(page.read_text(encoding="utf-8")):
        for step in steps(block["body"]):
            found = shell.run(step.command)
            assert agree(step.output, found), f"$ {step.command}\n{found}\nis not\n{step.output}"


def test_what_is_not_run_has_a_reason():
    for page in PAGES:
        for block in BLOCK.finditer(page.read_text(encoding="utf-8")):
            assert block["reason"] is None or len(block["reason"]) > 10, page


@pytest.mark.parametrize(
    ("expected", "found", "agrees"),
    [
        ("a\nb\n", "a\nb\n", True),
        ("a\nb\n", "a\n", False),
        ("a\n", "a\nb\n", False),
        ("a\n...\n", "a\n", True),
        ("a\n...\nd\n", "a\nb\nc\nd\n", True),
        ("a\n...\nd\n", "a\nb\nc\n", False),
        ("a.c\n", "abc\n", False),
        ("", "", True),
        ("", "a\n", False),
    ],
)
def test_what_agrees(expected, found, agrees):
    assert agree(expected, found) is agrees


PAGE = """\
```console
$ printf 'b\\n'; cat ana.json |
> wc -l
a
```

<!-- not run: it would take an hour -->
```console
$ sleep 3600
done
```
"""


def test_a_page_is_brought_up_to_date(tmp_path):
    assert updated(PAGE, Shell(tmp_path)) == PAGE.replace("\na\n", "\nb\n1\n")


# Commands that are only shown.


def shown():
    """The lines that call serbench in the pages and in the examples of each --help."""
    for page in (*ROOT.glob("*.md"), *PAGES[1:]):
        for block in re.findall(r"^```sh\n(.*?)^```", page.read_text(encoding="utf-8"), re.M | re.S):
            yield from block.replace("\\\n", " ").splitlines()
    for _, command in walk(cli.commands, ("serbench",)):
        yield from examples(command.epilog or "")


def calls(line):
    """The arguments of each call of serbench in a line of shell."""
    for words in re.split(r"[|;]| && ", re.sub(r"\s#.*|^\S*=\S* ", "", line)):
        found = shlex.split(re.sub(r"[<>]+\s*\S+", "", words))
        if found and found[0] in ("serbench", ".venv/bin/serbench"):
            yield found[1:]


@pytest.mark.parametrize("line", [line for line in dict.fromkeys(shown()) if any(calls(line))])
def test_commands_that_are_only_shown_are_ones_that_there_are(line):
    for arguments in calls(line):
        command, path = cli.commands, "serbench"
        while isinstance(command, click.Group) and arguments and arguments[0] in command.commands:
            path, command = arguments[0], command.commands[arguments[0]]
            arguments = arguments[1:]
        if arguments != ["--help"] and "COMMAND" not in arguments:
            command.make_context(path, list(arguments), obj=[])


def test_a_command_that_there_is_not_is_seen():
    with pytest.raises(click.UsageError, match="No such option"):
        test_commands_that_are_only_shown_are_ones_that_there_are("serbench run --shema employees | head")


# Links and the site.

MADE = ("commands.md", "api.md", "format/")
"""Pages of docs/ that only the site has."""


@pytest.mark.parametrize("page", [*ROOT.glob("*.md"), *PAGES[1:]], ids=lambda page: str(page.relative_to(ROOT)))
def test_links_between_files_lead_somewhere(page):
    prose = re.sub(r"^(```|~~~~).*?^\1|<!--.*?-->", "", page.read_text(encoding="utf-8"), flags=re.M | re.S)
    for link in re.findall(r"\]\(([^)#:]+?)(?:#[^)]*)?\)", prose):
        if not link.startswith(MADE):
            assert (page.parent / link).exists(), link


@pytest.fixture
def hooks():
    pytest.importorskip("mkdocs", reason="make docs brings mkdocs")
    spec = spec_from_file_location("hooks", ROOT / "docs" / "hooks.py")
    assert spec
    assert spec.loader
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize(
    ("link", "becomes"),
    [
        ("[a](docs/cookbook.md#ci)", "[a](cookbook.md#ci)"),
        ("[a](../METHODOLOGY.md)", "[a](METHODOLOGY.md)"),
        ("[a](../your-data.md)", "[a](../your-data.md)"),
        ("[a](DESIGN.md)", "[a](DESIGN.md)"),
        ("see docs/examples", "see docs/examples"),
    ],
)
def test_links_hold_in_the_repository_and_in_the_site(link, becomes, hooks):
    assert hooks.on_page_markdown(link) == becomes


@pytest.mark.parametrize(
    "html",
    [
        '<script src="https://example.org/a.js">',
        "<script async src=//example.org/a.js>",
        '<link rel="stylesheet" href="https://example.org/a.css">',
        '<img alt="" src="http://example.org/a.png">',
        "<style>@import 'a.css'</style>",
        "<p style=\"background: url('https://example.org/a.png')\">",
    ],
)
def test_a_page_that_fetches_from_elsewhere_is_no_page(html, hooks):
    with pytest.raises(hooks.PluginError, match="fetches from elsewhere"):
        hooks.on_post_page(html, page="a page")


def test_a_page_may_link_to_elsewhere(hooks):
    html = '<a href="https://example.org/">x</a><script src="assets/a.js"></script><link rel="stylesheet" href="a.css">'
    assert hooks.on_post_page(html, page="a page") == html
