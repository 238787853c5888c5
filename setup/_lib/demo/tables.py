"""Plain tables for a terminal: numbers right-aligned, English, amounts with two decimals."""

WIDEST_TEXT = 36


def money(amount):
    """Write an amount; what is zero has no sign."""
    return "{:,.2f}".format(round(amount, 2) + 0.0)


def signed(amount):
    """Write a change, with its sign."""
    return "{:+,.2f}".format(amount) if round(amount, 2) else "0.00"


def unit_cost(cost):
    """Write a unit cost with two to four decimals, so that the decimal points stand below each other."""
    text = "{:,.4f}".format(cost)
    shortened = text[:-2] + text[-2:].rstrip("0")
    return shortened.ljust(len(text))


def text(value):
    """Shorten a text that would make the table too wide."""
    return value if len(value) <= WIDEST_TEXT else value[: WIDEST_TEXT - 1] + "…"


def product_name(product):
    """Name a product or variant without its code, which makes tables wide."""
    variant = product.product_template_attribute_value_ids._get_combination_name()
    return "%s (%s)" % (product.name, variant) if variant else product.name or ""


def position_name(record):
    """Name what a line or a layer is about: product, lot, receipt."""
    parts = [product_name(record.product_id)]
    if "lot_id" in record._fields and record.lot_id:
        parts.append(record.lot_id.name)
    if "stock_move_id" in record._fields and record.stock_move_id:
        parts.append(record.stock_move_id.reference)
    return " / ".join(parts)


def account_name(account):
    """Name an account with its code, which 19.0 leaves out."""
    return "%s %s" % (account.code, account.name)


def show(title, headings, rows, totals=()):
    """Print a table.

    Shape: `headings` is [(heading, function that writes a cell)]; `rows` and `totals` hold tuples of
    raw cells, None for an empty one. Columns written by `text` are left-aligned, others right-aligned.
    """
    writers = [writer for _heading, writer in headings]
    names = [heading for heading, _writer in headings]
    body = [_written(row, writers) for row in rows]
    foot = [_written(row, writers) for row in totals]
    widths = [max(len(row[column]) for row in [names] + body + foot) for column in range(len(names))]
    print("\n" + title)
    print(_line(names, widths, writers))
    print("  " + "  ".join("-" * width for width in widths))
    for row in body:
        print(_line(row, widths, writers))
    if foot:
        print("  " + "  ".join("-" * width for width in widths))
    for row in foot:
        print(_line(row, widths, writers))


def _written(row, writers):
    return ["" if cell is None else writer(cell) for writer, cell in zip(writers, row)]


def _line(cells, widths, writers):
    aligned = [
        cell.ljust(width) if writer is text else cell.rjust(width)
        for cell, width, writer in zip(cells, widths, writers)
    ]
    return ("  " + "  ".join(aligned)).rstrip()
