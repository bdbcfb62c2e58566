// How depth becomes motion on the screen: the same geometry as the renderer of the server.
//
// In centred coordinates (unit: image height; x right, y up) a point of the picture at q with depth
// d has the weight w = strength · d and is seen from the camera position c at
// p = (q − c.xy·w) / (1 − c.z·w). A camera that moves left shifts content to the right, near content
// more than far; one that moves in spreads it outward. Turning the camera is a homography on top.

import { CameraPath } from "../api/schema";

export interface Pose {
  x: number;
  y: number;
  z: number;
  pitch: number;
  yaw: number;
  roll: number;
}

/** A path that shows no border of one picture: enlarged by `overscan`, both ends scaled. */
export interface FittedPath {
  start: Pose;
  end: Pose;
  overscan: number;
}

/** Half of the width and of the height of what moves, in image heights. */
export interface Size {
  x: number;
  y: number;
}

export const strength = 0.3;
const focalLength = 1.5;
const overscanMax = 1.2;
const approachMax = 0.7;
const corners = [[-1, -1], [1, -1], [-1, 1], [1, 1]] as const;

/** Rows of a 3 × 3 matrix, one after the other. */
export type Matrix = [number, number, number, number, number, number, number, number, number];

export function poses(path: CameraPath): [Pose, Pose] {
  const none = { pitch: 0, yaw: 0, roll: 0 };
  return [
    { ...path.start, ...(path.rotation?.start ?? none) },
    { ...path.end, ...(path.rotation?.end ?? none) },
  ];
}

/** The pose at `t` = 0…1 of the way, eased at both ends. */
export function poseAt(path: FittedPath, t: number): Pose {
  const rest = 2 - 2 * t;
  return mix(path.start, path.end, t < 0.5 ? 4 * t * t * t : 1 - (rest * rest * rest) / 2);
}

function mix(a: Pose, b: Pose, t: number): Pose {
  const between = (from: number, to: number) => from + (to - from) * t;
  return {
    x: between(a.x, b.x),
    y: between(a.y, b.y),
    z: between(a.z, b.z),
    pitch: between(a.pitch, b.pitch),
    yaw: between(a.yaw, b.yaw),
    roll: between(a.roll, b.roll),
  };
}

/** Where an unturned camera sees what a turned one sees at a point of its screen. */
export function turning({ pitch, yaw, roll }: Pose): Matrix {
  const [sp, cp, sy, cy, sr, cr] = [
    Math.sin(pitch), Math.cos(pitch), Math.sin(yaw), Math.cos(yaw), Math.sin(roll), Math.cos(roll),
  ];
  const turn = product(
    [cy, 0, sy, 0, 1, 0, -sy, 0, cy],
    product([1, 0, 0, 0, cp, sp, 0, -sp, cp], [cr, sr, 0, -sr, cr, 0, 0, 0, 1]),
  );
  return throughLens(turn);
}

/** The way back: a rotation's inverse is its transpose. */
export function turningBack(pose: Pose): Matrix {
  const [a, b, c, d, e, f, g, h, i] = turning(pose);
  const square = focalLength * focalLength;
  return [a, d, g * square, b, e, h * square, c / square, f / square, i];
}

function throughLens(turn: Matrix): Matrix {
  const [a, b, c, d, e, f, g, h, i] = turn;
  return [
    a, b, c * focalLength, d, e, f * focalLength, g / focalLength, h / focalLength, i,
  ];
}

function product(a: Matrix, b: Matrix): Matrix {
  const cell = (row: number, column: number): number =>
    [0, 1, 2].reduce((sum, k) => sum + (a[row * 3 + k] ?? 0) * (b[k * 3 + column] ?? 0), 0);
  return [0, 1, 2, 3, 4, 5, 6, 7, 8].map((n) => cell(Math.floor(n / 3), n % 3)) as Matrix;
}

/**
 * The smallest constant enlargement that keeps the whole path inside the picture; a path that needs
 * more than the limit is scaled down.
 */
export function fit(path: CameraPath, half: Size, near: number, far: number): FittedPath {
  const [start, end] = poses(path);
  const rest: Pose = { x: 0, y: 0, z: 0, pitch: 0, yaw: 0, roll: 0 };
  const scaled = (scale: number): [Pose, Pose] => [mix(rest, start, scale), mix(rest, end, scale)];
  const fits = (scale: number, overscan: number): boolean =>
    staysInside(...scaled(scale), overscan, half, [near, far]);
  const scale = fits(1, overscanMax) ? 1 : bisect(0, 1, (one) => fits(one, overscanMax));
  const overscan = fits(scale, 1) ? 1 : bisect(overscanMax, 1, (one) => fits(scale, one));
  const [from, to] = scaled(scale);
  return { start: from, end: to, overscan };
}

/** Largest step from `good`, where `holds` is true, toward `bad`. */
function bisect(good: number, bad: number, holds: (value: number) => boolean): number {
  while (Math.abs(bad - good) > 1e-5) {
    const middle = (good + bad) / 2;
    if (holds(middle)) good = middle;
    else bad = middle;
  }
  return good;
}

/** Whether every point that a frame may look at, at either end of the depths, is in the picture. */
function staysInside(
  start: Pose, end: Pose, overscan: number, half: Size, depths: number[],
): boolean {
  const samples = 12;
  for (let sample = 0; sample <= samples; sample += 1) {
    const pose = mix(start, end, sample / samples);
    const m = turning(pose);
    for (const [sideX, sideY] of corners) {
      const x = (sideX * half.x) / overscan;
      const y = (sideY * half.y) / overscan;
      const behind = m[6] * x + m[7] * y + m[8];
      if (behind <= 1e-6) return false;
      const px = (m[0] * x + m[1] * y + m[2]) / behind;
      const py = (m[3] * x + m[4] * y + m[5]) / behind;
      for (const depth of depths) {
        const weight = strength * depth;
        if (weight * pose.z > approachMax) return false;
        const qx = px * (1 - weight * pose.z) + weight * pose.x;
        const qy = py * (1 - weight * pose.z) + weight * pose.y;
        if (Math.abs(qx) > half.x + 1e-9 || Math.abs(qy) > half.y + 1e-9) return false;
      }
    }
  }
  return true;
}
