"""Being at work: who sits at which phone, what they wish, what the switch says of it, and why nobody rings.

In: facts, shifts. Out: what the switch is to be told, what is to be explained. Must not know: SQL, HTTP, clocks, AMI.
"""
