"""Views: pure functions from facts to Dash components, one module a part of the page.

Nodes that follow a film, a threshold or the heat are left empty here; ``assets/js`` fills them in the
browser.
"""
