// What is drawn around a picture stays still while the picture moves: the bars of a film, the torn
// paper of a print. It is found in the picture itself, which may come from any provider.

/** Insets are shares of the picture's width and height, the same at opposite sides. */
export interface Frame {
  /** Outside of this there is only the frame. */
  outer: { x: number; y: number };
  /** Inside of this there is none of it. */
  inner: { x: number; y: number };
  /** The frame alone, for what of it reaches into the picture. */
  cover: HTMLCanvasElement | null;
}

const none: Frame = { outer: { x: 0, y: 0 }, inner: { x: 0, y: 0 }, cover: null };
const width = 320;
const insetMax = 0.2;
const nearly = 0.97;
const alike = 60;

type Colour = [number, number, number];

export function findFrame(picture: HTMLImageElement): Frame {
  const height = Math.round((width * picture.naturalHeight) / picture.naturalWidth);
  const pixels = read(picture, width, height);
  if (!pixels) return none;
  return bars(pixels, height) ?? paper(picture, pixels, height) ?? none;
}

function read(picture: HTMLImageElement, w: number, h: number): Uint8ClampedArray | null {
  const canvas = document.createElement("canvas");
  canvas.width = w;
  canvas.height = h;
  const drawing = canvas.getContext("2d", { willReadFrequently: true });
  drawing?.drawImage(picture, 0, 0, w, h);
  return drawing?.getImageData(0, 0, w, h).data ?? null;
}

/** How far the pixel at an offset is from a colour, 0…765. */
function distance(pixels: Uint8ClampedArray, at: number, [r, g, b]: Colour): number {
  return (
    Math.abs((pixels[at] ?? 0) - r) +
    Math.abs((pixels[at + 1] ?? 0) - g) +
    Math.abs((pixels[at + 2] ?? 0) - b)
  );
}

/** Black bars above and below, equally high. */
function bars(pixels: Uint8ClampedArray, height: number): Frame | null {
  const isBlack = (y: number): boolean => {
    let count = 0;
    for (let x = 0; x < width; x += 1) {
      if (distance(pixels, (y * width + x) * 4, [0, 0, 0]) < 36) count += 1;
    }
    return count >= nearly * width;
  };
  const rowsMax = Math.floor(height * insetMax);
  let top = 0;
  while (top <= rowsMax && isBlack(top)) top += 1;
  let bottom = 0;
  while (bottom <= rowsMax && isBlack(height - 1 - bottom)) bottom += 1;
  if (Math.min(top, bottom) < 2 || top > rowsMax || Math.abs(top - bottom) > 1) return null;
  const outer = { x: 0, y: (Math.max(top, bottom) + 0.5) / height };
  return { outer, inner: outer, cover: null };
}

/** A band of one colour along all four sides, whose inner edge may be torn. */
function paper(
  picture: HTMLImageElement, pixels: Uint8ClampedArray, height: number,
): Frame | null {
  const colour = pixelAt(pixels, width + 1);
  /** The share of one ring, so many pixels from the edge, that is of this colour. */
  const share = (inset: number): number => {
    let [count, all] = [0, 0];
    const look = (x: number, y: number) => {
      all += 1;
      if (distance(pixels, (y * width + x) * 4, colour) < alike) count += 1;
    };
    for (let x = inset; x < width - inset; x += 1) {
      look(x, inset);
      look(x, height - 1 - inset);
    }
    for (let y = inset; y < height - inset; y += 1) {
      look(inset, y);
      look(width - 1 - inset, y);
    }
    return count / all;
  };
  const max = Math.floor(Math.min(width, height) * insetMax * 0.6);
  let outer = 0;
  while (outer <= max && share(outer) >= nearly) outer += 1;
  if (outer < 2 || outer > max) return null;
  let inner = outer;
  while (inner <= max && share(inner) > 0.04) inner += 1;
  if (inner > max) return null;
  inner += 1;
  return {
    outer: { x: (outer - 1) / width, y: (outer - 1) / height },
    inner: { x: inner / width, y: inner / height },
    cover: cover(picture, colour, inner / Math.min(width, height)),
  };
}

function pixelAt(pixels: Uint8ClampedArray, n: number): Colour {
  return [pixels[n * 4] ?? 0, pixels[n * 4 + 1] ?? 0, pixels[n * 4 + 2] ?? 0];
}

/** The picture with everything transparent that is not of the colour or not near the edge. */
function cover(
  picture: HTMLImageElement, colour: Colour, insetShare: number,
): HTMLCanvasElement | null {
  const scale = Math.min(1, 1024 / Math.max(picture.naturalWidth, picture.naturalHeight));
  const canvas = document.createElement("canvas");
  canvas.width = Math.round(picture.naturalWidth * scale);
  canvas.height = Math.round(picture.naturalHeight * scale);
  const drawing = canvas.getContext("2d", { willReadFrequently: true });
  if (!drawing) return null;
  drawing.drawImage(picture, 0, 0, canvas.width, canvas.height);
  const image = drawing.getImageData(0, 0, canvas.width, canvas.height);
  const inset = insetShare * Math.min(canvas.width, canvas.height);
  for (let y = 0; y < canvas.height; y += 1) {
    for (let x = 0; x < canvas.width; x += 1) {
      const edge = Math.min(x, canvas.width - 1 - x, y, canvas.height - 1 - y);
      const at = (y * canvas.width + x) * 4;
      const likeness = 2 - distance(image.data, at, colour) / alike;
      image.data[at + 3] = edge > inset ? 0 : 255 * Math.min(1, Math.max(0, likeness));
    }
  }
  drawing.putImageData(image, 0, 0);
  return canvas;
}
