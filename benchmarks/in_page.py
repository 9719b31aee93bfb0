"""What tests and measurements see of the page's parts, which are modules: a read-only ``cxr``, theirs alone.

The same address gives the same instance, so that ``cxr.heat`` is what the page itself runs. Parts have the
names of their files: ``59-film-says.js`` is ``cxr.filmSays``. What the six that all others stand on hand out
lies directly under ``cxr``: ``cxr.state``, ``cxr.rowInView()``.
"""

from __future__ import annotations

import json
import re
from typing import Final

from playwright.sync_api import Browser

FLAT: Final = ("core", "model", "films", "cuts", "answers", "ranked")


def part_name(file: str) -> str:
    """What a part is called, here and where others import it."""
    words = re.sub(r"^\d+-|\.js$", "", file).split("-")
    return words[0] + "".join(word.capitalize() for word in words[1:])


# An empty one until the page has loaded, so that one may wait for what is in it.
ASSEMBLE: Final = f"""
async function assemble(addresses) {{
  const nameOf = address => address.match(/([^/]+)\\.js$/)[1].replace(/^\\d+-/, '')
    .replace(/-(.)/g, (_, letter) => letter.toUpperCase());
  const found = {{}};
  for (const address of addresses) {{
    const part = await import(address);
    if ({json.dumps(FLAT)}.includes(nameOf(address))) Object.assign(found, part);
    else found[nameOf(address)] = part;
  }}
  window.cxr = Object.freeze(found);
}}
"""

# For a browser to run before anything else of a page: its parts, once it has begun.
_FIRST_OF_ALL: Final = f"""
(() => {{
  {ASSEMBLE}
  window.cxr = Object.freeze({{ state: Object.freeze({{}}) }});
  document.addEventListener('DOMContentLoaded', () => {{
    const links = [...document.querySelectorAll('link[rel=modulepreload]')].map(link => link.href);
    // the page first: its parts begin in the order of its own entry
    if (links.length) import(links.at(-1)).then(() => assemble(links.slice(0, -1)), () => {{}});
  }});
}})();
"""


def show_parts(browser: Browser) -> None:
    """Have every page of this browser show its parts, whoever opens it.

    Parameters
    ----------
    browser : Browser
        Before its first page.
    """
    browser.on("context", lambda context: context.add_init_script(_FIRST_OF_ALL))
