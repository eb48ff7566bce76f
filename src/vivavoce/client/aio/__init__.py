"""The client of asyncio: thin façades over the core."""
