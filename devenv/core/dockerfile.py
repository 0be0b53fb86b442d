"""Dockerfiles, read as far as devenv needs: which images they build on, and a copy that names others in their place.

Grammar: moby/buildkit `frontend/dockerfile/parser` (directives, continuation lines, heredocs) and
docs.docker.com/reference/dockerfile.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field

_DIRECTIVE = re.compile(r"#\s*([A-Za-z][A-Za-z0-9]*)\s*=\s*(.+?)\s*")
_HEREDOC = re.compile(r"(?<!\S)\d*<<(-?)([^\s<]+)")
_VARIABLE = re.compile(r"\\(.)|\$(?:(\w+)|\{(\w+)(?:(:?[-+?])((?:[^{}]|\{[^{}]*\})*))?\})")
_FLAG = re.compile(r"--([\w-]+)(?:=(\S+))?")
_WITH_HEREDOC = frozenset(("RUN", "COPY", "ADD"))
_COUNTED = frozenset(("RUN", "COPY", "ADD", "WORKDIR"))
"""What BuildKit counts as the steps of a stage, beside a FROM that is no other stage."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Instruction:
    """`keyword` in upper case, `text` the rest with its lines joined, `line` to `end` where it stands, from 1."""

    keyword: str
    text: str
    line: int
    end: int
    heredoc: bool = False

    @property
    def flags(self) -> tuple[tuple[str, str], ...]:
        found = []
        for word in self.text.split():
            flag = _FLAG.fullmatch(word)
            if not flag:
                break
            found.append((flag[1], flag[2] or ""))
        return tuple(found)

    @property
    def words(self) -> tuple[str, ...]:
        """What stands after the flags."""
        return tuple(self.text.split()[len(self.flags) :])


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """From one FROM to the next. `base` has its variables filled in; `written` as it stands in the file."""

    index: int
    name: str
    base: str
    written: str
    head: Instruction
    body: tuple[Instruction, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Dockerfile:
    """`directives` maps a name to (line, value)."""

    directives: Mapping[str, tuple[int, str]] = field(default_factory=dict)
    instructions: tuple[Instruction, ...] = ()


def parse(text: str) -> Dockerfile:
    """Never raises: what is no Dockerfile is the builder's to refuse."""
    lines = text.removeprefix("\ufeff").split("\n")
    directives = _directives(lines)
    escape = directives.get("escape", (0, "\\"))[1]
    return Dockerfile(directives=directives, instructions=tuple(_instructions(lines, escape)))


def syntax(text: str) -> str | None:
    """The frontend image that `# syntax=` asks for."""
    found = parse(text).directives.get("syntax")
    return found[1].split()[0] if found else None


def uses_heredoc(text: str) -> bool:
    return any(instruction.heredoc for instruction in parse(text).instructions)


def uses_grants(text: str) -> bool:
    """Whether a RUN mounts a secret or the socket of an agent."""
    return any(
        flag == "mount" and ("type=secret" in value.split(",") or "type=ssh" in value.split(","))
        for instruction in parse(text).instructions
        if instruction.keyword == "RUN"
        for flag, value in instruction.flags
    )


def stages(text: str, args: Mapping[str, str] | None = None, contexts: Collection[str] = ()) -> tuple[Stage, ...]:
    """The stages, with `args` (build arguments) in their FROM lines. One that is called as one of `contexts` (further
    contexts of the build, lower case) loses its name: that of the context is meant."""
    known: dict[str, str] = {}
    found: list[Stage] = []
    for instruction in parse(text).instructions:
        if instruction.keyword == "FROM":
            words = instruction.words
            written = words[0] if words else ""
            name = words[2].lower() if len(words) >= 3 and words[1].upper() == "AS" else ""
            found.append(
                Stage(
                    index=len(found),
                    name=name if name not in contexts else "",
                    base=_expand(written, known),
                    written=written,
                    head=instruction,
                )
            )
        elif found:
            last = found[-1]
            found[-1] = Stage(
                index=last.index,
                name=last.name,
                base=last.base,
                written=last.written,
                head=last.head,
                body=(*last.body, instruction),
            )
        elif instruction.keyword == "ARG":
            for word in _split(instruction.text):
                key, equals, default = word.partition("=")
                if args and key in args:
                    known[key] = args[key]
                elif equals:
                    known[key] = _expand(default, known)
    return tuple(found)


def bases(
    text: str, args: Mapping[str, str] | None = None, target: str | None = None, contexts: Collection[str] = ()
) -> tuple[str, ...]:
    """The images from outside that a build of `target` (default: the last stage) needs: of FROM, `COPY --from` and
    `RUN --mount=from=`, with variables filled in, in the order of the file. `scratch` is none."""
    all_stages = stages(text, args, contexts)
    wanted = _reachable(all_stages, target)
    found: list[str] = []
    for stage in all_stages:
        if stage.index in wanted:
            found += [ref for ref, _ in _outside(all_stages, stage)]
    return tuple(dict.fromkeys(found))


def run_bases(
    text: str, args: Mapping[str, str] | None = None, target: str | None = None, contexts: Collection[str] = ()
) -> frozenset[str]:
    """Those of `bases` in whose file system a RUN is done, in their own stage or in one that is FROM it."""
    all_stages = stages(text, args, contexts)
    found = set()
    for index in _reachable(all_stages, target):
        stage: Stage | None = all_stages[index]
        if not any(instruction.keyword == "RUN" for instruction in all_stages[index].body):
            continue
        while stage is not None:
            below = _stage_of(all_stages, stage.base, before=stage.index)
            if below is None and stage.base not in ("", "scratch"):
                found.add(stage.base)
            stage = below
    return frozenset(found)


def rewrite(
    text: str,
    mapping: Mapping[str, str],
    args: Mapping[str, str] | None = None,
    contexts: Collection[str] = (),
    *,
    drop_syntax: bool = False,
) -> str:
    """The Dockerfile with each outside image of `mapping` (as `bases` names it) replaced, in FROM, `COPY --from` and
    `RUN --mount=from=`; `drop_syntax` leaves `# syntax=` out. Every line keeps its number, so that what the builder
    says of a line holds for the file as written."""
    lines = text.split("\n")
    all_stages = stages(text, args, contexts)
    for stage in all_stages:
        for ref, (instruction, written) in _outside(all_stages, stage):
            other = mapping.get(ref)
            if other is not None and other != ref:
                _replace(lines, instruction, written, other)
    if drop_syntax:
        _drop_syntax(lines, parse(text).directives)
    return "\n".join(lines)


def step_line(text: str, step: str) -> int:
    """The line of the instruction that BuildKit calls `step` ("[build 2/5] RUN make"), 0 where it is not found.

    Names: buildkit `dockerfile2llb`: `[PLATFORM STAGE k/n] INSTRUCTION`, stage left out where the only one has no name,
    `stage-<index>` where it has none among several."""
    bracket, _, said = step.removeprefix("[").partition("] ")
    head = bracket.split()
    keyword = said.split(" ", 1)[0].upper()
    all_stages = stages(text)
    if not head or not all_stages or not said:
        return 0
    place, _, _ = head[-1].partition("/")
    name = head[-2].lower() if len(head) > 1 and "/" not in head[-2] else ""
    named = [s for s in all_stages if name and name in (s.name, f"stage-{s.index}")] or [all_stages[-1]]
    stage = named[-1]
    outside = not _stage_of(all_stages, stage.base, before=stage.index) and stage.base != "scratch"
    counted = [stage.head] if outside else []
    counted += [i for i in stage.body if i.keyword in _COUNTED]
    if place.isdigit() and 0 < int(place) <= len(counted) and counted[int(place) - 1].keyword == keyword:
        return counted[int(place) - 1].line
    same = [i for s in all_stages for i in s.body if _bare(f"{i.keyword} {i.text}") == _bare(said)]
    return same[0].line if same else 0


def _directives(lines: list[str]) -> dict[str, tuple[int, str]]:
    found: dict[str, tuple[int, str]] = {}
    for number, line in enumerate(lines, 1):
        matched = _DIRECTIVE.fullmatch(line.strip())
        if not matched or matched[1].lower() not in ("syntax", "escape", "check"):
            break
        found.setdefault(matched[1].lower(), (number, matched[2]))
    return found


def _instructions(lines: list[str], escape: str) -> Iterator[Instruction]:
    goes_on = re.compile(rf"(?:^|(?<!{re.escape(escape)})){re.escape(escape)}[ \t\r]*$")
    at = 0
    while at < len(lines):
        start = at
        parts: list[str] = []
        while at < len(lines):
            line = lines[at].rstrip("\r")
            at += 1
            if line.lstrip().startswith("#") or (parts and not line.strip()):
                # Comments and empty lines do not end a continued instruction.
                continue
            if not parts:
                start = at - 1
            parts.append(goes_on.sub("", line))
            if not goes_on.search(line):
                break
        joined = "".join(parts).strip()
        if not joined:
            continue
        keyword, _, rest = joined.partition(" ") if " " in joined else joined.partition("\t")
        keyword = keyword.upper()
        inner = rest.split(None, 1)[0].upper() if keyword == "ONBUILD" and rest.strip() else keyword
        endings = _HEREDOC.findall(rest) if inner in _WITH_HEREDOC else []
        for dash, word in endings:
            ending = word.strip("'\"")
            while at < len(lines):
                line = lines[at].rstrip("\r")
                at += 1
                if (line.lstrip("\t") if dash else line) == ending:
                    break
        yield Instruction(keyword=keyword, text=rest.strip(), line=start + 1, end=at, heredoc=bool(endings))


def _split(text: str) -> list[str]:
    """Words, with quotes as a shell has them."""
    return [match[0] for match in re.finditer(r"(?:[^\s'\"]|'[^']*'|\"(?:\\.|[^\"\\])*\")+", text)]


def _expand(word: str, known: Mapping[str, str]) -> str:
    """`$X`, `${X}`, `${X:-y}` and `${X:+y}` filled in; one that is not known is empty, as BuildKit has it."""

    def fill(found: re.Match[str]) -> str:
        if found[1]:
            return found[1]
        value = known.get(found[2] or found[3])
        operator, other = found[4] or "", found[5] or ""
        there = bool(value) if operator.startswith(":") else value is not None
        if operator.endswith("-"):
            return value or "" if there else _expand(other, known)
        if operator.endswith("+"):
            return _expand(other, known) if there else ""
        return value or ""

    return _VARIABLE.sub(fill, word.replace('"', "").replace("'", ""))


def _stage_of(all_stages: tuple[Stage, ...], name: str, *, before: int) -> Stage | None:
    """The stage that `name` (a name, or in --from an index) means in stage number `before`."""
    for stage in reversed(all_stages[:before]):
        if name.lower() == stage.name:
            return stage
    return None


def _froms(instruction: Instruction) -> list[str]:
    """What `--from` and `--mount=…,from=` of an instruction name."""
    found = []
    for flag, value in instruction.flags:
        if flag == "from" and instruction.keyword in ("COPY", "ADD"):
            found.append(value)
        elif flag == "mount" and instruction.keyword == "RUN":
            found += [part[5:] for part in value.split(",") if part.startswith("from=")]
    return found


def _outside(all_stages: tuple[Stage, ...], stage: Stage) -> list[tuple[str, tuple[Instruction, str]]]:
    """(image, (instruction, as written)) of each reference of `stage` that is no stage."""
    found = []
    if stage.base not in ("", "scratch") and not _stage_of(all_stages, stage.base, before=stage.index):
        found.append((stage.base, (stage.head, stage.written)))
    for instruction in stage.body:
        for name in _froms(instruction):
            if not name.isdigit() and not _stage_of(all_stages, name, before=stage.index) and "$" not in name:
                found.append((name, (instruction, name)))
    return found


def _reachable(all_stages: tuple[Stage, ...], target: str | None) -> set[int]:
    if not all_stages:
        return set()
    goal: Stage | None = all_stages[-1]
    if target:
        goal = _stage_of(all_stages, target, before=len(all_stages))
        if goal is None and target.isdigit() and int(target) < len(all_stages):
            goal = all_stages[int(target)]
    if goal is None:
        return {stage.index for stage in all_stages}
    found: set[int] = set()
    ahead = [goal]
    while ahead:
        stage = ahead.pop()
        if stage.index in found:
            continue
        found.add(stage.index)
        names = [stage.base, *(name for instruction in stage.body for name in _froms(instruction))]
        for position, name in enumerate(names):
            other = _stage_of(all_stages, name, before=stage.index)
            if other is None and position and name.isdigit() and int(name) < stage.index:
                other = all_stages[int(name)]
            if other is not None:
                ahead.append(other)
    return found


def _replace(lines: list[str], instruction: Instruction, written: str, other: str) -> None:
    """Put `other` for the word `written` in the lines of `instruction`, once."""
    if instruction.keyword == "FROM":
        word = re.compile(rf"(?<!\S){re.escape(written)}(?!\S)")
    else:
        word = re.compile(rf"(?<=from=){re.escape(written)}(?=[\s,]|$)")
    for index in range(instruction.line - 1, instruction.end):
        line = lines[index]
        # `FROM from` and the like: the keyword itself is not the word.
        skip = re.match(r"\s*\w+", line).end() if index == instruction.line - 1 and line.strip() else 0  # type: ignore[union-attr]
        changed, count = word.subn(lambda _: other, line[skip:], count=1)
        if count:
            lines[index] = line[:skip] + changed
            return


def _drop_syntax(lines: list[str], directives: Mapping[str, tuple[int, str]]) -> None:
    if "syntax" not in directives:
        return
    number, _ = directives["syntax"]
    # A plain comment would end the block of directives: those that stay come first.
    block = sorted(line for line, _ in directives.values())
    kept = [lines[line - 1] for line in block if line != number]
    for line, text in zip(block, [*kept, "#"], strict=True):
        lines[line - 1] = text


def _bare(text: str) -> str:
    return "".join(text.split()).lower()
