// Which tool an address shows. Switching tools never loads the page again.

import { useSyncExternalStore } from "react";

export type Tool = "create" | "studio" | "generations" | "billing";

export const paths: Record<Tool, string> = {
  create: "/create",
  studio: "/studio",
  generations: "/generations",
  billing: "/billing",
};

const toolOfPath: Record<string, Tool> = {
  "/": "create",
  "/create": "create",
  "/studio": "studio",
  "/generations": "generations",
  "/billing": "billing",
  "/pricing": "billing",
};

const listeners = new Set<() => void>();

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  window.addEventListener("popstate", listener);
  return () => {
    listeners.delete(listener);
    window.removeEventListener("popstate", listener);
  };
}

/** Goes to an address of the studio; the one that was left is where "back" leads. */
export function go(path: string): void {
  if (path === location.pathname + location.search) return;
  history.pushState(null, "", path);
  for (const listener of listeners) listener();
}

/** Gives the address that is shown another form; "back" does not know of it. */
export function replaceAddress(path: string): void {
  history.replaceState(null, "", path);
  for (const listener of listeners) listener();
}

/** The address that is shown, with its query. */
export function useAddress(): string {
  return useSyncExternalStore(subscribe, () => location.pathname + location.search);
}

export function toolAt(address: string): Tool {
  return toolOfPath[address.split("?")[0] ?? ""] ?? "create";
}
