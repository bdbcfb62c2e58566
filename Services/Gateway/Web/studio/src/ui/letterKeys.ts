import { useSyncExternalStore } from "react";
import { store, stored } from "../state/storage";

const key = "convergence.letterKeys";
const listeners = new Set<() => void>();
let areOn = stored(key) !== "off";

/** Whether keys of a single letter, digit or sign do something. */
export function areLetterKeysOn(): boolean {
  return areOn;
}

export function setLetterKeys(on: boolean): void {
  areOn = on;
  store(key, on ? null : "off");
  for (const listener of listeners) listener();
}

export function useLetterKeys(): boolean {
  return useSyncExternalStore((listener) => {
    listeners.add(listener);
    return () => listeners.delete(listener);
  }, areLetterKeysOn);
}

/** Whether this key press is one that a person may have switched off. */
export function isSwitchedOff(event: { key: string }): boolean {
  return !areOn && event.key.length === 1 && event.key !== " ";
}
