from __future__ import annotations

from dataclasses import replace

from devenv.core.belongings import Stack, belongings, listed
from devenv.model import labels
from devenv.model.observed import Inventory, ObservedContainer, ObservedImage, ObservedVolume

NAMELESS = "a" * 64


def _container(name: str, project: str = "", folder: str = "", **mounts: str) -> ObservedContainer:
    marks = {**({labels.PROJECT: project} if project else {}), **({labels.FOLDER: folder} if folder else {})}
    return ObservedContainer(
        id=name, name=name, image="x", image_id="x", state="running", labels=marks, mounts={"/d": mounts.get("d", "")}
    )


def _volume(name: str, **marks: str) -> ObservedVolume:
    return ObservedVolume(name=name, driver="local", labels=marks)


def test_a_project_is_ours_where_one_thing_of_it_says_so() -> None:
    found = belongings(
        Inventory(
            containers=(
                _container("shop-db-1", "shop", "/home/ann/shop", d=NAMELESS),
                _container("shop-tool-1", "shop"),  # made by Compose in our project
                _container("blog-db-1", "blog"),
                _container("lonely"),
            ),
            volumes=(
                _volume("shop_data", **{labels.PROJECT: "shop"}),
                _volume(NAMELESS),
                _volume("old_data", **{labels.PROJECT: "old", labels.FOLDER: "/home/ann/old"}),
                _volume("b" * 64),
            ),
        )
    )
    assert found.stacks == (
        Stack(name="old", folder="/home/ann/old", volumes=("old_data",)),
        Stack(
            name="shop",
            folder="/home/ann/shop",
            containers=("shop-db-1", "shop-tool-1"),
            volumes=("shop_data", NAMELESS),
        ),
    )
    assert found.others == ("2 containers", "1 volume")


def test_images_are_ours_by_name_or_label_and_those_of_registries_are_nobody_s() -> None:
    def image(ref: str, identity: str, *digests: str, size: int = 5, **marks: str) -> ObservedImage:
        return ObservedImage(ref=ref, id=identity, labels=marks, digests=digests, size=size)

    built = {labels.SOURCE: "d", labels.PROJECT: "shop", labels.SERVICE: "api"}
    found = belongings(
        Inventory(
            containers=(replace(_container("shop-api-1", "shop", "/home/ann/shop"), image="team/api:dev"),),
            images=(
                image("localhost/devenv/redis:8-1", "1"),
                image("shop-api:latest", "2", **built),
                image("team/api:dev", "2", **built),
                image("shop-api:kept", "2", **built),  # a person's own name for it
                image("mine-on-it:latest", "9", **built),  # FROM shop-api
                image("mine-on-ours:latest", "10", **{labels.RECIPE: "d"}),
                image("", "3", **{labels.RECIPE: "d"}),
                image("postgres:17", "4", "postgres@sha256:4"),
                image("", "5"),
                image("mine:latest", "6"),
                image("mine:older", "7"),
                image("localhost/devenvironment:1", "8", "localhost/devenvironment@sha256:8"),
            ),
        )
    )
    assert found.images == ("localhost/devenv/redis:8-1", "shop-api:latest", "team/api:dev", "3")
    assert found.image_bytes == 15, "one image with two tags is there once"
    assert found.others == ("5 images that were built here",)


def test_long_lists_are_short() -> None:
    assert listed(["a", "b"]) == "a, b"
    assert listed([str(n) for n in range(20)]) == "0, 1, 2, 3, 4, 5 and 14 more"
    assert listed([NAMELESS]) == "aaaaaaaaaaaa (unnamed)"
