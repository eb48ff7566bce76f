"""What outlives a process: keys, pronunciation dictionaries, custom voices and usage.

Importing this room is cheap: only :meth:`vivavoce.store.store.Store.open` loads SQLAlchemy, in a thread.
"""
