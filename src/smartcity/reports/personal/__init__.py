"""Who a report is from: kept under their key, shown to few, found by phone, and forgotten.

What happens to a report stands in `lifecycle`; here nothing moves it.
"""
