"""Terms and translations: read out of Odoo and out of the source, kept in gettext catalogues."""
