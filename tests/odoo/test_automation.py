"""Automated actions, server actions and followers: the real mechanisms call the addon.

`base.automation` is installed in the database of the tests; the addon works without it.
"""

from datetime import datetime, timedelta

from concurrency_common import ConcurrencyCase
from odoo.tools import mute_logger
from revaluation_common import AccessError, RevaluationCase, UserError

CRON = "base_automation.ir_cron_data_base_automation_check"


class AutomationBuilders:
    """Automated actions that run code, in the words of every series."""

    def automate(self, model, trigger, code, watched=None, **vals):
        """Create an automated action on `model`; `watched` is the field whose change triggers it."""
        model_id = self.env["ir.model"]._get(model).id
        vals.update(name="Test: %s" % code[:40], model_id=model_id, trigger=trigger)
        if watched:
            field = self.env["ir.model.fields"]._get(model, watched)
            vals["trigger_field_ids"] = [(6, 0, field.ids)]
        Automation = self.env["base.automation"]
        if "action_server_ids" in Automation._fields:
            automation = Automation.create(vals)
            self.env["ir.actions.server"].create(
                {
                    "name": vals["name"],
                    "model_id": model_id,
                    "state": "code",
                    "code": code,
                    "base_automation_id": automation.id,
                    "usage": "base_automation",
                }
            )
        else:
            automation = Automation.create(dict(vals, state="code", code=code))
        self.addCleanup(self.stop, automation)
        return automation

    def stop(self, automation):
        automation.unlink()
        self.flush()

    def stocked(self, quantity=10, unit_cost=10.00, method="average", **vals):
        product = self.create_product(method, cost=unit_cost if method == "standard" else 0.0, **vals)
        self.receive(product, quantity, unit_cost)
        product.seller_ids.unlink()  # confirming a purchase order adds its price
        self.pass_time()
        return product

    def vendor_price(self, product, price):
        Info = self.env["product.supplierinfo"]
        partner = "partner_id" if "partner_id" in Info._fields else "name"
        return Info.create(
            {
                partner: self.vendor.id,
                "product_tmpl_id": product.product_tmpl_id.id,
                "price": price,
                "company_id": self.company.id,
                "currency_id": self.currency.id,
            }
        )

    def journals_of(self, product):
        return self.env["stock.revaluation.journal.line"].search([("product_id", "=", product.id)]).journal_id


class TestAutomation(AutomationBuilders, RevaluationCase):
    # ------------------------------------------------------------------ base.automation

    def test_change_of_a_vendor_price_revalues_the_stock(self):
        product = self.stocked(10, 10.00)
        price = self.vendor_price(product, 10.00)
        self.automate(
            "product.supplierinfo",
            "on_create_or_write",
            "env['stock.revaluation.journal'].revalue_from('vendor', post=True,"
            " product_ids=record.product_tmpl_id.product_variant_ids.ids, description='Vendor price')",
            watched="price",
        )
        buyer = self.create_user("reval_buyer", "purchase.group_purchase_manager")
        self.as_user(price, buyer).write({"price": 11.50})
        journal = self.journals_of(product)
        self.assertEqual((journal.state, journal.description, journal.posted_by), ("posted", "Vendor price", buyer))
        self.assertMoney(journal.amount, 15.00)  # 10 x (11.50 - 10.00)
        self.assertMoney(self.stock_value(product), 115.00)
        self.as_user(price, buyer).write({"min_qty": 1})
        self.assertEqual(self.journals_of(product), journal)

    def test_move_to_another_category_revalues_the_stock(self):
        product = self.stocked(10, 10.00, "fifo")
        damaged = self.env["product.category"].create({"name": "Damaged"})
        self.set_up_category(damaged, "fifo")
        self.automate(
            "product.template",
            "on_write",
            "env['stock.revaluation.journal'].revalue_from('percent', percentage=-60, post=True, reason=%r,"
            " product_ids=records.product_variant_ids.ids)" % self.reason.code,
            watched="categ_id",
            filter_domain="[('categ_id', '=', %d)]" % damaged.id,
        )
        product.product_tmpl_id.write({"list_price": 3.00})
        self.assertFalse(self.journals_of(product))
        product.product_tmpl_id.write({"categ_id": damaged.id})
        journal = self.journals_of(product)
        self.assertEqual((journal.state, journal.reason_id), ("posted", self.reason))
        self.assertMoney(self.stock_value(product), 40.00)  # 100.00 less 60 %

    def test_refusal_of_the_journal_refuses_the_change_that_triggered_it(self):
        product = self.stocked(10, 10.00)
        price = self.vendor_price(product, 10.00)
        self.automate(
            "product.supplierinfo",
            "on_write",
            "env['stock.revaluation.journal'].revalue({record.product_tmpl_id.product_variant_id.id: -record.price})",
        )
        with self.assertRaisesRegex(UserError, "from zero up"), self.env.cr.savepoint():
            price.write({"price": 12.00})
            self.flush()
        self.assertFalse(self.journals_of(product))
        self.assertMoney(self.stock_value(product), 100.00)

    def test_another_addon_that_changes_the_value_as_well_refuses_the_posting(self):
        if self.has_product_values:
            self.skipTest("19.0 keeps the cost itself, no changes to it: what the journal writes last is the value")
        product = self.stocked(10, 10.00)
        journal = self.calculate(product)
        self.line(journal, product).write({"value_revalued": 125.00})
        self.automate(
            "account.move",
            "on_create",
            "env['stock.valuation.layer'].sudo().create({'product_id': %d, 'company_id': record.company_id.id,"
            " 'value': 7.00, 'quantity': 0, 'unit_cost': 0})" % product.id,
            filter_domain="[('ref', 'like', '%s')]" % journal.name,
        )
        # 25.00 and 7.00
        with self.assertRaisesRegex(UserError, "32.0 instead of 25.0"), self.env.cr.savepoint():
            journal.action_post()
        self.invalidate()
        self.assertEqual(journal.state, "draft")
        self.assertMoney(self.stock_value(product), 100.00)

    # ------------------------------------------------------------------ server actions

    def run_action(self, name, records, user=None):
        """Choose an entry of the Action menu with these records selected."""
        action = self.env.ref("stock_revaluation_journal.action_" + name)
        action = self.as_user(action, user or self.accountant)
        return action.with_context(active_model=records._name, active_ids=records.ids, active_id=records[:1].id).run()

    def test_every_server_action_does_what_its_name_says(self):
        for model in ("template", "product", "category"):
            for name, value in (("vendor", 90.00), ("realisable", 80.00)):
                for ending, state in (("draft", "draft"), ("post", "posted")):
                    category = self.env["product.category"].create({"name": "Of %s" % name})
                    self.set_up_category(category, "average")
                    product = self.stocked(10, 10.00, categ=category, list_price=8.00)
                    self.vendor_price(product, 9.00)
                    selected = {"template": product.product_tmpl_id, "product": product, "category": category}[model]
                    action = self.run_action("%s_%s_%s" % (model, name, ending), selected)
                    journal = self.journals_of(product)
                    label = (model, name, ending)
                    self.assertEqual((action["res_model"], action["res_id"]), (journal._name, journal.id), label)
                    self.assertEqual((journal.state, journal.value_revalued), (state, value), label)
                    self.assertMoney(self.stock_value(product), value if state == "posted" else 100.00)

    def test_realisable_value_takes_selling_costs_off_and_never_writes_up(self):
        self.env["ir.config_parameter"].set_param("stock_revaluation_journal.selling_cost_percent", "10")
        dear, cheap = self.stocked(10, 10.00, list_price=8.00), self.stocked(10, 10.00, list_price=20.00)
        self.run_action("product_realisable_post", dear + cheap)
        self.assertMoney(self.stock_value(dear), 72.00)  # 10 x 8.00 x 0.90
        self.assertMoney(self.stock_value(cheap), 100.00)
        journal = self.journals_of(dear)
        self.assertEqual(journal.reason_id, self.env.ref("stock_revaluation_journal.reason_write_down"))
        answer = self.run_action("product_realisable_post", cheap)
        self.assertEqual(answer["tag"], "display_notification")

    @mute_logger(
        "odoo.addons.base.models.ir_actions", "odoo.addons.base.models.ir_model", "odoo.addons.base.models.ir_rule"
    )
    def test_server_actions_are_for_revaluation_users(self):
        product = self.stocked(10, 10.00, list_price=8.00)
        preparer = self.create_user("reval_preparer", "stock_revaluation_journal.group_revaluation_user")
        stranger = self.create_user("reval_stranger", "stock.group_stock_user")
        for user, name in ((preparer, "post"), (stranger, "draft")):
            with self.assertRaises(AccessError):
                self.run_action("product_realisable_" + name, product, user)
        self.assertFalse(self.journals_of(product))
        self.run_action("product_realisable_draft", product, preparer)
        self.assertEqual(self.journals_of(product).state, "draft")

    # ------------------------------------------------------------------ followers

    def test_posting_tells_those_who_follow_it_and_sends_no_mail(self):
        product = self.stocked(10, 10.00)
        journal = self.calculate(product)
        self.line(journal, product).value_revalued = 90.00
        controller = self.create_user(
            "reval_controller", "stock_revaluation_journal.group_revaluation_user", notification_type="inbox"
        )
        bystander = self.create_user("reval_bystander", "stock_revaluation_journal.group_revaluation_user")
        posted = self.env.ref("stock_revaluation_journal.mt_revaluation_posted")
        journal.message_subscribe(controller.partner_id.ids, subtype_ids=posted.ids)
        journal.message_subscribe(bystander.partner_id.ids)
        self.flush()
        mails = self.env["mail.mail"].search_count([])
        self.post(journal)
        message = journal.message_ids.filtered(lambda each: each.subtype_id == posted)
        self.assertEqual(len(message), 1)
        told = self.env["mail.notification"].search([("mail_message_id", "=", message.id)]).res_partner_id
        self.assertEqual(told, controller.partner_id)
        self.assertEqual(self.env["mail.mail"].search_count([]), mails)


class TestTimedAutomation(AutomationBuilders, ConcurrencyCase):
    """The scheduled action of automated actions runs in transactions of its own."""

    def stop(self, automation):
        self.restart(rollback=True)
        automation.unlink()
        self.restart()

    def test_time_condition_writes_down_what_lies_too_long(self):
        """90 days after its creation a product is written down to a quarter of its cost."""
        old, new = self.stocked(10, 10.00), self.stocked(10, 10.00)
        self.env.cr.execute(
            "UPDATE product_product SET create_date = %s WHERE id = %s", [datetime.now() - timedelta(days=100), old.id]
        )
        self.invalidate()
        self.automate(
            "product.product",
            "on_time",
            "env['stock.revaluation.journal'].with_company(%d).revalue_from('percent', percentage=-75, post=True,"
            " product_ids=records.ids)" % self.company.id,
            trg_date_id=self.env["ir.model.fields"]._get("product.product", "create_date").id,
            trg_date_range=90,
            trg_date_range_type="day",
            filter_domain="[('id', 'in', %s)]" % (old + new).ids,
        )
        for _run in range(2):  # once, though the scheduled action runs again
            self.restart()
            request = self.request(lambda env: env.ref(CRON).method_direct_trigger() and None).end()
            self.assertIsNone(request.error)
            self.restart()
        self.assertEqual(self.journals_of(old).state, "posted")
        self.assertFalse(self.journals_of(new))
        self.assertMoney(self.stock_value(old), 25.00)  # 100.00 x 0.25
        self.assertMoney(self.stock_value(new), 100.00)
