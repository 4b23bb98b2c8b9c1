"""Configurations in short, and what is found in them."""

from __future__ import annotations

from typing import Any

from xrgui.address import Network
from xrgui.config import model
from xrgui.config.check import check
from xrgui.config.load import load_value
from xrgui.config.problem import Problem, Severity

ID = "b831381d-6324-4d53-ad4f-8cda48b30811"
TCP = frozenset({Network.TCP})


def inbound(**fields: Any) -> dict[str, Any]:
    return {"inbounds": [{"port": 1, **fields}]}


def outbound(**fields: Any) -> dict[str, Any]:
    return {"outbounds": [fields]}


def read(value: Any) -> model.Config:
    loaded = load_value(value)
    assert loaded.config is not None, [str(problem) for problem in loaded.problems]
    return loaded.config


def clean(value: Any) -> model.Config:
    loaded = load_value(value)
    assert [str(problem) for problem in loaded.problems] == []
    assert loaded.config is not None
    return loaded.config


def only_problem(value: Any, severity: Severity = Severity.ERROR) -> tuple[str, str]:
    """Path and text of the single problem, which has this severity."""
    problems = load_value(value).problems
    assert len(problems) == 1, [str(problem) for problem in problems]
    assert problems[0].severity is severity
    return problems[0].path, f"{problems[0].message} ({problems[0].hint})"


def judge(value: Any) -> list[Problem]:
    """What is wrong with a configuration that can be read."""
    return check(read(value), probe_ports=False)


def errors(value: Any) -> dict[str, str]:
    """Path to text of what `judge` finds wrong."""
    return {problem.path: str(problem) for problem in judge(value) if problem.is_error}


def warnings(value: Any) -> dict[str, str]:
    return {problem.path: str(problem) for problem in judge(value) if not problem.is_error}
