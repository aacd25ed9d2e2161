"""The changes between two runs as JUnit XML, which every continuous integration reads.

A suite is a data set, a case what was compared of a codec; it fails if that got worse. What could not be compared is no
case: the notes are in the suite's output. There is no specification of the format: this is what Jenkins' schema allows
(junit-10.xsd of its xUnit plugin).
"""

from xml.etree import ElementTree as ET

from serbench.changes import Change, Changes
from serbench.report.changes import change_text, described, value_text
from serbench.report.words import clean
from serbench.results import Run


def render(found: Changes, old: Run, new: Run) -> str:
    root = ET.Element("testsuites", name="serbench diff", tests=str(len(found.rows)), failures=str(len(found.worse)))
    for dataset in dict.fromkeys(row.dataset for row in found.rows):
        rows = [row for row in found.rows if row.dataset == dataset]
        failed = sum(row.worse for row in rows)
        suite = ET.SubElement(
            root,
            "testsuite",
            name=clean(dataset),
            tests=str(len(rows)),
            failures=str(failed),
            errors="0",
            skipped="0",
            timestamp=new.header.started[:19],
        )
        properties = ET.SubElement(suite, "properties")
        for name, text in (("old", described(old, new)), ("new", described(new, old))):
            ET.SubElement(properties, "property", name=name, value=clean(text))
        for row in rows:
            _case(suite, row)
        if found.notes:
            ET.SubElement(suite, "system-out").text = "\n".join(map(clean, found.notes))
    ET.indent(root)
    return ET.tostring(root, encoding="unicode", xml_declaration=False) + "\n"


def _case(suite: ET.Element, row: Change) -> None:
    name = clean(f"{row.codec} {row.what}")
    case = ET.SubElement(suite, "testcase", classname=f"serbench.{clean(row.dataset)}", name=name)
    before, after = clean(value_text(row, row.before)), clean(value_text(row, row.after))
    change = change_text(row)
    text = f"{before} -> {after}" if change in ("-", "tie") else f"{before} -> {after}, {change}"
    if row.worse:
        failure = ET.SubElement(case, "failure", message=f"worse: {text}", type=row.kind)
        failure.text = f"{name} on {clean(row.dataset)}: {text}"
    else:
        ET.SubElement(case, "system-out").text = f"{row.verdict}: {text}"
