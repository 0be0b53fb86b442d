"""Which image each service is created from, and what must be pulled or built for it first.

In order: what the engine has, what a registry offers, what a recipe makes. The bases of Dockerfiles are found in the
same way, and replaced in the copy that is sent to the engine.
"""

from __future__ import annotations

import posixpath
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from devenv.core.alike import UNKNOWN, by_compose
from devenv.core.compose.pull import age
from devenv.core.imagefacts import BuildSource, Facts, Images, Missing
from devenv.core.named import bases_of, changed, from_span, run_bases_of, unavailable, unbuilt
from devenv.core.ports import image_variable
from devenv.core.recipes import (
    RecipeSource,
    bases_label,
    full,
    host,
    of_folder,
    ours,
    read_bases_label,
    trusting,
)
from devenv.model import labels
from devenv.model.errors import DevenvError, Span, raise_all
from devenv.model.observed import ObservedImage
from devenv.model.plan import Bootstrap, Build, Derive, Node, Pull, Step, Tag
from devenv.model.stack import IMAGE_PREFIX, SERVICE_PREFIX, Service
from devenv.model.stack import Build as BuildConfig

_NEWER = {"pull_policy": "always"}
"""What `build.pull` says of the images that a Dockerfile builds on."""


def resolve(facts: Facts) -> Images | Missing:
    """The images, or what must be known first: look, add it to the facts and call again.

    Raises DevenvError(s): UNFIT for images that nothing can deliver."""
    return _Resolver(facts).all()


@dataclass(frozen=True, slots=True, kw_only=True)
class _Choice:
    """The image that is used, the nodes that make it (() where it is there) and why they do."""

    ref: str
    needs: tuple[str, ...] = ()
    cause: str = ""


class _Resolver:
    def __init__(self, facts: Facts) -> None:
        self._facts = facts
        self._recipes = facts.recipes
        self._nodes: dict[str, Node] = {}
        self._images: dict[str, None] = {}
        self._questions: dict[str, None] = {}
        self._errors: dict[tuple[str, str], DevenvError] = {}
        self._built: dict[str, _Choice] = {}
        self._building: list[str] = []
        # An image that others run is made all the same where the service that builds it is on the host.
        services = [s.own for s in facts.stack.services.values()]
        services += [service for service in facts.makers if service.name in facts.builds]
        self._makers = {full(s.image): s for s in reversed(services) if s.build}
        self._named = {s.name: s for s in services if s.build}

    def all(self) -> Images | Missing:
        services = self._facts.stack.services
        own = {name: self._service(service) for name, service in services.items()}
        choices = {name: self._workspace(services[name], choice) for name, choice in own.items()}
        if self._images:
            return Missing(images=tuple(self._images))
        if self._questions:
            return Missing(registry=tuple(self._questions))
        raise_all(self._errors.values())
        return Images(
            use={name: choice.ref for name, choice in choices.items()},
            nodes=self._owned(choices),
            after={name: choice.needs for name, choice in choices.items()},
            variables={
                image_variable(name): choice.ref
                for name, choice in own.items()
                if services[name].build is None and services[name].on_host is None
            },
            causes={name: choice.cause for name, choice in choices.items() if choice.needs},
            under={name: one.ref for name, one in own.items() if not one.needs and one.ref != choices[name].ref},
        )

    def _service(self, service: Service) -> _Choice:
        if service.build is not None:
            return self._pulled(service) or self._build(service, service.build)
        # A substitute is what an earlier run chose: choose again. Anything else is what the person says.
        ref = service.official if service.official and ours(service.image) else service.image
        return self._official(ref, service.where, service.config)

    def _workspace(self, service: Service, base: _Choice) -> _Choice:
        """The image with what devcontainer.json adds to it."""
        devcontainer = service.devcontainer
        if devcontainer is None or not devcontainer.derives or service.on_host is not None:
            return base
        from devenv.core.devcontainer import image as derived

        ref = f"{self._facts.stack.project}-{service.name}-devcontainer"
        made, cause, user = self._have(ref), base.cause, str(service.config.get("user") or "")
        if not base.needs:
            found = self._have(base.ref)
            if self._unknown(ref) or found is None:
                return base
            if made is not None and made.labels.get(labels.SOURCE) == derived.digest(devcontainer, found.id):
                return _Choice(ref=ref)
            if not derived.differs(devcontainer, found, user):
                return base
            cause = "no image" if made is None else "devcontainer.json or its image changed"
        marks = {labels.PROJECT: self._facts.stack.project, labels.VERSION: labels.COMPOSE_VERSION}
        step = Derive(ref=ref, base=base.ref, devcontainer=devcontainer, labels=marks, user=user)
        return self._node(f"build:{ref}", step, cause, ref, base.needs)

    # Images from outside

    def _pulled(self, service: Service) -> _Choice | None:
        """The image of a service that has a `build` as well, where its `pull_policy` says that a registry's comes first
        and one has it; None: it is built."""
        policy = str(service.config.get("pull_policy") or "build")
        ref = service.image
        if policy in ("build", "never") or self._facts.build or not service.config.get("image") or _ours_alone(ref):
            return None
        found = self._have(ref)
        if self._unknown(ref):
            return _Choice(ref=ref)
        if found is not None and not self._due(policy, found):
            built_here = any(mark in found.labels for mark in (labels.SOURCE, labels.SERVICE, labels.IMAGE_BUILDER))
            return None if built_here else _Choice(ref=ref)
        offered = self._offer(ref)
        if full(ref) in self._questions:
            return _Choice(ref=ref)
        return self._newer(ref, found, offered, policy, service.config) or (_Choice(ref=ref) if found else None)

    def _due(self, policy: object, found: ObservedImage) -> bool:
        """Whether a registry is asked, by `policy`, for an image that is there."""
        seconds = age(str(policy))
        return policy == "always" or (seconds is not None and self._facts.at > _seconds(found.tagged) + seconds)

    def _newer(
        self, ref: str, found: ObservedImage | None, offered: str | None, policy: object, config: Mapping[str, object]
    ) -> _Choice | None:
        """A pull, where a registry offers another image than `found`."""
        if offered and not (found and any(digest.endswith(offered) for digest in found.digests)):
            cause = "no image" if found is None else "the registry has another"
            platform = config.get("platform")
            step = Pull(ref=ref, platform=str(platform) if platform else None)
            return self._node(f"pull:{full(ref)}", step, cause, ref)
        if offered and age(str(policy)):
            # It was asked for now: the age by which it is asked for again begins anew, as with a pull.
            node = Node(id=f"tag:{full(ref)}", step=Tag(source=ref, ref=ref), cause="the registry has no other")
            self._nodes.setdefault(node.id, node)
        return None

    def _official(self, ref: str, where: Span | None, config: Mapping[str, object] | None = None) -> _Choice:
        """`config` is that of the service that runs it; the base of a Dockerfile has none."""
        maker = self._makers.get(full(ref))
        if maker is not None and maker.build is not None and full(ref) not in self._building:
            return self._build(maker, maker.build)
        config = config or {}
        policy = config.get("pull_policy")
        askable = policy not in ("never", "build") and not _ours_alone(ref)
        found = self._have(ref)
        pull = askable and (self._facts.pull or (found is not None and self._due(policy, found)))
        source = self._recipes.find(ref)
        substitute = self._recipes.ref(source) if source else ""
        made = self._have(substitute) if source else None
        if self._unknown(ref) or (source and self._unknown(substitute)):
            return _Choice(ref=ref)
        if not pull and (found or made):
            return _Choice(ref=ref if found else substitute)
        offered = self._offer(ref) if askable else None
        if newer := self._newer(ref, found, offered, policy, config):
            return newer
        if found is not None:
            return _Choice(ref=ref)
        if source is not None:
            return self._recipe(source, full(ref), offered, where)
        if self._facts.lenient:
            return self._node(f"pull:{full(ref)}", Pull(ref=ref), "no image", ref)
        error = unavailable(ref, where, policy, askable=askable, offered=offered, others=self._recipes.offers(ref))
        self._errors.setdefault((ref, str(where)), error)
        return _Choice(ref=ref)

    def _recipe(self, source: RecipeSource, ref: str, offered: str | None, where: Span | None) -> _Choice:
        recipe = source.recipe
        made = self._recipes.ref(source)
        if self._have(made) is not None:
            return _Choice(ref=made)
        cause = f"no registry {'answers' if offered is None else 'has it'} for {ref}"
        if recipe.bootstrap:
            root = self._recipes.root(source)
            if self._have(root) is not None:
                choice = _Choice(ref=root)
            else:
                step = Bootstrap(ref=root, suite=recipe.suite, labels={labels.RECIPE: root.rpartition("-")[2]})
                choice = self._node(f"bootstrap:{root}", step, cause, root)
            return self._trusted(choice) if self._recipes.trust else choice
        build = BuildConfig(context=recipe.folder, where=Span(file=posixpath.join(recipe.folder, "Dockerfile")))
        bases, needs = self._bases(build, source.text, where)
        digest = self._recipes.hex(source)
        return self._node(
            f"build:{made}",
            Build(ref=made, build=build, bases=changed(bases), labels={labels.RECIPE: digest}, drop_syntax=True),
            cause,
            made,
            needs,
        )

    def _trusted(self, base: _Choice) -> _Choice:
        """The image of `base` with the host's private CAs."""
        made = self._recipes.trusted(base.ref)
        if not base.needs and self._have(made) is not None and not self._facts.build:
            return _Choice(ref=made)
        label = {labels.RECIPE: made.rpartition("-")[2]}
        step = Build(ref=made, build=trusting(base.ref), labels=label, trust=True, drop_syntax=True)
        return self._node(f"build:{made}", step, "for this host's private CAs", made, base.needs)

    # Dockerfiles

    def _build(self, service: Service, build: BuildConfig) -> _Choice:
        key = full(service.image)
        if key not in self._built:
            self._building.append(key)
            self._built[key] = self._build_once(service, build)
            self._building.pop()
        return self._built[key]

    def _build_once(self, service: Service, build: BuildConfig) -> _Choice:
        source = self._facts.builds[service.name]
        image = self._have(service.image)
        if self._unknown(service.image):
            return _Choice(ref=service.image)
        cause = "asked for" if self._facts.build else self._stale(service, build, source, image)
        if not cause:
            for ref in bases_of(build, source.text):
                maker = self._maker(build, ref)
                if maker is not None and maker.build and full(maker.image) not in self._building:
                    cause = cause or ("base changed" if self._build(maker, maker.build).needs else "")
        if cause and self._facts.no_build:
            if image is None:
                error = unbuilt(service.image, build.where or service.where)
                self._errors.setdefault((service.image, str(error.where)), error)
            cause = ""
        if not cause:
            return _Choice(ref=service.image)
        self._refuse(build)
        bases, needs = self._bases(build, source.text, service.where)
        marks = {
            labels.PROJECT: self._facts.stack.project,
            labels.SERVICE: service.name,
            labels.VERSION: labels.COMPOSE_VERSION,
            labels.SOURCE: source.digest,
            labels.BASES: bases_label(bases),
        }
        silent = any(offered is None for offered in self._facts.registry.values())
        makers = (self._maker(build, ref) for ref in bases)
        on = tuple(full(maker.image) for maker in makers if maker and full(maker.image) != full(service.image))
        step = Build(ref=service.image, build=build, bases=changed(bases), labels=marks, drop_syntax=silent, on=on)
        return self._node(f"build:{service.image}", step, cause, service.image, needs)

    def _refuse(self, build: BuildConfig) -> None:
        for refusal in build.refusals:
            self._errors.setdefault((refusal.message, str(refusal.where)), refusal)

    def _stale(self, service: Service, build: BuildConfig, source: BuildSource, image: ObservedImage | None) -> str:
        """Why the image does not fit its source, "" where it does."""
        if image is None:
            return "no image"
        digest = image.labels.get(labels.SOURCE)
        if by_compose(image, service.name):
            return ""  # Docker Compose built it, and takes what is there as it is
        if digest != source.digest:
            return "source changed"
        if image.labels.get(labels.BASES) == UNKNOWN:
            return ""
        built_on = read_bases_label(image.labels.get(labels.BASES))
        if built_on is None:
            return "base changed"
        runs = run_bases_of(build, source.text)
        below = read_bases_label(image.labels.get(labels.BUILT_ON)) or {}
        for ref in bases_of(build, source.text):
            maker = self._maker(build, ref)
            found = self._have(maker.image) if maker and full(maker.image) in below else None
            if maker and found and below[full(maker.image)] != found.id:
                return "base changed"
            if maker is None and built_on.get(ref) not in self._usable(build, ref, runs):
                return "base changed"
        return ""

    def _usable(self, build: BuildConfig, ref: str, runs: frozenset[str]) -> frozenset[str]:
        """The images on which a Dockerfile that names `ref` may have been built, as things stand."""
        place = build.place(ref)
        if place is None or place.startswith(IMAGE_PREFIX):
            return self._recipes.usable((place or ref).removeprefix(IMAGE_PREFIX), runs=ref in runs)
        return frozenset((of_folder(self._facts.folders.get(place, "")),))

    def _maker(self, build: BuildConfig, ref: str) -> Service | None:
        """The service whose image a Dockerfile means by `ref`, where one builds it."""
        place = build.place(ref)
        if place is not None and place.startswith(SERVICE_PREFIX):
            return self._named.get(place.removeprefix(SERVICE_PREFIX))
        return self._makers.get(full((place or ref).removeprefix(IMAGE_PREFIX)))

    def _bases(self, build: BuildConfig, text: str, where: Span | None) -> tuple[dict[str, str], tuple[str, ...]]:
        """What each base of a Dockerfile is replaced by (or is itself), and the nodes that make them."""
        runs = run_bases_of(build, text)
        bases: dict[str, str] = {}
        needs: list[str] = []
        for ref in bases_of(build, text):
            choice = self._base(build, ref, from_span(build, text, ref) or where)
            maker = self._maker(build, ref)
            made_here = maker is not None and full(maker.image) in self._built
            if self._recipes.trust and ref in runs and not ours(choice.ref) and not made_here:
                choice = self._trusted(choice)
            bases[ref] = choice.ref
            needs += choice.needs
        return bases, tuple(dict.fromkeys(needs))

    def _base(self, build: BuildConfig, ref: str, where: Span | None) -> _Choice:
        """What stands in for `ref` of a Dockerfile: one of the build's further contexts, or the image of that name."""
        newer = _NEWER if build.pull else None
        place = build.place(ref)
        if place is None or place.startswith(IMAGE_PREFIX):
            return self._official((place or ref).removeprefix(IMAGE_PREFIX), build.where if place else where, newer)
        if place.startswith(SERVICE_PREFIX):
            maker = self._named.get(place.removeprefix(SERVICE_PREFIX))
            if maker is not None and maker.build is not None and full(maker.image) not in self._building:
                return self._build(maker, maker.build)
            why = "needs itself" if maker else f"needs {place.removeprefix(SERVICE_PREFIX)}, which cannot be built"
            hint = "name a service that has a `build` and does not need this one"
            error = DevenvError(f"the build {why} (`additional_contexts`)", hint=hint, where=build.where)
            self._errors.setdefault((ref, str(build.where)), error)
            return _Choice(ref=ref)
        made = of_folder(self._facts.folders.get(place, ""))
        if self._have(made) is not None or self._unknown(made):
            return _Choice(ref=made)
        step = Build(ref=made, build=BuildConfig(context=place, inline="", where=build.where), folder=True,
                     labels={labels.CONTEXT: place}, drop_syntax=True)  # fmt: skip
        return self._node(f"build:{made}", step, "a context of a build", made)

    # What is known, and what comes of it

    def _have(self, ref: str) -> ObservedImage | None:
        key = full(ref)
        if key not in self._facts.have:
            self._images[key] = None
        return self._facts.have.get(key)

    def _unknown(self, ref: str) -> bool:
        return full(ref) in self._images

    def _offer(self, ref: str) -> str | None:
        key = full(ref)
        if key not in self._facts.registry:
            self._questions[key] = None
        return self._facts.registry.get(key)

    def _node(self, identity: str, step: Step, cause: str, ref: str, needs: tuple[str, ...] = ()) -> _Choice:
        resource = "" if isinstance(step, Pull) else "build"
        self._nodes.setdefault(identity, Node(id=identity, step=step, cause=cause, needs=needs, resource=resource))
        return _Choice(ref=ref, needs=(identity,), cause=cause)

    def _owned(self, choices: Mapping[str, _Choice]) -> tuple[Node, ...]:
        """The nodes, each shown under the service that needs it where that is one alone."""
        owners: dict[str, list[str]] = {}
        for name, choice in choices.items():
            ahead = list(choice.needs)
            while ahead:
                node = self._nodes[ahead.pop()]
                if name not in owners.setdefault(node.id, []):
                    owners[node.id].append(name)
                    ahead += node.needs
        return tuple(
            replace(node, step=replace(node.step, service=owners[node.id][0]))
            if len(owners.get(node.id, ())) == 1
            else node
            for node in self._nodes.values()
        )


def _ours_alone(ref: str) -> bool:
    """Whether no registry can have it."""
    return ours(ref) or host(ref) == "localhost"


def _seconds(created: str) -> float:
    try:
        return datetime.fromisoformat(created).timestamp()
    except ValueError:
        return 0.0
