import { useSyncExternalStore } from "react";
import { store, stored } from "../state/storage";
import { MoonIcon, SunIcon, SystemIcon } from "./icons";

export type Theme = "system" | "light" | "dark";
const key = "convergence.theme";
const next: Record<Theme, Theme> = { system: "light", light: "dark", dark: "system" };
const listeners = new Set<() => void>();
let theme = read();
show();

function read(): Theme {
  const value = stored(key);
  return value === "light" || value === "dark" ? value : "system";
}

function show(): void {
  const root = document.documentElement;
  if (theme === "system") delete root.dataset["theme"];
  else root.dataset["theme"] = theme;
}

export function setTheme(value: Theme): void {
  theme = value;
  store(key, value);
  show();
  for (const listener of listeners) listener();
}

export function useTheme(): Theme {
  return useSyncExternalStore((listener) => {
    listeners.add(listener);
    return () => listeners.delete(listener);
  }, () => theme);
}

/** Switches between the system's theme, the light and the dark one. */
export function ThemeSwitch() {
  const shown = useTheme();
  return (
    <button
      type="button"
      className="rail-button rail-theme"
      onClick={() => setTheme(next[shown])}
      aria-label={`Theme: ${shown}. Switch to ${next[shown]}`}
      title={`Theme: ${shown}`}
    >
      {shown === "system" ? <SystemIcon /> : shown === "light" ? <SunIcon /> : <MoonIcon />}
    </button>
  );
}
