"""What members can do with an image: the control modes and reference kinds, for those who may not ask the provider.

The table is the provider's catalogue; how members are told of it is in `ui/wording/images.py`.
"""

from provider.catalogue import (
    CONTROL_MODES,
    REFERENCE_KINDS,
    ControlArray,
    ControlMode,
    ReferenceKind,
    control_mode,
    reference_kind,
)

__all__ = [
    "CONTROL_MODES",
    "REFERENCE_KINDS",
    "ControlArray",
    "ControlMode",
    "ReferenceKind",
    "control_mode",
    "reference_kind",
]
