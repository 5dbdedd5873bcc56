"""Links in HTML pages that come through the proxy: those to the root lead through it too. Pure.

Source: HTML Living Standard, attributes that hold URLs. Must not know: where the page comes from.
"""

import html
import re
from collections.abc import Callable

ATTRIBUTES = {
    "a": ("href",), "applet": ("codebase",), "area": ("href",), "audio": ("src",),
    "base": ("href",), "blockquote": ("cite",), "body": ("background",),
    "button": ("formaction",), "command": ("icon",), "del": ("cite",), "embed": ("src",),
    "form": ("action",), "frame": ("longdesc", "src"), "head": ("profile",),
    "html": ("manifest",), "iframe": ("longdesc", "src"), "img": ("longdesc", "src", "usemap"),
    "input": ("src", "usemap", "formaction"), "ins": ("cite",), "link": ("href",),
    "object": ("classid", "codebase", "data", "usemap"), "q": ("cite",), "script": ("src",),
    "source": ("src",), "video": ("poster", "src"),
}  # fmt: skip
_SKIPPED = r"<!--.*?-->|<script\b[^>]*>|<style\b[^>]*>.*?</style\s*>"
_TAG = re.compile(rf"{_SKIPPED}|<([a-zA-Z]+)\b(?:[^>\"']|\"[^\"]*\"|'[^']*')*>", re.DOTALL)
_ATTRIBUTE = re.compile(r"""(\s)([a-zA-Z-]+)(\s*=\s*)("[^"]*"|'[^']*'|[^\s"'>]+)""")


def rewrite(page: str, link: Callable[[str], str]) -> str:
    """``link``: what becomes of a URL."""

    def tag(found: re.Match[str]) -> str:
        text = found[0]
        name = (found[1] or ("script" if text[:7].lower() == "<script" else "")).lower()
        wanted = ATTRIBUTES.get(name, ())

        def attribute(pair: re.Match[str]) -> str:
            if pair[2].lower() not in wanted:
                return pair[0]
            quote = pair[4][0] if pair[4][0] in "\"'" else ""
            value = html.unescape(pair[4][1:-1] if quote else pair[4])
            changed = link(value)
            if changed == value:
                return pair[0]
            quote = quote or '"'
            return f"{pair[1]}{pair[2]}{pair[3]}{quote}{html.escape(changed)}{quote}"

        return _ATTRIBUTE.sub(attribute, text) if wanted else text

    return _TAG.sub(tag, page)
