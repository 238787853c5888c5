#!/usr/bin/env python3
"""Revalue stock from a CSV file, in Odoo 14.0 to 19.0: an example of a client, to copy and change.

    export ODOO_PASSWORD=…        a password, or an API key of the user
    python3 revalue_from_csv.py --url https://odoo.example.com --db company --user accountant costs.csv

The file has the columns `product` (internal reference or barcode) and `unit_cost` or `value` (the new total),
in company currency; decimals with a point. Everything is posted in one journal, or nothing. The same file sent again
makes no second journal: its fingerprint is the journal's reference, unless --reference says another.

Three ways to the same method, `revalue` of `stock.revaluation.journal`: XML-RPC and JSON-RPC (all series), and
JSON-2 (19.0), which takes an API key and no user. Needs Python 3.8 and nothing else.
"""

import argparse
import contextlib
import csv
import getpass
import hashlib
import json
import os
import sys
import urllib.error
import urllib.request
import xmlrpc.client

PASSWORD_VARIABLE = "ODOO_PASSWORD"
TIMEOUT_SECONDS = 600


class Refused(Exception):
    """Odoo, or this program, refuses: the text says why."""


# --- the three protocols ------------------------------------------------------------------------------


class XmlRpc:
    """XML-RPC at /xmlrpc/2."""

    def __init__(self, url, db, user, password):
        self.url, self.db, self.password = url, db, password
        self.uid = self._proxy("common").authenticate(db, user, password, {})
        if not self.uid:
            raise Refused("Odoo does not know this user and password in database %s." % db)

    def _proxy(self, service):
        return xmlrpc.client.ServerProxy("%s/xmlrpc/2/%s" % (self.url, service), allow_none=True)

    def call(self, model, method, **arguments):
        """Call a method with named arguments; return its result."""
        try:
            return self._proxy("object").execute_kw(self.db, self.uid, self.password, model, method, [], arguments)
        except xmlrpc.client.Fault as fault:
            raise Refused(fault.faultString) from None


class JsonRpc:
    """JSON-RPC at /jsonrpc."""

    def __init__(self, url, db, user, password):
        self.url, self.db, self.password = url, db, password
        self.uid = self._request("common", "login", [db, user, password])
        if not self.uid:
            raise Refused("Odoo does not know this user and password in database %s." % db)

    def call(self, model, method, **arguments):
        """Call a method with named arguments; return its result."""
        return self._request("object", "execute_kw", [self.db, self.uid, self.password, model, method, [], arguments])

    def _request(self, service, method, args):
        params = {"service": service, "method": method, "args": args}
        answer = post(self.url + "/jsonrpc", {"jsonrpc": "2.0", "method": "call", "params": params, "id": 1})
        if "error" in answer:
            error = answer["error"]
            raise Refused(error.get("data", {}).get("message") or error.get("message"))
        return answer.get("result")


class Json2:
    """JSON-2 at /json/2 (19.0): the password is an API key, which says who the user is."""

    def __init__(self, url, db, user, password):
        self.url = url
        self.headers = {"Authorization": "bearer " + password, "X-Odoo-Database": db}

    def call(self, model, method, **arguments):
        """Call a method with named arguments; return its result."""
        return post("%s/json/2/%s/%s" % (self.url, model, method), arguments, self.headers)


def post(url, body, headers=None):
    """Send JSON and return the JSON that comes back."""
    request = urllib.request.Request(
        url, json.dumps(body).encode(), dict(headers or {}, **{"Content-Type": "application/json"})
    )
    try:
        with urllib.request.urlopen(request, timeout=TIMEOUT_SECONDS) as answer:
            return json.load(answer)
    except urllib.error.HTTPError as error:
        text = error.read().decode(errors="replace")
        with contextlib.suppress(ValueError, KeyError, TypeError):
            text = json.loads(text)["message"]
        raise Refused("%s %s: %s" % (error.code, error.reason, text)) from None


PROTOCOLS = {"xmlrpc": XmlRpc, "jsonrpc": JsonRpc, "json2": Json2}


# --- the file -----------------------------------------------------------------------------------------


def read_file(path):
    """Return {product: {"unit_cost": x} or {"value": x}}; refuse the file with all that is wrong in it."""
    costs, faults = {}, []
    with open(path, newline="", encoding="utf-8-sig") as file:
        for number, row in enumerate(csv.DictReader(file), 2):
            try:
                product, cost = read_row(row)
                if product in costs:
                    raise ValueError("%s stands in the file twice" % product)
                costs[product] = cost
            except ValueError as error:
                faults.append("line %d: %s" % (number, error))
    if faults or not costs:
        raise Refused("\n".join(faults) or "The file has no rows.")
    return costs


def read_row(row):
    """Return (product, {"unit_cost": x} or {"value": x}) of one row."""
    product = (row.get("product") or "").strip()
    given = {name: row[name].strip() for name in ("unit_cost", "value") if (row.get(name) or "").strip()}
    if not product:
        raise ValueError("no product")
    if len(given) != 1:
        raise ValueError("%s: give either unit_cost or value" % product)
    ((name, text),) = given.items()
    try:
        return product, {name: float(text)}
    except ValueError:
        raise ValueError("%s: %s is no number" % (product, text)) from None


# --- the work -----------------------------------------------------------------------------------------


def find_products(client, names, context):
    """Return {name: product id} for internal references and barcodes; refuse what is unknown or ambiguous."""
    domain = ["|", ["default_code", "in", list(names)], ["barcode", "in", list(names)]]
    found = client.call(
        "product.product", "search_read", domain=domain, fields=["default_code", "barcode"], context=context
    )
    ids = {name: [row["id"] for row in found if name in (row["default_code"], row["barcode"])] for name in names}
    faults = [
        "%s: %s" % (name, "no such product" if not own else "several products")
        for name, own in ids.items()
        if len(own) != 1
    ]
    if faults:
        raise Refused("\n".join(faults))
    return {name: own[0] for name, own in ids.items()}


def revalue(client, costs, options):
    """Revalue; return the journal's figures."""
    context = {"allowed_company_ids": [options.company]} if options.company else {}
    products = find_products(client, costs, context)
    arguments = {
        # JSON's and XML-RPC's keys are texts; Odoo takes them so
        "costs": {str(products[name]): cost for name, cost in costs.items()},
        "post": not options.draft,
        "reference": options.reference or fingerprint(options.file),
        "description": options.description,
        "context": context,
    }
    arguments.update({name: getattr(options, name) for name in ("date", "reason") if getattr(options, name)})
    journal = client.call("stock.revaluation.journal", "revalue", **arguments)
    if isinstance(journal, list):  # 19.0
        (journal,) = journal
    (figures,) = client.call(
        "stock.revaluation.journal",
        "search_read",
        domain=[["id", "=", journal]],
        fields=["name", "state", "line_count", "amount", "reference"],
        context=context,
    )
    return figures


def fingerprint(path):
    """Return a text that is another one for every other content of the file."""
    with open(path, "rb") as file:
        return "csv " + hashlib.sha256(file.read()).hexdigest()[:32]


def parse(arguments=None):
    """Return the options."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("file", help="the CSV file")
    parser.add_argument("--url", required=True, help="address of Odoo")
    parser.add_argument("--db", required=True, help="name of the database")
    parser.add_argument("--user", help="login; not needed for json2")
    parser.add_argument("--protocol", choices=sorted(PROTOCOLS), default="xmlrpc")
    parser.add_argument("--company", type=int, help="id of the company; default: the user's own")
    parser.add_argument("--date", help="accounting date, e.g. 2026-12-31; default: today")
    parser.add_argument("--reason", help="code of the revaluation reason")
    parser.add_argument("--description", default="Revalued from a file")
    parser.add_argument("--reference", help="what makes this call one and the same; default: the file's fingerprint")
    parser.add_argument("--draft", action="store_true", help="leave the journal as a draft")
    options = parser.parse_args(arguments)
    if not options.user and options.protocol != "json2":
        parser.error("--user is needed")
    return options


def main():
    """Do it and print the journal; return the exit status."""
    options = parse()
    password = os.environ.get(PASSWORD_VARIABLE) or getpass.getpass("Password or API key: ")
    try:
        costs = read_file(options.file)
        client = PROTOCOLS[options.protocol](options.url.rstrip("/"), options.db, options.user, password)
        print(json.dumps(revalue(client, costs, options), ensure_ascii=False))
    except (Refused, OSError) as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
