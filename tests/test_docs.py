"""The documentation: what its commands print is what it says they print, and its site is whole and asks nobody."""

import pytest
from console_blocks import BLOCK, PAGES, ROOT, Shell, agree, blocks, steps, updated

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
