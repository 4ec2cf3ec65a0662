"""Images that members give and pictures that leave: checked, turned into control maps, and marked as made by a model.

Decoding foreign files happens in a child process only (`worker`); `workshop` is the bot's side of it.
"""
