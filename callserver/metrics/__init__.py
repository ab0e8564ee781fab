"""Call records -> the numbers of the definitions, the same live and in reports.

In: call records, instants, zones. Out: visits, sums, values. Must not know: the store, clocks, who asks.
"""
