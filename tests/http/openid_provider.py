"""A real OpenID provider in this process, and what its own libraries say meanwhile."""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager

import pytest

with warnings.catch_warnings():
    # of the provider's own imports
    warnings.simplefilter("ignore")
    import oidc_provider_mock

# of what the provider, another program that runs in this process, does with its own library
quiet = pytest.mark.filterwarnings("ignore::DeprecationWarning:authlib\\.")


@contextmanager
def running_provider(groups: Mapping[str, Sequence[str]]) -> Iterator[str]:
    """The address of one that knows these people and their groups."""
    people = [
        oidc_provider_mock.User(sub=name, claims={"groups": list(theirs)}) for name, theirs in groups.items()
    ]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        with oidc_provider_mock.run_server_in_thread(require_nonce=True, user_claims=people) as server:
            yield f"http://localhost:{server.server_port}"
