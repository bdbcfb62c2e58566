import { KeyboardEvent, RefObject } from "react";

/** Arrows move over the choices as they lie on the screen, in two axes, and stop at the edges. */
export function moveInGrid(event: KeyboardEvent, grid: RefObject<HTMLElement>): void {
  const step = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] }[
    event.key
  ];
  if (!step || !grid.current) return;
  const choices = Array.from(grid.current.querySelectorAll<HTMLElement>("[data-choice]"));
  const index = choices.findIndex((choice) => choice === document.activeElement);
  if (index < 0) return;
  event.preventDefault();
  event.stopPropagation();
  const top = choices[0]?.offsetTop;
  const columns = choices.filter((choice) => choice.offsetTop === top).length;
  const [x = 0, y = 0] = step;
  const column = (index % columns) + x;
  const target = index + x + y * columns;
  if (column < 0 || column >= columns) return;
  choices[target]?.focus();
}
