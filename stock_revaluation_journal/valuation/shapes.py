"""What the valuation seam gives and takes: positions of stock, its layers, what moved, and changes of value."""

from collections import namedtuple

from ..engine.rounding import decimal

# What a line revalues: the product as a whole, one of its lots, or one of its layers (a receipt on 19.0).
# Ids; False where the position is not narrowed to a lot or a layer.
# `whole`: the layer as it was received, with what has been issued of it.
Key = namedtuple("Key", "product_id lot_id layer_id whole", defaults=(False,))
# A position as Odoo's books have it at the end of a day. Units: stock unit of the product, company currency.
# `unit_cost`: the product's cost, where there is no stock that has a value and the cost is all that can change; else
# None. `quantity_now`: what of the product, lot or layer is in stock now.
Position = namedtuple("Position", "key quantity value unit_cost quantity_now", defaults=(None, 0.0))
# An open layer: what is left of one receipt. `layer_id` is what a layer line points to; `received`
# what the receipt brought in altogether, where (19.0) its whole value is what Odoo keeps.
Layer = namedtuple("Layer", "layer_id lot_id quantity value received", defaults=(None,))
# What is to know of a product, without its record: ids, but for the unit, of which there are few.
Facts = namedtuple("Facts", "id product_tmpl_id categ_id uom_id cost_method valuation lot_valuated")
# What moved since a day: an `Event` of the forwarding engine (key, quantity, move, origin) and when it did, in UTC.
# Up to 18.0 the key is the id of its layer, on 19.0 that of its stock move; negative where a cost was set anew.
Movement = namedtuple("Movement", "key quantity move origin moment")
# The stock of one product, or lot, at the end of a day, and what moved since: both lists in order of time.
Stream = namedtuple("Stream", "layers movements")


# What a change does to one stream: its amount at the day, of that what each layer takes as [(layer id, quantity,
# change)], and what went on. `extras` (19.0, FIFO): {receipt id: what its whole value changes by}.
class Part(namedtuple("Part", "lot_id amount layers forwarded movements extras", defaults=(None,))):
    @property
    def left(self):
        """What of the amount is in stock now, in whole cents even where layers hold fractions."""
        return decimal(self.amount) - sum(self.forwarded.shares.values())


# What of a change went on with one movement: `amount` as its layer has it, signed like a change of the stock's value;
# `account_id` where the cost went (False: no journal entry of ours), `date` the day it is booked.
Forward = namedtuple("Forward", "line_id product_id lot_id movement amount account_id date account_move_id")
# What posting asks for: `value` is the new total of the position, `amount` its signed change,
# `unit_cost` the cost to store where the accountant's unit cost decides (standard cost), else None.
Change = namedtuple("Change", "line_id journal_id key value amount unit_cost description account_move_id")
