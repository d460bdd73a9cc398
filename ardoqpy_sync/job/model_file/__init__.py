"""The model file: the workspaces, types and fields that rows need, created in Ardoq where they lack.

Experimental, on API v1 only. It adds, and never removes, renames or retypes.
"""

from __future__ import annotations

from ardoqpy_sync.job.model_file.apply import apply_model, plan_model
from ardoqpy_sync.job.model_file.parser import load_model

__all__ = ["apply_model", "load_model", "plan_model"]
