"""Write-downs to net realisable value: kinds of reasons, what is tracked, what may be reversed."""

from datetime import timedelta

from odoo import fields
from odoo.addons.stock_revaluation_journal.valuation.shapes import Key
from revaluation_common import RevaluationCase, UserError, ValidationError


class WriteDownCase(RevaluationCase):
    @classmethod
    def set_up_builders(cls):
        super().set_up_builders()
        cls.reasons = {
            kind: cls.create_reason(kind, kind)
            for kind in ("correction", "write_down", "write_down_reversal", "standard_cost")
        }

    @classmethod
    def create_reason(cls, kind, code, **vals):
        return cls.env["stock.revaluation.reason"].create(
            dict(name=kind, code="RT" + code + cls.suffix, kind=kind, **vals)
        )

    def prepare(self, kind, value_by_product, **vals):
        """Return a draft with a line per product and its new total."""
        products = self.env["product.product"].browse([product.id for product in value_by_product])
        journal = self.calculate(products, reason_id=self.reasons[kind].id, **vals)
        for product, value in value_by_product.items():
            self.line(journal, product).value_revalued = value
        return journal


class TestKinds(WriteDownCase):
    @classmethod
    def set_up_builders(cls):
        super().set_up_builders()
        cls.average, cls.standard = cls.create_product("average"), cls.create_product("standard", cost=10.0)
        cls.receive(cls.average, 10, 10.0)
        cls.receive(cls.standard, 10, 10.0)

    def test_reasons_that_come_with_the_addon_have_their_kinds(self):
        kinds = {
            name: self.env.ref("stock_revaluation_journal.reason_" + name)
            for name in ("cost_correction", "write_down", "write_down_reversal", "standard_cost", "allowance")
        }
        self.assertEqual(
            {name: (reason.kind, reason.posting) for name, reason in kinds.items()},
            {
                "cost_correction": ("correction", "cost"),
                "write_down": ("write_down", "cost"),
                "write_down_reversal": ("write_down_reversal", "cost"),
                "standard_cost": ("standard_cost", "cost"),
                "allowance": ("write_down", "allowance"),
            },
        )
        self.assertEqual(self.company.revaluation_framework, "ifrs")

    def test_write_down_that_raises_a_value_is_refused_with_its_line(self):
        journal = self.prepare("write_down", {self.average: 110.0, self.standard: 70.0})
        message = self.assert_refused(journal.action_post, self.average.name, products=self.average + self.standard)
        self.assertNotIn(self.standard.name, message)

    def test_reversal_that_lowers_a_value_is_refused(self):
        journal = self.prepare("write_down_reversal", {self.average: 90.0})
        self.assert_refused(journal.action_post, self.average.name, "lower the value")

    def test_new_standard_cost_is_for_products_under_standard_cost(self):
        journal = self.prepare("standard_cost", {self.average: 90.0, self.standard: 120.0})
        message = self.assert_refused(journal.action_check, self.average.name)
        self.assertNotIn(self.standard.name, message)
        self.line(journal, self.average).unlink()
        self.post(journal)

    def test_correction_goes_up_and_down(self):
        self.post(self.prepare("correction", {self.average: 110.0, self.standard: 70.0}))

    def test_reverse_of_a_write_down_is_no_increase_by_a_write_down(self):
        journal = self.prepare("write_down", {self.average: 70.0})
        self.post(journal)
        journal.action_reverse()
        self.post(journal.reversal_journal_ids)
        self.assertMoney(self.stock_value(self.average), 100.0)

    def test_kind_of_a_posted_reason_stays(self):
        journal = self.prepare("write_down", {self.average: 70.0})
        reason = self.as_user(self.reasons["write_down"], self.accountant)
        reason.write({"kind": "write_down", "name": "Below cost"})
        self.post(journal)
        for vals in ({"kind": "correction"}, {"posting": "allowance"}):
            with self.assertRaisesRegex(UserError, journal.name):
                reason.write(vals)
        reason.write({"name": "Market", "kind": "write_down", "posting": "cost"})

    def test_allowance_is_for_write_downs(self):
        with self.assertRaises(ValidationError):
            self.create_reason("correction", "X", posting="allowance")


class TestTracked(WriteDownCase):
    """10 @ 10 written down to 7 (−30), 4 issued: 18 are left, whatever the costing method."""

    @classmethod
    def set_up_builders(cls):
        super().set_up_builders()
        cls.products = [cls.create_product(method, cost=10.0) for method in ("average", "fifo", "standard")]
        for product in cls.products:
            cls.receive(product, 10, 10.0)

    def left(self, product, date=None, lot=None, layer=None):
        key = Key(product.id, lot.id if lot else False, layer or False)
        journals = self.env["stock.revaluation.journal"].with_company(self.company)
        return journals._get_write_downs_left([key], date).get(key, 0.0)

    def write_down(self, value=70.0, issued=4):
        journal = self.prepare("write_down", dict.fromkeys(self.products, value))
        self.post(journal)
        for product in self.products:
            self.deliver(product, issued)
        return journal

    def test_left_falls_with_the_goods(self):
        self.write_down()
        self.assertEqual([self.left(product) for product in self.products], [18.0] * 3)
        for product in self.products:
            self.receive(product, 12, 20.0)  # of which nothing was written down
        self.assertEqual([self.left(product) for product in self.products], [18.0] * 3)
        for product in self.products:
            self.deliver(product, 6)
        # FIFO: the old goods are gone; else 6 of 18 take a third of 18
        self.assertEqual([self.left(product) for product in self.products], [12.0, 0.0, 12.0])
        for product in self.products:
            self.deliver(product, 12)
        self.assertEqual([self.left(product) for product in self.products], [0.0] * 3)

    def test_reversal_takes_back_what_is_left_at_the_most(self):
        """NRV 9: 42 to 54 (+12), 6 are left; NRV 11: 42 to 66 would be +24, of which 18 are allowed."""
        self.write_down()
        journal = self.prepare("write_down_reversal", dict.fromkeys(self.products, 66.0))
        message = self.assert_refused(journal.action_post, *[product.name for product in self.products])
        self.assertEqual(message.count("18.00 at the most"), 3)
        for line in journal.line_ids:
            line.value_revalued = 54.0
        self.post(journal)
        self.assertEqual([self.left(product) for product in self.products], [6.0] * 3)
        journal = self.prepare("write_down_reversal", dict.fromkeys(self.products, 60.0))
        self.post(journal)  # 10 each, what they would be worth without the write-down
        self.assertEqual([self.left(product) for product in self.products], [0.0] * 3)

    def test_reverse_of_the_document_takes_back_what_is_left(self):
        journal = self.write_down()
        for product in self.products:
            self.receive(product, 10, 20.0)
        journal.action_reverse()
        back = journal.reversal_journal_ids
        # 16 under standard cost: 112 + 18 = 130 are 8.125 each, which up to 18.0 is 8.12: 129.92
        last = 17.92 if self.cost_is_rounded else 18.0
        for product, amount in zip(self.products, (18.0, 18.0, last)):
            self.assertMoney(self.line(back, product).amount, amount)
        self.post(back)
        for product, left in zip(self.products, (0.0, 0.0, 18.0 - last)):
            self.assertMoney(self.left(product), left)

    def test_us_gaap_refuses_what_an_earlier_fiscal_year_wrote_down(self):
        self.company.revaluation_framework = "us_gaap"
        self.write_down()
        journal = self.prepare("write_down_reversal", dict.fromkeys(self.products, 54.0))
        self.pass_time(days=366)
        self.env.cr.execute(
            "UPDATE stock_revaluation_journal_line SET date = date - 366 WHERE state = 'posted' AND company_id = %s",
            [self.company.id],
        )
        self.invalidate()
        journal.action_refresh()
        self.assert_refused(journal.action_post, "ASC 330-10-35-14", self.products[0].name, "0.00 at the most")
        self.company.revaluation_framework = "hgb"
        journal.action_check()
        # this year's write-down of another 12 may be reversed, last year's not
        self.company.revaluation_framework = "us_gaap"
        more = self.prepare("write_down", dict.fromkeys(self.products, 30.0))
        self.post(more)
        self.assertEqual([self.left(product) for product in self.products], [30.0] * 3)
        journal.action_refresh()
        self.assert_refused(journal.action_post, "12.00 at the most")  # 30 to 54
        for line in journal.line_ids:
            line.value_revalued = 42.0
        self.post(journal)

    def test_write_down_dated_in_the_past_is_followed_from_its_day(self):
        """10 @ 10; D; 4 issued; dated D written down to 7: −30, of which 12 went with the goods: 18 are left."""
        average, fifo = self.products[:2]
        self.pass_time(days=10)
        for product in (average, fifo):
            self.deliver(product, 4)
        date = fields.Date.today() - timedelta(days=5)
        self.pass_time()
        self.prepare("write_down", {average: 70.0, fifo: 70.0}, date=date).action_post()
        self.assertEqual([self.left(product) for product in (average, fifo)], [18.0, 18.0])
        self.assertEqual([self.left(product, date) for product in (average, fifo)], [30.0, 30.0])
        self.post(self.prepare("write_down_reversal", {average: 54.0, fifo: 54.0}))
        again = self.prepare("write_down_reversal", {fifo: 100.0}, date=date)
        self.assert_refused(again.action_post, fifo.name)  # 30 at the day are 18 now, of which 6 are left
        again.line_ids.value_revalued = 80.0  # 10 at the day, 6 now
        again.action_post()
        self.assertEqual(self.left(fifo), 0.0)

    def test_layers_under_fifo_are_followed_one_by_one(self):
        """5 @ 5 and 5 @ 10 to nothing: −25 and −50. 6 issued: of the second layer 4 of 5 are left, 40."""
        product = self.create_product("fifo")
        self.receive(product, 5, 5.0)
        self.receive(product, 5, 10.0)
        self.post(self.prepare("write_down", {product: 0.0}))
        self.deliver(product, 6)
        self.assertEqual(self.left(product), 40.0)
        journal = self.calculate(product, "layer", reason_id=self.reasons["write_down_reversal"].id)
        layer = journal.line_ids._key().layer_id
        self.assertEqual(self.left(product, layer=layer), 40.0)
        journal.line_ids.value_revalued = 40.01
        self.assert_refused(journal.action_post, "40.00 at the most", products=product)
        journal.line_ids.value_revalued = 30.0
        self.post(journal)
        self.assertEqual(self.left(product, layer=layer), 10.0)

    def test_customer_return_brings_its_share_back(self):
        average, fifo, _standard = self.products
        self.post(self.prepare("write_down", {average: 70.0, fifo: 70.0}))
        for product in (average, fifo):
            move = self.deliver(product, 4)
            self.return_(move, 1)
            self.assertEqual(self.left(product), 21.0)  # 30 − 12 + 3

    def test_new_standard_cost_begins_anew_and_a_correction_does_not(self):
        standard = self.products[2]
        self.write_down()
        self.post(self.prepare("correction", {standard: 48.0}))
        self.assertEqual(self.left(standard), 18.0)
        self.post(self.prepare("standard_cost", {standard: 60.0}))
        self.assertEqual(self.left(standard), 0.0)

    def test_lots_are_followed_by_themselves(self):
        if not self.has_lot_valuation:
            self.skipTest("Odoo values no lots before 18.0")
        product = self.create_product("average", tracking="lot", lot_valuated=True)
        lots = [self.create_lot(product, name) for name in ("A", "B")]
        for lot in lots:
            self.receive(product, 10, 10.0, lot=lot)
        journal = self.calculate(product, "lot", reason_id=self.reasons["write_down"].id)
        self.line(journal, product, lots[0]).value_revalued = 70.0
        self.line(journal, product, lots[1]).value_revalued = 90.0
        self.post(journal)
        self.deliver(product, 4, lot=lots[0])
        self.assertEqual([self.left(product, lot=lot) for lot in lots], [18.0, 10.0])
        self.assertEqual(self.left(product), 28.0)

    def test_lots_of_a_product_that_was_written_down_as_a_whole_are_reversed_one_by_one(self):
        """Two lots of 10 @ 10, 200 to 140: −30 each. 4 of A issued: of A 18 are left, of B 30."""
        if not self.has_lot_valuation:
            self.skipTest("Odoo values no lots before 18.0")
        for method in ("average", "standard", "fifo"):
            product = self.create_product(method, cost=10.0, tracking="lot", lot_valuated=True)
            lots = [self.create_lot(product, name) for name in ("A", "B")]
            for lot in lots:
                self.receive(product, 10, 10.0, lot=lot)
            journal = self.prepare("write_down", {product: 140.0})
            self.post(journal)
            layers = journal.valuation_layer_ids
            self.assertEqual({layer.lot_id: round(layer.value, 2) for layer in layers}, dict.fromkeys(lots, -30.0))
            self.deliver(product, 4, lot=lots[0])
            self.assertEqual([self.left(product, lot=lot) for lot in lots], [18.0, 30.0], method)
            if method == "fifo":
                continue
            journal = self.calculate(product, "lot", reason_id=self.reasons["write_down_reversal"].id)
            self.line(journal, product, lots[0]).value_revalued = 66.0
            self.assert_refused(journal.action_post, "18.00 at the most", products=product)
            for lot, value in zip(lots, (60.0, 100.0)):
                self.line(journal, product, lot).value_revalued = value
            self.post(journal)
            self.assertEqual(self.left(product), 0.0)
