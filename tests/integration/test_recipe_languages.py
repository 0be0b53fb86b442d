"""What stands for the official images of Node, Go, Ruby, PHP, Java and Rust does what their users take for granted:
where programs stand, where packages go, which variables are set, how arguments are read. No registry is needed."""

from __future__ import annotations

import pytest

from tests.integration.recipes import Files, Run

# Six images of up to a gigabyte, of which most machines that run these tests have none yet.
pytestmark = [pytest.mark.engine, pytest.mark.slow]

SLEEP = ("sleep", "600")


def files(**texts: str) -> Files:
    """Files in /tmp/mine, `__` in their names a slash and `_` a dot."""
    return {f"/tmp/mine/{name.replace('__', '/').replace('_', '.')}": (t.encode(), 0o644) for name, t in texts.items()}


def test_node_stands_where_the_official_image_has_it(recipe: Run) -> None:
    greet = '{"name": "greet", "version": "1.0.0", "bin": "cli.js"}'
    box = recipe(
        "node", command=SLEEP, files=files(package_json=greet, cli_js="#!/usr/bin/env node\nconsole.log('hello')")
    )
    assert box.sh("which node npm npx corepack").split() == [
        f"/usr/local/bin/{name}" for name in ("node", "npm", "npx", "corepack")
    ]
    assert box.sh("node --version").startswith("v20.")
    assert box.sh("id -u node; id -g node; getent passwd node | cut -d: -f6").split() == ["1000", "1000", "/home/node"]
    assert box.sh("npm config get prefix") == "/usr/local"
    box.sh("cd /tmp && npm install -g --offline --no-audit /tmp/mine")
    assert box.sh("greet; which greet").split() == ["hello", "/usr/local/bin/greet"]
    box.sh("corepack enable; test -e /usr/local/bin/yarn; test -e /usr/local/bin/pnpm")


def test_node_runs_what_is_no_program_itself(recipe: Run) -> None:
    for command in (("-p", "6 * 7"), ("/tmp/mine/x.js",), ("node", "-p", "6 * 7"), ("sh", "-c", "echo 42")):
        box = recipe("node", command=command, files=files(x_js="console.log(42)"))
        assert box.ends() == 0
        assert box.said() == "42"


def test_go_builds_with_and_without_c(recipe: Run) -> None:
    program = 'package main\n\nimport "C"\nimport "fmt"\n\nfunc main() { fmt.Println("hello") }\n'
    box = recipe("go", command=SLEEP, files=files(go_mod="module example.org/hello\n\ngo 1.24\n", main_go=program))
    assert box.sh("which go gofmt").split() == ["/usr/local/go/bin/go", "/usr/local/go/bin/gofmt"]
    assert box.sh("go version").startswith("go version go1.24")
    assert box.sh("go env GOPATH GOTOOLCHAIN CGO_ENABLED; pwd").split() == ["/go", "local", "1", "/go"]
    assert box.sh("cd /tmp/mine && go vet && go install && hello") == "hello"
    assert box.sh("which hello; stat -c %a /go").split() == ["/go/bin/hello", "1777"]
    box.sh("which git gcc g++ make pkg-config")


def test_ruby_and_its_gems_stand_where_the_official_image_has_them(recipe: Run) -> None:
    gem = 'Gem::Specification.new { |s| s.name = "greet"; s.version = "1"; s.summary = "x"; s.authors = ["x"]; '
    gem += 's.files = ["greet.rb"]; s.require_paths = ["."]; s.bindir = "."; s.executables = ["greet"] }\n'
    lock = "GEM\n  remote: https://rubygems.org/\n  specs:\n    rake (13.2.1)\n\n"
    lock += "PLATFORMS\n  ruby\n\nDEPENDENCIES\n  rake\n"
    box = recipe(
        "ruby",
        command=SLEEP,
        files={
            **files(greet_gemspec=gem, greet_rb="", greet="#!/usr/bin/env ruby\nputs 'hello'\n"),
            "/tmp/app/Gemfile": (b'source "https://rubygems.org"\ngem "rake"\n', 0o644),
            "/tmp/app/Gemfile.lock": (lock.encode(), 0o644),
        },
    )
    assert box.sh("which ruby gem bundle irb rake").split() == [
        f"/usr/local/bin/{name}" for name in ("ruby", "gem", "bundle", "irb", "rake")
    ]
    assert box.sh("ruby --version").startswith("ruby 3.3.")
    assert box.sh("gem env home; echo $BUNDLE_APP_CONFIG $LANG").split() == [
        "/usr/local/bundle", "/usr/local/bundle", "C.UTF-8",
    ]  # fmt: skip
    box.sh("cd /tmp/mine && gem build -q greet.gemspec && gem install --local greet-1.gem")
    assert box.sh("greet; which greet").split() == ["hello", "/usr/local/bundle/bin/greet"]
    box.sh("ruby -ropenssl -rjson -rpsych -rzlib -rsocket -rnet/http -e 1")
    assert "satisfied" in box.sh("cd /tmp/app && bundle check")
    assert box.sh("cd /tmp/app && bundle exec rake --version").startswith("rake")
    box.sh("""ruby -e 'exit File.exist?(RbConfig::CONFIG["rubyhdrdir"] + "/ruby.h")'""")
    assert recipe("ruby").ends() == 0  # irb, whose input ends at once


def test_php_has_the_official_image_s_extensions_and_gets_others_by_name(recipe: Run) -> None:
    box = recipe("php", command=SLEEP, files={"/usr/local/etc/php/conf.d/mine.ini": (b"memory_limit = 77M\n", 0o644)})
    assert box.sh("which php docker-php-ext-install").split() == [
        "/usr/local/bin/php", "/usr/local/bin/docker-php-ext-install",
    ]  # fmt: skip
    assert box.sh("php -r 'echo PHP_VERSION;'").startswith("8.4.")
    have = set(box.sh("php -m").lower().split())
    assert {"curl", "dom", "mbstring", "openssl", "pdo_sqlite", "phar", "sodium", "sqlite3", "xml", "zlib"} <= have
    assert not {"pdo_pgsql", "pdo_mysql", "gd", "intl"} & have
    assert box.sh("php -r 'echo ini_get(\"memory_limit\");'") == "77M"
    box.sh(
        "cp $PHP_INI_DIR/php.ini-development $PHP_INI_DIR/php.ini; echo 'post_max_size = 33M' >> $PHP_INI_DIR/php.ini"
    )
    assert box.sh("php -r 'echo ini_get(\"post_max_size\");'") == "33M"
    assert box.sh("pwd; stat -c %U .").split() == ["/var/www/html", "www-data"]
    box.sh(
        "docker-php-ext-configure intl && docker-php-ext-install -j2 intl opcache curl && docker-php-ext-enable intl"
    )
    assert "intl" in box.sh("php -m").split()
    assert "not there" in box.sh("docker-php-ext-enable gd", ok=False)
    assert "no package" in box.sh("docker-php-ext-install nonsense", ok=False)


def test_php_takes_options_as_its_own(recipe: Run) -> None:
    box = recipe("php", command=("-r", "echo 6 * 7;"))
    assert box.ends() == 0
    assert box.said() == "42"
    web = recipe("php", command=("-S", "0.0.0.0:8000"), files={"/var/www/html/index.php": (b"<?= 6 * 7 ?>", 0o644)})
    web.until("curl -fsS http://127.0.0.1:8000/ | grep -qx 42")


def test_java_stands_where_the_official_image_has_it(recipe: Run) -> None:
    program = 'public class Hello { public static void main(String[] a) { System.out.println("héllo"); } }'
    box = recipe("java", command=SLEEP, files=files(Hello_java=program))
    assert box.sh("echo $JAVA_HOME; which java javac jshell").split() == [
        "/opt/java/openjdk", *(f"/opt/java/openjdk/bin/{name}" for name in ("java", "javac", "jshell")),
    ]  # fmt: skip
    assert box.sh("java -version").startswith('openjdk version "21.')
    assert box.sh("cd /tmp/mine && javac Hello.java && java Hello") == "héllo"
    assert box.sh("echo $LANG") == "en_US.UTF-8"
    assert box.sh("keytool -list -cacerts -storepass changeit | grep -c trustedCertEntry") > "1"
    box.sh("which curl")


def test_rust_and_cargo_stand_where_the_official_image_has_them(recipe: Run) -> None:
    test = 'fn main() { println!("hello"); }\n#[test]\nfn it_is() {}\n'
    manifest = '[package]\nname = "hello"\nversion = "0.1.0"\nedition = "2024"\n'
    box = recipe("rust", command=SLEEP, files=files(Cargo_toml=manifest, src__main_rs=test))
    assert box.sh("which cargo rustc rustfmt cargo-clippy").split() == [
        f"/usr/local/cargo/bin/{name}" for name in ("cargo", "rustc", "rustfmt", "cargo-clippy")
    ]
    assert box.sh("rustc --version").startswith("rustc 1.85.")
    box.sh(
        "cd /tmp/mine && cargo clippy -q --offline && cargo test -q --offline && cargo install -q --offline --path ."
    )
    assert box.sh("hello; which hello; echo $CARGO_HOME").split() == [
        "hello", "/usr/local/cargo/bin/hello", "/usr/local/cargo",
    ]  # fmt: skip
    box.sh("which gcc pkg-config git")
