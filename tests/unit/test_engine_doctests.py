"""The examples in the docstrings of the engine are true.

pytest's own --doctest-modules would import the addon's package, and with it Odoo.
"""

import doctest
import importlib
import pkgutil

import engine
import pytest

MODULES = ["engine"] + ["engine." + module.name for module in pkgutil.iter_modules(engine.__path__)]


@pytest.mark.parametrize("name", MODULES)
def test_engine_docstring_examples_are_true(name):
    assert doctest.testmod(importlib.import_module(name)).failed == 0


def test_engine_docstrings_hold_examples():
    assert sum(doctest.testmod(importlib.import_module(name)).attempted for name in MODULES) > 0
