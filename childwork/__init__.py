"""Work in child processes: one process for each piece, with limits on everything, and nothing of it on the event loop.

`parent` starts and ends them, on the bot's side; `child` is what each of them does first and last.
"""
