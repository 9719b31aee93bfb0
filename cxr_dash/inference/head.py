"""The head of a bundle that reads another bundle's features: one linear layer, kept beside the graph."""

from __future__ import annotations

from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import Self

import numpy as np

from cxr_dash.domain import Float32Array
from cxr_dash.errors import BundleMismatchError
from cxr_dash.inference.verified import read_verified

HEAD_FILE = "head.npz"


@dataclass(frozen=True, slots=True, eq=False)
class Head:
    """A linear layer on a trunk's features.

    Attributes
    ----------
    kernel : ndarray of float32, shape (D, C)
    bias : ndarray of float32, shape (C,)
    """

    kernel: Float32Array
    bias: Float32Array

    def logits(self, embedding: Float32Array) -> Float32Array:
        """Logits, shape (C,), of the trunk's features of one film, shape (D,)."""
        return np.asarray(embedding @ self.kernel + self.bias, dtype=np.float32)

    def write(self, path: Path) -> None:
        """Write the file that :meth:`read` reads."""
        with path.open("wb") as stream:
            np.savez(stream, kernel=self.kernel, bias=self.bias)

    @classmethod
    def read(cls, path: Path, sha256: str | None = None) -> Self:
        """Read a file, which must have the digest where one is given.

        Raises
        ------
        BundleMismatchError
            When it is no such file, or its two tables do not fit each other.
        """
        try:
            with np.load(BytesIO(read_verified(path, sha256)), allow_pickle=False) as table:
                head = cls(table["kernel"], table["bias"])
        except (OSError, ValueError, KeyError) as error:
            raise BundleMismatchError(
                f"{path.name} must hold the tables kernel and bias; received: {error}.",
                remedy="Export the bundle again.",
            ) from error
        if head.kernel.ndim != 2 or head.bias.shape != head.kernel.shape[1:]:
            raise BundleMismatchError(
                f"{path.name} must hold a kernel (D, C) and a bias (C,); received {head.kernel.shape} and "
                f"{head.bias.shape}.",
                remedy="Export the bundle again.",
            )
        return head
