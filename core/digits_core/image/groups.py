"""Telling the digit's ink from specks, lines and neighbours."""

from dataclasses import dataclass, field
from typing import TypeAlias

import cv2
import numpy as np
from numpy.typing import NDArray

Grey: TypeAlias = NDArray[np.uint8]

# What touches the border goes when something inside has at least this share of its area.
_INSIDE = 0.15
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

    def mask(self, labels: NDArray[np.int32]) -> Grey:
        """The group's ink as uint8[H, W] of 0 and 255, from the label picture."""
        chosen = np.zeros(int(labels.max()) + 1, np.uint8)
        chosen[[component.label for component in self.components]] = 255
        return chosen[labels]


def find_groups(mask: Grey) -> tuple[list[Group], NDArray[np.int32]]:
    """Part a mask uint8[H, W] of ink (0 or 255) into groups that could each be a digit.

    Returns the groups, the one with the most ink first, and the label picture.
    Left out are specks, and what touches the border while something of substance
    does not. Tall components with a gap between them are digits of their own;
    everything else belongs to the digit that it is nearest to.
    """
    _, labels, stats, _ = cv2.connectedComponentsWithStats(mask, connectivity=8)
    found = [
        Component(label, int(x), int(y), int(x + w), int(y + h), int(area))
        for label, (x, y, w, h, area) in enumerate(stats[1:], start=1)
    ]
    found = _without_border(found, *mask.shape)
    if not found:
        return [], labels
    found.sort(key=lambda component: component.area, reverse=True)
    largest = found[0].area
    tallest = max(
        component.height for component in found if component.area >= _DIGIT_AREA * largest
    )
    groups: list[Group] = []
    small = []
    for component in found:
        if component.area < _DIGIT_AREA * largest or component.height < _DIGIT_HEIGHT * tallest:
            small.append(component)
            continue
        joined = [g for g in groups if any(_is_broken(component, c, tallest) for c in g.components)]
        merged = Group([c for g in joined for c in g.components] + [component])
        groups = [g for g in groups if g not in joined] + [merged]
    for component in small:
        home, gap = min(
            ((g, min(component.gap(c) for c in g.components)) for g in groups),
            key=lambda pair: pair[1],
        )
        speck = _NEAR_SPECK if gap <= _NEAR * tallest else _FAR_SPECK
        if gap <= _SPECK_GAP * tallest and component.area >= speck * largest:
            home.components.append(component)
    return sorted(groups, key=lambda group: group.area, reverse=True), labels


def _without_border(found: list[Component], height: int, width: int) -> list[Component]:
    inside = [c for c in found if c.left and c.top and c.right < width and c.bottom < height]
    most = max((c.area for c in found), default=0)
    return inside if any(c.area >= _INSIDE * most for c in inside) else found


def _is_broken(one: Component, other: Component, tallest: int) -> bool:
    """Whether two tall components are pieces of one digit."""
    return (
        one.gap_across(other) <= _BROKEN_ACROSS * tallest
        and one.gap_down(other) <= _BROKEN_DOWN * tallest
    )
