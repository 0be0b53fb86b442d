"""Java: Spring Boot, anything else by Maven or Gradle, or the JDK alone."""

from __future__ import annotations

import re

from devenv.core.init.guess import App, Language, Reason, Repository
from devenv.core.init.reading import health, image, port

_ENDINGS = (".java", ".kt")
_SETTINGS = (".properties", ".yml", ".yaml")
_PORTS = (
    r"new InetSocketAddress\([^)\n]*?([0-9]{2,5})\s*\)",
    r"new ServerSocket\(\s*([0-9]{2,5})",
    r"PORT[^\n]{0,40}?\"([0-9]{2,5})\"",
)
_NO_MAIN = "No class with a `main` was found: say in `command` of `app` how it is started."
_GRADLE = ("build.gradle", "build.gradle.kts")


def look(repository: Repository) -> App | None:
    file = repository.first("pom.xml", *_GRADLE)
    if file is None:
        return None
    text = re.sub(r"<!--.*?-->", "", repository.text(file), flags=re.DOTALL)
    maven = file == "pom.xml"
    named = _named(text, maven)
    spring = "spring-boot" in text
    framework = "Spring Boot" if spring else "Quarkus" if "quarkus" in text else ""
    main = _main(repository)
    plain = maven and not named and "<plugin>" not in text and "<parent>" not in text and bool(main)
    said = re.search(
        r"<(?:maven\.compiler\.(?:release|source)|java\.version|release)>\s*([0-9.]+)"
        r"|languageVersion[^\n]*?of\(\s*([0-9]+)|sourceCompatibility\s*=\s*\D*([0-9]+)",
        text,
    )
    asked = f">={next(filter(None, said.groups()))}" if said else ""
    jdk = image("eclipse-temurin", asked, "21", "", f"{file} asks for Java")
    version = jdk.value.partition(":")[2]
    lines, finish, command, test, base = _build(repository, maven, plain, framework, main, version)
    number = port(repository, _PORTS, _ENDINGS, 8080, framework)
    set_port = repository.search(
        r"server\.port\s*[=:]\s*(?:\$\{[A-Z_]+:)?([0-9]{2,5})|^server:\s*\n\s+port:\s*([0-9]{2,5})", *_SETTINGS
    )
    if set_port:
        number = Reason(value=set_port[1][1] or set_port[1][2], why=f"{set_port[0]} says so")
    root = health(repository, _ENDINGS, r"(?:createContext|GetMapping|@Path)\(\s*\"/\"")
    if spring and "spring-boot-starter-actuator" in text:
        root = Reason(value="/actuator/health", why=f"spring-boot-starter-actuator in {file}")
    away = (
        ""
        if base.startswith("eclipse-temurin")
        else f"`{base.partition(':')[0]}` is an image that devenv cannot make where no registry answers."
    )
    why = Reason(
        value=base,
        why=f"{jdk.why}; {'no dependencies: the JDK alone builds it' if plain else file}",
    )
    return App(
        language="java",
        title=f"Java with {framework}" if framework else "Java",
        file=file,
        image=why,
        command=command,
        port=number,
        health=root,
        dependencies=lines,
        finish=finish,
        compiled=True,
        test=test,
        extensions=("vscjava.vscode-java-pack",),
        ignore=("target", "build", ".gradle"),
        named=frozenset(named),
        unsure=tuple(filter(None, (away, "" if framework or main else _NO_MAIN))),
    )


def _named(text: str, maven: bool) -> set[str]:
    if maven:
        return set(re.findall(r"<dependency>.*?<artifactId>\s*([^<\s]+)", text, re.DOTALL))
    return set(re.findall(r"[\"'][\w.-]+:([\w.-]+)(?::[\w.-]+)?[\"']", text))


def _main(repository: Repository) -> str:
    """The class with a `main`, by its full name."""
    found = repository.search(r"static\s+void\s+main\s*\(", ".java")
    if not found:
        return ""
    package = re.search(r"^\s*package\s+([\w.]+)\s*;", found[1].string, re.MULTILINE)
    name = found[0].rpartition("/")[2].removesuffix(".java")
    return f"{package[1]}.{name}" if package else name


def _build(
    repository: Repository, maven: bool, plain: bool, framework: str, main: str, version: str
) -> tuple[tuple[str, ...], tuple[str, ...], tuple[str, ...], Reason | None, str]:
    """The Dockerfile's lines before and after the sources, the command, the tests' command, the image."""
    tests = next((path for path in repository.files if path.startswith("src/test/")), "")
    if plain:
        copied = " && cp -r src/main/resources/. target/classes/" if any(
            path.startswith("src/main/resources/") for path in repository.files) else ""  # fmt: skip
        compiled = (
            f"RUN mkdir -p target/classes && javac -d target/classes $(find src/main/java -name '*.java'){copied}"
        )
        return (), (compiled,), ("java", "-cp", "target/classes", main), None, f"eclipse-temurin:{version}"
    if maven:
        start = {"Spring Boot": "spring-boot:run", "Quarkus": "quarkus:dev"}.get(
            framework, f"compile exec:java -Dexec.mainClass={main}"
        )
        return (
            ("COPY pom.xml ./", "RUN mvn -q -B dependency:go-offline"),
            ("RUN mvn -q -B compile",),
            ("mvn", "-q", *start.split()),
            Reason(value="mvn -q test", why=tests) if tests else None,
            f"maven:3.9-eclipse-temurin-{version}",
        )
    start = {"Spring Boot": "bootRun", "Quarkus": "quarkusDev"}.get(framework, "run")
    files = [
        name for name in repository.files if re.fullmatch(r"(build|settings)\.gradle(\.kts)?|gradle\.properties", name)
    ]
    return (
        (f"COPY {' '.join(files)} ./", "RUN gradle --no-daemon -q dependencies"),
        ("RUN gradle --no-daemon -q classes",),
        ("gradle", "--no-daemon", "-q", start),
        Reason(value="gradle --no-daemon -q test", why=tests) if tests else None,
        f"gradle:8-jdk{version}",
    )


LANGUAGE = Language(name="Java", marks=("pom.xml", *_GRADLE), endings=(*_ENDINGS, *_SETTINGS), look=look)
