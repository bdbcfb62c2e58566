// What the browser keeps for the page.

/** What was typed and has not become a session yet. */
export const intentKey = "convergence.intent";

export function stored(key: string, storage: Storage = localStorage): string | null {
  try {
    return storage.getItem(key);
  } catch {
    return null;
  }
}

// A browser that keeps nothing still has a studio, until the page is left.
export function store(key: string, value: string | null, storage: Storage = localStorage): void {
  try {
    if (value === null) storage.removeItem(key);
    else storage.setItem(key, value);
  } catch {
    return;
  }
}
