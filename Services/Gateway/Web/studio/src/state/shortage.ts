import { Pack } from "../api/schema";
import { minus } from "../credits/amount";
import { Shortage, State } from "./state";

/** What is missing, out of the details of a 402; the pack is the server's, else the smallest that
 * is enough. */
export function shortage(
  details: Record<string, unknown>,
  state: State,
  operation: string,
): Shortage {
  const number = (name: string): number => Number(details[name] ?? 0);
  const shortBy = number("shortBy") || minus(number("required"), number("available"));
  const packs = [...state.packs].sort((a, b) => a.credits - b.credits);
  const named = suggested(details["suggestion"]);
  const pack =
    packs.find((one) => one.id === named?.id) ??
    packs.find((one) => one.credits >= shortBy) ??
    packs[packs.length - 1] ??
    null;
  return {
    required: number("required"),
    available: number("available"),
    shortBy,
    operation,
    pack,
    quantity: named?.quantity ?? (pack ? Math.ceil(shortBy / pack.credits) : 1),
  };
}

/** The pack that a server's suggestion names, and how many of it. */
function suggested(suggestion: unknown): { id: string; quantity: number } | null {
  if (typeof suggestion !== "object" || suggestion === null) return null;
  const { pack, quantity } = suggestion as { pack?: Partial<Pack>; quantity?: number };
  return pack?.id ? { id: pack.id, quantity: quantity ?? 1 } : null;
}
