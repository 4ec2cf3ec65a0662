"""The pictures of the documents: what members see, in every language, from the real bot between the stand-ins."""
