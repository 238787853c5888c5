"""Builders of what happens to stock: receipts, deliveries, returns, scrap, bills, landed costs.

Time. Odoo dates what it does with the clock, to the second at the most, and it orders receipts,
deliveries and (19.0) changes of cost by these dates. Nothing here sleeps: before each step all
that the company did so far is moved one minute into the past (`pass_time`), so that every step has
a minute of its own and what happens now is always the latest. `pass_time(days=30)` makes the stock
a month old.

Receipts. Each one comes from a purchase order of its own, whose price is its value: on 19.0 a
receipt without one is valued at the product's cost, whatever `price_unit` says, and is revalued
whenever that cost changes.
"""

from odoo import fields


class MoveBuilders:
    """Stock operations as users do them, each at a moment of its own."""

    # ------------------------------------------------------------------ time

    @classmethod
    def flush(cls):
        if hasattr(cls.env, "flush_all"):
            cls.env.flush_all()
        else:
            cls.env["base"].flush()

    @classmethod
    def invalidate(cls):
        if hasattr(cls.env, "invalidate_all"):
            cls.env.invalidate_all()
        else:
            cls.env.cache.invalidate()

    @classmethod
    def pass_time(cls, minutes=1, days=0):
        """Move all that the company did with stock so far into the past."""
        cls.flush()
        for table, column in [
            ("stock_move", "date"),
            ("stock_move_line", "date"),
            ("product_value", "date"),
            ("stock_valuation_layer", "create_date"),
            ("stock_revaluation_journal_line", "write_down_moment"),
        ]:
            cls.env.cr.execute(
                "SELECT 1 FROM information_schema.columns WHERE table_name = %s AND column_name = %s",
                [table, column],
            )
            if cls.env.cr.fetchone():
                # The names are constants of this class. 19.0 of mid-2026 dates a product's first
                # cost in the year 1: nothing lies before that.
                whose, record_id = cls._passing()
                cls.env.cr.execute(
                    "UPDATE {0} SET {1} = {1} - %s * interval '1 minute' WHERE {2} = %s AND {1} > '1900-01-01'".format(
                        table, column, whose
                    ),
                    [minutes + days * 1440, record_id],
                )
        cls.invalidate()

    @classmethod
    def _passing(cls):
        """Return (column, id): whose time it is that passes."""
        return "company_id", cls.company.id

    # ------------------------------------------------------------------ stock operations

    @classmethod
    def _done_quantity(cls, record, quantity):
        """Write what was moved on a move or move line, as each series has it."""
        if record._name == "stock.move":
            name = "quantity_done" if "quantity_done" in record._fields else "quantity"
        else:
            name = "qty_done" if "qty_done" in record._fields else "quantity"
        record[name] = quantity
        if "picked" in record._fields:
            record.picked = True

    @classmethod
    def _set_move_done(cls, move, quantity, lot=None, owner=None):
        """Fill in the quantity moved, of one lot if given, without relying on a reservation."""
        if not lot and not owner:
            cls._done_quantity(move, quantity)
            return
        move.move_line_ids.unlink()
        vals = {
            "move_id": move.id,
            "picking_id": move.picking_id.id,
            "company_id": move.company_id.id,
            "product_id": move.product_id.id,
            "product_uom_id": move.product_uom.id,
            "location_id": move.location_id.id,
            "location_dest_id": move.location_dest_id.id,
            "lot_id": lot.id if lot else False,
            "owner_id": owner.id if owner else False,
        }
        line = cls.env["stock.move.line"].create(vals)
        cls._done_quantity(line, quantity)
        if "picked" in move._fields:
            move.picked = True

    @classmethod
    def receive(cls, product, quantity, unit_cost, lot=None, uom=None):
        """Receive goods from a purchase order at `unit_cost` a unit of `uom`. Return the move."""
        cls.pass_time()
        line_vals = {
            "name": product.name,
            "product_id": product.id,
            "product_qty": quantity,
            "price_unit": unit_cost,
            "date_planned": fields.Datetime.now(),
        }
        PurchaseLine = cls.env["purchase.order.line"]
        uom_field = "product_uom" if "product_uom" in PurchaseLine._fields else "product_uom_id"
        tax_field = "taxes_id" if "taxes_id" in PurchaseLine._fields else "tax_ids"
        line_vals[uom_field] = (uom or product.uom_id).id
        line_vals[tax_field] = [(6, 0, [])]
        order = cls.env["purchase.order"].create(
            {
                "partner_id": cls.vendor.id,
                "company_id": cls.company.id,
                "currency_id": cls.currency.id,
                "picking_type_id": cls.warehouse.in_type_id.id,
                "order_line": [(0, 0, line_vals)],
            }
        )
        order.button_confirm()
        move = order.order_line.move_ids
        cls._set_move_done(move, move.product_uom_qty, lot=lot)
        return cls._finish_picking(move)

    @classmethod
    def _finish_picking(cls, move):
        """Do the picking of a move. Return the done move."""
        move.picking_id._action_done()
        assert move.state == "done", "The goods were not moved."
        cls.flush()
        cls.invalidate()
        return move

    @classmethod
    def _transfer(cls, product, quantity, source, target, picking_type, lot=None, owner=None, **vals):
        """Move goods through a picking. Return the done move."""
        cls.pass_time()
        move = cls._prepare_transfer(product, quantity, source, target, picking_type, lot, owner, **vals)
        return cls._finish_picking(move)

    @classmethod
    def _prepare_transfer(cls, product, quantity, source, target, picking_type, lot=None, owner=None, **vals):
        """Let goods be ready to move through a picking. Return the move."""
        picking = cls.env["stock.picking"].create(
            {
                "picking_type_id": picking_type.id,
                "location_id": source.id,
                "location_dest_id": target.id,
                "partner_id": vals.pop("partner", cls.customer).id,
                "company_id": cls.company.id,
                "owner_id": owner.id if owner else False,
            }
        )
        move_vals = dict(
            {
                "product_id": product.id,
                "product_uom": product.uom_id.id,
                "product_uom_qty": quantity,
                "picking_id": picking.id,
                "picking_type_id": picking_type.id,
                "location_id": source.id,
                "location_dest_id": target.id,
                "company_id": cls.company.id,
            },
            **vals,
        )
        if "name" in cls.env["stock.move"]._fields:
            move_vals["name"] = product.name
        move = cls.env["stock.move"].create(move_vals)
        picking.action_confirm()
        picking.action_assign()
        cls._set_move_done(move, quantity, lot=lot, owner=owner)
        return move

    @classmethod
    def deliver(cls, product, quantity, lot=None):
        """Deliver goods to a customer, into negative stock if need be. Return the move."""
        return cls._transfer(
            product,
            quantity,
            cls.stock_location,
            cls.customer_location,
            cls.warehouse.out_type_id,
            lot=lot,
        )

    @classmethod
    def receive_consigned(cls, product, quantity, owner):
        """Take in goods that stay another partner's."""
        return cls._transfer(
            product,
            quantity,
            cls.supplier_location,
            cls.stock_location,
            cls.warehouse.in_type_id,
            owner=owner,
            partner=owner,
        )

    @classmethod
    def return_(cls, move, quantity):
        """Take goods back that `move` delivered, or give back what it received."""
        incoming = move.location_id == cls.supplier_location
        vals = {"origin_returned_move_id": move.id, "to_refund": True}
        if incoming and "purchase_line_id" in move._fields:
            vals["purchase_line_id"] = move.purchase_line_id.id
        return cls._transfer(
            move.product_id,
            quantity,
            move.location_dest_id,
            move.location_id,
            cls.warehouse.out_type_id if incoming else cls.warehouse.in_type_id,
            **vals,
        )

    @classmethod
    def scrap(cls, product, quantity):
        """Scrap goods from stock. Return the scrap order."""
        cls.pass_time()
        scrap = cls.env["stock.scrap"].create(
            {
                "product_id": product.id,
                "product_uom_id": product.uom_id.id,
                "scrap_qty": quantity,
                "location_id": cls.stock_location.id,
                "company_id": cls.company.id,
            }
        )
        scrap.do_scrap()
        cls.flush()
        cls.invalidate()
        return scrap

    @classmethod
    def bill(cls, receipt, unit_price, quantity=None):
        """Post the vendor's bill of a receipt, at `unit_price`. Return the bill."""
        return cls.bill_all([(receipt, unit_price, quantity)])

    @classmethod
    def bill_all(cls, entries):
        """Post one vendor bill of [(receipt, unit price, quantity or None for what was ordered)]. Return it."""
        cls.pass_time()
        bill = (
            cls.env["account.move"]
            .with_context(default_move_type="in_invoice")
            .create(
                {
                    "move_type": "in_invoice",
                    "partner_id": cls.vendor.id,
                    "company_id": cls.company.id,
                    "journal_id": cls.purchase_journal.id,
                    "currency_id": cls.currency.id,
                    "invoice_date": fields.Date.today(),
                    "date": fields.Date.today(),
                    "invoice_line_ids": [(0, 0, cls._bill_vals(*entry)) for entry in entries],
                }
            )
        )
        bill.action_post()
        cls.flush()
        cls.invalidate()
        return bill

    @classmethod
    def _bill_vals(cls, receipt, unit_price, quantity):
        line = receipt.purchase_line_id
        return {
            "name": receipt.product_id.name,
            "product_id": receipt.product_id.id,
            "quantity": quantity if quantity is not None else line.product_qty,
            "price_unit": unit_price,
            "purchase_line_id": line.id,
            "product_uom_id": line["product_uom" if "product_uom" in line._fields else "product_uom_id"].id,
            "tax_ids": [(6, 0, [])],
        }

    @classmethod
    def sell(cls, product, quantity, price_unit=25.00):
        """Sell goods and deliver them. Return the order."""
        cls.pass_time()
        line_vals = {"product_id": product.id, "product_uom_qty": quantity, "price_unit": price_unit}
        tax_field = "tax_id" if "tax_id" in cls.env["sale.order.line"]._fields else "tax_ids"
        line_vals[tax_field] = [(6, 0, [])]
        order = cls.env["sale.order"].create(
            {
                "partner_id": cls.customer.id,
                "company_id": cls.company.id,
                "warehouse_id": cls.warehouse.id,
                "order_line": [(0, 0, line_vals)],
            }
        )
        order.action_confirm()
        move = order.order_line.move_ids
        cls._set_move_done(move, quantity)
        move.picking_id._action_done()
        cls.flush()
        cls.invalidate()
        return order

    @classmethod
    def invoice(cls, order, quantity=None):
        """Post the customer's invoice of what an order has delivered, or of `quantity` of it. Return it."""
        invoice = order._create_invoices()
        invoice.invoice_date = fields.Date.today()
        if quantity is not None:
            invoice.write({"invoice_line_ids": [(1, invoice.invoice_line_ids.id, {"quantity": quantity})]})
        invoice.action_post()
        cls.flush()
        cls.invalidate()
        return invoice

    def landed_cost(self, receipt, amount):
        """Post a landed cost on a receipt (or several in one picking, in equal parts). Return it."""
        if "stock.landed.cost" not in self.env.registry:
            self.skipTest("stock_landed_costs is not installed in this database")
        self.pass_time()
        service = self.env["product.product"].create(
            {
                "name": "Freight",
                "type": "service",
                "landed_cost_ok": True,
                "categ_id": self.category("standard").id,
                "property_account_expense_id": self.account_expense.id,
            }
        )
        cost = self.env["stock.landed.cost"].create(
            {
                "picking_ids": [(6, 0, receipt.picking_id.ids)],
                "account_journal_id": self.stock_journal.id,
                "cost_lines": [
                    (
                        0,
                        0,
                        {
                            "name": "Freight",
                            "product_id": service.id,
                            "price_unit": amount,
                            "split_method": "equal",
                            "account_id": self.account_expense.id,
                        },
                    )
                ],
            }
        )
        cost.compute_landed_cost()
        cost.button_validate()
        self.flush()
        self.invalidate()
        return cost
