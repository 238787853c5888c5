"""The addon in other languages, loaded by Odoo itself from the one set of files that serves all series."""

import json
import os

import polib
from odoo.addons.stock_revaluation_journal import compat
from odoo.addons.stock_revaluation_journal.hooks import post_init_hook
from odoo.modules import get_module_path
from odoo.release import version_info
from odoo.tools.translate import TranslationModuleReader
from revaluation_common import RevaluationCase, UserError

ADDON = "stock_revaluation_journal"
# Where labels and help of fields come from that Odoo gives every model, or models with messages.
MIXINS = ("mail.thread", "mail.activity.mixin", "analytic.mixin")
LANGUAGES = {
    "es_ES": {
        "menu": "Diarios de revalorización",
        "date": "Fecha contable",
        "button": 'string="Publicar"',
        "posted": "Publicado",
        "vendor": "Precio del proveedor",
        "no_lines": "No tiene líneas. Elija primero Calcular valor del inventario.",
        "reason": "Deterioro al valor neto realizable",
        "printed": ("BORRADOR", "Coste unitario", "Preparado por, fecha"),
        "preview": "Capas de valoración",
        "unit_cost": "coste unitario de",
        "counted": "Publicado, con 2 ",
    },
    "fr_FR": {
        "menu": "Journaux de réévaluation",
        "date": "Date comptable",
        "button": 'string="Comptabiliser"',
        "posted": "Comptabilisé",
        "vendor": "Prix du fournisseur",
        "no_lines": "Il n'a pas de lignes. Choisissez d'abord Calculer la valeur de stock.",
        "reason": "Dépréciation à la valeur nette de réalisation",
        "printed": ("BROUILLON", "Coût unitaire", "Préparé par, date"),
        "preview": "Couches de valorisation",
        "unit_cost": "coût unitaire de",
        "counted": "avec 2 lignes",
    },
    "de_DE": {
        "menu": "Neubewertungsjournale",
        "date": "Buchungsdatum",
        "button": 'string="Buchen"',
        "posted": "Gebucht",
        "vendor": "Lieferantenpreis",
        "no_lines": "Es hat keine Zeilen. Wählen Sie zuerst Bestandswert berechnen.",
        "reason": "Abwertung auf den Nettoveräußerungswert",
        "printed": ("ENTWURF", "Stückkosten", "Vorbereitet von, Datum"),
        "preview": "Bewertungsebenen",
        "unit_cost": "Stückkosten 1",
        "counted": "mit 2 ge",
    },
    "nl_NL": {
        "menu": "Herwaarderingsdagboeken",
        "date": "Boekingsdatum",
        "button": 'string="Boeken"',
        "posted": "Geboekt",
        "vendor": "Prijs van de leverancier",
        "no_lines": "Het heeft geen regels. Kies eerst Voorraadwaarde berekenen.",
        "reason": "Afwaardering naar netto-opbrengstwaarde",
        "printed": ("CONCEPT", "Kostprijs per eenheid", "Voorbereid door, datum"),
        "preview": "Waarderingslagen",
        "unit_cost": "kostprijs per eenheid",
        "counted": "met 2 ge",
    },
    "it_IT": {
        "menu": "Registri di rivalutazione",
        "date": "Data contabile",
        "button": 'string="Conferma"',
        "posted": "Confermato",
        "vendor": "Prezzo del fornitore",
        "no_lines": "Non ha righe. Scegliere prima Calcola valore di magazzino.",
        "reason": "Svalutazione al valore netto di realizzo",
        "printed": ("BOZZA", "Costo unitario", "Preparato da, data"),
        "preview": "Livelli di valutazione",
        "unit_cost": "costo unitario da",
        "counted": "con 2 righe",
    },
}


class TestTemplate(RevaluationCase):
    """The template has what this series of Odoo exports, and nothing that is gone."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        folder = os.path.join(get_module_path(ADDON), "i18n")
        cls.template = polib.pofile(os.path.join(folder, ADDON + ".pot"))
        cls.exported = {}
        for _module, kind, name, place, text, _value, _notes in TranslationModuleReader(cls.env.cr, modules=[ADDON]):
            cls.exported.setdefault(text, set()).add("code" if kind == "code" else "%s:%s:%s" % (kind, name, place))

    def test_template_has_every_term_that_odoo_exports(self):
        known = {entry.msgid: {place for place, _line in entry.occurrences} for entry in self.template}
        missing = [
            "%s (%s)" % (text, place)
            for text, places in self.exported.items()
            for place in sorted(places - {"code"} - known.get(text, set()))
            if not self.is_of_a_mixin(place)
        ]
        self.assertFalse(missing, "run setup/translations")

    def test_template_has_no_term_that_odoo_does_not_export(self):
        """Where Odoo values by product values (19.0) those without a mark, else those marked for 14.0."""
        if not self.has_product_values and version_info[0] != 14:
            self.skipTest("the template is made of 19.0 and 14.0")
        marked = not self.has_product_values
        stale = [
            entry.msgid
            for entry in self.template
            if ("series: 14.0" in entry.comment.split("\n")) == marked and entry.msgid not in self.exported
        ]
        # a field that another edition of the same series does not have, or demo data in a database without
        stale = [
            text
            for text in stale
            if not all(
                self.is_of_a_mixin(place) or ":%s.demo_" % ADDON in place
                for place, _line in self.template.find(text).occurrences
            )
        ]
        self.assertFalse(stale, "run setup/translations")

    def test_odoo_finds_every_text_in_python(self):
        root = os.path.dirname(get_module_path(ADDON))
        in_code = {
            entry.msgid
            for entry in self.template
            for place, _line in entry.occurrences
            # older series do not get the files of 19.0's valuation
            if place.startswith("code:addons/") and os.path.exists(os.path.join(root, place[len("code:addons/") :]))
        }
        self.assertGreater(len(in_code), 100)
        self.assertEqual({text for text in in_code if "code" not in self.exported.get(text, ())}, set())

    def is_of_a_mixin(self, place):
        """Tell whether a term is of a field that Odoo itself gives to models: it differs by series and edition."""
        name = place.rpartition("__")[2] if ":ir.model.fields," in ":" + place.partition(":")[2] else ""
        return any(name in self.env[mixin]._fields for mixin in MIXINS if mixin in self.env.registry)


class TestLanguages(RevaluationCase):
    """What users read whose language is not English."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        module = cls.env["ir.module.module"].search([("name", "=", ADDON)])
        for code in LANGUAGES:
            cls.env["res.lang"]._activate_lang(code)
            module._update_translations(code)
        cls.copper = cls.create_product("average", name="Copper wire")
        cls.receive(cls.copper, 10, 10.00)

    def in_language(self, code, records):
        """Return records as the accountant sees them who has set this language."""
        self.accountant.lang = code
        return self.as_user(records, self.accountant).with_context(lang=code)

    def test_menu_and_data_are_translated(self):
        for code, expected in LANGUAGES.items():
            with self.subTest(code):
                menus = self.in_language(code, self.env["ir.ui.menu"])
                menu = menus.env.ref("stock_revaluation_journal.menu_revaluation_journal")
                self.assertEqual(menu.name, expected["menu"])
                reason = menus.env.ref("stock_revaluation_journal.reason_write_down")
                self.assertEqual(reason.name, expected["reason"])

    def test_heading_of_the_groups_is_translated_when_the_addon_is_installed(self):
        """The heading is made by the install hook, after Odoo has loaded the translations."""
        self.env.ref("stock_revaluation_journal.groups_heading").unlink()
        post_init_hook(self.env)
        heading = self.env.ref("stock_revaluation_journal.groups_heading")
        self.assertEqual(heading.with_context(lang="es_ES").name, "Revalorización de inventario")
        self.assertEqual(heading.with_context(lang="de_DE").name, "Bestandsneubewertung")

    def test_labels_and_buttons_of_views_are_translated(self):
        for code, expected in LANGUAGES.items():
            with self.subTest(code):
                journals = self.in_language(code, self.env["stock.revaluation.journal"])
                get_view = getattr(journals, "get_view", None) or journals.fields_view_get
                self.assertIn(expected["button"], get_view(view_type="form")["arch"])
                self.assertEqual(journals.fields_get(["date"])["date"]["string"], expected["date"])

    def test_selections_are_translated(self):
        for code, expected in LANGUAGES.items():
            with self.subTest(code):
                journals = self.in_language(code, self.env["stock.revaluation.journal"])
                states = dict(journals.fields_get(["state"])["state"]["selection"])
                self.assertEqual(states["posted"], expected["posted"])
                sources = journals.env["stock.revaluation.suggest"].fields_get(["source"])["source"]["selection"]
                self.assertEqual(dict(sources)["vendor"], expected["vendor"])

    def test_messages_from_python_are_translated(self):
        for code, expected in LANGUAGES.items():
            with self.subTest(code):
                journals = self.in_language(code, self.env["stock.revaluation.journal"])
                with self.assertRaises(UserError) as refused:
                    journals.create({"company_id": self.company.id}).action_post()
                self.assertIn(expected["no_lines"], str(refused.exception))

    def test_printed_journal_and_preview_are_translated(self):
        for code, expected in LANGUAGES.items():
            with self.subTest(code):
                journals = self.in_language(code, self.env["stock.revaluation.journal"])
                journal = journals.create({"company_id": self.company.id})
                journal.calculate(product_ids=self.copper.ids)
                journal.line_ids.write({"value_revalued": 125.00})
                printed = self.printed(journal)
                for text in expected["printed"]:
                    self.assertIn(text, printed)
                preview = journals.env["stock.revaluation.preview"].browse(journal.action_preview()["res_id"])
                self.assertIn(expected["preview"], preview.content)

    def test_what_the_scheduled_action_writes_is_in_the_language_of_who_started_it(self):
        tin = self.create_product("average", name="Tin wire")
        self.receive(tin, 10, 10.00)
        self.env["ir.config_parameter"].sudo().set_param("stock_revaluation_journal.background_limit", "1")
        for new_value, (code, expected) in enumerate(LANGUAGES.items(), start=110):
            with self.subTest(code):
                journals = self.in_language(code, self.env["stock.revaluation.journal"])
                journal = journals.create({"company_id": self.company.id})
                journal.calculate(product_ids=[self.copper.id, tin.id])
                journal.line_ids.write({"value_revalued": new_value})
                by_scheduler = self.env["stock.revaluation.journal"].sudo().browse(journal.id)
                by_scheduler = by_scheduler.with_context(lang=None)

                journal.action_preview()
                self.assertEqual(journal.task, "preview")
                self.run_steps(by_scheduler, 2)
                self.assertIn(expected["preview"], journal.preview_content)

                journal.action_post()
                self.run_steps(by_scheduler, 2)
                self.run_steps(by_scheduler, 2, "_post_chunk")
                self.assertIn(expected["unit_cost"], journal.account_move_ids.sudo().line_ids[:1].name)
                self.assertIn(expected["unit_cost"], journal.line_ids.valuation_layer_ids.sudo()[:1].description)
                self.assertIn(expected["counted"], journal.message_ids[0].body)
                self.env.cr.precommit.run()  # which sends it
                domain = [("message", "like", "simple_notification"), ("message", "like", journal.name)]
                sent = self.env["bus.bus"].sudo().search(domain, order="id desc", limit=1)
                self.assertIn(expected["counted"], str(json.loads(sent.message)))

    def run_steps(self, journal, number, step="_run_task_step"):
        """Let the scheduled action take so many steps, within the test's transaction."""
        for _step in range(number):
            compat.flush(journal.env)
            getattr(journal, step)()

    def printed(self, journal):
        """Return the HTML that is printed."""
        report = journal.env.ref("stock_revaluation_journal.action_report_revaluation_journal")
        try:
            content = report._render_qweb_html(report.report_name, journal.ids)[0]  # 16.0 and later
        except (TypeError, AttributeError, ValueError, KeyError):
            content = report._render_qweb_html(journal.ids)[0]
        return content.decode() if isinstance(content, bytes) else content
