"""Comments that say which series an element is for.

Views refuse attributes they do not know, so the source says it in comments:

    <!-- series: >=16.0 -->
    <field name="analytic_distribution" widget="analytic_distribution"/>

drops the next element before 16.0. And what only older series need is written inside the comment,
in the dialect of the source like the rest:

    <!-- series: <16.0
        <field name="analytic_account_id"/>
    -->

The source installs on 18.0 and 19.0 as it is, so no directive can tell those two apart: the bound
is 18.0 at most.
"""

import re

from lxml import etree

from .errors import DialectError

NEWEST_BOUND = 18
DIRECTIVE = re.compile(r"\s*series:\s*(>=|<)\s*(\d+)\.0\s*?(?:\n(.*)|\s*)\Z", re.DOTALL)


def apply(root, number):
    """Keep what series `number` has, and remove the directives."""
    for comment in [node for node in root.iter(etree.Comment) if is_directive(node)]:
        sign, bound, older = read(comment)
        if sign == "<":
            children = _parse_older(comment, older) if number < bound else []
            _put_before(comment, children)
        elif number < bound:
            remove(following(comment))
        remove(comment)


def is_directive(comment):
    """Tell whether a comment means to be a directive."""
    return (comment.text or "").strip().startswith("series")


def read(comment):
    """Return (sign, bound, content) of a directive.

    Raises: DialectError when it is malformed or would tell 18.0 from 19.0.
    """
    match = DIRECTIVE.match(comment.text)
    if not match:
        raise DialectError("write it as 'series: >=16.0', or as 'series: <16.0' and XML below it", comment)
    sign, bound, older = match.group(1), int(match.group(2)), (match.group(3) or "").strip()
    if bound > NEWEST_BOUND:
        raise DialectError("18.0 and 19.0 install the source as it is: no bound above 18.0", comment)
    if (sign == "<") != bool(older):
        raise DialectError("'<' is followed by the XML of the older series, '>=' by none", comment)
    if sign == ">=" and following(comment) is None:
        raise DialectError("no element follows this directive", comment)
    return sign, bound, older


def following(comment):
    """Return the element after a comment; other comments do not count."""
    node = comment.getnext()
    while node is not None and not isinstance(node.tag, str):
        node = node.getnext()
    return node


def remove(node):
    """Take a node out of its document; the text after it stays."""
    previous, parent, tail = node.getprevious(), node.getparent(), node.tail or ""
    if previous is not None:
        previous.tail = (previous.tail or "") + tail
    else:
        parent.text = (parent.text or "") + tail
    parent.remove(node)


def _parse_older(comment, text):
    try:
        wrapper = etree.fromstring("<series>%s</series>" % text)
    except etree.XMLSyntaxError as error:
        raise DialectError("not well-formed: %s" % error, comment) from None
    for element in wrapper.iter(etree.Element):
        element.sourceline = comment.sourceline
    return list(wrapper)


def _put_before(comment, children):
    for child in children:
        child.tail = "\n"
        comment.addprevious(child)
