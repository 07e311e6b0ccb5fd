"""What sections of settings are made of: bounded values, and the base that refuses unknown keys."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

# Bounds that no clock and no calendar of ours runs over: 30 years of seconds, a thousand years of days.
Amount = Annotated[float, Field(gt=0, le=400_000, allow_inf_nan=False)]
Seconds = Annotated[float, Field(gt=0, le=1e9, allow_inf_nan=False)]
Count = Annotated[int, Field(gt=0)]
Share = Annotated[float, Field(gt=0, le=1)]


class Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)
