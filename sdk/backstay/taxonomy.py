"""Every error type in one table: what it is called, what it means, and what a person can do about it.

The *type* (UPPER_SNAKE) is the key. Codes are strings and several types may share one, because the
requirements fixed them so (6001 is three types). A code or type, once released, never changes its meaning.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping


class Certainty(StrEnum):
    """How sure we are that the vendor acted: the question that decides whether asking again is safe."""

    NOT_SENT = "not_sent"
    REFUSED = "refused"
    UNKNOWN = "unknown"


class Severity(StrEnum):
    """How loudly an error wants attention."""

    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"
    CRITICAL = "critical"


class Category(StrEnum):
    """Whose affair an error is; the first digit of its code."""

    REQUEST = "request"
    CALL = "call"
    MCP = "mcp"
    VENDOR = "vendor"
    INTERNAL = "internal"
    ACCOUNT = "account"


@dataclass(frozen=True, slots=True)
class ErrorType:
    """One row of the taxonomy: the facts that every error of this type shares."""

    name: str
    code: str
    retryable: bool
    severity: Severity
    certainty: Certainty
    en: str
    zh: str
    action_en: str
    action_zh: str
    action_path: str | None = None
    breaks: bool = False
    """Whether it is evidence that the vendor is down: what a breaker counts."""

    @property
    def category(self) -> Category:
        """The group that the first digit of the code stands for."""
        return _CATEGORIES[self.code[0]]

    def message(self, locale: str = "en") -> str:
        """The text for users in a locale; everything but Chinese falls back to English."""
        return self.zh if locale.lower().startswith("zh") else self.en

    def action(self, locale: str = "en") -> str:
        """What a user can do, in a locale."""
        return self.action_zh if locale.lower().startswith("zh") else self.action_en


_CATEGORIES: Final = {
    "1": Category.REQUEST,
    "2": Category.CALL,
    "3": Category.MCP,
    "4": Category.VENDOR,
    "5": Category.INTERNAL,
    "6": Category.ACCOUNT,
}

_LOW, _MEDIUM, _HIGH, _CRITICAL = Severity.LOW, Severity.MEDIUM, Severity.HIGH, Severity.CRITICAL
_NOT_SENT, _REFUSED, _UNKNOWN = Certainty.NOT_SENT, Certainty.REFUSED, Certainty.UNKNOWN
_WAIT = ("Try again in a moment", "请稍后重试")
_FIX = ("Correct the request", "请修正请求")
_ACCOUNTS = "/settings/ad-accounts"
_BILLING = "/settings/billing"

_ROWS: Final = (
    # The request (1xxx)
    ErrorType("VALIDATION_FAILED", "1001", False, _LOW, _REFUSED,
              "The request is not valid", "请求参数无效", *_FIX),
    ErrorType("NOT_FOUND", "1002", False, _LOW, _REFUSED,
              "The object does not exist or cannot be seen", "对象不存在或不可见",
              "Check the id and the account", "请检查对象 ID 和账户"),
    ErrorType("API_RATE_LIMIT", "1003", True, _MEDIUM, _REFUSED,
              "Too many requests; the vendor asks to slow down", "请求过于频繁，已达到 API 限额",
              "Try again later", "请稍后重试"),
    ErrorType("CONFLICT", "1004", False, _MEDIUM, _REFUSED,
              "The object already exists or was changed by somebody else", "对象已存在或已被他人修改",
              "Read the object again, then decide", "请重新读取对象后再操作"),
    ErrorType("QUOTA_EXHAUSTED", "1005", False, _HIGH, _REFUSED,
              "The quota of the day, month or plan is used up", "配额已用尽",
              "Wait for the quota to renew or raise it", "请等待配额恢复或提升配额"),
    ErrorType("TOO_MUCH_DATA", "1006", False, _LOW, _REFUSED,
              "The request asks for too much at once", "单次请求的数据量过大",
              "Ask for a smaller part", "请缩小请求范围"),
    ErrorType("UNSUPPORTED", "1007", False, _MEDIUM, _REFUSED,
              "The vendor does not offer this", "平台不支持该操作",
              "Use what the adapter's capabilities name", "请使用适配器支持的功能"),
    ErrorType("NOT_READY", "1008", True, _LOW, _REFUSED,
              "The job or media is still being processed", "任务或素材仍在处理中", *_WAIT),
    ErrorType("PARTIAL_FAILURE", "1009", False, _MEDIUM, _REFUSED,
              "Some items of the batch failed", "批量操作中部分失败",
              "Look at each item's verdict", "请查看每一项的结果"),
    # The call (2xxx)
    ErrorType("CONNECTION_FAILED", "2001", True, _MEDIUM, _UNKNOWN,
              "No connection to the vendor", "无法连接到平台", *_WAIT, breaks=True),
    ErrorType("TIMEOUT", "2002", True, _MEDIUM, _UNKNOWN,
              "The vendor did not answer in time", "平台响应超时", *_WAIT, breaks=True),
    ErrorType("DEADLINE_EXCEEDED", "2003", True, _MEDIUM, _NOT_SENT,
              "The time given to the whole call is over", "整个调用已超过时限",
              "Give the call more time or try again later", "请延长时限或稍后重试"),
    ErrorType("CIRCUIT_OPEN", "2004", True, _MEDIUM, _NOT_SENT,
              "The vendor is failing; calls are held back for now", "平台故障，已暂停调用", *_WAIT),
    ErrorType("UNKNOWN_OUTCOME", "2005", False, _CRITICAL, _UNKNOWN,
              "It is not known whether the vendor carried out the write", "无法确认平台是否已执行写操作",
              "Look at the object at the vendor before sending again", "请先在平台核实后再重试"),
    ErrorType("BAD_RESPONSE", "2006", True, _MEDIUM, _UNKNOWN,
              "The vendor's answer cannot be read", "平台返回内容无法解析", *_WAIT, breaks=True),
    ErrorType("STALE_INPUT", "2007", False, _MEDIUM, _NOT_SENT,
              "A stale answer cannot be acted on", "不能基于过期数据执行写操作",
              "Read the object live, then write", "请先实时读取对象再写入"),
    ErrorType("IDEMPOTENCY_CONFLICT", "2008", False, _HIGH, _NOT_SENT,
              "The idempotency key was used with another payload", "幂等键已用于不同的请求内容",
              "Use a new key for a new payload", "请为新的内容使用新的幂等键"),
    ErrorType("IN_FLIGHT", "2009", True, _LOW, _NOT_SENT,
              "The same write is under way elsewhere", "相同的写操作正在进行中", *_WAIT),
    ErrorType("LOAD_SHED", "2010", True, _MEDIUM, _NOT_SENT,
              "Too many calls at once; this one was not sent", "并发过高，请求未发送", *_WAIT),
    # MCP (3xxx)
    ErrorType("MCP_CONNECTION_ERROR", "3001", True, _MEDIUM, _UNKNOWN,
              "No connection to the MCP server", "无法连接到 MCP 服务器", *_WAIT, breaks=True),
    ErrorType("MCP_TIMEOUT", "3002", True, _MEDIUM, _UNKNOWN,
              "The MCP server did not answer in time", "MCP 服务器响应超时", *_WAIT, breaks=True),
    ErrorType("MCP_TOOL_ERROR", "3003", False, _MEDIUM, _REFUSED,
              "The MCP tool failed", "MCP 工具执行失败",
              "Check the tool's arguments", "请检查工具参数"),
    # The vendor (4xxx)
    ErrorType("AI_MODEL_FAILED", "4001", True, _MEDIUM, _UNKNOWN,
              "The AI model failed", "AI 模型调用失败", *_WAIT, breaks=True),
    ErrorType("PLATFORM_SERVICE_ERROR", "4002", True, _MEDIUM, _UNKNOWN,
              "The platform has an internal error", "平台服务异常", *_WAIT, breaks=True),
    ErrorType("PLATFORM_TIMEOUT", "4002", True, _MEDIUM, _UNKNOWN,
              "The platform says that it timed out", "平台请求超时", *_WAIT, breaks=True),
    ErrorType("SERVICE_UNAVAILABLE", "4003", True, _MEDIUM, _UNKNOWN,
              "The vendor is over capacity or under maintenance", "服务暂不可用", *_WAIT, breaks=True),
    # Ourselves (5xxx)
    ErrorType("INTERNAL_ERROR", "5001", False, _HIGH, _UNKNOWN,
              "Something went wrong on our side", "系统内部错误",
              "Report it with the error's details", "请附上错误详情联系支持"),
    ErrorType("PROCESSING_FAILED", "5002", False, _MEDIUM, _REFUSED,
              "Processing failed", "处理失败", "Look at the cause", "请查看失败原因"),
    ErrorType("RESOURCE_LIMIT", "5003", True, _HIGH, _NOT_SENT,
              "This machine is short of resources", "系统资源不足", *_WAIT),
    # The account and its money (6xxx)
    ErrorType("TOKEN_EXPIRED", "6001", False, _HIGH, _REFUSED,
              "The ad account's authorisation has expired; please re-authorise",
              "广告账户授权已过期，请重新授权", "Re-authorise", "重新授权", _ACCOUNTS),
    ErrorType("TOKEN_INVALID", "6001", False, _HIGH, _REFUSED,
              "The access token is not valid", "访问令牌无效，请重新授权",
              "Re-authorise", "重新授权", _ACCOUNTS),
    ErrorType("PERMISSION_DENIED", "6001", False, _HIGH, _REFUSED,
              "The account has no permission for this", "没有执行该操作的权限",
              "Grant the permission", "请授予相应权限", _ACCOUNTS),
    ErrorType("BUDGET_INSUFFICIENT", "6002", False, _HIGH, _REFUSED,
              "The balance or budget is not sufficient", "账户余额或预算不足",
              "Top up the balance or the budget", "请充值或提高预算", _BILLING),
    ErrorType("CREATIVE_REJECTED", "6003", False, _MEDIUM, _REFUSED,
              "The creative or content was rejected", "创意或内容未通过审核",
              "Change the creative", "请修改创意"),
    ErrorType("ACCOUNT_DISABLED", "6004", False, _CRITICAL, _REFUSED,
              "The account is disabled or suspended", "账户已被停用或封禁",
              "Contact the vendor", "请联系平台", _ACCOUNTS),
    ErrorType("SPEND_GUARD", "6005", False, _HIGH, _NOT_SENT,
              "The spend guard refused the write", "支出保护已阻止该写操作",
              "Raise the cap or lower the amount", "请提高上限或降低金额"),
)  # fmt: skip

TYPES: Final[Mapping[str, ErrorType]] = MappingProxyType({row.name: row for row in _ROWS})
"""Every error type by its name."""

BREAKING: Final = frozenset(row.name for row in _ROWS if row.breaks)
"""The types that a breaker counts as failures of the vendor."""


def lookup(name: str) -> ErrorType:
    """The row of a type; an unknown name is INTERNAL_ERROR, so that no answer lacks a code."""
    return TYPES.get(name) or TYPES["INTERNAL_ERROR"]
