"""Telling the digit's ink from specks, lines and neighbours."""

import math
from dataclasses import dataclass, field
from typing import TypeAlias

import cv2
import numpy as np
from numpy.typing import NDArray

from digits_core.image.connected import Labels as Told
from digits_core.image.connected import connected

Grey: TypeAlias = NDArray[np.uint8]
Labels: TypeAlias = Told | Grey
Box: TypeAlias = tuple[int, int, int, int]
"""Left, top, right and bottom, in pixels; the last two lie outside."""

# The edge of a sheet, a frame or a shadow lies along this share of a border of the picture.
_ALONG_BORDER = 0.6
# A frame runs along its own box, within this share of its shorter side.
_FRAME_DEPTH = 0.1
# What is left when surroundings go must have at least this share of their area.
_SUBSTANCE = 0.1
# Two pieces are alike from this share of the larger one's area on.
_ALIKE = 0.4
# A component is a digit of its own beside the largest from these shares of its height and area.
_DIGIT_HEIGHT = 0.5
_DIGIT_AREA = 0.12
# Gaps between boxes, as shares of the tallest component's height. A broken stroke leaves less
# than the first, two digits side by side more; beyond the last, small ink is a speck.
_BROKEN_ACROSS = 0.08
_BROKEN_DOWN = 0.25
_SPECK_GAP = 0.35
# Small ink is a speck below this share of the largest area, and below the first one when it
# lies right beside a stroke.
_NEAR_SPECK = 0.01
_FAR_SPECK = 0.05
_NEAR = 0.1
# Noise falls into thousands of components; no digit has as many.
_MOST_COMPONENTS = 64


@dataclass(frozen=True, slots=True)
class Component:
    """Connected ink: its label in the label picture, its box in pixels and its area."""

    label: int
    left: int
    top: int
    right: int
    bottom: int
    area: int

    @property
    def height(self) -> int:
        """Rows of the box."""
        return self.bottom - self.top

    def encloses(self, other: "Component") -> bool:
        """Whether the other's box lies within this one's."""
        return (
            self.left < other.left
            and self.top < other.top
            and self.right > other.right
            and self.bottom > other.bottom
        )

    def gap_across(self, other: "Component") -> int:
        """Columns between the boxes; negative where they overlap."""
        return max(self.left, other.left) - min(self.right, other.right)

    def gap_down(self, other: "Component") -> int:
        """Rows between the boxes; negative where they overlap."""
        return max(self.top, other.top) - min(self.bottom, other.bottom)

    def gap(self, other: "Component") -> int:
        """Pixels between the boxes, along the axis where they are further apart."""
        return max(self.gap_across(other), self.gap_down(other))


@dataclass(slots=True)
class Group:
    """Components that make up one digit, the largest first."""

    components: list[Component] = field(default_factory=list)

    @property
    def area(self) -> int:
        """Pixels of ink."""
        return sum(component.area for component in self.components)

    @property
    def box(self) -> Box:
        """The smallest box round all of it."""
        if len(self.components) == 1:
            only = self.components[0]
            return only.left, only.top, only.right, only.bottom
        return (
            min(c.left for c in self.components),
            min(c.top for c in self.components),
            max(c.right for c in self.components),
            max(c.bottom for c in self.components),
        )

    def mask(self, labels: Labels) -> Grey:
        """The group's ink within its box, uint8[h, w] of 0 and 255, from the label picture."""
        left, top, right, bottom = self.box
        part = labels[top:bottom, left:right]
        if labels.dtype == np.uint8:  # the mask itself, which holds one piece
            return part.astype(np.uint8, copy=False)
        if len(self.components) == 1:
            return (part == self.components[0].label).astype(np.uint8) * 255
        chosen = np.zeros(int(part.max()) + 1, np.uint8)
        chosen[[component.label for component in self.components]] = 255
        return chosen[part]


@dataclass(frozen=True, slots=True)
class Grouping:
    """The groups of a mask, the one with the most ink first, each one a digit perhaps.

    `labels` is the label picture [H, W], the mask itself where there is one
    piece; `ink` counts the pixels of all that was found, `loose` is the ink
    that belongs to no group.
    """

    groups: list[Group]
    labels: Labels
    ink: int
    loose: list[Component]

    def others(self, group: Group) -> int:
        """How many pieces of ink outside a group are large enough to be a digit's."""
        if group.area == self.ink:
            return 0
        inside = {component.label for component in group.components}
        pieces = [c for each in self.groups for c in each.components] + self.loose
        least = _DIGIT_AREA * group.area
        return sum(c.area >= least and c.label not in inside for c in pieces)


def find_groups(mask: Grey) -> Grouping:
    """Part a mask uint8[H, W] of ink (0 or 255) into groups that could each be a digit.

    Left out are the sheet's edges, frames, what a neighbour pushes into the
    picture, and specks. Tall components with a gap between them are digits of
    their own; smaller ink belongs to the digit that it is nearest to.
    """
    left, top, width, height = cv2.boundingRect(mask)
    if not width:  # OpenCV would crash on a picture of no pixels
        return Grouping([], mask, 0, [])
    _, stats = connected(mask[top : top + height, left : left + width])
    if len(stats) == 2:  # most pictures hold one piece of ink
        area = int(stats[1, cv2.CC_STAT_AREA])
        only = Component(255, left, top, left + width, top + height, area)
        return Grouping([Group([only])], mask, area, [])
    labels, stats = connected(mask)
    areas = stats[1:, cv2.CC_STAT_AREA]
    ink = int(areas.sum())
    by_area = areas.argsort()[::-1][:_MOST_COMPONENTS] + 1
    components = [
        Component(label, x, y, x + width, y + height, area)
        for label, (x, y, width, height, area) in zip(
            by_area.tolist(), stats[by_area].tolist(), strict=True
        )
    ]
    found = _without_surroundings(components, labels) if len(components) > 1 else components
    if not found:
        return Grouping([], labels, ink, components)
    large = [c for c in found if c.area >= _DIGIT_AREA * found[0].area]
    tallest = max(component.height for component in large)
    tall = [c for c in large if c.height >= _DIGIT_HEIGHT * tallest]
    groups = _join(tall, tallest)
    for component in found:
        if component not in tall:
            _add_small(component, groups, tallest)
    groups.sort(key=lambda group: group.area, reverse=True)
    kept = {component.label for group in groups for component in group.components}
    return Grouping(groups, labels, ink, [c for c in components if c.label not in kept])


def _without_surroundings(found: list[Component], labels: Labels) -> list[Component]:
    """Leave out edges, frames and shadows, then what a neighbour pushes into the picture."""
    height, width = labels.shape
    along = np.zeros(max(component.label for component in found) + 1)
    for reached, border in (
        (any(c.top == 0 for c in found), labels[0]),
        (any(c.bottom == height for c in found), labels[-1]),
        (any(c.left == 0 for c in found), labels[:, 0]),
        (any(c.right == width for c in found), labels[:, -1]),
    ):
        if reached:
            counts = np.bincount(border, minlength=len(along))[: len(along)]
            along = np.maximum(along, counts / len(border))
    kept = [c for c in found if along[c.label] < _ALONG_BORDER and not _is_frame(c, found, labels)]
    most = max((component.area for component in kept), default=0)
    if most < _SUBSTANCE * max(component.area for component in found):
        return found
    main = max(kept, key=lambda component: component.area)
    near = _BROKEN_ACROSS * main.height
    # A digit that reaches the border itself has no neighbours as large that do: those are stripes.
    alike = _ALIKE * main.area if along[main.label] else math.inf
    return [
        c for c in kept if not along[c.label] or c is main or c.area >= alike or c.gap(main) <= near
    ]


def _is_frame(outer: Component, found: list[Component], labels: Labels) -> bool:
    """Whether a component runs along its own box with another of substance inside."""
    if not any(outer.encloses(c) and c.area >= _SUBSTANCE * outer.area for c in found):
        return False
    return runs_along(labels[outer.top : outer.bottom, outer.left : outer.right] == outer.label)


def runs_along(part: NDArray[np.bool_]) -> bool:
    """Whether a piece of ink bool[h, w], cropped to its box, runs along all sides of it."""
    depth = max(1, round(_FRAME_DEPTH * min(part.shape)))
    sides = (
        part[:depth].any(0),
        part[-depth:].any(0),
        part[:, :depth].any(1),
        part[:, -depth:].any(1),
    )
    return all(side.mean() >= _ALONG_BORDER for side in sides)


def _join(tall: list[Component], tallest: int) -> list[Group]:
    """Tall components as digits, the pieces of a broken one together."""
    groups: list[Group] = []
    for component in tall:
        same = [g for g in groups if any(_is_broken(component, c, tallest) for c in g.components)]
        pieces = [piece for group in same for piece in group.components]
        groups = [group for group in groups if group not in same]
        groups.append(Group([*pieces, component]))
    return groups


def _add_small(component: Component, groups: list[Group], tallest: int) -> None:
    """Add small ink to the digit that it is nearest to, unless it is a speck."""
    gaps = [min(component.gap(c) for c in group.components) for group in groups]
    nearest = int(np.argmin(gaps))
    speck = _NEAR_SPECK if gaps[nearest] <= _NEAR * tallest else _FAR_SPECK
    home = groups[nearest]
    if gaps[nearest] <= _SPECK_GAP * tallest and component.area >= speck * home.area:
        home.components.append(component)


def _is_broken(one: Component, other: Component, tallest: int) -> bool:
    """Whether two tall components are pieces of one digit."""
    return (
        one.gap_across(other) <= _BROKEN_ACROSS * tallest
        and one.gap_down(other) <= _BROKEN_DOWN * tallest
    )
