"""Plain tables for a terminal, and how records and figures are written in them."""

import re

WIDEST_TEXT = 36
NUMBER = re.compile(r"[-+]?[\d,]+(\.\d+)? *\*? *")


def money(amount):
    """Write an amount; what is zero has no sign."""
    return "{:,.2f}".format(round(amount, 2) + 0.0)


def signed(amount):
    """Write a change, with its sign."""
    return "{:+,.2f}".format(amount) if round(amount, 2) else "0.00"


def unit_cost(cost):
    """Write a unit cost with two to four decimals, so that the decimal points stand below each other."""
    text = "{:,.4f}".format(cost)
    return (text[:-2] + text[-2:].rstrip("0")).ljust(len(text))


def product_name(product):
    """Name a product or variant without its code, which makes tables wide."""
    variant = product.product_template_attribute_value_ids._get_combination_name()
    return "%s (%s)" % (product.name, variant) if variant else product.name or ""


def position_name(record):
    """Name what a line or a layer is about: product, lot, receipt."""
    parts = {"lot_id": "name", "stock_move_id": "reference"}
    known = [record[field][name] for field, name in parts.items() if field in record._fields and record[field]]
    return " / ".join([product_name(record.product_id), *known])


def account_name(account):
    """Name an account with its code, which 19.0 leaves out."""
    return "%s %s" % (account.code, account.name)


def show(title, headings, rows):
    """Print a table of texts and amounts, None for an empty cell; an empty row is a rule.

    A column with numbers in it, or texts that are one, is right-aligned.
    """
    table = [headings, []] + [[_written(cell) for cell in row] for row in rows]
    cells = [row for row in table if row]
    widths = [max(map(len, column)) for column in zip(*cells)]
    right = [any(map(NUMBER.fullmatch, column[1:])) for column in zip(*cells)]
    print("\n" + title)
    for row in table:
        row = row or ["-" * width for width in widths]
        aligned = [cell.rjust(width) if to else cell.ljust(width) for cell, width, to in zip(row, widths, right)]
        print(("  " + "  ".join(aligned)).rstrip())


def _written(cell):
    if isinstance(cell, (int, float)):
        return money(cell)
    cell = cell or ""
    return cell if len(cell) <= WIDEST_TEXT else cell[: WIDEST_TEXT - 1] + "…"
