"""The engine of Yanxu: a panel derived from declared records. It knows no business."""
