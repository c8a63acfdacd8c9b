"""Message lists as text: a prompt keeps its roles, a completion keeps only what the model sampled."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Sequence


def message_text(messages: Sequence[dict[str, Any]]) -> str:
    """Returns messages joined with their roles; a single user message is just its text.

    >>> message_text([{"role": "user", "content": "1+1?"}])
    '1+1?'
    >>> message_text([{"role": "system", "content": "Be brief."}, {"role": "user", "content": "1+1?"}])
    'system: Be brief.\\n\\nuser: 1+1?'
    """
    if len(messages) == 1 and messages[0].get("role") == "user":
        return content_text(messages[0])
    return "\n\n".join(f"{message.get('role')}: {content_text(message)}" for message in messages)


def sampled_text(messages: Sequence[dict[str, Any]]) -> str:
    """Returns the assistant messages joined; tool output and user turns are not the model's.

    >>> sampled_text([{"role": "assistant", "content": "let me look"}, {"role": "tool", "content": "42"},
    ...               {"role": "assistant", "content": "It is 42."}])
    'let me look\\n\\nIt is 42.'
    """
    return "\n\n".join(content_text(message) for message in messages if message.get("role") == "assistant")


def content_text(message: dict[str, Any]) -> str:
    """Returns one message's reasoning, content and tool calls, in that order."""
    parts = [_content(message.get("reasoning_content")), _content(message.get("content"))]
    for call in message.get("tool_calls") or []:
        inner = call.get("function") or call if isinstance(call, dict) else call
        if isinstance(inner, dict):
            arguments = inner.get("arguments", "")
            shown = arguments if isinstance(arguments, str) else json.dumps(arguments, ensure_ascii=False)
            parts.append(f"{inner.get('name', '')}({shown})")
        else:
            parts.append(str(inner))
    return "\n".join(part for part in parts if part)


def _content(content: Any) -> str:
    if content is None:
        return ""
    if isinstance(content, str):
        return content
    if isinstance(content, list):
        return "\n".join(_part(part) for part in content)
    return str(content)


def _part(part: Any) -> str:
    if isinstance(part, dict):
        return str(part.get("text") or part.get("content") or f"[{part.get('type', 'part')}]")
    return str(part)
