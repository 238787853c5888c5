"""Goods: their layers, lots, units, bills of materials and prices."""

import importlib.util
from collections import defaultdict

from .series import SERIES

# Odoo keeps stock.valuation.layer (14.0-18.0); else this addon defines it as its ledger.
HAS_LAYERS = bool(importlib.util.find_spec("odoo.addons.stock_account.models.stock_valuation_layer"))
# Field of a journal line that names the layer it applies to.
LAYER_FIELD = "valuation_layer_id" if HAS_LAYERS else "stock_move_id"
# The product's cost column is rounded to "Product Price" (14.0-18.0).
COST_IS_ROUNDED = HAS_LAYERS
# The cost of goods sold is booked with the customer's invoice, at the cost of that day (19.0), not with the delivery.
COST_BOOKED_WITH_INVOICE = not HAS_LAYERS
LOT_MODEL = "stock.lot" if SERIES >= 16 else "stock.production.lot"
QUANTITY_DIGITS = "Product Unit" if SERIES >= 19 else "Product Unit of Measure"


def unit_rounding(uom):
    """Return the smallest quantity of a unit; 20.0 has one precision for all."""
    return (
        uom.rounding
        if "rounding" in uom._fields
        else 10.0 ** -uom.env["decimal.precision"].precision_get(QUANTITY_DIGITS)
    )


def storable_domain(env):
    """Domain of the products whose stock is kept."""
    if "is_storable" in env["product.product"]._fields:
        return [("is_storable", "=", True)]
    return [("type", "=", "product")]


def is_lot_valued(product):
    """Tell whether the product is valued by lot (18.0 and later)."""
    return bool("lot_valuated" in product._fields and product.lot_valuated)


def done_quantity(move):
    """Return the quantity that a stock move has moved, in its own unit."""
    return move.quantity_done if "quantity_done" in move._fields else move.quantity


def seller_partner_field(env):
    """Name of the vendor field on product.supplierinfo."""
    return "partner_id" if "partner_id" in env["product.supplierinfo"]._fields else "name"


def seller_unit(seller):
    """Return the unit that a vendor's price is given in."""
    return seller["product_uom_id" if "product_uom_id" in seller._fields else "product_uom"]


def find_boms(products, company):
    """Return {product: its first bill of materials in `company`}, without the products that have none."""
    Bom = products.env["mrp.bom"].sudo()
    if SERIES >= 15:
        found = Bom._bom_find(products, company_id=company.id)
        return {product: found[product] for product in products if found[product]}
    made, found = products.filtered(lambda product: product.type != "service"), {}
    domain = ["|", ("product_id", "in", made.ids), "&", ("product_id", "=", False)]
    domain += [("product_tmpl_id", "in", made.product_tmpl_id.ids), ("company_id", "in", [False, company.id])]
    variants = defaultdict(list)
    for product in made:
        variants[product.product_tmpl_id].append(product)
    for bom in Bom.search(domain, order="sequence, product_id, id"):
        for product in bom.product_id or variants[bom.product_tmpl_id]:
            found.setdefault(product, bom)
    return found


def pricelist_prices(pricelist, products, moment):
    """Return {product id: price of one stock unit at `moment`, in the pricelist's currency}."""
    if hasattr(pricelist, "_get_products_price"):
        return pricelist._get_products_price(products, 1.0, date=moment)
    count = len(products)
    return pricelist.get_products_price(products, [1.0] * count, [False] * count, date=moment)
