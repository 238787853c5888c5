"""Import and export: lines and whole journals from files, round trips, files with wrong rows."""

import csv
import io
import zipfile
from unittest.mock import patch

from odoo import tools
from revaluation_common import RevaluationCase


class TestImportExport(RevaluationCase):
    """Copper wire 10 × 10.00 (100.00), coffee 5 × 5.00 + 5 × 10.00 (75.00), steel 10 × 4.00 standard (40.00)."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.copper = cls.create_product("average", name="Copper wire", default_code="RT-CU", barcode="4006381333931")
        cls.receive(cls.copper, 10, 10.00)
        cls.coffee = cls.create_product("fifo", name="Coffee", default_code="RT-CO")
        cls.first = cls.receive(cls.coffee, 5, 5.00)
        cls.receive(cls.coffee, 5, 10.00)
        cls.steel = cls.create_product("standard", cost=4.0, name="Steel", default_code="RT-ST")
        cls.receive(cls.steel, 10, 4.00)
        export = cls.env.ref("base.group_allow_export")
        export.write({"user_ids" if "user_ids" in export._fields else "users": [(4, cls.accountant.id)]})

    @property
    def Line(self):
        return self.as_user(self.env["stock.revaluation.journal.line"], self.accountant)

    def into(self, journal):
        """Return the lines' model as the import dialog calls it from the lines of `journal`."""
        return self.Line.with_context(default_journal_id=journal.id)

    def load(self, journal, columns, *rows):
        """Import rows of lines into a journal; return what Odoo's import returns."""
        result = self.into(journal).load(columns, [list(row) for row in rows])
        self.flush()
        return result

    def assert_loaded(self, result):
        self.assertTrue(result["ids"], result["messages"])
        self.assertFalse(result["messages"])

    def assert_refused_rows(self, result, expected):
        """Nothing was imported, and these rows are named: {row: part of the text}."""
        self.assertFalse(result["ids"])
        self.assertEqual(sorted(message["record"] for message in result["messages"]), sorted(expected))
        for message in result["messages"]:
            self.assertEqual(message["type"], "error")
            self.assertIn(expected[message["record"]], message["message"])
            self.assertNotIn("<class", message["message"])

    # ------------------------------------------------------------------ new lines

    def test_import_products_by_reference_barcode_and_name(self):
        journal = self.create_journal()
        self.assert_loaded(
            self.load(
                journal,
                ["product_id", "unit_cost_revalued", "value_revalued", "note"],
                ("RT-ST", "5.00", "", "by reference"),
                ("4006381333931", "", "125.00", "by barcode"),
                ("Coffee", "", "0", "by name"),
            )
        )
        # Steel 10 × 5.00 = 50.00, +10.00; copper 125.00, +25.00; coffee 0.00, −75.00
        self.assertMoney(self.line(journal, self.steel).amount, 10.00)
        self.assertMoney(self.line(journal, self.copper).amount, 25.00)
        self.assertMoney(self.line(journal, self.coffee).amount, -75.00)
        self.assertEqual(self.line(journal, self.steel).entered, "unit_cost")
        self.assertEqual(self.line(journal, self.copper).entered, "value")
        self.assertEqual(self.line(journal, self.coffee).note, "by name")
        self.assertMoney(journal.amount, -40.00)

    def test_import_product_by_the_name_that_a_list_shows(self):
        journal = self.create_journal()
        self.assert_loaded(self.load(journal, ["product_id", "value_revalued"], (self.copper.display_name, "125")))
        self.assertMoney(self.line(journal, self.copper).value_revalued, 125.00)

    def test_import_with_both_cells_empty_changes_nothing(self):
        journal = self.create_journal()
        self.assert_loaded(
            self.load(journal, ["product_id", "unit_cost_revalued", "value_revalued"], ("RT-CU", "", ""))
        )
        line = self.line(journal, self.copper)
        self.assertMoney(line.value_revalued, 100.00)
        self.assertFalse(line.entered)

    def test_import_with_the_journal_in_a_column(self):
        journal = self.create_journal()
        result = self.Line.load(["journal_id", "product_id", "value_revalued"], [[journal.name, "RT-CU", "125"]])
        self.assert_loaded(result)
        self.assertMoney(journal.amount, 25.00)

    def test_import_of_one_receipt_under_fifo(self):
        journal = self.create_journal()
        number = self.first.sudo().reference
        self.assert_loaded(self.load(journal, ["product_id", "receipt", "unit_cost_revalued"], ("RT-CO", number, "6")))
        line = self.line(journal, self.coffee)
        self.assertEqual(line.stock_move_id, self.first)
        self.assertEqual(line.receipt, number)
        self.assertMoney(line.amount, 5.00)  # 5 × 6.00 − 5 × 5.00

    def test_import_of_a_lot_from_18_on(self):
        if not self.has_lot_valuation:
            self.skipTest("lots have a value of their own from 18.0 on")
        wine = self.create_product("average", name="Wine", default_code="RT-WI", tracking="lot", lot_valuated=True)
        beer = self.create_product("average", name="Beer", default_code="RT-BE", tracking="lot", lot_valuated=True)
        for product in (wine, beer):  # both have a lot of this name
            self.receive(product, 5, 10.00, lot=self.create_lot(product, "001"))
        journal = self.create_journal()
        self.assert_loaded(
            self.load(
                journal, ["product_id", "lot_name", "unit_cost_revalued"], ("RT-WI", "001", "12"), ("RT-BE", "001", "8")
            )
        )
        self.assertMoney(self.line(journal, wine).amount, 10.00)  # 5 × 12.00 − 50.00
        self.assertMoney(self.line(journal, beer).amount, -10.00)  # 5 × 8.00 − 50.00

    # ------------------------------------------------------------------ wrong rows

    def test_import_with_wrong_rows_imports_nothing_and_names_each(self):
        journal = self.create_journal()
        result = self.load(
            journal,
            ["product_id", "unit_cost_revalued"],
            ("RT-CU", "12"),
            ("no such product", "5"),
            ("RT-ST", "-1"),
            ("RT-CO", "abc"),
            ("RT-NEITHER", "5"),
        )
        self.assert_refused_rows(result, {1: "no such product", 2: "-1", 3: "abc", 4: "RT-NEITHER"})
        self.assertFalse(journal.line_ids)

    def test_import_of_a_product_without_stock_names_the_row(self):
        self.create_product("average", name="Nothing there", default_code="RT-NO")
        journal = self.create_journal()
        result = self.load(journal, ["product_id", "unit_cost_revalued"], ("RT-CU", "12"), ("RT-NO", "5"))
        self.assert_refused_rows(result, {1: "Nothing there"})
        self.assertFalse(journal.line_ids)

    def test_import_of_an_ambiguous_name_names_the_row(self):
        for code in ("RT-A", "RT-B"):
            product = self.create_product("average", name="Twin", default_code=code)
            self.receive(product, 1, 1.00)
        journal = self.create_journal()
        result = self.load(journal, ["product_id", "unit_cost_revalued"], ("Twin", "5"))
        self.assert_refused_rows(result, {0: "Twin"})
        self.assertFalse(journal.line_ids)

    def test_import_of_contradictory_numbers_names_the_row(self):
        journal = self.create_journal()
        result = self.load(
            journal,
            ["product_id", "unit_cost_revalued", "value_revalued"],
            ("RT-ST", "5", "50"),
            ("RT-CU", "5", "125"),
        )
        self.assert_refused_rows(result, {1: "Copper wire"})
        self.assertFalse(journal.line_ids)

    def test_import_of_the_same_product_twice_names_the_second_row(self):
        journal = self.create_journal()
        result = self.load(journal, ["product_id", "value_revalued"], ("RT-CU", "125"), ("4006381333931", "130"))
        self.assert_refused_rows(result, {1: "twice"})
        self.assertFalse(journal.line_ids)

    def test_import_of_an_unknown_receipt_names_the_row(self):
        journal = self.create_journal()
        result = self.load(journal, ["product_id", "receipt", "value_revalued"], ("RT-CO", "WH/NOWHERE", "30"))
        self.assert_refused_rows(result, {0: "WH/NOWHERE"})

    def test_import_into_a_posted_journal_names_the_row(self):
        journal = self.revalue(self.copper, value=125.00).journal_id
        result = self.load(journal, ["product_id", "value_revalued"], ("RT-CO", "30"))
        self.assert_refused_rows(result, {0: journal.name})

    # ------------------------------------------------------------------ round trip

    EXPORTED = ["id", "product_id", "quantity", "unit_cost_calculated", "unit_cost_revalued", "value_revalued", "note"]

    def exported(self, lines):
        """Return the rows of an import-compatible export, as texts."""
        rows = lines.export_data(self.EXPORTED)["datas"]
        return [["" if cell is False else str(cell) for cell in row] for row in rows]

    def test_export_unchanged_imports_back_and_changes_nothing(self):
        journal = self.calculate(self.copper | self.coffee | self.steel)
        self.line(journal, self.copper).write({"value_revalued": 125.55})
        before = [(line.value_revalued, line.unit_cost_revalued, line.entered) for line in journal.line_ids]
        self.assert_loaded(self.Line.load(self.EXPORTED, self.exported(journal.line_ids)))
        self.assertEqual(
            [(line.value_revalued, line.unit_cost_revalued, line.entered) for line in journal.line_ids], before
        )

    def test_export_edited_in_one_column_imports_back_onto_its_lines(self):
        journal = self.calculate(self.copper | self.coffee | self.steel)
        lines = journal.line_ids
        rows = self.exported(lines)
        for row in rows:
            if "RT-CU" in row[1]:
                row[5] = "125.55"  # the total, beside the unit cost as it was
            if "RT-ST" in row[1]:
                row[4] = "5.00"  # the unit cost, beside the total as it was
            row[6] = "edited"
        self.assert_loaded(self.Line.load(self.EXPORTED, rows))
        self.assertEqual(journal.line_ids, lines)
        self.assertMoney(self.line(journal, self.copper).value_revalued, 125.55)
        self.assertEqual(self.line(journal, self.copper).entered, "value")
        self.assertMoney(self.line(journal, self.steel).value_revalued, 50.00)  # 10 × 5.00
        self.assertMoney(self.line(journal, self.coffee).amount, 0.00)
        self.assertEqual(set(lines.mapped("note")), {"edited"})

    def test_export_edited_in_both_columns_to_a_contradiction_names_the_row(self):
        journal = self.calculate(self.copper | self.steel)
        rows = self.exported(journal.line_ids)
        index = next(number for number, row in enumerate(rows) if "RT-CU" in row[1])
        rows[index][4], rows[index][5] = "5.00", "125.55"  # 10 × 5.00 = 50.00
        self.assert_refused_rows(self.Line.load(self.EXPORTED, rows), {index: "Copper wire"})
        self.assertMoney(journal.amount, 0.00)

    def test_export_by_database_id_imports_back(self):
        journal = self.calculate(self.copper)
        line = self.line(journal, self.copper)
        self.assert_loaded(self.Line.load([".id", "value_revalued"], [[str(line.id), "125"]]))
        self.assertMoney(journal.amount, 25.00)

    # ------------------------------------------------------------------ rows that only writing finds wrong

    def test_wrong_lots_and_receipts_are_named_each_with_its_row(self):
        number = self.first.sudo().reference
        rows = [
            ("RT-CU", "", "", "125", "a"),
            ("RT-CO", "", number, "10", "b"),
            ("RT-CO", "", "WH/IN/none", "10", "c"),
            ("RT-ST", "no such lot", "", "50", "d"),
            ("RT-CO", "", number, "20", "e"),  # the receipt of the second row once more
        ]
        journal = self.create_journal()
        result = self.load(journal, ["product_id", "lot_name", "receipt", "value_revalued", "note"], *rows)
        self.assert_refused_rows(result, {2: "WH/IN/none", 3: "no such lot", 4: "twice"})
        self.assertFalse(journal.line_ids)

    def test_wrong_row_among_many_does_not_make_each_row_a_try_of_its_own(self):
        """Of 64 rows the last is wrong: all, then 2 halves at each of 6 steps, 13 tries instead of 65."""
        products = self.env["product.product"]
        for number in range(64):
            code = "RT-M%d" % number
            products |= self.create_product("standard", cost=1.0, name="Many %d" % number, default_code=code)
        for product in products:
            self.receive(product, 1, 1.00)
        journal = self.create_journal()
        rows = [("RT-M%d" % number, "", "2.00", journal.name) for number in range(63)]
        rows.append(("RT-M63", "no such lot", "2.00", journal.name))
        tries = []
        write_rows = type(self.Line)._write_rows

        def counted(lines, data_list, *args, **kwargs):
            tries.append(len(data_list))
            return write_rows(lines, data_list, *args, **kwargs)

        with patch.object(type(self.Line), "_write_rows", counted):
            # a file that names the journal is written row by row
            result = self.load(journal, ["product_id", "lot_name", "unit_cost_revalued", "journal_id"], *rows)
        self.assert_refused_rows(result, {63: "no such lot"})
        self.assertEqual(tries, [64, 32, 32, 16, 16, 8, 8, 4, 4, 2, 2, 1, 1])

    def test_receipt_of_which_nothing_is_left_is_no_whole_product(self):
        self.deliver(self.coffee, 5)
        row = ("RT-CO", self.first.sudo().reference, "10")
        for more, cells in (([], ()), (["journal_id"], (self.create_journal().name,))):
            journal = self.create_journal()
            result = self.load(journal, ["product_id", "receipt", "value_revalued"] + more, row + cells)
            self.assert_refused_rows(result, {0: "no quantity in stock"})

    # ------------------------------------------------------------------ whole journals

    def test_import_of_journals_with_their_lines(self):
        columns = ["date", "reason_id", "description", "line_ids/product_id", "line_ids/value_revalued"]
        today = str(self.create_journal().date)
        Journal = self.as_user(self.env["stock.revaluation.journal"], self.accountant)
        result = Journal.load(
            columns,
            [
                [today, "Market price", "From a file", "RT-CU", "125"],
                ["", "", "", "RT-CO", "0"],
                [today, "", "Another one", "RT-ST", "50"],
            ],
        )
        self.assert_loaded(result)
        one, other = Journal.browse(result["ids"])
        self.assertMoney(one.amount, -50.00)  # +25.00 − 75.00
        self.assertMoney(other.amount, 10.00)
        self.assertEqual(one.reason_id, self.reason)
        self.assertTrue(one.name.startswith("REVAL/"))

    def test_import_of_journals_with_a_wrong_row_imports_none(self):
        Journal = self.as_user(self.env["stock.revaluation.journal"], self.accountant)
        count = Journal.search_count([])
        result = Journal.load(
            ["description", "line_ids/product_id", "line_ids/value_revalued"],
            [["One", "RT-CU", "125"], ["", "nobody", "1"]],
        )
        self.assert_refused_rows(result, {1: "nobody"})
        self.assertEqual(Journal.search_count([]), count)

    # ------------------------------------------------------------------ the import dialog

    def dialog(self, journal, rows, dryrun=False, **options):
        """Run Odoo's import dialog on a CSV file; return its result."""
        text = io.StringIO()
        csv.writer(text).writerows(rows)
        Import = self.as_user(self.env["base_import.import"], self.accountant).with_context(
            default_journal_id=journal.id
        )
        wizard = Import.create(
            {
                "res_model": "stock.revaluation.journal.line",
                "file": text.getvalue().encode(),
                "file_name": "lines.csv",
                "file_type": "text/csv",
            }
        )
        options = dict(
            {
                "quoting": '"',
                "separator": ",",
                "headers": True,
                "has_headers": True,
                "encoding": "utf-8",
                "float_thousand_separator": ",",
                "float_decimal_separator": ".",
                "date_format": "",
                "datetime_format": "",
                "advanced": False,
                "keep_matches": False,
            },
            **options,
        )
        preview = wizard.parse_preview(dict(options))
        self.assertNotIn("error", preview)
        do = getattr(wizard, "execute_import", None) or wizard.do
        return preview, do(rows[0], rows[0], options, dryrun=dryrun)

    def test_dialog_matches_the_template_s_columns_and_imports(self):
        journal = self.create_journal()
        columns = ["product_id", "lot_name", "receipt", "unit_cost_revalued", "value_revalued", "note"]
        preview, result = self.dialog(journal, [columns, ["RT-CU", "", "", "1,012.50", "", "dear"]])
        matched = {key: value for key, value in (preview.get("matches") or {}).items() if value}
        self.assertEqual(len(matched), len(columns), matched)
        self.assertFalse(result["messages"])
        self.assertMoney(self.line(journal, self.copper).value_revalued, 10125.00)  # 10 × 1,012.50

    def test_dialog_dry_run_names_the_row_and_leaves_nothing(self):
        journal = self.create_journal()
        columns = ["product_id", "value_revalued"]
        _preview, result = self.dialog(journal, [columns, ["RT-CU", "125"], ["nobody", "1"]], dryrun=True)
        self.assert_refused_rows(result, {1: "nobody"})
        _preview, result = self.dialog(journal, [columns, ["RT-CU", "125"]], dryrun=True)
        self.assertFalse(result["messages"])
        self.invalidate()
        self.assertFalse(journal.line_ids)

    def test_templates_are_there_and_their_columns_are_fields(self):
        for model, prefix in (("stock.revaluation.journal", "line_ids/"), ("stock.revaluation.journal.line", "")):
            (template,) = self.env[model].get_import_templates()
            self.assertTrue(template["label"])
            path = template["template"].lstrip("/").split("/", 1)
            content = self.read_addon_file(*path)
            with zipfile.ZipFile(io.BytesIO(content)) as book:
                texts = book.read("xl/sharedStrings.xml").decode()
            fields = self.env["stock.revaluation.journal.line"]._fields
            for name in ("product_id", "lot_name", "receipt", "unit_cost_revalued", "value_revalued", "note"):
                self.assertIn("<t>%s%s</t>" % (prefix, name), texts)
                self.assertIn(name, fields)

    def read_addon_file(self, addon, path):
        opener = getattr(tools, "file_open", None) or tools.misc.file_open
        with opener("%s/%s" % (addon, path), "rb") as file:
            return file.read()

    def test_lines_open_in_a_list_of_their_own_that_imports_into_the_journal(self):
        journal = self.calculate(self.copper)
        action = journal.action_view_lines()
        self.assertEqual(action["context"], {"default_journal_id": journal.id})
        self.assertEqual(self.Line.search(action["domain"]), journal.line_ids)
        self.line(journal, self.copper).write({"value_revalued": 125.00})
        self.post(journal)
        self.assertEqual(journal.action_view_lines()["context"], {"create": False})
