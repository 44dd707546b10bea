# SPDX-License-Identifier: BSD-2-Clause
"""Writes a report as JUnit XML, which CI systems read."""

import re
import xml.etree.ElementTree as ET

# XML has no way to write these, not even escaped.
UNWRITABLE = re.compile('[^\t\n\x20-\ud7ff\ue000-\ufffd]')


def _text(text):
    return UNWRITABLE.sub('?', text)


def document(report, name='muster'):
    """
    The report as an element tree; what is wrong with the boot as a whole is a case of its own.
    """
    suites = {}
    for test in report.tests:
        suites.setdefault(test.suite or name, []).append(test)
    root = ET.Element('testsuites', name=_text(name))
    totals = {'tests': 0, 'failures': 0, 'errors': 0, 'skipped': 0}

    def suite_element(suite, counts):
        for key, value in counts.items():
            totals[key] += value
        return ET.SubElement(root, 'testsuite', name=_text(suite),
                             **{key: str(value) for key, value in counts.items()})

    for suite, tests in suites.items():
        element = suite_element(suite, {
            'tests': len(tests), 'errors': 0, 'failures': sum(not test.passed for test in tests),
            'skipped': sum(test.skipped is not None for test in tests)})
        for test in tests:
            case = ET.SubElement(element, 'testcase', classname=_text(suite),
                                 name=_text(test.full_name))
            if test.skipped is not None:
                ET.SubElement(case, 'skipped', message=_text(test.skipped))
            elif not test.passed:
                failure = ET.SubElement(case, 'failure', message='not ok')
                failure.text = _text('\n'.join(test.diagnostics))

    whole = suite_element('console', {'tests': 1, 'errors': int(bool(report.errors)),
                                      'failures': 0, 'skipped': 0})
    case = ET.SubElement(whole, 'testcase', classname='console', name='console.whole')
    if report.errors:
        error = ET.SubElement(case, 'error', message=_text(report.errors[0]))
        error.text = _text('\n'.join(report.errors + ['', 'last lines:'] + report.tail))
    root.attrib.update({key: str(value) for key, value in totals.items()})
    root.set('time', f'{report.seconds:.3f}')
    return ET.ElementTree(root)


def write(path, report, name='muster'):
    """Writes the document."""
    tree = document(report, name)
    ET.indent(tree)
    tree.write(path, encoding='utf-8', xml_declaration=True)
