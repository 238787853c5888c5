"""Write-downs to net realisable value: kinds of reasons, what is tracked, what may be reversed."""

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
