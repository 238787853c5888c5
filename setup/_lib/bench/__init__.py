"""The measurements that `setup/bench` takes. Everything but this line runs inside `odoo shell`, in any series:
Python 3.8 syntax, and what differs between the series is found by looking for it."""
