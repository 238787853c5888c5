"""The one error of the dialect step."""

import contextlib


class DialectError(Exception):
    """The source says something that cannot be translated exactly.

    The message names the file, the line and the element, as far as they are known.
    """

    def __init__(self, message, element=None, path=None, line=None):
        super().__init__(message)
        self.message, self.path = message, path
        self.line = line if line is not None else getattr(element, "sourceline", None)
        self.label = "" if element is None else label(element)

    def at(self, path):
        """Return self, with the file it is about filled in."""
        self.path = self.path or path
        return self

    def __str__(self):
        place = ":".join(str(part) for part in (self.path, self.line) if part)
        return ": ".join(part for part in (place, self.label, self.message) if part)


@contextlib.contextmanager
def about(element):
    """Fill in the element that an error without a place is about."""
    try:
        yield
    except DialectError as error:
        if error.line is None:
            raise DialectError(error.message, element, error.path) from None
        raise


def label(element):
    """Return an element as a reader knows it: ``<field name="state">``."""
    if not isinstance(element.tag, str):
        return "<!-- %s -->" % " ".join((element.text or "").split())[:60]
    for key in ("id", "name", "t-name", "expr", "string", "class"):
        if element.get(key):
            return '<%s %s="%s">' % (element.tag, key, element.get(key))
    return "<%s>" % element.tag
