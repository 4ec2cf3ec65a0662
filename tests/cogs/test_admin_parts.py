"""`/admin` is made of parts by topic: none of them may take another's place without anybody noticing."""

from collections import Counter

from cogs.admin import AdminCog


def test_no_two_parts_of_the_group_define_the_same_name() -> None:
    parts = [part for part in AdminCog.__mro__ if part.__module__.startswith("cogs.")]
    names = Counter(name for part in parts for name in vars(part) if not name.startswith("__"))
    assert len(parts) > 1
    assert [name for name, count in names.items() if count > 1] == []
