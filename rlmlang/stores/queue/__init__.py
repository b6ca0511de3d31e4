"""The queue of a batch that several workers go over: their leases, and the items that they took.

Every statement stands inside of a store's transaction, which one process at a time is in, so that a
lease is charged in the commit of the call that it pays for. Times are those of the store: what
clocks of workers say counts nowhere. A worker of whom nothing is heard loses its lease, and from
then on sets nothing aside; what it was charged stays charged.
"""
