#!/usr/bin/env bash
# Makes a small repository with a bug in the folder $1.
set -euo pipefail
mkdir -p "$1/shop" && cd "$1"
cat > shop/__init__.py <<'PY'
PY
cat > shop/orders.py <<'PY'
"""Orders and what is in them."""


class Line:
    """One article of an order."""

    def __init__(self, price, ordered, returned=0):
        self.price = price
        self.ordered = ordered
        self.returned = returned

    def total(self):
        """What was paid for it."""
        return self.price * self.ordered


class Order:
    """Articles that were bought together."""

    def __init__(self, lines):
        self.lines = lines

    def total(self):
        """What was paid."""
        return sum(line.total() for line in self.lines)
PY
cat > shop/refunds.py <<'PY'
"""What is paid back."""


def share(ordered, returned):
    """How much of an article came back, from 0 to 1."""
    if not returned:
        return 0
    return returned / returned


def refund(order):
    """What is paid back for an order."""
    return sum(line.total() * share(line.ordered, line.returned) for line in order.lines)
PY
cat > test_refunds.py <<'PY'
import unittest

from shop.orders import Line, Order
from shop.refunds import refund


class Refunds(unittest.TestCase):
    def test_nothing_came_back(self):
        self.assertEqual(refund(Order([Line(10, 2)])), 0)

    def test_all_came_back(self):
        self.assertEqual(refund(Order([Line(10, 2, 2)])), 20)

    def test_half_came_back(self):
        self.assertEqual(refund(Order([Line(10, 2, 1)])), 10)
PY
git init --quiet --initial-branch main
git add --all
git -c user.name=demo -c user.email=demo@example.com commit --quiet --message "A shop with a bug"
