"""What sections of settings are made of: bounded values, and the base that refuses unknown keys."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

Amount = Annotated[float, Field(gt=0, allow_inf_nan=False)]
Seconds = Amount
Count = Annotated[int, Field(gt=0)]
Share = Annotated[float, Field(gt=0, le=1)]


class Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)
