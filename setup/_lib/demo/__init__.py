"""The demonstration: what `setup/demo` runs inside Odoo's shell, with the builders of the tests."""
