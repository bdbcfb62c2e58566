// Where each tile lies: rows that are filled to both edges, under the day they were made.

import { Creation } from "../api/schema";
import { day } from "./words";

export interface Tile {
  item: Creation;
  index: number;
  left: number;
  width: number;
}

export interface Row {
  key: string;
  top: number;
  height: number;
  /** A day instead of tiles. */
  heading: string | null;
  tiles: Tile[];
}

export interface Layout {
  rows: Row[];
  height: number;
}

const headingHeight = 52;

/** - rowHeight: what rows are meant to have; each gets more or less so that it ends at the edge. */
export function arrange(
  items: Creation[],
  width: number,
  rowHeight: number,
  gap: number,
): Layout {
  const rows: Row[] = [];
  let top = 0;
  let heading = "";
  let waiting: { item: Creation; index: number; ratio: number }[] = [];
  let ratios = 0;

  const flush = (isFull: boolean): void => {
    if (waiting.length === 0) return;
    const room = width - gap * (waiting.length - 1);
    const height = isFull ? room / ratios : Math.min(rowHeight, room / ratios);
    let left = 0;
    const tiles = waiting.map(({ item, index, ratio }): Tile => {
      const tile = { item, index, left, width: height * ratio };
      left += tile.width + gap;
      return tile;
    });
    rows.push({ key: tiles[0]?.item.id ?? "", top, height, heading: null, tiles });
    top += height + gap;
    waiting = [];
    ratios = 0;
  };

  items.forEach((item, index) => {
    const label = day(item.createdAt);
    if (label !== heading) {
      flush(false);
      heading = label;
      rows.push({ key: label, top, height: headingHeight, heading: label, tiles: [] });
      top += headingHeight;
    }
    const ratio = ratioOf(item);
    waiting.push({ item, index, ratio });
    ratios += ratio;
    if (width - gap * (waiting.length - 1) <= ratios * rowHeight) flush(true);
  });
  flush(false);
  return { rows, height: top };
}

function ratioOf(item: Creation): number {
  const [x = 16, y = 9] = item.aspectRatio.split(":").map(Number);
  // A storyboard shows its stills side by side, three by two.
  return item.kind === "storyboard" ? (x * 3) / (y * 2) : x / y;
}

/** The rows to draw: those in sight and one screen around. */
export function visible(layout: Layout, top: number, height: number): Row[] {
  const from = top - height;
  const until = top + height * 2;
  return layout.rows.filter((row) => row.top + row.height >= from && row.top <= until);
}

/** The tile that an arrow key leads to; undefined at the edge. */
export function neighbour(layout: Layout, index: number, key: string): number | undefined {
  const count = layout.rows.reduce((sum, row) => sum + row.tiles.length, 0);
  if (key === "ArrowLeft") return index > 0 ? index - 1 : undefined;
  if (key === "ArrowRight") return index < count - 1 ? index + 1 : undefined;
  const rows = layout.rows.filter((row) => row.tiles.length > 0);
  const at = rows.findIndex((row) => row.tiles.some((tile) => tile.index === index));
  const tile = rows[at]?.tiles.find((one) => one.index === index);
  const target = rows[at + (key === "ArrowUp" ? -1 : 1)];
  if (!tile || !target) return undefined;
  const middle = tile.left + tile.width / 2;
  const distance = (one: Tile): number => Math.abs(one.left + one.width / 2 - middle);
  return target.tiles.reduce((best, one) => (distance(one) < distance(best) ? one : best)).index;
}
