"""What the accountant of the demonstration enters: new unit costs and new totals, one by one."""

from collections import namedtuple

# `lot`: of which lot; where a product has a line for each receipt, the newest is meant.
# `factor`: times the cost as it is, for products whose cost differs by series.
Entry = namedtuple("Entry", "code field number lot factor", defaults=[None, None, None])

UNIT_COST, TOTAL = "unit_cost_revalued", "value_revalued"
ENTRIES = (
    Entry("RJ-STD1", UNIT_COST, 13.75),  # new standard cost
    Entry("RJ-STD2", TOTAL, 40.00),  # a total that three units cannot share evenly
    Entry("RJ-AVG1", TOTAL, 750.00),  # 147 units to a round total
    Entry("RJ-AVG2", UNIT_COST, 3.85),  # market price has fallen
    Entry("RJ-FIFO1", TOTAL, 100.00),  # uneven receipts: both end at 2.50
    Entry("RJ-FIFO2", TOTAL, 0.00),  # cannot be sold any more
    Entry("RJ-FIFO3", UNIT_COST, 24.00),  # the newest receipt alone
    Entry("RJ-LOT", UNIT_COST, 12.50, "LOT-1"),
    Entry("RJ-LOT", TOTAL, 180.00, "LOT-2"),
    # Odoo's own demo products
    Entry("E-COM07", UNIT_COST, factor=0.95),  # new purchase price
    Entry("E-COM08", UNIT_COST, factor=1.04),
    Entry("FURN_0269", UNIT_COST, factor=0.9),  # damaged in storage
    Entry("DESK0005", TOTAL, 30000.00),  # stock that had no value yet
)


def enter(journal):
    """Enter the numbers on the journal's lines; return [(line, Entry)]."""
    entered = []
    for entry in ENTRIES:
        lines = journal.line_ids.filtered(lambda line, code=entry.code: line.product_id.default_code == code)
        if entry.lot:
            lines = lines.filtered(lambda line, name=entry.lot: line.lot_id.name == name)
        for line in lines.sorted("sequence")[-1:]:  # not every series has that product, or values by lot
            number = round(line.unit_cost_calculated * entry.factor, 2) if entry.factor else entry.number
            line.write({entry.field: number})
            entered.append((line, entry._replace(number=number)))
    return entered
