"""Operations support: documents, scripts and the faults of the system (systems 11, 12, 67)."""

from models.operations.document import Document
from models.operations.script import Script
from models.operations.system_fault import SystemFault

__all__ = ["Document", "Script", "SystemFault"]
