"""Charts of what was spent. Drawing happens in a child process only (`worker`); `studio` is the bot's side of it."""
